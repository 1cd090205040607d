"""Which windows of a text can be in an index, decided for thousands of them at once.

Looking up every window of a long text, one by one, is what costs time when little of it is known. Here a number of 21 bits
is computed for all windows of a piece together, in the digits of one large integer (a lane of 32 bits for each character),
and a table says which numbers occur in the index. What passes is looked up; nothing that is in the index is held back.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Container
from functools import lru_cache
from operator import itemgetter

WINDOW = 32
"""Characters of a window: the doublings below go from one character to this many."""

PIECE = 8192
"""Windows that are looked at together."""

_BITS = 21
"""Enough for every code point, and small enough that a product with a factor stays inside its lane."""

_FACTORS = ((1, 741), (2, 1003), (4, 653), (8, 877), (16, 939))
"""How the number of 2n characters follows from those of n and the next n. Odd, below 2**10."""

_ONES = int.from_bytes(((1 << _BITS) - 1).to_bytes(4, "little") * (PIECE + WINDOW), "little")

_BY_HAND = 160
"""Windows of a piece that are looked up one by one before the piece is sieved: most often a hit comes sooner."""


_FEWEST_BITS, _ROOM = 14, 64
"""A table is small where few windows are in it, but `_ROOM` times as large as their number: so one in `_ROOM` foreign windows
passes at most."""


@lru_cache(maxsize=_BITS)
def _ones(bits: int) -> int:
    """So many bits in each lane."""
    return int.from_bytes(((1 << bits) - 1).to_bytes(4, "little") * (PIECE + WINDOW), "little")


class Sieve:
    """The numbers of the windows in an index of about `windows` windows: their higher bits, as many as tell these apart."""

    def __init__(self, windows: int = 1 << _BITS) -> None:
        self._bits = max(_FEWEST_BITS, min(_BITS, (_ROOM * windows).bit_length()))
        self._there = bytearray(1 << self._bits)

    def add(self, text: str, stride: int) -> None:
        """The windows that begin at characters 0, `stride`, 2 · `stride` … of `text` are in the index."""
        there = self._there
        for start in range(0, len(text) - WINDOW + 1, PIECE // stride * stride or stride):
            piece = text[start : start + PIECE // stride * stride + WINDOW - 1]
            for number in _numbers(piece, self._bits)[::stride]:
                there[number] = 1

    def flags(self, text: str) -> bytes:
        """A byte for each window of `text`, which has at most ``PIECE + WINDOW - 1`` characters: 1 if it may be in the
        index, 0 if it isn't.
        """
        numbers = _numbers(text, self._bits)
        if len(numbers) < 2:
            return bytes(self._there[number] for number in numbers)
        return bytes(itemgetter(*numbers)(self._there))


class Scan:
    """The windows of `text` that are in `index`, found as they are asked for."""

    def __init__(self, text: str, index: Container[str], sieve: Sieve) -> None:
        self._text, self._index, self._sieve = text, index, sieve
        self._looked: dict[int, int] = {}
        self._flags: dict[int, bytes] = {}

    def next(self, at: int, stop: int) -> int | None:
        """The first window at `at` or after it, but before `stop`."""
        text, index = self._text, self._index
        while at < stop:
            piece = at // PIECE
            start = piece * PIECE
            end = min(stop, start + PIECE)
            flags = self._flags.get(piece)
            if flags is not None:
                i = flags.find(1, at - start, end - start)
                while i >= 0:
                    if text[start + i : start + i + WINDOW] in index:
                        return start + i
                    i = flags.find(1, i + 1, end - start)
                at = end
                continue
            looked = self._looked.get(piece, 0)
            near = min(end, at + max(1, _BY_HAND - looked))
            for i in range(at, near):
                if text[i : i + WINDOW] in index:
                    self._looked[piece] = looked + i - at + 1
                    return i
            self._looked[piece] = looked + near - at
            at = near
            if self._looked[piece] >= _BY_HAND:
                self._flags[piece] = self._sieve.flags(text[start : start + PIECE + WINDOW - 1])
        return None


def _numbers(text: str, bits: int = _BITS) -> array[int]:
    """The number of each window of `text`, which has at most ``PIECE + WINDOW`` characters: its highest `bits` bits."""
    size = max(0, len(text) - WINDOW + 1)
    lanes = int.from_bytes(text.encode("utf-32-le", "surrogatepass"), "little")
    for length, factor in _FACTORS:
        lanes = (lanes * factor + (lanes >> 32 * length)) & _ONES
    if bits < _BITS:
        # What comes over from the next lane lies above these bits.
        lanes = (lanes >> (_BITS - bits)) & _ones(bits)
    numbers = array("I", lanes.to_bytes(4 * len(text), "little")[: 4 * size])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
