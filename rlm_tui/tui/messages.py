"""Messages between screens and the app."""

from __future__ import annotations

from textual.message import Message


class Asked(Message):
    """The operator asked a question about the open documents."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question
