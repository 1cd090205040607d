"""Everything there is to say about some cells, in the order in which it is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.report.arms import Line, lines
from rlm_tui.bench.report.comparing import Versus, against
from rlm_tui.bench.report.grid import DEFAULT, MONEY, Grid, comparisons, scores
from rlm_tui.store.results import CellRow


def grids(cells: Sequence[CellRow], columns: Sequence[str] = ()) -> list[Grid]:
    """The tables of results: scores, the same by answer type and by length where there are several, cost and time."""
    suites = ", ".join(dict.fromkeys(row.suite for row in cells))
    whole = lines(cells)
    if not whole:
        return []
    names = tuple(columns) or _useful(whole)
    found = [scores(f"{suites}: scores", whole, names)]
    if len({row.answer_type for row in cells}) > 1:
        found.append(scores("by answer type", lines(cells, by_type=True), names, notes=False))
    if len({row.length for row in cells}) > 1:
        found.append(scores("by length", lines(cells, by_length=True), names, notes=False))
    if not columns and any(line.items for line in whole):
        found.append(
            scores("cost and time of a run (tails are heavy: percentiles, not means)", whole, MONEY, notes=False)
        )
    return found


def _useful(whole: Sequence[Line]) -> tuple[str, ...]:
    """The usual columns; a table without gold has no use for scores."""
    if any(line.official is not None for line in whole) or not any(line.items for line in whole):
        return DEFAULT
    return tuple(name for name in DEFAULT if name not in ("official", "interval", "tolerant"))


def compared(cells: Sequence[CellRow], axis: str = "method", base: str | None = None) -> tuple[list[Versus], Grid]:
    """The comparisons along an axis, and their table. Raises `BenchError` when there are none."""
    found = against(cells, axis, base)
    suites = ", ".join(dict.fromkeys(row.suite for row in cells))
    return found, comparisons(f"{suites}: compared by {axis}", found)


def everything(cells: Sequence[CellRow]) -> dict[str, Any]:
    """Sums and comparisons as plain values."""
    made: list[Versus] = []
    for axis in ("method", "model", "parameters"):
        try:
            made += against(cells, axis)
        except BenchError:
            continue
    return {
        "lines": msgspec.to_builtins(lines(cells)),
        "by_length": msgspec.to_builtins(lines(cells, by_length=True)),
        "by_type": msgspec.to_builtins(lines(cells, by_type=True)),
        "comparisons": msgspec.to_builtins(made),
    }
