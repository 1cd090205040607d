"""Paired statistics: what a difference between two methods is worth.

Only the standard library is used, also for the bootstrap, so that the same scores give the same figures whatever is
installed beside it.
"""

from __future__ import annotations

import itertools
import math
import random
import statistics
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

FEW_WINDOWS = 8
"""With fewer windows than this, resampling windows says little: items are resampled, and `Comparison.warning` says so."""

_WORDS = 1 << 16

_Number = TypeVar("_Number", float, complex)

_SLACK = 1e-9
"""Differences smaller than this are rounding."""


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
        p: two-sided p of the bootstrap, never below what the number of resamples can show, nor below what the windows
            can: with k of them that differ, all one way, an exact test of signs gives 2 / 2**k.
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


class Interval(msgspec.Struct, frozen=True):
    """From `low` to `high`, both included."""

    low: float
    high: float


class Spread(msgspec.Struct, frozen=True):
    """How costs or latencies lie. Their tails are heavy, so the percentiles come before the mean."""

    count: int
    p10: float
    p50: float
    p90: float
    p99: float
    largest: float
    mean: float
    deviation: float
    total: float


def compare(pairs: Sequence[Pair], *, resamples: int = 10_000, confidence: float = 0.95, seed: int = 0) -> Comparison:
    """The paired bootstrap over context windows, with McNemar's test where it applies.

    Questions about one document stand and fall together, so windows are drawn and not questions; the questions of a
    drawn window all come with it. With fewer than `FEW_WINDOWS` windows that can't be estimated: the interval is then
    over items, is too narrow, and the warning says so. The interval is the percentile interval.

    Every item may appear once: average over seeds first, for two runs of one item are not two items. Raises
    `ValueError` without pairs, for an item twice, and for scores that are not numbers.
    """
    if not pairs:
        raise ValueError("there is nothing to compare: no item was run with both methods")
    _check(pairs)
    _check_share(confidence, "the confidence")
    if resamples < 1:
        raise ValueError(f"{resamples} resamples are too few; take 10,000")
    differences = [pair.b - pair.a for pair in pairs]
    by_window: dict[str, list[float]] = {}
    for pair, difference in zip(pairs, differences, strict=True):
        by_window.setdefault(pair.window, []).append(difference)
    clustered = len(by_window) >= FEW_WINDOWS
    clusters = [(math.fsum(some), len(some)) for some in by_window.values()]
    units = clusters if clustered else [(one, 1) for one in differences]
    drawn = bootstrap(units, resamples, seed)
    tail = (1 - confidence) / 2
    only_a, only_b, exact = _discordant(pairs)
    return Comparison(
        items=len(pairs),
        windows=len(by_window),
        a=statistics.fmean(pair.a for pair in pairs),
        b=statistics.fmean(pair.b for pair in pairs),
        difference=statistics.fmean(differences),
        low=_nought(percentile(drawn, 100 * tail)),
        high=_nought(percentile(drawn, 100 * (1 - tail))),
        p=max(two_sided(drawn), _least(units)),
        confidence=confidence,
        clustered=clustered,
        mcnemar=exact,
        only_a=only_a,
        only_b=only_b,
        warning="" if clustered else _few(len(pairs), len(by_window)),
    )


def _least(units: Sequence[tuple[float, int]]) -> float:
    """The smallest p that an exact test of signs can give over these.

    Resamples of a few that all differ alike never cross zero, however few they are: the bootstrap alone would take eight
    windows for as good as ten thousand.
    """
    differing = sum(abs(total) > _SLACK for total, _ in units)
    return float(min(1.0, 2.0 ** (1 - differing)))


def _nought(value: float) -> float:
    """`value`, and 0 for what `_draws` puts in the place of a 0."""
    return 0.0 if abs(value) < _SLACK * _SLACK else value


def _few(items: int, windows: int) -> str:
    """The sentence for a comparison over too few windows."""
    questions = "the one question is" if items == 1 else f"the {items} questions share"
    return (
        f"{questions} {'of ' if items == 1 else ''}only {windows} window{'' if windows == 1 else 's'}: the interval is over "
        f"questions and too narrow; take {FEW_WINDOWS} windows or more"
    )


def _check(pairs: Sequence[Pair]) -> None:
    seen: set[str] = set()
    for pair in pairs:
        if pair.item in seen:
            raise ValueError(f"item {pair.item} is there twice; average its scores over the seeds first")
        seen.add(pair.item)
        if not (math.isfinite(pair.a) and math.isfinite(pair.b)):
            raise ValueError(f"a score of item {pair.item} is not a number")


def _discordant(pairs: Sequence[Pair]) -> tuple[int | None, int | None, float | None]:
    """How many items only one method has right, and McNemar's p; nothing when some score is between 0 and 1."""
    if any(score not in (0, 1) for pair in pairs for score in (pair.a, pair.b)):
        return None, None, None
    only_a = sum(pair.a > pair.b for pair in pairs)
    only_b = sum(pair.b > pair.a for pair in pairs)
    return only_a, only_b, mcnemar(only_a, only_b)


def bootstrap(clusters: Sequence[tuple[float, int]], resamples: int = 10_000, seed: int = 0) -> list[float]:
    """Sorted means of `resamples` samples, each of as many clusters as there are, drawn with replacement.

    A cluster is the sum of its differences and their number; a sample's mean is the sum of sums by the sum of numbers.
    """
    count = len(clusters)
    if not count:
        raise ValueError("there is nothing to resample")
    source = random.Random(seed)
    if len({number for _, number in clusters}) == 1:
        items = count * clusters[0][1]
        totals = _draws([total for total, _ in clusters], source)
        return sorted(sum(itertools.islice(totals, count)) / items for _ in range(resamples))
    # One draw brings both figures: the sum as the real, the number as the imaginary part.
    both = _draws([complex(total, number) for total, number in clusters], source)
    found = (sum(itertools.islice(both, count)) for _ in range(resamples))
    return sorted(one.real / one.imag for one in found)


def _draws(values: Sequence[_Number], source: random.Random) -> Iterator[_Number]:
    """The values without end, each as likely as the others.

    Ten million are wanted within a second, which is beyond ``choices``. So random bytes are read as 16-bit words, each a
    place in a table that repeats the values as often as they fit. Words past the last whole repetition would favour the
    first values; their places hold None, and `filter` throws them away. It throws away a nought as well, so the table
    has the smallest number there is in its stead, which changes no sum.
    """
    if len(values) > _WORDS:
        return iter(lambda: source.choice(values), object())
    table: list[Any] = [value or math.ulp(0.0) for value in values] * (_WORDS // len(values))
    table += [None] * (_WORDS - len(table))
    chunks = (array("H", source.randbytes(2 * _WORDS)) for _ in itertools.repeat(None))
    return itertools.chain.from_iterable(filter(None, map(table.__getitem__, chunk)) for chunk in chunks)


def two_sided(drawn: Sequence[float]) -> float:
    """The two-sided p of resampled differences. It is never 0: none of n resamples only says that p is below 2 / (n + 1)."""
    below = sum(one <= _SLACK for one in drawn)
    above = sum(one >= -_SLACK for one in drawn)
    return min(1.0, 2 * (min(below, above) + 1) / (len(drawn) + 1))


def mcnemar(only_a: int, only_b: int) -> float:
    """McNemar's exact test, two-sided: how likely so uneven a split of the items that only one method has right is."""
    if only_a < 0 or only_b < 0:
        raise ValueError("a number of items can't be negative")
    discordant = only_a + only_b
    tail = term = 1
    for taken in range(1, min(only_a, only_b) + 1):
        term = term * (discordant - taken + 1) // taken
        tail += term
    return min(1.0, float(2 * tail / 2**discordant))


def wilson(successes: float, trials: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a rate. Without trials it is everything from 0 to 1."""
    _check_share(confidence, "the confidence")
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials can't be")
    if not trials:
        return Interval(0.0, 1.0)
    z = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = successes / trials
    scale = 1 + z * z / trials
    middle = (rate + z * z / (2 * trials)) / scale
    half = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / scale
    return Interval(0.0 if not successes else middle - half, 1.0 if successes == trials else middle + half)


def holm(ps: Sequence[float]) -> list[float]:
    """The p values adjusted for being many (Holm's step-down), in the order given."""
    adjusted = [0.0] * len(ps)
    largest = 0.0
    for done, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        largest = max(largest, min(1.0, (len(ps) - done) * ps[place]))
        adjusted[place] = largest
    return adjusted


def needed(difference: float, *, discordant: float = 0.4, power: float = 0.8, alpha: float = 0.05) -> int:
    """How many items it takes to see `difference` (0 to 1) between two methods run on the same items.

    `discordant` is the share of items that only one of them gets right; at least the difference itself. The formula is
    Connor's for McNemar's test (Biometrics 43, 1987).
    """
    for value, what in ((difference, "the difference"), (power, "the power"), (alpha, "alpha")):
        _check_share(value, what)
    if not difference <= discordant <= 1:
        raise ValueError(
            f"a difference of {difference:g} needs a discordant share from {difference:g} to 1, not {discordant:g}"
        )
    normal = statistics.NormalDist()
    by_chance = normal.inv_cdf(1 - alpha / 2) * math.sqrt(discordant)
    by_power = normal.inv_cdf(power) * math.sqrt(discordant - difference * difference)
    return math.ceil(((by_chance + by_power) / difference) ** 2)


def detectable(items: int, *, discordant: float = 0.4, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest difference that `items` items can show, the other way round of `needed`; 1.0 when none can."""
    low, high = 0.0, discordant
    if items < 1 or needed(high, discordant=discordant, power=power, alpha=alpha) > items:
        return 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if needed(middle, discordant=discordant, power=power, alpha=alpha) <= items:
            high = middle
        else:
            low = middle
    return high


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` (0 to 100) of the values lie, between the two nearest ones linearly."""
    if not values:
        raise ValueError("there is no percentile of nothing")
    if not 0 <= percent <= 100:
        raise ValueError(f"a percentile is from 0 to 100, not {percent:g}")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    before = math.floor(place)
    after = min(before + 1, len(ordered) - 1)
    low, high = ordered[before], ordered[after]
    return low if low == high else low + (high - low) * (place - before)


def spread(values: Sequence[float]) -> Spread:
    """The percentiles, largest, mean, standard deviation and sum of some costs or seconds."""
    ordered = sorted(values)
    return Spread(
        count=len(ordered),
        p10=percentile(ordered, 10),
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p99=percentile(ordered, 99),
        largest=ordered[-1],
        mean=statistics.fmean(ordered),
        deviation=statistics.stdev(ordered) if len(ordered) > 1 else 0.0,
        total=math.fsum(ordered),
    )


def between_seeds(scores: Mapping[str, Mapping[int, float]]) -> float | None:
    """How far a method's mean score moves from one seed to the next: the standard deviation of the means of the seeds.

    `scores` has by item the score of each seed. Only items that were run with every seed count; None when there are
    fewer than two seeds, or no such items.
    """
    seeds = sorted({seed for by_seed in scores.values() for seed in by_seed})
    complete = [by_seed for by_seed in scores.values() if len(by_seed) == len(seeds)]
    if len(seeds) < 2 or not complete:
        return None
    return statistics.stdev(statistics.fmean(by_seed[seed] for by_seed in complete) for seed in seeds)


def averaged(scores: Mapping[str, Mapping[int, float]]) -> dict[str, float]:
    """Every item's score averaged over the seeds it was run with: what `Pair` takes."""
    return {item: statistics.fmean(by_seed.values()) for item, by_seed in scores.items() if by_seed}


def pair_up(a: Mapping[str, float], b: Mapping[str, float], windows: Mapping[str, str]) -> list[Pair]:
    """Pairs of the items that both methods were run on, in the order of the first. `windows` has every item's window."""
    return [Pair(item, windows[item], score, b[item]) for item, score in a.items() if item in b]


def _check_share(value: float, what: str) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{what} is between 0 and 1, not {value:g}")
