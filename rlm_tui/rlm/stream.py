"""The events of a completion, as they are saved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from rlm_tui.events import Entry, Event
from rlm_tui.rlm.result import Result


class Stream:
    """An asynchronous iterator over the events of a completion. `result` is there once the iteration has ended.

    Leaving the iteration early and calling `aclose` cancels the run; it is saved up to there.
    """

    def __init__(self, run: Callable[[Callable[[Entry], None]], Any], tell: Callable[[Entry], None]) -> None:
        self.result: Result | None = None
        self._run = run
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def _events(self) -> AsyncIterator[Event]:
        waiting: asyncio.Queue[Event | None] = asyncio.Queue()

        def listener(entry: Entry) -> None:
            self._tell(entry)
            waiting.put_nowait(entry.event)

        async def work() -> None:
            try:
                self.result = await self._run(listener)
            finally:
                waiting.put_nowait(None)

        self._task = asyncio.create_task(work())
        try:
            while (event := await waiting.get()) is not None:
                yield event
            await self._task
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancel the run if it is still going. Idempotent."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
