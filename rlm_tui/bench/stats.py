"""Paired statistics: what a difference between two methods is worth. Nothing here needs more than the standard library."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

FEW_WINDOWS = 8
"""With fewer windows than this, resampling windows says little, and `Comparison.warning` says so."""


class Pair(msgspec.Struct, frozen=True):
    """The scores of two methods on one item, each averaged over the seeds it was run with. `window` is its cluster."""

    item: str
    window: str
    a: float
    b: float


class Comparison(msgspec.Struct, frozen=True):
    """How much better `b` does than `a`.

    Attributes:
        items: how many pairs; `windows`: how many clusters they are of.
        a: mean score of the first method; `b`: of the second; `difference` is b − a.
        low: lower end of the interval of the difference, of which `confidence` is the coverage; `high`: its upper end.
        p: two-sided p of the bootstrap.
        mcnemar: exact p of McNemar's test when all scores are 0 or 1, else None.
        only_a: items that only the first method has right; `only_b`: only the second. None unless all are 0 or 1.
        clustered: True when windows were resampled, False when items were, because there are too few windows.
        warning: a sentence for the reader, or empty.
    """

    items: int
    windows: int
    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    confidence: float
    clustered: bool
    mcnemar: float | None = None
    only_a: int | None = None
    only_b: int | None = None
    warning: str = ""


def compare(pairs: Sequence[Pair], *, resamples: int = 10_000, confidence: float = 0.95, seed: int = 0) -> Comparison:
    """The paired cluster bootstrap over windows."""
    raise NotImplementedError
