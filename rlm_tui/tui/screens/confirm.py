"""A question with yes or no."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rlm_tui.tui.screens.dialog import Dialog, plain


class Confirm(Dialog[bool]):
    """Answers ``True`` or ``False``. Enter does nothing: leaving should be meant."""

    KEYS = "y yes   n no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", show=False),
        Binding("n,escape", "answer(False)", show=False),
    ]

    def __init__(self, question: str, remark: str) -> None:
        super().__init__()
        self._question, self._remark = question, remark

    @property
    def heading(self) -> str:
        return self._question

    def body(self) -> ComposeResult:
        yield plain(self._remark)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)
