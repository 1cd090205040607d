"""Reading a store: plain SQL and no tables' classes, so that a list or a replay opens at once.

A reader sees every event as soon as it is committed, by this process or another. It works on a store that can't be
written to, and on one that is being written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rlm_tui.config.store_url import StorePlace
from rlm_tui.events import BlobRef, Entry, decode
from rlm_tui.events.codec import UnreadableEvent
from rlm_tui.store import blobs
from rlm_tui.store.connection import EVERYTHING, Alive, Connection
from rlm_tui.store.database import open_readable
from rlm_tui.store.errors import StoreError, explain

if TYPE_CHECKING:
    from rlm_tui.store.words import WordIndex

# The payload as bytes: msgspec reads UTF-8, so decoding it to a string first would be wasted.
EVENTS = "SELECT seq, at, schema, CAST(payload AS BLOB) FROM event WHERE session = ? AND seq > ? ORDER BY seq LIMIT ?"


class StoreReader:
    """Events and texts of the sessions in the store at `path`. May be shared between threads."""

    def __init__(self, path: StorePlace, cache: blobs.TextCache | None = None) -> None:
        self.path = path
        self._connection: Connection | None = open_readable(path)
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
        rows = self.query(EVENTS, session, after, EVERYTHING if limit is None else limit)
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

    def has_table(self, name: str) -> bool:
        """Whether the store has a table of this name. Raises `StoreError`."""
        with self._errors() as connection:
            return connection.has_table(name)

    def damage(self, most: int = 1) -> list[str]:
        """What the database itself says is broken, in at most `most` sentences. Raises `StoreError`."""
        with self._errors() as connection:
            return connection.damage(most)

    def size(self) -> int:
        """The bytes that the store takes. Raises `StoreError`."""
        with self._errors() as connection:
            return connection.size()

    def living(self) -> Alive:
        """A way to ask whether the processes that write sessions still run. Raises `StoreError`."""
        with self._errors() as connection:
            return connection.living()

    def words(self) -> WordIndex:
        """The store's index for searching. Raises `StoreError`."""
        with self._errors() as connection:
            return connection.words()

    @contextmanager
    def _errors(self) -> Iterator[Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = open_readable(self.path)
            connection = self._connection
            try:
                yield connection
            except (connection.Error, ValueError) as error:
                if connection.passing(error):
                    # The next question may find the server again.
                    self.close()
                raise StoreError(explain(error, self.path)) from error
