"""Two texts and where they differ: one below the other, or side by side."""

from __future__ import annotations

from rich.style import Style

from rlm_tui.document.visible import visible
from rlm_tui.tui.diff_rows import LONGEST, NUMBER, Both, Cut, lines_of, shown, split, unified
from rlm_tui.tui.figures import count
from rlm_tui.tui.text import width_of
from rlm_tui.tui.widgets.line_view import LineView, Parts

HEAD = NUMBER + 3
"""Columns before the text of a line: its number and its sign."""

_WORD = Style(bold=True, underline=True)
_STYLES = {" ": "text", "-": "bad", "+": "ok"}


class DiffLines(LineView):
    """Numbers and signs at the left; long lines are wrapped, and words that differ are underlined."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.is_split = False
        self._texts = ("", "")
        self._hint = ""
        self._lines = lines_of("", "")
        self._rows: list[Both] = []

    def show(self, a: str, b: str, hint: str) -> None:
        """Show two texts; `hint` stands there when both are empty."""
        if (a, b, hint) != (*self._texts, self._hint):
            self._texts, self._hint = (a, b), hint
            self._lines = lines_of(a, b)
            self._lay_out(self.view_width)
            self.changed_rows()
            self.to_start()
            self.scroll_to(y=0, animate=False, force=True)

    def lay_out(self, *, split: bool) -> None:
        """Side by side, or one below the other."""
        if split != self.is_split:
            self.is_split = split
            self._lay_out(self.view_width)
            self.changed_rows()

    def _lay_out(self, width: int) -> None:
        if self.is_split:
            self._rows = split(self._lines, max(4, (width - 1) // 2 - HEAD))
        else:
            self._rows = unified(self._lines, max(4, width - HEAD))

    def rewidth(self, width: int) -> None:
        self._lay_out(width)

    @property
    def left_out(self) -> str:
        """What is said of texts that are too long to be compared whole."""
        rest = max(len(text) for text in self._texts) - LONGEST
        return f"{count(rest)} more characters are not compared here" if rest > 0 else ""

    # --- rows

    @property
    def empty(self) -> str:
        return self._hint

    def count(self) -> int:
        return len(self._rows)

    def parts(self, row: int, width: int) -> Parts:
        left, right = self._rows[row]
        if not self.is_split:
            return self._cut(left, True, width) if left is not None else []
        half = (width - 1) // 2
        return [
            *self._cut(left, False, half),
            (self.glyphs.upright, self.palette["faint"]),
            *self._cut(right, True, width - 1 - half),
        ]

    def _cut(self, cut: Cut | None, second: bool, width: int) -> Parts:
        if cut is None:
            return [(" " * width, self.palette["faint"])]
        line = cut.line
        number = (line.b or line.a) if second else (line.a or line.b)
        style = self.palette[_STYLES[line.sign]]
        parts: Parts = [
            (f"{number if cut.first else '':>{NUMBER}} ", self.palette["line_number"]),
            (f"{line.sign} ", style),
            *_slice(cut, style),
        ]
        taken = sum(width_of(text) for text, _ in parts)
        return [*parts, (" " * max(0, width - taken), style)]


def _slice(cut: Cut, style: Style) -> Parts:
    """The pieces of a line between two places of its visible text."""
    line, at = cut.line, 0
    if not line.partial:
        return [(shown(line)[cut.start : cut.end].rstrip(), style)]
    parts: Parts = []
    for piece in line.pieces:
        text = visible(piece.text)
        inside = text[max(0, cut.start - at) : max(0, cut.end - at)]
        if inside:
            parts.append((inside, style + _WORD if piece.changed else style))
        at += len(text)
    if parts:
        # The space at which a line is wrapped may stand one column beyond the edge.
        parts[-1] = (parts[-1][0].rstrip(), parts[-1][1])
    return parts
