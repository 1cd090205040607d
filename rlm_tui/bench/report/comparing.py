"""Arms against each other, item by item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.report.arms import Arm, arms, per_item
from rlm_tui.bench.stats import Comparison, compare, holm, pair_up
from rlm_tui.store.results import CellRow

AXES = ("method", "model", "parameters")
"""What two arms of a comparison may differ in."""


class Versus(msgspec.Struct, frozen=True):
    """`b` against the base `a`. `holm` is the bootstrap's p adjusted for all comparisons that were made together."""

    a: Arm
    b: Arm
    found: Comparison
    holm: float


def against(rows: Sequence[CellRow], axis: str = "method", base: str | None = None) -> list[Versus]:
    """Every arm against the base of its kind: the other methods of a model against its first one (``direct``, if it was
    run), or the other models or parameters of a method.

    `base` names another method, model or set of parameters. Raises `BenchError` when nothing can be compared.
    """
    if axis not in AXES:
        raise BenchError(f"{axis!r} can't be compared; it is {', '.join(AXES[:-1])} or {AXES[-1]}")
    groups: dict[tuple[str, ...], list[Arm]] = {}
    for arm in arms(rows):
        rest = tuple(getattr(arm, name) for name in ("task", *AXES) if name != axis)
        groups.setdefault(rest, []).append(arm)
    if base is not None and not any(_called(arm, axis, base) for group in groups.values() for arm in group):
        names = sorted({_name(arm, axis) for group in groups.values() for arm in group})
        raise BenchError(f"there is no {axis} {base!r} in these results; there are {', '.join(names)}")
    found: list[tuple[Arm, Arm, Comparison]] = []
    for group in groups.values():
        first = next((arm for arm in group if base is None or _called(arm, axis, base)), None)
        if first is not None:
            found += [(first, arm, made) for arm in group if arm != first and (made := _compare(rows, first, arm))]
    if not found and rows and all(row.official is None for row in rows):
        raise BenchError("these results have no scores to compare; `rlm-tui diff` compares two of their sessions")
    if not found:
        raise BenchError(
            f"there is nothing to compare by {axis}: it takes two of them, run on the same items; "
            f"--by compares by {' or '.join(name for name in AXES if name != axis)}"
        )
    adjusted = holm([made.p for _, _, made in found])
    return [Versus(a, b, made, p) for (a, b, made), p in zip(found, adjusted, strict=True)]


def _compare(rows: Iterable[CellRow], a: Arm, b: Arm) -> Comparison | None:
    mine: dict[Arm, list[CellRow]] = {a: [], b: []}
    windows = {}
    for row in rows:
        arm = Arm.of(row)
        if arm in mine:
            mine[arm].append(row)
            windows[row.item] = row.window
    pairs = pair_up(per_item(mine[a]), per_item(mine[b]), windows)
    return compare(pairs) if pairs else None


def _name(arm: Arm, axis: str) -> str:
    return arm.settings or "(none)" if axis == "parameters" else str(getattr(arm, axis))


def _called(arm: Arm, axis: str, name: str) -> bool:
    return name in (getattr(arm, axis), _name(arm, axis))
