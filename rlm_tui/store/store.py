"""A store: one database of sessions, a file or on a server, to write and to read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from rlm_tui.config.paths import store_path
from rlm_tui.config.store_url import StorePlace
from rlm_tui.events import BlobRef, encode, kind_of
from rlm_tui.events.codec import SCHEMA
from rlm_tui.store import blobs, lease, marks, removal
from rlm_tui.store.catalog import Catalog
from rlm_tui.store.connection import Connection
from rlm_tui.store.errors import StoreError
from rlm_tui.store.log import INSERT, Head, SessionLog
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.rebuild import rebuild, refold
from rlm_tui.store.recording import Recording
from rlm_tui.store.row import WRITE, SessionRow, to_sql
from rlm_tui.store.writer import Writer

if TYPE_CHECKING:
    from rlm_tui.store.results import Results
    from rlm_tui.store.search import Hit


def new_id() -> str:
    """A session id: 12 hexadecimal characters, random, so that a few of them are usually enough to name it."""
    return secrets.token_hex(6)


class Store:
    """An open store. `Store.open()` finds the place and makes the file; then `create` a log for each session.

    May be used from any thread. Close it (or use it as a context manager) to write what waits.
    """

    def __init__(self, path: StorePlace, durability: str = "full") -> None:
        self.path = path
        self._writer = Writer(path, durability)
        self._logs: list[SessionLog] = []

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None = None, *, durability: str = "full") -> Store:
        """Open or create the store at `path` (default: `rlm_tui.config.paths.store_path`). Raises `StoreError`.

        `path` may also be the address of a PostgreSQL database: ``postgresql+psycopg://user@host/database``.

        `durability` ``full`` survives a power cut, ``normal`` only the end of the process, but commits faster.
        """
        return cls(store_path(path), durability)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every log, write what waits, and let go of the file. Idempotent."""
        for log in self._logs:
            log.close()
        self._logs.clear()
        if "reader" in self.__dict__:
            self.reader.close()
        self._writer.close()

    @cached_property
    def reader(self) -> StoreReader:
        """Events and texts of this store."""
        return StoreReader(self.path)

    @cached_property
    def catalog(self) -> Catalog:
        """The list of this store's sessions."""
        return Catalog(self.reader)

    @cached_property
    def results(self) -> Results:
        """The laboratory's table."""
        from rlm_tui.store.results import Results

        return Results(self._writer, self.reader)

    def create(self, session: str | None = None) -> SessionLog:
        """The log of a new session; nothing is written before its first event. Raises `StoreError` if the id is taken."""
        session = session or new_id()
        if self.reader.last_seq(session):
            raise StoreError(f"there is a session {session} already")
        return self._log(session, Head(SessionRow(id=session)))

    def resume(self, session: str, *, force: bool = False) -> SessionLog:
        """The log of an existing session, to be continued after its last event.

        Raises `StoreError` if there is no such session or another living process writes it (unless `force`).
        """

        def take(connection: Connection) -> Head:
            row = refold(connection, session)
            if row.last_seq == 0:
                raise StoreError(f"there is no session {session}; `rlm-tui sessions` lists them")
            return Head(row, lease.take(connection, session, force))

        return self._log(session, self._writer.call(take))

    def add(self, recording: Recording) -> str:
        """Copy a session into this store under its own id and return that; adding it twice makes no second copy.

        For one that another tool recorded, what its log doesn't tell becomes the session's note. A redacted one is
        taken without its texts.

        Raises `StoreError` if another session has the id, or a text of the recording is missing.
        """
        session, entries = recording.session, recording.entries()
        note = str(getattr(recording, "note", ""))
        records = [(e.seq, e.at, kind_of(e.event), encode(e.event)) for e in entries]
        refs = {ref.sha: ref for *_, payload in records for ref in blobs.references(payload)}
        if getattr(recording, "redacted", False):
            refs = {}

        def write(connection: Connection) -> None:
            there = connection.execute(
                "SELECT seq, payload FROM event WHERE session = ? ORDER BY seq", (session,)
            ).fetchall()
            if there and note:
                # Its id is made from the file; only the times that the file doesn't have may differ.
                return
            if there:
                if there != [(seq, payload.decode("utf-8")) for seq, _, _, payload in records]:
                    raise StoreError(f"there is another session {session} already; delete it or choose another store")
                return
            for sha, ref in refs.items():
                if connection.execute(blobs.EXISTS, (sha,)).fetchone() is None:
                    try:
                        text = recording.text(ref)
                    except KeyError:
                        raise StoreError(f"a text of session {session} is missing ({sha[:12]}…)") from None
                    if BlobRef.of(text) != ref:
                        raise StoreError(f"a text of session {session} is damaged ({sha[:12]}…)")
                    connection.executemany(blobs.INSERT, blobs.pieces(sha, text))
            connection.executemany(
                INSERT,
                ((session, seq, at, kind, SCHEMA, payload.decode("utf-8")) for seq, at, kind, payload in records),
            )
            connection.execute(WRITE, to_sql(refold(connection, session)))
            if note:
                marks.note(connection, session, note)

        if not records:
            raise StoreError(f"session {session} has no events")
        self._writer.call(write, alone=True)
        return session

    def search(self, wanted: str, limit: int = 50, session: str | None = None) -> list[Hit]:
        """Texts of all sessions, or of one, in which all of `wanted` stands (`rlm_tui.store.search.find`)."""
        from rlm_tui.store import search

        search.parse(wanted)
        self.index_texts()
        return search.find(self.reader, wanted, limit, session)

    def index_texts(self) -> None:
        """Take the texts that came since the last search into the index. Raises `StoreError`."""
        from rlm_tui.store import search

        while self._writer.call(search.update):
            pass

    def remove(self, session: str) -> int:
        """Delete a session; returns how many texts nobody else uses went with it. Raises `StoreError`."""
        return self._writer.call(lambda connection: removal.remove(connection, session), alone=True)

    def free_texts(self) -> int:
        """Delete the texts that no session uses any more; returns how many. Raises `StoreError`."""
        return self._writer.call(removal.free_texts, alone=True)

    def tag(self, session: str, *add: str, remove: Iterable[str] = ()) -> tuple[str, ...]:
        """Add and remove tags of a session; returns all it has now. Raises `StoreError`."""
        return self._writer.call(lambda connection: marks.tag(connection, session, add, remove))

    def note(self, session: str, text: str) -> None:
        """Set the note of a session; empty takes it away. Raises `StoreError`."""
        self._writer.call(lambda connection: marks.note(connection, session, text))

    def score(self, session: str, value: int | None) -> None:
        """Set the score of a session, 1 to 5, or take it away. Raises `StoreError`."""
        self._writer.call(lambda connection: marks.score(connection, session, value))

    def rebuild(self) -> int:
        """Make everything that is derived from the log again; returns the number of sessions. Raises `StoreError`."""
        return self._writer.call(rebuild, alone=True)

    def _log(self, session: str, head: Head) -> SessionLog:
        log = SessionLog(session, self._writer, self.reader, head)
        self._logs = [*(open_log for open_log in self._logs if not open_log.closed), log]
        return log
