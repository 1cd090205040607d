"""Quotes and numbers of an answer that nothing backs (engine contract §10)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

_QUOTE = re.compile(
    r'"([^"\n]{3,500})"|“([^”]{3,500})”|«([^»]{3,500})»|„([^“”]{3,500})[“”]|(?<!\w)\'([^\'\n]{3,500})\'(?!\w)|(?<!\w)‘([^’\n]{3,500})’(?!\w)'
)
_NUMBER = re.compile(r"(?<![\w.,])[-−]?\d+(?:,\d{3})+(?:\.\d+)?(?![\d\w])|(?<![\w.])[-−]?\d+(?:\.\d+)?(?!\w)(?!\.\d)")
_LIST_MARK = re.compile(r"(?m)^[ \t]*\d{1,3}[.)][ \t]")
_PLACE = re.compile(r"\b(?:lines?|pages?)\s+\d+(?:,\d{3})*(?:\s*(?:-|–|,|and|to)\s*\d+(?:,\d{3})*)*", re.IGNORECASE)
"""Where something stands in a document: its text does not hold the number."""
_SMALL = 1_000_000
_LARGE = 20_000_000
_ENDS = " \t\n.,;:!?…"
_SAME = {
    "'": "['’‘]",
    "’": "['’‘]",
    "‘": "['’‘]",
    '"': '["“”«»]',
    "“": '["“”«»]',
    "”": '["“”«»]',
    "-": "[-–—]",
    "–": "[-–—]",
}


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A piece of an answer, from character `start` to before `end`, that stands in no text it could come from."""

    text: str
    kind: Literal["quote", "number"]
    start: int
    end: int


def unsupported(answer: str, texts: Iterable[str]) -> list[Unsupported]:
    """Quotes and numbers of `answer` that occur in none of `texts` (documents, outputs, replies of sub-calls).

    A quote may differ in letter case, white space, and the shape of quotation marks and dashes, and in punctuation at its
    ends (in texts of up to 20 million characters; in longer ones only the exact words count). ``12,345`` and ``12345`` are the same number, as are ``0.5`` and ``0.50``; a number that one in an output rounds to is supported.
    Numbers that only count the items of a list in the answer, or say where a thing stands (``line 12``, ``lines 3 to 5``), are
    left out.
    """
    sources = [text for text in texts if text]
    found: list[Unsupported] = []
    quoted: list[tuple[int, int]] = []
    for match in _QUOTE.finditer(answer):
        group = next(n for n in range(1, 7) if match.group(n) is not None)
        start, end = match.span(group)
        quoted.append((start, end))
        if not _quoted_in(match.group(group), sources):
            found.append(Unsupported(match.group(group), "quote", start, end))
    marks = [match.span() for pattern in (_LIST_MARK, _PLACE) for match in pattern.finditer(answer)]
    numbers: set[str] | None = None
    for match in _NUMBER.finditer(answer):
        start, end = match.span()
        if any(a <= start < b for a, b in marks) or any(a <= start < b for a, b in quoted):
            continue
        if _number_in(match.group(), sources):
            continue
        if numbers is None:
            numbers = {_plain(m.group()) for text in sources if len(text) <= _SMALL for m in _NUMBER.finditer(text)}
        if not _rounded_in(_plain(match.group()), numbers):
            found.append(Unsupported(match.group(), "number", start, end))
    return sorted(found, key=lambda item: item.start)


def _quoted_in(quote: str, sources: Iterable[str]) -> bool:
    core = quote.strip(_ENDS)
    if not core or any(core in text for text in sources):
        return True
    # An ellipsis in a quote leaves something out: each part has to stand somewhere.
    for part in re.split(r"\s*(?:\.\.\.|…|\[…\]|\[\.\.\.\])\s*", core):
        words = part.strip(_ENDS).split()
        if not words:
            continue
        pattern = re.compile(
            r"\s+".join("".join(_SAME.get(c, re.escape(c)) for c in word) for word in words), re.IGNORECASE
        )
        if not any(pattern.search(text) for text in sources if len(text) <= _LARGE):
            return False
    return True


def _plain(number: str) -> str:
    number = number.replace(",", "").replace("−", "-")
    return (number.rstrip("0").rstrip(".") if "." in number else number).lstrip("-") or "0"


def _number_in(number: str, sources: Iterable[str]) -> bool:
    plain = _plain(number)
    whole, _, part = plain.partition(".")
    forms = {plain, f"{int(whole):,}" + ("." + part if part else "")}
    patterns = []
    for form in forms:
        # What may not stand before is looked at after the digits, because `re` is quick to find a pattern that begins
        # with plain characters. Trailing zeros of a fraction make no difference.
        digits, zeros = re.escape(form), "0*" if part else r"(?:\.0+)?"
        patterns.append(re.compile(rf"{digits}(?<!\d{digits})(?<!\d[.,]{digits}){zeros}(?!\d|[.,]\d)"))
    return any(pattern.search(text) for text in sources for pattern in patterns)


def _rounded_in(number: str, numbers: set[str]) -> bool:
    if number in numbers:
        return True
    places = len(number.partition(".")[2])
    for other in numbers:
        if "." in other and len(other.partition(".")[2]) > places and len(other) < 40:
            rounded = f"{float(other):.{places}f}"
            if _plain(rounded) == number:
                return True
    return False
