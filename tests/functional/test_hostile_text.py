"""Text from documents, models and stores on every screen: it is shown, and steers nothing.

The panes of the workbench have a test of their own (`test_workbench_panes`), comparisons and results too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import App
from textual.pilot import Pilot

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.document.visible import visible
from rlm_tui.engine.control import Stop
from rlm_tui.tui.app import WorkbenchApp
from rlm_tui.tui.desk import Desk
from rlm_tui.tui.screens.confirm import Confirm
from rlm_tui.tui.screens.failure import Failure
from rlm_tui.tui.screens.open_file import completion
from rlm_tui.tui.screens.resume import OfferResume
from tests.support.desk import at_home
from tests.support.screen import app_on, gate_of, press, screen_text, settle
from tests.support.sessions import Script, usage
from tests.support.shelf import NOW, ROWS, BrowserApp, MadeUpShelf

MARK = "[bold]m[/] "
HOSTILE = (
    MARK
    + "[@click=app.bell]x[/] \x1b[31mred\x1b]0;t\x07 \x00\x9b2J \u202eabc\u200b 漢字かな 🙂👩‍👩‍👧 e\u0301\u0301\u0301 \ud800 "
    + "W" * 20_000
)
TEXT = HOSTILE.replace("\ud800", "") + "\r\n\ttab\n" + HOSTILE.replace("\ud800", "")
SHORT = TEXT[:150]
ONE_LINE = SHORT.replace("\n", " ")
SIZES = [(80, 24), (120, 36)]

ROW = replace(
    ROWS[2], query=TEXT, model=SHORT, answer=TEXT, error=TEXT, note=TEXT, tags=(SHORT,), documents=((SHORT, 9),)
)


def hostile(end: bool) -> tuple[Script, Document]:
    """A session in which everything that a document or a model can say is hostile."""
    document = Document.from_text(f"{SHORT}.txt", TEXT)
    script = Script()
    script.start([document], TEXT, model=SHORT, sub_model=SHORT)
    cell = script.turn("0", 1, says=TEXT, code=f"print({MARK!r})  # {TEXT}", usage=usage(10, 10, 0.0), model=SHORT)
    if end:
        script.run(cell)
        error = ev.CellError("E" + SHORT, TEXT, 1, TEXT)
        script.done(cell, TEXT, status="error", error=error, variables=(ev.Variable(SHORT, SHORT, 3, SHORT, "new"),))
        script.add(ev.MarkSet(number=1, at=3, name=ONE_LINE))
        script.add(ev.SessionEnded(status="completed", answer=script.put(TEXT)))
        return script, document
    script.run(cell)
    script.ask(
        "0:c1.1", "0", purpose="leaf", model=SHORT, prompt=TEXT, depth=1, usage=usage(1, 1, 0.0), cell=cell, ordinal=1
    )
    script.add(ev.Paused(stop="at_subcall", node="0", reason="step into", cell=cell, call="0:c1.1"))
    return script, document


def clean(app: App[Any]) -> str:
    """The screen, none of whose characters is one that a terminal acts on, and whose lines are as wide as it is."""
    width, _ = app.size
    for strip in app.screen._compositor.render_strips():
        assert visible(strip.text, 0) == strip.text
        assert strip.cell_length == width, repr(strip.text)
    return screen_text(app)


def on(script: Script, document: Document, folder: Path, *, live: bool) -> WorkbenchApp:
    shelf = MadeUpShelf([ROW])
    desk = Desk({"store": str(folder / "s.db")}, recent_file=folder / "recent.json")
    return app_on(script, [document], live=live, desk=desk, shelf=shelf, fork=lambda wish: pytest.fail("no wish"))


async def look_at(pilot: Pilot[int], action: str) -> str:
    """Do an action, look at the screen, and close what came."""
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    app.workbench.action_run(action)
    await settle(pilot)
    assert app.screen is not app.workbench, action
    text = clean(app)
    for key in ("pagedown", "end"):
        await press(pilot, key)
        clean(app)
    while app.screen is not app.workbench:
        app.pop_screen()
        await settle(pilot)
    return text


@pytest.mark.parametrize("size", SIZES)
async def test_dialogs_over_a_session_that_has_ended(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home(tmp_path, monkeypatch)
    script, document = hostile(end=True)
    app = on(script, document, tmp_path, live=False)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        clean(app)
        for action in ("run.answer", "run.diff", "run.follow_up", "run.fork", "run.ask", "time.marks", "app.help"):
            text = await look_at(pilot, action)
            assert action in ("run.ask", "app.help") or MARK.strip() in text, action


@pytest.mark.parametrize("size", SIZES)
async def test_dialogs_over_a_run_that_is_held(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home(tmp_path, monkeypatch)
    script, document = hostile(end=False)
    script.add(ev.WatchSet(number=1, expression=ONE_LINE))
    script.add(ev.Watched(node="0", values=(ev.WatchValue(1, TEXT),)))
    script.add(ev.Evaluated(node="0", code=ONE_LINE, shown=script.put(TEXT), preview=ONE_LINE))
    script.add(ev.BreakpointSet(number=1, condition=f'code~"{MARK}"'))
    app = on(script, document, tmp_path, live=True)
    async with app.run_test(size=size) as pilot:
        gate_of(app).held = Stop("at_subcall", "0", 1, "0:c1", "0:c1.1", prompt=TEXT)
        await settle(pilot)
        clean(app)
        for action in ("run.override", "run.watch", "run.evaluate", "run.breakpoints"):
            text = await look_at(pilot, action)
            assert action == "run.evaluate" or MARK.strip() in text, action


@pytest.mark.parametrize("size", SIZES)
async def test_the_cell_under_the_editor(size: tuple[int, int]) -> None:
    script, document = hostile(end=False)
    held = next(n for n, entry in enumerate(script.entries) if isinstance(entry.event, ev.CellStarted))
    del script.entries[held:]
    script.add(ev.Paused(stop="before_exec", node="0", reason="step over", cell="0:c1"))
    app = app_on(script, [document])
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "print('[bold]m[/] ')" in await look_at(pilot, "run.edit")


@pytest.mark.parametrize("size", SIZES)
async def test_what_the_program_says_of_it(size: tuple[int, int]) -> None:
    script, document = hostile(end=True)
    app = app_on(script, [document], live=False)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for screen in (Failure(HOSTILE, saved=True), OfferResume([ROW], NOW), Confirm("Sure?", visible(SHORT))):
            app.push_screen(screen)
            await pilot.pause()
            assert MARK.strip() in clean(app)
            app.pop_screen()
            await pilot.pause()
        app.workbench.tell(visible(SHORT))
        await pilot.pause()
        assert MARK.strip() in clean(app)


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_of_sessions(size: tuple[int, int]) -> None:
    app = BrowserApp(MadeUpShelf([ROW]))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert MARK.strip() in clean(app)
        await pilot.press("delete")
        await pilot.pause()
        assert MARK.strip() in clean(app)


def test_a_file_whose_name_steers_a_terminal_is_not_completed(tmp_path: Path) -> None:
    (tmp_path / "a\x1b]0;t\x07.txt").touch()
    assert completion(f"{tmp_path}/a") is None
    (tmp_path / "ab.txt").touch()
    assert completion(f"{tmp_path}/a") == f"{tmp_path}/ab.txt"


async def test_the_code_that_is_edited_keeps_what_is_only_shown_by_a_stand_in() -> None:
    """Saving what nobody has changed changes nothing, and a change elsewhere leaves the rest as it was."""
    script, document = hostile(end=False)
    held = next(n for n, entry in enumerate(script.entries) if isinstance(entry.event, ev.CellStarted))
    del script.entries[held:]
    script.add(ev.Paused(stop="before_exec", node="0", reason="step over", cell="0:c1"))
    code = "x = 1\ny = '\x1b[31m\u202e'\n"
    script.blobs[next(e.event.code.sha for e in script.entries if isinstance(e.event, ev.CellProposed))] = code
    app = app_on(script, [document])
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "E", "ctrl+home", "end", "2")
        assert "␛[31m⇄" in clean(app)
        await press(pilot, "ctrl+s")
        assert gate_of(app).did == [("edit", "0:c1", code.replace("x = 1", "x = 12"))]
