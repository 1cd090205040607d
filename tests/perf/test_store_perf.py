"""How fast the store must be, with room for a slow machine. Run with ``pytest -m perf -s`` to see the figures."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from rlm_tui.document.document import Document
from rlm_tui.engine.providers.base import Reply, Request
from rlm_tui.events import Limits, LogPoint, RunConfig
from rlm_tui.session.setup import Setup, run_session
from rlm_tui.store import SessionFile, Store, StoreReader, write_session
from rlm_tui.store.connection import Connection
from rlm_tui.store.recording import open_saved
from rlm_tui.store.writer import Writer
from tests.support.engine import FakeModels, cell
from tests.unit.store import samples

pytestmark = pytest.mark.perf


def best(function: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of several runs: the others measure the neighbours."""
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one session of more than 10,000 events."""
    path = tmp_path_factory.mktemp("perf") / "sessions.db"
    with Store.open(path, durability="normal") as store:
        log = store.create("big")
        log.append_now(samples.started(log, "big"), samples.node())
        for number in range(1, 1120):
            log.append_now(*samples.turn(log, number))
        assert log.last_seq > 10_000
    return path


def test_ten_thousand_events_load_at_once(big: Path) -> None:
    def load() -> None:
        with StoreReader(big) as reader:
            assert len(reader.entries("big")) > 10_000

    seconds = best(load)
    print(f"\n10,000 events: {seconds * 1000:.0f} ms")
    assert seconds < 0.3


def test_the_last_page_is_immediate(big: Path) -> None:
    with StoreReader(big) as reader:
        seconds = best(lambda: reader.entries("big", after=reader.last_seq("big") - 500))
    print(f"\nlast 500: {seconds * 1000:.1f} ms")
    assert seconds < 0.03


def test_a_session_file_loads_at_once(big: Path, tmp_path: Path) -> None:
    write_session(open_saved("big", big), tmp_path / "big.jsonl.gz")
    seconds = best(lambda: SessionFile.open(tmp_path / "big.jsonl.gz"))
    print(f"\n10,000 events from a file: {seconds * 1000:.0f} ms")
    assert seconds < 0.6


def test_reading_starts_in_a_moment(big: Path) -> None:
    program = f"""
import time; begin = time.perf_counter()
from rlm_tui.store import StoreReader, Catalog
from pathlib import Path
with StoreReader(Path({str(big)!r})) as reader:
    Catalog(reader).list()
print(time.perf_counter() - begin)
"""

    def run() -> float:
        return float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)

    seconds = min(run() for _ in range(3))
    print(f"\nimport, open and list: {seconds * 1000:.0f} ms")
    assert seconds < 0.25


@pytest.mark.parametrize(("durability", "least"), [("full", 60), ("normal", 500)])
async def test_one_event_after_the_other(tmp_path: Path, durability: str, least: int) -> None:
    with Store.open(tmp_path / "s.db", durability=durability) as store:
        log = store.create()
        await log.append(samples.node())
        count, begin = 200, time.perf_counter()
        for number in range(count):
            await log.append(LogPoint(number=number, node="0", text="x" * 1000))
        rate = count / (time.perf_counter() - begin)
    print(f"\n{durability}: {rate:.0f} durable events/s, one by one")
    assert rate > least


async def test_sixteen_tasks_share_their_commits(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        log = store.create()
        await log.append(samples.node())

        async def work() -> None:
            for number in range(50):
                await log.append(LogPoint(number=number, node="0", text="x" * 1000))

        begin = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(16)))
        rate = 800 / (time.perf_counter() - begin)
    print(f"\nfull: {rate:.0f} durable events/s, 16 tasks")
    assert rate > 400


TURNS = 40


class Watched(FakeModels):
    """Notes when it is asked."""

    def __init__(self, turns: list[str]) -> None:
        super().__init__(turns, delay=0.02)
        self.asked: list[float] = []

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        self.asked.append(time.perf_counter())
        return await super().complete(request, on_text)


async def test_logging_costs_little_of_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session of the engine, code and all, whose model answers in 20 ms: against the same one logged in memory.

    What can be asserted is how often it commits: what a commit takes is the disk's.
    """
    turns = [*[cell(f"x{n} = len(context) + {n}\nprint(x{n})") for n in range(TURNS)], cell("FINAL('done')")]
    documents = [Document.from_text("doc", "a line of text\n" * 200)]
    config = RunConfig(model="fake", limits=Limits(turns=TURNS + 2))

    async def session(store: Path | None, durability: str = "full") -> list[float]:
        """Seconds of each turn."""
        model = Watched(turns)
        place = False if store is None else store
        _, ended = await run_session(
            Setup("q?", config, documents, store=place, durability=durability, custom={"fake": model})
        )
        assert ended.outcome.answer == "done"
        return [after - before for before, after in pairwise(model.asked)]

    await session(None)
    plain, normal, full = [], [], []
    for _ in range(6):
        # Side by side: what else the machine does hits all three.
        plain += await session(None)
        normal += await session(tmp_path / "n.db", "normal")
        full += await session(tmp_path / "f.db")
    turn = median(plain)
    print(f"\na turn of {turn * 1000:.1f} ms takes longer: normal", end=" ")
    print(f"{median(normal) / turn - 1:.1%}, full {median(full) / turn - 1:.1%}")
    commits: list[str] = []
    commit = Writer._commit

    def counted(writer: Writer, connection: Connection) -> None:
        commits.append(writer.durability)
        commit(writer, connection)

    monkeypatch.setattr(Writer, "_commit", counted)
    await session(tmp_path / "c.db")
    print(f"{len(commits)} commits for {TURNS + 1} turns")
    # One before each request, one before each reply is used, and a few for the beginning and the end.
    assert len(commits) <= 2 * (TURNS + 1) + 4


def test_a_large_document_is_kept_in_a_moment(tmp_path: Path) -> None:
    document = "".join(f"{number} some words of a line that repeat\n" for number in range(500_000))
    with Store.open(tmp_path / "s.db") as store:
        log = store.create()
        begin = time.perf_counter()
        log.append_now(samples.started(log, "s", document=document))
        seconds = time.perf_counter() - begin
    print(f"\n{len(document) / 1e6:.0f} MB: {seconds:.2f} s")
    assert seconds < len(document) / 1e6 * 0.15
