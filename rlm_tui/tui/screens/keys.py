"""The keys of a screen beside the workbench, from its bindings: what `?` shows, the palette lists and the README holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from rlm_tui.tui.keymap import shown
from rlm_tui.tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from rlm_tui.tui.look import ThemedApp
    from rlm_tui.tui.palette import Palette

MOVING = (
    Binding("up,k", "move(-1)", "one row up", show=False),
    Binding("down,j", "move(1)", "one row down", show=False),
)
PAGING = (
    Binding("pageup", "page(-1)", "one page up", show=False),
    Binding("pagedown", "page(1)", "one page down", show=False),
    Binding("home,ctrl+home", "edge(-1)", "the first row", show=False),
    Binding("end,ctrl+end,G", "edge(1)", "the last row", show=False),
)
"""What moves through rows is the same everywhere."""

MOVES = frozenset(binding.action for binding in (*MOVING, *PAGING))


@dataclass(frozen=True, slots=True)
class ScreenKey:
    """What a key of a screen does: its keys as people write them, the action's call, and a few words."""

    keys: tuple[str, ...]
    action: str
    words: str


def keys_of(screen: type[Screen[Any]], *, plain: bool = False) -> Iterator[ScreenKey]:
    """The keys of a kind of screen, in their order. Numbers that do the same are one line, ``1 to 9``."""
    last: ScreenKey | None = None
    for binding in screen.BINDINGS:
        assert isinstance(binding, Binding)
        if last is not None and last.words == binding.description:
            last = ScreenKey(
                (f"{last.keys[0].split(' ')[0]} to {shown(binding.key, plain=plain)}",), last.action, last.words
            )
            continue
        if last is not None:
            yield last
        last = ScreenKey(
            tuple(shown(key, plain=plain) for key in binding.key.split(",")), binding.action, str(binding.description)
        )
    if last is not None:
        yield last


class ScreenHelp(Dialog[None]):
    """The keys of the screen below, and what else there is to know about it."""

    HEADING = "Keys"
    KEYS = "PgUp PgDn scroll   Esc close"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1", "leave", show=False)]

    def __init__(self, screen: type[Screen[Any]], notes: str = "") -> None:
        super().__init__()
        self._screen, self._notes = screen, notes

    def body(self) -> ComposeResult:
        app: ThemedApp[Any] = self.app  # type: ignore[assignment]
        keys = keys_of(self._screen, plain=app.glyphs.name == "ascii")
        yield VerticalScroll(Static(help_text(keys, self._notes, app.palette), markup=False), id="help")

    def on_mount(self) -> None:
        self.query_one("#help").focus()


def help_text(keys: Iterable[ScreenKey], notes: str, palette: Palette) -> Text:
    """Keys with their words below each other, then the notes."""
    text = Text()
    for key in keys:
        text.append(f"  {' '.join(key.keys):<14}", palette["key"])
        text.append(f" {key.words}\n", palette["text"])
    if notes:
        text.append(f"\n{notes}\n", palette["muted"])
    return text
