r"""Regular expressions that people type: compiled and used so that they can't run away.

Python's `re` can't be interrupted, holds the interpreter while it works, and takes exponential time for patterns such
as ``(a+)+b``. So patterns given by the user are checked first: a repeat inside an open-ended repeat is refused. The rest
take polynomial time at worst. A line is searched whole when it is so short that the worst case doesn't matter; a longer
one in growing pieces, for as long as the time they take says that the next size is safe. Only a text that was made to
be slow never gets there; then the pieces have to do, and after half a second of computing the search is given up.

Patterns match within a line, as ``grep`` does.
"""

from __future__ import annotations

import math
import re
import time
import warnings
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

PATIENCE = 0.5
"""Seconds of computing after which `Pattern.found`, or `Pattern.spans` in one line, gives up."""

_PIECE_SECONDS = 0.05
_PIECE_STEPS = 6_000_000
"""Steps that `re` takes in about that time."""

_LONGEST_PIECE, _SHORTEST_PIECE = 100_000, 12
_MOST_OPENS = 8

_MOST_WAYS = 10_000
_OPEN = 10_000


class PatternError(ValueError):
    """A regular expression is wrong or could take forever. `position` is a character of it, counted from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class Pattern:
    """A checked regular expression. Raises `PatternError`.

    `piece` is how many characters may be searched at once whatever they are; see the module for longer lines.
    """

    def __init__(self, text: str, *, ignore_case: bool = False) -> None:
        self.text = text
        flags = re.IGNORECASE if ignore_case else 0
        try:
            with warnings.catch_warnings():
                # Python warns about what may change its meaning some day; there is nobody here to read that.
                warnings.simplefilter("ignore")
                tree = _parser.parse(text, flags)
                self._compiled = re.compile(text, flags)
        except re.error as error:
            raise PatternError(f"this regular expression is wrong: {error.msg}", error.pos or 0) from None
        except (OverflowError, RecursionError):
            raise PatternError("this regular expression is too large") from None
        # A text of n characters can take ways * n**(opens + 1) / (opens + 1)! steps: every beginning, every way to share it.
        ways, opens = _weigh(tree)
        longest = (_PIECE_STEPS / ways * math.factorial(opens + 1)) ** (1 / (opens + 1))
        if opens > _MOST_OPENS or longest < _SHORTEST_PIECE:
            raise PatternError(
                "this regular expression has too many open-ended repeats (such as .*) and can take very long; write it with fewer"
            )
        self.piece = min(_LONGEST_PIECE, int(longest))
        self._growth = 2 ** (opens + 1)

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        """Where it matches in one line, in order, empty matches left out."""
        done = 0
        for match in self._matches(line, time.thread_time() + PATIENCE):
            if match.start() >= done and match.end() > match.start():
                yield match.span()
                done = match.end()

    def found(self, text: str, limit: int = 1_000_000) -> bool:
        """Whether it matches in any line of the first `limit` characters of `text`; not, when that can't be told in time."""
        until, search = time.thread_time() + PATIENCE, self._compiled.search
        for line in text[:limit].split("\n"):
            if search(line) if len(line) <= self.piece else any(True for _ in self._matches(line, until)):
                return True
            if time.thread_time() > until:
                break
        return False

    def _matches(self, line: str, until: float) -> Iterator[re.Match[str]]:
        size = len(line) if len(line) <= self.piece else self._safe_size(line, until)
        if size >= len(line):
            yield from self._compiled.finditer(line)
            return
        for at in range(0, len(line), size // 2):
            end = min(len(line), at + size)
            for match in self._compiled.finditer(line, at, end):
                # A match that ends with the piece may be one only because of that, as one of ``x$``.
                if match.end() < end or self._compiled.match(line, match.start(), min(len(line), end + 1)):
                    yield match
            if time.thread_time() > until:
                return

    def _safe_size(self, line: str, until: float) -> int:
        """How much of `line` may be searched at once, by how long smaller pieces of it take."""
        size = self.piece
        while size < len(line):
            for at in range(0, len(line), size // 2):
                started = time.thread_time()
                for _ in self._compiled.finditer(line, at, at + size):
                    pass
                now = time.thread_time()
                # Twice the length takes at most so much longer.
                if (now - started) * self._growth > _PIECE_SECONDS or now > until:
                    return size
            size *= 2
        return size


def _weigh(items: Any) -> tuple[int, int]:
    """How many ways a sequence can match one text (roughly), and how many open-ended repeats it has.

    Raises `PatternError` when an open-ended repeat holds something that can match in several ways.
    """
    ways, opens = 1, 0
    for op, value in items:
        one, more = _weigh_item(op, value)
        ways, opens = min(ways * one, _OPEN * _OPEN), opens + more
    if ways > _MOST_WAYS:
        raise PatternError("this regular expression can match in too many ways; make its repeats smaller")
    return ways, opens


def _weigh_item(op: Any, value: Any) -> tuple[int, int]:
    name = str(op)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, body = value
        ways, opens = _weigh(body)
        endless = most is _constants.MAXREPEAT or most > _MOST_WAYS
        if (endless or most > 1) and opens:
            raise PatternError("a repeat inside a repeat can take forever; write this regular expression without it")
        if endless:
            if ways > 1:
                raise PatternError(
                    "a repeat inside a repeat can take forever; write this regular expression without it"
                )
            return 1, 1
        if ways == 1:
            return int(most - least + 1), opens + (most - least >= 50)
        total = 0
        for times in range(int(least), int(most) + 1):
            total += ways**times if times * ways.bit_length() < 64 else _OPEN * _OPEN
            if total > _MOST_WAYS:
                break
        return min(total, _OPEN * _OPEN), opens
    if name == "SUBPATTERN":
        return _weigh(value[-1])
    if name == "ATOMIC_GROUP":
        return 1, _weigh(value)[1]
    if name in ("ASSERT", "ASSERT_NOT"):
        return 1, _weigh(value[1])[1]
    if name == "BRANCH":
        weights = [_weigh(branch) for branch in value[1]]
        firsts = [str(branch[0]) if branch else "" for branch in value[1]]
        distinct = all(first.startswith("(LITERAL") for first in firsts) and len(set(firsts)) == len(firsts)
        ways = max(w for w, _ in weights) if distinct else sum(w for w, _ in weights)
        return ways, max(o for _, o in weights)
    if name == "GROUPREF_EXISTS":
        parts = [_weigh(part) for part in value[1:] if part]
        return sum(w for w, _ in parts) + 1, max((o for _, o in parts), default=0)
    return 1, 0
