"""A session that another process is running, watched from here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rlm_tui.session.follow import FollowedSession
from rlm_tui.session.replay import open_saved
from rlm_tui.store import Catalog, StoreError, StoreReader
from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.screens.workbench import Workbench
from rlm_tui.tui.status import pill
from tests.support.desk import at_home, until
from tests.support.screen import screen_text

SLOW = """
turns:
  - "```repl\\nprint('first')\\n```"
  - "```repl\\nwait = llm_query('gate')\\nprint('second')\\n```"
  - "```repl\\nFINAL('done')\\n```"
leaves:
  - match: gate
    text: open
    delay: 4
"""


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Another process that runs a session in ``s.db``."""
    at_home(tmp_path, monkeypatch)
    (tmp_path / "slow.yaml").write_text(SLOW)
    (tmp_path / "a.txt").write_text("some text\n")
    command = [sys.executable, "-m", "rlm_tui", "run", "a.txt", "-q", "why", "--model", "scripted:slow.yaml"]
    process = subprocess.Popen(
        [*command, "--store", "s.db"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    yield process
    process.kill()
    process.wait()


def running(path: Path) -> str:
    """The id of the session that runs in the store; empty while there is none."""
    if not path.exists():
        return ""
    try:
        with StoreReader(path) as reader:
            return next((row.id for row in Catalog(reader).list() if row.status == "running" and row.last_seq > 5), "")
    except StoreError:
        return ""


async def test_it_is_followed_read_only_until_it_ends(tmp_path: Path, other: subprocess.Popen[bytes]) -> None:
    store = tmp_path / "s.db"
    app = WorkbenchApp(Options())
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: running(store))
        source = open_saved(running(store), store)
        assert isinstance(source, FollowedSession) and source.process == other.pid
        app.change_to(source)
        await until(pilot, lambda: isinstance(app.screen, Workbench) and app.view.head.seq > 0)
        assert pill(app.view).name == "FOLLOWING" and f"process {other.pid}" in screen_text(app)
        assert "read-only" in screen_text(app)
        seen = app.view.head.seq
        await pilot.press("i", "n")
        assert app.screen is app.workbench  # Nothing can be done to it from here.
        for key in "pbe":
            await pilot.press(key)
        said = [note.message for note in app._notifications]
        assert f"Process {other.pid} runs this session: here it is followed, read-only." in said
        assert not any("nothing runs" in words for words in said)
        await until(pilot, lambda: app.view.head.seq > seen and app.view.head.over)
        assert other.wait(30) == 0
        await until(pilot, lambda: pill(app.view).name == "REPLAY DONE" and source.process is None)
        assert app.view.head.status == "completed"
        await pilot.press("N")
        assert not app.view.live
    app.close_source()


async def test_one_whose_process_is_killed_is_said_to_be_unfinished(
    tmp_path: Path, other: subprocess.Popen[bytes]
) -> None:
    store = tmp_path / "s.db"
    app = WorkbenchApp(Options())
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: running(store))
        app.change_to(open_saved(running(store), store))
        await until(pilot, lambda: app.view.process is not None and app.view.head.seq > 0)
        other.kill()
        other.wait()
        await until(pilot, lambda: app.view.process is None)
        assert pill(app.view).name == "REPLAY" and "not finished" in pill(app.view).detail
    app.close_source()


async def test_a_saved_session_is_not_polled(tmp_path: Path, other: subprocess.Popen[bytes]) -> None:
    assert other.wait(60) == 0
    saved = open_saved("last", tmp_path / "s.db")
    assert not isinstance(saved, FollowedSession) and saved.process is None
    saved.close()
