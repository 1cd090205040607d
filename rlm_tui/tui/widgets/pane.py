"""What the workbench asks of each of its panes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widget import Widget

from rlm_tui.projection.fold import Changed
from rlm_tui.tui.glyphs import UNICODE, Glyphs
from rlm_tui.tui.palette import PLAIN, Palette

if TYPE_CHECKING:
    from rlm_tui.tui.view import View


class Pane(Widget):
    """A part of the screen that shows a part of the view.

    `PARTS` are the parts of the state it depends on; the workbench calls `sync` only when one of them changed and the
    pane can be seen. `syncs` counts those calls, for the tests.
    """

    PARTS: ClassVar[Changed] = frozenset()

    syncs = 0
    _caption_texts = ("", "")

    def sync(self, view: View, changed: Changed) -> None:
        """Show `view`. `changed` says which parts of it may differ from the last time."""
        raise NotImplementedError

    def receive(self, view: View, changed: Changed) -> None:
        """What the workbench calls: counts, and passes on."""
        self.syncs += 1
        self.sync(view, changed)

    @property
    def palette(self) -> Palette:
        """The theme's styles."""
        found = getattr(self.app, "palette", PLAIN)
        return found if isinstance(found, Palette) else PLAIN

    @property
    def glyphs(self) -> Glyphs:
        """The signs to draw with."""
        found = getattr(self.app, "glyphs", UNICODE)
        return found if isinstance(found, Glyphs) else UNICODE

    def restyle(self) -> None:
        """The theme changed: forget what was drawn with the old one."""
        self.refresh()

    def caption(self, title: str, subtitle: str = "") -> None:
        """Set the texts in the border, as plain text, and only when they differ."""
        from textual.content import Content

        old_title, old_subtitle = self._caption_texts
        if title != old_title:
            self.border_title = Content(title)
        if subtitle != old_subtitle:
            self.border_subtitle = Content(subtitle)
        self._caption_texts = (title, subtitle)
