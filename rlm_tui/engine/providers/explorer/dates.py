"""Dates: in questions, as intervals; in fields, as a format that reads them."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MONTHS = "january february march april may june july august september october november december".split()
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_PATTERNS = (
    ("day", r"\b(?P<y>\d{4})[-/](?P<m>\d\d)[-/](?P<d>\d\d)\b"),
    ("day", r"\b(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4}|\d\d)\b"),
    ("day", rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH},? (?P<y>\d{{4}})\b"),
    ("day", rf"\b{_MONTH} (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}})\b"),
    ("month", rf"\b{_MONTH},? (?P<y>\d{{4}})\b"),
    ("month", r"\b(?P<y>\d{4})-(?P<m>\d\d)\b(?!-)"),
    ("clock", r"\b(?P<h>\d{1,2}):(?P<min>\d\d)(?::(?P<s>\d\d))?\s?(?P<half>[ap]m)?\b"),
    ("clock", r"\b(?P<h>\d{1,2})\s?(?P<half>[ap]m)\b"),
    ("year", r"(?<![-\d./])\b(?P<y>1[5-9]\d\d|20\d\d)\b(?![-\d/]|\.\d)"),
    (
        "month name",
        r"(?<=\bin )(?P<month>january|february|march|april|may|june|july|august|september|october|november|december)\b",
    ),
)
FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%y, %H:%M",
    "%m/%d/%y, %H:%M",
    "%d/%m/%Y, %H:%M",
    "%m/%d/%Y, %H:%M",
    "%m/%d/%y, %I:%M %p",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
    "%d/%b/%Y:%H:%M:%S",
    "%b %d %H:%M:%S",
    "%B %Y",
    "%b %Y",
    "%Y-%m",
    "%H:%M:%S",
    "%H:%M",
    "%I:%M %p",
)


@dataclass(frozen=True)
class Interval:
    """A date named in a text, from `lo` up to but not including `hi`, as text that sorts by time."""

    kind: str
    start: int
    end: int
    lo: str
    hi: str


def _interval(kind: str, found: re.Match[str]) -> tuple[str, str]:
    parts = found.groupdict()
    if kind == "clock":
        hour = int(parts["h"]) % 12 + 12 * (parts["half"] == "pm") if parts.get("half") else int(parts["h"])
        low = hour * 3600 + int(parts.get("min") or 0) * 60 + int(parts.get("s") or 0)
        high = low + (1 if parts.get("s") else 60)
        return (
            f"{low // 3600:02}:{low // 60 % 60:02}:{low % 60:02}",
            f"{high // 3600:02}:{high // 60 % 60:02}:{high % 60:02}",
        )
    named = parts.get("month")
    month = [m[:3] for m in MONTHS].index(named[:3].lower()) + 1 if named else int(parts.get("m") or 1)
    if kind == "month name":
        return f"--{month:02}", f"--{month + 1:02}"
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    if kind == "year":
        return str(year), str(year + 1)
    if kind == "month":
        return f"{year}-{month:02}", f"{year + month // 12}-{month % 12 + 1:02}"
    day = int(parts["d"])
    if month > 12:
        month, day = day, month
    moment = date(year, month, day)
    return moment.isoformat(), (moment + timedelta(1)).isoformat()


def find_dates(text: str) -> list[Interval]:
    """The dates, months, years and times of day that a question names, in order."""
    taken, found = [False] * len(text), []
    for kind, pattern in _PATTERNS:
        for match in re.finditer(pattern, text, re.I):
            if not any(taken[match.start() : match.end()]):
                try:
                    lo, hi = _interval(kind, match)
                except ValueError:
                    continue
                found.append(Interval(kind, match.start(), match.end(), lo, hi))
                taken[match.start() : match.end()] = [True] * (match.end() - match.start())
    return sorted(found, key=lambda d: d.start)


def clean(value: str) -> str:
    """A moment without zone and fraction, as `strptime` wants it."""
    value = re.sub(r"(?<=:\d\d)([.,]\d+)?\s?(Z|[+-]\d\d:?\d\d)?$", "", value.strip())
    return re.sub(r"(?<=\d)T(?=\d)", " ", value)


def moment_format(values: Sequence[str]) -> str:
    """The format that reads nearly all of the values as moments; empty if there is none."""
    full = [clean(v) for v in values if v and v.lower() not in ("n/a", "none", "null", "-", "unknown")]
    for form in FORMATS:
        good = 0
        for value in full:
            try:
                good += datetime.strptime(value, form) is not None  # noqa: DTZ007 (zones were cut off: only the order counts)
            except ValueError:
                continue
        if full and good >= 0.9 * len(full):
            return form
    return ""
