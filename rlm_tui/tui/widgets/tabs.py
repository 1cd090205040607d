"""The names of the panes that can stand beside the tree on a narrow screen."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip

from rlm_tui.tui.arrange import RIGHT
from rlm_tui.tui.text import width_of
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane

NAMES = {"code": "3 Code", "output": "4 Output", "document": "1 Doc", "variables": "5 Vars"}


class Tabs(Pane):
    """One line; a click switches."""

    ALLOW_SELECT = False

    class Chosen(Message):
        """A pane was chosen by the mouse."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.active = "code"

    def show(self, active: str) -> None:
        """Mark a pane as the one that is seen."""
        if active != self.active:
            self.active = active
            self.refresh()

    def render_line(self, y: int) -> Strip:
        palette, width, base = self.palette, self.size.width, self.rich_style
        parts: Parts = []
        for pane in RIGHT:
            style = palette["key"] if pane == self.active else palette["muted"]
            parts.append((f" {NAMES[pane]} ", style))
        used = sum(width_of(text) for text, _ in parts)
        parts.append((" " + self.glyphs.rule * max(0, width - used - 1), palette["faint"]))
        return strip_of(parts).crop_extend(0, width, base).apply_style(base)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        at = 0
        for pane in RIGHT:
            at += len(NAMES[pane]) + 2
            if offset.x < at:
                self.post_message(self.Chosen(pane))
                return
