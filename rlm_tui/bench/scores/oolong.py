"""OOLONG-synth: the official scorer as it is, and one that reads as a patient person does.

The official one (arXiv 2511.02817, the repository's ``eval_helpers``) takes what stands after the last colon, or the last
word of a long answer without one, and compares letter by letter. "The answer is 57", "Answer: 57." and "Answer: 1,234" are
worth nothing to it, nor is the second of two labels that tie. Published figures come from it, so it stays the headline.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from rlm_tui.bench.base import Score
from rlm_tui.bench.scores.dates import find_dates, find_months, parse_date
from rlm_tui.bench.scores.text import SHOWN, squeezed

_SHORT = 20
"""From this many characters on an answer without a colon is cut to its last word, and comparisons are looked for."""

_COMPARISONS = ("more common", "less common", "same frequency")

_PATIENT = {
    "more": re.compile(r"\bmore\s+(?:common|frequent|often)", re.IGNORECASE),
    "less": re.compile(r"\bless\s+(?:common|frequent|often)", re.IGNORECASE),
    "same": re.compile(
        r"\b(?:same\s+frequency|equally\s+(?:common|frequent)|as\s+(?:common|frequent)\s+as)", re.IGNORECASE
    ),
}
_FORM = re.compile(r"(?:final\s+)?(?:answer|label|user|date|month)\s*(?:is\s*)?[:=]", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,18})(?![\w%]|[.,]\d)")


def score(golds: Sequence[str], answer_type: str, answer: str, labels: Sequence[str] = ()) -> Score:
    """Both scores of `answer`. `labels` are the ones to choose from, for the tolerant score of a LABEL."""
    return Score(
        official=official(golds, answer_type, answer),
        tolerant=max(official(golds, answer_type, answer), tolerant(golds, answer_type, answer, labels)),
        parsed=parse(answer)[:SHOWN],
    )


def parse(answer: str) -> str:
    """What the official scorer reads out of an answer."""
    if ":" not in answer:
        words = answer.split()
        return answer if len(answer) < _SHORT or not words else words[-1]
    read = answer.split(":")[-1].strip()
    for mark in "*[]":
        read = read.replace(mark, "")
    if len(read) >= _SHORT:
        for phrase in _COMPARISONS:
            if phrase in read:
                return phrase
    return read


def official(golds: Sequence[str], answer_type: str, answer: str) -> float:
    """The official score: 1 for the very words of the first gold, and for numbers 0.75 to the power of the error.

    Golds of the type DATE are ISO dates here; those of the others are as the data set writes them.
    """
    gold, read = golds[0], parse(answer)
    if answer_type == "DATE":
        date = parse_date(read)
        return float(date is not None and date.isoformat() == gold)
    if read == gold:
        return 1.0
    if read in _COMPARISONS:
        return float(read in gold)
    if answer_type == "NUMERIC":
        try:
            return _near(int(gold), int(read))
        except ValueError:
            return 0.0
    return 0.0


def tolerant(golds: Sequence[str], answer_type: str, answer: str, labels: Sequence[str] = ()) -> float:
    """What a patient reader gives: any of the golds, in any case, wherever the final answer plainly says one thing."""
    said = _said(answer)
    match answer_type:
        case "NUMERIC":
            numbers = _NUMBER.findall(said)
            return _near(int(golds[0]), int(numbers[-1].replace(",", ""))) if numbers else 0.0
        case "COMPARISON":
            kinds = {kind for kind, form in _PATIENT.items() if form.search(said)}
            return float(len(kinds) == 1 and kinds.pop() in golds[0])
        case "USER":
            users = {number.replace(",", "") for number in _NUMBER.findall(said)}
            return float(len(users) == 1 and users <= set(golds))
        case "DATE":
            dates = {date.isoformat() for date in find_dates(said)}
            return float(len(dates) == 1 and dates <= set(golds))
        case "MONTH_YEAR":
            wanted = {month for gold in golds for month in find_months(gold)}
            months = find_months(said)
            return float(len(months) == 1 and months <= wanted)
        case _:
            return _label(golds, said, labels)


def _label(golds: Sequence[str], said: str, labels: Sequence[str]) -> float:
    """Whether exactly one label is named and is a gold; without a list of labels the words have to be the gold's."""
    text = " ".join(said.lower().replace("-", " ").split())
    wanted = {gold.lower().replace("-", " ") for gold in golds}
    named = set()
    # The longest first, and taken out of the text, so that "place" is not found within "place name".
    for label in sorted({label.lower().replace("-", " ") for label in labels} | wanted, key=len, reverse=True):
        text, times = re.subn(rf"(?<!\w){re.escape(label)}(?!\w)", " ", text)
        if times:
            named.add(label)
    return float(len(named) == 1 and named <= wanted)


def _said(answer: str) -> str:
    """The part of an answer that says the result: after the last "Answer:" or its like, else the last line."""
    plain = squeezed(re.sub(r"[*_`\[\]{}\"']|\\boxed|\\text|\$", "", answer))
    forms = list(_FORM.finditer(plain))
    if forms and (rest := plain[forms[-1].end() :].strip()):
        return rest.splitlines()[0]
    return plain.splitlines()[-1] if plain else ""


def _near(gold: int, read: int) -> float:
    """0.75 to the power of how far off the number is."""
    return float(0.75 ** min(abs(gold - read), 1000))


def as_gold(value: object) -> str:
    """A value as a gold of this scorer: dates as ISO, all else as it prints."""
    return value.isoformat()[:10] if isinstance(value, datetime.date) else str(value)
