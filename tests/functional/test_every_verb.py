"""Each action of the registry, by its key: what it is there for is not so before, and is so afterwards.

A verb that did nothing fails here, and so does an action that nobody has written a line for. What each verb does in every
state is tested beside its kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from rlm_tui.document.document import Document
from rlm_tui.engine.control import Stop
from rlm_tui.tui.actions import ACTIONS, BY_ID
from rlm_tui.tui.app import WorkbenchApp
from rlm_tui.tui.desk import Desk
from rlm_tui.tui.screens.answer import Answer
from rlm_tui.tui.screens.ask import Ask, FollowUp
from rlm_tui.tui.screens.breakpoints import Breakpoints
from rlm_tui.tui.screens.browser import Browser
from rlm_tui.tui.screens.choose import Choose
from rlm_tui.tui.screens.confirm import Confirm
from rlm_tui.tui.screens.edit import EditCell
from rlm_tui.tui.screens.fork import ForkDialog
from rlm_tui.tui.screens.help import Help
from rlm_tui.tui.screens.inject import Inject, Override
from rlm_tui.tui.screens.jump import Jump
from rlm_tui.tui.screens.look import Look
from rlm_tui.tui.screens.mark_list import MarkList
from rlm_tui.tui.screens.open_file import OpenFile
from rlm_tui.tui.screens.settings import SettingsScreen
from rlm_tui.tui.screens.watches import Watches
from tests.support.desk import at_home
from tests.support.novel import build
from tests.support.screen import app_on, gate_of, press, settle
from tests.support.sessions import Script
from tests.support.shelf import MadeUpShelf

Holds = Callable[[WorkbenchApp], object]


@dataclass(frozen=True)
class Case:
    """`before` are the keys that make ready for the verb; `holds` is false then, and true after the verb's own key."""

    action: str
    holds: Holds
    before: str = ""


def on(screen: type[Any]) -> Holds:
    return lambda app: isinstance(app.screen, screen)


def did(verb: str) -> Holds:
    return lambda app: any(what[0] == verb for what in gate_of(app).did)


def pane(name: str) -> Holds:
    return lambda app: app.workbench.focused_pane == name


def cursor(app: WorkbenchApp) -> int:
    lines = app.workbench.lines
    assert lines is not None
    return lines.cursor


def size(app: WorkbenchApp, name: str) -> tuple[int, int]:
    width, height = app.workbench.grid.query_one(f"#{name}").size
    return width, height


def line(app: WorkbenchApp) -> int:
    return app.workbench.document.text.cursor


def rows(app: WorkbenchApp) -> int:
    return app.workbench.tree_pane.count()


def seq(app: WorkbenchApp) -> int:
    return app.view.state.seq


TREE = (35, 17)  # Columns and rows of the tree at 120 by 36.

HELD = (
    Case("pane.document", pane("document"), "2"),
    Case("pane.tree", pane("tree")),
    Case("pane.code", pane("code")),
    Case("pane.output", pane("output")),
    Case("pane.variables", pane("variables")),
    Case("pane.timeline", pane("timeline")),
    Case("pane.next", lambda app: app.workbench.focused_pane not in ("tree", None), "2"),
    Case("pane.previous", pane("tree")),
    Case("pane.jump", on(Jump)),
    Case("pane.wider", lambda app: size(app, "tree")[0] > TREE[0], "2"),
    Case("pane.slimmer", lambda app: size(app, "tree")[0] == TREE[0]),
    Case("pane.shorter", lambda app: size(app, "tree")[1] < TREE[1]),
    Case("pane.taller", lambda app: size(app, "tree")[1] == TREE[1]),
    Case("move.top", lambda app: cursor(app) == 0, "2"),
    Case("move.down", lambda app: cursor(app) == 1),
    Case("move.up", lambda app: cursor(app) == 0),
    Case("move.bottom", lambda app: cursor(app) == rows(app) - 1),
    Case("move.fold_all", lambda app: rows(app) < 10),
    Case("move.open_all", lambda app: rows(app) > 10),
    Case("move.enter", lambda app: rows(app) < 10, "ctrl+home"),
    Case("app.back", lambda app: app.view.selected is None, "enter"),
    Case("move.page_down", lambda app: cursor(app) > 0, "1 ctrl+home"),
    Case("move.page_up", lambda app: cursor(app) == 0),
    Case("move.right", lambda app: app.workbench.code.scroll_offset.x > 0, "3"),
    Case("move.left", lambda app: app.workbench.code.scroll_offset.x == 0),
    Case("look.copy", lambda app: app.clipboard.startswith("# verify")),
    Case("look.zoom", lambda app: app.workbench.grid.wishes.zoomed == "code"),
    Case("look.find", lambda app: app.workbench.prompt.display, "z 1 ctrl+home"),
    Case("look.find_next", lambda app: line(app) == 712, "escape / n a t a s h a enter"),
    Case("look.goto", lambda app: app.workbench.prompt.display),
    Case("look.read_by", lambda app: app.workbench.document.has_class("-readers"), "5 0 enter"),
    Case("look.next_document", lambda app: app.workbench.document.text.number == 1),
    Case("look.previous_document", lambda app: app.workbench.document.text.number == 0),
    Case("run.inject", on(Inject), "2"),
    Case("run.edit", on(EditCell)),
    Case("run.breakpoints", on(Breakpoints)),
    Case("run.break_here", lambda app: isinstance(app.screen, Breakpoints) and isinstance(app.focused, Input)),
    Case("run.cancel", on(Confirm)),
    Case("run.evaluate", on(Look)),
    Case("run.watch", on(Watches)),
    Case("run.ask", on(Ask)),
    Case("run.fork", on(ForkDialog)),
    Case("time.marks", on(MarkList)),
    Case("app.help", on(Help)),
    Case("app.palette", on(CommandPalette)),
    Case("app.screenshot", lambda app: list(Path.cwd().glob("*.svg"))),
    Case("app.open", on(OpenFile)),
    Case("app.settings", on(SettingsScreen)),
    Case("app.sessions", on(Browser)),
    Case("app.results", lambda app: any("no store" in note.message for note in app._notifications)),
    Case("app.quit", on(Confirm)),
    Case("run.over", did("over")),
    Case("run.into", did("into")),
    Case("run.finish", did("finish")),
    Case("run.continue", did("go")),
)

REPLAY = (
    Case("run.answer", on(Answer)),
    Case("run.diff", on(Choose)),
    Case("run.follow_up", on(FollowUp)),
    Case("run.again", on(ForkDialog)),
    Case("time.faster", lambda app: app.view.speed > 1),
    Case("time.slower", lambda app: app.view.speed == 1),
    Case("time.turn_back", lambda app: seq(app) < app.view.head.seq),
    Case("time.head", lambda app: seq(app) == app.view.head.seq),
    Case("time.event_back", lambda app: seq(app) < app.view.head.seq),
    Case("time.end", lambda app: seq(app) == app.view.head.seq),
    Case("time.left", lambda app: seq(app) == app.view.head.seq - 1),
    Case("time.right", lambda app: seq(app) == app.view.head.seq),
    Case("time.stop_back", lambda app: 1 < seq(app) < app.view.head.seq - 10),
    Case("time.start", lambda app: 0 < seq(app) < 4),
    Case("time.home", lambda app: seq(app) == 0),
    Case("time.next_error", lambda app: app.view.row == "0:t4", "L x"),
    Case("time.previous_error", lambda app: app.view.row == "0/c3.3:c1.2"),
    Case("time.here", lambda app: seq(app) < app.view.head.seq),
    Case("time.play", lambda app: app.view.playing, "L"),
)

ASKED = (
    Case("look.unread", lambda app: line(app) > 0, "1 ctrl+home"),
    Case("run.pause", did("pause")),
)

SUBCALL = (Case("run.override", on(Override)),)

SCENES = {"held": HELD, "replay": REPLAY, "asked": ASKED, "subcall": SUBCALL}


def app_in(scene: str, folder: Path) -> WorkbenchApp:
    """The novel's session in a program that has everything, at a moment."""
    script, document, marks = build()
    more = Document.from_text("notes.txt", "one\ntwo\n")
    if scene == "subcall":
        script, upto = _at_a_subcall(document), None
    else:
        upto = None if scene == "replay" else marks[scene]
    app = app_on(
        script,
        [document, more],
        upto=upto,
        live=scene != "replay",
        desk=Desk({"store": str(folder / "s.db")}, recent_file=folder / "recent.json"),
        shelf=MadeUpShelf(),
        fork=lambda wish: pytest.fail("nothing was wished"),
    )
    if scene == "subcall":
        gate_of(app).held = Stop("at_subcall", "0", call="0:c1.1", prompt="Does he?")
    return app


def _at_a_subcall(document: Document) -> Script:
    from rlm_tui import events as ev

    script = Script()
    script.start([document], "When?")
    cell = script.turn("0", 1, says="Ask.", code="llm_query('Does he?')", usage=ev.Usage())
    script.run(cell)
    script.add(ev.Paused(stop="at_subcall", node="0", reason="step into", cell=cell, call="0:c1.1"))
    return script


@pytest.mark.parametrize("scene", SCENES)
async def test_what_a_verb_is_for_holds_after_its_key_and_not_before(
    scene: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home(tmp_path, monkeypatch)
    app = app_in(scene, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for case in SCENES[scene]:
            await press(pilot, *case.before.split())
            assert not case.holds(app), f"{case.action}: it holds before the key is pressed"
            keys = BY_ID[case.action].keys
            if keys:
                await press(pilot, keys[0])
            else:
                app.workbench.action_run(case.action)
                await settle(pilot)
            assert case.holds(app), f"{case.action}: it does not hold after the key {keys}"
            while app.screen is not app.workbench:
                app.pop_screen()
                await settle(pilot)
            if app.workbench.prompt.display and case.action == "look.find":
                await press(pilot, "escape")


def test_every_action_has_its_line() -> None:
    lines = [case.action for cases in SCENES.values() for case in cases]
    assert sorted(lines) == sorted(action.id for action in ACTIONS)
