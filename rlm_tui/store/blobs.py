"""Texts kept by content: cut into pieces, compressed, written once.

A text is cut every `PIECE` characters, so that a part of a large document can be read without the rest. Its name is the
SHA-256 of all its bytes (`rlm_tui.events.BlobRef`); the pieces' bytes one after the other are exactly those bytes.
"""

from __future__ import annotations

import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator

from rlm_tui.events import BlobRef
from rlm_tui.store.connection import Connection

PIECE = 1 << 20
"""Characters in a piece."""

WORTH = 256
"""Bytes below which compressing isn't worth the time."""

_REFERENCE = re.compile(rb'\["([0-9a-f]{64})",(\d+)\]')
"""A `BlobRef` in JSON. Nothing inside a string can look like it: there its quotes would be escaped."""

Piece = tuple[str, int, int, int, str, bytes]

INSERT = "INSERT INTO blob (sha, part, parts, chars, coding, data) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sha, part) DO NOTHING"
EXISTS = "SELECT 1 FROM blob WHERE sha = ? AND part = 0"


def pieces(sha: str, text: str) -> Iterator[Piece]:
    """The rows that hold `text`, whose name is `sha`."""
    parts = max(1, -(-len(text) // PIECE))
    for part in range(parts):
        body = text[part * PIECE : (part + 1) * PIECE] if parts > 1 else text
        yield (sha, part, parts, len(body), *pack(body))


def pack(text: str) -> tuple[str, bytes]:
    """The coding and the bytes that keep `text`."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) >= WORTH:
        # Documents are large and read once: level 1 packs them three times as fast for a tenth more space.
        small = zlib.compress(data, 1 if len(data) > 65536 else 6)
        if len(small) < len(data):
            return "zlib", small
    return "raw", data


def unpack(coding: str, data: bytes) -> str:
    """The text that `pack` kept. Raises `ValueError` if the bytes are damaged."""
    try:
        if coding == "zlib":
            data = zlib.decompress(data)
        elif coding != "raw":
            raise ValueError(f"unknown coding {coding!r}")
        return data.decode("utf-8", "surrogatepass")
    except zlib.error as error:
        raise ValueError(str(error)) from error


def load(connection: Connection, sha: str) -> str:
    """The whole text named `sha`. Raises `KeyError` if it isn't there or isn't all there."""
    rows = connection.execute("SELECT parts, coding, data FROM blob WHERE sha = ? ORDER BY part", (sha,)).fetchall()
    if not rows or len(rows) != rows[0][0]:
        raise KeyError(sha)
    return "".join(unpack(coding, data) for _, coding, data in rows)


def load_range(connection: Connection, sha: str, start: int, end: int) -> str:
    """Characters `start` to `end` of the text named `sha`, reading only the pieces they are in."""
    first, last = start // PIECE, max(start, end - 1) // PIECE
    rows = connection.execute(
        "SELECT coding, data FROM blob WHERE sha = ? AND part BETWEEN ? AND ? ORDER BY part", (sha, first, last)
    ).fetchall()
    if not rows:
        raise KeyError(sha)
    text = "".join(unpack(coding, data) for coding, data in rows)
    return text[start - first * PIECE : end - first * PIECE]


def references(payload: bytes) -> Iterator[BlobRef]:
    """The texts that an encoded event refers to."""
    for match in _REFERENCE.finditer(payload):
        yield BlobRef(match[1].decode("ascii"), int(match[2]))


class TextCache:
    """The texts used last, up to `capacity` characters in all. Safe to share between threads."""

    def __init__(self, capacity: int = 32_000_000) -> None:
        self.capacity = capacity
        self._size = 0
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha: str) -> str | None:
        with self._lock:
            if (text := self._texts.get(sha)) is not None:
                self._texts.move_to_end(sha)
            return text

    def put(self, sha: str, text: str) -> None:
        with self._lock:
            if len(text) > self.capacity or sha in self._texts:
                return
            self._texts[sha] = text
            self._size += len(text)
            while self._size > self.capacity:
                _, old = self._texts.popitem(last=False)
                self._size -= len(old)
