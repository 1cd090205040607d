"""The one place where events come in: thirty times a second, in one go, and only when there are any."""

from __future__ import annotations

from collections.abc import Callable

from rlm_tui.projection.fold import EVERYTHING, STATUS, TIMELINE, Changed
from rlm_tui.tui.view import CLOCK, View

RATE = 30
"""Ticks a second."""

CROWD = 30
"""More entries than this in one tick are a crowd: nobody can follow them, and drawing each beat of them would keep keys
waiting.
"""

PATIENCE = 3
"""While they come in crowds, only each third tick is drawn."""

Deliver = Callable[[Changed], None]


class Pump:
    """Moves what the source has into the timeline and tells `deliver` which parts changed, now or with one of the next ticks.

    `ticks` and `deliveries` are counted for the tests: a thousand events in one tick are one delivery.
    """

    def __init__(self, view: View, deliver: Deliver) -> None:
        self._view = view
        self._deliver = deliver
        self._second = -1
        self._failed = False
        self._marked: set[str] = set()
        self._waiting: set[str] = set()
        self._drawn = 0
        self._crowds = 0
        self.ticks = 0
        self.deliveries = 0

    def mark(self, *parts: str) -> None:
        """Something changed that is not an event; it is delivered with the next tick. May be called from any thread."""
        self._marked.update(parts)

    def tick(self) -> Changed:
        """Take what came, and deliver. Returns what changed."""
        self.ticks += 1
        view = self._view
        marked, self._marked = self._marked, set()
        changed: set[str] = marked | self._waiting
        self._waiting = set()
        if view.source is not None:
            entries = view.source.drain()
            self._crowds = self._crowds + 1 if len(entries) > CROWD else 0
            if entries:
                changed |= view.take(entries)
                changed |= {STATUS, TIMELINE}
            if view.failure is not None and not self._failed:
                self._failed = True
                changed |= EVERYTHING
            second = int(view.elapsed)
            if second != self._second:
                self._second = second
                changed.add(CLOCK)
        if self._crowds > 1 and not marked and self.ticks - self._drawn < PATIENCE:
            self._waiting = changed
            return frozenset()
        if changed:
            self._drawn = self.ticks
            self.deliveries += 1
            self._deliver(frozenset(changed))
        return frozenset(changed)

    def seek(self, seq: int) -> None:
        """Move the cursor and deliver at once, so that a key is answered within its own frame."""
        changed = self._view.timeline.seek(seq) | {CLOCK}
        self.deliveries += 1
        self._deliver(changed)
