"""A table's cells on Dask's workers: who does what, and what is left when somebody is killed."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.cluster.runner import ClusterRunner
from rlm_tui.bench.live import set_up
from rlm_tui.bench.purse import Purse
from rlm_tui.bench.runner import Summary
from rlm_tui.bench.suite import Work
from rlm_tui.cli.program import run_program
from rlm_tui.store import Store, lease
from rlm_tui.store.results import OK, PENDING, CellRow
from tests.support.bench import Sums, store_at, works_of
from tests.support.metered import Metered

pytest.importorskip("distributed", reason="needs the extra [cluster]")

CELLS = 16


def sixteen() -> list[Work]:
    return works_of(Sums(4, 4), lengths=(8,))


def begin(store: Store, model: Metered, **how: Any) -> ClusterRunner:
    table = set_up(store, sixteen())
    given: dict[str, Any] = {"cluster": "local:2", "concurrency": 4, "custom": {"mock": model}, "durability": "normal"}
    return ClusterRunner(store, table.open, **{**given, **how})


def until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


async def test_every_cell_is_run_once_by_one_of_two_processes(tmp_path: Path) -> None:
    model, seen = Metered(tmp_path / "paid", 0.05), []
    with Store.open(store_at(tmp_path), durability="normal") as store:
        summary = await begin(store, model, on_change=seen.append).run()
        rows = store.results.cells("sums")
    assert summary == Summary(CELLS, 0, 0, pytest.approx(sum(row.cost or 0 for row in rows)))
    assert {row.status for row in rows} == {OK} and {row.official for row in rows} == {1.0}
    assert sum(model.paid().values()) == CELLS
    asked_by = model.asked_by()
    assert len(asked_by) == 2 and os.getpid() not in asked_by
    assert {row.key for row in seen if row.status == "running"} == {row.key for row in rows}, "each was seen to begin"


async def test_a_worker_that_is_killed_costs_what_was_in_flight_on_it(tmp_path: Path) -> None:
    model = Metered(tmp_path / "paid", 0.3)
    killed: list[int] = []
    finished: set[str] = set()

    def kill_one(row: CellRow) -> None:
        if row.done:
            finished.add(row.key)
        if len(finished) >= 5 and not killed:
            running = store.reader.query("SELECT pid FROM bench_cell WHERE status = 'running' ORDER BY started DESC")
            if running:
                killed.append(running[0][0])
                at_death.update(finished)
                os.kill(killed[0], signal.SIGKILL)

    at_death: set[str] = set()
    with Store.open(store_at(tmp_path), durability="normal") as store:
        summary = await begin(store, model, on_change=kill_one).run()
        rows = {row.key: row for row in store.results.cells("sums")}
        attempts = store.results.attempts("sums")
    assert killed and killed[0] != os.getpid()
    assert (summary.done, summary.left, summary.failed, summary.why) == (CELLS, 0, 0, ())
    assert {row.status for row in rows.values()} == {OK}
    lost = [attempt for attempt in attempts if attempt.status == "lost"]
    assert 1 <= len(lost) <= 4, "only what was in flight"
    assert {(one.key, one.session) for one in summary.lost} == {(one.key, one.session) for one in lost}
    assert all(rows[key].attempts == 1 for key in at_death), "what was finished is not paid for again"
    assert CELLS <= sum(model.paid().values()) <= CELLS + len(lost)
    assert len(attempts) == CELLS + len(lost)


CLIENT = """
import asyncio, sys
from pathlib import Path
from rlm_tui.store import Store
from tests.functional.test_cluster import begin
from tests.support.metered import Metered

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with Store.open(folder / "sessions.db", durability="normal") as store:
        asyncio.run(begin(store, Metered(folder / "paid", 0.2)).run())
"""


async def test_a_client_that_is_killed_loses_nothing_and_the_next_goes_on(tmp_path: Path) -> None:
    model, path = Metered(tmp_path / "paid", 0.0), store_at(tmp_path)
    script = tmp_path / "client.py"
    script.write_text(CLIENT)
    root = str(Path(__file__).parents[2])
    client = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], env={**os.environ, "PYTHONPATH": root}, stderr=subprocess.DEVNULL
    )
    try:
        until(model.account.exists)
        until(lambda: len(model.paid()) >= 8)
    finally:
        client.kill()
        client.wait()
    workers = model.asked_by()
    until(lambda: not any(lease.alive(pid, lease.host(), "") for pid in workers))
    with Store.open(path, durability="normal") as store:
        before = {row.key: row for row in store.results.cells("sums")}
        done = {key for key, row in before.items() if row.done}
        runner = begin(store, model)
        assert len(runner.works) == CELLS - len(done)
        lost = [one for one in store.results.attempts("sums") if one.status == "lost"]
        summary = await runner.run()
        after = {row.key: row for row in store.results.cells("sums")}
    assert (summary.done, summary.left) == (CELLS - len(done), 0)
    assert {row.status for row in after.values()} == {OK}
    assert all(after[key] == before[key] for key in done), "an outcome stays what it was"
    assert len(lost) <= 4 and sum(model.paid().values()) <= CELLS + len(lost)


async def test_the_cap_holds_for_all_workers_together(tmp_path: Path) -> None:
    model = Metered(tmp_path / "paid", 0.02)
    each = 100e-6 + 10e-6
    with Store.open(store_at(tmp_path), durability="normal") as store:
        runner = begin(store, model, purse=Purse(7.5 * each))
        runner.works = [dataclasses.replace(work, most=each) for work in runner.works]
        summary = await runner.run()
        assert store.results.spent("sums") <= 7.5 * each
    assert (summary.done, summary.left) == (7, CELLS - 7) and "the next run may cost" in summary.why[0]


async def test_stopping_leaves_open_cells_and_no_claim(tmp_path: Path) -> None:
    model = Metered(tmp_path / "paid", 0.2)
    with Store.open(store_at(tmp_path), durability="normal") as store:
        runner = begin(store, model, on_change=lambda row: runner.stop() if row.done else None)
        summary = await asyncio.wait_for(runner.run(), 60)
        rows = store.results.cells("sums")
    assert summary.stopped and 1 <= summary.done < CELLS
    assert {row.status for row in rows} == {OK, PENDING}


# --- a scheduler at an address


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        dashboard_address="127.0.0.1:0",
        host="127.0.0.1",
        silence_logs=50,
        memory_limit=0,
    ) as cluster:
        yield cluster.scheduler_address


def run_bench(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = run_program(["bench", "run", *args])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_scheduler_s_workers_read_the_user_s_own_texts_from_the_store(
    tmp_path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.txt").write_text("The colour of the door is green.\n" * 40)
    (folder / "q.jsonl").write_text(
        "".join(
            json.dumps({"question": f"Which colour has the door? ({n})", "answer": "green", "document": "a.txt",
                        "type": "contains"}) + "\n"
            for n in range(3)
        )
    )  # fmt: skip
    store = str(store_at(tmp_path))
    code, _, err = run_bench(
        capsys, f"longdoc:{folder / 'q.jsonl'}", "--methods", "direct,rlm:0", "--cluster", scheduler, "--store", store
    )
    assert code == 0, err
    assert "6 cells, 0 done, 6 to run" in err
    with Store.open(store) as opened:
        rows = opened.results.cells(f"longdoc:{folder / 'q.jsonl'}")
        assert len(rows) == 6 and {row.status for row in rows} == {OK}
        texts = opened.reader.query("SELECT count(*) FROM blob WHERE sha = ?", rows[0].document)
        assert texts == [(1,)], "the text is kept once"


def test_a_sweep_runs_on_a_scheduler_s_workers(
    tmp_path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "t.txt"
    text.write_text("one two three\n" * 50)
    store = str(store_at(tmp_path))
    assert run_program(["run", str(text), "-q", "How many lines are there?", "--store", store]) == 0
    capsys.readouterr()
    code = run_program(["sweep", "last", "--set", "max_depth=0,1", "--cluster", scheduler, "--store", store])
    said = capsys.readouterr()
    assert code == 0, said.err
    with Store.open(store) as opened:
        names = opened.reader.query("SELECT DISTINCT suite FROM bench_cell")
        assert [row.status for row in opened.results.cells(names[0][0])] == [OK, OK]


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        ("nonsense", "--cluster takes local, local:N or an address such as tcp://host:8786, not 'nonsense'"),
        ("local:0", "a cluster on this machine has 1 to 64 processes"),
        ("tcp://127.0.0.1:1", "no Dask scheduler answers at tcp://127.0.0.1:1"),
        ("tcp://elsewhere.example:8786", "is a file, which workers on other machines don't have"),
    ],
)
def test_what_is_no_cluster_is_refused_in_a_sentence(
    tmp_path: Path, cluster: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    store = store_at(tmp_path)
    code, out, err = run_bench(capsys, "sniah", "--lengths", "1024", "--limit", "1", "--cluster", cluster,
                               "--store", str(store))  # fmt: skip
    assert (code, out) == (2, "") and said in err and len(err.splitlines()) == 1
    assert time.monotonic() - begun < 10 and not store.exists()


def test_a_scheduler_without_workers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1", silence_logs=50) as empty:
        code, out, err = run_bench(capsys, "sniah", "--lengths", "1024", "--limit", "1", "--cluster",
                                   empty.scheduler_address, "--store", str(store_at(tmp_path)))  # fmt: skip
    assert (code, out) == (2, "") and "has no workers; start some with `dask worker" in err


@contextlib.contextmanager
def no_distributed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "distributed" else found(name, *more)
    )
    yield


def test_without_dask_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with no_distributed(monkeypatch):
        code, _, err = run_bench(capsys, "sniah", "--lengths", "1024", "--limit", "1", "--cluster", "local",
                                 "--store", str(store_at(tmp_path)))  # fmt: skip
    assert code == 2 and "pip install 'rlm-tui[cluster]'" in err


async def test_a_scheduler_that_goes_away_is_told_of_in_a_sentence(tmp_path: Path) -> None:
    from distributed import LocalCluster

    model = Metered(tmp_path / "paid", 0.2)
    cluster = LocalCluster(
        n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0", host="127.0.0.1", silence_logs=50
    )
    closing: list[asyncio.Task[None]] = []

    def close(row: CellRow) -> None:
        if row.done and not closing:
            closing.append(asyncio.create_task(asyncio.to_thread(cluster.close)))

    with Store.open(store_at(tmp_path), durability="normal") as store:
        runner = begin(store, model, cluster=cluster.scheduler_address, on_change=close)
        with pytest.raises(BenchError, match="has gone away; finished cells are saved, and the same command goes on"):
            await asyncio.wait_for(runner.run(), 60)
        assert any(row.status == OK for row in store.results.cells("sums"))
    await closing[0]
    # Dask would print its tracebacks as well.
    assert not any(
        logging.getLogger(f"distributed.{name}").isEnabledFor(logging.CRITICAL) for name in ("client", "comm")
    )


# --- several machines: a database


async def test_workers_share_a_database_and_one_is_killed(tmp_path: Path, scheduler: str) -> None:
    from tests.support import postgres

    if reason := postgres.why_not():
        pytest.skip(reason)
    server = postgres.Server()
    model, killed = Metered(tmp_path / "paid", 0.3), []

    def kill_one(row: CellRow) -> None:
        # The one that began last is far from its end.
        running = store.reader.query("SELECT pid FROM bench_cell WHERE status = 'running' ORDER BY started DESC")
        if row.done and running and not killed:
            killed.append(running[0][0])
            os.kill(killed[0], signal.SIGKILL)

    try:
        with Store.open(server.place()) as store:
            summary = await begin(store, model, cluster=scheduler, on_change=kill_one).run()
            rows = store.results.cells("sums")
            lost = [one for one in store.results.attempts("sums") if one.status == "lost"]
    finally:
        server.close()
    assert killed and (summary.done, summary.left, summary.failed, summary.why) == (CELLS, 0, 0, ())
    assert {row.status for row in rows} == {OK} and {row.official for row in rows} == {1.0}
    assert 1 <= len(lost) <= 4 and len(summary.lost) == len(lost)
    assert CELLS <= sum(model.paid().values()) <= CELLS + len(lost)
