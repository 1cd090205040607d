"""Every verb of the operator, by its key, in a live run, in the past and in a replay."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.engine.control import Stop
from rlm_tui.tui.app import WorkbenchApp
from rlm_tui.tui.screens.answer import Answer
from rlm_tui.tui.screens.ask import Ask
from rlm_tui.tui.screens.breakpoints import Breakpoints
from rlm_tui.tui.screens.confirm import Confirm
from rlm_tui.tui.screens.edit import EditCell
from rlm_tui.tui.screens.failure import Failure
from rlm_tui.tui.screens.help import Help
from rlm_tui.tui.status import pill
from tests.support.novel import QUERY, VERIFY, build
from tests.support.screen import app_at, app_on, gate_of, press, screen_text, settle, source_of
from tests.support.sessions import Script


def held_before(call: str, paused: ev.Paused) -> WorkbenchApp:
    """The novel's run, held where `paused` says, with nothing recorded from `call` on."""
    script, document, _ = build()
    reserved = (
        n for n, e in enumerate(script.entries) if isinstance(e.event, ev.CallReserved) and e.event.call == call
    )
    del script.entries[next(reserved) :]
    script.add(paused)
    return app_on(script, [document])


@pytest.mark.parametrize(
    ("key", "did"),
    [("n", ("over", None)), ("s", ("into",)), ("f", ("finish", None)), ("c", ("go",))],
)
async def test_steps_go_to_the_run_while_it_is_held(key: str, did: tuple[object, ...]) -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, key)
        assert gate_of(app).did == [did]


async def test_pause_while_it_runs_and_a_reason_while_it_is_held() -> None:
    app = app_at("asked")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert pill(app.view).name == "THINKING"
        await press(pilot, "n")
        assert gate_of(app).did == []  # It is not held, so there is nothing to step.
        await press(pilot, "p")
        assert gate_of(app).did == [("pause",)]
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "p")
        assert gate_of(app).did == []


async def test_inject_sends_what_was_written_to_the_selected_node() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "i", "h", "i", "enter", "n", "o", "ctrl+s")
        assert gate_of(app).did == [("inject", "hi\nno", "0")]
        await press(pilot, "i", "x", "escape")
        assert len(gate_of(app).did) == 1


async def test_edit_changes_the_cell_and_keeps_the_text() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "E")
        assert isinstance(app.screen, EditCell)
        await press(pilot, "x", "ctrl+s")
        assert gate_of(app).did == [("edit", "0:c4", "x" + VERIFY)]
        await press(pilot, "E", "ctrl+s")
        assert len(gate_of(app).did) == 1  # Nothing was changed.


async def test_edit_says_where_python_cannot_read_it() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "E", "ctrl+home", "(")
        assert "Line" in screen_text(app)


async def test_breakpoints_are_checked_while_typed_added_and_deleted() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "B")
        assert isinstance(app.screen, Breakpoints)
        await press(pilot, *"cost>", "enter")
        assert gate_of(app).did == []
        assert app.screen.query_one("#problem").render().plain  # type: ignore[union-attr]
        await press(pilot, "1", "enter")
        assert gate_of(app).did == [("set_breakpoint", "cost>1")]
        await press(pilot, "shift+tab", "delete")
        assert gate_of(app).did[-1] == ("clear_breakpoint", 1)
        await press(pilot, "escape")
        assert app.screen is app.workbench


async def test_breakpoints_set_before_the_run_wait_for_it() -> None:
    script, document, marks = build()
    source = script.source([document], upto=marks["first"], live=True)
    from rlm_tui.tui.app import Options, WorkbenchApp

    app = WorkbenchApp(
        Options(
            documents=[document], start=lambda question: source, breakpoints=["error"], ticking=False, run_at_once=True
        )
    )
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, Ask)
        await press(pilot, *"why?", "enter")
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert gate_of(app).did == [("set_breakpoint", "error"), ("go",)]


async def test_asking_starts_the_run_with_the_question() -> None:
    script, document, marks = build()
    source = script.source([document], upto=marks["first"], live=True)
    asked: list[str] = []
    from rlm_tui.tui.app import Options, WorkbenchApp

    def start(question: str) -> object:
        asked.append(question)
        return source

    app = WorkbenchApp(Options(documents=[document], start=start, ticking=False))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        assert isinstance(app.screen, Ask)  # An empty question is none.
        await press(pilot, *"why", "enter")
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert asked == ["why"]
        assert app.view.head.query == QUERY
        assert pill(app.view).name == "PAUSED"


async def test_a_run_that_cannot_start_is_one_sentence() -> None:
    _, document, _ = build()
    from rlm_tui.tui.app import Options, WorkbenchApp

    def start(question: str) -> object:
        raise RuntimeError("OPENAI_API_KEY is not set; set it, or choose another model.")

    app = WorkbenchApp(Options(documents=[document], question="why", start=start, ticking=False))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert isinstance(app.screen, Failure)
        assert "OPENAI_API_KEY is not set" in screen_text(app)
        await press(pilot, "escape")
        assert app.screen is app.workbench
        assert pill(app.view).name == "IDLE"


async def test_a_source_that_breaks_down_says_so_once_and_keeps_the_session() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        source_of(app).failure = "The store's disk is full; free some space and resume the session."
        await settle(pilot)
        assert isinstance(app.screen, Failure)
        await press(pilot, "escape")
        assert app.screen is app.workbench
        assert pill(app.view).name == "FAILED"
        assert app.workbench.tree_pane.count() > 10


async def test_the_answer_opens_at_the_end_of_a_run_and_by_key() -> None:
    app = app_at("end")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, Answer)
        assert "Chapter 7: he bows to the girl in yellow." in screen_text(app)
        await press(pilot, "enter")
        assert app.screen is app.workbench
        await press(pilot, "A")
        assert isinstance(app.screen, Answer)


async def test_what_nothing_backs_is_marked_in_the_answer() -> None:
    """A quote that no text holds, and a number that none does, are underlined; a quote that one holds is not."""
    document = Document.from_text("log.txt", "That winter the lantern was never lit, they said.\n")
    answer = 'It says "the lantern was never lit" and [b] "a purple elephant danced", 4711 times.'
    script = Script()
    script.start([document], "What does it say?")
    script.add(ev.SessionEnded(status="completed", answer=script.put(answer)))
    app = app_on(script, [document])
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, Answer)
        shown = app.screen.query_one("#answer-text", Static).render()
        assert isinstance(shown, Content) and shown.plain == answer
        marks = [shown.plain[span.start : span.end] for span in shown.spans if "underline" in str(span.style)]
        assert marks == ["a purple elephant danced", "4711"]
        assert "In no document, output or reply (underlined): a purple elephant danced, 4711." in screen_text(app)


async def test_quitting_asks_while_a_run_is_live() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "q")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "n")
        assert app.screen is app.workbench
        assert app.return_value is None
        await press(pilot, "q")
        await pilot.press("y")
        await pilot.pause()
        assert app.return_value == 0


async def test_quitting_a_replay_does_not_ask() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("q")
        await pilot.pause()
        assert app.return_value == 0


async def test_ctrl_c_pauses_and_twice_quits() -> None:
    app = app_at("asked")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+c")
        assert gate_of(app).did == [("pause",)]
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.return_value == 0


async def test_help_lists_every_action() -> None:
    from rlm_tui.tui.actions import ACTIONS
    from rlm_tui.tui.screens.help import help_text

    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        text = help_text(app.view, app.workbench.keys, app.palette).plain
        assert all(action.help in text for action in ACTIONS)
        await press(pilot, "escape")


async def test_the_palette_runs_an_action() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+p", *"continue")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert gate_of(app).did == [("go",)]


async def test_held_before_a_call_the_title_names_the_turn_of_that_call() -> None:
    app = held_before("0:t3", ev.Paused(stop="before_llm", node="0", reason="step into", turn=3, call="0:t3"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "PAUSED before the model call · turn 3/" in screen_text(app)


async def test_what_ends_elsewhere_does_not_take_the_eye_from_where_the_run_is_held() -> None:
    script, document, _ = build()
    index = next(
        n for n, e in enumerate(script.entries) if isinstance(e.event, ev.CallReserved) and e.event.call == "0:c3.1"
    )
    del script.entries[index + 1 :]
    script.add(ev.Paused(stop="at_subcall", node="0", reason="step into", cell="0:c3", call="0:c3.2"))
    script.add(ev.CallFinished(call="0:c3.1", reply=script.put("Nobody."), usage=ev.Usage(calls=1)))
    app = app_on(script, [document])
    async with app.run_test(size=(120, 36)) as pilot:
        gate_of(app).held = Stop("at_subcall", "0", 3, "0:c3", "0:c3.2", prompt="Who lit the lamp?")
        await settle(pilot)
        assert app.view.call is not None and app.view.call.turn == 3
        assert "held before sub-call 2" in screen_text(app)
        assert "o answer by hand" in screen_text(app)


async def test_a_node_that_is_held_before_its_model_is_called_is_marked_and_shown() -> None:
    """The turn has no row yet; another node did something last."""
    script, document, _ = build()
    index = next(n for n, e in enumerate(script.entries) if isinstance(e.event, ev.NodeEnded))
    del script.entries[index:]
    script.add(ev.CallFinished(call="0:c3.4", reply=script.put("no"), usage=ev.Usage(calls=1)))
    script.add(
        ev.Paused(stop="before_llm", node="0/c3.3", reason="bp #1 turn==2", turn=2, call="0/c3.3:t2", breakpoint=1)
    )
    app = app_on(script, [document])
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert app.view.node is not None and app.view.node.id == "0/c3.3"
        row = next(line for line in screen_text(app).splitlines() if "node 3" in line)
        assert "● node 3 PAUSED" in row


async def test_the_price_of_a_batch_stands_before_it_whole() -> None:
    app = held_before("0:c3.1", ev.Paused(stop="at_subcall", node="0", reason="step into", cell="0:c3", call="0:c3.1"))
    async with app.run_test(size=(120, 36)) as pilot:
        gate_of(app).held = Stop(
            "at_subcall", "0", 3, "0:c3", "0:c3.1", planned=1200, batch=1200, cost=12.5, prompt="x" * 15_000
        )
        await settle(pilot)
        assert "held before sub-call 1 of 1200" in screen_text(app)
        assert "turn 3 PAUSED" in screen_text(app) and "root PAUSED" not in screen_text(app)
        assert "15k chars · ≈ $12.50 for 1200 at once" in screen_text(app)


async def test_a_child_node_can_not_be_answered_by_hand() -> None:
    app = held_before("0:c3.1", ev.Paused(stop="at_subcall", node="0", reason="step into", cell="0:c3"))
    async with app.run_test(size=(120, 36)) as pilot:
        gate_of(app).held = Stop("at_subcall", "0", 3, "0:c3", planned=3, prompt="Read chapter two.")
        await settle(pilot)
        assert "held before one of 3 child nodes" in screen_text(app)
        await press(pilot, "o")
        assert any("A child node starts here" in note.message for note in app._notifications)


async def test_override_answers_the_call_at_which_the_run_is_held() -> None:
    app = held_before("0:c3.1", ev.Paused(stop="at_subcall", node="0", reason="step into", cell="0:c3", call="0:c3.1"))
    async with app.run_test(size=(120, 36)) as pilot:
        gate_of(app).held = Stop("at_subcall", "0", 3, "0:c3", "0:c3.1", prompt="Who [b]lit[/] the lamp?")
        await settle(pilot)
        assert "PAUSED at a sub-call" in pill(app.view).text
        assert "held before sub-call 1" in screen_text(app)
        assert "Who [b]lit[/] the lamp?" in screen_text(app)
        await press(pilot, "o")
        assert app.screen.query_one(".prompt", Static).render().plain == "Who [b]lit[/] the lamp?"
        await press(pilot, "n", "o", "ctrl+s")
        assert gate_of(app).did == [("override", "0:c3.1", "no")]


@pytest.mark.parametrize("key", ["i", "b", "E", "ctrl+p", "question_mark"])
async def test_dialogs_keep_to_plain_signs_where_these_are_asked_for(key: str) -> None:
    app = app_at("held", glyphs="ascii")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, key)
        assert isinstance(app.screen, ModalScreen)
        assert not set("▊▎▔▁█┃│─🔎⇧←→↑↓") & set(screen_text(app))


async def test_an_editor_gets_lines_that_end_and_changes_only_what_it_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(WorkbenchApp, "suspend", lambda app: contextlib.nullcontext())
    monkeypatch.delenv("VISUAL", raising=False)
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "E")
        area = app.screen.query_one(TextArea)
        code = area.text
        monkeypatch.setenv("EDITOR", "true")
        await press(pilot, "f4")
        assert area.text == code
        script = tmp_path / "editor"
        script.write_text('#!/bin/sh\necho "hits = 5" >> "$1"\n')
        script.chmod(0o755)
        monkeypatch.setenv("EDITOR", str(script))
        await press(pilot, "f4")
        assert area.text.rstrip("\n") == f"{code}\nhits = 5"


@pytest.mark.parametrize(("prompt", "words"), [("a", "1 char"), ("ab", "2 chars")])
async def test_one_character_is_one(prompt: str, words: str) -> None:
    app = held_before("0:c3.1", ev.Paused(stop="at_subcall", node="0", reason="step into", cell="0:c3", call="0:c3.1"))
    async with app.run_test(size=(120, 36)) as pilot:
        gate_of(app).held = Stop("at_subcall", "0", 3, "0:c3", "0:c3.1", prompt=prompt)
        await settle(pilot)
        assert any(words in line and words + "s" not in line for line in screen_text(app).split("\n"))
