"""The settings screen: complete, saved where it says, with origins, clashes and keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.config.saving import user_file
from rlm_tui.config.settings import EXPLAINED, load
from rlm_tui.tui.app import WorkbenchApp
from rlm_tui.tui.screens.settings import SettingsScreen
from rlm_tui.tui.screens.welcome import Welcome
from tests.support.desk import at_home, desk_app, until
from tests.support.screen import screen_text

SIZE = (120, 36)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)


def table_of(app: WorkbenchApp):  # type: ignore[no-untyped-def]
    assert isinstance(app.screen, SettingsScreen)
    return app.screen.table


async def open_at(pilot, app: WorkbenchApp, key: str) -> None:  # type: ignore[no-untyped-def]
    await pilot.press("f2")
    await until(pilot, lambda: isinstance(app.screen, SettingsScreen) and app.screen.table.count() > 20)
    while table_of(app).chosen.key != key:
        await pilot.press("down")


async def test_every_setting_of_the_configuration_is_there_with_value_and_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLM_TUI_MAX_TURNS", "7")
    (tmp_path / "rlm-tui.toml").write_text("[prices.mine]\ninput = 1\noutput = 2\n")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-value")
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await open_at(pilot, app, "model")
        rows = {row.name: row for row in table_of(app).rows if row.origin}
        assert set(rows) == {name for name in EXPLAINED if name != "prices"} | {"prices.mine"}
        assert (rows["max_turns"].value, rows["max_turns"].origin) == ("7", "environment (RLM_TUI_MAX_TURNS)")
        assert rows["store"].origin == "command line" and rows["theme"].origin == "default"
        assert rows["prices.mine"].origin == str(tmp_path / "rlm-tui.toml")
        words = "\n".join(f"{row.name} {row.value}" for row in table_of(app).rows)
        assert "anthropic ANTHROPIC_API_KEY is set" in words and "openai missing: set OPENAI_API_KEY" in words
        assert "sk-secret-value" not in words


async def test_a_value_is_checked_saved_and_taken_away(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await open_at(pilot, app, "max_cost")
        await pilot.press("enter", *"abc", "enter")
        await pilot.pause()
        assert "max_cost: should be a number" in screen_text(app) and not user_file().exists()
        await pilot.press(*["backspace"] * 3, *"0.75", "enter")
        await pilot.pause()
        assert load(env={}).settings.max_cost == 0.75
        assert table_of(app).chosen.value == "0.75" and table_of(app).chosen.origin == str(user_file())
        assert app.options.desk.defaults().limits.usd == 0.75  # type: ignore[union-attr]
        await pilot.press("delete")
        await pilot.pause()
        assert load(env={}).settings.max_cost is None


async def test_what_goes_before_the_users_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_TUI_MAX_DEPTH", "3")
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await open_at(pilot, app, "max_depth")
        await pilot.press("enter", *["backspace"] * 2, "2", "enter")
        await pilot.pause()
        assert any("RLM_TUI_MAX_DEPTH) goes before it" in note.message for note in app._notifications)
        assert "max_depth = 2" in user_file().read_text()


async def test_a_theme_is_worn_while_one_chooses_and_kept_when_it_is_saved(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await open_at(pilot, app, "theme")
        await pilot.press("right")
        await pilot.pause()
        assert app.look.name == "ember" and "ember (Enter saves)" in screen_text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.look.name == "dark" and not user_file().exists()
        await pilot.press("right", "enter", "q")
        await until(pilot, lambda: isinstance(app.screen, Welcome))
        assert app.look.name == "ember" and 'theme = "ember"' in user_file().read_text()


async def test_clashes_of_the_users_keymap_are_all_listed(tmp_path: Path) -> None:
    path = user_file().parent / "keymap.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("run.over: s\nrun.pause: q\nrun.ovr: x\n")
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await open_at(pilot, app, "model")
        words = "\n".join(row.value for row in table_of(app).rows)
        assert f"{path}: run.over: the key s belongs to run.into already." in words
        assert f"{path}: run.pause: the key q belongs to app.quit already." in words
        assert f"{path}: run.ovr: unknown action; did you mean run.over?" in words
        # The program itself goes on with the keys of the preset.
        assert app.workbench.keys["run.over"] == ("n",)


async def test_a_broken_file_is_named_and_not_overwritten(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await open_at(pilot, app, "max_cost")
        user_file().parent.mkdir(parents=True, exist_ok=True)
        user_file().write_text("max_cost = = 3\n")
        await pilot.press("enter", "1", "enter")
        await pilot.pause()
        assert "config.toml" in screen_text(app) and user_file().read_text() == "max_cost = = 3\n"
