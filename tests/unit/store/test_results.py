from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from rlm_tui.store import Store, StoreError, StoreReader
from rlm_tui.store.results import CellRow, cells, find_suite, suites
from tests.unit.store import samples


def cell(number: int = 1, **fields: object) -> CellRow:
    return CellRow(key=f"k{number}", suite="sniah", item=f"i{number}", window="w", method="direct", model="m", **fields)  # type: ignore[arg-type]


async def run(store: Store, row: CellRow, session: str, status: str = "ok", **fields: object) -> CellRow:
    number = await store.results.aclaim(row, session)
    assert number is not None
    done = msgspec.structs.replace(row, session=session, attempts=number, status=status, **fields)  # type: ignore[arg-type]
    await store.results.afinish(done, ["bench"])
    return done


def test_cells_are_planned_once(path: Path) -> None:
    with Store.open(path) as store:
        assert store.results.plan([cell(1), cell(2)]) == 2
        assert store.results.plan([cell(2), cell(3)]) == 1
        assert [row.key for row in store.results.cells("sniah")] == ["k1", "k2", "k3"]
        assert store.results.cells("other") == []


async def test_a_cell_is_claimed_by_one_and_keeps_its_outcome(path: Path) -> None:
    with Store.open(path) as store, Store.open(path) as other:
        store.results.plan([cell()])
        claims = await asyncio.gather(*(s.results.aclaim(cell(), f"s{n}") for n, s in enumerate([store, other] * 4)))
        assert [claim for claim in claims if claim is not None] == [1]
        winner = next(n for n, claim in enumerate(claims) if claim is not None)
        row = msgspec.structs.replace(
            cell(), session=f"s{winner}", attempts=1, status="ok", official=1.0, tolerant=1.0, cost=0.5, answer="Ada"
        )
        await store.results.afinish(row)
        assert await other.results.aclaim(cell(), "late") is None
        (found,) = other.results.cells("sniah")
        assert (found.status, found.official, found.answer, found.cost) == ("ok", 1.0, "Ada", 0.5)
        assert other.results.spent("sniah") == 0.5


async def test_failed_cells_run_again_only_when_asked_and_attempts_are_kept(path: Path) -> None:
    with Store.open(path) as store:
        store.results.plan([cell(1), cell(2)])
        await run(store, cell(1), "a", "timeout", official=0.0, cost=0.25)
        await run(store, cell(2), "b", "ok", official=1.0, cost=0.25)
        assert store.results.retry(["k1", "k2"], ["error"]) == 0
        assert store.results.retry(["k1", "k2"], ["timeout", "error"]) == 1
        await run(store, cell(1), "c", "ok", official=1.0, cost=0.125)
        kept = [(a.key, a.number, a.session, a.status) for a in store.results.attempts("sniah")]
        assert kept == [("k1", 1, "a", "timeout"), ("k2", 1, "b", "ok"), ("k1", 2, "c", "ok")]
        assert store.results.spent("sniah") == 0.625
        (summary,) = suites(store.reader)
        assert (summary.name, summary.cells, summary.done, summary.ok, summary.cost) == ("sniah", 2, 2, 2, 0.625)


async def test_a_session_is_tagged_when_there_is_one(path: Path) -> None:
    with Store.open(path) as store:
        store.results.plan([cell(1), cell(2)])
        log = store.create("abc")
        log.append_now(samples.started(log, "abc"), samples.node(), samples.ended(log))
        await run(store, cell(1), "abc")
        await run(store, cell(2), "never")
        assert store.catalog.find("abc").tags == ("bench",)


async def test_a_released_cell_is_pending_and_its_cost_counted(path: Path) -> None:
    with Store.open(path) as store:
        store.results.plan([cell()])
        number = await store.results.aclaim(cell(), "a")
        await store.results.arelease(msgspec.structs.replace(cell(), session="a", attempts=number, cost=0.25))
        (row,) = store.results.cells("sniah")
        (attempt,) = store.results.attempts("sniah")
        assert row.status == "pending" and attempt.status == "cancelled" and store.results.spent("sniah") == 0.25
        assert await store.results.aclaim(cell(), "b") == 2


KILLED = """
import asyncio, os, sys
from rlm_tui.store import Store
from tests.unit.store import samples
from tests.unit.store.test_results import cell
async def main():
    store = Store.open(sys.argv[1])
    store.results.plan([cell(1), cell(2)])
    await store.results.aclaim(cell(1), "abc")
    log = store.create("abc")
    await log.append(samples.started(log, "abc"), samples.node(), *samples.turn(log, 1))
    await store.results.aclaim(cell(2), "def")
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""


def test_what_a_killed_process_had_claimed_is_free_again(path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)]).returncode == -9
    with Store.open(path) as store:
        assert {row.status for row in store.results.cells("sniah")} == {"running"}
        lost = store.results.recover("sniah")
        assert [(a.session, a.status, a.cost) for a in lost] == [("abc", "lost", 0.25), ("def", "lost", 0.0)]
        assert {row.status for row in store.results.cells("sniah")} == {"pending"}
        assert store.results.recover("sniah") == []
        assert store.results.spent("sniah") == 0.25


async def test_the_cells_of_a_living_process_are_left_alone(path: Path) -> None:
    with Store.open(path) as store:
        store.results.plan([cell()])
        await store.results.aclaim(cell(), "a")
        assert store.results.recover("sniah") == []
        assert store.results.cells("sniah")[0].status == "running"


def test_results_survive_a_rebuild(path: Path) -> None:
    with Store.open(path) as store:
        store.results.plan([cell()])
        store.rebuild()
        assert len(cells(store.reader, "sniah")) == 1


def test_a_suite_is_found_by_name_or_refused_with_the_known_ones(path: Path) -> None:
    with Store.open(path) as store:
        with pytest.raises(StoreError, match="no results yet"):
            find_suite(store.reader, "sniah")
        store.results.plan([cell()])
    with StoreReader(path) as reader:
        assert find_suite(reader, "sniah") == find_suite(reader, "last") == "sniah"
        with pytest.raises(StoreError, match=r"no results called 'labels'.*there are sniah"):
            find_suite(reader, "labels")


async def test_forgetting_a_suite(path: Path) -> None:
    with Store.open(path) as store:
        store.results.plan([cell(1), cell(2)])
        await run(store, cell(1), "a")
        assert store.results.remove("sniah") == 2
        assert store.results.cells("sniah") == [] and store.results.attempts("sniah") == []
