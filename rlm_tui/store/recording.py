"""One saved session, wherever it is kept: in a store, in a file, in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from rlm_tui.config.paths import store_path
from rlm_tui.events import BlobRef, Entry
from rlm_tui.store import lease
from rlm_tui.store.catalog import Catalog
from rlm_tui.store.errors import AGAIN, ELSEWHERE, StoreError, not_a_store
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.row import SessionRow, fold

SQLITE = b"SQLite format 3\x00"


class Recording(Protocol):
    """A session that can be shown again. All methods may be called from any thread."""

    @property
    def session(self) -> str:
        """The session's id."""
        ...

    @property
    def row(self) -> SessionRow:
        """The session at a glance."""
        ...

    def entries(self, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """The events with numbers above `after`, at most `limit` of them. Raises `StoreError`."""
        ...

    def text(self, ref: BlobRef) -> str:
        """The text of `ref`. Raises `KeyError` if the recording doesn't have it."""
        ...

    def close(self) -> None:
        """Let go of files. Idempotent."""
        ...


class StoredSession:
    """A session of a store."""

    def __init__(self, reader: StoreReader, row: SessionRow) -> None:
        self._reader = reader
        self.reader = reader
        self.session = row.id
        self.row = row

    def entries(self, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        return self._reader.entries(self.session, after, limit)

    def text(self, ref: BlobRef) -> str:
        return self._reader.text(ref)

    def writer(self) -> int | None:
        """The number of the living process that writes the session, on whichever machine. Raises `StoreError`."""
        return lease.writer(self._reader.query, self._reader.living(), self.session)

    def close(self) -> None:
        self._reader.close()


class MemorySession:
    """A session held in memory: `texts` maps a text's SHA-256 to it."""

    def __init__(self, session: str, entries: Iterable[Entry], texts: Mapping[str, str]) -> None:
        self.session = session
        self._entries = tuple(entries)
        self._texts = texts
        self.row = row_of(session, self._entries, self.text)

    def entries(self, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        # Numbers count from 1 without gaps, so event n is at n - 1.
        return self._entries[after : None if limit is None else after + limit]

    def text(self, ref: BlobRef) -> str:
        return self._texts[ref.sha]

    def close(self) -> None:
        pass


def row_of(session: str, entries: Iterable[Entry], text: _Text) -> SessionRow:
    """The row that `entries` fold to. A session without an end is ``interrupted``, as nobody writes it any more."""
    from msgspec.structs import replace

    row = SessionRow(id=session)
    for entry in entries:
        row = fold(row, entry, text)
    return replace(row, status="interrupted") if row.status == "running" else row


def open_recording(target: str, store: str | os.PathLike[str] | None = None) -> Recording:
    """The session that `target` names, to be replayed: an id, a unique beginning of one, ``last``, or a file.

    A file is one of ours (JSON lines, also with ``.gz``, or a store that holds a single session) or a log of a tool that
    we can import. It is read where it is; the user's store is neither needed nor touched. Raises `StoreError`.
    """
    path = Path(target).expanduser()
    if os.sep in target or path.suffix:
        return open_file(path)
    try:
        return open_saved(target, store)
    except StoreError:
        if path.is_file():
            return open_file(path)
        raise


def open_saved(name: str, store: str | os.PathLike[str] | None = None) -> StoredSession:
    """The session of a store that `name` means (`Catalog.find`). Raises `StoreError`."""
    reader = StoreReader(store_path(store))
    try:
        return StoredSession(reader, Catalog(reader).find(name))
    except BaseException:
        reader.close()
        raise


def open_stored(reader: StoreReader, session: str) -> StoredSession:
    """The session of that id in an open store, which is not closed with it. Raises `StoreError`."""
    return StoredSession(reader, Catalog(reader).find(session))


def open_file(path: Path) -> Recording:
    """The one session in a file. Raises `StoreError`."""
    if not path.exists():
        raise StoreError(f"there is no file {path}; check the path")
    if not path.is_file():
        raise StoreError(f"{path} is not a file; name a session file, or the id of a session")
    try:
        with path.open("rb") as file:
            head = file.read(len(SQLITE))
    except OSError as error:
        raise StoreError(f"{path} can't be read ({error.strerror})") from error
    if head == SQLITE:
        return _only_session(path)
    from rlm_tui.store.export import SessionFile, is_session_file

    if is_session_file(path):
        return SessionFile.open(path)
    from rlm_tui.store.importers import open_log

    return open_log(path)


def _only_session(path: Path) -> Recording:
    try:
        reader = StoreReader(path)
        rows = Catalog(reader).list(limit=2)
    except StoreError as error:
        # A file that is only looked at is not the store of this program: another place for that would not help.
        if str(error) == not_a_store(path):
            raise StoreError(
                f"{path} is a database of something else; name a session file, or a session's id"
            ) from None
        said = str(error).replace(f", or {ELSEWHERE}", "")
        raise StoreError(f"{said.partition('; ')[0]}; {AGAIN}" if ELSEWHERE in said else said) from None
    if len(rows) != 1:
        reader.close()
        many = "no session" if not rows else "several sessions"
        raise StoreError(f"{path} holds {many}; name one with its id and --store {path}")
    return StoredSession(reader, rows[0])


class _Text(Protocol):
    def __call__(self, ref: BlobRef, /) -> str: ...
