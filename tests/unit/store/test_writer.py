"""Groups, failures, and what is left after them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from rlm_tui.events import Entry, LogError, LogPoint, PauseRequested
from rlm_tui.store import Store, StoreReader, database
from rlm_tui.store.writer import PAUSE, TRIES, Writer
from tests.unit.store import samples


class Gate:
    """Holds the writer's thread until it is opened, so that jobs pile up behind it."""

    def __init__(self, store: Store) -> None:
        self.opened, self.reached = threading.Event(), threading.Event()

        def hold(connection: sqlite3.Connection) -> None:
            self.reached.set()
            self.opened.wait(30)

        self.thread = threading.Thread(target=store._writer.call, args=(hold,))
        self.thread.start()
        self.reached.wait(30)

    def open(self) -> None:
        self.opened.set()
        self.thread.join()


def count_commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    commits: list[int] = []
    commit = Writer._commit

    def counted(self: Writer, connection: sqlite3.Connection) -> None:
        commits.append(1)
        commit(self, connection)

    monkeypatch.setattr(Writer, "_commit", counted)
    return commits


def limit_pages(store: Store, pages: int) -> None:
    def limit(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    store._writer.call(limit)


def pages(store: Store) -> int:
    return int(store.reader.query("PRAGMA page_count")[0][0])


async def test_what_waits_is_committed_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [store.create() for _ in range(3)]
    gate = Gate(store)
    tasks = [asyncio.create_task(log.append(samples.node())) for log in logs for _ in range(10)]
    await asyncio.sleep(0)
    commits = count_commits(monkeypatch)
    gate.open()
    await asyncio.gather(*tasks)
    assert len(commits) <= 2
    assert all([e.seq for e in store.reader.entries(log.session)] == list(range(1, 11)) for log in logs)


async def test_a_full_disk_loses_nothing_that_was_acknowledged(file: Path) -> None:
    store = Store.open(file, durability="normal")
    log = store.create("abc")
    first = await log.append(samples.started(log, "abc"), samples.node())
    before = log.row
    limit_pages(store, pages(store) + 2)
    big = log.put(os.urandom(200_000).hex())
    with pytest.raises(LogError, match=r"the disk that holds the store .* is full; free some space"):
        await log.append(samples.node())
    assert store.reader.entries("abc") == list(first)
    assert log.row == before == store.catalog.find("abc")
    with pytest.raises(LogError):
        await log.append()
    limit_pages(store, 1_000_000)
    (entry,) = await log.append(PauseRequested())
    assert entry.seq == 3
    with StoreReader(file) as other:
        assert len(other.text(big)) == 400_000
        assert other.query("PRAGMA quick_check") == [("ok",)]
    store.close()


async def test_every_waiter_of_a_failed_commit_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [store.create() for _ in range(4)]
    heard: list[Entry] = []
    for log in logs:
        log.listeners.append(heard.append)
        await log.append(samples.node())
    heard.clear()
    gate = Gate(store)
    tasks = [asyncio.create_task(log.append(samples.node(), samples.node())) for log in logs for _ in range(3)]
    await asyncio.sleep(0)
    commit = Writer._commit

    def fail(self: Writer, connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    # The gate's own transaction is already under way; it fails as well, and that is its thread's business.
    gate_failed = threading.excepthook
    threading.excepthook = lambda args: None
    monkeypatch.setattr(Writer, "_commit", fail)
    gate.open()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    threading.excepthook = gate_failed
    assert {type(r) for r in results} == {LogError} and len(results) == 12
    assert heard == []
    monkeypatch.setattr(Writer, "_commit", commit)
    for log in logs:
        assert (await log.append(samples.node()))[0].seq == 2
        assert log.last_seq == 2 == len(store.reader.entries(log.session))


async def test_a_listener_that_fails_stops_nothing(store: Store) -> None:
    log = store.create()

    def fail(entry: Entry) -> None:
        raise ValueError("a bug of the listener")

    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context["exception"]))
    log.listeners.append(fail)
    assert (await log.append(samples.node()))[0].seq == 1
    assert [str(p) for p in problems] == ["a bug of the listener"]
    with pytest.raises(ValueError, match="a bug of the listener"):
        log.append_now(samples.node())
    log.listeners.clear()
    assert (await log.append(samples.node()))[0].seq == 3


async def test_one_bad_job_does_not_harm_its_neighbours(store: Store) -> None:
    good, bad = store.create("good"), store.create("bad")
    await bad.append(samples.node())
    await good.append(samples.node())
    thief = store.resume("bad", force=True)
    await thief.append(samples.node())
    gate = Gate(store)
    tasks = [asyncio.create_task(log.append(samples.node())) for log in (good, bad, good, bad, good)]
    await asyncio.sleep(0)
    gate.open()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(r) for r in results] == [tuple, LogError, tuple, LogError, tuple]
    assert [e.seq for e in store.reader.entries("good")] == [1, 2, 3, 4]
    assert good.row == store.catalog.find("good") and len(store.reader.entries("bad")) == 2


async def test_a_store_that_was_taken_away_is_noticed(file: Path, tmp_path: Path) -> None:
    store = Store.open(file, durability="normal")
    log = store.create("abc")
    await log.append(samples.node())
    file.rename(tmp_path / "elsewhere.db")
    with pytest.raises(LogError, match="was moved or deleted while it was open"):
        await log.append(samples.node())
    (tmp_path / "elsewhere.db").rename(file)
    assert (await log.append(samples.node()))[0].seq == 2
    store.close()


async def test_a_store_locked_by_another_program(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlm_tui.store.database.BUSY_SECONDS", 0.05)
    with Store.open(path) as store:
        log = store.create("abc")
        await log.append(samples.node())
        other = database.open_writable(path)
        other.begin(alone=True)
        with pytest.raises(LogError, match="kept locked by another program; close that program and try again"):
            await log.append(samples.node())
        other.execute("ROLLBACK")
        other.close()
        assert (await log.append(samples.node()))[0].seq == 2


async def test_two_stores_on_one_file_take_turns(path: Path) -> None:
    with Store.open(path, durability="normal") as one, Store.open(path, durability="normal") as two:
        logs = [one.create("one"), two.create("two")]

        async def work(number: int) -> None:
            for i in range(60):
                await logs[number].append(LogPoint(number=number, node="0", text=str(i)))

        await asyncio.gather(work(0), work(1))
        for session in ("one", "two"):
            assert [e.seq for e in one.reader.entries(session)] == list(range(1, 61))
        assert {row.id for row in two.catalog.list()} == {"one", "two"}


async def test_closing_writes_what_waits(path: Path) -> None:
    store = Store.open(path)
    log = store.create("abc")
    gate = Gate(store)
    tasks = [asyncio.create_task(log.append(samples.node())) for _ in range(20)]
    await asyncio.sleep(0)
    gate.open()
    store.close()
    await asyncio.gather(*tasks)
    with StoreReader(path) as reader:
        assert len(reader.entries("abc")) == 20


async def test_a_large_document_is_kept_in_pieces(store: Store, path: Path) -> None:
    from rlm_tui.store.blobs import PIECE

    document = "".join(f"line {i} é😀\n" for i in range(250_000))
    assert len(document) > 3 * PIECE
    log = store.create("abc")
    ref = log.put(document)
    await log.append(samples.started(log, "abc", document=document))
    with StoreReader(path) as reader:
        for start, end in (
            (0, 10),
            (PIECE - 3, PIECE + 3),
            (PIECE, PIECE),
            (2 * PIECE + 1, len(document) + 99),
            (0, len(document)),
        ):
            assert reader.text_range(ref, start, end) == document[start:end]
        assert reader.text(ref) == document == log.get(ref)
        assert reader.text_range(ref, 5, 9) == document[5:9]
        parts = reader.query("SELECT part, parts, chars FROM blob WHERE sha = ? ORDER BY part", ref.sha)
    assert [p[0] for p in parts] == list(range(parts[0][1])) and sum(p[2] for p in parts) == len(document)


async def test_the_same_text_is_kept_once(store: Store) -> None:
    for session in ("a", "b"):
        log = store.create(session)
        for _ in range(3):
            log.put("the same " * 100)
            await log.append(samples.node())
    assert store.reader.query("SELECT count(*) FROM blob") == [(1,)]


def test_a_transaction_is_tried_again_later_each_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("rlm_tui.store.writer.time.sleep", pauses.append)
    monkeypatch.setattr("rlm_tui.store.writer.random.uniform", lambda low, high: high)
    monkeypatch.setattr(Writer, "_passing", lambda self, error: True)
    runs: list[int] = []

    def get_in_the_way(connection: sqlite3.Connection) -> int:
        runs.append(1)
        if len(runs) < TRIES:
            raise sqlite3.OperationalError("deadlock detected")
        return 7

    assert store._writer.call(get_in_the_way) == 7
    assert pauses == [PAUSE * 2**n for n in range(TRIES - 1)]
