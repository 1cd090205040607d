"""Sums, comparisons and their formats, over cells made by hand."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.plots.series import KINDS, plot
from rlm_tui.bench.plots.svg import page, svg
from rlm_tui.bench.plots.terminal import draw
from rlm_tui.bench.report.all import compared, everything, grids
from rlm_tui.bench.report.arms import lines
from rlm_tui.bench.report.comparing import against
from rlm_tui.bench.report.formats import as_json, cells_csv, latex, markdown
from rlm_tui.bench.report.grid import Grid, columns, scores
from rlm_tui.bench.stats import wilson
from rlm_tui.store.results import CellRow

EVIL = "a|b \x1b[31m <script>alert(1)</script> \\cmd{x} 50% $x_1$"


def cell(item: int, method: str = "direct", official: float | None = 1.0, seed: int = 1, **fields: Any) -> CellRow:
    row = {
        "key": f"{item}.{method}.{seed}.{fields.get('model', 'm')}.{fields.get('parameters', '')}",
        "suite": "sums",
        "task": "sums",
        "item": f"i{item}",
        "window": f"w{item // 2}",
        "length": 8,
        "answer_type": "NUMERIC",
        "method": method,
        "model": "m",
        "seed": seed,
        "status": "ok",
        "session": "abc",
        "official": official,
        "tolerant": official,
        "cost": 0.01 * (item + 1),
        "seconds": 1.0,
        "calls": 1,
        "turns": 1,
        "input": 100,
        "answer": "x",
    }
    return CellRow(**(row | fields))


def test_an_item_counts_once_however_often_it_was_run() -> None:
    rows = [cell(1, official=1.0, seed=s) for s in (1, 2, 3, 4)] + [cell(2, official=0.0, seed=s) for s in (1, 2, 3, 4)]
    (line,) = lines(rows)
    assert (line.items, line.windows, line.seeds, line.official) == (2, 2, 4, 0.5)
    assert line.interval == wilson(1.0, 2), "four runs of an item are not four items"


def test_seeds_say_how_far_the_mean_moves() -> None:
    rows = [cell(n, official=float(seed == 1), seed=seed) for n in range(4) for seed in (1, 2)]
    (line,) = lines(rows)
    assert line.deviation == pytest.approx(2**0.5 / 2)


def test_failures_score_nothing_are_counted_and_are_named() -> None:
    rows = [
        cell(1),
        cell(2, official=0.0, status="timeout"),
        cell(3, official=0.0, status="over_window"),
        cell(4, status="pending"),
    ]
    (line,) = lines(rows)
    assert line.official == pytest.approx(1 / 3) and line.open == 1
    assert line.failures() == {"timeout": 1, "over_window": 1}
    text = "\n".join(" ".join(row) for row in scores("t", [line]).rows)
    assert "1 timeout, 1 over window" in text
    assert any("score 0" in note for note in scores("t", [line]).notes)


def test_unknown_prices_are_never_zero() -> None:
    (line,) = lines([cell(1, cost=None)])
    grid = scores("t", [line], ("cost", "total"))
    assert grid.rows == [("?", "?")]
    (line,) = lines([cell(1, cost=None), cell(2, cost=0.5)])
    assert scores("t", [line], ("total",)).rows == [("$0.50+?",)]


def test_arms_are_split_by_length_and_type() -> None:
    rows = [cell(n, length=8 * (1 + n % 2), answer_type="AB"[n % 2]) for n in range(4)]
    assert [line.length for line in lines(rows, by_length=True)] == [8, 16]
    assert [line.answer_type for line in lines(rows, by_type=True)] == ["A", "B"]
    assert [grid.title for grid in grids(rows)][1:3] == ["by answer type", "by length"]


def test_methods_stand_in_the_order_of_their_depth() -> None:
    rows = [cell(1, method) for method in ("rlm:10", "rlm:2", "direct-truncate", "rlm:0", "direct")]
    assert [line.arm.method for line in lines(rows)] == ["direct", "direct-truncate", "rlm:0", "rlm:2", "rlm:10"]


def test_few_windows_are_said_to_be_few() -> None:
    (line,) = lines([cell(n) for n in range(14)])
    assert "14 questions share 7 windows" in scores("t", [line]).notes[0]
    (line,) = lines([cell(n) for n in range(16)])
    assert not scores("t", [line]).notes


def test_an_unknown_column_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BenchError, match=r"no column 'offical'; the columns are task, model, method"):
        columns(["offical"])


def test_methods_are_compared_with_direct_item_by_item() -> None:
    rows = [cell(n, official=float(n % 4 == 0)) for n in range(20)]
    rows += [cell(n, "rlm:1", official=1.0) for n in range(20)] + [
        cell(n, "rlm:2", official=float(n % 2)) for n in range(30)
    ]
    found = against(rows)
    assert [(one.a.method, one.b.method, one.found.items) for one in found] == [
        ("direct", "rlm:1", 20),
        ("direct", "rlm:2", 20),
    ]
    first = found[0].found
    assert first.difference == pytest.approx(0.75) and (first.only_a, first.only_b) == (0, 15)
    assert first.mcnemar == pytest.approx(2 * 0.5**15) and found[0].holm >= first.p
    _, grid = compared(rows)
    assert "+75.0" in grid.rows[0] and "Holm adjusts it for 2 comparisons" in grid.notes[-1]
    assert [one.a.method for one in against(rows, base="rlm:1")] == ["rlm:1", "rlm:1"]


def test_models_and_parameters_are_compared_too() -> None:
    rows = [cell(n, model=model) for n in range(4) for model in ("a", "b")]
    assert [(one.a.model, one.b.model) for one in against(rows, "model")] == [("a", "b")]
    rows = [cell(n, parameters=p) for n in range(4) for p in ("{}", '{"temperature":1.0}')]
    assert [one.b.settings for one in against(rows, "parameters")] == ["temperature=1.0"]


@pytest.mark.parametrize(
    ("axis", "base", "said"),
    [
        ("method", None, "nothing to compare by method"),
        ("model", "gpt", "no model 'gpt' in these results; there are m"),
        ("colour", None, "'colour' can't be compared"),
    ],
)
def test_what_can_t_be_compared_is_a_sentence(axis: str, base: str | None, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        against([cell(1), cell(2)], axis, base)


def test_markdown_and_latex_escape_what_others_wrote() -> None:
    grid = Grid(EVIL, ("a", "b"), [(EVIL, "1")], (1,), (EVIL,))
    text = markdown([grid])
    assert "\x1b" not in text and "<script>" not in text and "a\\|b" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 3 and rows[1] == "| --- | ---: |"
    tex = latex([grid])
    assert "\x1b" not in tex and r"50\% \$x\_1\$" in tex and r"\textbackslash{}cmd\{x\}" in tex
    assert tex.count(r"\begin{tabular}{lr}") == 1


def test_csv_holds_every_cell_and_no_formula() -> None:
    text = cells_csv([cell(1, answer="=HYPERLINK(1)"), cell(2, answer='says "a, b"\nand more', cost=None)])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["answer"] for row in rows] == ["'=HYPERLINK(1)", 'says "a, b"\nand more']
    assert rows[0]["cost"] == "0.02" and rows[1]["cost"] == "" and rows[0]["key"] == "1.direct.1.m."


def test_json_holds_everything() -> None:
    rows = [cell(n, method) for n in range(3) for method in ("direct", "rlm:1")]
    value = json.loads(as_json("sums", rows, [], **everything(rows)))
    assert len(value["cells"]) == 6 and value["cells"][0]["parameters"] == {}
    assert [line["arm"]["method"] for line in value["lines"]] == ["direct", "rlm:1"]
    assert value["comparisons"][0]["found"]["items"] == 3


ROWS = [
    cell(n + length, method, official=float(n % 2), length=length, cost=0.01 * (n + 1))
    for n in range(6)
    for length in (8, 64)
    for method in ("direct", "rlm:1")
]


@pytest.mark.parametrize("kind", list(KINDS))
def test_plots_are_drawn_in_text_and_as_valid_svg(kind: str) -> None:
    made = plot(kind, ROWS)
    text = draw(made, width=70, height=18, colour=False)
    assert made.title in text and "rlm:1" in text and "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 70
    root = ElementTree.fromstring(svg(made))
    points = root.findall(".//{http://www.w3.org/2000/svg}circle/{http://www.w3.org/2000/svg}title")
    assert len(points) == sum(len(series.points) for series in made.series)


def test_score_by_length_has_the_means_and_their_intervals() -> None:
    made = plot("score", ROWS)
    first = made.series[0]
    assert [(point.x, point.y) for point in first.points] == [(8.0, 50.0), (64.0, 50.0)] and made.log_x
    assert first.points[0].low == pytest.approx(100 * wilson(3, 6).low)


def test_cost_by_percentile_is_what_the_statistics_say() -> None:
    made = plot("spread", ROWS)
    middle = next(point for point in made.series[0].points if point.x == 50)
    assert middle.y == pytest.approx(0.035)


def test_a_name_can_neither_steer_the_terminal_nor_the_page() -> None:
    rows = [cell(n, model=EVIL) for n in range(3)] + [cell(n, model="b") for n in range(3)]
    text = draw(plot("score", rows), colour=False)
    assert "\x1b" not in text
    html = page(EVIL, [plot("cost", rows)], grids(rows))
    assert "<script>" not in html and "\x1b" not in html and "&lt;script&gt;" in html
    ElementTree.fromstring(svg(plot("cost", rows)))


def test_money_that_was_not_spent_is_drawn_above_zero() -> None:
    text = draw(plot("spread", [cell(n, cost=0.0) for n in range(4)]), colour=False)
    assert "-0." not in text


def test_nothing_to_draw_is_a_sentence() -> None:
    with pytest.raises(BenchError, match="no cell has a score yet"):
        plot("score", [cell(1, status="pending", official=None)])
    with pytest.raises(BenchError, match="no finished cell has a known cost"):
        plot("spread", [cell(1, cost=None)])
    with pytest.raises(BenchError, match="no plot 'pie'; there are score, cost or spread"):
        plot("pie", [])
