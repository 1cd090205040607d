"""The engine's pen: writes events, folds them at once, and answers questions about the run so far."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from rlm_tui.engine.control import Stop
from rlm_tui.engine.past import Past
from rlm_tui.engine.waiting import to_the_end
from rlm_tui.events import BlobRef, Entry, Event, Log
from rlm_tui.projection.facts import facts_at
from rlm_tui.projection.fold import apply, fold


class Journal:
    """A log with the state that its events make. Commits of parallel nodes may return in any order; the fold waits.

    `past` holds the events of a session that is being continued: they are folded at once, and whatever the engine does
    again on its way to where it had stopped is not written a second time.
    """

    def __init__(self, log: Log, past: Sequence[Entry] = ()) -> None:
        self.log = log
        self.state = fold(past)
        self._past = Past(past)
        self._early: list[tuple[int, Entry]] = []

    async def write(self, *events: Event) -> None:
        """Commit events; on return, also by a cancellation, they are durable and part of `state`."""
        fresh = [event for event in events if not self._past.holds(event)]
        if not fresh:
            return
        await to_the_end(self._append(fresh))

    async def _append(self, events: Sequence[Event]) -> None:
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
            self.state,
            self.log.get,
            kind=stop.kind,
            node=stop.node,
            turn=stop.turn,
            cell=stop.cell,
            call=stop.call,
            planned=stop.planned,
            cost=stop.cost,
        )
