"""Opening a store: connections, the schema's version, and every refusal in one sentence.

A file is opened here, an address by `rlm_tui.store.postgres`.

Only the standard library is loaded here; SQLModel and Alembic are imported to migrate an old file.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rlm_tui.config.paths import is_default_store
from rlm_tui.config.store_url import StorePlace, StoreUrl
from rlm_tui.store.connection import Connection, SqliteConnection, transaction
from rlm_tui.store.errors import ELSEWHERE, NoStoreYet, StoreError, explain, not_a_store

VERSION = 2
"""The schema's version, kept in ``user_version``. Raise it together with a migration of that number."""

APPLICATION = 0x726C6D74
"""The bytes ``rlmt`` in the file's header: how we know our own files."""

SCHEMA = Path(__file__).with_name("schema.sql")

BUSY_SECONDS = 15.0
DURABILITIES = {"full": "FULL", "normal": "NORMAL"}


def open_writable(place: StorePlace, durability: str = "full") -> Connection:
    """A connection that may write, with the schema in place; creates what is missing.

    `durability` is ``full`` (survives a power cut) or ``normal`` (survives ``kill -9`` only; faster).
    Raises `StoreError`.
    """
    if durability not in DURABILITIES:
        raise StoreError(f"durability is 'full' or 'normal', not {durability!r}")
    if isinstance(place, StoreUrl):
        from rlm_tui.store.postgres import database

        return database.open_writable(place, durability)
    return _open_file(place, durability)


def check_writable(place: StorePlace) -> None:
    """Raise `StoreError` if a store at `place` could not be opened for writing. Makes and changes nothing."""
    if isinstance(place, StoreUrl):
        from rlm_tui.store.postgres import database

        database.check_writable(place)
    else:
        _check_file(place)


def open_readable(place: StorePlace) -> Connection:
    """A connection that only reads, also from a medium that can't be written to. Raises `StoreError`."""
    if isinstance(place, StoreUrl):
        from rlm_tui.store.postgres import database

        return database.open_readable(place)
    return _read_file(place)


def _open_file(path: Path, durability: str) -> SqliteConnection:
    _check_place(path)
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=SqliteConnection
        )
    except sqlite3.Error as error:
        raise StoreError(explain(error, path)) from error
    try:
        for pragma in (
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "journal_size_limit=67108864",
            "temp_store=MEMORY",
            f"synchronous={DURABILITIES[durability]}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if _version(connection, path) != VERSION or connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _make_ready(connection, path)
        _take_the_lock(connection)
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(explain(error, path)) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _check_file(path: Path) -> None:
    _check_place(path, make=False)
    if not path.exists():
        return
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _version(connection, path)
            _take_the_lock(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(explain(error, path)) from error


def _read_file(path: Path) -> SqliteConnection:
    if not path.exists():
        raise NoStoreYet(f"there is no store at {path} yet; a first session makes one, or {ELSEWHERE}")
    if path.is_dir():
        raise StoreError(not_a_store(path))
    uri = path.absolute().as_uri()
    try:
        connection = _connect_readable(f"{uri}?mode=ro", path)
    except sqlite3.OperationalError as error:
        # WAL needs a shared-memory file beside the database; on a read-only medium there can be none.
        if not str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise StoreError(explain(error, path)) from error
        try:
            connection = _open_frozen(path)
        except (sqlite3.Error, OSError) as second:
            raise StoreError(explain(second, path)) from second
    except sqlite3.Error as error:
        raise StoreError(explain(error, path)) from error
    version = _version(connection, path)
    if version < VERSION:
        connection.close()
        if version == 0:
            raise StoreError(not_a_store(path))
        # An older store is brought up to date first, which needs the right to write to it.
        _open_file(path, "full").close()
        return _read_file(path)
    return connection


def _check_place(path: Path, make: bool = True) -> None:
    folder = path.parent
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a file; {ELSEWHERE}")
    if not folder.exists():
        if not is_default_store(path):
            raise StoreError(f"the folder {folder} does not exist; make it first, or {ELSEWHERE}")
        if not make:
            folder = next(parent for parent in folder.parents if parent.exists())
            if not os.access(folder, os.W_OK | os.X_OK):
                raise StoreError(f"the folder {path.parent} can't be made in {folder}; {ELSEWHERE}")
            return
        try:
            folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise StoreError(f"the folder {folder} can't be made ({error.strerror}); {ELSEWHERE}") from error
    if not folder.is_dir():
        raise StoreError(f"{folder} is not a folder; {ELSEWHERE}")
    if path.exists() and not os.access(path, os.W_OK):
        raise StoreError(f"the store {path} is read-only; {ELSEWHERE}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"the folder {folder} can't be written to; {ELSEWHERE}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The schema's version; 0 for an empty file. Raises `StoreError` for what isn't ours or is newer than we are."""
    try:
        # One statement, so that all three are from one moment: another program may be making the store just now.
        application, version, tables = connection.execute(
            "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
            "FROM pragma_application_id, pragma_user_version"
        ).fetchone()
        if application != APPLICATION:
            if tables or version or application:
                raise StoreError(not_a_store(path))
            return 0
    except sqlite3.Error as error:
        raise StoreError(explain(error, path)) from error
    if version > VERSION:
        raise StoreError(
            f"the store {path} was written by a newer rlm-tui (store version {version}, this one knows up to {VERSION}); "
            f"upgrade rlm-tui, or {ELSEWHERE}"
        )
    return int(version)


def _make_ready(connection: SqliteConnection, path: Path) -> None:
    """Switch to WAL, and create or migrate what is missing. Two programs may be doing this at once."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            # Changing the mode does not wait for the lock by itself.
            if not str(error.sqlite_errorname).startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise StoreError(
            f"the file system of {path} can't hold a store (it has no write-ahead log; is it a network folder?); {ELSEWHERE}"
        )
    version = _version(connection, path)
    if version == 0:
        _create(connection, path)
    elif version < VERSION:
        from rlm_tui.store.migrate import migrate

        migrate(path, version)


def _create(connection: SqliteConnection, path: Path) -> None:
    with transaction(connection):
        if _version(connection, path) != 0:
            return
        for statement in _statements():
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={VERSION}")


def _statements() -> Iterator[str]:
    """The statements of the schema. A semicolon inside a trigger doesn't end one."""
    statement = ""
    for line in SCHEMA.read_text("utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip().removesuffix(";")
            statement = ""


def _take_the_lock(connection: sqlite3.Connection) -> None:
    """Find out now that a store can be opened but not written to, before anything is paid for."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")


def _connect_readable(uri: str, path: Path) -> SqliteConnection:
    connection = sqlite3.connect(
        uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=SqliteConnection
    )
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


class _CopyConnection(SqliteConnection):
    """A connection to a private copy, which goes when it is closed."""

    folder: str = ""

    def close(self) -> None:
        super().close()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _open_frozen(path: Path) -> SqliteConnection:
    """Open a store on a medium that can't be written to.

    A file that nobody can change may be read without locks (``immutable``), but SQLite then overlooks the write-ahead
    log. When that log holds something, both are copied to a temporary folder, where they can be read together.
    """
    log = path.with_name(path.name + "-wal")
    if not log.exists() or log.stat().st_size == 0:
        return _connect_readable(f"{path.absolute().as_uri()}?mode=ro&immutable=1", path)
    folder = tempfile.mkdtemp(prefix="rlm-tui-")
    try:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(log, copy.with_name(copy.name + "-wal"))
        connection = sqlite3.connect(copy, isolation_level=None, check_same_thread=False, factory=_CopyConnection)
        connection.folder = folder
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return connection
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
