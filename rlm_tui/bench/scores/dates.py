"""Dates as they stand in answers.

OOLONG's scorer reads them with dateutil. Here are the complete dates that it reads, month before day as it does, without
its habit of filling what is missing from today's date: a score may not depend on the day it was computed.
"""

from __future__ import annotations

import datetime
import re

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)

_MONTH = r"(?P<name>jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|" + "|".join(MONTHS) + r")\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[-/.](?P<year>\d{4}|\d{2})",
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+(?P<year>\d{{4}})",
        rf"{_WEEKDAY}{_DAY}(?:\s+of)?[\s-]+{_MONTH},?[\s-]+(?P<year>\d{{4}})",
    )
)
_ANYWHERE = tuple(re.compile(rf"(?<![\w/]){form.pattern}(?![\w/])", re.IGNORECASE) for form in _FORMS)
_MONTH_YEAR = re.compile(rf"(?<!\w){_MONTH},?\s+(?:of\s+)?(?P<year>\d{{4}})(?!\w)", re.IGNORECASE)


def parse_date(text: str) -> datetime.date | None:
    """The date that `text` is, or None when it is anything else."""
    for form in _FORMS:
        if found := form.fullmatch(text.strip()):
            return _date(found)
    return None


def find_dates(text: str) -> set[datetime.date]:
    """All dates within `text`."""
    found = {_date(match) for form in _ANYWHERE for match in form.finditer(text)}
    return {date for date in found if date is not None}


def find_months(text: str) -> set[tuple[int, int]]:
    """All months with their year within `text`, as (year, month)."""
    return {(int(match["year"]), _month(match["name"])) for match in _MONTH_YEAR.finditer(text)}


def _month(name: str) -> int:
    return next(number for number, full in enumerate(MONTHS, 1) if full.startswith(name.lower()[:3]))


def _date(match: re.Match[str]) -> datetime.date | None:
    parts = match.groupdict()
    year, day = int(parts["year"]), int(parts["day"])
    if year < 100:
        year += 2000
    month = _month(parts["name"]) if parts.get("name") else int(parts["month"])
    if month > 12 >= day and match.start("year") > match.start("day"):
        month, day = day, month
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
