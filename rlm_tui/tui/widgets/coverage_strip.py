"""The whole document in one line, as heat; while a huge one is indexed, how far that is."""

from __future__ import annotations

from textual.strip import Strip

from rlm_tui.projection.coverage import Coverage
from rlm_tui.tui.figures import count
from rlm_tui.tui.view import View
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane


def heat_strip(coverage: Coverage, document: int, width: int) -> list[int]:
    """Heat levels 0 to 4 of a document in `width` parts."""
    if document >= len(coverage.sizes):
        return [0] * width
    levels = []
    for seen in coverage.heat(document, width):
        levels.append(0 if not seen else 1 if seen == 1 else 2 if seen == 2 else 3 if seen <= 4 else 4)
    return levels


class CoverageStrip(Pane):
    """One line: the whole document as heat, and where the view stands in it. A bar of progress until it is indexed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: tuple[object, ...] = ()
        self._view: View | None = None
        self._number = 0
        self._share = 0.0
        self._indexed: float | None = None

    def show(self, view: View, number: int, place: float) -> None:
        """Show document `number`; `place` is where the cursor stands, 0 to 1."""
        self._view, self._number = view, number
        document = view.documents[number] if number < len(view.documents) else None
        unfinished = document is not None and not document.complete
        self._indexed = view.indexed.get(document.name, 0.0) if document is not None and unfinished else None
        self._share = place
        coverage = view.state.coverage
        levels = heat_strip(coverage, number, max(1, self.size.width))
        shown = (levels, place, self._indexed, number < len(coverage.sizes))
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if self._view is not None and y == 0 and self._indexed is not None:
            return strip_of(self._progress(self._indexed, width)).crop_extend(0, width, base).apply_style(base)
        if self._view is None or y > 0 or self._number >= len(self._view.state.coverage.sizes):
            return Strip.blank(width, base)
        coverage, palette, glyphs = self._view.state.coverage, self.palette, self.glyphs
        size = coverage.sizes[self._number]
        left, right = "0 ", f" {count(size)}"
        room = max(1, width - len(left) - len(right))
        levels = heat_strip(coverage, self._number, room)
        at = min(room - 1, int(self._share * room))
        parts: Parts = [(left, palette["muted"])]
        for n, level in enumerate(levels):
            sign = glyphs.heat[level] if level else glyphs.empty
            style = palette.heat(level)
            parts.append((sign, style + palette["cursor"] if n == at else style))
        parts.append((right, palette["muted"]))
        return strip_of(parts).crop_extend(0, width, base).apply_style(base)

    def _progress(self, share: float, width: int) -> Parts:
        """How much of the document is indexed, as a bar."""
        label, figure = "indexing ", f" {share:4.0%}"
        full, rest = self.glyphs.bar(share, max(1, width - len(label) - len(figure)))
        palette = self.palette
        return [(label, palette["muted"]), (full, palette["bar"]), (rest, palette["faint"]), (figure, palette["text"])]
