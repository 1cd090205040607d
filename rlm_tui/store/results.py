"""The laboratory's table: which cells there are, who runs them, what came of each, and every attempt at them.

A cell is claimed by one statement, so that two programs over the same store never run the same one; what a process that
is gone had claimed can be claimed again. A cell that has an outcome keeps it until somebody asks for another attempt.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec

from rlm_tui.store import lease, marks
from rlm_tui.store.connection import Connection
from rlm_tui.store.errors import StoreError
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.writer import Writer

PENDING, RUNNING, OK = "pending", "running", "ok"

FAILURES = ("error", "timeout", "budget", "over_window", "refused")
"""How a cell can end without an answer that counts."""


class CellRow(msgspec.Struct, frozen=True, kw_only=True):
    """One cell: an item asked of a model by a method, with parameters and a seed; its state, and what came of it.

    `parameters` is JSON with sorted keys. `status` is ``pending``, ``running``, ``ok`` or one of `FAILURES`. `session` is
    that of the last attempt. `started` and `ended` are seconds since the epoch, `seconds` is how long the attempt took.
    `official`, `tolerant` and `judge` are from 0 to 1; a cell without gold has none. `answer` is the beginning of the
    answer and `parsed` what the scorer read out of it. `limit` names the limit that was reached, also by a run that
    answered. `cost` is in US dollars, ``None`` when a price is not known.
    """

    key: str
    suite: str
    task: str = ""
    item: str = ""
    window: str = ""
    length: int = 0
    answer_type: str = ""
    document: str = ""
    question: str = ""
    method: str = ""
    model: str = ""
    parameters: str = "{}"
    seed: int = 1
    status: str = PENDING
    attempts: int = 0
    session: str | None = None
    started: float | None = None
    ended: float | None = None
    seconds: float | None = None
    official: float | None = None
    tolerant: float | None = None
    judge: float | None = None
    parsed: str = ""
    answer: str | None = None
    limit: str | None = None
    error: str | None = None
    calls: int = 0
    turns: int = 0
    depth: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    cost: float | None = None

    @property
    def done(self) -> bool:
        """Whether it has an outcome."""
        return self.status == OK or self.status in FAILURES


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a cell. `status` is as in `CellRow`, or ``cancelled``, or ``lost`` when its process was killed."""

    key: str
    number: int
    suite: str
    session: str
    status: str
    started: float
    ended: float | None = None
    official: float | None = None
    error: str | None = None
    cost: float | None = None


class SuiteRow(msgspec.Struct, frozen=True):
    """A table of results at a glance. `cost` is what all attempts cost, as far as prices are known."""

    name: str
    cells: int
    done: int
    ok: int
    started: float | None
    ended: float | None
    cost: float


CELL = CellRow.__struct_fields__
_NAMES = ", ".join(f'"{name}"' for name in CELL)
_ATTEMPT = ", ".join(f'"{name}"' for name in Attempt.__struct_fields__)
_ADD = f'INSERT INTO bench_cell ({_NAMES}) VALUES ({", ".join("?" for _ in CELL)}) ON CONFLICT ("key") DO NOTHING'
_OUTCOME = tuple(
    name for name in CELL if name not in CELL[: CELL.index("status")] and name not in ("attempts", "started")
)
_FINISH = (
    "UPDATE bench_cell SET "
    + ", ".join(f'"{name}" = ?' for name in _OUTCOME)
    + ", pid = NULL, host = NULL, start = NULL"
    ' WHERE "key" = ? AND session = ? AND status = ?'
)
_CLAIM = (
    "UPDATE bench_cell SET status = ?, session = ?, started = ?, attempts = attempts + 1, pid = ?, host = ?, start = ?"
    ' WHERE "key" = ? AND status = ? RETURNING attempts'
)
_RELEASE = (
    "UPDATE bench_cell SET status = ?, pid = NULL, host = NULL, start = NULL"
    ' WHERE "key" = ? AND session = ? AND status = ?'
)
_END = (
    'UPDATE bench_attempt SET status = ?, ended = ?, official = ?, error = ?, cost = ? WHERE "key" = ? AND number = ?'
)


class Results:
    """The laboratory's table in an open store; `rlm_tui.store.Store.results` gives it.

    Methods that write raise `StoreError`; those called ``a…`` are for an event loop and don't block it.
    """

    def __init__(self, writer: Writer, reader: StoreReader) -> None:
        self._writer = writer
        self._reader = reader
        self._holder = (os.getpid(), lease.host(), lease.started(os.getpid()))

    # --- planning

    def plan(self, cells: Iterable[CellRow]) -> int:
        """Add cells that aren't there yet; returns how many there were to add."""
        rows = [tuple(getattr(cell, name) for name in CELL) for cell in cells]

        def add(connection: Connection) -> int:
            return connection.executemany(_ADD, rows).rowcount if rows else 0

        return self._writer.call(add)

    def recover(self, suite: str) -> list[Attempt]:
        """Free the cells whose process is gone; returns the attempts that were lost, with what they had cost."""

        def free(connection: Connection) -> list[Attempt]:
            lost, living = [], connection.living()
            for key, session, *holder in connection.execute(
                'SELECT "key", session, pid, host, start FROM bench_cell WHERE suite = ? AND status = ?',
                (suite, RUNNING),
            ).fetchall():
                if holder[0] is not None and living(*holder):
                    continue
                spent = connection.execute(
                    "SELECT CASE WHEN unpriced > 0 THEN NULL ELSE cost END, updated FROM session WHERE id = ?",
                    (session,),
                ).fetchone()
                if not connection.execute(_RELEASE, (PENDING, key, session, RUNNING)).rowcount:
                    # Another program has just done this.
                    continue
                connection.execute(
                    'UPDATE bench_attempt SET status = ?, ended = ?, cost = ? WHERE "key" = ? AND session = ?',
                    ("lost", spent[1] if spent else None, spent[0] if spent else 0.0, key, session),
                )
                lost += _attempts(
                    connection.execute(
                        f'SELECT {_ATTEMPT} FROM bench_attempt WHERE "key" = ? AND session = ?', (key, session)
                    ).fetchall()
                )
            return lost

        return self._writer.call(free)

    def retry(self, keys: Iterable[str], statuses: Collection[str]) -> int:
        """Make those of the cells `keys` that ended with one of `statuses` pending again; returns how many."""
        marks_ = ", ".join("?" for _ in statuses)
        sql = f'UPDATE bench_cell SET status = ? WHERE "key" = ? AND status IN ({marks_})'

        def again(connection: Connection) -> int:
            rows = [(PENDING, key, *statuses) for key in keys]
            return connection.executemany(sql, rows).rowcount if rows else 0

        return self._writer.call(again)

    def remove(self, suite: str) -> int:
        """Forget the cells of a suite and their attempts; their sessions stay. Returns how many cells there were."""

        def forget(connection: Connection) -> int:
            connection.execute("DELETE FROM bench_attempt WHERE suite = ?", (suite,))
            return connection.execute("DELETE FROM bench_cell WHERE suite = ?", (suite,)).rowcount

        return self._writer.call(forget)

    # --- running

    def claiming(self, cell: CellRow, session: str) -> Callable[[Connection], int | None]:
        """The step that claims a pending cell for a run as `session`: it gives the attempt's number, ``None`` if somebody
        else has the cell.
        """
        holder = self._holder

        def claim(connection: Connection) -> int | None:
            now = time.time()
            row = connection.execute(_CLAIM, (RUNNING, session, now, *holder, cell.key, PENDING)).fetchone()
            if row is None:
                return None
            connection.execute(
                f"INSERT INTO bench_attempt ({_ATTEMPT}) VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL)",
                (cell.key, row[0], cell.suite, session, RUNNING, now),
            )
            return int(row[0])

        return claim

    def finishing(self, row: CellRow, tags: Sequence[str] = ()) -> Callable[[Connection], None]:
        """The step that writes the outcome of a claimed cell and of its attempt, and tags its session."""

        def finish(connection: Connection) -> None:
            values = [getattr(row, name) for name in _OUTCOME]
            connection.execute(_FINISH, (*values, row.key, row.session, RUNNING))
            connection.execute(_END, (row.status, row.ended, row.official, row.error, row.cost, row.key, row.attempts))
            if tags and row.session is not None:
                there = connection.execute("SELECT 1 FROM session WHERE id = ?", (row.session,)).fetchone()
                if there is not None:
                    marks.tag(connection, row.session, tags, ())

        return finish

    def releasing(self, row: CellRow, status: str = "cancelled") -> Callable[[Connection], None]:
        """The step that gives a claimed cell back without an outcome; its attempt is kept as `status`, with its cost."""

        def release(connection: Connection) -> None:
            connection.execute(_RELEASE, (PENDING, row.key, row.session, RUNNING))
            connection.execute(_END, (status, time.time(), None, row.error, row.cost, row.key, row.attempts))

        return release

    async def ado(self, *steps: Callable[[Connection], Any]) -> list[Any]:
        """Take steps in one commit, all or none; returns what each gave."""
        return await self._writer.acall(lambda connection: [step(connection) for step in steps])

    async def aclaim(self, cell: CellRow, session: str) -> int | None:
        """Claim a cell (`claiming`)."""
        number: int | None = (await self.ado(self.claiming(cell, session)))[0]
        return number

    async def afinish(self, row: CellRow, tags: Sequence[str] = ()) -> None:
        """Write an outcome (`finishing`)."""
        await self.ado(self.finishing(row, tags))

    async def arelease(self, row: CellRow, status: str = "cancelled") -> None:
        """Give a cell back (`releasing`)."""
        await self.ado(self.releasing(row, status))

    def judging(
        self, row: CellRow, session: str, verdict: float | None, cost: float | None, error: str | None
    ) -> Callable[[Connection], None]:
        """The step that writes what a judge said of a cell's answer, and what asking it in `session` cost: that is an
        attempt of its own, under the cell's key and ``:judge``.
        """

        def judge(connection: Connection) -> None:
            now, key = time.time(), f"{row.key}:judge"
            # Another attempt at the cell may have taken the answer's place meanwhile.
            connection.execute(
                'UPDATE bench_cell SET judge = ? WHERE "key" = ? AND session = ?', (verdict, row.key, row.session)
            )
            before = connection.execute('SELECT count(*) FROM bench_attempt WHERE "key" = ?', (key,)).fetchone()[0]
            status = OK if verdict is not None else "error"
            connection.execute(
                f"INSERT INTO bench_attempt ({_ATTEMPT}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
                (key, before + 1, row.suite, session, status, now, now, error, cost),
            )
            if connection.execute("SELECT 1 FROM session WHERE id = ?", (session,)).fetchone() is not None:
                marks.tag(connection, session, ("bench", "judge"), ())

        return judge

    # --- reading

    def cells(self, suite: str) -> list[CellRow]:
        """All cells of a suite, in the order in which they are run."""
        return cells(self._reader, suite)

    def attempts(self, suite: str) -> list[Attempt]:
        """All attempts of a suite, by time."""
        return attempts(self._reader, suite)

    def spent(self, suite: str) -> float:
        """What all attempts of a suite have cost, in US dollars, as far as prices are known."""
        found = self._reader.query("SELECT coalesce(sum(cost), 0) FROM bench_attempt WHERE suite = ?", suite)
        return float(found[0][0])


def cells(reader: StoreReader, suite: str) -> list[CellRow]:
    """`Results.cells` for a store that is only read."""
    order = '"length", "window", model, parameters, method, item, seed'
    rows = reader.query(f"SELECT {_NAMES} FROM bench_cell WHERE suite = ? ORDER BY {order}", suite)
    return [CellRow(**dict(zip(CELL, row, strict=True))) for row in rows]


def attempts(reader: StoreReader, suite: str) -> list[Attempt]:
    """`Results.attempts` for a store that is only read."""
    return _attempts(
        reader.query(f"SELECT {_ATTEMPT} FROM bench_attempt WHERE suite = ? ORDER BY started, number", suite)
    )


def earlier(reader: StoreReader, task: str) -> list[CellRow]:
    """The cells of a task that have run, of any suite: what an estimate can go by."""
    rows = reader.query(f"SELECT {_NAMES} FROM bench_cell WHERE task = ? AND ended IS NOT NULL", task)
    return [CellRow(**dict(zip(CELL, row, strict=True))) for row in rows]


def suites(reader: StoreReader) -> list[SuiteRow]:
    """The tables of results in a store, the newest first."""
    done = ", ".join(f"'{status}'" for status in (OK, *FAILURES))
    rows = reader.query(
        f"SELECT c.suite, count(*), sum(CASE WHEN c.status IN ({done}) THEN 1 ELSE 0 END),"
        " sum(CASE WHEN c.status = 'ok' THEN 1 ELSE 0 END), min(c.started), max(c.ended),"
        " (SELECT coalesce(sum(a.cost), 0) FROM bench_attempt a WHERE a.suite = c.suite)"
        " FROM bench_cell c GROUP BY c.suite ORDER BY max(coalesce(c.started, 0)) DESC, c.suite"
    )
    return [SuiteRow(*row) for row in rows]


def find_suite(reader: StoreReader, name: str) -> str:
    """The suite that `name` means: its name, or ``last``. Raises `StoreError`."""
    known = suites(reader)
    if not known:
        raise StoreError(f"there are no results yet in {reader.path}; `rlm-tui bench run SUITE` makes some")
    if name == "last":
        return known[0].name
    if any(suite.name == name for suite in known):
        return name
    names = ", ".join(suite.name for suite in known)
    raise StoreError(f"there are no results called {name!r} in {reader.path}; there are {names}")


def _attempts(rows: Sequence[tuple[object, ...]]) -> list[Attempt]:
    return [Attempt(**dict(zip(Attempt.__struct_fields__, row, strict=True))) for row in rows]  # type: ignore[arg-type]


__all__ = [
    "FAILURES",
    "OK",
    "PENDING",
    "RUNNING",
    "Attempt",
    "CellRow",
    "Results",
    "SuiteRow",
    "attempts",
    "cells",
    "earlier",
    "find_suite",
    "suites",
]
