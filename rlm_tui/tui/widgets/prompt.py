"""One line to type into, at the foot of the workbench: find, filter, go to."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from rlm_tui.tui.widgets.edit_box import Field

Answer = Callable[[str], None]


class Prompt(Horizontal):
    """Hidden until something is asked. Enter answers, escape leaves; `live` answers at every letter."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._answer: Answer | None = None
        self._live = False
        self._back: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="prompt-label", markup=False)
        yield Field(id="prompt-input", compact=True)

    def ask(self, label: str, answer: Answer, *, live: bool = False) -> None:
        """Ask for a line of text."""
        self._answer, self._live = answer, live
        self._back = self.screen.focused
        self.query_one("#prompt-label", Static).update(Content(f" {label}: "))
        field = self.query_one(Input)
        field.value = ""
        self.display = True
        field.focus()

    def action_leave(self) -> None:
        """Hide again and give the keys back."""
        self.display = False
        if self._back is not None and self._back.is_attached:
            self._back.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._live and self._answer is not None and self.display:
            self._answer(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()
        if self._answer is not None:
            self._answer(event.value)
