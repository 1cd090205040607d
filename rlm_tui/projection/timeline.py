"""A session's entries with a cursor: the same thing for a live run, a rewound one and a replay."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from rlm_tui.events import Entry
from rlm_tui.projection.fold import EVERYTHING, Changed, apply
from rlm_tui.projection.state import SessionState

CHECKPOINT_EVERY = 500
"""Entries between two checkpoints: a seek folds at most this many."""


class Timeline:
    """Entries so far, the state at the head, and the state at the cursor.

    While `live` (the cursor is at the head) both are the same object. `seek` moves the cursor to the state after the
    entry with that sequence number; 0 is before everything.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.head = SessionState()
        self.state = self.head
        self._checkpoints: list[SessionState] = [SessionState()]

    @property
    def live(self) -> bool:
        """Whether the cursor is at the head."""
        return self.state is self.head

    def append(self, entries: Iterable[Entry]) -> Changed:
        """Take new entries in order. Returns what changed at the cursor: nothing, when the cursor is in the past."""
        changed: set[str] = set()
        for entry in entries:
            if self.entries and entry.seq <= self.entries[-1].seq:
                continue
            changed |= apply(self.head, entry)
            self.entries.append(entry)
            if len(self.entries) % CHECKPOINT_EVERY == 0:
                self._checkpoints.append(self.head.copy())
        return frozenset(changed) if self.live else frozenset()

    def seek(self, seq: int) -> Changed:
        """Move the cursor. Beyond the last entry means back to the head."""
        if not self.entries or seq >= self.entries[-1].seq:
            self.state = self.head
            return EVERYTHING
        index = bisect_left(self.entries, max(seq, 0) + 1, key=lambda entry: entry.seq)
        start = min(index // CHECKPOINT_EVERY, len(self._checkpoints) - 1)
        state = self._checkpoints[start].copy()
        for entry in self.entries[start * CHECKPOINT_EVERY : index]:
            apply(state, entry)
        self.state = state
        return EVERYTHING

    def find(self, wanted: Callable[[Entry], bool], *, after: int, backwards: bool = False) -> int | None:
        """The sequence number of the nearest entry after (or before) `after` for which `wanted` holds."""
        index = bisect_left(self.entries, after + (0 if backwards else 1), key=lambda entry: entry.seq)
        candidates = reversed(self.entries[:index]) if backwards else iter(self.entries[index:])
        return next((entry.seq for entry in candidates if wanted(entry)), None)
