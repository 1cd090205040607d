"""Messages between screens and the app."""

from __future__ import annotations

from textual.message import Message

from rlm_tui.tui.forking import ForkWish


class ForkWished(Message):
    """The operator wants to go on from here in another way."""

    def __init__(self, wish: ForkWish) -> None:
        super().__init__()
        self.wish = wish


class Asked(Message):
    """The operator asked a question about the open documents."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question
