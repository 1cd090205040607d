"""Pane 5: the names in the REPL of the selected node, and what the last cell changed."""

from __future__ import annotations

from typing import ClassVar

from rlm_tui.document.visible import visible
from rlm_tui.events import Variable, WatchValue
from rlm_tui.projection import fold
from rlm_tui.projection.fold import Changed
from rlm_tui.projection.state import Cell
from rlm_tui.tui.figures import count, percent
from rlm_tui.tui.text import fit, shorten, width_of
from rlm_tui.tui.view import SELECTION, View
from rlm_tui.tui.widgets.line_view import LineView, Parts


class Variables(LineView):
    """One row a variable; ``context`` first."""

    PARTS: ClassVar[Changed] = frozenset({fold.VARIABLES, fold.CODE, SELECTION})

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._variables: tuple[Variable, ...] = ()
        self._context_line: tuple[str, str] | None = None
        self._watches: list[tuple[str, WatchValue | None]] = []
        self._shown: tuple[object, ...] = ()

    def sync(self, view: View, changed: Changed) -> None:
        node, cell = view.node, last_finished(view)
        coverage = view.state.coverage
        read = percent(coverage.read_chars(), max(1, sum(coverage.sizes))) if coverage.sizes else ""
        watched = view.state.watched.get(node.id, {}) if node is not None else {}
        watches = [(expression, watched.get(number)) for number, expression in view.state.watches.items()]
        key = (node.id if node else "", cell, read, watches)
        if key == self._shown and fold.EVERYTHING - changed:
            return
        self._shown = key
        self._watches = watches
        self._variables = cell.variables if cell is not None else ()
        self._context_line = None
        if node is not None:
            words = f"{node.context_kind} {count(node.context_chars)}"
            self._context_line = (words, f"read {read}" if node.parent is None and read else "")
        since = f" {view.glyphs.rule} after turn {cell.turn}" if cell is not None and cell.turn else ""
        where = f" of {node.id}" if node is not None and node.parent is not None else ""
        self.caption(f"5 Variables{where}{since}", str(len(self._variables)) if self._variables else "")
        self.changed_rows()

    def count(self) -> int:
        watches = 1 + len(self._watches) if self._watches else 0
        return (1 if self._context_line else 0) + max(1, len(self._variables)) + watches

    def parts(self, row: int, width: int) -> Parts:
        palette = self.palette
        if self._context_line is not None:
            if row == 0:
                words, read = self._context_line
                room = max(0, width - width_of(words) - width_of(read) - 3)
                return [
                    (" " + fit("context", room), palette["syntax.rlm"]),
                    (f" {words}", palette["muted"]),
                    (f" {read}" if read else "", palette["text"]),
                ]
            row -= 1
        if row >= max(1, len(self._variables)):
            return self._watch(row - max(1, len(self._variables)), width)
        if not self._variables:
            return [(" no variables yet", palette["muted"])]
        return self._variable(self._variables[row], width)

    def _watch(self, row: int, width: int) -> Parts:
        palette, glyphs = self.palette, self.glyphs
        if row == 0:
            label = f" {glyphs.rule} watch "
            return [(label, palette["muted"]), (glyphs.rule * max(0, width - width_of(label) - 1), palette["faint"])]
        expression, value = self._watches[row - 1]
        shown = _one_line(value.value) if value is not None else "not looked at yet"
        name = shorten(_one_line(expression), max(8, width - min(width_of(shown), width // 2) - 3), glyphs.cut)
        shown = shorten(shown, max(0, width - width_of(name) - 3), glyphs.cut)
        style = "muted" if value is None else "bad" if value.failed else "text"
        gap = " " * max(1, width - width_of(name) - width_of(shown) - 2)
        return [(f" {name}", palette["title"]), (gap, palette["text"]), (shown, palette[style])]

    def _variable(self, variable: Variable, width: int) -> Parts:
        palette, glyphs = self.palette, self.glyphs
        sign = glyphs.changed if variable.changed else " "
        name = shorten(visible(variable.name), max(6, width // 3), glyphs.cut)
        kind = visible(variable.type) + (f"[{count(variable.size)}]" if variable.size is not None else "")
        mark = " new" if variable.changed == "new" else ""
        room = width - width_of(name) - width_of(kind) - width_of(mark) - 6
        preview = visible(variable.preview.replace("\n", " "), 0)
        shown = shorten(preview, room, glyphs.cut) if room > 3 else ""
        gap = " " * max(
            1, width - 3 - width_of(name) - width_of(kind) - width_of(mark) - width_of(shown) - (2 if shown else 0)
        )
        return [
            (f"{sign} ", palette["running"]),
            (name, palette["title"]),
            (gap, palette["text"]),
            (shown + "  " if shown else "", palette["syntax.string"] if preview[:1] in "'\"" else palette["text"]),
            (kind, palette["muted"]),
            (mark, palette["running"]),
        ]


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))


def last_finished(view: View) -> Cell | None:
    """The newest finished cell of the selected node, up to the selected turn."""
    state, node, chosen = view.state, view.node, view.cell
    if node is None:
        return None
    if chosen is not None and chosen.node == node.id and chosen.ended is not None:
        return chosen
    for key in reversed(state.order):
        cell = state.cells.get(key)
        if cell is None or cell.node != node.id or cell.ended is None:
            continue
        if chosen is None or cell.turn <= chosen.turn:
            return cell
    return None
