"""The screens beside the workbench: `?` and the palette say what their keys do, from the bindings themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.screen import Screen

from rlm_tui.tui.screens.bench import Bench
from rlm_tui.tui.screens.browser import Browser
from rlm_tui.tui.screens.diff import Diff
from rlm_tui.tui.screens.keys import MOVES, ScreenHelp, keys_of
from rlm_tui.tui.screens.settings import SettingsScreen
from rlm_tui.tui.screens.welcome import Welcome
from rlm_tui.tui.widgets.diff_lines import DiffLines
from tests.support.compared import diff_app
from tests.support.desk import at_home, desk_app, until
from tests.support.screen import screen_text
from tests.support.shelf import BrowserApp, MadeUpShelf

SCREENS = (Bench, Browser, Diff, SettingsScreen, Welcome)


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.__name__)
def test_every_key_says_what_it_does_and_there_is_help(screen: type[Screen[Any]]) -> None:
    for binding in screen.BINDINGS:
        assert isinstance(binding, Binding) and binding.description, binding
        name = binding.action.partition("(")[0]
        assert hasattr(screen, f"action_{name}"), binding
    assert any(key.action == "help" and key.keys == ("?", "F1") for key in keys_of(screen))


def test_numbers_that_do_the_same_are_one_line() -> None:
    assert [key.keys for key in keys_of(Welcome) if "number" in key.words] == [("1 to 9",)]


@pytest.mark.parametrize("glyphs", ["unicode", "ascii"])
async def test_help_lists_the_keys_of_the_screen_and_closes(glyphs: str) -> None:
    app = BrowserApp(MadeUpShelf(), glyphs=glyphs)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        assert isinstance(app.screen, ScreenHelp)
        text = screen_text(app)
        for key in keys_of(Browser):
            assert key.words in text
        assert "tag:good" in text
        if glyphs == "ascii":
            assert text.isascii()
        await pilot.press("f1")
        assert isinstance(app.screen, Browser)


async def test_help_of_the_comparison_explains_its_signs() -> None:
    app = diff_app(glyphs="ascii")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f1", "end")
        await until(pilot, lambda: "!  differs" in screen_text(app) and ">  moved" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.diff)


async def test_settings_and_the_first_screen_have_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)
    app = desk_app(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("question_mark")
        assert "a document that was open before" in screen_text(app)
        await pilot.press("escape", "f2")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await pilot.press("question_mark")
        assert "take the setting out of your file" in screen_text(app)


async def test_the_palette_holds_what_the_screen_can_do_and_does_it() -> None:
    app = diff_app()
    async with app.run_test(size=(120, 36)) as pilot:
        lines = app.diff.query_one(DiffLines)
        split = lines.is_split
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Diff: Next difference  (])" in screen_text(app))
        assert "one row up" not in screen_text(app).lower()
        await pilot.press(*"one below")
        await until(
            pilot, lambda: "Next difference" not in screen_text(app) and "one below the other" in screen_text(app)
        )
        await pilot.press("enter")
        await until(pilot, lambda: lines.is_split is not split)
        assert app.screen is app.diff


def test_moving_is_left_out_of_the_palette_by_its_actions() -> None:
    assert {key.action for key in keys_of(Browser)} > MOVES
