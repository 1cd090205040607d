"""A reply while it comes in."""

from __future__ import annotations

import asyncio
import time

from rlm_tui.engine.journal import Journal
from rlm_tui.events import CallPartial, clean

SECONDS, CHARS = 0.25, 4096
"""A streamed reply is logged as it grows: this often, or this much at a time."""


class Partial:
    """Collects a stream and logs it in pieces."""

    def __init__(self, call: str, journal: Journal) -> None:
        self.text = ""
        self._call = call
        self._journal = journal
        self._done = 0
        self._last = time.monotonic()
        self._writing: asyncio.Task[None] | None = None

    def take(self, piece: str) -> None:
        """More of the reply."""
        self.text += piece
        now = time.monotonic()
        waiting = len(self.text) - self._done
        busy = self._writing is not None and not self._writing.done()
        if not busy and waiting and (now - self._last >= SECONDS or waiting >= CHARS):
            self._last = now
            self._writing = asyncio.create_task(self._write())

    async def flush(self) -> None:
        """Wait until what is being written has been."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _write(self) -> None:
        piece, self._done = self.text[self._done :], len(self.text)
        await self._journal.write(CallPartial(call=self._call, text=clean(piece)))
