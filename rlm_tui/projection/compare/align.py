"""Which step of one list is which step of another: order is kept, and like goes to like.

Equal steps that occur once on both sides are anchors. Between two anchors, steps are paired by the similarity of their
text; comparing every pair of long lists would take minutes, so the farther from the diagonal, the less is compared.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

LIKE = 0.45
"""From this similarity on, two texts are versions of one another."""

COMPARED = 4000
"""How many pairs of texts are looked at, about, for two long lists."""

STEPS = 5_000_000
"""How much work their comparison may be: a few tenths of a second. Beyond that only words are counted, whatever their order."""

SHORT = 300
"""Texts of up to this many words are compared word by word, longer ones line by line."""

_WORDS = re.compile(r"\w+|[^\w\s]")


@dataclass(slots=True)
class Step:
    """A step to be aligned: `key` is equal where steps are equal; only steps of one `sort` are ever alike."""

    key: Hashable
    sort: str
    text: Callable[[], str]
    _words: list[str] | None = field(default=None, repr=False)
    _counts: Counter[str] | None = field(default=None, repr=False)
    _lines: list[str] | None = field(default=None, repr=False)

    @property
    def words(self) -> list[str]:
        """The words of the text, in order."""
        if self._words is None:
            self._words = _WORDS.findall(self.text())
        return self._words

    @property
    def counts(self) -> Counter[str]:
        """How often each word occurs."""
        if self._counts is None:
            self._counts = Counter(self.words)
        return self._counts

    @property
    def lines(self) -> list[str]:
        """The lines that are not empty, without their indentation."""
        if self._lines is None:
            self._lines = [line.strip() for line in self.text().splitlines() if line.strip()]
        return self._lines


Match = tuple[int | None, int | None, float]
"""Indices of a step in both lists (``None`` where there is none) and the similarity of their texts."""


class Measure:
    """Says how alike two steps are. It remembers how much work that was, so that a contrived text can't take minutes."""

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps
        self._words: SequenceMatcher[str] = SequenceMatcher(None, autojunk=False)
        self._held: Step | None = None

    def __call__(self, a: Step, b: Step) -> float:
        """0 to 1; 0 where it is clear that it would be below `LIKE`. Many `a` in a row for one `b` are cheapest."""
        if a.key == b.key:
            return 1.0
        total = len(a.words) + len(b.words)
        if a.sort != b.sort or not total or 2 * min(len(a.words), len(b.words)) < LIKE * total:
            return 0.0
        shared = _shared(a.counts, b.counts) / total
        if shared < LIKE:
            return 0.0
        # Equal words do not make an equal step (their layout may differ), so nothing below is quite 1.
        if max(len(a.words), len(b.words)) <= SHORT:
            if not self._afford(a.counts, b.counts):
                return 0.9 * shared
            if self._held is not b:
                self._words.set_seq2(b.words)
                self._held = b
            self._words.set_seq1(a.words)
            return min(self._words.ratio(), 0.99)
        # Where a name was changed throughout, no line is equal, and still the text is the same one.
        by_count = 0.75 * shared
        if not self._afford(Counter(a.lines), Counter(b.lines)):
            return by_count
        return min(max(by_count, SequenceMatcher(None, a.lines, b.lines, autojunk=False).ratio()), 0.99)

    def _afford(self, a: Counter[str], b: Counter[str]) -> bool:
        steps = work(a, b)
        if steps > self._left:
            return False
        self._left -= steps
        return True


def work(a: Counter[str], b: Counter[str]) -> int:
    """About how many steps it takes to compare two sequences in order: one for each pair of equal items, again and again."""
    few, many = (a, b) if len(a) < len(b) else (b, a)
    return sum(count * many[word] for word, count in few.items()) * min(a.total(), b.total()) // 4


def _shared(a: Counter[str], b: Counter[str]) -> int:
    """Twice the number of words that both have: what `SequenceMatcher.quick_ratio` divides by the number of all."""
    few, many = (a, b) if len(a) < len(b) else (b, a)
    return 2 * sum(min(count, many[word]) for word, count in few.items())


def align(a: Sequence[Step], b: Sequence[Step]) -> list[Match]:
    """Pair the steps of `a` with those of `b`. Every step stands in exactly one match, in its own list's order.

    Steps that are left between two pairs are paired by position, with a similarity below `LIKE`, if they are of one sort.
    """
    anchors = _anchors(a, b)
    gaps = []
    before = (-1, -1)
    for anchor in [*anchors, (len(a), len(b))]:
        gaps.append((before[0] + 1, anchor[0], before[1] + 1, anchor[1]))
        before = anchor
    cells = sum((a1 - a0) * (b1 - b0) for a0, a1, b0, b1 in gaps)
    longest = sum(max(a1 - a0, b1 - b0) for a0, a1, b0, b1 in gaps if a1 > a0 and b1 > b0)
    band = None if cells <= COMPARED else max(2, COMPARED // (2 * longest))
    measure = Measure()
    matches: list[Match] = []
    for n, (a0, a1, b0, b1) in enumerate(gaps):
        pairs = _align_gap(a[a0:a1], b[b0:b1], band, measure)
        matches += _fill(a, b, a0, a1, b0, b1, pairs, measure)
        if n < len(anchors):
            matches.append((*anchors[n], 1.0))
    return matches


def _anchors(a: Sequence[Step], b: Sequence[Step]) -> list[tuple[int, int]]:
    """Pairs of equal steps: those at both ends, and in between those that occur once on both sides, in order."""
    low, high_a, high_b = 0, len(a), len(b)
    while low < min(high_a, high_b) and a[low].key == b[low].key:
        low += 1
    while high_a > low and high_b > low and a[high_a - 1].key == b[high_b - 1].key:
        high_a, high_b = high_a - 1, high_b - 1
    once_a = _once(a, low, high_a)
    once_b = _once(b, low, high_b)
    pairs = [(at, once_b[key]) for key, at in once_a.items() if key in once_b]
    head = [(n, n) for n in range(low)]
    tail = [(high_a + n, high_b + n) for n in range(len(a) - high_a)]
    return [*head, *_rising(pairs), *tail]


def _once(steps: Sequence[Step], low: int, high: int) -> dict[Hashable, int]:
    counts = Counter(step.key for step in steps[low:high])
    return {steps[n].key: n for n in range(low, high) if counts[steps[n].key] == 1}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of `pairs` (sorted by their first number) whose second numbers rise as well."""
    ends: list[int] = []
    last: list[int] = []
    back: list[int | None] = []
    for n, (_, at) in enumerate(pairs):
        place = bisect_left(ends, at)
        back.append(last[place - 1] if place else None)
        ends[place : place + 1] = [at]
        last[place : place + 1] = [n]
    chain: list[tuple[int, int]] = []
    at_pair = last[-1] if last else None
    while at_pair is not None:
        chain.append(pairs[at_pair])
        at_pair = back[at_pair]
    return chain[::-1]


def _align_gap(
    a: Sequence[Step], b: Sequence[Step], band: int | None, measure: Measure
) -> list[tuple[int, int, float]]:
    """The pairs of the best alignment of two lists: that with the greatest sum of similarities."""
    rows, columns = len(a), len(b)
    if not rows or not columns:
        return []
    alike: dict[tuple[int, int], float] = {}
    for column, step in enumerate(b):
        middle = column * rows // columns
        low, high = (0, rows) if band is None else (max(0, middle - band), min(rows, middle + band + 1))
        for row in range(low, high):
            value = measure(a[row], step)
            if value >= LIKE:
                alike[row, column] = value
    return _heaviest(alike)


def _heaviest(alike: Mapping[tuple[int, int], float]) -> list[tuple[int, int, float]]:
    """The chain of pairs, both numbers rising, with the greatest sum of values."""
    # For rising columns, the greatest sum of a chain that ends at that column or before, and its last pair.
    columns: list[int] = []
    sums: list[float] = []
    links: list[tuple[int, int]] = []
    back: dict[tuple[int, int], tuple[int, int] | None] = {}
    # Of one row the last column first, so that no chain takes a row twice.
    for row, column in sorted(alike, key=lambda pair: (pair[0], -pair[1])):
        place = bisect_left(columns, column)
        back[row, column] = links[place - 1] if place else None
        total = alike[row, column] + (sums[place - 1] if place else 0.0)
        here = bisect_right(columns, column)
        if here and sums[here - 1] >= total:
            continue
        # What comes later and is worth no more is of no use to anybody.
        end = here
        while end < len(columns) and sums[end] <= total:
            end += 1
        columns[place:end] = [column]
        sums[place:end] = [total]
        links[place:end] = [(row, column)]
    chain: list[tuple[int, int, float]] = []
    pair = links[-1] if links else None
    while pair is not None:
        chain.append((*pair, alike[pair]))
        pair = back[pair]
    return chain[::-1]


def _fill(
    a: Sequence[Step],
    b: Sequence[Step],
    a0: int,
    a1: int,
    b0: int,
    b1: int,
    pairs: Sequence[tuple[int, int, float]],
    measure: Measure,
) -> list[Match]:
    """All steps of a gap, with `pairs` (counted from the gap's beginning) in their places."""
    matches: list[Match] = []
    row, column = a0, b0
    for pair in [*((a0 + x, b0 + y, value) for x, y, value in pairs), (a1, b1, -1.0)]:
        while row < pair[0] or column < pair[1]:
            if row < pair[0] and column < pair[1] and a[row].sort == b[column].sort:
                matches.append((row, column, measure(a[row], b[column])))
                row, column = row + 1, column + 1
            elif row < pair[0]:
                matches.append((row, None, 0.0))
                row += 1
            else:
                matches.append((None, column, 0.0))
                column += 1
        if pair[2] >= 0:
            matches.append(pair)
            row, column = row + 1, column + 1
    return matches
