"""Cells put together: one arm is a model with a method and parameters, one line sums up an arm's cells."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from rlm_tui.bench.stats import Interval, Spread, averaged, between_seeds, spread, wilson
from rlm_tui.store.results import FAILURES, OK, CellRow

METHOD_ORDER = {"direct": -2, "direct-truncate": -1}


class Arm(msgspec.Struct, frozen=True, order=True):
    """What is compared: a method with a model and parameters (JSON), for a task."""

    task: str
    model: str
    method: str
    parameters: str = "{}"

    @classmethod
    def of(cls, row: CellRow) -> Arm:
        """The arm that a cell belongs to."""
        return cls(row.task, row.model, row.method, row.parameters)

    def name(self, *, with_model: bool = True) -> str:
        """How people read it: ``gpt-5 rlm:1 temperature=0``."""
        parts = [self.model] if with_model else []
        return " ".join([*parts, self.method, self.settings]).strip()

    @property
    def settings(self) -> str:
        """The parameters as people write them."""
        return settings(self.parameters)


def settings(parameters: str) -> str:
    """Parameters as people write them: ``temperature=0 sub_model=gpt-5-mini``."""
    values: Mapping[str, Any] = json.loads(parameters)
    shown = (f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in values.items())
    return " ".join(shown)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The cells of an arm, or of a part of it, summed up.

    `length` and `answer_type` are set where the line is about a part. `items` is how many questions have an outcome,
    `windows` over how many documents, `seeds` how often each was run; `open` counts cells that have not run. `official`,
    `tolerant` and `judge` are means over items, each item averaged over its seeds, and ``None`` where nothing was scored.
    `interval` is Wilson's of the official score; for scores between 0 and 1 it errs on the wide side. `deviation` is how
    much the mean moves between seeds. `states` counts cells by status. `cost` covers cells with known prices; `unpriced`
    counts the others.
    """

    arm: Arm
    length: int | None = None
    answer_type: str | None = None
    items: int = 0
    windows: int = 0
    seeds: int = 0
    open: int = 0
    official: float | None = None
    tolerant: float | None = None
    judge: float | None = None
    interval: Interval | None = None
    deviation: float | None = None
    states: dict[str, int] = {}
    cost: Spread | None = None
    unpriced: int = 0
    seconds: Spread | None = None
    input: int = 0
    cached: int = 0
    output: int = 0
    turns: float | None = None

    def failures(self) -> dict[str, int]:
        """How many cells counted 0 because they gave no answer, by reason."""
        return {status: self.states[status] for status in FAILURES if self.states.get(status)}


def arms(rows: Iterable[CellRow]) -> list[Arm]:
    """The arms of a table: by task and model, then direct before recursive, shallow before deep."""
    return sorted({Arm.of(row) for row in rows}, key=_order)


def _order(arm: Arm) -> tuple[Any, ...]:
    depth = METHOD_ORDER.get(arm.method)
    if depth is None:
        depth = int(arm.method.partition(":")[2]) if arm.method.startswith("rlm:") else 99
    return arm.task, arm.model, arm.parameters != "{}", arm.parameters, depth, arm.method


def lines(rows: Sequence[CellRow], *, by_length: bool = False, by_type: bool = False) -> list[Line]:
    """A line for each arm, or for each part of it."""
    groups: dict[tuple[Any, ...], list[CellRow]] = {}
    for row in rows:
        part = (row.length if by_length else None, row.answer_type if by_type else None)
        groups.setdefault((_order(Arm.of(row)), part[0] or 0, part[1] or "", Arm.of(row), *part), []).append(row)
    return [summed(key[3], groups[key], key[4], key[5]) for key in sorted(groups, key=lambda key: key[:3])]


def summed(arm: Arm, rows: Sequence[CellRow], length: int | None = None, answer_type: str | None = None) -> Line:
    """One line over `rows`."""
    done = [row for row in rows if row.done]
    official, tolerant, judge = (per_item(done, name) for name in ("official", "tolerant", "judge"))
    costs = [row.cost for row in done if row.cost is not None]
    times = [row.seconds for row in done if row.seconds is not None]
    return Line(
        arm=arm,
        length=length,
        answer_type=answer_type,
        items=len({row.item for row in done}),
        windows=len({row.window for row in done}),
        seeds=len({row.seed for row in done}),
        open=len(rows) - len(done),
        official=_mean(official),
        tolerant=_mean(tolerant),
        judge=_mean(judge),
        interval=wilson(sum(official.values()), len(official)) if official else None,
        deviation=between_seeds(by_seed(done)) if official else None,
        states=dict(Counter(row.status for row in rows)),
        cost=spread(costs) if costs else None,
        unpriced=sum(row.cost is None for row in done),
        seconds=spread(times) if times else None,
        input=sum(row.input for row in done),
        cached=sum(row.cached for row in done),
        output=sum(row.output for row in done),
        turns=sum(row.turns for row in done) / len(done) if done else None,
    )


def by_seed(rows: Iterable[CellRow], name: str = "official") -> dict[str, dict[int, float]]:
    """Scores by item, then by seed."""
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        value = getattr(row, name)
        if row.done and value is not None:
            found.setdefault(row.item, {})[row.seed] = value
    return found


def per_item(rows: Iterable[CellRow], name: str = "official") -> dict[str, float]:
    """Every item's score, averaged over its seeds."""
    return averaged(by_seed(rows, name))


def _mean(scores: Mapping[str, float]) -> float | None:
    return sum(scores.values()) / len(scores) if scores else None


def totals(rows: Iterable[CellRow]) -> dict[str, int]:
    """Cells by status."""
    return dict(Counter(row.status for row in rows))


def ended_well(rows: Iterable[CellRow]) -> int:
    """How many cells gave an answer."""
    return sum(row.status == OK for row in rows)
