"""A session that another process is running, watched: read-only, and as new as its last commit."""

from __future__ import annotations

import time
from collections.abc import Callable

from rlm_tui.events import Entry
from rlm_tui.session.replay import SavedSession
from rlm_tui.store import StoredSession, StoreError

POLL_SECONDS = 0.2
"""How often the store is asked for more."""


class FollowedSession(SavedSession):
    """A `SavedSession` that grows. `process` is who writes it, ``None`` once nobody does."""

    def __init__(self, recording: StoredSession, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(recording)
        self._stored = recording
        self._clock = clock
        self._asked = clock()
        self._process = recording.writer()

    @property
    def process(self) -> int | None:
        """The process that writes the session, as its number on its machine."""
        return self._process

    def drain(self) -> list[Entry]:
        """What was committed since the last call; the store is asked five times a second at most."""
        fresh = super().drain()
        now = self._clock()
        if now - self._asked < POLL_SECONDS:
            return fresh
        self._asked = now
        try:
            # Asked for first: what is written between the two questions is then still fetched.
            writer = self._stored.writer()
            more = self._stored.entries(after=self._kept[-1].seq if self._kept else 0)
        except StoreError:
            return fresh  # It may be locked for a moment; if the file is gone, what was read stays.
        self._process = writer
        self._kept.extend(more)
        return [*fresh, *more]
