"""How often a session commits: a durable commit costs milliseconds, and most events can share one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.engine import journal
from rlm_tui.events import RunConfig
from rlm_tui.session.setup import Setup, run_session
from rlm_tui.store import StoreReader
from rlm_tui.store.writer import Writer
from tests.support.engine import FakeModels, cell

TURNS = 12


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of the last event at each commit that added events."""
    seen: list[int] = []
    commit = Writer._commit

    def counted(self: Writer, connection: sqlite3.Connection) -> None:
        last = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        if not seen or last > seen[-1]:
            seen.append(last)
        commit(self, connection)

    monkeypatch.setattr(Writer, "_commit", counted)
    return seen


async def test_a_turn_takes_two_commits(tmp_path: Path, commits: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """One before the request, with how the last cell ended; one after the reply, before the code runs."""
    # A machine under load may need longer for a cell than its events wait for a commit to share.
    monkeypatch.setattr(journal, "LINGER", 10.0)
    models = FakeModels([*[cell(f"x{n} = len(context)") for n in range(TURNS)], cell("FINAL('done')")], delay=0.002)
    given = Setup(
        "How long?",
        RunConfig(model="fake"),
        [Document.from_text("doc", "some text\n" * 50)],
        store=tmp_path / "s.db",
        custom={"fake": models},
        durability="normal",
    )
    session, ended = await run_session(given)
    assert ended.outcome.answer == "done"
    with StoreReader(tmp_path / "s.db") as reader:
        entries = reader.entries(session)
    turns = sum(isinstance(entry.event, ev.ReplyRead) for entry in entries)
    assert turns == TURNS + 1
    # Besides: the session's and the node's beginning, the probe, and the end.
    assert len(commits) <= 2 * turns + 8, commits
    by_number = {entry.seq: entry.event for entry in entries}
    committed = [by_number[number] for number in commits]
    for entry in entries:
        if isinstance(entry.event, ev.AttemptStarted):
            # The request comes after a commit that ends with its own beginning.
            assert entry.event in committed
        if isinstance(entry.event, ev.CellProposed) and entry.event.origin != "probe":
            assert entry.event in committed


async def test_a_long_cell_is_shown_while_it_runs(tmp_path: Path) -> None:
    """Its beginning waits for a commit to share, but not until its end."""
    code = "total = 0\nfor i in range(10**9):\n    total += len(context) and i\n    if i > 3_000_000:\n        break"
    models = FakeModels([cell(code), cell("FINAL('done')")])
    documents = [Document.from_text("doc", "some text\n" * 50)]
    given = Setup("How long?", RunConfig(model="fake"), documents, store=tmp_path / "s.db", custom={"fake": models})
    order: list[str] = []
    at: dict[str, float] = {}

    def listen(entry: ev.Entry) -> None:
        if isinstance(entry.event, ev.CellStarted | ev.CellFinished) and entry.event.cell == "0:c1":
            order.append(ev.kind_of(entry.event))
            at[ev.kind_of(entry.event)] = entry.at

    await run_session(given, listener=listen)
    assert order == ["cell.started", "cell.finished"]
    assert at["cell.finished"] - at["cell.started"] > 0.05
