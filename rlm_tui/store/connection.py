"""What the store asks of a connection to a database, and the one to SQLite.

All statements are plain SQL that both SQLite and PostgreSQL understand, with ``?`` for values. Where the two truly differ,
the difference is a method here: `rlm_tui.store.postgres.connection` is the other answer to each of them.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rlm_tui.store import lease

if TYPE_CHECKING:
    from rlm_tui.store.words import WordIndex

EVERYTHING = (1 << 63) - 1
"""A ``LIMIT`` that is none: the databases spell "no limit" differently."""

Alive = Callable[[int, str, str], bool]
"""Whether the process with a number, on a machine, started at a moment, still runs (`rlm_tui.store.lease`)."""


class Cursor(Protocol):
    """The outcome of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were written."""
        ...

    def fetchone(self) -> Any:
        """The next row, ``None`` after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """An open store. It raises what its `Error` says."""

    @property
    def Error(self) -> type[Exception]:
        """Whatever the driver raises."""
        ...

    @property
    def IntegrityError(self) -> type[Exception]:
        """What a statement raises that a constraint or a trigger refuses."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open that can still be rolled back."""
        ...

    @property
    def lost(self) -> bool:
        """Whether the connection can't be used any more."""
        ...

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run a statement."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Cursor:
        """Run a statement for each of the rows; `Cursor.rowcount` is the sum."""
        ...

    def begin(self, alone: bool = False) -> None:
        """Begin a transaction that writes; `alone` if no other program may write meanwhile."""
        ...

    def tidy(self) -> None:
        """What is good to do before the writing connection is closed."""
        ...

    def close(self) -> None:
        """Let go of the store. Idempotent."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name."""
        ...

    def damage(self, most: int) -> list[str]:
        """What the database itself says is broken, in at most `most` sentences."""
        ...

    def size(self) -> int:
        """The bytes it takes."""
        ...

    def living(self) -> Alive:
        """A way to ask whether processes still run."""
        ...

    def passing(self, error: BaseException) -> bool:
        """Whether the transaction that failed with `error` wrote nothing and can simply be tried again."""
        ...

    def words(self) -> WordIndex:
        """The index for searching."""
        ...


class SqliteConnection(sqlite3.Connection):
    """A connection to a store in a file."""

    @property
    def lost(self) -> bool:
        return False

    def begin(self, alone: bool = False) -> None:
        # It takes the write lock at once: upgrading a read lock later can fail without waiting. Nobody else writes then.
        self.execute("BEGIN IMMEDIATE")

    def tidy(self) -> None:
        # SQLite does this by itself only when nobody else has the file open.
        with contextlib.suppress(sqlite3.Error):
            self.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def has_table(self, name: str) -> bool:
        return self.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,)).fetchone() is not None

    def damage(self, most: int) -> list[str]:
        return [str(text) for (text,) in self.execute(f"PRAGMA quick_check({most})") if text != "ok"]

    def size(self) -> int:
        pages, page = (self.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages * page)

    def living(self) -> Alive:
        return lease.alive

    def passing(self, error: BaseException) -> bool:
        return False

    def words(self) -> WordIndex:
        from rlm_tui.store.fts5 import Fts5

        return Fts5()


@contextlib.contextmanager
def transaction(connection: Connection, alone: bool = False) -> Iterator[None]:
    """One transaction that writes."""
    connection.begin(alone)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
