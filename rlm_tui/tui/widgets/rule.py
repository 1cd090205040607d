"""A line across a pane."""

from __future__ import annotations

from textual.strip import Strip

from rlm_tui.tui.text import width_of
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane


class Rule(Pane):
    """A line with a few words in it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._words = ""

    def say(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self.refresh()

    def render_line(self, y: int) -> Strip:
        rule, palette, width = self.glyphs.rule, self.palette, self.size.width
        words = f"{rule} {self._words} "
        parts: Parts = [(words, palette["muted"]), (rule * max(0, width - width_of(words)), palette["faint"])]
        return strip_of(parts).crop_extend(0, width, self.rich_style).apply_style(self.rich_style)
