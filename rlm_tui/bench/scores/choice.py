"""Multiple choice with the options A to D, as in LongBench-v2."""

from __future__ import annotations

import re

from rlm_tui.bench.base import Score
from rlm_tui.bench.scores.text import squeezed

_OFFICIAL = (re.compile(r"The correct answer is \(([A-D])\)"), re.compile(r"The correct answer is ([A-D])"))
_NAMED = re.compile(
    r"\b(?:answer|choice|option)\b(?:\s+(?:is|would\s+be))?\s*[:=]?\s*\(?([A-D])(?![\w'])", re.IGNORECASE
)
_ALONE = re.compile(r"\(?([A-Da-d])\)?[.:]?")
_BRACKETED = re.compile(r"\(([A-D])\)")


def score(gold: str, answer: str) -> Score:
    """1 when the letter read out of `answer` is `gold`."""
    letter = official(answer)
    patient = letter or tolerant(answer)
    return Score(official=float(letter == gold), tolerant=float(patient == gold), parsed=patient or "")


def official(answer: str) -> str | None:
    """The letter after "The correct answer is", which LongBench-v2's prompt asks for; None without it."""
    plain = answer.replace("*", "")
    for form in _OFFICIAL:
        if found := form.search(plain):
            return found[1]
    return None


def tolerant(answer: str) -> str | None:
    """The letter that is the whole answer, or is named as the answer, or is the only one in brackets.

    A letter anywhere else is no choice: the article in "a function of the class" is not option A.
    """
    plain = squeezed(re.sub(r"[*_`$\[\]{}]|\\boxed|\\text", "", answer))
    for line in (plain, *reversed(plain.splitlines()[-1:])):
        if found := _ALONE.fullmatch(line.strip()):
            return found[1].upper()
    # "answer is a function" has a small letter that goes on as a sentence; a small letter counts only at the end of one.
    named = [match for match in _NAMED.finditer(plain) if match[1].isupper() or _ends(plain, match.end())]
    if named:
        return named[-1][1].upper()
    bracketed = set(_BRACKETED.findall(plain))
    return bracketed.pop() if len(bracketed) == 1 else None


def _ends(text: str, place: int) -> bool:
    return re.match(r"\)?[.!]?\s*(?:\n|$)", text[place:]) is not None
