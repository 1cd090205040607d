"""Which spans of the documents stand in a text: in a prompt, in what a cell printed (engine contract §10).

The documents are indexed by windows of 32 characters, one every `stride` characters. A text is read from left to right;
where a window of it is in the index, the match is extended both ways as far as the two agree. Any run of at least
``32 + stride - 1`` shared characters (63 at the normal stride of 32) holds an indexed window whole, so none is missed.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from rlm_tui.document.document import Document
from rlm_tui.document.sieve import WINDOW, Scan, Sieve
from rlm_tui.events import Span

MOST_WINDOWS = 640_000
"""Windows kept at most, about 100 MB of memory: documents of more than 20 million characters get a longer stride."""

_REPEATS = 8
"""How many places of the same window are kept. Text that stands in more places is attributed to one of these."""

_NEAR, _EXTEND = 64, 1 << 14
"""How far a match is first looked at on both sides, and by how much at most it is extended at a time, in characters."""

_ESCAPE = re.compile(r"\\(?:([nrt\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


class Match(NamedTuple):
    """A piece of a text, from character `start` to before `end`, that stands at `span` of the documents."""

    start: int
    end: int
    span: Span


class Matcher:
    """Finds the spans of some documents in any text.

    `stride` follows from the documents' total size: 32 up to about 20 million characters, more above, so that the index
    never holds more than `MOST_WINDOWS` windows; `certain` is the length from which on a shared run is never missed. Text
    that stands in several places is attributed to one of them, if possible where the previous match ended.

    The index is built by `build`, bit by bit if wanted, or by the first `matches`. Safe from several threads.
    """

    def __init__(self, documents: Sequence[Document], *, most_windows: int = MOST_WINDOWS) -> None:
        for document in documents:
            document.index()
        self._documents = tuple(documents)
        total = sum(document.chars for document in documents)
        self.stride = max(WINDOW, -(-total // most_windows))
        self._sizes = [document.chars for document in documents]
        self._starts = [0, *accumulate(self._sizes)]
        self._first: dict[str, int] = {}
        self._more: dict[str, list[int]] = {}
        self._sieve = Sieve(total // self.stride)
        self._lock = threading.Lock()
        self._building = self._build()
        self.complete = False

    @property
    def certain(self) -> int:
        """A shared run of at least so many characters is always found."""
        return WINDOW + self.stride - 1

    def build(self, seconds: float | None = None) -> bool:
        """Build the index on, for about `seconds` or to its end. Returns whether it is complete."""
        until = None if seconds is None else time.perf_counter() + seconds
        with self._lock:
            while not self.complete:
                if next(self._building, None) is None:
                    self.complete = True
                elif until is not None and time.perf_counter() >= until:
                    break
        return self.complete

    def match(self, text: str) -> tuple[Span, ...]:
        r"""The spans of the documents whose text stands in `text`: sorted, disjoint, merged.

        Text inside a ``repr`` or a JSON string counts as well: escapes such as ``\n`` are read as what they stand for.
        """
        spans = [match.span for match in self.matches(text)]
        if "\\" in text:
            plain = _ESCAPE.sub(_unescape, text)
            if plain != text:
                spans += [match.span for match in self.matches(plain)]
        return merge(spans)

    def matches(self, text: str) -> list[Match]:
        """Where the documents' text stands in `text`, in order of `text`. The pieces may overlap by some characters."""
        if not self.complete:
            self.build()
        stop = len(text) - WINDOW + 1
        found: list[Match] = []
        if not self._first:
            return found
        scan = Scan(text, self._first, self._sieve)
        # The part of the text around the last match that is attributed already, and what in it need not be looked at:
        # a run that begins before it, or ends beyond it, has an indexed window near its border.
        start = end = skip = resume = -1
        at = shift = inner = 0
        while True:
            hit = scan.next(at, min(skip, stop)) if at < skip else None
            if hit is None:
                at = max(at, resume)
                hit = scan.next(at, stop)
            if hit is None:
                return found
            at = hit + 1
            window = text[hit : hit + WINDOW]
            place = self._first[window]
            best: Match | None
            if window in self._more or start <= hit < end:
                if hit + WINDOW <= inner and place - hit == shift and window not in self._more:
                    continue  # The last match again.
                best = self._best(text, hit, start, end, found[-1].span if found else None)
                if best is None:
                    continue
            else:
                number = self._document_at(place)
                best = self._extend(text, hit, number, place - self._starts[number])
            # A shorter match inside this one was text that stands in several places, taken for the wrong one.
            while found and best.start <= found[-1].start and found[-1].end <= best.end:
                found.pop()
            found.append(best)
            inner, shift = best.end, self._starts[best.span.document] + best.span.start - best.start
            start, end = (min(start, best.start), max(end, best.end)) if best.start <= end else (best.start, best.end)
            skip, resume = start + self.stride, end - self.certain + 1

    def _best(self, text: str, at: int, start: int, end: int, previous: Span | None) -> Match | None:
        """The longest match through the window at `at` that adds to what is attributed, from `start` to before `end`.

        Among equally long ones, the one that goes on from the span `previous`.
        """
        window = text[at : at + WINDOW]
        inside = start <= at and at + WINDOW <= end
        best: Match | None = None
        best_rank = (0, 0)
        for place in (self._first[window], *self._more.get(window, ())):
            number = self._document_at(place)
            offset = place - self._starts[number]
            if inside:
                # Most often this is the same match again.
                document, back, ahead = self._documents[number], at - start + 1, end - at + 1
                if text[at : at + ahead] != document.slice(offset, offset + ahead) and (
                    start == 0 or offset < back or text[start - 1 : at] != document.slice(offset - back, offset)
                ):
                    continue
            match = self._extend(text, at, number, offset)
            gap = match.span.start - previous.end if previous and previous.document == number else -1
            rank = (match.end - match.start, -gap if gap >= 0 else -(1 << 60))
            if best is None or rank > best_rank:
                best, best_rank = match, rank
        return best

    def _extend(self, text: str, at: int, number: int, offset: int) -> Match:
        document = self._documents[number]
        most_left, most_right = min(at, offset), min(len(text) - at, self._sizes[number] - offset) - WINDOW
        left, right = min(_NEAR, most_left), min(_NEAR, most_right)
        ours, theirs = text[at - left : at + WINDOW + right], document.slice(offset - left, offset + WINDOW + right)
        if ours != theirs:
            # Most often it is a line of a document that stands alone: both its ends are near.
            (before, behind), (back, ahead) = (
                (ours[:left], ours[left + WINDOW :]),
                (theirs[:left], theirs[left + WINDOW :]),
            )
            if before != back:
                left = most_left = _agree(before[::-1], back[::-1])
            if behind != ahead:
                right = most_right = _agree(behind, ahead)
        size = _NEAR
        while left < most_left:
            size = min(4 * size, _EXTEND, most_left - left)
            ours, theirs = text[at - left - size : at - left], document.slice(offset - left - size, offset - left)
            if ours != theirs:
                left += _agree(ours[::-1], theirs[::-1])
                break
            left += size
        start, where, size = at + WINDOW, offset + WINDOW, _NEAR
        while right < most_right:
            size = min(4 * size, _EXTEND, most_right - right)
            ours, theirs = (
                text[start + right : start + right + size],
                document.slice(where + right, where + right + size),
            )
            if ours != theirs:
                right += _agree(ours, theirs)
                break
            right += size
        return Match(at - left, start + right, Span(number, offset - left, where + right))

    def _document_at(self, place: int) -> int:
        starts, low, high = self._starts, 0, len(self._starts) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if starts[middle] <= place else (low, middle)
        return low

    def _build(self) -> Iterator[bool]:
        first, more, stride = self._first, self._more, self.stride
        for number, document in enumerate(self._documents):
            base, size = self._starts[number], document.chars
            piece = stride * max(1, 16_384 // stride)
            for begin in range(0, size - WINDOW + 1, piece):
                text = document.slice(begin, begin + piece + WINDOW - 1)
                self._sieve.add(text, stride)
                for at in range(0, min(piece, len(text) - WINDOW + 1), stride):
                    window = text[at : at + WINDOW]
                    known = first.setdefault(window, base + begin + at)
                    if known != base + begin + at:
                        places = more.setdefault(window, [])
                        if len(places) < _REPEATS - 1:
                            places.append(base + begin + at)
                yield True


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same characters as disjoint spans in order."""
    out: list[Span] = []
    for span in sorted(spans):
        if out and out[-1].document == span.document and span.start <= out[-1].end:
            if span.end > out[-1].end:
                out[-1] = Span(span.document, out[-1].start, span.end)
        elif span.end > span.start:
            out.append(span)
    return tuple(out)


def _agree(one: str, other: str) -> int:
    """How many characters two different texts of one length have in common at the beginning."""
    low, high = 0, len(one)
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _unescape(match: re.Match[str]) -> str:
    simple, *codes = match.groups()
    if simple:
        return _SIMPLE[simple]
    code = int(next(c for c in codes if c), 16)
    return chr(code) if code < 0x110000 else match.group()
