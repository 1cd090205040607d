"""Asking from the screen: a first question, another one, a follow-up, models, keys; several sessions in one program."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.events import Injected, SessionAsked
from rlm_tui.store import Catalog, StoreReader
from rlm_tui.tui.screens.answer import Answer
from rlm_tui.tui.screens.ask import Ask, FollowUp
from rlm_tui.tui.screens.browser import Browser
from rlm_tui.tui.screens.confirm import Confirm
from rlm_tui.tui.screens.failure import Failure
from rlm_tui.tui.screens.fork import ForkDialog
from rlm_tui.tui.screens.workbench import Workbench
from tests.support.desk import at_home, desk_app, lease, run_to_the_end, until
from tests.support.screen import screen_text

SIZE = (120, 36)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)


async def test_a_question_a_follow_up_and_a_new_question_on_the_same_document(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        app.show_documents(app.options.desk.open([str(lease(tmp_path))]))  # type: ignore[union-attr]
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"Who signed the lease?", "enter")
        await run_to_the_end(pilot)
        first = app.view.head.session
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, FollowUp))
        assert "Who signed the lease?" in screen_text(app)
        await pilot.press(*"In which year?", "enter")
        await until(pilot, lambda: len(app.view.head.questions) == 2)
        await run_to_the_end(pilot)
        assert app.view.head.session == first
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"How many clauses?", "enter")
        await until(pilot, lambda: app.view.head.session not in ("", first))
        await run_to_the_end(pilot)
    app.close_source()
    with StoreReader(tmp_path / "s.db") as reader:
        rows = Catalog(reader).list()
        assert [row.query for row in rows] == ["How many clauses?", "In which year?"]
        assert any(isinstance(entry.event, SessionAsked) for entry in reader.entries(first))


async def test_another_question_straight_from_the_answer(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        app.show_documents(app.options.desk.open([str(lease(tmp_path))]))  # type: ignore[union-attr]
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"Who signed the lease?", "enter")
        await run_to_the_end(pilot)
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, Answer))
        assert "Q ask on" in screen_text(app)
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, FollowUp))
    app.close_source()


async def test_a_missing_key_is_named_before_anything_starts(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        app.show_documents(app.options.desk.open([str(lease(tmp_path))]))  # type: ignore[union-attr]
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"Who?", "tab", *["backspace"] * 8, *"gpt-5-mi", "right")
        await until(pilot, lambda: "$0.25" in screen_text(app) or "OPENAI_API_KEY" in screen_text(app))
        assert app.screen.query_one("#field-model").value == "gpt-5-mini"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Ask) and "export OPENAI_API_KEY=" in screen_text(app)
        assert not (tmp_path / "s.db").exists()


async def test_down_goes_through_the_names_that_fit(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        app.show_documents(app.options.desk.open([str(lease(tmp_path))]))  # type: ignore[union-attr]
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("tab", *["backspace"] * 8, *"claude-haiku", "down", "down", "up")
        field = app.screen.query_one("#field-model")
        assert field.value == app.options.desk.names.completions("claude-haiku")[0].name  # type: ignore[union-attr,attr-defined]


async def test_wrong_fields_are_said(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        app.show_documents(app.options.desk.open([str(lease(tmp_path))]))  # type: ignore[union-attr]
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")
        await pilot.pause()
        assert "Type a question first." in screen_text(app)
        await pilot.press("x", "tab", "tab", "tab", "y", "enter")
        await pilot.pause()
        assert "Dollars should be a number" in screen_text(app)


async def test_several_models_run_beside_each_other_and_stand_below_their_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = desk_app(tmp_path)
    told: list[str] = []
    monkeypatch.setattr(app, "notify", lambda words, **_: told.append(words))
    async with app.run_test(size=SIZE) as pilot:
        app.show_documents(app.options.desk.open([str(lease(tmp_path))]))  # type: ignore[union-attr]
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press(*"Who signed?", "enter")
        await run_to_the_end(pilot)
        parent = app.view.head.session
        script = tmp_path / "other.yaml"
        script.write_text('turns:\n  - "```repl\\nprint(len(context))\\n```"\n  - "```repl\\nFINAL(\'Poole\')\\n```"\n')
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, ForkDialog))
        await pilot.press(*f", scripted:{script}", "ctrl+s")
        await until(pilot, lambda: app.view.head.session not in ("", parent) and app.view.head.paused is not None)
        held = app.view.head.session
        assert app.view.head.parent == parent and app.view.head.config.model == "explorer"
        await until(pilot, lambda: any("has ended: completed" in words for words in told))
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Browser))
        browser = app.screen
        assert isinstance(browser, Browser)
        await until(pilot, lambda: browser.table.count() == 3)
        lines = browser.table._lines
        assert lines[0].row.id == parent and [line.level for line in lines] == [0, 1, 1]
        other = next(line.row.id for line in lines if line.row.id not in (parent, held))
        while browser.table.chosen.id != other:  # type: ignore[union-attr]
            await pilot.press("down")
        await pilot.press("enter")
        await until(pilot, lambda: app.view.head.session == other)
        # The one that is held has not ended: it waits in the background, and leaving asks.
        assert [view.head.session for view in app.background] == [held]
        assert app.view.head.config.model.startswith("scripted:")
    app.close_source()
    app.background.close()


async def test_leaving_with_a_run_in_the_background_asks(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("d")
        await until(pilot, lambda: app.view.head.paused is not None)
        await pilot.press("q")
        await until(pilot, lambda: not isinstance(app.screen, Workbench))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        await pilot.pause()
        assert app.return_value is None and app.background.running == 1
    app.background.close()


async def test_a_fork_can_begin_with_a_message(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("d")
        await run_to_the_end(pilot)
        parent = app.view.head.session
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ForkDialog))
        await pilot.press(*["tab"] * 4, *"look twice", "ctrl+s")
        await until(pilot, lambda: app.view.head.session not in ("", parent) and app.view.head.paused is not None)
        entries = app.view.timeline.entries
        told = [entry.event for entry in entries if isinstance(entry.event, Injected)]
        assert [event.text for event in told] == ["look twice"]
        assert any("look twice" in app.view.text(m.body) for c in app.view.head.calls.values() for m in c.messages)
    app.close_source()


async def test_a_document_that_is_deleted_while_open_stays(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        app.show_documents(app.options.desk.open([str(lease(tmp_path))]))  # type: ignore[union-attr]
        await until(pilot, lambda: isinstance(app.screen, Ask))
        lease(tmp_path).unlink()
        await pilot.press(*"Who signed?", "enter")
        await run_to_the_end(pilot)
        assert "Clause" in screen_text(app)
        session = app.view.head.session
    app.close_source()
    saved = desk_app(tmp_path).options.shelf.open(session)  # type: ignore[union-attr]
    assert "Mary Poole" in saved.documents[0].text
    saved.close()


async def test_files_that_cannot_be_opened_are_a_sentence(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    (tmp_path / "empty.txt").touch()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("o", *"nothing.txt", "enter")
        await pilot.pause()
        assert "There is no file nothing.txt." in screen_text(app)
        await pilot.press(*["backspace"] * 11, *"empty.txt", "enter")
        await until(pilot, lambda: isinstance(app.screen, Failure))
        assert "can't be opened" in screen_text(app) and "empty" in screen_text(app)


async def test_a_held_run_is_forked_and_gone_back_to(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("d")
        await until(pilot, lambda: app.view.head.paused is not None)
        parent = app.view.head.session
        await pilot.press("n")
        await until(pilot, lambda: app.view.head.paused is not None and app.view.head.paused.turn == 2)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ForkDialog))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.view.head.session not in ("", parent) and app.view.head.paused is not None)
        assert app.view.head.parent == parent and [view.head.session for view in app.background] == [parent]
        await run_to_the_end(pilot)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Browser) and app.screen.table.count() == 2)
        await pilot.press("home", "enter")
        await until(pilot, lambda: app.view.head.session == parent)
        assert app.view.held
        await run_to_the_end(pilot)
    app.close_source()
