"""The debugger's verbs beyond stepping, by their keys: look, watch, restart, run to a place, mark, jump, cancel a call."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from rlm_tui import events as ev
from rlm_tui.engine.looking import NotPossible
from rlm_tui.tui.app import WorkbenchApp
from rlm_tui.tui.marks import Marks
from rlm_tui.tui.screens.confirm import Confirm
from rlm_tui.tui.screens.jump import Jump
from rlm_tui.tui.screens.look import Expression, Look
from rlm_tui.tui.screens.mark_list import MarkList
from rlm_tui.tui.screens.watches import Watches
from tests.support.novel import build
from tests.support.screen import app_at, app_on, gate_of, press, screen_text, settle, source_of
from tests.support.sessions import Script


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of these tests is written to the folder of whoever runs them."""
    monkeypatch.setattr("rlm_tui.tui.marks.data_dir", lambda: tmp_path)


def told(app: WorkbenchApp) -> list[str]:
    return [note.message for note in app._notifications]


# --- evaluate


async def test_e_evaluates_in_the_selected_node_and_shows_what_came_of_it() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "e")
        assert isinstance(app.screen, Look)
        await press(pilot, *"len(hits)", "enter")
        assert gate_of(app).did == [("evaluate", "len(hits)", "0")]
        assert "…" in screen_text(app)
        event = ev.Evaluated(node="0", code="len(hits)", shown=source_of(app).keep("17 [b]hits[/]"), preview="17")
        gate_of(app).looked.set_result(event)
        script, _, marks = build()
        last = script.entries[marks["held"] - 1]
        source_of(app).feed([ev.Entry(last.seq + 1, last.at + 1, event)])
        app.workbench.tick()
        app.screen._draw()
        await settle(pilot)
        assert "17 [b]hits[/]" in screen_text(app)
        assert app.view.state.looks == [event]
        await press(pilot, "up")
        assert app.screen.query_one(Expression).text == "len(hits)"
        await press(pilot, "escape")
        assert app.screen is app.workbench


async def test_a_refusal_is_shown_where_one_looks() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "e", "x", "enter")
        gate_of(app).looked.set_exception(NotPossible("This node has ended, and its REPL with it."))
        app.screen._draw()
        await settle(pilot)
        assert "This node has ended, and its REPL with it." in screen_text(app)


async def test_enter_waits_for_the_end_of_what_is_not_complete_and_pasted_lines_stay() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "e", *"f(", "enter", "1", ")")
        assert gate_of(app).did == []
        await press(pilot, "ctrl+s")
        assert gate_of(app).did == [("evaluate", "f(\n1)", "0")]
        from textual import events

        app.post_message(events.Paste("a = 1\nb = 2\na + b"))
        await settle(pilot)
        await press(pilot, "ctrl+s")
        assert gate_of(app).did[-1] == ("evaluate", "a = 1\nb = 2\na + b", "0")


@pytest.mark.parametrize(("moment", "says"), [("asked", "not paused"), ("replay", "saved session")])
async def test_looking_says_why_it_can_not_be_done(moment: str, says: str) -> None:
    app = app_at(moment)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "e")
        assert app.screen is app.workbench
        assert any(says in words for words in told(app))


def with_a_look() -> tuple[Script, list[object]]:
    script, document, marks = build()
    del script.entries[marks["held"] :]
    script.add(ev.WatchSet(number=1, expression="len(hits)"), ev.WatchSet(number=2, expression="nowhere"))
    script.add(ev.Watched(node="0", values=(ev.WatchValue(1, "17"), ev.WatchValue(2, "NameError: no", failed=True))))
    script.add(ev.Evaluated(node="0", code="hits[0]", shown=script.put("'first'"), preview="'first'", copied=True))
    return script, [document]


async def test_a_replay_shows_what_was_looked_at_and_watched_up_to_the_cursor() -> None:
    script, documents = with_a_look()
    app = app_on(script, documents, live=False)  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "17" in screen_text(app) and "NameError: no" in screen_text(app)
        assert "= 'first'" in screen_text(app)
        await press(pilot, "e")
        assert isinstance(app.screen, Look)
        assert "'first'" in screen_text(app) and "thrown away" in screen_text(app)
        assert not app.screen.query(Expression)
        await press(pilot, "escape", "left")
        assert app.view.state.looks == []
        await press(pilot, "left")
        assert "not looked at yet" in screen_text(app)


# --- watch


async def test_w_adds_and_deletes_watches_and_says_what_can_not_be_watched() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "w")
        assert isinstance(app.screen, Watches)
        await press(pilot, *"hits.pop()", "enter")
        assert gate_of(app).did == []
        assert "may change something" in screen_text(app)
        app.screen.query_one(Input).value = ""
        await press(pilot, *"len(hits)", "enter")
        assert gate_of(app).did == [("watch", "len(hits)")]
    script, documents = with_a_look()
    app = app_on(script, documents)  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "w", "delete")
        assert gate_of(app).did == [("clear_watch", 1)]


# --- stepping one node of several


def with_two_nodes() -> tuple[Script, list[object]]:
    """Held in the first of two child nodes that run at the same time."""
    script, document, _ = build()
    index = next(
        n for n, e in enumerate(script.entries) if isinstance(e.event, ev.CallReserved) and e.event.call == "0:c3.1"
    )
    del script.entries[index:]
    for number in (1, 2):
        node = f"0/c3.{number}"
        script.add(
            ev.NodeStarted(
                node=node, depth=1, model="m", query="q", context_kind="str", context_chars=9, parent="0", cell="0:c3",
                ordinal=number, batch=1,
            )
        )  # fmt: skip
        script.add(ev.CellProposed(cell=f"{node}:c1", node=node, turn=1, code=script.put("x = 1")))
    script.add(ev.Paused(stop="before_exec", node="0/c3.1", reason="step into", turn=1, cell="0/c3.1:c1"))
    return script, [document]


@pytest.mark.parametrize(("key", "verb"), [("n", "over"), ("f", "finish")])
async def test_a_step_is_for_the_selected_node_when_it_runs(key: str, verb: str) -> None:
    script, documents = with_two_nodes()
    app = app_on(script, documents)  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, key)
        app.workbench.select("0/c3.2")
        await press(pilot, key)
        assert gate_of(app).did == [(verb, None), (verb, "0/c3.2")]


# --- restart


async def test_r_begins_the_selected_node_again_after_asking() -> None:
    script, documents = with_two_nodes()
    app = app_on(script, documents)  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.workbench.select("0/c3.2")
        await press(pilot, "R")
        assert isinstance(app.screen, Confirm)
        assert "0/c3.2" in screen_text(app)
        await press(pilot, "n")
        assert gate_of(app).did == []
        await press(pilot, "R", "y")
        assert gate_of(app).did == [("restart", "0/c3.2")]


async def test_a_superseded_node_says_so_in_the_tree() -> None:
    script, documents = with_two_nodes()
    script.add(ev.NodeRestarted(node="0/c3.1", again="0/c3.1~2"))
    script.add(ev.NodeEnded(node="0/c3.1", status="superseded"))
    started = next(e.event for e in script.entries if isinstance(e.event, ev.NodeStarted) and e.event.node == "0/c3.1")
    script.add(
        ev.NodeStarted(
            node="0/c3.1~2", depth=1, model="m", query="q", context_kind="str", context_chars=9, parent="0",
            cell=started.cell, ordinal=1,
        )
    )  # fmt: skip
    app = app_on(script, documents)  # type: ignore[arg-type]
    async with app.run_test(size=(160, 36)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "node 1 superseded" in text
        assert "node 1 try 2" in text


async def test_the_root_is_not_begun_again_while_it_runs() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "R")
        assert app.screen is app.workbench
        assert any("The root is the whole run" in words for words in told(app))


# --- to here


async def test_t_seeks_to_a_selected_row_and_else_asks_how_far_to_run() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "t", *"cost>", "enter")
        assert gate_of(app).did == []
        await press(pilot, "t", "7", "enter")
        await press(pilot, "t", *"final", "enter")
        assert gate_of(app).did == [("run_to", "turn==7"), ("run_to", "final")]
        app.workbench.select("0:t2")
        await press(pilot, "t")
        assert not app.view.live
        assert len(gate_of(app).did) == 2


# --- pausing twice


async def test_p_twice_says_what_becomes_of_the_call_in_flight() -> None:
    script, document, marks = build()
    del script.entries[marks["asked"] :]
    script.add(ev.PauseRequested())
    app = app_on(script, [document])
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "p")
        assert gate_of(app).did == [("pause",)]
        assert any("is cancelled and may be billed" in words for words in told(app))
    app = app_at("asked")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "p")
        assert any("again cancels the call in flight" in words for words in told(app))


# --- marks


async def test_marks_of_a_live_run_go_to_the_record_and_are_gone_to() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        head = app.view.head.seq
        await press(pilot, "left", "left", "M", *"odd", "enter")
        assert isinstance(app.screen, MarkList)
        assert gate_of(app).did == [("mark", head - 2, "odd")]
    script, document, marks = build()
    del script.entries[marks["held"] :]
    script.add(ev.MarkSet(number=4, at=5, name="here [b]it[/] began"))
    app = app_on(script, [document])
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "◆" in screen_text(app)
        await press(pilot, "M")
        assert "event 5  here [b]it[/] began" in screen_text(app)
        await press(pilot, "down", "enter")
        assert app.screen is app.workbench
        assert app.view.state.seq == 5
        await press(pilot, "M", "down", "delete")
        assert gate_of(app).did == [("clear_mark", 4)]


async def test_marks_on_a_saved_session_are_kept_beside_the_store(tmp_path: Path) -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "left", "M", "enter", "escape", "left", "left", "M", *"two", "enter")
        kept = Marks(app.view, tmp_path / "marks.json").items()
        assert [name for _, name in kept.values()] == ["two", ""]
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert len(app.workbench.marks.items()) == 2
        await press(pilot, "M", "down", "delete", "delete", "escape")
        assert app.workbench.marks.items() == {}
    assert Marks(app.view, tmp_path / "marks.json").items() == {}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"novel": 3}', '{"novel": {"x": 1, "2": [3]}}'])
async def test_a_damaged_file_of_marks_is_no_marks(text: str, tmp_path: Path) -> None:
    (tmp_path / "marks.json").write_text(text)
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.view.head.session = "novel"
        assert Marks(app.view, tmp_path / "marks.json").items() == {}


# --- jumping, remarks


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_letter_goes_to_each_pane(size: tuple[int, int]) -> None:
    app = app_at("held")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        targets = list(app.workbench.jump_targets())
        assert set(targets) >= {"document", "tree", "code", "output", "variables"}
        for letter, pane in zip("asdfgh", targets, strict=False):
            await press(pilot, "ctrl+o")
            assert isinstance(app.screen, Jump)
            await press(pilot, letter)
            assert app.workbench.focused_pane == pane
        await press(pilot, "ctrl+o", "x")
        assert app.screen is app.workbench


async def test_a_remark_that_stands_there_is_not_said_again() -> None:
    app = app_at("asked")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, *"nnnnn")
        assert len(told(app)) == 1
        await press(pilot, "E")
        assert len(told(app)) == 2


# --- the rest of the verbs


async def test_ending_the_run_asks_first() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.workbench.action_run("run.cancel")
        await settle(pilot)
        assert isinstance(app.screen, Confirm)
        await press(pilot, "n")
        assert gate_of(app).did == []
        app.workbench.action_run("run.cancel")
        await settle(pilot)
        await press(pilot, "y")
        assert gate_of(app).did == [("cancel",)]


async def test_one_event_back_passes_over_what_comes_in_crowds() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        at = app.view.state.seq
        assert at < app.view.head.seq
        event = app.view.timeline.entries[at - 1].event
        assert not isinstance(event, ev.CallPartial | ev.CellOutput | ev.AttemptStarted | ev.TextSeen)


async def test_panes_get_slimmer_and_shorter_and_scroll_to_the_side() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        grid = app.workbench.grid
        width = grid.query_one("#tree").size.width
        await press(pilot, "2", "ctrl+left")
        assert grid.query_one("#tree").size.width < width
        await press(pilot, "4")
        height = grid.query_one("#output").size.height
        await press(pilot, "ctrl+up", "ctrl+up")
        taller = grid.query_one("#output").size.height
        assert taller > height
        await press(pilot, "ctrl+down")
        assert grid.query_one("#output").size.height < taller
        await press(pilot, "3", "greater_than_sign")
        assert app.workbench.code.scroll_offset.x > 0
        await press(pilot, "less_than_sign")
        assert app.workbench.code.scroll_offset.x == 0


async def test_a_screenshot_is_a_picture_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_at("held")
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        saved: list[str] = []
        real = app.save_screenshot
        monkeypatch.setattr(app, "save_screenshot", lambda: saved.append(real(path=str(tmp_path))) or saved[-1])
        app.workbench.action_run("app.screenshot")
        await settle(pilot)
        assert Path(saved[0]).read_text().startswith("<svg")
        assert any(saved[0] in words for words in told(app))
