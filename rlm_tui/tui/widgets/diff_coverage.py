"""What each session read, one line a session, all of the same length: where one has looked and another hasn't."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from rlm_tui.projection.compare import Session
from rlm_tui.tui.figures import percent
from rlm_tui.tui.widgets.coverage_strip import heat_strip
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane


class DiffCoverage(Pane):
    """The documents one behind the other, each as long as its share of the text; a rule between two of them."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sides: list[tuple[str, Session]] = []

    def show(self, names: Sequence[str], sessions: Sequence[Session]) -> None:
        """Show these sessions."""
        self._sides = list(zip(names, sessions, strict=True))
        self.styles.height = len(self._sides)
        self.refresh(layout=True)

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if y >= len(self._sides):
            return Strip.blank(width, base)
        name, session = self._sides[y]
        coverage, palette, glyphs = session.state.coverage, self.palette, self.glyphs
        left, right = f" {name} read ", f" {percent(coverage.read_chars('seen'), sum(coverage.sizes)):>4} "
        parts: Parts = [(left, palette["title"])]
        for number, room in enumerate(shares(coverage.sizes, width - len(left) - len(right))):
            if number:
                parts.append((glyphs.upright, palette["muted"]))
                room -= 1
            for level in heat_strip(coverage, number, max(1, room)):
                parts.append((glyphs.heat[level] if level else glyphs.empty, palette.heat(level)))
        parts.append((right, palette["text"]))
        return strip_of(parts).crop_extend(0, width, base).apply_style(base)


def shares(sizes: Sequence[int], width: int) -> list[int]:
    """`width` columns shared out by size, two for each at least."""
    whole = sum(sizes)
    if not whole or width < 2 * len(sizes):
        return [max(2, width // max(1, len(sizes)))] * len(sizes)
    columns = [max(2, round(size * width / whole)) for size in sizes]
    columns[columns.index(max(columns))] += width - sum(columns)
    return columns
