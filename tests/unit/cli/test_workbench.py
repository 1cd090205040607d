"""What the app is told about a job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rlm_tui.cli.options import Given
from rlm_tui.cli.prepare import prepare
from rlm_tui.cli.workbench import live_options
from rlm_tui.tui.app import WorkbenchApp
from rlm_tui.tui.themes import ThemeError


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("RLM_TUI_DURABILITY", "normal")
    (tmp_path / "a.txt").write_text("The door is red.\n" * 3)
    (tmp_path / "s.yaml").write_text('turns: ["```repl\\nprint(context)\\n```", "```repl\\nFINAL(1)\\n```"]\n')
    return Given(("a.txt",), model="scripted:s.yaml", store=str(tmp_path / "s.db"), conditions=("turn==2",))


def test_the_title_says_what_is_no_language_model(given: Given) -> None:
    options = live_options(prepare(given), paused=True)
    assert options.note == "scripted:s.yaml (not a language model)"
    assert options.models == "scripted:s.yaml"
    assert [document.name for document in options.documents] == ["a.txt"]
    assert options.question == ""


def test_looks_come_from_the_settings(given: Given) -> None:
    options = live_options(prepare(given, theme="light", glyphs="ascii"), paused=True)
    assert (options.theme, options.glyphs) == ("light", "ascii")
    with pytest.raises(ThemeError, match="lihgt"):
        live_options(prepare(given, theme="lihgt"), paused=True)


def test_a_broken_theme_is_named_and_the_default_one_is_worn(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "rlm-tui" / "themes" / "mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text('colors:\n  primary: "#12zz"\n')
    app = WorkbenchApp(live_options(prepare(given, theme="mine"), paused=True))
    assert app.look.name == "dark"
    assert app.problems == [f"{path}: colors.primary: '#12zz' is not a colour."]


def test_a_theme_of_the_settings_that_is_gone_keeps_nobody_from_working(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLM_TUI_THEME", "gone")
    app = WorkbenchApp(live_options(prepare(given), paused=True))
    assert app.look.name == "dark" and "There is no theme 'gone'" in app.problems[0]


def test_other_questions_start_from_what_the_command_line_said(given: Given, tmp_path: Path) -> None:
    options = live_options(prepare(replace(given, max_calls=7, max_depth=2)), paused=True)
    assert options.desk is not None
    config = options.desk.defaults()
    assert (config.model, config.limits.calls, config.max_depth) == ("scripted:s.yaml", 7, 2)
    assert options.desk.settings.store == str(tmp_path / "s.db")


@pytest.mark.parametrize("paused", [True, False])
def test_the_run_holds_where_it_was_asked_to(given: Given, paused: bool) -> None:
    """Paused, it is held before the first cell; else only at the breakpoint."""
    options = live_options(prepare(given), paused=paused)
    assert options.start is not None
    source = options.start("Why?")
    try:
        gate = source.gate
        assert gate is not None
        if paused:
            assert held_turn(source) == 1
            gate.go()
        assert held_turn(source, after=1 if paused else 0) == 2
    finally:
        source.close()
    assert source.failure is None


def held_turn(source: object, after: int = 0) -> int:
    """The turn at which the run is next held, once it is."""
    import time

    until = time.monotonic() + 30
    while True:
        held = source.gate.held  # type: ignore[attr-defined]
        if held is not None and (held.turn or 0) > after:
            return held.turn or 0
        assert time.monotonic() < until and source.failure is None  # type: ignore[attr-defined]
        time.sleep(0.01)
