"""Looking for text in a document without ever holding up the screen."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rlm_tui.patterns import Pattern

if TYPE_CHECKING:
    from rlm_tui.document.document import Document

_WINDOW = 1 << 18


class Search:
    """A search that goes on as long as it is asked to.

    `step` looks for a while and gives what it found; iterating goes to the end. Hits are ``(start, stop)`` in
    characters of the document, in order, without overlap. A plain pattern may span lines; a regular expression matches
    within a line (see `rlm_tui.patterns`).
    """

    def __init__(
        self, document: Document, pattern: str, start: int = 0, *, regex: bool = False, ignore_case: bool = False
    ) -> None:
        self._document = document
        self._needle = pattern
        self._at = max(0, start)
        self._regex = Pattern(pattern, ignore_case=ignore_case) if regex else None
        # Lower-casing the text would move offsets (some letters become two), so case is left to `re`.
        self._plain = re.compile(re.escape(pattern), re.IGNORECASE) if ignore_case and not regex else None
        self.done = not pattern

    @property
    def progress(self) -> float:
        """How much of the document has been looked at, 0 to 1."""
        chars = self._document.chars
        return 1.0 if self.done or not chars else min(1.0, self._at / chars)

    def step(self, seconds: float = 0.01, most: int = 10_000) -> list[tuple[int, int]]:
        """Look for about `seconds`, or until `most` hits are found. An empty list doesn't mean the end: `done` does."""
        until = time.perf_counter() + seconds
        hits: list[tuple[int, int]] = []
        while not self.done:
            before = self._at
            hits += self._lines(until) if self._regex else self._window()
            if self._at == before or len(hits) >= most or time.perf_counter() >= until:
                break  # No headway means that the index has not come further yet.
        return hits

    def __iter__(self) -> Iterator[tuple[int, int]]:
        self._document.index()
        while not self.done:
            yield from self.step(0.05)

    def _window(self) -> list[tuple[int, int]]:
        start, needle = self._at, self._needle
        size = max(_WINDOW, 4 * len(needle))
        text = self._document.slice(start, start + size)
        hits: list[tuple[int, int]] = []
        if self._plain:
            hits = [(start + m.start(), start + m.end()) for m in self._plain.finditer(text)]
        else:
            at = text.find(needle)
            while at >= 0:
                hits.append((start + at, start + at + len(needle)))
                at = text.find(needle, at + len(needle))
        self._at = start + max(len(text) - len(needle) + 1, hits[-1][1] - start if hits else 0)
        self._end_if(start + len(text))
        return hits

    def _lines(self, until: float) -> list[tuple[int, int]]:
        assert self._regex
        document, start, newline = self._document, self._at, self._document.newline
        text = document.slice(start, start + _WINDOW)
        last = start + len(text)
        if last < document.chars:
            # Whole lines only; a line longer than the window is cut at the window.
            cut = text.rfind(newline) + 1
            if cut:
                text, last = text[:cut], start + cut
        hits: list[tuple[int, int]] = []
        at = start
        for line in text.split(newline):
            hits += [(at + a, at + b) for a, b in self._regex.spans(line.removesuffix("\r"))]
            at += len(line) + 1
            if time.perf_counter() >= until:
                last = min(at, last)
                break
        self._at = last
        self._end_if(last)
        return hits

    def _end_if(self, reached: int) -> None:
        # A document that is still being indexed has no end yet.
        if reached >= self._document.chars and self._document.complete:
            self.done = True
