"""The whole program is killed, at named points and at random moments, and goes on as if nothing had happened.

After every kill: nothing acknowledged is lost, events are numbered without gaps, no call has two beginnings, the list's
sums are those of the log, and what was under way is shown as such. At the end, after `rlm-tui resume`: the answer is that
of a run that nobody killed, and no request was made twice unless a kill had cut it off.

A few here; the large runs are marked ``slow``. Randomness is seeded, and the seed is in the test's name.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.cli.program import run_program
from rlm_tui.projection.fold import fold
from rlm_tui.store import Catalog, SessionRow, Store, StoreReader
from rlm_tui.store.rebuild import refold
from rlm_tui.store.row import COLUMNS, to_sql
from tests.support import terminal
from tests.support.killed_program import digest, line_of
from tests.support.rlm_play import ANSWER, FRUIT

ROOT = Path(__file__).parents[2]
CALLS = 13
"""Calls of the play when nobody kills it."""


class Victim:
    """One store, and the program on it, again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "s.db"
        self.kills = 0
        folder.mkdir(exist_ok=True)
        (folder / "fruit.txt").write_text(FRUIT)

    def command(self, point: str, *words: str) -> list[str]:
        return [sys.executable, "-m", "tests.support.killed_program", str(self.folder), point, *words]

    def start(self, point: str, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(point, *words),
            cwd=ROOT,
            env=os.environ | {"XDG_CONFIG_HOME": str(self.folder)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def next_words(self) -> tuple[str, ...]:
        """What the program is asked to do: the question, or to go on where it was killed."""
        where = ("--store", str(self.store))
        if self.row() is not None:
            return ("resume", "last", "--headless", *where)
        question = ("-q", "How many fruits?", "--model", "explorer", "--max-depth", "2")
        return ("run", str(self.folder / "fruit.txt"), *question, *where)

    def run(self, point: str = "-", after: tuple[int, float] | None = None) -> subprocess.CompletedProcess[str]:
        """Run to the end, or until the kill at `point` or after so many acknowledged events and seconds."""
        program = self.start(point, *self.next_words())
        if after is not None:
            self.wait_for_work(program, after[0])
            time.sleep(after[1])
            program.kill()
        out, err = program.communicate(timeout=60)
        if program.returncode == -signal.SIGKILL:
            self.kills += 1
        else:
            assert program.returncode == 0, err
        return subprocess.CompletedProcess(program.args, program.returncode, out, err)

    def wait_for_work(self, program: subprocess.Popen[str], events: int) -> None:
        """Wait until the program has acknowledged so many more events, or has ended."""
        before, until = len(self.lines("acknowledged")), time.monotonic() + 60
        while len(self.lines("acknowledged")) < before + events and program.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.002)

    def lines(self, file: str) -> list[str]:
        path = self.folder / file
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def row(self) -> SessionRow | None:
        if not self.store.exists():
            return None
        with Store.open(self.store) as store:
            rows = store.catalog.list()
        assert len(rows) <= 1
        return rows[0] if rows else None

    @property
    def ended(self) -> bool:
        row = self.row()
        return row is not None and row.status == "completed"

    def check(self) -> Sequence[ev.Entry]:
        """What must be true at any time; returns the log."""
        row = self.row()
        if row is None:
            assert self.lines("acknowledged") == []
            return []
        with StoreReader(self.store) as reader:
            assert reader.query("PRAGMA quick_check") == [("ok",)]
            entries = reader.entries(row.id)
            prompts = {
                entry.event.call: digest([reader.text(message.body) for message in entry.event.messages])
                for entry in entries
                if isinstance(entry.event, ev.CallReserved)
            }
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        assert not set(self.lines("acknowledged")) - {line_of(entry) for entry in entries}
        begun = [entry.event.call for entry in entries if isinstance(entry.event, ev.CallReserved)]
        assert len(begun) == len(set(begun))
        finished: set[str] = set()
        tries: Counter[str] = Counter()
        for entry in entries:
            if isinstance(entry.event, ev.AttemptStarted):
                assert entry.event.call not in finished, "a finished call was made again"
                tries[prompts[entry.event.call]] += 1
            elif isinstance(entry.event, ev.CallFinished):
                assert entry.event.call not in finished
                finished.add(entry.event.call)
        # Every request was in the log before it was made.
        assert not Counter(self.lines("requests")) - tries
        self.check_sums(row.id, entries)
        return entries

    def check_sums(self, session: str, entries: Sequence[ev.Entry]) -> None:
        connection = sqlite3.connect(self.store)
        columns = ", ".join(f'"{column}"' for column in COLUMNS)
        kept = connection.execute(f"SELECT {columns} FROM session WHERE id = ?", (session,)).fetchone()
        assert kept == to_sql(refold(connection, session))
        connection.close()
        spent = [e.event.usage for e in entries if isinstance(e.event, ev.CallFinished | ev.CallFailed)]
        state = fold(entries)
        assert state.spent == sum(spent, ev.Usage())

    def check_shown(self, capsys: pytest.CaptureFixture[str]) -> int:
        """What the user is told of a session that was cut off; returns how many calls were under way."""
        entries = self.check()
        if not entries or isinstance(entries[-1].event, ev.SessionEnded):
            return 0
        ended = {e.event.call for e in entries if isinstance(e.event, ev.CallFinished | ev.CallFailed)}
        open_calls = [
            e.event.call for e in entries if isinstance(e.event, ev.CallReserved) and e.event.call not in ended
        ]
        row = self.row()
        assert row is not None
        assert row.status == "interrupted"
        capsys.readouterr()
        assert run_program(["replay", "last", "--headless", "--store", str(self.store)]) == 0
        shown = capsys.readouterr().out
        assert shown.count("was under way; it may have been billed") == len(open_calls)
        assert f"The log ends with event {len(entries)}; the session has no end." in shown
        return len(open_calls)

    def finish(self) -> None:
        """Let it end, and look at the whole."""
        if self.row() is None or not isinstance(self.check()[-1].event, ev.SessionEnded):
            assert self.run().stdout.strip() == ANSWER
        entries = self.check()
        ends = [entry.event for entry in entries if isinstance(entry.event, ev.SessionEnded)]
        assert [end.status for end in ends] == ["completed"]
        row = self.row()
        assert row is not None
        assert row.status == "completed"
        assert row.answer is not None
        assert ANSWER in row.answer
        finished = [entry.event.call for entry in entries if isinstance(entry.event, ev.CallFinished)]
        assert len(finished) == len(set(finished)) == CALLS
        resumed = sum(isinstance(entry.event, ev.SessionResumed) for entry in entries)
        assert resumed <= self.kills
        # Each kill can cut off at most what is in flight at once: the six sub-calls of the batch, and a turn.
        assert CALLS <= len(self.lines("requests")) <= CALLS + 7 * self.kills


def test_killed_around_commits_and_resumed_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twelve kills in a row on one session, each in the program that resumed it."""
    victim = Victim(tmp_path)
    points = ["before:1", "after:1", "before:2", "after:2", "before:3", "after:4", "before:5"]
    points += ["after:6", "before:7", "after:3", "before:8", "after:5"]
    for point in points:
        done = victim.run(point)
        assert done.returncode == -signal.SIGKILL, point
        victim.check_shown(capsys)
    assert victim.kills == 12
    victim.finish()


def test_killed_at_random_moments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    victim, chance = Victim(tmp_path), random.Random(5)
    for _ in range(4):
        victim.run(after=(chance.randint(1, 25), chance.random() * 0.02))
        victim.check_shown(capsys)
        if victim.ended:
            break
    victim.finish()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_before_and_after_every_commit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each named point once in a fresh run, which is then resumed to its end."""
    kills = under_way = 0
    for when in ("before", "after"):
        number = 0
        while True:
            number += 1
            victim = Victim(tmp_path / f"{when}{number}")
            victim.run(f"{when}:{number}")
            under_way += victim.check_shown(capsys)
            victim.finish()
            if not victim.kills:
                break
            kills += 1
    print(f"\n{kills} kills at named points; {under_way} calls were under way")
    assert kills >= 60
    assert under_way >= 10


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(8))
def test_killed_at_many_random_moments(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance, kills, under_way, number = random.Random(seed), 0, 0, 0
    while kills < 10:
        number += 1
        victim = Victim(tmp_path / str(number))
        for _ in range(5):
            victim.run(after=(chance.randint(1, 40), chance.random() * 0.03))
            under_way += victim.check_shown(capsys)
            if victim.ended:
                break
        victim.finish()
        kills += victim.kills
    print(f"\n{kills} kills at random moments; {under_way} calls were under way")
    assert under_way > 0


@pytest.mark.skipif(not terminal.AVAILABLE, reason="tmux is not installed")
@pytest.mark.parametrize("point", ["after:9", pytest.param("before:20", marks=pytest.mark.slow)])
def test_the_workbench_is_killed_and_the_session_goes_on_in_it(
    point: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    victim = Victim(tmp_path)
    env = {"RLM_TUI_STORE": str(victim.store), "XDG_CONFIG_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    words = ("open", str(tmp_path / "fruit.txt"), "-q", "How many fruits?", "--model", "explorer", "--max-depth", "2")
    with terminal.Terminal(victim.command(point, *words, "--run"), env=env, cwd=ROOT) as screen:
        assert screen.wait_end(60) == 128 + signal.SIGKILL
    victim.kills += 1
    victim.check_shown(capsys)
    with terminal.Terminal(victim.command("-", "resume", "last", "--run"), env=env, cwd=ROOT) as screen:
        screen.wait(lambda text: "DONE" in text and "Enter close" in text)
        screen.press("Escape")
        screen.wait(lambda text: "Enter close" not in text)
        screen.press("q")
        assert screen.wait_end() == 0
    victim.finish()


def test_two_programs_on_one_store(tmp_path: Path) -> None:
    """They write sessions of their own at the same time; the same session only one of them can have."""
    victim = Victim(tmp_path)
    words = victim.next_words()
    programs = [victim.start("-", *words) for _ in range(2)]
    for program in programs:
        out, err = program.communicate(timeout=60)
        assert (program.returncode, out.strip()) == (0, ANSWER), err
    with StoreReader(victim.store) as reader:
        rows = Catalog(reader).list()
        assert [row.status for row in rows] == ["completed", "completed"]
        for row in rows:
            entries = reader.entries(row.id)
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
            assert row.calls == CALLS


def test_a_session_that_runs_is_not_resumed_by_a_second_program(tmp_path: Path) -> None:
    victim = Victim(tmp_path)
    assert victim.run("after:6").returncode == -signal.SIGKILL
    row = victim.row()
    assert row is not None
    with Store.open(victim.store) as store:
        log = store.resume(row.id)
        second = victim.start("-", "resume", row.id, "--headless", "--store", str(victim.store))
        _, said = second.communicate(timeout=60)
        assert second.returncode == 2
        assert "another process" in said
        assert "Traceback" not in said
        log.close()
    victim.finish()


@pytest.mark.parametrize(
    "number", [4, pytest.param(1, marks=pytest.mark.slow), pytest.param(17, marks=pytest.mark.slow)]
)
def test_a_disk_that_is_full_in_mid_run(number: int, tmp_path: Path) -> None:
    """One sentence, nothing lost; with room again the session goes on."""
    victim = Victim(tmp_path)
    program = victim.start(f"full:{number}", *victim.next_words())
    _, said = program.communicate(timeout=60)
    assert program.returncode == 2, said
    (sentence,) = [line for line in said.splitlines() if line.startswith("rlm-tui:")]
    assert str(victim.store) in sentence
    assert ("cut off: " in said) == (number > 1)
    assert ("rlm-tui resume" in said) == (number > 1)
    assert "Traceback" not in said
    victim.kills += 1
    victim.check()
    victim.finish()
