"""The fields of a document, as the profile cell printed them."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from rlm_tui.engine.providers.explorer.dates import moment_format
from rlm_tui.engine.providers.explorer.kinds import ROLES, UNITS
from rlm_tui.engine.providers.explorer.words import (
    FALSE,
    TRUE,
    fold,
    parts,
    related,
    stem,
)


@dataclass
class Field:
    """One field of the records, as the profile cell printed it."""

    name: str
    at: int = 9
    n: int = 0
    distinct: int = 0
    size: int = 0
    values: list[tuple[str, int]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parts = [p for p in parts(self.name) if p not in UNITS] or parts(self.name)
        folded = fold(self.name)
        full = [v for v, _ in self.values if fold(v) not in ("n/a", "na", "none", "null", "-", "", "unknown")]
        figures = sum(
            bool(re.fullmatch(r"[^\w\d]{0,3}(?:[A-Z]{3} )?[-−+]?[$€£]?\d[\d.,' ]*\s?(?:%|°?[A-Za-z/²³€£$]{0,12})", v))
            for v in full
        )
        dotted = sum(bool(re.fullmatch(r"\d+(\.\d+){2,}", v)) for v in full)
        self.moment = moment_format([v for v, _ in self.values])
        states = {fold(v) for v in full}
        self.flag = (
            bool(full)
            and len(states) <= 4
            and bool(states & TRUE)
            and bool(states & FALSE)
            and len(states - TRUE - FALSE) <= 1
        ) or (len(states) == 1 and states <= {"yes", "no", "true", "false"})
        self.numeric = bool(full) and figures >= 0.9 * len(full) and not dotted and not self.moment
        self.id = bool(re.search(r"(?i:(^|[ _.-])(id|uuid|sku|code)$)|Id$", self.name)) or (
            bool(re.search(r"(?i:(^|[ _.-])(no|nr|number|ref|reference|key)\.?$)|^#$", self.name))
            and self.distinct > 0.5 * self.n
        )
        figured = [float(v) for v in full if re.fullmatch(r"\d+", v)]
        steps = {b - a for a, b in itertools.pairwise(figured)}
        if (
            self.numeric
            and len(figured) == len(full) > 3
            and self.distinct == self.n
            and figured == sorted(figured)
            and (self.at == 0 or (steps == {1.0} and self.n <= 12))
        ):
            self.id = not all(1500 <= x <= 2100 for x in figured)  # a running number
        if folded == "verse":
            self.moment = ""
        if (
            self.numeric
            and self.distinct > 0.9 * self.n > 10
            and full
            and all(re.fullmatch(r"[1-9]\d{3,}", v) for v in full)
            and len({len(v) for v in full}) == 1
            and not self.units()
        ):
            self.id = self.id or (
                not all(1500 <= int(v) <= 2100 for v in full)
                and not any(
                    related(p, stem(w))
                    for p in self.parts
                    for w in (
                        "price",
                        "salary",
                        "amount",
                        "size",
                        "population",
                        "year",
                        "bytes",
                        "score",
                        "distance",
                        "weight",
                    )
                )
            )
        self.year = self.numeric and all(re.fullmatch(r"(1[0-9]|20)\d\d", v) for v in full)
        self.person = (
            bool(self.parts) and not self.numeric and related(self.parts[-1], stem("name")) and self.parts[-1] != "id"
        )
        self.place = any(
            p
            in map(
                stem,
                "city town country place location where address destination venue room region station stop port airport office branch site shop store source origin from to".split(),
            )
            for p in self.parts
        )
        named = sum(bool(re.fullmatch(r"(?:[A-Z][\w.'’-]*,? ){1,3}[A-Z][\w.'’-]+", v)) for v in full)
        self.person = self.person or (
            not self.numeric
            and not self.moment
            and self.distinct > 0.8 * self.n > 2
            and named > 0.7 * len(full)
            and self.at < 4
        )
        self.multi = (
            not self.numeric
            and not self.moment
            and sum(bool(re.search(r"\w(?:,|;| /) \w", v)) for v in full) > 0.2 * len(full)
            and not self.person
        )
        worded = sum(bool(re.search(r"[^\W\d_]{2}", v)) for v in full)
        self.who = self.person or (
            bool(ROLES & set(self.parts))
            and not (self.numeric or self.moment or self.flag or self.id)
            and worded >= 0.9 * len(full) > 0
            and self.size < 40
        )
        self.unit_names = self.units() if self.numeric else set()
        self.text = (
            not self.numeric
            and not self.moment
            and (self.size > 25 or folded in ("message", "text", "body", "note", "notes"))
        )

    def __hash__(self) -> int:
        return hash(self.name)

    def units(self) -> set[str]:
        found = {m[1].lower() for v, _ in self.values if (m := re.fullmatch(r"[^A-Za-z]*\d\s?([A-Za-z°%]+)", v))}
        inner = re.search(r"\(([^)]+)\)|_(ms|kg|km|cm|mm|mb|gb|kb|s|c|m)$", self.name)
        return found | ({(inner[1] or inner[2]).lower()} if inner else set())


@dataclass
class Profile:
    """What the second cell printed."""

    shape: str = ""
    records: int = 0
    fields: list[Field] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)
    facts: list[tuple[str, str]] = field(default_factory=list)
