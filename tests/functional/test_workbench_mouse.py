"""The mouse, and what is pasted."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input, TextArea

from tests.support.screen import app_at, gate_of, press, screen_text, settle

SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])


@SIZES
async def test_a_click_gives_a_pane_the_keys(size: tuple[int, int]) -> None:
    app = app_at("held")
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        shown = [pane for pane in ("code", "output", "tree", "variables", "document") if app.workbench.grid.shown(pane)]
        assert len(shown) >= 3
        for pane in shown:
            await pilot.click(f"#{pane}", offset=(4, 2))
            await settle(pilot)
            assert app.workbench.focused_pane == pane


async def test_a_click_on_a_row_of_the_tree_selects_it_and_on_its_sign_shuts_it() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        tree = app.workbench.tree_pane
        row = next(y for y in range(tree.count()) if "turn 2" in tree.row_text(y))
        await pilot.click("#tree", offset=(12, row + 1))
        await settle(pilot)
        assert app.view.selected == "0:t2"


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        text = app.workbench.document.text
        before, cursor = text.scroll_offset.y, text.cursor
        region = text.region
        text.post_message(events.MouseScrollDown(text, 2, 2, 0, 1, 0, False, False, False, region.x + 2, region.y + 2))
        await settle(pilot)
        assert text.scroll_offset.y > before
        assert text.cursor == cursor


async def test_a_click_on_a_key_of_the_last_line_does_what_it_says() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.click("#footer", offset=(2, 0))
        await settle(pilot)
        assert gate_of(app).did == [("over", None)]


async def test_what_is_pasted_comes_whole_and_as_text() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        app.post_message(events.Paste("first [b]line[/b]\nsecond"))
        await settle(pilot)
        assert app.screen.query_one(TextArea).text == "first [b]line[/b]\nsecond"
        await press(pilot, "ctrl+s")
        assert gate_of(app).did == [("inject", "first [b]line[/b]\nsecond", "0")]
        await press(pilot, "B")
        app.post_message(events.Paste("cost>0.50"))
        await settle(pilot)
        assert app.screen.query_one(Input).value == "cost>0.50"
        assert "cost>0.50" in screen_text(app)
