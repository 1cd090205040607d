"""Breakpoints: list, add with a look at the condition while it is typed, delete."""

from __future__ import annotations

from collections.abc import Mapping

from rlm_tui.tui.breaks import Breaks
from rlm_tui.tui.screens.listing import Listing
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


class Breakpoints(Listing[None]):
    """Shows what a breakpoint can ask for below the field."""

    HEADING = "Breakpoints"
    EMPTY = "No breakpoints: the run goes on to its end or to a limit."
    HINT = "stop when…  (cost>0.50, error, depth>=2)"
    EXAMPLES = EXAMPLES

    def __init__(self, view: View, breaks: Breaks, *, adding: bool = False) -> None:
        super().__init__(adding=adding)
        self._view, self._breaks = view, breaks

    def items(self) -> Mapping[int, str]:
        return self._breaks.items()

    def problem(self, text: str) -> str:
        return self._breaks.problem(text)

    def add(self, text: str) -> None:
        self._breaks.add(text)

    def delete(self, number: int) -> None:
        self._breaks.delete(number)
