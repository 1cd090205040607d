"""What questions are made of: turns of phrase, and words that narrow nothing."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import re

from rlm_tui.engine.providers.explorer.words import CONCEPTS, lexicon, stem


def _stems(name: str) -> frozenset[str]:
    return frozenset(stem(word) for row in lexicon()[name] for word in row.split())


SUMMARY = re.compile(
    r"\bsummar|\bsums? (?:\w+ )?up\b|\bkey points?\b|\bmain idea|\boverview\b|\bgist\b|\btl;?dr\b|\bmain points?\b|\bwhat (?:is|are) (?:this|the) (?:\w+ )?about\b|\bin short\b"
)
LINE = re.compile(
    r"\b(?:which|what) lines?\b|\bline number|\b(?:give|quote|find|show)(?: me)? the line\b|\bon (?:which|what) line\b"
)
TIMES = re.compile(r"\bhow (?:many times|often)\b|\boccurrences? of\b|\bnumber of times\b")
NOUNS = _stems("nouns")
DETERMINERS = frozenset("the a an his her its their our my your".split())
COLLECTIONS = _stems("collections")
"""What people call a set of records."""
SUBJECTS = _stems("subjects")
"""What people call the subject of the document itself."""
ANCHORS = frozenset(
    stem(w) for w in "row record line entry item event message request login attempt log result verse post task".split()
)
ROLES = _stems("roles")
"""What people are called after what they do."""
PLACES = frozenset(
    stem(w) for w in "city town village country place location destination station stop port airport".split()
)
ATTRIBUTES = PLACES | frozenset(
    stem(w)
    for w in "email address phone colour nationality language job profession age gender password price cost".split()
)
"""Nouns that ask for a property: they never say what a record is."""
ALIASES = {
    "yes": frozenset("done completed complete finished checked ticked closed resolved".split()),
    "item": frozenset("bullet bullets points".split()),
    "female": frozenset("women woman females ladies girls girl".split()),
    "male": frozenset("men man males boys boy".split()),
    "no": frozenset(
        "open todo remaining unfinished still pending outstanding incomplete unchecked left undone".split()
    ),
}
"""What people call the two states of a task."""
VERBS = _stems("verbs")
MEASURING = frozenset(stem(w) for w in "cost weigh earn pay last measure score hold eat drink".split())
"""Verbs that ask for a figure or a thing of their own."""
ACTING = frozenset(stem(w) for group in CONCEPTS for w in group) - frozenset(
    stem(w) for w in "make take run do have".split()
)
"""Verbs that belong to a role of their own: who bought is not who painted."""
ABOVE = r"more than|over|above|greater than|higher than|larger than|bigger than|longer than|older than|heavier than|exceed\w*|after|later than|newer than|taller than|>"
BELOW = r"less than|fewer than|under|below|within|lower than|smaller than|shorter than|younger than|lighter than|cheaper than|before|earlier than|prior to|<"
LEAST = r"at least|no less than|not less than|no fewer than|since|from|>=|≥"
MOST = r"at most|no more than|not more than|up to|until|<=|≤"
COMPARE = re.compile(
    rf"(?:(?P<ge>{LEAST})|(?P<le>{MOST})|(?P<gt>{ABOVE})|(?P<lt>{BELOW}))\s+(?:the )?(?:age of |year )?(?=[-$€£\d<]|\w)"
)
FIGURE = re.compile(r"(?:[$€£]\s?)?(-?\d[\d,]*(?:\.\d+)?)\s?(%|[a-z°]+\b)?")
NEGATION = re.compile(
    r"\b(?:not|no|without|except(?: for)?|excluding|exclude|other than|non|never|neither|nor|apart from)[^\w(]+(?:\w+[^\w(]+){0,2}$|n't[^\w(]+(?:\w+[^\w(]+){0,2}$"
)
UNITS = frozenset("eur usd gbp kg km cm mm ms c f m s g lb mb gb kb pct percent min sec hrs hours in of the".split())
