"""Two versions of a piece of code, line by line and within the lines word by word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rlm_tui.projection.compare.align import STEPS, Step, align, work

LONGEST_LINE = 600
"""Within longer lines, only what they begin and end with is compared."""

LINES = 3000
"""Of longer texts, and of contrived ones, only what they begin and end with is compared line by line."""

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, and whether it differs from the other version's line."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the diff. `sign` is `` `` (both have it), ``-`` (only the first) or ``+`` (only the second); `a` and `b` are
    its numbers there, from 1. `partial` says that a line of the other version corresponds to it: then its `pieces` tell
    which words differ.
    """

    sign: str
    a: int | None
    b: int | None
    pieces: tuple[Piece, ...]
    partial: bool = False

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(piece.text for piece in self.pieces)


def code_diff(a: str, b: str, context: int | None = None) -> tuple[Line, ...]:
    """The lines of both versions in order. With `context`, only that many equal lines around every difference."""
    lines_a, lines_b = _lines(a), _lines(b)
    lines: list[Line] = []
    for a0, a1, b0, b1, equal in _blocks(lines_a, lines_b):
        if equal:
            lines += [_line(" ", lines_a[n], n, b0 + n - a0) for n in range(a0, a1)]
        else:
            lines += _changed(lines_a, lines_b, a0, a1, b0, b1)
    return tuple(lines if context is None else _near(lines, context))


def word_diff(a: str, b: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces, those marked that the other doesn't have."""
    if len(a) + len(b) > 2 * LONGEST_LINE:
        head, tail = _ends(a, b)
        spans = [(0, head, 0, head, True), (head, len(a) - tail, head, len(b) - tail, False)]
        spans.append((len(a) - tail, len(a), len(b) - tail, len(b), True))
        return _pieces(a, [(x0, x1, e) for x0, x1, _, _, e in spans]), _pieces(
            b, [(y0, y1, e) for *_, y0, y1, e in spans]
        )
    words_a, words_b = _WORDS.findall(a), _WORDS.findall(b)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, words_a, words_b, autojunk=False).get_opcodes():
        left.append(Piece("".join(words_a[a0:a1]), tag != "equal"))
        right.append(Piece("".join(words_b[b0:b1]), tag != "equal"))
    return _merged(left), _merged(right)


def _lines(text: str) -> list[str]:
    # Not `splitlines`: a form feed or a Unicode line separator inside a string ends no line of code.
    return text.removesuffix("\n").split("\n") if text else []


def _blocks(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, int, int, bool]]:
    """What both have and what they don't, as (start, end) in each and whether it is equal."""
    head, tail = _ends(a, b)
    end_a, end_b = len(a) - tail, len(b) - tail
    blocks = [(0, head, 0, head, True)] if head else []
    middle_a, middle_b = a[head:end_a], b[head:end_b]
    if len(middle_a) + len(middle_b) > LINES or work(Counter(middle_a), Counter(middle_b)) > STEPS:
        blocks.append((head, end_a, head, end_b, False))
    else:
        matcher = SequenceMatcher(None, middle_a, middle_b, autojunk=False)
        for tag, a0, a1, b0, b1 in matcher.get_opcodes():
            blocks.append((head + a0, head + a1, head + b0, head + b1, tag == "equal"))
    if tail:
        blocks.append((end_a, len(a), end_b, len(b), True))
    return blocks


def _changed(a: Sequence[str], b: Sequence[str], a0: int, a1: int, b0: int, b1: int) -> list[Line]:
    """A block of lines that differ: all of the first, then all of the second, alike ones compared word by word."""
    removed = {n: _line("-", a[n], n, None) for n in range(a0, a1)}
    added = {n: _line("+", b[n], None, n) for n in range(b0, b1)}
    for x, y, value in align([_step(line) for line in a[a0:a1]], [_step(line) for line in b[b0:b1]]):
        if x is not None and y is not None and value > 0.3:
            left, right = word_diff(a[a0 + x], b[b0 + y])
            removed[a0 + x] = Line("-", a0 + x + 1, None, left, True)
            added[b0 + y] = Line("+", None, b0 + y + 1, right, True)
    return [*removed.values(), *added.values()]


def _step(line: str) -> Step:
    return Step(line, "line", lambda: line[:LONGEST_LINE])


def _line(sign: str, text: str, a: int | None, b: int | None) -> Line:
    pieces = (Piece(text, sign != " "),) if text else ()
    return Line(sign, None if a is None else a + 1, None if b is None else b + 1, pieces)


def _near(lines: Sequence[Line], context: int) -> list[Line]:
    wanted: set[int] = set()
    for n, line in enumerate(lines):
        if line.sign != " ":
            wanted.update(range(n - context, n + context + 1))
    return [line for n, line in enumerate(lines) if n in wanted]


def _ends(a: Sequence[str] | str, b: Sequence[str] | str) -> tuple[int, int]:
    """How many items two sequences have in common at their beginning and, beyond that, at their end."""
    most = min(len(a), len(b))
    head = 0
    while head < most and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < most - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    return head, tail


def _pieces(text: str, spans: Sequence[tuple[int, int, bool]]) -> tuple[Piece, ...]:
    return _merged([Piece(text[start:end], not equal) for start, end, equal in spans])


def _merged(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Without empty pieces; a blank between two changed ones belongs to them."""
    kept = [piece for piece in pieces if piece.text]
    out: list[Piece] = []
    for n, piece in enumerate(kept):
        between = not piece.text.strip() and 0 < n < len(kept) - 1 and kept[n - 1].changed and kept[n + 1].changed
        changed = piece.changed or between
        if out and out[-1].changed == changed:
            out[-1] = Piece(out[-1].text + piece.text, changed)
        else:
            out.append(Piece(piece.text, changed))
    return tuple(out)
