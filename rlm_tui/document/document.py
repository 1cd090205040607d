"""One document: its text by character and by line, wherever it lives."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rlm_tui.document.body import Body, MappedBody, TextBody
from rlm_tui.document.formats import detect
from rlm_tui.document.search import Search
from rlm_tui.events import BlobRef, DocumentRef, Span

EAGER_SECONDS = 0.2
"""How long opening a document may index before it leaves the rest to `Document.index` or `index_in_background`."""

LINE_LIMIT = 20_000
"""Characters of one line that `Document.lines` gives unless told otherwise; `slice` reaches the rest."""

Progress = Callable[[int, int], None]
"""Told how many units of how many are indexed."""


class Document:
    r"""A text with a name. Characters and lines are counted from 0; ranges are half-open.

    A line ends with ``\n``; a ``\r`` before that is not part of the line (in a text that has only ``\r``, that ends lines).
    The text is otherwise exactly what the file holds. While a huge document is still being indexed (`complete` is false),
    `chars` and `line_count` count the part that is known so far.

    `encoding` is what the bytes were read as. Reading is safe from several threads.
    """

    def __init__(
        self,
        name: str,
        body: Body,
        *,
        path: Path | None = None,
        format: str | None = None,
        encoding: str = "utf-8",
        notes: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.path = path
        self.encoding = encoding
        self._notes = notes
        self._body = body
        self._indexing = threading.Lock()
        self._ref: BlobRef | None = None
        self._ends_open: bool | None = None
        body.index_some(EAGER_SECONDS)
        self.format = format or detect(name, self.slice(0, 1 << 16), whole=self.complete and self.chars <= 1 << 16)

    @classmethod
    def from_text(cls, name: str, text: str, *, path: Path | None = None, format: str | None = None) -> Document:
        """A document of a text that is already in memory: a context given to the API, or a blob of a saved session."""
        return cls(name, TextBody(text), path=path, format=format)

    def __repr__(self) -> str:
        return f"<Document {self.name!r}, {self.chars:,} characters>"

    def add_note(self, note: str) -> None:
        """Say something more about how the document came to be."""
        self._notes += (note,)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what was done to read it."""
        damaged = isinstance(self._body, MappedBody) and self._body.damaged
        return (*self._notes, "some bytes are not UTF-8 and show as \ufffd") if damaged else self._notes

    # ---------------------------------------------------------------- size and index

    @property
    def chars(self) -> int:
        """Number of characters."""
        return self._body.chars

    @property
    def line_count(self) -> int:
        """Number of lines; a line end at the very end of the text does not begin another one."""
        body = self._body
        if not body.complete:
            return max(1, body.breaks)
        if self._ends_open is None:
            chars = body.chars
            self._ends_open = chars > 0 and body.slice(chars - 1, chars) != body.newline
        return body.breaks + self._ends_open

    @property
    def complete(self) -> bool:
        """Whether the whole document is indexed."""
        return self._body.complete

    @property
    def newline(self) -> str:
        r"""What ends a line: ``\n``, or ``\r`` in a text that has no other."""
        return self._body.newline

    @property
    def in_memory(self) -> bool:
        """Whether `text` costs nothing."""
        return isinstance(self._body, TextBody)

    def index(self, progress: Progress | None = None) -> None:
        """Index to the end. `progress` is called about thirty times a second, and once at the end."""
        with self._indexing:
            while not self._body.index_some(0.03):
                if progress:
                    progress(self._body.indexed_blocks, self._body.block_count)
                time.sleep(0.001)  # Lets the screen's thread run.
        if progress:
            progress(self._body.block_count, self._body.block_count)

    def index_in_background(self, progress: Progress | None = None) -> threading.Thread:
        """The same in a thread of its own, which calls `progress`."""
        thread = threading.Thread(target=self.index, args=(progress,), name=f"index {self.name}", daemon=True)
        thread.start()
        return thread

    # ---------------------------------------------------------------- text

    @property
    def text(self) -> str:
        """All of it as one string. For a document on disk that is a copy, made at each call."""
        if isinstance(self._body, TextBody):
            return self._body.text
        self.index()
        return "".join(self._body.blocks())

    def slice(self, start: int, stop: int) -> str:
        """The characters from `start` to before `stop`; what lies outside the document is left out."""
        return self._body.slice(start, stop)

    def blocks(self) -> Iterator[str]:
        """The whole text in pieces of about 64 K, in order."""
        self.index()
        return self._body.blocks()

    # ---------------------------------------------------------------- lines

    def line(self, number: int, limit: int = LINE_LIMIT) -> str:
        """Line `number` without its line end, cut after `limit` characters; empty when there is no such line."""
        start, stop = self.line_span(number)
        return self._body.slice(start, min(stop, start + limit))

    def lines(self, start: int, stop: int, limit: int = LINE_LIMIT) -> list[str]:
        """The lines from `start` to before `stop`, each as `line` gives it. Costs about what it returns."""
        start, stop = max(0, start), min(stop, self.line_count)
        if start >= stop:
            return []
        first, last = self._body.after_break(start), self._body.after_break(stop)
        if last - first > 200 * (stop - start) + (1 << 20):  # Some of them are very long: never read those whole.
            return [self.line(number, limit) for number in range(start, stop)]
        pieces = self._body.slice(first, last).split(self._body.newline)[: stop - start]
        return [piece.removesuffix("\r")[:limit] for piece in pieces]

    def line_span(self, number: int) -> tuple[int, int]:
        """First character of a line and the character after its last one (its line end is not part of it)."""
        if not 0 <= number < self.line_count:
            return (0, 0) if number < 0 else (self.chars, self.chars)
        body = self._body
        start = body.after_break(number)
        stop = body.after_break(number + 1)
        if number < body.breaks:
            stop -= 1
        if stop > start and body.newline == "\n" and body.slice(stop - 1, stop) == "\r":
            stop -= 1
        return start, stop

    def line_of(self, char: int) -> int:
        """The number of the line that holds the character at `char`; the nearest line for one outside."""
        return max(0, min(self._body.breaks_before(char), self.line_count - 1))

    def offset_of_line(self, number: int) -> int:
        """The first character of a line; the document's length when there are fewer lines."""
        return self.line_span(number)[0]

    # ---------------------------------------------------------------- search

    def search(self, pattern: str, start: int = 0, *, regex: bool = False, ignore_case: bool = False) -> Search:
        """Look for `pattern` from character `start` on, in slices of time. See `Search`.

        Raises `rlm_tui.patterns.PatternError` for a regular expression that is wrong or could run away.
        """
        return Search(self, pattern, start, regex=regex, ignore_case=ignore_case)

    # ---------------------------------------------------------------- identity

    @property
    def sha(self) -> str:
        """SHA-256 of the text's UTF-8 bytes, in hex: the name of its blob."""
        return self.ref().sha

    def ref(self) -> BlobRef:
        """The text's blob reference. Reads a document on disk once, without holding it in memory."""
        if self._ref is None:
            digest, chars = hashlib.sha256(), 0
            for block in self.blocks():
                digest.update(block.encode("utf-8", "surrogatepass"))
                chars += len(block)
            self._ref = BlobRef(digest.hexdigest(), chars)
        return self._ref

    def reference(self) -> DocumentRef:
        """How a session's first event names this document."""
        body = self.ref()
        return DocumentRef(self.name, body, self.line_count, self.format, str(self.path) if self.path else None)

    def span(self, number: int) -> Span:
        """The whole document as a span of document `number`."""
        return Span(number, 0, self.chars)

    def close(self) -> None:
        """Let go of the file. The document can't be read any more if it was mapped."""
        self._body.close()
