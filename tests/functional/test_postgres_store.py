"""The program over a store in PostgreSQL: commands, the screen, the laboratory, several processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_tui import RLM
from rlm_tui.cli.program import BAD_INPUT, run_program
from rlm_tui.config.store_url import StoreUrl
from rlm_tui.session.follow import FollowedSession
from rlm_tui.session.replay import open_saved
from rlm_tui.store import Store
from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.desk import Desk
from rlm_tui.tui.forking import forker
from rlm_tui.tui.screens.ask import Ask
from rlm_tui.tui.screens.browser import Browser
from rlm_tui.tui.screens.workbench import Workbench
from rlm_tui.tui.status import pill
from rlm_tui.tui.store_shelf import StoreShelf
from tests.functional.test_follow import SLOW, running
from tests.support import postgres
from tests.support.desk import at_home, lease, run_to_the_end, until
from tests.support.screen import screen_text

server = pytest.fixture(scope="module")(postgres.running)


@pytest.fixture
def place(server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreUrl:
    """An empty store, which every command of this test uses."""
    at_home(tmp_path, monkeypatch)
    found = server.place()
    monkeypatch.setenv("RLM_TUI_STORE", os.fspath(found))
    (tmp_path / "doc.txt").write_text("The house is on the hill.\n" * 40 + "The door is red.\n")
    (tmp_path / "script.yaml").write_text("turns:\n  - |\n    ```repl\n    FINAL('red')\n    ```\n")
    return found


def run(*arguments: str) -> int:
    return run_program(list(arguments))


def test_commands_over_a_server(place: StoreUrl, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", "--json") == 0
    assert f"{place} can be made; there are no sessions yet" in capfd.readouterr().out
    assert run("bench", "list") == 0
    assert run("run", "doc.txt", "-q", "What colour is the door?", "--model", "scripted:script.yaml") == 0
    assert "red" in capfd.readouterr().out
    assert run("doctor") == 0
    assert f"{place}: 1 session, " in capfd.readouterr().out
    assert run("sessions", "--json") == 0
    (row,) = json.loads(capfd.readouterr().out)
    assert row["answer"] == "red"
    assert run("sessions", "find", "door", "--json") == 0
    assert json.loads(capfd.readouterr().out)[0]["part"] == "question"
    for command in ("check", "rebuild"):
        assert run("sessions", command) == 0
    assert run("sessions", "tag", "last", "good") == 0 == run("sessions", "score", "last", "4")
    assert run("verify", "last") == 0
    for name in ("one.jsonl.gz", "one.db"):
        assert run("export", "last", name) == 0
    assert run("sessions", "rm", "last", "--yes") == 0
    capfd.readouterr()
    for name in ("one.jsonl.gz", "one.db"):
        assert run("import", name) == 0
    capfd.readouterr()
    assert run("sessions", "--json") == 0
    assert [found["answer"] for found in json.loads(capfd.readouterr().out)] == ["red"]


def test_the_laboratory_over_a_server(place: StoreUrl, capfd: pytest.CaptureFixture[str]) -> None:
    suite = (
        "bench",
        "run",
        "sniah",
        "--lengths",
        "1000",
        "--limit",
        "2",
        "--models",
        "explorer",
        "--methods",
        "direct",
    )
    assert run(*suite) == 0
    assert run(*suite, "--seeds", "1,2") == 0
    capfd.readouterr()
    assert run("bench", "show", "last", "--json") == 0
    assert len(json.loads(capfd.readouterr().out)["cells"]) == 4
    with Store.open(place) as store:
        assert len(store.results.attempts("sniah")) == 4, "what had run was not run again"


def test_bad_places_are_one_sentence(
    place: StoreUrl, server: postgres.Server, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = os.fspath(server.by_network("guarded", "wr0ng"))
    commands = (
        ["sessions"],
        ["run", "doc.txt", "-q", "x", "--model", "scripted:script.yaml"],
        ["bench", "show", "last"],
    )
    for store in (wrong, "postgresql+psycopg://ann:wr0ng@127.0.0.1:1/db", "mysql://ann:wr0ng@host/db"):
        for command in commands:
            assert run(*command, "--store", store) == BAD_INPUT, (command, store)
            said = capfd.readouterr().err
            assert said.startswith("rlm-tui: ") and said.count("\n") == 1 and "wr0ng" not in said, said
    monkeypatch.setenv("RLM_TUI_STORE", wrong)
    for command in (["config", "show"], ["config", "show", "--json"], ["doctor"]):
        run(*command)
        written = capfd.readouterr()
        assert "guarded:…@" in written.out and "wr0ng" not in written.out + written.err


def test_the_programming_interface_takes_an_address(place: StoreUrl) -> None:
    result = RLM("scripted:script.yaml", store=os.fspath(place)).completion("The door is red.", "What colour?")
    with Store.open(place) as store:
        assert store.catalog.find("last").answer == "red" == result.answer


async def test_a_session_on_the_screen_is_saved_and_browsed(
    place: StoreUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RLM_TUI_STORE")
    shelf = StoreShelf(place)
    assert shelf.rows("") == ()
    desk = Desk(
        {"store": os.fspath(place)}, recent_file=tmp_path / "r.json", demo=lambda: (lease(tmp_path), "Who signed?")
    )
    app = WorkbenchApp(Options(desk=desk, shelf=shelf, fork=forker(place), home="welcome"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.show_documents(desk.open([str(lease(tmp_path))]))
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"Who signed the lease?", "enter")
        await run_to_the_end(pilot)
        assert app.view.head.status == "completed"
    app.close_source()
    (row,) = shelf.rows("status:completed text:lease")
    browser = WorkbenchApp(Options(shelf=shelf, home="sessions"))
    async with browser.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: isinstance(browser.screen, Browser) and row.id[:7] in screen_text(browser))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(browser.screen, Workbench) and browser.view.head.seq > 3)
    browser.close_source()
    shelf.delete(row.id)
    assert list(shelf.rows("")) == []


async def test_another_processs_session_is_followed_and_a_killed_one_can_be_resumed(
    place: StoreUrl, tmp_path: Path
) -> None:
    (tmp_path / "slow.yaml").write_text(SLOW)
    command = [sys.executable, "-m", "rlm_tui", "run", "doc.txt", "-q", "why", "--model", "scripted:slow.yaml"]
    other = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    app = WorkbenchApp(Options())
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: running(place))  # type: ignore[arg-type]
            source = open_saved(session := running(place), place)  # type: ignore[arg-type]
            assert isinstance(source, FollowedSession) and source.process == other.pid
            app.change_to(source)
            await until(pilot, lambda: isinstance(app.screen, Workbench) and app.view.head.seq > 0)
            assert pill(app.view).name == "FOLLOWING"
            other.send_signal(signal.SIGKILL)
            other.wait()
            await until(pilot, lambda: app.view.process is None)
            assert "not finished" in pill(app.view).detail
        app.close_source()
    finally:
        other.kill()
        other.wait()
    with Store.open(place) as store:
        assert store.catalog.find(session).status == "interrupted"
    done = subprocess.run(
        [sys.executable, "-m", "rlm_tui", "resume", session, "--headless"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "done" in done.stdout


async def test_a_killed_worker_of_a_cluster_costs_what_was_in_flight(
    place: StoreUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="needs the extra [cluster]")
    from tests.functional import test_cluster

    monkeypatch.setattr(test_cluster, "store_at", lambda folder: place)
    await test_cluster.test_a_worker_that_is_killed_costs_what_was_in_flight_on_it(tmp_path)


def test_two_programs_over_one_table_run_each_cell_once(place: StoreUrl, tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text('leaves:\n  - {match: ".", text: "7", delay: 0.2}\ndefault: "7"\n')
    table = ["--lengths", "1000", "--limit", "10", "--methods", "direct", "--concurrency", "2"]
    command = [sys.executable, "-m", "rlm_tui", "bench", "run", "sniah", *table, "--models", "scripted:slow.yaml"]
    programs = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)
    ]
    for program in programs:
        program.wait(60)
    with Store.open(place) as store:
        assert [row.status for row in store.results.cells("sniah")] == ["ok"] * 10
        attempts = store.results.attempts("sniah")
        assert sorted(attempt.number for attempt in attempts) == [1] * 10
        assert len({row.id for row in store.catalog.list()}) == 10


def test_a_server_that_goes_away_in_mid_table_costs_no_finished_cell(
    place: StoreUrl, server: postgres.Server, tmp_path: Path
) -> None:
    (tmp_path / "slow.yaml").write_text('leaves:\n  - {match: ".", text: "7", delay: 0.3}\ndefault: "7"\n')
    table = ["--lengths", "1000", "--limit", "8", "--methods", "direct,rlm:0", "--concurrency", "2"]
    command = [sys.executable, "-m", "rlm_tui", "bench", "run", "sniah", *table, "--models", "scripted:slow.yaml"]
    program = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert program.stderr is not None
    said = []
    for line in program.stderr:
        said.append(line)
        if line.startswith("4/16 "):
            server.stop()
    try:
        assert program.wait(30) == BAD_INPUT
        assert not [line for line in said if "Traceback" in line or "Error" in line]
        # It was writing when the server went, or had to connect anew.
        assert any(line.startswith("rlm-tui: ") and f"the store {place} " in line for line in said), said
    finally:
        server.start()
    with Store.open(place) as store:
        before = {row.key: row for row in store.results.cells("sniah") if row.done}
    assert len(before) >= 2, "what a cell leaves to be written shares the commit of the next"
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    with Store.open(place) as store:
        after = {row.key: row for row in store.results.cells("sniah")}
    assert {row.status for row in after.values()} == {"ok"} and len(after) == 16
    assert all(after[key] == row for key, row in before.items())
