"""The log of one session in a store, as the engine sees it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from rlm_tui.events import BlobRef, Entry, Event, LogError, clean, encode, kind_of
from rlm_tui.events.codec import SCHEMA
from rlm_tui.store import blobs, lease
from rlm_tui.store.connection import Connection
from rlm_tui.store.errors import StoreError
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.row import WRITE, SessionRow, fold, to_sql
from rlm_tui.store.writer import Writer

SHORT = 4096
"""Characters of a text that is written without looking first whether it is there."""

INSERT = "INSERT INTO event (session, seq, at, kind, schema, payload) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(slots=True)
class Head:
    """Where a session's log stands. Only the writer's thread changes it."""

    row: SessionRow
    token: str | None = None
    dirty: bool = False

    def copy(self) -> Head:
        return Head(self.row, self.token, self.dirty)

    def take(self, other: Head) -> None:
        self.row, self.token, self.dirty = other.row, other.token, other.dirty


class SessionLog:
    """A `rlm_tui.events.Log` over a store. Made by `rlm_tui.store.Store.create` and `.resume`.

    `append` may be awaited in any event loop, in several at once, and `put` and `get` called from any thread.

    `listeners` are called with each entry once it is durable, in order, in the thread of the event loop that awaited
    the `append`, before it returns (with `append_now`: in the calling thread). A cancelled `append` may still be
    committed; its listeners are called all the same.
    """

    def __init__(self, session: str, writer: Writer, reader: StoreReader, head: Head) -> None:
        self.session = session
        self.listeners: list[Callable[[Entry], None]] = []
        self._writer = writer
        self._reader = reader
        self._head = head
        self._tentative = head.copy()
        self._unsaved: dict[str, str] = {}
        self._saved: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def last_seq(self) -> int:
        """The number of the last committed event; 0 before the first."""
        return self._head.row.last_seq

    @property
    def closed(self) -> bool:
        """Whether the log takes no more events."""
        return self._closed

    @property
    def row(self) -> SessionRow:
        """What the list of sessions shows about this one now."""
        return self._head.row

    async def append(self, *events: Event) -> tuple[Entry, ...]:
        """Commit `events` in order, in one transaction. Raises `LogError`; nothing of them was written then."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[Entry, ...]] = loop.create_future()

        def deliver(entries: tuple[Entry, ...], problem: str | None) -> None:
            # Whoever awaits goes on after this callback, so the listeners still come first, and can't hold it up.
            if not future.done():
                if problem is None:
                    future.set_result(entries)
                else:
                    future.set_exception(LogError(problem))
            self._tell(entries)

        def settle(entries: tuple[Entry, ...], problem: str | None) -> None:
            self._writer.tell(loop, deliver, entries, problem)

        self._submit(events, settle)
        return await future

    def append_now(self, *events: Event) -> tuple[Entry, ...]:
        """`append` for code without an event loop: blocks until the events are durable."""
        done = threading.Event()
        outcome: list[tuple[tuple[Entry, ...], str | None]] = []

        def settle(entries: tuple[Entry, ...], problem: str | None) -> None:
            outcome.append((entries, problem))
            done.set()

        self._submit(events, settle)
        done.wait()
        entries, problem = outcome[0]
        if problem is not None:
            raise LogError(problem)
        self._tell(entries)
        return entries

    def put(self, text: str) -> BlobRef:
        """Keep a text by content; durable no later than the next `append` that returns."""
        ref = BlobRef.of(text)
        with self._lock:
            # A prompt names all messages of the one before it; nobody deletes texts while the lease is held.
            if ref.sha not in self._saved:
                self._unsaved[ref.sha] = text
        return ref

    def get(self, ref: BlobRef) -> str:
        """The text of `ref`. Raises `KeyError`."""
        with self._lock:
            if (text := self._unsaved.get(ref.sha)) is not None:
                return text
        return self._reader.text(ref)

    def close(self) -> None:
        """Let another process write this session. Idempotent; the log takes no more events."""
        # If that can't be written: the lease is void anyway once this process has ended.
        with contextlib.suppress(StoreError):
            if self._end():
                self._writer.call(self._give_back)

    def ending(self) -> Callable[[Connection], None]:
        """`close` as a step of a transaction that has more to write: the log takes no more events from now on."""
        return self._give_back if self._end() else lambda connection: None

    def _end(self) -> bool:
        """Take no more events; whether any were taken until now."""
        with self._lock:
            open_until_now, self._closed = not self._closed, True
            return open_until_now

    def _give_back(self, connection: Connection) -> None:
        if self._head.token is not None:
            lease.give_back(connection, self.session, self._head.token)

    def _submit(self, events: tuple[Event, ...], settle: Callable[[tuple[Entry, ...], str | None], None]) -> None:
        now = time.time()
        records = [(event, kind_of(event), payload.decode("utf-8"), now) for event, payload in map(_encoded, events)]
        with self._lock:
            if self._closed:
                raise LogError(f"the log of session {self.session} is closed")
            texts = dict(self._unsaved)
            # Inside the lock, so that the order of `put` and `append` is the order of the queue.
            try:
                self._writer.submit(_Append(self, records, texts, settle))
            except StoreError as error:
                raise LogError(str(error)) from None

    def _tell(self, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            for listener in tuple(self.listeners):
                listener(entry)


def _encoded(event: Event) -> tuple[Event, bytes]:
    """The event and its bytes; lone surrogates, which JSON can't hold, are made visible in both."""
    try:
        return event, encode(event)
    except UnicodeEncodeError:
        event = msgspec.convert(_cleaned(msgspec.to_builtins(event)), type(event))
        return event, encode(event)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value


class _Append:
    """The job of one `append`."""

    alone = False

    def __init__(
        self,
        log: SessionLog,
        records: list[tuple[Event, str, str, float]],
        texts: dict[str, str],
        settle: Callable[[tuple[Entry, ...], str | None], None],
    ) -> None:
        self._log = log
        self._records = records
        self._texts = texts
        self._settle = settle
        self._ready: dict[str, list[blobs.Piece]] = {}
        self._entries: list[Entry] = []

    def prepare(self, connection: Connection) -> None:
        for sha, text in self._texts.items():
            # To pack a short text takes no longer than to ask whether it is there.
            if len(text) < SHORT or connection.execute(blobs.EXISTS, (sha,)).fetchone() is None:
                self._ready[sha] = list(blobs.pieces(sha, text))

    def write(self, connection: Connection) -> None:
        log = self._log
        before = log._tentative.copy()
        try:
            self._write(connection)
        except BaseException:
            log._tentative.take(before)
            self._entries.clear()
            raise

    def _write(self, connection: Connection) -> None:
        log, head = self._log, self._log._tentative
        for sha, text in self._texts.items():
            if (ready := self._ready.get(sha)) is not None:
                connection.executemany(blobs.INSERT, ready)
            # Looked up again: another process may have deleted it since.
            elif connection.execute(blobs.EXISTS, (sha,)).fetchone() is None:
                connection.executemany(blobs.INSERT, blobs.pieces(sha, text))
        if not self._records:
            return
        if head.token is None:
            head.token = lease.take(connection, log.session)
        rows = []
        for event, kind, payload, at in self._records:
            entry = Entry(head.row.last_seq + 1, at, event)
            rows.append((log.session, entry.seq, at, kind, SCHEMA, payload))
            self._entries.append(entry)
            head.row = fold(head.row, entry, self._text_of(connection))
        try:
            connection.executemany(INSERT, rows)
        except connection.IntegrityError:
            raise StoreError(f"another process writes session {log.session}; this one must stop") from None
        head.dirty = True

    def _text_of(self, connection: Connection) -> Callable[[BlobRef], str]:
        def text(ref: BlobRef) -> str:
            found = self._texts.get(ref.sha)
            return blobs.load(connection, ref.sha) if found is None else found

        return text

    def finish(self, connection: Connection) -> None:
        head = self._log._tentative
        if head.dirty:
            connection.execute(WRITE, to_sql(head.row))
            head.dirty = False

    def undo(self) -> None:
        self._log._tentative.take(self._log._head)
        self._entries.clear()

    def settle(self, problem: str | None) -> None:
        log = self._log
        if problem is None:
            log._head.take(log._tentative)
            for sha, text in self._texts.items():
                log._reader.remember(sha, text)
            with log._lock:
                if log._head.token is not None:
                    log._saved.update(self._texts)
                for sha in self._texts:
                    log._unsaved.pop(sha, None)
        self._settle(tuple(self._entries) if problem is None else (), problem)
