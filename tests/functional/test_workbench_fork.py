"""Forking from the workbench: what is asked for, what is checked, and that the new session takes the screen."""

from __future__ import annotations

from rlm_tui.tui.forking import ForkWish
from rlm_tui.tui.screens.failure import Failure
from rlm_tui.tui.screens.fork import ForkDialog
from rlm_tui.tui.status import pill
from tests.support.novel import MAP, QUERY, build
from tests.support.screen import app_at, press, screen_text, settle, source_of
from tests.support.sessions import HandMade


class Forks:
    """Remembers the wishes, and starts the novel's session held before its first cell."""

    def __init__(self, error: str = "") -> None:
        self.wishes: list[ForkWish] = []
        self._error = error

    def __call__(self, wish: ForkWish) -> HandMade:
        self.wishes.append(wish)
        if self._error:
            raise RuntimeError(self._error)
        script, document, marks = build()
        return script.source([document], upto=marks["first"], live=True)


async def test_a_fork_from_a_turn_with_another_model_budget_and_code() -> None:
    forks = Forks()
    app = app_at("replay", fork=forks)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        old = source_of(app)
        app.workbench.select("0:c3.2")  # A sub-call: the fork is at the turn that made it.
        await press(pilot, "r")
        assert isinstance(app.screen, ForkDialog)
        await press(pilot, *(["backspace"] * 5), *"haiku", "tab", "tab")
        await press(pilot, "backspace", *"0.5", "tab", "tab", *"so", "tab", "#", "ctrl+s")
        await app.workers.wait_for_complete()
        await settle(pilot)
        wish = forks.wishes[0]
        assert (wish.parent, wish.turn, wish.query) == ("7f3a0001", 3, QUERY)
        assert wish.config.model == "haiku" and wish.config.sub_model == "gpt-5-mini"
        assert wish.config.limits.usd == 0.5 and wish.config.limits.calls == 50
        assert (wish.message, wish.code, wish.paused) == ("so", "#" + MAP, True)
        assert old.closed and source_of(app) is not old
        assert pill(app.view).name == "PAUSED" and not app.view.replay
        await press(pilot, "n")
        assert source_of(app).gate.did == [("over", None)]  # type: ignore[union-attr]


async def test_a_fork_from_a_turn_of_a_child_node() -> None:
    forks = Forks()
    app = app_at("replay", fork=forks)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.workbench.select("0/c3.3:t1")
        await press(pilot, "r")
        assert "Fork at turn 1 of node 0/c3.3" in screen_text(app)
        assert "costs nothing" in screen_text(app)
        await press(pilot, "ctrl+s")
        await app.workers.wait_for_complete()
        wish = forks.wishes[0]
        assert (wish.node, wish.turn, wish.code, wish.paused) == ("0/c3.3", 1, None, True)


async def test_a_rerun_takes_nothing_from_the_record() -> None:
    forks = Forks()
    app = app_at("replay", fork=forks)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "R", "ctrl+s")
        await app.workers.wait_for_complete()
        assert (forks.wishes[0].turn, forks.wishes[0].code) == (1, None)


async def test_wrong_fields_are_said_and_nothing_starts() -> None:
    forks = Forks()
    app = app_at("replay", fork=forks)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "R", "tab", "tab", "x", "ctrl+s")
        assert "Dollars should be a number" in screen_text(app)
        await press(pilot, "backspace", "tab", "9", "ctrl+s")
        assert "depth should be a whole number" in screen_text(app)
        await press(pilot, "escape")
        assert app.screen is app.workbench and forks.wishes == []


async def test_a_fork_that_cannot_start_leaves_the_old_session() -> None:
    app = app_at("replay", fork=Forks("no such model; `rlm-tui models` lists them"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        old = source_of(app)
        await press(pilot, "R", "ctrl+s")
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert isinstance(app.screen, Failure) and "no such model" in screen_text(app)
        assert source_of(app) is old and not old.closed


async def test_a_session_without_a_store_is_not_forked() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "r")
        assert app.screen is app.workbench


async def test_a_live_run_that_is_forked_waits_in_the_background() -> None:
    forks = Forks()
    app = app_at("held", fork=forks)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        old = source_of(app)
        await press(pilot, "r", "ctrl+s")
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert len(forks.wishes) == 1 and source_of(app) is not old
        assert not old.closed and [view.source for view in app.background] == [old]
