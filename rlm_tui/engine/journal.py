"""The engine's pen: writes events, folds them at once, and answers questions about the run so far."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping, Sequence

from rlm_tui.engine.control import Stop
from rlm_tui.engine.past import Past
from rlm_tui.engine.waiting import to_the_end
from rlm_tui.events import BlobRef, Entry, Event, Log
from rlm_tui.projection.facts import facts_at
from rlm_tui.projection.fold import apply, fold

LINGER = 0.02
"""Seconds that held events wait at most for a commit to share."""


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
        self._held: list[Event] = []
        self._timer: asyncio.TimerHandle | None = None
        self._lingering: asyncio.Task[None] | None = None

    async def write(self, *events: Event) -> None:
        """Commit events; on return, also by a cancellation, they are durable and part of `state`."""
        self._held.extend(event for event in events if not self._past.holds(event))
        if self._lingering is not None and self._lingering.done():
            # A log that failed in between must not go unnoticed.
            self._lingering.result()
        if not self._held:
            return
        fresh, self._held = self._held, []
        if self._timer is not None:
            # What is held from now on has its own moment to wait.
            self._timer.cancel()
            self._timer = None
        await to_the_end(self._append(fresh))

    def hold(self, *events: Event) -> None:
        """Write events together with the next ones, or in a moment when none come.

        A durable commit costs milliseconds. This is for events of which nothing may be shown or paid for before something
        else is written: the end of a cell, whose output goes into a prompt, and the prompt's reservation is an event.
        """
        self._held.extend(event for event in events if not self._past.holds(event))
        if self._timer is None and self._held:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._linger)

    async def settle(self) -> None:
        """Commit what is held now, so that `state` has it."""
        if self._lingering is not None:
            await asyncio.shield(self._lingering)
        await self.write()

    async def close(self) -> None:
        """Write nothing more: when the log has failed, what is held would only fail after everything else has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lingering is not None:
            await asyncio.gather(self._lingering, return_exceptions=True)

    def _linger(self) -> None:
        self._timer = None
        if self._held:
            self._lingering = asyncio.get_running_loop().create_task(self.write())

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
