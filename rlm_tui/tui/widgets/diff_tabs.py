"""The names of what the diff screen can show of two rows."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip

from rlm_tui.tui.diff_rows import TABS
from rlm_tui.tui.text import width_of
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane


class DiffTabs(Pane):
    """One line; a click switches."""

    ALLOW_SELECT = False

    class Chosen(Message):
        """A tab was chosen by the mouse."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._active = TABS[0]
        self._different: frozenset[str] = frozenset()

    def show(self, active: str, different: frozenset[str]) -> None:
        """Mark a tab as the one that is seen, and those in which something differs."""
        if (active, different) != (self._active, self._different):
            self._active, self._different = active, different
            self.refresh()

    def _names(self) -> list[str]:
        mark = self.glyphs.changed
        return [f" {n} {tab.title()}{mark if tab in self._different else ''} " for n, tab in enumerate(TABS, 1)]

    def render_line(self, y: int) -> Strip:
        palette, width, base = self.palette, self.size.width, self.rich_style
        parts: Parts = []
        for tab, name in zip(TABS, self._names(), strict=True):
            parts.append((name, palette["key"] if tab == self._active else palette["muted"]))
        used = sum(width_of(text) for text, _ in parts)
        parts.append((" " + self.glyphs.rule * max(0, width - used - 1), palette["faint"]))
        return strip_of(parts).crop_extend(0, width, base).apply_style(base)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        at = 0
        for tab, name in zip(TABS, self._names(), strict=True):
            at += width_of(name)
            if offset.x < at:
                self.post_message(self.Chosen(tab))
                return
