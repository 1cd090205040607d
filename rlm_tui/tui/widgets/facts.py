"""A few lines of text with styles, drawn as they are."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from rlm_tui.tui.text import wrap
from rlm_tui.tui.widgets.line_view import strip_of
from rlm_tui.tui.widgets.pane import Pane

Told = Sequence[tuple[str, str]]
"""Lines as (text, style name). The text must be visible text; long lines are wrapped."""


class Facts(Pane):
    """Shows what it is told."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._told: Told = ()

    def tell(self, told: Told) -> None:
        """Show these lines."""
        if told != self._told:
            self._told = told
            self.refresh()

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        rows = [
            (line[start:end], style)
            for text, style in self._told
            for line in text.split("\n")
            for start, end in wrap(line, max(4, width - 2))
        ]
        if y >= len(rows):
            return Strip.blank(width, base)
        text, style = rows[y]
        return strip_of([(" " + text, self.palette[style])]).crop_extend(0, width, base).apply_style(base)
