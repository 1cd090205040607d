"""Finding text in the open document, in slices of time, so that a huge one never holds up the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rlm_tui.tui.figures import plural
from rlm_tui.tui.widgets.document_text import DocumentText

if TYPE_CHECKING:
    from rlm_tui.document.search import Search

MOST = 10_000
"""Hits that are kept."""

SLICE = 0.008
"""Seconds of one tick that a search may take."""


class Finder:
    """A search of one document. `step` is called by the pump while it is not done; `tell` says what came out."""

    def __init__(self, pane: DocumentText, tell: Callable[[str], None]) -> None:
        self._pane = pane
        self._tell = tell
        self._search: Search | None = None
        self._hits: list[tuple[int, int]] = []
        self._at = -1
        self._words = ""

    @property
    def active(self) -> bool:
        """Whether there are hits to step through, or a search goes on."""
        return bool(self._hits) or self._search is not None

    def start(self, words: str) -> None:
        """Look for `words`: a text in any case, or a regular expression between slashes."""
        from rlm_tui.patterns import PatternError

        document = self._pane.document
        self.clear()
        if document is None or not words:
            return
        self._words = words
        regex = len(words) > 2 and words[0] == words[-1] == "/"
        try:
            self._search = document.search(words[1:-1] if regex else words, regex=regex, ignore_case=not regex)
        except PatternError as error:
            self._tell(str(error))
            return
        self.step()

    def step(self) -> None:
        """Look on for a moment."""
        search = self._search
        if search is None:
            return
        new = search.step(SLICE, MOST - len(self._hits))
        first = not self._hits
        self._hits += new
        if new:
            self._pane.mark_hits(self._hits)
            if first:
                here = self._pane.cursor_span[0]
                self._at = next((n for n, hit in enumerate(self._hits) if hit[0] >= here), 0)
                self._go()
        if search.done or len(self._hits) >= MOST:
            self._search = None
            if not self._hits:
                self._tell(f"Not found: {self._words}")
            else:
                more = " or more" if not search.done else ""
                self._tell(f"{plural(len(self._hits), 'hit')}{more}; ctrl+n goes to the next.")

    def next(self) -> None:
        """Go to the next hit, around the corner."""
        if not self._hits:
            self._tell("Nothing to go to: / finds text.")
            return
        self._at = (self._at + 1) % len(self._hits)
        self._go()

    def clear(self) -> None:
        """Forget the hits."""
        self._search, self._hits, self._at = None, [], -1
        self._pane.mark_hits([])

    def _go(self) -> None:
        self._pane.go_to_char(self._hits[self._at][0])
