"""The log as the engine sees it, and the one in memory that tests and throw-away runs use."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from rlm_tui.events.base import Event
from rlm_tui.events.refs import BlobRef


class Entry(msgspec.Struct, frozen=True):
    """An event with its place in the log: `seq` counts from 1 without gaps, `at` is seconds since the epoch (UTC)."""

    seq: int
    at: float
    event: Event


class Log(Protocol):
    """An append-only log of one session. The store implements it over SQLite."""

    async def append(self, *events: Event) -> tuple[Entry, ...]:
        """Commit `events` in order, in one transaction, and return them with their numbers.

        On return they are durable. Raises `LogError` when that is impossible; nothing was written then.
        """
        ...

    def put(self, text: str) -> BlobRef:
        """Keep a text by content. It is durable no later than the next `append` that returns."""
        ...

    def get(self, ref: BlobRef) -> str:
        """The text of `ref`. Raises `KeyError` if it was never put."""
        ...


class LogError(RuntimeError):
    """The log can't take events (disk full, read-only, closed). The message is one sentence that says what to do."""


class MemoryLog:
    """A `Log` that keeps everything in memory. `listeners` are called with each committed entry."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.blobs: dict[str, str] = {}
        self.listeners: list[Callable[[Entry], None]] = []

    async def append(self, *events: Event) -> tuple[Entry, ...]:
        added = []
        for event in events:
            entry = Entry(len(self.entries) + 1, time.time(), event)
            self.entries.append(entry)
            added.append(entry)
            for listener in self.listeners:
                listener(entry)
        return tuple(added)

    def put(self, text: str) -> BlobRef:
        ref = BlobRef.of(text)
        self.blobs[ref.sha] = text
        return ref

    def get(self, ref: BlobRef) -> str:
        return self.blobs[ref.sha]
