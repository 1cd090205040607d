"""A connection to PostgreSQL that answers as the one to SQLite does."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import NumericBinaryLoader
from psycopg.types.string import StrDumper

from rlm_tui.store import lease
from rlm_tui.store.connection import Alive, Cursor

if TYPE_CHECKING:
    from rlm_tui.store.words import WordIndex

LOCKS = 0x726C6D74
"""The class of our advisory locks: the bytes ``rlmt``. The next number is the class of those of the index."""

_BYTES = re.compile(r"CAST\((\w+) AS BLOB\)")
_AGAIN = ("40001", "40P01")
"""Serialization failure and deadlock: the server has undone the transaction, which can be tried again."""


@functools.lru_cache(maxsize=512)
def translate(sql: str) -> str:
    """The statement as PostgreSQL wants it: values are numbered, and a text's bytes have another name."""
    first, *rest = _BYTES.sub(r"convert_to(\1, 'UTF8')", sql).split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


def name_of(pid: int, host: str, start: str) -> str:
    """What the connections of a process are called on the server, where every other one can see it."""
    return f"rlm-tui {pid} {hashlib.sha256(f'{host}:{pid}:{start}'.encode()).hexdigest()[:16]}"


def own_name() -> str:
    """`name_of` for this process."""
    pid = os.getpid()
    return name_of(pid, lease.host(), lease.own_start(pid))


class PostgresConnection:
    """`rlm_tui.store.connection.Connection` over psycopg. `store` tells this store's locks from those of others in the same
    database: the number of the schema it is in.
    """

    def __init__(self, raw: psycopg.Connection[tuple[Any, ...]], store: int) -> None:
        self.raw = raw
        self._store = store
        raw.adapters.register_dumper(str, _Text)
        raw.adapters.register_loader("numeric", _Number)

    @property
    def Error(self) -> type[Exception]:
        """Whatever the driver raises."""
        return psycopg.Error

    @property
    def IntegrityError(self) -> type[Exception]:
        """What a statement raises that a constraint or a trigger refuses."""
        return psycopg.IntegrityError

    @property
    def in_transaction(self) -> bool:
        return self.raw.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    @property
    def lost(self) -> bool:
        return self.raw.closed

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        return _Cursor(self.raw.execute(translate(sql).encode(), values or None, binary=True))

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Cursor:
        cursor = self.raw.cursor()
        cursor.executemany(translate(sql).encode(), rows)
        return _Cursor(cursor)

    def begin(self, alone: bool = False) -> None:
        # Writers share a lock, so that one that must be alone can wait for them, and they for it.
        shared = "" if alone else "_shared"
        self.raw.execute(f"BEGIN; SELECT pg_advisory_xact_lock{shared}({LOCKS}, {self._store})".encode())

    def lock_index(self) -> None:
        """Keep other programs from changing the index for searching until the transaction ends."""
        self.raw.execute(f"SELECT pg_advisory_xact_lock({LOCKS + 1}, {self._store})".encode())

    def tidy(self) -> None:
        pass

    def close(self) -> None:
        self.raw.close()

    def has_table(self, name: str) -> bool:
        found = self.execute("SELECT to_regclass(format('%I.%I', current_schema(), ?::text)) IS NOT NULL", (name,))
        return bool(found.fetchone()[0])

    def damage(self, most: int) -> list[str]:
        # Reading everything, which whoever asks this does next, is how a server finds a damaged page.
        return []

    def size(self) -> int:
        (found,) = self.execute(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c"
            " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
        ).fetchone()
        return int(found)

    def living(self) -> Alive:
        connected: set[str] | None = None

        def alive(pid: int, on: str, start: str) -> bool:
            nonlocal connected
            if on == lease.host():
                return lease.alive(pid, on, start)
            if connected is None:
                names = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
                connected = {name for (name,) in self.execute(names)}
            return name_of(pid, on, start) in connected

        return alive

    def passing(self, error: BaseException) -> bool:
        return isinstance(error, psycopg.Error) and (error.sqlstate in _AGAIN or self.raw.closed)

    def words(self) -> WordIndex:
        from rlm_tui.store.postgres.words import PostgresWords

        return PostgresWords()


class _Cursor:
    """A statement's outcome. One that gives no rows has none to fetch, which psycopg holds to be a mistake."""

    def __init__(self, cursor: psycopg.Cursor[tuple[Any, ...]]) -> None:
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    def fetchone(self) -> Any:
        return self._cursor.fetchone() if self._cursor.description else None

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall() if self._cursor.description else []

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor if self._cursor.description else ())


class _Text(StrDumper):
    """Texts as values. PostgreSQL can't hold the character NUL; its picture stands for it."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{SYMBOL FOR NULL}") if "\0" in obj else obj)


class _Number(NumericBinaryLoader):
    """Sums of whole numbers, which PostgreSQL makes decimals of."""

    def load(self, data: Any) -> Any:
        number: Decimal = super().load(data)
        return int(number) if number == number.to_integral_value() else float(number)
