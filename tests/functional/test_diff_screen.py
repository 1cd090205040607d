"""The diff screen: from where it is reached, what it shows, and its keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.diff_rows import lines_of, split, unified
from rlm_tui.tui.diff_rows import shown as line_text
from rlm_tui.tui.screens.choose import Choose
from rlm_tui.tui.screens.diff import Diff
from rlm_tui.tui.widgets.diff_coverage import shares
from rlm_tui.tui.widgets.line_view import LineView
from tests.support.compared import diff_app, scripts
from tests.support.sessions import Clock
from tests.support.shelf import NOW, BrowserApp, MadeUpShelf

SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])


def shown(pilot: Pilot[Any]) -> str:
    return "\n".join(strip.text.rstrip() for strip in pilot.app.screen._compositor.render_strips())


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def text(view: LineView) -> list[str]:
    return [view.row_text(row) for row in range(view.count())]


@SIZES
async def test_it_opens_at_the_first_difference(size: tuple[int, int]) -> None:
    app = diff_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        screen = shown(pilot)
        sentence = "turn 2: A searched for 'Pierre', B for 'Natasha'; before it everything is equal"
        assert sentence in " ".join(screen.split())
        for label in ("answer", "cost", "tokens", "time"):
            assert f" {label} " in screen
        assert "Code of t2" in screen
        assert any("- hits = re.findall('Pierre', context)" in line for line in text(app.diff.lines))
        assert any("+ hits = re.findall('Natasha', context)" in line for line in text(app.diff.lines))
        await press(pilot, "q")
    assert app.return_value == 0


async def test_the_brackets_go_from_difference_to_difference() -> None:
    app = diff_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        trees = app.diff.trees
        seen = []
        for _ in range(4):
            row = trees.chosen
            assert row is not None
            seen.append((row.a, row.b))
            await press(pilot, "right_square_bracket")
        assert seen == [("0:t2", "0:t2"), (None, "0:t5"), (None, "0:t5"), (None, "0:t5")]
        await press(pilot, "left_square_bracket")
        assert trees.chosen is not None and trees.chosen.a == "0:t2"


async def test_equal_rows_can_be_hidden_and_come_back() -> None:
    app = diff_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        trees, before = app.diff.trees, app.diff.trees.count()
        chosen = trees.chosen
        await press(pilot, "equals_sign")
        assert trees.count() == 3 and trees.chosen == chosen
        assert "equal rows hidden" in shown(pilot)
        await press(pilot, "equals_sign")
        assert trees.count() == before and trees.chosen == chosen


async def test_the_tabs_show_prompt_output_variables_and_answer() -> None:
    app = diff_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "3")
        assert ["17" in line and "52" in line for line in text(app.diff.lines)] == [True]
        await press(pilot, "2")
        assert any("[user]" in line or "[system]" in line for line in text(app.diff.lines))
        await press(pilot, "home", "5")
        assert "Chapter 7" in shown(pilot) and "+ Chapter 8" in shown(pilot)
        await press(pilot, "1")
        assert app.diff.lines.empty == "The root has no code of its own: choose a turn."
        await press(pilot, "left")
        assert app.diff.tab == "answer"


async def test_unified_and_side_by_side() -> None:
    app = diff_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert app.diff.lines.is_split and app.diff.lines.count() == 3
        await press(pilot, "u")
        assert not app.diff.lines.is_split and app.diff.lines.count() == 4


async def test_of_three_sessions_each_is_compared_with_the_first() -> None:
    app = diff_app("ABC")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert all(f"{name} 0:" in shown(pilot) for name in "ABC")
        await press(pilot, "b")
        assert app.diff.pair.side == 2
        row = app.diff.trees.chosen
        assert row is not None and row.call is not None and row.differs == ("reply",)
        await press(pilot, "5")
        assert "- no" in shown(pilot) and "+ maybe" in shown(pilot)


async def test_text_is_data() -> None:
    app = diff_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "Is it [b]here[/b]?␛[31m" in shown(pilot) and "\x1b" not in shown(pilot)


@pytest.mark.parametrize("marks", [("space", "down", "space", "d"), ("space", "down", "d")])
async def test_the_browser_compares_what_is_marked(marks: tuple[str, ...]) -> None:
    shelf = MadeUpShelf(scripts=scripts())
    app = BrowserApp(shelf, clock=lambda: NOW)
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "d")
        assert "space bar" in shown(pilot) and app.screen is app.browser
        await press(pilot, *marks)
        assert isinstance(app.screen, Diff) and "Code of t2" in shown(pilot)
        await press(pilot, "escape")
        assert app.screen is app.browser
        assert len(shelf.opened) == 2 and all(source.closed for source in shelf.opened)


async def test_a_session_that_is_gone_is_a_sentence_and_closes_the_other() -> None:
    known = scripts()
    del known["7f3b00aa"]
    shelf = MadeUpShelf(scripts=known)
    app = BrowserApp(shelf, clock=lambda: NOW)
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "space", "down", "space", "d")
        assert "There is no session 7f3b00aa." in shown(pilot) and app.screen is app.browser
        assert all(source.closed for source in shelf.opened)


async def test_the_workbench_compares_with_another_one() -> None:
    shelf = MadeUpShelf(scripts=scripts())
    source = scripts()["7f3a00aa"].source([], live=False)
    app = WorkbenchApp(Options(source=source, clock=Clock(NOW), ticking=False, shelf=shelf))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        app.workbench.tick()
        await press(pilot, "d")
        assert isinstance(app.screen, Choose)
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, Diff) and "Code of t2" in shown(pilot)
        await press(pilot, "q")
        assert app.screen is app.workbench and not source.closed
        assert [other.closed for other in shelf.opened] == [True]


@pytest.mark.parametrize("columns", [4, 17, 60])
def test_no_character_is_lost_by_wrapping(columns: int) -> None:
    lines = lines_of("x = 'Ünïcode 漢字 and more words'\ny = 2", "x = 'Ünïcode 漢字 or fewer words'\nz")
    cuts = [cut for cut, _ in unified(lines, columns) if cut is not None]
    for line in lines:
        assert "".join(line_text(line)[cut.start : cut.end] for cut in cuts if cut.line is line) == line_text(line)
    for side, signs in ((0, " -"), (1, " +")):
        beside = [both[side] for both in split(lines, columns)]
        whole = "".join(line_text(cut.line)[cut.start : cut.end] for cut in beside if cut is not None)
        assert whole == "".join(line_text(line) for line in lines if line.sign in signs)


async def test_what_each_session_read_stands_below_each_other() -> None:
    app = diff_app("ABC")
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert app.diff.coverage.size.height == 3
        assert all(f" {name} read " in shown(pilot) for name in "ABC")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.diff.coverage.size.height == 2  # The pair that is shown: there is no room for more.


def test_columns_are_shared_out_by_size() -> None:
    assert shares([900, 100], 100) == [90, 10]
    assert shares([10_000_000, 1], 50) == [48, 2]
    assert sum(shares([1, 1, 1], 50)) == 50
    assert shares([], 50) == [] and shares([0], 50) == [50]


@pytest.mark.parametrize("ending", ["md", "json"])
async def test_a_comparison_is_written_into_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    app = diff_app("ABC")
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "x", *["backspace"] * 60, *f"out.{ending}", "enter")
        text = (tmp_path / f"out.{ending}").read_text()
        if ending == "json":
            data = json.loads(text)
            assert [side["name"] for side in data["sides"]] == ["A", "B", "C"] and len(data["pairs"]) == 2
            assert data["pairs"][0]["first"]["sentence"].startswith("turn 2")
        else:
            assert "## A and B" in text and "## A and C" in text and "First difference, turn 2" in text
            assert "-hits = re.findall('Pierre', context)" in text
            assert "\x1b" not in text and "Is it \\[b\\]here" in text
        # What is there already is replaced only when one says so again.
        (tmp_path / f"out.{ending}").write_text("mine")
        await press(pilot, "x", *["backspace"] * 60, *f"out.{ending}", "enter")
        assert (tmp_path / f"out.{ending}").read_text() == "mine" and "Enter again" in shown(pilot)
        await press(pilot, "enter")
        assert (tmp_path / f"out.{ending}").read_text() == text


async def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = diff_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "x", *["backspace"] * 60, *"out.txt", "enter")
        assert any("should end in .md or .json" in note.message for note in app._notifications)
        await press(pilot, "x", *["backspace"] * 60, *"no/out.md", "enter")
        assert any("can't be written" in note.message for note in app._notifications)


def test_no_line_of_a_text_ends_its_block_in_the_file() -> None:
    from rlm_tui.tui.diff_export import _fenced

    assert list(_fenced(iter(["a", "+````", "b"]), "diff")) == ["`````diff", "a", "+````", "b", "`````"]
