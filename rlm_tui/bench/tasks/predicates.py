"""The twenty queries of OOLONG-Pairs (arXiv 2512.24601, appendix D.1) over any six labels, and what they ask for.

A pair of users qualifies when one of them satisfies the one side and the other the other. In the first ten both sides are
the same. "All instances of X must be after a day" is true of a user who has no X.
"""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rlm_tui.bench.scores.pairs import Pairs
from rlm_tui.bench.tasks.aggregate import Line, month

ABBREVIATION, ENTITY, HUMAN, NUMERIC, LOCATION, DESCRIPTION = "AB", "EN", "HU", "NU", "LO", "DE"

TREC = {
    DESCRIPTION: "description and abstract concept",
    ENTITY: "entity",
    HUMAN: "human being",
    NUMERIC: "numeric value",
    LOCATION: "location",
    ABBREVIATION: "abbreviation",
}
"""The labels of OOLONG's trec_coarse, in the order in which the queries list them."""


class Dates(NamedTuple):
    """All instances of `label` are after (or before) `day`."""

    label: str
    after: bool
    day: datetime.date


class Side(NamedTuple):
    """What a user must have: one of some labels, at least and exactly so many instances, and dates."""

    any_of: tuple[str, ...] = ()
    at_least: tuple[tuple[str, int], ...] = ()
    exactly: tuple[tuple[str, int], ...] = ()
    dates: Dates | None = None

    def holds(self, counts: Counter[str], days: Mapping[str, list[datetime.date]]) -> bool:
        """Whether a user with these instances, and these days of them by label, satisfies it."""
        if self.any_of and not any(counts[label] for label in self.any_of):
            return False
        if any(counts[label] < number for label, number in self.at_least):
            return False
        if any(counts[label] != number for label, number in self.exactly):
            return False
        if self.dates is None:
            return True
        limit = self.dates.day
        return all(day > limit if self.dates.after else day < limit for day in days.get(self.dates.label, ()))


def _either(first: str, second: str, dates: Dates | None = None) -> tuple[Side, Side]:
    side = Side(any_of=(first, second), dates=dates)
    return side, side


def _has(*labels: str, twice: str = "", once: str = "", also_once: str = "", exactly_two: str = "") -> Side:
    at_least = tuple((label, 1) for label in labels) + (((twice, 2),) if twice else ())
    exactly = tuple((label, 1) for label in (once, also_once) if label) + (((exactly_two, 2),) if exactly_two else ())
    return Side(at_least=at_least, exactly=exactly)


_after_january = Dates(HUMAN, True, datetime.date(2023, 1, 6))
_before_march = Dates(ENTITY, False, datetime.date(2023, 3, 15))
_after_february = Dates(NUMERIC, True, datetime.date(2023, 2, 1))
_after_april = Dates(LOCATION, True, datetime.date(2023, 4, 10))
_before_may = Dates(ABBREVIATION, False, datetime.date(2023, 5, 20))

QUERIES: dict[int, tuple[Side, Side]] = {
    1: _either(NUMERIC, LOCATION),
    2: _either(ENTITY, HUMAN),
    3: _either(DESCRIPTION, ABBREVIATION),
    4: _either(HUMAN, LOCATION, _after_january),
    5: _either(ENTITY, NUMERIC, _before_march),
    6: _either(LOCATION, ABBREVIATION),
    7: _either(DESCRIPTION, NUMERIC, _after_february),
    8: _either(HUMAN, DESCRIPTION),
    9: _either(ENTITY, LOCATION, _after_april),
    10: _either(NUMERIC, ABBREVIATION, _before_may),
    11: (_has(ENTITY, ABBREVIATION), _has(once=ENTITY)),
    12: (_has(twice=NUMERIC), _has(LOCATION, HUMAN)),
    13: (_has(once=DESCRIPTION), _has(ABBREVIATION, ENTITY)),
    14: (_has(HUMAN, NUMERIC), _has(exactly_two=LOCATION)),
    15: (_has(ENTITY, LOCATION, ABBREVIATION), _has(once=NUMERIC)),
    16: (_has(DESCRIPTION, HUMAN), _has(twice=ENTITY, once=ABBREVIATION)),
    17: (_has(once=NUMERIC), _has(LOCATION, DESCRIPTION)),
    18: (_has(ABBREVIATION, once=HUMAN), _has(ENTITY, NUMERIC)),
    19: (_has(ENTITY, twice=LOCATION), _has(once=DESCRIPTION, also_once=ABBREVIATION)),
    20: (_has(NUMERIC, HUMAN), _has(LOCATION, ENTITY, once=ABBREVIATION)),
}

_SIDES = {
    11: ("at least one instance with {EN} and one with {AB}", "exactly one instance with {EN}"),
    12: ("at least two instances with {NU}", "at least one instance with {LO} and at least one instance with {HU}"),
    13: ("exactly one instance with {DE}", "at least one instance with {AB} and at least one instance with {EN}"),
    14: ("at least one instance with {HU} and at least one instance with {NU}", "exactly two instances with {LO}"),
    15: (
        "at least one instance with {EN}, at least one instance with {LO}, and at least one instance with {AB}",
        "exactly one instance with {NU}",
    ),
    16: (
        "at least one instance with {DE} and at least one instance with {HU}",
        "at least two instances with {EN} and exactly one instance with {AB}",
    ),
    17: ("exactly one instance with {NU}", "at least one instance with {LO} and at least one instance with {DE}"),
    18: (
        "at least one instance with {AB} and exactly one instance with {HU}",
        "at least one instance with {EN} and at least one instance with {NU}",
    ),
    19: (
        "at least two instances with {LO} and at least one instance with {EN}",
        "exactly one instance with {DE} and exactly one instance with {AB}",
    ),
    20: (
        "at least one instance with {NU} and at least one instance with {HU}",
        "at least one instance with {LO}, at least one instance with {EN}, and exactly one instance with {AB}",
    ),
}
"""The wording of the queries whose sides differ."""


def wording(number: int, labels: Mapping[str, str], kind: str = "questions") -> str:
    """Query `number` as the paper words it, about `kind` of things with these labels."""
    if number in _SIDES:
        first, second = (side.format_map(labels) for side in _SIDES[number])
        where = f"such that one user has {first}, and the other user has {second}"
    else:
        side = QUERIES[number][0]
        first, second = (labels[label] for label in side.any_of)
        where = f"where both users have at least one instance with {_article(first)} {first} or {second}"
        if side.dates is not None:
            name, when = labels[side.dates.label], "after" if side.dates.after else "before"
            day = side.dates.day
            where += (
                f", and all instances that are {_article(name)} {name} for both users must be {when} "
                f"{month(day.month)} {day.day}, {day.year}"
            )
    single = kind.removesuffix("s")
    return (
        f"In the above data, list all pairs of user IDs (no duplicate pairs, list lower ID first) {where}. Each of the {kind} "
        "can be labelled as one of the labels (the data does not provide the labels, you need to figure out the label from the "
        f"semantics of the {single}): {', '.join(labels.values())}. In your answer, list all pairs in the format (user_id_1, "
        "user_id_2), separated by newlines."
    )


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def qualifying(lines: Iterable[Line], number: int, labels: Mapping[str, str]) -> Pairs:
    """The pairs that query `number` asks for, lower user first. `labels` are the lines' names of the six labels."""
    roles = {name: role for role, name in labels.items()}
    counts: dict[int, Counter[str]] = {}
    days: dict[int, dict[str, list[datetime.date]]] = {}
    for line in lines:
        role = roles.get(line.label, "")
        counts.setdefault(line.user, Counter())[role] += 1
        days.setdefault(line.user, {}).setdefault(role, []).append(line.date)
    one, other = ({user for user in counts if side.holds(counts[user], days[user])} for side in QUERIES[number])
    if one == other:
        return set(itertools.combinations(sorted(one), 2))
    return {(a, b) if a < b else (b, a) for a in one for b in other if a != b}
