"""What a question wants done: to count, to add up, to pick, to list; and the field that it measures."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import re

from rlm_tui.engine.providers.explorer.fields import Field
from rlm_tui.engine.providers.explorer.filters import Filtering
from rlm_tui.engine.providers.explorer.kinds import (
    VERBS,
)
from rlm_tui.engine.providers.explorer.words import (
    STOP,
    SUPERLATIVES,
    fold,
    related,
    stem,
)

UNITED = {
    concept: set(units.split())
    for concept, units in {
        "length": "s ms sec min h minutes hours seconds days m km cm mm",
        "duration": "s ms sec min h minutes hours seconds days",
        "weight": "kg g t lb lbs",
        "price": "eur usd gbp",
        "temperature": "c f",
        "distance": "km m mi miles",
    }.items()
}
"""The units that a superlative's measure comes in."""


class Intending(Filtering):
    """The operation that a question asks for, and the field it measures."""

    def noun_field(self, noun: int | None) -> Field | None:
        """The field that the noun's phrase names: its last word counts most (`client IPs`, `log levels`)."""
        if noun is None:
            return None
        words = self.phrase(noun)
        cut = next(
            (k for k, i in enumerate(words) if k and (self.stems[i] in VERBS or self.tokens[i][2].endswith("ed"))),
            len(words),
        )
        words = words[:cut]
        if len(words) > 1:
            ranked = sorted(
                (
                    (1.5 * self.strength(f, words[-1]) + 0.7 * max(self.strength(f, i) for i in words[:-1]), f)
                    for f in self.profile.fields
                ),
                key=lambda r: -r[0],
            )
            if ranked and ranked[0][0] >= 2 and (len(ranked) == 1 or ranked[0][0] > ranked[1][0]):
                return ranked[0][1]
        following = noun + 1 if noun + 1 < len(self.tokens) and fold(self.tokens[noun + 1][2]) not in STOP else noun
        alone = not any(self.strength(f, noun) for f in self.profile.fields)
        scored = [
            (
                max(
                    self.strength(f, noun),
                    alone * (self.strength(f, following) >= 2) * self.strength(f, following) - 0.1,
                ),
                f,
            )
            for f in self.profile.fields
        ]
        scored = [
            (
                s
                + 0.6 * (following != noun and self.strength(f, noun) > 0 and self.strength(f, following) >= 2)
                + 0.2 * (not f.numeric)
                + 0.5 * f.id
                - 0.1 * f.text
                - 0.3 * bool(f.moment),
                f,
            )
            for s, f in scored
            if s > 0
        ]
        scored.sort(key=lambda s: -s[0])
        moments = [f for f in self.profile.fields if f.moment]
        if not scored and self.stems[noun] in map(stem, ("date", "day", "time")) and len(moments) == 1:
            return moments[0]
        if not scored or (len(scored) > 1 and scored[0][0] == scored[1][0] and scored[0][0] < 2):
            return None
        return scored[0][1]

    def intent(self, wh: str, noun: int | None) -> str:
        """What is asked for; returns the superlative that decides, if any."""
        plan = self.plan
        found = [
            fold(t)
            for a, _, t in self.tokens
            if fold(t) in SUPERLATIVES and fold(t) not in ("most", "least", "fewest") and self.low[a] != " "
        ]
        superlative = next(iter(sorted(found, key=lambda t: t in ("best", "worst"))), "")
        extreme = re.search(
            r"\b(most|least|fewest)\b(?!\s+\d)", re.sub(r"\b(?:at (?:most|least)|most of)\b", "", self.low)
        )
        frequent = self.has(
            r"\b(?:most|least) (?:often|frequent\w*|common\w*|popular|regularly|active)\b|\bcommonest\b|\brarest\b|\bbusiest\b|\bmode\b|\bmore often than\b"
        )
        how_many = self.has(
            r"\bhow many\b|(?:\b(?:the|total|average|mean|what|find|give|a)|^\W*) ?number of\b(?! the (?:last|first|latest|earliest|oldest|newest)\b)|^\W*count\b|\bcount of\b|\bhow often\b"
        )
        if self.has(r"\b(?:different|distinct|unique)\b"):
            plan.op = "distinct" if how_many else "list"
        elif frequent:
            plan.op = "top"
            plan.sign = -1 if self.has(r"\bleast (?:often|frequent|common|popular|active)|\brarest\b") else 1
        elif self.has(r"\bmedian\b"):
            plan.op, plan.what = "median", "statistics.median(values)"
        elif self.has(r"\b(?:average|mean|avg)\b(?! of the word)") and not self.has(r"\bdo(?:es)?\b.*\bmean\W*$"):
            plan.op, plan.what = (
                ("group", "sum(v) / len(v)") if superlative or extreme else ("mean", "sum(values) / len(values)")
            )
        elif (
            self.has(r"\bhow much\b.* all (?:of )?the\b|\b(?:total|sum|altogether|in total|combined|add up|adds? up)\b")
            and not (how_many and self.counted_records(noun))
            and not (superlative and any(f.numeric and stem("total") in f.parts for f in self.profile.fields))
        ):
            plan.op, plan.what = ("group", "sum(v)") if superlative or (extreme and wh) else ("sum", "sum(values)")
        elif (
            re.search(r"\bor\b", self.low)
            and self.has(r"\b(?:more|fewer|less|higher|lower|most|fewest)\b")
            and not self.has(r"\bor (?:more|fewer|less)\b")
        ):
            plan.op = "compare"
        elif how_many and not superlative:
            plan.op = "count"
        elif extreme:
            plan.op, plan.sign = "most", -1 if extreme[1] != "most" else 1
        elif superlative:
            plan.op = "best"
        elif self.has(r"\b(?:first|last|earliest|latest|final)\b(?! (?:names?|years?|weeks?|months?|nights?|few)\b)"):
            plan.op = "first"
        elif self.has(
            r"^\W*(?:which|what) (?:\w+ )?\w+s (?:of \w+ )?(?:occur|appear|exist|are there|are (?:in|listed|used|defined|imported))\b"
        ) or self.has(
            r"^\W*(?:please )?(?:list|name|enumerate|give me (?:a list|all)|show (?:me )?all)\b|\b(?:which|what) \w+s (?:are|were|occur|exist|appear)\b|\bt(?:ook|akes?|aking) part\b|\bparticipa|\blist them\b|\bwhat are the\b|\bwhich (?:\w+ )?\w+s (?:did|do|have|has|are|were|was)\b"
        ):
            plan.op = "list"
        elif (
            not wh
            and (plan.conditions or self.has(r"\b(?:with|by|in|without)\b"))
            and not self.has(r"^\W*(?:is|are|was|were|did|does|do|has|have)\b|\?*of\b")
        ):
            plan.op = "count"
        for word in (
            "first",
            "last",
            "final",
            "most",
            "least",
            "fewest",
            "average",
            "mean",
            "total",
            "median",
            "add",
            "altogether",
            "sum",
            "combined",
        ):
            for i, (_, _, t) in enumerate(self.tokens):
                if fold(t) == word and not any(self.strength(f, i) == 3 for f in self.profile.fields):
                    self.used[i] = True
        nth = re.search(
            r"\b(second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|(\d+)(?:nd|rd|th|st)) (?!most|of|highest|lowest|largest|quarter|half)(?:[a-z]+ )?[a-z]+\b",
            self.low,
        )
        if nth and plan.op == "lookup":
            plan.op = "nth"
            plan.what = nth[2] or str(
                "second third fourth fifth sixth seventh eighth ninth tenth".split().index(nth[1]) + 2
            )
            self.use(nth.start(1), nth.end(1))
        plan.sign = (
            SUPERLATIVES[superlative][0]
            if superlative
            else -1
            if self.has(r"\b(?:last|latest|final)\b") and plan.op == "first"
            else plan.sign
        )
        if plan.op == "most":
            self.most(noun)
        return superlative

    def counted_records(self, noun: int | None) -> bool:
        """Whether the noun after `how many` stands for records, not for a numeric field to add up."""
        return noun is None or not any(
            self.strength(f, noun) >= 1 and f.numeric and not f.id for f in self.profile.fields
        )

    def most(self, noun: int | None) -> None:
        """`most X`: X may be a numeric field (the record with the highest), or the records themselves (the largest group)."""
        plan = self.plan
        found = re.search(r"\b(?:most|least|fewest)\b\s*(?:number of )?", self.low)
        following = [i for i, (a, _, t) in enumerate(self.tokens) if found and a >= found.end() and fold(t) not in STOP]
        numeric = [f for f in self.profile.fields if f.numeric and not f.id and not f.year]
        named = [f for f in numeric if following and self.strength(f, following[0]) >= 1]
        last = next(
            (
                i
                for i in range(len(self.tokens) - 1, -1, -1)
                if found and self.tokens[i][1] <= found.start() and fold(self.tokens[i][2]) != "the"
            ),
            None,
        )
        verbs = [f for f in numeric if last is not None and self.strength(f, last) >= (2 if following else 1)]
        verb = (verbs[0], [last]) if len(verbs) == 1 else None
        if named or verb:
            plan.op = "best"
            plan.target = named[0] if named else verb[0] if verb else None
            self.name(plan.target) if plan.target else None
        else:
            plan.op = "top"

    def measure(self, superlative: str, noun: int | None) -> None:
        """The numeric (or dated) field of an aggregate or superlative."""
        plan = self.plan
        concept = SUPERLATIVES.get(superlative, (0, ""))[1]
        if superlative in ("smallest", "largest", "biggest") and not self.mention(lambda f: f.numeric and not f.id):
            concept = "size"
        usable = [f for f in self.profile.fields if (f.numeric and not f.id) or (f.moment and plan.op == "best")]
        if plan.target is None:
            by_concept = [f for f in usable if concept and any(related(stem(concept), p) for p in f.parts)]
            by_concept = [f for f in by_concept if stem(concept) in f.parts] or by_concept
            dated = (
                [f for f in usable if (f.moment or f.year)]
                if superlative in ("oldest", "newest", "latest", "earliest", "youngest")
                else []
            )
            behind = [
                i
                for i, (a, _, t) in enumerate(self.tokens)
                if superlative and fold(t) not in STOP and a > self.low.find(superlative)
            ]
            ids = [
                f
                for f in self.profile.fields
                if f.id and f.numeric and behind and self.strength(f, behind[0]) >= 2 and plan.op == "best"
            ]
            direct = [f for f in usable + ids if behind and self.strength(f, behind[0]) >= 2]
            direct = direct or [f for f in usable + ids if behind and max(self.strength(f, i) for i in behind[:2]) >= 2]
            named = (
                (direct[0], behind[:2])
                if len(direct) == 1 and superlative
                else self.mention(lambda f: f in usable and (f.numeric or bool(dated) or plan.op == "best"), stops=True)
            )
            if concept and by_concept:
                plan.target = (
                    named[0] if named and named[0] in by_concept else by_concept[0] if len(by_concept) == 1 else None
                )
            elif superlative and len(united := [f for f in usable if f.unit_names & UNITED.get(concept, set())]) == 1:
                plan.target = united[0]
            elif concept and dated:
                plan.target = dated[0] if len(dated) == 1 else None
            elif named and (not (concept and superlative) or self.strength(named[0], named[1][-1]) >= 2):
                plan.target = named[0]
            elif (
                self.tabular()
                and concept in ("", "size")
                and len(measures := [f for f in usable if f.numeric and not f.year]) == 1
            ):
                plan.target = measures[0]
        if (
            plan.target
            and superlative in ("oldest", "youngest")
            and self.has(r"\bwho\b")
            and not any(related(p, stem(w)) for p in plan.target.parts for w in ("age", "birth"))
        ):
            plan.target = None  # a date of something else tells no age
        if plan.target:
            self.spelled = any(
                self.strength(plan.target, i) >= 2 or related(self.stems[i], plan.target.parts[-1])
                for i in range(len(self.tokens))
                if fold(self.tokens[i][2]) not in SUPERLATIVES
                and (i in self.free() or (not self.used[i] and self.strength(plan.target, i) == 3))
            )
            self.name(plan.target)
            if superlative in ("oldest", "youngest") and (plan.target.moment or plan.target.year):
                plan.sign = -plan.sign
