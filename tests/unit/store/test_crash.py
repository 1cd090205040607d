"""Nothing that was acknowledged is lost, whenever the program or the machine stops.

Small here; the large runs are marked ``slow``. Randomness is seeded, and the seed is in the test's name.
"""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.events import LogError, LogPoint
from rlm_tui.store import Store, StoreReader
from rlm_tui.store.blobs import references
from rlm_tui.store.rebuild import refold
from rlm_tui.store.row import COLUMNS, to_sql
from tests.unit.store import samples
from tests.unit.store.crasher import SESSION
from tests.unit.store.outside import name, outside

ROOT = Path(__file__).parents[3]


def start(path: Path, durability: str, *point: str, quiet: bool = False) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tests.unit.store.crasher", name(path), durability, *point]
    stderr = subprocess.DEVNULL if quiet else None
    return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True)


def lines_until_dead(process: subprocess.Popen[str], kill_after: int | None = None, delay: float = 0.0) -> list[str]:
    """What the program acknowledged; it is killed `delay` seconds after acknowledgement number `kill_after`."""
    assert process.stdout is not None
    lines: list[str] = []
    timer: threading.Timer | None = None
    for line in process.stdout:
        if line.endswith("\n"):
            lines.append(line.strip())
        if kill_after is not None and len(lines) == kill_after:
            timer = threading.Timer(delay, process.kill)
            timer.start()
    process.wait()
    process.stdout.close()
    if timer is not None:
        timer.join()
    assert process.returncode == -signal.SIGKILL
    return lines


def check(path: Path, acknowledged: list[str]) -> int:
    """Everything acknowledged is there, numbered without gaps, with its texts; the sums are right. Returns the length."""
    with StoreReader(path) as reader:
        assert reader.damage() == []
        entries = reader.entries(SESSION)
        assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
        there = {f"{e.seq} {ev.kind_of(e.event)} {getattr(e.event, 'call', '-')}" for e in entries}
        assert not set(acknowledged) - there
        calls = [e.event.call for e in entries if isinstance(e.event, ev.CallReserved)]
        assert len(calls) == len(set(calls))
        for entry in entries:
            for ref in references(ev.encode(entry.event)):
                assert ev.BlobRef.of(reader.text(ref)) == ref
        if entries:
            connection = outside(path)
            row = refold(connection, SESSION)
            columns = ", ".join(f'"{c}"' for c in COLUMNS)
            before = connection.execute(f"SELECT {columns} FROM session WHERE id = ?", (SESSION,)).fetchone()
            connection.close()
            assert before == to_sql(row)
        return len(entries)


def kill_often(path: Path, seed: int, times: int, durability: str) -> None:
    chance = random.Random(seed)
    acknowledged: list[str] = []
    for _ in range(times):
        process = start(path, durability)
        acknowledged += lines_until_dead(process, chance.randint(1, 30), chance.random() * 0.03)
        check(path, acknowledged)
    with Store.open(path) as store:
        assert store.catalog.find(SESSION).status == "interrupted"
        entries = store.resume(SESSION).append_now(ev.SessionEnded(status="cancelled"))
        assert entries[0].seq == check(path, acknowledged)


@pytest.mark.parametrize(("seed", "durability"), [(1, "full"), (2, "normal")])
def test_killed_at_random_moments(path: Path, seed: int, durability: str) -> None:
    kill_often(path, seed, 5, durability)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("seed", "durability"), [(11, "full"), (12, "normal")])
def test_killed_at_many_random_moments(path: Path, seed: int, durability: str) -> None:
    kill_often(path, seed, 40, durability)


@pytest.mark.parametrize(("when", "number"), [("before", 1), ("after", 1), ("before", 2), ("after", 6)])
def test_killed_around_a_commit(path: Path, when: str, number: int) -> None:
    acknowledged: list[str] = []
    for point in (number, number + 1):
        acknowledged += lines_until_dead(start(path, "full", when, str(point)))
        check(path, acknowledged)


def session_with_a_long_log_file(folder: Path) -> list[ev.Entry]:
    """A store whose events are all in the write-ahead log, as after a power cut; returns them."""
    source = folder / "source.db"
    store = Store.open(source)
    store._writer.call(lambda connection: connection.execute("PRAGMA wal_autocheckpoint=0"))
    log = store.create(SESSION)
    entries: list[ev.Entry] = []
    for number in range(60):
        reply = log.put(f"reply {number} " + "x" * (number * 97 % 3000))
        call = f"0:t{number}"
        entries += log.append_now(
            ev.CallReserved(
                call=call, node="0", purpose="turn", model="m", messages=(), max_output_tokens=1, estimate=ev.Usage()
            ),
            ev.CallFinished(call=call, reply=reply, usage=ev.Usage(calls=1, input=number, cost=0.25)),
        )
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{source}{suffix}", folder / f"before.db{suffix}")
    store.close()
    return entries


def damage_log_file(folder: Path, seed: int, times: int) -> None:
    entries = session_with_a_long_log_file(folder)
    wal = (folder / "before.db-wal").read_bytes()
    chance = random.Random(seed)
    lengths = []
    path = folder / "after.db"
    for _ in range(times):
        data = bytearray(wal)
        at = chance.randrange(len(data))
        if chance.random() < 0.5:
            del data[at:]
        else:
            data[at : at + 64] = chance.randbytes(min(64, len(data) - at))
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(folder / "before.db", path)
        Path(f"{path}-wal").write_bytes(data)
        # The schema itself may be in the part that was lost: then the store is empty, and made again.
        Store.open(path).close()
        length = check(path, [])
        with StoreReader(path) as reader:
            assert reader.entries(SESSION) == entries[:length]
        assert length % 2 == 0, "half of an append"
        lengths.append(length)
    assert min(lengths) < 30 < max(lengths), "the cuts were all alike"


def test_a_cut_log_file_leaves_a_beginning_of_the_session(tmp_path: Path) -> None:
    damage_log_file(tmp_path, seed=3, times=12)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_many_cut_log_files(tmp_path: Path) -> None:
    damage_log_file(tmp_path, seed=4, times=150)


def test_a_file_that_may_not_grow(file: Path) -> None:
    """The system itself refuses to write, as when a quota is used up; afterwards everything works again."""
    with Store.open(file) as store:
        log = store.create("abc")
        entries = list(log.append_now(samples.started(log, "abc")))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 300_000, hard))
        try:
            with pytest.raises(LogError, match=r"the store .* (full|can't be read or written)"):
                for number in range(2000):
                    log.put(random.Random(number).randbytes(8000).hex())
                    entries += log.append_now(LogPoint(number=number, node="0", text="x"))
            assert len(entries) > 3
            assert store.reader.entries("abc") == entries
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        entries += log.append_now(LogPoint(number=-1, node="0", text="x"))
        assert store.reader.entries("abc") == entries
        assert store.reader.damage() == []


def test_two_programs_write_one_store(path: Path, tmp_path: Path) -> None:
    processes = [start(path, "normal", quiet=True) for _ in range(2)]
    # The second finds the session taken by the first, or the other way round: one of them must give up.
    outcome = []
    for process in processes:
        assert process.stdout is not None
        outcome.append(process.stdout.readline())
    assert sorted(bool(line) for line in outcome) == [False, True]
    winner = processes[[bool(line) for line in outcome].index(True)]
    with Store.open(path) as store:
        log = store.create("mine")
        for _ in range(20):
            log.append_now(samples.node())
        assert [e.seq for e in store.reader.entries("mine")] == list(range(1, 21))
    winner.kill()
    for process in processes:
        process.communicate()
    check(path, [])
