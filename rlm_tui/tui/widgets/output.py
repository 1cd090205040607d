"""Pane 4: what the model said, what the code printed, what went wrong, what you said."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import ClassVar

from rlm_tui.projection import fold
from rlm_tui.projection.fold import Changed
from rlm_tui.tui.figures import plural
from rlm_tui.tui.text import fit, shorten, width_of
from rlm_tui.tui.transcript import WRAP_UP_TO, Block, Transcript
from rlm_tui.tui.view import SELECTION, View
from rlm_tui.tui.widgets.line_view import LineView, Parts

LABEL = 8
"""Columns of the label at the left."""


class Output(LineView):
    """The transcript of the selected node; it follows the end until the cursor leaves it."""

    PARTS: ClassVar[Changed] = frozenset({fold.OUTPUT, fold.TREE, fold.CODE, SELECTION})
    FOLLOWS = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: View | None = None
        self._transcript = Transcript()
        self._starts: list[int] = [0]
        self._row = ""
        self._columns = 8

    def sync(self, view: View, changed: Changed) -> None:
        self._view = view
        node = view.node
        fresh = (node.id if node else "") != self._transcript.node
        if self._transcript.update(view, node) or changed >= fold.EVERYTHING:
            self._measure()
            self.changed_rows()
            if fresh:
                self.to_end()
        if view.selected is not None and view.row != self._row:
            self.show_turn(view.row)
        self._row = view.row
        self._caption(view)

    def _caption(self, view: View) -> None:
        node = view.node
        follow = f" {view.glyphs.dot} follow" if self.at_end else ""
        whose = f" of {node.id}" if node is not None and node.parent is not None else ""
        self.caption(f"4 Output{whose}{follow}", plural(self.count(), "line") if self.count() else "")

    def _measure(self) -> None:
        # Rows are counted and drawn for the same width, even while a scroll bar comes or goes.
        self._columns = width = self._text_width(self.view_width)
        self._starts = [0, *accumulate(block.rows(width) for block in self._transcript.blocks)]

    def rewidth(self, width: int) -> None:
        self._measure()

    @staticmethod
    def _text_width(width: int) -> int:
        return max(8, width - LABEL - 3)

    def show_turn(self, key: str) -> None:
        """Scroll to the first line of a turn."""
        for number, block in enumerate(self._transcript.blocks):
            if block.turn == key:
                self.put_cursor(self._starts[number + 1] - 1)
                self.put_cursor(self._starts[number])
                return

    # --- rows

    @property
    def empty(self) -> str:
        return "What the model says and the code prints."

    def count(self) -> int:
        return self._starts[-1]

    @property
    def content_width(self) -> int:
        wide = [block for block in self._transcript.blocks if len(block.lines) > WRAP_UP_TO]
        return max((LABEL + 3 + max(map(len, block.lines)) for block in wide), default=0)

    def block_at(self, row: int) -> tuple[Block, int]:
        """The block that a row belongs to, and the row's number in it."""
        number = bisect_right(self._starts, row) - 1
        return self._transcript.blocks[number], row - self._starts[number]

    def parts(self, row: int, width: int) -> Parts:
        block, inside = self.block_at(row)
        palette, glyphs = self.palette, self.glyphs
        text, first = block.at(inside, self._columns)
        if block.rule:
            head = f"{glyphs.rule * 2} {shorten(text, width - 4, glyphs.cut)} "
            return [(head, palette["muted"]), (glyphs.rule * max(0, width - width_of(head)), palette["faint"])]
        label = block.label if first else ""
        return [
            (fit(label, LABEL, glyphs.cut), palette[block.style if block.style == "bad" else "muted"]),
            (f"{glyphs.warn if block.style in ('bad', 'warn') and first else glyphs.upright} ", palette["faint"]),
            (text, palette[block.style]),
        ]
