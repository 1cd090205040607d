"""Short answers in words, numbers and ``name=value`` fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rlm_tui.bench.base import Score

_LONG = 12
"""Words from which an answer is a talk about the answer."""

SHOWN = 200
"""Characters of what was read out of an answer that are kept to be shown."""


def all_contained(golds: Sequence[str], answer: str) -> float:
    """RULER's string_match_all: the share of golds that are found in the answer, in any case."""
    lowered = answer.lower()
    return sum(gold.lower() in lowered for gold in golds) / len(golds)


def any_contained(golds: Sequence[str], answer: str) -> float:
    """RULER's string_match_part, for its questions: whether one of the golds is found in the answer, in any case."""
    lowered = answer.lower()
    return float(any(gold.lower() in lowered for gold in golds))


def squeezed(text: str) -> str:
    """Lines without spaces around them, single spaces within, and no empty lines.

    The expressions that read answers tolerantly allow spaces in many places; on long runs of them some would take the
    square of their length, so they are only used on texts that this was done to.
    """
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def plain(text: str) -> str:
    """Lower case, without accents, punctuation, articles and extra spaces (SQuAD's normalisation, and accents)."""
    bare = unicodedata.normalize("NFKD", text.lower())
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    bare = re.sub(r"(?<=\d),(?=\d{3})", "", bare)
    bare = re.sub(r"[^\w.%-]|(?<!\d)[.-]|[.-](?!\d)", " ", bare)
    return " ".join(word for word in bare.split() if word not in ("a", "an", "the"))


def short(golds: Sequence[str], answer: str) -> Score:
    """Words that have to be one of the golds: letter by letter, or, tolerantly, named in a short answer.

    "Answer:" before it and Markdown about it are no part of an answer, also for the official score.
    """
    read = final(answer)
    official = float(read in golds)
    bare, wanted = plain(read), [plain(gold) for gold in golds]
    patient = bare in wanted or (
        len(bare.split()) <= _LONG
        and any(gold and re.search(rf"(?<!\w){re.escape(gold)}(?!\w)", bare) for gold in wanted)
    )
    return Score(official=official, tolerant=max(official, float(patient)), parsed=read[:SHOWN])


def final(answer: str) -> str:
    """What stands after the last "Answer:" at the beginning of a line, else the whole, without Markdown about it.

    Its spaces are `squeezed`.
    """
    stripped = squeezed(answer)
    found = list(
        re.finditer(r"^[ \t*_#>]*(?:final )?answer[*_]*[ \t]*:[*_]*[ \t]*", stripped, re.IGNORECASE | re.MULTILINE)
    )
    rest = stripped[found[-1].end() :].strip() if found else stripped
    return re.sub(r"^[*_`\"']+|[*_`\"']+$", "", rest).strip()


def fields(gold: str, answer: str) -> Score:
    """``name=value`` fields: all of them as in `gold` and nothing else; tolerantly, the share that can be found.

    The tolerant score takes ``name: value``, thousands separators and the fields in any order among other words.
    """
    names = [field.split("=", 1)[0] for field in gold.split()]
    wanted = dict(field.split("=", 1) for field in gold.split())
    found, said = {}, squeezed(answer)
    for name in names:
        pattern = rf"(?<!\w){re.escape(name).replace('_', '[_ ]')}[\s*_`\"']*[=:][\s*_`\"']*([\w,.-]+)"
        values = re.findall(pattern, said, re.IGNORECASE)
        if values:
            found[name] = re.sub(r"(?<=\d),(?=\d{3})", "", values[-1].rstrip(".,"))
    right = sum(found.get(name, "").lower() == wanted[name].lower() for name in names)
    official = float(" ".join(answer.split()) == gold)
    parsed = " ".join(f"{name}={value}" for name, value in found.items())
    return Score(official=official, tolerant=max(official, right / len(names)), parsed=parsed)
