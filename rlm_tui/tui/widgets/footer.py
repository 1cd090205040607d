"""The last line: the keys that do something now, in the order in which one needs them."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from rlm_tui.projection import fold
from rlm_tui.projection.fold import Changed
from rlm_tui.tui.action import Action
from rlm_tui.tui.actions import possible
from rlm_tui.tui.keymap import Keymap, shown
from rlm_tui.tui.text import width_of
from rlm_tui.tui.view import SELECTION, View
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane


class KeyBar(Pane):
    """Clickable. What does not fit is left out from the middle; commands, help and quit always stay."""

    PARTS: ClassVar[Changed] = frozenset({fold.STATUS, SELECTION})
    ALLOW_SELECT = False

    class Pressed(Message):
        """An action was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, keys: Keymap, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = keys
        self._actions: list[Action] = []
        self._places: list[tuple[int, int, str]] = []

    def sync(self, view: View, changed: Changed) -> None:
        actions = sorted((a for a in possible(view) if a.footer and self._keys[a.id]), key=lambda a: a.footer)
        if actions != self._actions:
            self._actions = actions
            self.refresh()

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        parts: Parts = []
        self._places = []
        at = 0
        for action in self._fitting(width):
            key, title = f" {self._key(action)}", f" {action.title} "
            taken = width_of(key) + width_of(title)
            self._places.append((at, at + taken, action.id))
            parts += [(key, self.palette["key"]), (title, self.palette["muted"])]
            at += taken
        return strip_of(parts).crop_extend(0, width, base).apply_style(base)

    def _key(self, action: Action) -> str:
        return shown(self._keys[action.id][0], plain=self.glyphs.name == "ascii")

    def _fitting(self, width: int) -> list[Action]:
        def taken(action: Action) -> int:
            return width_of(self._key(action)) + width_of(action.title) + 3

        last = [action for action in self._actions if action.footer >= 20]
        room = width - sum(map(taken, last))
        first = []
        for action in self._actions:
            if action.footer >= 20:
                continue
            room -= taken(action)
            if room < 0:
                break
            first.append(action)
        return first + last

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            for start, end, action in self._places:
                if start <= offset.x < end:
                    self.post_message(self.Pressed(action))
                    return
