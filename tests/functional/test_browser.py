"""The session browser: moving, filtering, sorting, opening, deleting."""

from __future__ import annotations

import pytest

from rlm_tui.store.row import SessionRow
from rlm_tui.tui.screens.confirm import Confirm
from rlm_tui.tui.screens.failure import Failure
from rlm_tui.tui.screens.workbench import Workbench
from rlm_tui.tui.shelf import arranged, by_day, by_model
from rlm_tui.tui.widgets.line_view import LineView
from tests.support.compared import scripts
from tests.support.shelf import NOW, ROWS, BrowserApp, MadeUpShelf


def app(shelf: MadeUpShelf | None = None) -> BrowserApp:
    return BrowserApp(shelf or MadeUpShelf(), clock=lambda: NOW)


def ids(browser: BrowserApp) -> list[str]:
    return [line.row.id[:7] for line in browser.browser.table._lines]


async def test_enter_shows_the_session_and_q_leads_back_and_then_out() -> None:
    shelf = MadeUpShelf(scripts=scripts())
    browser = app(shelf)
    async with browser.run_test(size=(120, 30)) as pilot:
        await pilot.press("down", "enter")
        await browser.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(browser.screen, Workbench) and browser.view.replay
        browser.workbench.tick()
        assert browser.view.head.seq > 3
        await pilot.press("q")
        await pilot.pause()
        assert browser.screen is browser.browser and shelf.opened[0].closed
        await pilot.press("q")
        await pilot.pause()
    assert browser.return_value == 0


async def test_a_session_that_cannot_be_opened_is_a_sentence() -> None:
    browser = app(MadeUpShelf(scripts={}))
    async with browser.run_test(size=(120, 30)) as pilot:
        await pilot.press("enter")
        await browser.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(browser.screen, Failure)
        await pilot.press("escape")
        assert browser.screen is browser.browser


async def test_a_filter_is_checked_applied_and_left() -> None:
    browser = app()
    async with browser.run_test(size=(120, 30)) as pilot:
        await pilot.press("slash", *"cost>", "enter")
        await pilot.pause()
        assert browser.browser.query_one("#problem").display
        assert browser.browser.table.count() == len(ROWS)
        await pilot.press("slash", *"1 model:gpt-5-mini", "enter")
        await pilot.pause()
        assert not browser.browser.query_one("#problem").display
        assert ids(browser)[-1] == "6e1000a"
        await pilot.press("escape")
        await pilot.pause()
        assert browser.browser.table.count() == len(ROWS)


async def test_sorting_keeps_forks_below_their_parents() -> None:
    browser = app()
    async with browser.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        assert ids(browser) == ["7f3a00a", "7f3b00a", "6e1000a", "6d7700a"]
        await pilot.press("s")
        await pilot.pause()
        assert ids(browser) == ["6e1000a", "7f3a00a", "7f3b00a", "6d7700a"]


async def test_deleting_asks_first() -> None:
    shelf = MadeUpShelf()
    browser = app(shelf)
    async with browser.run_test(size=(120, 30)) as pilot:
        await pilot.press("delete")
        assert isinstance(browser.screen, Confirm)
        await pilot.press("n", "delete", "y")
        await pilot.pause()
        assert [row.id for row in shelf.kept] == ["7f3b00aa", "6e1000aa", "6d7700aa"]


async def test_an_empty_store_says_what_to_do() -> None:
    browser = app(MadeUpShelf([]))
    async with browser.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "rlm-tui open" in browser.browser.table.empty
        await pilot.press("enter", "down", "delete", "s")
        assert browser.return_value is None


async def test_thousands_of_sessions_draw_only_what_is_seen() -> None:
    many = [SessionRow(id=f"{n:08x}", created=NOW - n, query=f"question {n}", model="m") for n in range(5000)]
    browser = app(MadeUpShelf(many))
    async with browser.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        table: LineView = browser.browser.table
        table.renders = 0
        await pilot.press("end", "pageup", "home")
        await pilot.pause()
        assert table.renders <= 4 * table.size.height


def test_a_session_that_is_its_own_ancestor_is_still_listed() -> None:
    odd = [SessionRow(id="a", parent="a"), SessionRow(id="c", parent="gone")]
    assert {line.row.id for line in arranged(odd)} == {"a", "c"}


def test_sums() -> None:
    assert [model for model, _ in by_model(ROWS)] == ["gpt-5", "gpt-5-mini", "qwen3-32b"]
    days = by_day(ROWS, NOW)
    assert len(days) == 30 and sum(days) == pytest.approx(0.607) and days[-1] == pytest.approx(0.306)
