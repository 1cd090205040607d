"""Sets of pairs: F1. OOLONG-Pairs has no public scorer; this is what its paper describes."""

from __future__ import annotations

import re

from rlm_tui.bench.base import Score
from rlm_tui.bench.scores.text import squeezed

Pairs = set[tuple[int, int]]

_STRICT = re.compile(r"\(\s*(\d{1,18})\s*,\s*(\d{1,18})\s*\)")
_LOOSE = re.compile(r"(?<!\d)(\d{3,18}) ?(?:,|and|&|[-–—]+| ) ?(?:user )?(\d{3,18})(?!\d)", re.IGNORECASE)
"""Two numbers in a line that is `squeezed`."""


def score(gold: str, answer: str) -> Score:
    """F1 of the pairs of `answer` against those of `gold`, a pair a line.

    The official figure takes pairs in the form that was asked for, ``(lower, higher)``; the tolerant one also those
    without brackets or the other way round.
    """
    wanted = strict(gold)
    found = strict(answer)
    official = f1(found, wanted)
    return Score(
        official=official,
        tolerant=max(official, f1(loose(answer), wanted)),
        parsed=f"{len(found)} pair{'' if len(found) == 1 else 's'}, {len(found & wanted)} of {len(wanted)} right ones",
    )


def strict(text: str) -> Pairs:
    """The pairs in round brackets, as they are written."""
    return {(int(a), int(b)) for a, b in _STRICT.findall(text)}


def loose(text: str) -> Pairs:
    """The pairs in any brackets or none, lower one first, without those of one user alone."""
    found = {(int(a), int(b)) for a, b in _STRICT.findall(text)}
    for line in squeezed(text).splitlines():
        if not _STRICT.search(line):
            found |= {(int(a), int(b)) for a, b in _LOOSE.findall(line)}
    return {(min(pair), max(pair)) for pair in found if pair[0] != pair[1]}


def f1(found: Pairs, wanted: Pairs) -> float:
    """The harmonic mean of precision and recall; 1 when there is nothing to find and nothing was found."""
    if not found and not wanted:
        return 1.0
    return 2 * len(found & wanted) / (len(found) + len(wanted))


def written(pairs: Pairs) -> str:
    """Pairs as the queries ask for them, in order."""
    return "\n".join(f"({a}, {b})" for a, b in sorted(pairs))
