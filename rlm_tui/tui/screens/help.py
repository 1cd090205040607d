"""Keys and signs, from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from rlm_tui.tui.actions import ACTIONS
from rlm_tui.tui.glyphs import Glyphs
from rlm_tui.tui.keymap import Keymap, shown
from rlm_tui.tui.palette import Palette
from rlm_tui.tui.screens.breakpoints import EXAMPLES
from rlm_tui.tui.screens.dialog import Dialog
from rlm_tui.tui.view import View

if TYPE_CHECKING:
    from rlm_tui.tui.app import WorkbenchApp


NODES = """While one node is held all others wait at their next stop; calls that are under way come back and wait, too.
Over and Out are for one node: the selected one if it runs, else the held one. The others run freely until it
comes to its next cell, or to its answer. When it ends on the way, its parent takes its place.
Into stops at whatever comes first, in any node; Continue at the next breakpoint, of any node.
R begins the selected child node again: what it did stays in the tree as superseded and stays paid for, and the
code that asked for it waits for the new answer. The root is the whole run: R asks again when it has ended."""

LOOKING = """Evaluate runs an expression or statements. What certainly changes nothing is looked at in place; all else
runs in a copy of the REPL, made by running the recorded cells again at no cost, and thrown away. So the run, a
resume and a fork see the names as if nobody had looked. While a cell runs, one sees the names before it.
Watches only look: they may not assign, nor call what might change something."""


class Help(Dialog[None]):
    """Scrolls. What can't be done now is quieter; the palette says why."""

    HEADING = "Keys"
    KEYS = "PgUp PgDn scroll   Esc close"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1", "leave", show=False)]

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def body(self) -> ComposeResult:
        app: WorkbenchApp = self.app  # type: ignore[assignment]
        yield VerticalScroll(Static(help_text(self._view, app.workbench.keys, app.palette), markup=False), id="help")

    def on_mount(self) -> None:
        self.query_one("#help").focus()


def help_text(view: View, keys: Keymap, palette: Palette) -> Text:
    """The whole help as one text."""
    text = Text()
    group = ""
    plain = view.glyphs.name == "ascii"
    for action in ACTIONS:
        if action.group != group:
            text.append(("\n" if group else "") + action.group + "\n", palette["title"])
            group = action.group
        names = " ".join(shown(key, plain=plain) for key in keys[action.id]) or "palette"
        reason = action.when(view)
        text.append(f"  {names:<9}", palette["faint" if reason else "key"])
        title = action.title.replace("…", view.glyphs.cut)
        text.append(f" {title:<17} ", palette["muted" if reason else "text"])
        text.append(action.help + "\n", palette["muted"])
    text.append("\nConditions of breakpoints\n", palette["title"])
    text.append("".join(f"  {line}\n" for line in EXAMPLES.split("\n")), palette["muted"])
    text.append("  and, or, not, and brackets join them.\n", palette["muted"])
    text.append("\nSeveral nodes at once\n", palette["title"])
    text.append("".join(f"  {line}\n" for line in NODES.split("\n")), palette["muted"])
    text.append("\nLooking without a trace\n", palette["title"])
    text.append("".join(f"  {line}\n" for line in LOOKING.split("\n")), palette["muted"])
    text.append("\nSigns\n", palette["title"])
    for sign, meaning in signs(view.glyphs):
        text.append(f"  {sign:<9} ", palette["key"])
        text.append(meaning + "\n", palette["muted"])
    return text


def signs(glyphs: Glyphs) -> list[tuple[str, str]]:
    """The signs of the tree and the document, with their meaning."""
    return [
        (glyphs.ok, "done"),
        (glyphs.bad, "failed"),
        (glyphs.running, "runs now"),
        (glyphs.waiting, "waits to run"),
        (glyphs.here, "the run is held here"),
        (glyphs.stop, "held by a breakpoint, or ended early"),
        (glyphs.warn, "retry, refusal, or a limit is near"),
        (glyphs.edited, "changed by you"),
        (glyphs.mark, "a moment that you marked"),
        (glyphs.changed, "changed by the last cell"),
        (" ".join(glyphs.heat[1:]), "read by models: once, twice, three or four times, more often"),
        (glyphs.dot, "sliced by code, but no model has seen it"),
        (glyphs.model_time + " " + glyphs.code_time, "time of a model, time of code"),
    ]
