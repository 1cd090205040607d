"""The container of the workbench's parts: it puts each where `rlm_tui.tui.arrange` says."""

from __future__ import annotations

from textual import events
from textual.geometry import Offset, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.widget import Widget

from rlm_tui.tui.arrange import PANES, Wishes, arrange, edge_at


class _Places(Layout):
    """A layout by regions."""

    name = "places"

    def __init__(self) -> None:
        self.regions: dict[str, Region] = {}

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        return [
            WidgetPlacement(self.regions[child.id], Offset(0, 0), Spacing(), child)
            for child in children
            if child.id in self.regions
        ]


class PaneGrid(Widget):
    """Holds the parts by their ids. `wishes` is what the operator asked for; call `rearrange` after changing it."""

    class Revealed(Message):
        """Other parts can be seen now; they have missed what happened while they were hidden."""

    def __init__(self, *children: Widget) -> None:
        super().__init__(*children)
        self.wishes = Wishes()
        self._places = _Places()
        self._shown: frozenset[str] = frozenset()
        self._edge: str | None = None

    @property
    def layout(self) -> Layout:
        return self._places

    def on_resize(self, event: events.Resize) -> None:
        self.rearrange(event.size)

    def rearrange(self, size: Size | None = None) -> None:
        """Work out the regions again, show what has one and hide the rest."""
        size = size or self.size
        if not size:
            return
        regions = arrange(size.width, size.height, self.wishes)
        shown = frozenset(regions)
        self._places.regions = regions
        for child in self.children:
            child.display = child.id in regions
        focused = self.screen.focused
        if (
            focused is not None
            and self in focused.ancestors
            and not all(node.display for node in focused.ancestors_with_self if isinstance(node, Widget))
        ):
            self.screen.set_focus(None)
        # A child's new layout makes its parent arrange again; the parent's own would keep the old arrangement.
        self.children[0].refresh(layout=True)
        if shown != self._shown:
            self._shown = shown
            self.post_message(self.Revealed())

    # --- dragging an edge with the mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.screen_offset - self.region.offset
        self._edge = edge_at(self._places.regions, offset.x, offset.y)
        if self._edge is not None:
            event.stop()
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._edge is not None:
            offset = event.screen_offset - self.region.offset
            self.wishes.drag(self._edge, offset.x, offset.y, self.size.width, self.size.height)
            self.rearrange()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._edge is not None:
            self._edge = None
            self.release_mouse()

    @property
    def narrow(self) -> bool:
        """Whether the narrow arrangement is shown."""
        return "tabs" in self._places.regions

    def shown(self, pane: str) -> bool:
        """Whether a part can be seen."""
        return pane in self._places.regions

    def reveal(self, pane: str) -> None:
        """See to it that a numbered pane can be seen."""
        if pane not in PANES or self.shown(pane):
            return
        if self.wishes.zoomed is not None:
            self.wishes.zoomed = pane
        elif pane not in ("tree", "timeline"):
            self.wishes.beside = pane
        self.rearrange()
