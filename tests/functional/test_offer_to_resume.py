"""The app opens a document of which a session was cut off: go on with that one, start another, or give it up."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from rlm_tui.cli.options import Given
from rlm_tui.cli.prepare import prepare
from rlm_tui.cli.workbench import live_options
from rlm_tui.engine.providers.scripted import Scripted
from rlm_tui.events import BlobRef, CallReserved, Entry, SessionStarted
from rlm_tui.rlm import RLM
from rlm_tui.session.replay import open_saved
from rlm_tui.store import MemorySession, SessionRow, Store, StoreReader
from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.rows import _turn_detail
from rlm_tui.tui.screens.ask import Ask
from rlm_tui.tui.screens.resume import OfferResume

SCRIPT = """
turns:
  - "```repl\\nn = len(context.split())\\n```"
  - "```repl\\na = llm_query('sum up')\\n```"
  - "```repl\\nFINAL(n)\\n```"
default: short
"""
QUESTION = "How many?"


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A document and a store in which a session about it was cut off in its second turn."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("RLM_TUI_STORE", str(tmp_path / "s.db"))
    (tmp_path / "s.yaml").write_text(SCRIPT)
    (tmp_path / "doc.txt").write_text("a b c")
    path, model = tmp_path / "s.db", f"scripted:{tmp_path / 's.yaml'}"
    whole = await RLM(model=model, provider=Scripted(tmp_path / "s.yaml"), store=path).acompletion(QUESTION, "a b c")
    with Store.open(path) as store:
        entries = store.reader.entries(whole.session_id)
        texts = {
            sha: store.reader.text(BlobRef(sha, 1)) for (sha,) in store.reader.query("SELECT DISTINCT sha FROM blob")
        }
        at = next(e.seq for e in entries if isinstance(e.event, CallReserved) and e.event.call == "0:c2.1")
        started = entries[0].event
        assert isinstance(started, SessionStarted)
        cut = [Entry(1, entries[0].at, replace(started, session="cutoff")), *entries[1:at]]
        store.add(MemorySession("cutoff", cut, texts))
        store.remove(whole.session_id)
    return tmp_path


def app(folder: Path, question: str | None) -> WorkbenchApp:
    given = Given((str(folder / "doc.txt"),), question, model=f"scripted:{folder / 's.yaml'}")
    return WorkbenchApp(live_options(prepare(given), paused=True))


async def offered(pilot: Pilot[int]) -> OfferResume:
    while not isinstance(pilot.app.screen, OfferResume):
        await pilot.pause(0.02)
    return pilot.app.screen


async def held(running: WorkbenchApp, pilot: Pilot[int]) -> None:
    while running.view.head.paused is None:
        await pilot.pause(0.02)


def rows(folder: Path) -> dict[str, SessionRow]:
    with Store.open(folder / "s.db") as store:
        return {row.id: row for row in store.catalog.list()}


async def test_r_goes_on_where_it_was_cut_off(folder: Path) -> None:
    running = app(folder, QUESTION)
    async with running.run_test(size=(100, 30)) as pilot:
        await offered(pilot)
        await pilot.press("r")
        await held(running, pilot)
        assert running.view.head.session == "cutoff"
        assert running.view.head.paused is not None
        assert running.view.head.paused.cell == "0:c2"
        await pilot.press("c")
        while not running.view.head.over:
            await pilot.pause(0.02)
    assert {name: row.status for name, row in rows(folder).items()} == {"cutoff": "completed"}
    with StoreReader(folder / "s.db") as reader:
        calls = [e.event.call for e in reader.entries("cutoff") if isinstance(e.event, CallReserved)]
    assert calls == ["0:t1", "0:t2", "0:c2.1", "0:t3"]


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_n_starts_a_new_one_and_leaves_the_old_one(key: str, folder: Path) -> None:
    running = app(folder, QUESTION)
    async with running.run_test(size=(100, 30)) as pilot:
        await offered(pilot)
        await pilot.press(key)
        await held(running, pilot)
        assert running.view.head.session != "cutoff"
        running.view.source.close()  # type: ignore[union-attr]
    assert rows(folder)["cutoff"].status == "interrupted"


async def test_x_gives_it_up_and_it_is_not_offered_again(folder: Path) -> None:
    running = app(folder, None)
    async with running.run_test(size=(100, 30)) as pilot:
        await offered(pilot)
        await pilot.press("x")
        while not isinstance(running.screen, Ask):
            await pilot.pause(0.02)
    assert rows(folder)["cutoff"].status == "cancelled"
    again = app(folder, None)
    async with again.run_test(size=(100, 30)) as pilot:
        while not isinstance(again.screen, Ask):
            assert not isinstance(again.screen, OfferResume)
            await pilot.pause(0.02)


async def test_one_that_was_asked_something_else_is_only_mentioned(folder: Path) -> None:
    running = app(folder, "Another question?")
    async with running.run_test(size=(100, 30), notifications=True) as pilot:
        await held(running, pilot)
        assert running.view.head.session != "cutoff"
        assert any("rlm-tui resume cutoff" in notice.message for notice in running._notifications)
        running.view.source.close()  # type: ignore[union-attr]


async def test_another_document_offers_nothing(folder: Path) -> None:
    (folder / "doc.txt").write_text("a b d")
    running = app(folder, QUESTION)
    async with running.run_test(size=(100, 30)) as pilot:
        await held(running, pilot)
        assert not isinstance(running.screen, OfferResume)
        running.view.source.close()  # type: ignore[union-attr]


async def test_a_replay_says_what_was_under_way(folder: Path) -> None:
    """The block of turn 2 had just asked a sub-model; cut one event earlier, the turn itself is open."""
    with Store.open(folder / "s.db") as store:
        entries = store.reader.entries("cutoff")
        texts = {
            sha: store.reader.text(BlobRef(sha, 1)) for (sha,) in store.reader.query("SELECT DISTINCT sha FROM blob")
        }
        at = next(e.seq for e in entries if isinstance(e.event, CallReserved) and e.event.call == "0:t2")
        started = entries[0].event
        assert isinstance(started, SessionStarted)
        cut = [Entry(1, entries[0].at, replace(started, session="earlier")), *entries[1:at]]
        store.add(MemorySession("earlier", cut, texts))
    running = WorkbenchApp(Options(source=open_saved("earlier", folder / "s.db")))
    async with running.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        assert running.view.cut_off
        rows = [text for text, _ in (_turn_detail(running.view, running.view.head.calls[c]) for c in ("0:t1", "0:t2"))]
        assert rows[1] == "interrupted, may have been billed"
        assert "interrupted" not in rows[0]
        running.view.source.close()  # type: ignore[union-attr]
