"""Jump mode: a letter on every pane; one key goes there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Static

LETTERS = "asdfghjkl"
"""The home row, from left to right."""


class Jump(ModalScreen[str]):
    """Answers the name of the pane whose letter was pressed; any other key leaves. `targets` are panes with their places."""

    CSS = """
    Jump { background: $background 40%; }
    Jump .letter { width: 5; height: 1; background: $accent; color: $background; text-style: bold; position: absolute; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, targets: Mapping[str, Region]) -> None:
        super().__init__()
        self._targets = dict(zip(LETTERS, targets.items(), strict=False))

    def compose(self) -> ComposeResult:
        for letter, (_, region) in self._targets.items():
            label = Static(Content(f"  {letter}  "), classes="letter", markup=False)
            label.styles.offset = (region.x + max(0, region.width // 2 - 2), region.y + region.height // 2)
            yield label

    def on_key(self, event: events.Key) -> None:
        event.stop()
        found = self._targets.get(event.key)
        self.dismiss(found[0] if found is not None else None)

    def action_leave(self) -> None:
        self.dismiss(None)
