"""How many requests may be in flight at once: as many as the user allows, fewer while a provider complains."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType


class Slots:
    """A limit that gives way: a complaint halves it, and as many good answers as it allows at once raise it by one.

    (Additive increase, multiplicative decrease, as in TCP's congestion control, RFC 5681.) First come, first served.
    """

    def __init__(self, most: int) -> None:
        self.most = max(1, most)
        self.limit = self.most
        self._used = 0
        self._good = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self._used < self.limit and not self._waiting:
            self._used += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._used -= 1
                self._admit()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._used -= 1
        self._admit()

    def complained(self) -> None:
        """A provider said that it gets too many requests."""
        self.limit, self._good = max(1, self.limit // 2), 0

    def answered(self) -> None:
        """A request went well."""
        self._good += 1
        if self.limit < self.most and self._good >= self.limit:
            self.limit, self._good = self.limit + 1, 0
            self._admit()

    def _admit(self) -> None:
        while self._waiting and self._used < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._used += 1
                turn.set_result(None)
