"""What a plot shows, computed from cells, whatever draws it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rlm_tui.bench.base import BenchError, known
from rlm_tui.bench.report.arms import Arm, arms, lines
from rlm_tui.bench.stats import percentile
from rlm_tui.store.results import CellRow

SCORE, COST, SPREAD = "score", "cost", "spread"

KINDS = {
    SCORE: "score by length",
    COST: "cost against score",
    SPREAD: "distribution of cost",
}
"""The plots there are."""

SHARES = (1, 5, *range(10, 100, 10), 95, 99)
"""Percentiles that the distribution of cost shows."""


class Point(msgspec.Struct, frozen=True):
    """A point with the ends of its interval (those of y; equal to it where there is none)."""

    x: float
    y: float
    low: float
    high: float


class Series(msgspec.Struct, frozen=True):
    """The points of one arm."""

    name: str
    points: list[Point]


class Plot(msgspec.Struct, frozen=True):
    """A plot. `joined` says that points of a series are joined by lines; `log_x` that x goes by powers."""

    kind: str
    title: str
    x: str
    y: str
    series: list[Series]
    joined: bool = True
    log_x: bool = False
    y_top: float | None = None


def plot(kind: str, rows: Sequence[CellRow]) -> Plot:
    """The plot called `kind`. Raises `BenchError` for an unknown one, and where nothing can be drawn yet."""
    if kind not in KINDS:
        raise BenchError(f"there is no plot {kind!r}; there are {known(KINDS)}")
    made = {SCORE: by_length, COST: cost_against_score, SPREAD: cost_spread}[kind](rows)
    if not any(series.points for series in made.series):
        why = "no cell has a score yet" if kind == SCORE else "no finished cell has a known cost"
        raise BenchError(f"there is nothing to draw for {KINDS[kind]}: {why}")
    return made


def by_length(rows: Sequence[CellRow]) -> Plot:
    """The official score of every arm by length, with Wilson's interval."""
    points: dict[Arm, list[Point]] = {arm: [] for arm in arms(rows)}
    for line in lines(rows, by_length=True):
        if line.official is not None and line.length is not None and line.interval is not None:
            points[line.arm].append(
                Point(line.length, 100 * line.official, 100 * line.interval.low, 100 * line.interval.high)
            )
    lengths = {point.x for some in points.values() for point in some}
    wide = len(lengths) > 1 and min(lengths) > 0 and max(lengths) / min(lengths) >= 8
    return Plot(
        SCORE, "Official score by length", "length", "score (%)", _series(points, rows), log_x=wide, y_top=100.0
    )


def cost_against_score(rows: Sequence[CellRow]) -> Plot:
    """The median cost of a run against the official score, a point for each arm."""
    points: dict[Arm, list[Point]] = {arm: [] for arm in arms(rows)}
    for line in lines(rows):
        if line.official is not None and line.cost is not None and line.interval is not None:
            interval = line.interval
            points[line.arm].append(Point(line.cost.p50, 100 * line.official, 100 * interval.low, 100 * interval.high))
    return Plot(
        COST,
        "Median cost of a run against score",
        "US dollars a run (median)",
        "score (%)",
        _series(points, rows),
        joined=False,
        y_top=100.0,
    )


def cost_spread(rows: Sequence[CellRow]) -> Plot:
    """What share of an arm's runs cost at most so much."""
    costs: dict[Arm, list[float]] = {arm: [] for arm in arms(rows)}
    for row in rows:
        if row.done and row.cost is not None:
            costs[Arm.of(row)].append(row.cost)
    points = {
        arm: [Point(share, value, value, value) for share in SHARES for value in [percentile(some, share)]]
        for arm, some in costs.items()
        if some
    }
    return Plot(SPREAD, "Cost of runs by percentile", "percentile of runs", "US dollars", _series(points, rows))


def _series(points: dict[Arm, list[Point]], rows: Sequence[CellRow]) -> list[Series]:
    several = len({row.model for row in rows}) > 1 or len({row.task for row in rows}) > 1
    return [
        Series(arm.name(with_model=several), sorted(some, key=lambda point: point.x))
        for arm, some in points.items()
        if some
    ]
