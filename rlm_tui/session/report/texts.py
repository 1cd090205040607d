"""The texts of a page, each once, in pieces that a browser reads only when they are looked at."""

from __future__ import annotations

from collections.abc import Callable

from rlm_tui.events import BlobRef

Text = Callable[[BlobRef], str]

CHUNK = 1_000_000
"""Characters from which on a piece is full."""

LONGEST = 400_000
"""Characters of one text at most: of a longer one the middle is left out. Documents have a limit of their own."""


class Texts:
    """Numbers for texts. A text that isn't kept with the session has none."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._numbers: dict[str, int | None] = {}
        self._size = 0
        self.chunks: list[list[str]] = [[]]
        self.places: list[tuple[int, int]] = []
        """For each text, its piece and where it stands in it."""

    def number(self, ref: BlobRef | None, longest: int | None = LONGEST) -> int | None:
        """The number of `ref`'s text; ``None`` where there is none."""
        if ref is None:
            return None
        if ref.sha not in self._numbers:
            try:
                text = self._text(ref)
            except KeyError:
                self._numbers[ref.sha] = None
            else:
                self._numbers[ref.sha] = self._put(_cut(text, longest))
        return self._numbers[ref.sha]

    def _put(self, text: str) -> int:
        if self._size > CHUNK:
            self.chunks.append([])
            self._size = 0
        self.chunks[-1].append(text)
        self._size += len(text)
        self.places.append((len(self.chunks) - 1, len(self.chunks[-1]) - 1))
        return len(self.places) - 1


def _cut(text: str, longest: int | None) -> str:
    if longest is None or len(text) <= longest:
        return text
    head, tail = longest * 3 // 5, longest * 2 // 5
    return f"{text[:head]}\n[… {len(text) - head - tail:,} characters are left out of this page …]\n{text[-tail:]}"
