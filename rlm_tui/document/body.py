"""The text of a document in blocks, from memory or from a memory map, with an index of lines.

The index is sparse: for every block of 64 K units it keeps how many characters and how many line ends come before it.
That makes it small (16 bytes a block), and building it is a matter of counting bytes, which runs at about 2 GB/s; a
line inside a block is found by looking at that block alone.
"""

from __future__ import annotations

import mmap
import os
import threading
import time
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator

from rlm_tui.document.errors import DocumentError

BLOCK = 1 << 16
"""Units (characters in memory, bytes on disk) of one block."""

_KEPT_BLOCKS = 64
_HEAD = 1 << 16


class Body(ABC):
    """A text as a row of blocks. Offsets are characters from 0; lines are counted from 0.

    Until `complete`, everything counts only what `index_some` has reached: `chars` and `breaks` grow, and reading beyond
    them gives nothing. Reading is safe from several threads; only one may index at a time.
    """

    newline = "\n"

    def __init__(self) -> None:
        self._chars_before = array("q", [0])
        self._breaks_before = array("q", [0])
        self._cache: OrderedDict[int, tuple[str, list[int]]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    @abstractmethod
    def units(self) -> int:
        """Size in units: characters in memory, bytes on disk."""

    @property
    @abstractmethod
    def block_count(self) -> int:
        """How many blocks there are, indexed or not."""

    @abstractmethod
    def _read(self, block: int) -> str:
        """The text of a block."""

    @abstractmethod
    def _measure(self, block: int) -> tuple[int, int]:
        """Characters and line ends of a block."""

    def close(self) -> None:
        """Let go of what is open."""
        return

    @property
    def indexed_blocks(self) -> int:
        return len(self._breaks_before) - 1

    @property
    def complete(self) -> bool:
        return self.indexed_blocks >= self.block_count

    @property
    def chars(self) -> int:
        return self._chars_before[self.indexed_blocks]

    @property
    def breaks(self) -> int:
        """How many line ends there are."""
        return self._breaks_before[self.indexed_blocks]

    def index_some(self, seconds: float | None = None) -> bool:
        """Index on, for about `seconds` or to the end. Returns whether the index is complete."""
        until = None if seconds is None else time.perf_counter() + seconds
        while not self.complete:
            chars, breaks = self._measure(self.indexed_blocks)
            # The line ends come last: `indexed_blocks` counts them, and a reader must never see half a step.
            self._chars_before.append(self._chars_before[-1] + chars)
            self._breaks_before.append(self._breaks_before[-1] + breaks)
            if until is not None and time.perf_counter() >= until:
                break
        return self.complete

    def block(self, block: int) -> tuple[str, list[int]]:
        """The text of a block and the positions of the line ends in it; the last few are kept."""
        with self._lock:
            found = self._cache.get(block)
            if found is not None:
                self._cache.move_to_end(block)
                return found
        text = self._read(block)
        ends: list[int] = []
        at = text.find(self.newline)
        while at >= 0:
            ends.append(at)
            at = text.find(self.newline, at + 1)
        with self._lock:
            self._cache[block] = (text, ends)
            while len(self._cache) > _KEPT_BLOCKS:
                self._cache.popitem(last=False)
        return text, ends

    def slice(self, start: int, stop: int) -> str:
        """The characters from `start` to before `stop`, clamped to the text."""
        start, stop = max(0, start), min(stop, self.chars)
        if start >= stop:
            return ""
        first, last = self._block_of(start), self._block_of(stop - 1)
        if first == last:
            before = self._chars_before[first]
            return self.block(first)[0][start - before : stop - before]
        pieces = [self.block(n)[0] if last - first < _KEPT_BLOCKS else self._read(n) for n in range(first, last + 1)]
        pieces[0] = pieces[0][start - self._chars_before[first] :]
        pieces[-1] = pieces[-1][: stop - self._chars_before[last]]
        return "".join(pieces)

    def blocks(self) -> Iterator[str]:
        """The text of every indexed block, in order."""
        for block in range(self.indexed_blocks):
            yield self._read(block)

    def breaks_before(self, char: int) -> int:
        """How many line ends come before the character at `char`."""
        if char >= self.chars:
            return self.breaks
        if char <= 0:
            return 0
        block = self._block_of(char)
        return self._breaks_before[block] + bisect_left(self.block(block)[1], char - self._chars_before[block])

    def after_break(self, number: int) -> int:
        """The character after the line end with that number, counted from 1; 0 for number 0."""
        if number <= 0:
            return 0
        if number > self.breaks:
            return self.chars
        block = bisect_left(self._breaks_before, number, 0, self.indexed_blocks + 1) - 1
        return self._chars_before[block] + self.block(block)[1][number - self._breaks_before[block] - 1] + 1

    def _block_of(self, char: int) -> int:
        return bisect_right(self._chars_before, char, 0, self.indexed_blocks + 1) - 1


class TextBody(Body):
    """A text in memory."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.newline = newline_of(text[:_HEAD])

    @property
    def units(self) -> int:
        return len(self.text)

    @property
    def block_count(self) -> int:
        return -(-len(self.text) // BLOCK)

    def slice(self, start: int, stop: int) -> str:
        return self.text[max(0, start) : max(0, stop)]

    def _read(self, block: int) -> str:
        return self.text[block * BLOCK : (block + 1) * BLOCK]

    def _measure(self, block: int) -> tuple[int, int]:
        start, stop = block * BLOCK, min(len(self.text), (block + 1) * BLOCK)
        return stop - start, self.text.count(self.newline, start, stop)


class MappedBody(Body):
    """A file in a memory map: UTF-8, or an encoding of one byte a character.

    `skip` is how many bytes of byte order mark to leave out. Bytes that are no UTF-8 become U+FFFD, and `damaged` counts
    the blocks that have any. A file that shrinks while it is open would end the process with a signal when a lost
    page is read; therefore its size is looked at before every read.
    """

    def __init__(self, descriptor: int, name: str, encoding: str = "utf-8", skip: int = 0) -> None:
        super().__init__()
        self._descriptor = os.dup(descriptor)
        self._name = name
        self._encoding = encoding
        self._wide = encoding == "utf-8"
        self._skip = skip
        self._size = os.fstat(self._descriptor).st_size
        self._map = mmap.mmap(self._descriptor, self._size, access=mmap.ACCESS_READ)
        self.damaged = 0
        self.newline = newline_of(self._map[: skip + _HEAD].decode(encoding, "replace"))

    @property
    def units(self) -> int:
        return self._size - self._skip

    @property
    def block_count(self) -> int:
        return -(-self.units // BLOCK)

    def close(self) -> None:
        if self._descriptor >= 0:
            self._map.close()
            os.close(self._descriptor)
            self._descriptor = -1

    def _boundary(self, block: int) -> int:
        """Where a block begins: never inside a character."""
        at = self._skip + min(block * BLOCK, self.units)
        if self._wide and self._skip < at < self._size:
            lowest = at - 3
            while at > lowest and (self._map[at] & 0xC0) == 0x80:
                at -= 1
        return at

    def _bytes(self, block: int) -> bytes:
        if os.fstat(self._descriptor).st_size < self._size:
            raise DocumentError(f"{self._name} became shorter while it was open; open it again")
        return self._map[self._boundary(block) : self._boundary(block + 1)]

    def _read(self, block: int) -> str:
        return self._bytes(block).decode(self._encoding, "replace")

    def _measure(self, block: int) -> tuple[int, int]:
        data = self._bytes(block)
        breaks = data.count(self.newline.encode())
        if not self._wide or data.isascii():
            return len(data), breaks
        try:
            return len(data.decode()), breaks
        except UnicodeDecodeError:
            self.damaged += 1
            return len(data.decode("utf-8", "replace")), breaks


def newline_of(head: str) -> str:
    r"""``"\n"``, except for texts whose lines end in a bare carriage return."""
    return "\r" if "\n" not in head and head.count("\r") > 1 else "\n"
