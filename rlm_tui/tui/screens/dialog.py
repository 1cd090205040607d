"""What the dialogs have in common: a box in the middle, escape leaves."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """Subclasses give `HEADING`, `KEYS` (in the lower border, where nothing can push them out) and `body`."""

    CSS_PATH = "dialogs.tcss"
    HEADING: ClassVar[str] = ""
    KEYS: ClassVar[str] = "Esc close"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def compose(self) -> ComposeResult:
        box = Vertical(*self.body(), id="box")
        box.border_subtitle = Content(f" {self.keys} ")
        box.border_title = Content(f" {self.heading} ")
        yield box

    @property
    def heading(self) -> str:
        return self.HEADING

    @property
    def keys(self) -> str:
        return self.KEYS

    def body(self) -> ComposeResult:
        """The widgets of the dialog."""
        raise NotImplementedError

    def action_leave(self) -> None:
        self.dismiss(None)


def plain(text: str, *, id: str | None = None, classes: str | None = None) -> Static:
    """Text as it is: never markup."""
    return Static(Content(text), id=id, classes=classes, markup=False)
