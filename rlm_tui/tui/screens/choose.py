"""Which saved session to compare with."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rlm_tui.document.visible import visible
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.shelf import Shelf, arranged
from rlm_tui.tui.view import View
from rlm_tui.tui.widgets.session_table import SessionTable


class Choose(Dialog[str]):
    """Answers the id of a saved session other than the one on the screen."""

    HEADING = "Compare with"
    KEYS = "Enter compare   Esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("enter", "enter", show=False),
        Binding("escape,q", "leave", show=False),
    ]

    def __init__(self, shelf: Shelf, view: View) -> None:
        super().__init__()
        self._shelf, self._view = shelf, view
        self.table = SessionTable(id="others")

    def body(self) -> ComposeResult:
        yield self.table
        yield plain("", id="problem", classes="bad")

    def on_mount(self) -> None:
        from textual.widgets import Static

        mine = self._view.head.session
        try:
            rows = [row for row in self._shelf.rows("") if row.id != mine]
        except Exception as error:
            rows = []
            self.query_one("#problem", Static).update(plain(visible(str(error))).content)
        self.table.show(arranged(rows), self._view.now(), "There is no other session yet: r forks this one.")
        self.table.styles.height = max(1, min(len(rows), 14))
        self.table.focus()

    def action_move(self, rows: int) -> None:
        self.table.move(rows)

    def action_page(self, pages: int) -> None:
        self.table.turn_page(pages)

    def action_enter(self) -> None:
        self.table.activate()

    @on(SessionTable.Chosen)
    def _chosen(self, message: SessionTable.Chosen) -> None:
        self.dismiss(message.session)
