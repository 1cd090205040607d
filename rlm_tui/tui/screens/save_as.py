"""The dialog that asks for the name of a file to write."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from rlm_tui.document.visible import visible
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.widgets.edit_box import Field


class SaveAs(Dialog[str]):
    """Answers the name. A file that is there already has to be confirmed by a second Enter."""

    KEYS = "Enter write   Esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False, priority=True)]

    def __init__(self, heading: str, name: str, endings: str) -> None:
        super().__init__()
        self._heading, self._proposed, self._endings = heading, name, endings
        self._warned = ""

    @property
    def heading(self) -> str:
        return self._heading

    def body(self) -> ComposeResult:
        yield plain(f"The name ends in {self._endings}.", classes="quiet")
        yield Field(self._proposed, id="name", select_on_focus=False)
        yield plain("", id="problem", classes="bad")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        if not name:
            return
        if Path(name).expanduser().exists() and self._warned != name:
            self._warned = name
            words = f"{visible(name)} is there already: Enter again replaces it."
            self.query_one("#problem", Static).update(Content(words))
            return
        self.dismiss(name)
