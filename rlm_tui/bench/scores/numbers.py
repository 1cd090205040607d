"""One whole number as the answer."""

from __future__ import annotations

import re

from rlm_tui.bench.base import Score
from rlm_tui.bench.scores.text import final

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:[,\u202f\u00a0 ]\d{3})+|\d+)(?:\.0+)?(?![\w%]|[.,]\d)")


def score(gold: str, answer: str) -> Score:
    """1 for the number alone, after "Answer:" or as the whole; tolerantly the last number of the last line, as written.

    Separators of thousands, a currency and words about it are no mistake to the tolerant score.
    """
    read = final(answer)
    official = float(read == gold)
    lines = read.splitlines()
    found = _NUMBER.findall(lines[0] if lines and _NUMBER.search(lines[0]) else lines[-1] if lines else "")
    patient = bool(found) and re.sub(r"\.0+$|[^\d.-]", "", found[-1]) == gold
    return Score(official=official, tolerant=max(official, float(patient)), parsed=read[:80])
