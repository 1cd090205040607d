"""Values of the condition language: numbers with suffixes, quoted texts, regular expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from rlm_tui.patterns import Pattern
from rlm_tui.projection.conditions.names import Kind

_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_TIME = {"": 1.0, "s": 1.0, "ms": 1e-3, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_NUMBER = re.compile(r"(\d+(?:_\d+)*(?:\.\d+)?|\.\d+)([A-Za-z%]*)\Z")
_SHOWN = {"k": "k", "m": "M", "g": "G"}
_BARE = re.compile(r"[\w.@:+-]+\Z")


@dataclass(frozen=True, slots=True)
class Number:
    """A number: its `value` in units, US dollars, seconds or as a share, and how it is written."""

    value: float
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text


def read_number(text: str, kind: Kind) -> Number:
    """Read a number such as ``1.5M``, ``30s``, ``80%``, ``$0.50``. Raises `ValueError`, whose text says what is possible."""
    bare = text.removeprefix("$") if kind == "money" else text
    match = _NUMBER.match(bare)
    if not match:
        raise ValueError(f"{_shorten(text)} is no number; write one like {_EXAMPLES[kind]}")
    digits, suffix = match.group(1).replace("_", ""), match.group(2).lower()
    if len(digits) > 30:
        raise ValueError("this number is too long")
    if kind == "share":
        if suffix == "%":
            return Number(float(digits) / 100, f"{digits}%")
        if suffix or float(digits) > 1:
            raise ValueError(f"{_shorten(text)} has to be a percentage, such as 80%")
        return Number(float(digits), digits)
    if suffix == "%":
        raise ValueError("percent make sense for coverage and budget.… only, such as budget.usd>80%")
    if kind == "seconds":
        if suffix not in _TIME:
            raise ValueError(f"{_shorten(text)} has an unknown unit of time; possible: ms s m h d w")
        return Number(float(digits) * _TIME[suffix], digits + suffix)
    if suffix not in _SCALE:
        raise ValueError(f"{_shorten(text)} has an unknown suffix; possible: k M G")
    return Number(float(digits) * _SCALE[suffix], digits + _SHOWN.get(suffix, ""))


_EXAMPLES = {"number": "20 or 1.5M", "money": "0.50", "seconds": "30s", "share": "80%", "text": "20", "flag": "20"}


@dataclass(frozen=True, slots=True)
class Words:
    """A plain text that is looked for, or compared with, without regard to letter case."""

    text: str

    def __str__(self) -> str:
        return self.text if _BARE.match(self.text) else quote(self.text)

    def inside(self, text: str) -> bool:
        return self.text.casefold() in text.casefold()

    def equals(self, text: str) -> bool:
        return self.text.casefold() == text.casefold()


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression, matched within lines; ``/…/i`` ignores letter case."""

    text: str
    ignore_case: bool = False
    pattern: Pattern = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", Pattern(self.text, ignore_case=self.ignore_case))

    def __str__(self) -> str:
        return f"/{self.text.replace('/', chr(92) + '/')}/{'i' if self.ignore_case else ''}"

    def inside(self, text: str) -> bool:
        return self.pattern.found(text)


def quote(text: str) -> str:
    r"""`text` in double quotes; ``\``, ``"``, line ends and tabs are escaped."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def texts_of(value: object) -> Iterable[str]:
    """The texts of a fact: one, or those of a list or set."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [item for item in value if isinstance(item, str)]
    return ()


def _shorten(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"
