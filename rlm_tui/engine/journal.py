"""The engine's pen: writes events, folds them at once, and answers questions about the run so far."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from rlm_tui.engine.control import Stop
from rlm_tui.events import BlobRef, Entry, Event, Log
from rlm_tui.projection.facts import facts_at
from rlm_tui.projection.fold import apply
from rlm_tui.projection.state import SessionState


class Journal:
    """A log with the state that its events make. Commits of parallel nodes may return in any order; the fold waits."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.state = SessionState()
        self._early: list[tuple[int, Entry]] = []

    async def write(self, *events: Event) -> None:
        """Commit events; on return they are durable and part of `state`."""
        for entry in await self.log.append(*events):
            heapq.heappush(self._early, (entry.seq, entry))
        while self._early and (self._early[0][0] == self.state.seq + 1 or self.state.seq == 0):
            apply(self.state, heapq.heappop(self._early)[1])

    def keep(self, text: str) -> BlobRef:
        """Keep a text; it is durable with the next event."""
        return self.log.put(text)

    def facts(self, stop: Stop) -> Mapping[str, object]:
        """What breakpoint conditions can ask about at `stop`."""
        return facts_at(
            self.state, self.log.get, kind=stop.kind, node=stop.node, turn=stop.turn, cell=stop.cell, call=stop.call
        )
