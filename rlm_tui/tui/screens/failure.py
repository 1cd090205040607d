"""The run broke down, or could not start: what happened, what is saved, what to press."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rlm_tui.document.visible import visible
from rlm_tui.tui.screens.dialog import Dialog, plain


class Failure(Dialog[None]):
    """One sentence, and the promise that holds."""

    HEADING = "The run stopped"
    KEYS = "Esc look at what is there   q quit"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "app_exit", show=False),
        Binding("enter", "leave", show=False),
    ]

    def __init__(self, sentence: str, *, saved: bool, heading: str = "The run could not start") -> None:
        super().__init__()
        self._sentence, self._saved, self._heading = sentence, saved, heading

    @property
    def heading(self) -> str:
        return self.HEADING if self._saved else self._heading

    def body(self) -> ComposeResult:
        yield plain(visible(self._sentence), classes="bad")
        if self._saved:
            yield plain("The session up to here is saved and can be opened again.", classes="quiet")

    def action_app_exit(self) -> None:
        self.app.exit(1)
