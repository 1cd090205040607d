"""Reading a store: plain SQL and no tables' classes, so that a list or a replay opens at once.

A reader sees every event as soon as it is committed, by this process or another. It works on a store that can't be
written to, and on one that is being written.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from rlm_tui.events import BlobRef, Entry, decode
from rlm_tui.events.codec import UnreadableEvent
from rlm_tui.store import blobs
from rlm_tui.store.database import open_readable
from rlm_tui.store.errors import StoreError, explain

# The payload as bytes: msgspec reads UTF-8, so decoding it to a string first would be wasted.
EVENTS = "SELECT seq, at, schema, CAST(payload AS BLOB) FROM event WHERE session = ? AND seq > ? ORDER BY seq LIMIT ?"


class StoreReader:
    """Events and texts of the sessions in the store at `path`. May be shared between threads."""

    def __init__(self, path: Path, cache: blobs.TextCache | None = None) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = open_readable(path)
        self._lock = threading.RLock()
        self._cache = cache or blobs.TextCache()

    def __enter__(self) -> StoreReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. Idempotent; whoever asks later, as a screen that is still up does, has it opened again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def entries(self, session: str, after: int = 0, limit: int | None = None) -> list[Entry]:
        """The events of `session` with numbers above `after`, at most `limit` of them.

        Raises `StoreError` for an event that can't be read.
        """
        rows = self.query(EVENTS, session, after, -1 if limit is None else limit)
        entries = []
        seq = after
        try:
            for seq, at, schema, payload in rows:
                entries.append(Entry(seq, at, decode(payload, schema)))
        except UnreadableEvent as error:
            raise StoreError(f"session {session}, event {seq}: {error}") from None
        return entries

    def last_seq(self, session: str) -> int:
        """The number of the last event of `session`; 0 if there is none."""
        return int(self.query("SELECT coalesce(max(seq), 0) FROM event WHERE session = ?", session)[0][0])

    def text(self, ref: BlobRef) -> str:
        """The text of `ref`, from memory where possible. Raises `KeyError` if the store doesn't have it."""
        if (text := self._cache.get(ref.sha)) is None:
            with self._errors() as connection:
                text = blobs.load(connection, ref.sha)
            self._cache.put(ref.sha, text)
        return text

    def text_range(self, ref: BlobRef, start: int, end: int) -> str:
        """Characters `start` to `end` of a text, without loading the rest of a large one. Raises `KeyError`."""
        if (text := self._cache.get(ref.sha)) is not None:
            return text[start:end]
        with self._errors() as connection:
            return blobs.load_range(connection, ref.sha, start, min(end, ref.chars))

    def remember(self, sha: str, text: str) -> None:
        """Keep in memory a text that was just written: it is likely to be looked at next."""
        self._cache.put(sha, text)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of a statement. Raises `StoreError`."""
        with self._errors() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def _errors(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = open_readable(self.path)
            try:
                yield self._connection
            except (sqlite3.Error, ValueError) as error:
                raise StoreError(explain(error, self.path)) from error
