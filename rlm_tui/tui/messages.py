"""Messages between screens and the app."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from rlm_tui.tui.asking import AskWish
from rlm_tui.tui.forking import ForkWish


class ForkWished(Message):
    """The operator wants to go on from here in other ways; the first of them is shown."""

    def __init__(self, wishes: Sequence[ForkWish]) -> None:
        super().__init__()
        self.wishes = wishes


class Asked(Message):
    """The operator asked a question."""

    def __init__(self, wish: AskWish) -> None:
        super().__init__()
        self.wish = wish


class Opened(Message):
    """The operator wants to see a saved session."""

    def __init__(self, session: str) -> None:
        super().__init__()
        self.session = session


class ResumeWanted(Message):
    """The operator wants a session that was cut off to go on."""

    def __init__(self, session: str) -> None:
        super().__init__()
        self.session = session


class FilesNamed(Message):
    """The operator wants to open files."""

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__()
        self.paths = paths


class DemoWanted(Message):
    """The operator wants to see the demo."""


class ListWanted(Message):
    """The operator wants to see the saved sessions."""


class SettingsWanted(Message):
    """The operator wants to see the settings."""


class Left(Message):
    """The operator leaves the screen that says so: for the one it came from, or the program."""
