r"""Regular expressions that people type: compiled only when they can't run away.

Python's `re` can't be interrupted, holds the interpreter while it works, and takes exponential time for patterns such
as ``(a+)+b``. So patterns given by the user are checked first: a repeat inside an open-ended repeat is refused, and the
length of what is searched at once shrinks with the number of open-ended repeats, which bounds the work of the rest.
They match within a line, as ``grep`` does.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

PATIENCE = 0.5
"""Seconds of computing after which `Pattern.found`, or `Pattern.spans` in one line, gives up."""

_PIECE = (100_000, 10_000, 600, 180, 90)
"""Longest piece of a line searched at once, by number of open-ended repeats: a quarter of a second in the worst case."""

_MOST_WAYS = 10_000
_OPEN = 10_000


class PatternError(ValueError):
    """A regular expression is wrong or could take forever. `position` is a character of it, counted from 0."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class Pattern:
    """A checked regular expression. A line longer than `piece` characters is searched in pieces that overlap by half."""

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
        _, opens = _weigh(tree)
        if opens >= len(_PIECE):
            raise PatternError(
                f"this regular expression has {opens} open-ended repeats (such as .*); at most {len(_PIECE) - 1} are possible"
            )
        self.piece = _PIECE[opens]

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        """Where it matches in one line, empty matches left out."""
        if len(line) <= self.piece:
            for match in self._compiled.finditer(line):
                if match.end() > match.start():
                    yield match.span()
            return
        done, until = 0, time.perf_counter() + PATIENCE
        for at in range(0, len(line), self.piece // 2):
            for match in self._compiled.finditer(line[at : at + self.piece]):
                start, end = at + match.start(), at + match.end()
                if start >= done and end > start:
                    yield start, end
                    done = end
            if time.perf_counter() > until:
                return

    def found(self, text: str, limit: int = 1_000_000) -> bool:
        """Whether it matches in any line of the first `limit` characters of `text`; not, when that can't be told in time."""
        search, until = self._compiled.search, time.perf_counter() + PATIENCE
        for line in text[:limit].split("\n"):
            step = max(len(line), 1) if len(line) <= self.piece else self.piece // 2
            for at in range(0, max(len(line), 1), step):
                if search(line[at : at + self.piece]):
                    return True
                if time.perf_counter() > until:
                    return False
        return False


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
            return int(most - least + 1), 0 if most - least < 50 else 1
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
