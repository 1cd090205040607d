"""What the app is told about a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.cli.options import Given
from rlm_tui.cli.prepare import prepare
from rlm_tui.cli.workbench import live_options
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
