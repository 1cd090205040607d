"""What was read of the documents, as arithmetic over spans (engine contract §10).

Two strengths are kept apart: ``touched`` by code (a cell sliced or iterated over it) and ``seen`` by a model (its text
reached a prompt). Everything is incremental: adding a span costs two binary searches.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rlm_tui.events import Span

Strength = Literal["touched", "seen"]
STRENGTHS: tuple[Strength, ...] = ("touched", "seen")


class Intervals:
    """A set of whole numbers as disjoint, sorted, half-open intervals."""

    __slots__ = ("_ends", "_starts", "size")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.size = 0

    def add(self, start: int, end: int) -> int:
        """Add the numbers from `start` to before `end`; returns how many of them are new."""
        if start >= end:
            return 0
        low = bisect_left(self._ends, start)
        high = bisect_right(self._starts, end)
        held = 0
        if low < high:
            # All of these overlap or touch the new one, and become one with it.
            held = sum(self._ends[low:high]) - sum(self._starts[low:high])
            start, end = min(start, self._starts[low]), max(end, self._ends[high - 1])
        self._starts[low:high] = [start]
        self._ends[low:high] = [end]
        new = end - start - held
        self.size += new
        return new

    def items(self) -> list[tuple[int, int]]:
        """The intervals in order."""
        return list(zip(self._starts, self._ends, strict=True))

    def gaps(self, stop: int, start: int = 0) -> list[tuple[int, int]]:
        """What is missing between `start` and `stop`, in order."""
        out: list[tuple[int, int]] = []
        at = start
        for n in range(bisect_right(self._ends, start), len(self._starts)):
            begin = self._starts[n]
            if begin >= stop:
                break
            if begin > at:
                out.append((at, begin))
            at = self._ends[n]
        if at < stop:
            out.append((at, stop))
        return out

    def overlap(self, start: int, end: int) -> int:
        """How many of the numbers from `start` to before `end` are in the set."""
        total = 0
        for n in range(bisect_right(self._ends, start), len(self._starts)):
            if self._starts[n] >= end:
                break
            total += max(0, min(end, self._ends[n]) - max(start, self._starts[n]))
        return total

    def covers(self, number: int) -> bool:
        n = bisect_right(self._starts, number) - 1
        return n >= 0 and number < self._ends[n]

    def copy(self) -> Intervals:
        new = Intervals()
        new._starts, new._ends, new.size = self._starts.copy(), self._ends.copy(), self.size
        return new


class Counts:
    """How many intervals cover each number: the borders of all of them, and what changes there."""

    __slots__ = ("_change", "_ends", "_points", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._points: list[int] = []
        self._change: dict[int, int] = {}

    def add(self, start: int, end: int) -> None:
        if start >= end:
            return
        insort(self._starts, start)
        insort(self._ends, end)
        for point, change in ((start, 1), (end, -1)):
            if point in self._change:
                self._change[point] += change
            else:
                insort(self._points, point)
                self._change[point] = change

    def steps(self) -> list[tuple[int, int, int]]:
        """Runs ``(start, end, count)`` of equal counts above 0, in order."""
        out: list[tuple[int, int, int]] = []
        count, begin = 0, 0
        for point in self._points:
            change = self._change[point]
            if not change:
                continue
            if count:
                out.append((begin, point, count))
            count, begin = count + change, point
        return out

    def copy(self) -> Counts:
        new = Counts()
        new._points, new._change = self._points.copy(), self._change.copy()
        new._starts, new._ends = self._starts.copy(), self._ends.copy()
        return new

    def touching(self, start: int, end: int) -> int:
        """How many of the intervals have a number from `start` to before `end`."""
        return bisect_left(self._starts, end) - bisect_right(self._ends, start)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who read a part: a cell (``touched``) or a call (``seen``), and which span of it."""

    source: str
    strength: Strength
    span: Span


class Coverage:
    """What was read of a session's documents, and by whom. Documents are numbered from 0.

    `sizes` are the documents' lengths in characters; spans are cut to them, and spans of other documents are ignored.
    `version` grows with every change, for those who keep what they computed.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self.version = 0
        self._read: dict[Strength, list[Intervals]] = {s: [Intervals() for _ in sizes] for s in STRENGTHS}
        self._counts: dict[Strength, list[Counts]] = {s: [Counts() for _ in sizes] for s in STRENGTHS}
        # Copies share this list. Each knows how much of it is its own, and only the one that owns all of it may append.
        self._readers: list[Reader] = []
        self._known = 0
        self._of_source: dict[str, tuple[range, ...]] = {}

    def add(self, strength: Strength, source: str, spans: Iterable[Span]) -> int:
        """`source` read `spans`. Returns how many characters of them nobody had read at this strength before."""
        if self._known != len(self._readers):
            self._readers = self._readers[: self._known]
        new, first = 0, self._known
        for document, start, end in _disjoint(spans, self.sizes):
            new += self._read[strength][document].add(start, end)
            self._counts[strength][document].add(start, end)
            self._readers.append(Reader(source, strength, Span(document, start, end)))
            self._known += 1
        # The tuple is replaced, not grown, because copies share it.
        self._of_source[source] = (*self._of_source.get(source, ()), range(first, self._known))
        self.version += 1
        return new

    def copy(self) -> Coverage:
        """One that changes independently. Costs some copied lists of numbers."""
        new = Coverage.__new__(Coverage)
        new.sizes, new.version = self.sizes, self.version
        new._read = {s: [item.copy() for item in items] for s, items in self._read.items()}
        new._counts = {s: [item.copy() for item in items] for s, items in self._counts.items()}
        new._readers, new._known, new._of_source = self._readers, self._known, self._of_source.copy()
        return new

    # ---------------------------------------------------------------- how much

    def read_chars(self, strength: Strength = "seen", document: int | None = None) -> int:
        """Characters read, of one document or of all."""
        items = self._read[strength]
        return items[document].size if document is not None else sum(item.size for item in items)

    def share(self, strength: Strength = "seen", document: int | None = None) -> float:
        """The part that was read, 0 to 1; 0 for an empty document."""
        total = self.sizes[document] if document is not None else sum(self.sizes)
        return self.read_chars(strength, document) / total if total else 0.0

    def duplicated(self, strength: Strength = "seen", document: int | None = None) -> tuple[int, int]:
        """Characters read more than once, and how many characters all readings after the first add up to."""
        chars = surplus = 0
        for n, counts in enumerate(self._counts[strength]):
            if document in (None, n):
                for start, end, count in counts.steps():
                    if count > 1:
                        chars += end - start
                        surplus += (end - start) * (count - 1)
        return chars, surplus

    # ---------------------------------------------------------------- where

    def read_spans(self, document: int, strength: Strength = "seen") -> list[Span]:
        """What was read of a document, in order, disjoint."""
        return [Span(document, start, end) for start, end in self._read[strength][document].items()]

    def unread(self, document: int, strength: Strength = "seen", minimum: int = 1) -> list[Span]:
        """What nobody read of a document: regions of at least `minimum` characters, in order."""
        gaps = self._read[strength][document].gaps(self.sizes[document])
        return [Span(document, start, end) for start, end in gaps if end - start >= minimum]

    def next_unread(self, document: int, after: int, strength: Strength = "seen") -> Span | None:
        """The first unread region that begins at `after` or later, else the first one of the document (it wraps)."""
        gaps = self._read[strength][document].gaps(self.sizes[document])
        n = bisect_left(gaps, (after, after))
        if not gaps:
            return None
        start, end = gaps[n] if n < len(gaps) else gaps[0]
        return Span(document, start, end)

    def heat(self, document: int, buckets: int, strength: Strength = "seen") -> list[int]:
        """The document in `buckets` equal parts: the most readings that any character of each part had."""
        size = self.sizes[document]
        heat = [0] * buckets
        if not size or not buckets:
            return heat
        for start, end, count in self._counts[strength][document].steps():
            first, last = start * buckets // size, min(buckets, -(-end * buckets // size))
            for n in range(first, last):
                if heat[n] < count:
                    heat[n] = count
        return heat

    def shares(self, document: int, buckets: int, strength: Strength = "seen") -> list[float]:
        """The document in `buckets` equal parts: which part of each was read, 0 to 1."""
        size = self.sizes[document]
        shares = [0.0] * buckets
        for start, end in self._read[strength][document].items() if size else ():
            for n in range(start * buckets // size, min(buckets, -(-end * buckets // size))):
                low, high = n * size / buckets, (n + 1) * size / buckets
                shares[n] += max(0.0, min(end, high) - max(start, low)) / (high - low)
        return [min(1.0, share) for share in shares]

    def readings(self, document: int, start: int, end: int, strength: Strength = "seen") -> int:
        """How often any of the characters from `start` to before `end` were read: as many as `readers_of` finds."""
        return self._counts[strength][document].touching(start, end) if start < end else 0

    # ---------------------------------------------------------------- who

    def readers_of(self, document: int, start: int, end: int, strength: Strength | None = None) -> list[Reader]:
        """Who read any of the characters from `start` to before `end`, in the order in which they did."""
        return [
            reader
            for reader in self._readers[: self._known]
            if reader.span.document == document
            and reader.span.start < end
            and reader.span.end > start
            and strength in (None, reader.strength)
        ]

    def spans_of(self, source: str, strength: Strength | None = None) -> list[Span]:
        """What `source` read, in the order in which it did."""
        readers = (self._readers[n] for numbers in self._of_source.get(source, ()) for n in numbers)
        return [reader.span for reader in readers if strength in (None, reader.strength)]


def _disjoint(spans: Iterable[Span], sizes: Sequence[int]) -> list[tuple[int, int, int]]:
    """Spans cut to the documents, sorted and merged: one reading counts each character once."""
    out: list[tuple[int, int, int]] = []
    cut = (
        (span.document, max(0, span.start), min(span.end, sizes[span.document]))
        for span in spans
        if 0 <= span.document < len(sizes)
    )
    for document, start, end in sorted(cut):
        if start >= end:
            continue
        if out and out[-1][0] == document and start <= out[-1][2]:
            out[-1] = (document, out[-1][1], max(end, out[-1][2]))
        else:
            out.append((document, start, end))
    return out
