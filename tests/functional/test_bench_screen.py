"""The laboratory's table on the screen: what it shows, live changes, opening a cell, stopping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rlm_tui.bench.live import LiveBench, set_up
from rlm_tui.store import Store
from rlm_tui.store.results import CellRow
from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.bench_app import BenchApp
from rlm_tui.tui.bench_rows import Rows
from rlm_tui.tui.screens.bench import Bench, preview, sums
from rlm_tui.tui.screens.workbench import Workbench
from rlm_tui.tui.store_shelf import StoreShelf
from tests.support.bench import Mocked, Sums, store_at, works_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(store_at(tmp_path), durability="normal") as opened:
        yield opened


def fill(store: Store, mock: Mocked, name: str = "sums") -> list[CellRow]:
    works = works_of(Sums(2, 2), methods=("direct", "rlm:0"), lengths=(8,), name=name)
    live = LiveBench(store, set_up(store, works).open, custom={"mock": mock}).start()
    assert live.wait(30)
    return store.results.cells(name)


def listed(bench: Bench) -> list[str]:
    return [bench.table.row_text(row) for row in range(bench.table.count())]


async def test_cells_are_listed_with_scores_and_enter_leaves_with_the_session(store: Store) -> None:
    rows = fill(store, Mocked(fault=lambda prompt: "refusal" if "Question 1" in prompt else None))
    app = BenchApp(Rows(store.path, ["sums"]))
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        lines = listed(app.bench)
        assert len(lines) == 8 and sum("refused" in line for line in lines) == 4
        top = str(app.bench.query_one("#top").render())
        assert "sums" in top and "8 of 8 done" in top and "4 counted 0" in top
        await pilot.press("f")
        assert app.bench.table.count() == 4 and all("refused" in line for line in listed(app.bench))
        await pilot.press("f")
        assert app.bench.table.count() == 0
        await pilot.press("f", "f", "down", "enter")
        await pilot.pause()
    assert app.return_value == rows[1].session


async def test_a_run_shows_every_change_and_x_stops_it(store: Store) -> None:
    mock = Mocked(delay=0.01)
    works = works_of(Sums(4, 4), lengths=(8,))
    live = LiveBench(store, set_up(store, works).open, custom={"mock": mock}, concurrency=2)
    app = BenchApp(Rows(store.path, ["sums"], live))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert app.bench.table.count() == 16
        assert app.bench._rows.count("pending") == 16
        live.start()
        while app.bench._rows.count("ok") < 3:
            await pilot.pause(0.01)
            app.bench.tick()
        mock.delay = 30.0
        await pilot.press("x")
        while live.running:
            await pilot.pause(0.01)
        app.bench.tick()
        assert live.summary is not None and live.summary.stopped
        assert app.bench._rows.count("ok") == live.summary.done < 16
        assert app.bench._rows.count("running") == 0
        await pilot.press("q")
    assert app.return_value is None


async def test_a_cell_that_has_not_run_has_no_session_to_open(store: Store) -> None:
    set_up(store, works_of(Sums(1, 1), lengths=(8,)))
    app = BenchApp(Rows(store.path, ["sums"]))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "has not run yet" in str(app.bench.query_one("#problem").render())
        assert app.screen is app.bench


async def test_results_of_another_process_come_by_themselves(store: Store) -> None:
    works = works_of(Sums(1, 1), lengths=(8,))
    set_up(store, works)
    app = BenchApp(Rows(store.path, ["sums"]))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        live = LiveBench(store, works, custom={"mock": Mocked()}).start()
        assert live.wait(20)
        for _ in range(20):
            app.bench.tick()
        assert app.bench._rows.count("ok") == 1


async def test_t_turns_to_the_next_table(store: Store) -> None:
    fill(store, Mocked(), "one")
    fill(store, Mocked(), "two")
    app = BenchApp(Rows(store.path, ["two"]))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("t")
        assert app.bench._rows.suites == ["one"] and app.bench.table.count() == 8
        await pilot.press("t")
        assert app.bench._rows.suites == ["two"]


async def test_from_the_workbench_a_cell_comes_to_the_workbench(store: Store) -> None:
    rows = fill(store, Mocked())
    app = WorkbenchApp(Options(shelf=StoreShelf(store.path), ticking=False))
    async with app.run_test(size=(120, 32)) as pilot:
        await pilot.pause()
        app.workbench.action_run("app.results")
        await pilot.pause()
        assert isinstance(app.screen, Bench)
        await pilot.press("q")
        await pilot.pause()
        assert isinstance(app.screen, Workbench)
        app.workbench.action_run("app.results")
        await pilot.pause()
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, Workbench)
        app.workbench.tick()
        assert app.view.head.session == rows[0].session


async def test_without_results_the_workbench_says_so(tmp_path: Path) -> None:
    with Store.open(store_at(tmp_path)):
        pass
    app = WorkbenchApp(Options(shelf=StoreShelf(store_at(tmp_path)), ticking=False))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        app.workbench.action_run("app.results")
        await pilot.pause()
        assert isinstance(app.screen, Workbench)


async def test_what_a_model_said_is_shown_and_never_obeyed(store: Store) -> None:
    evil = "\x1b[2J[bold]57[/bold]"
    rows = fill(store, Mocked(answer=lambda prompt: evil))
    assert any(row.answer == evil for row in rows)
    app = BenchApp(Rows(store.path, ["sums"]))
    async with app.run_test(size=(140, 30)) as pilot:
        await pilot.pause()
        text = "\n".join(listed(app.bench))
        assert "\x1b" not in text and "[bold]57[/bold]" in text


def test_the_preview_and_the_sums_in_words() -> None:
    from rlm_tui.bench.report.arms import lines
    from rlm_tui.tui.glyphs import UNICODE

    row = CellRow(key="k", suite="s", item="i", window="w", method="rlm:1", model="m", status="timeout", official=0.0,
                  tolerant=0.0, attempts=2, error="too slow", cost=None, limit="seconds", seconds=3.0)  # fmt: skip
    told = [text for text, _ in preview(row, UNICODE)]
    assert (
        "too slow" in told
        and "attempt 2" in told
        and any(line.startswith("timeout at the seconds limit") for line in told)
    )
    assert any(line.endswith("?") for line in told), "an unknown price is not 0"
    said = [
        text
        for text, _ in sums(lines([row, msgspec.structs.replace(row, key="l", item="j", status="pending")]), UNICODE)
    ]
    assert "  counted 0: 1 timeout" in said and any("1 item, 1 window" in line for line in said)
