"""Breakpoints: list, add with a look at the condition while it is typed, delete."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rlm_tui.document.visible import visible
from rlm_tui.tui.breaks import Breaks
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.view import View

EXAMPLES = """error              anything fails
final              an answer is given
turn==5            the fifth turn of any node
depth>=2           a node below the first level
cost>0.50          dollars spent so far
budget.usd>80%     share of a budget
tokens.in>100k     prompt tokens so far
code~"llm_query"   the cell contains a text
output~/regex/     the output matches
reads(1.0M..1.5M)  the call read that part
var hits changed   a variable changed
every 5            each fifth stop
log "…{cost}"      write a line, don't stop"""


class Breakpoints(Dialog[None]):
    """Adds and deletes at once; there is nothing to confirm."""

    HEADING = "Breakpoints"
    KEYS = "Enter add   Del delete   Tab switch   Esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("delete,backspace", "remove", show=False),
    ]

    def __init__(self, view: View, breaks: Breaks, *, adding: bool = False) -> None:
        super().__init__()
        self._view, self._breaks, self._adding = view, breaks, adding
        self._shown: dict[int, str] = {}

    def body(self) -> ComposeResult:
        yield OptionList(id="points", markup=False)
        yield plain("No breakpoints: the run goes on to its end or to a limit.", id="none", classes="quiet")
        yield Input(placeholder="stop when…  (cost>0.50, error, depth>=2)", id="condition")
        yield plain("", id="problem", classes="bad")
        yield VerticalScroll(plain(EXAMPLES, classes="quiet"), id="examples", can_focus=False)

    def on_mount(self) -> None:
        self._list()
        if self._adding or not self._shown:
            self.query_one(Input).focus()
        else:
            self.query_one(OptionList).focus()
        # The run answers on its own time: a set breakpoint shows when the event has come back.
        self.set_interval(0.1, self._list)

    def _list(self) -> None:
        items = self._breaks.items()
        points = self.query_one(OptionList)
        if items == self._shown and points.option_count == len(items):
            points.display = bool(items)
            self.query_one("#none").display = not items
            return
        self._shown = items
        chosen = points.highlighted
        points.clear_options()
        points.add_options([Option(Content(f"#{n}  {visible(text)}"), id=str(n)) for n, text in items.items()])
        if items:
            points.highlighted = min(chosen or 0, len(items) - 1)
        points.display = bool(items)
        self.query_one("#none").display = not items

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say(self._breaks.problem(event.value) if event.value.strip() else "")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        problem = self._breaks.problem(event.value)
        self._say(problem)
        if not problem:
            self._breaks.add(event.value.strip())
            event.input.value = ""
            self._list()

    def _say(self, words: str) -> None:
        self.query_one("#problem", Static).update(Content(visible(words)))

    def action_remove(self) -> None:
        points = self.query_one(OptionList)
        if points.has_focus and points.highlighted is not None:
            name = points.get_option_at_index(points.highlighted).id
            if name is not None:
                self._breaks.delete(int(name))
                self._list()
