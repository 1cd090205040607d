"""What a question wants: a count, a value, a record, a comparison."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import re
from collections.abc import Callable

from rlm_tui.engine.providers.explorer.fields import Field
from rlm_tui.engine.providers.explorer.intents import Intending
from rlm_tui.engine.providers.explorer.kinds import (
    ANCHORS,
    ATTRIBUTES,
    PLACES,
)
from rlm_tui.engine.providers.explorer.words import (
    fold,
    related,
    stem,
)


class Aiming(Intending):
    """The fields and records that each operation works on."""

    def lookup(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """One field of the record(s) that the question identifies."""
        if self.plan.target is not None:
            return
        plan, fields = self.plan, [f for f in self.profile.fields if f.name not in self.filtered]
        named = self.mention(lambda f: f in fields)
        kinds: dict[str, Callable[[Field], bool]] = {
            "when": lambda f: bool(f.moment) or f.year,
            "where": lambda f: f.place,
        }
        kind = kinds.get(wh)
        acts = [
            f
            for f in fields
            if self.tabular()
            and self.has(r"\bwhat (?:did|does|do)\b")
            and not self.used[-1]
            and self.strength(f, len(self.tokens) - 1)
        ]
        if len(acts) == 1:
            plan.target = acts[0]  # "what did X's owner PAY"
        elif wh in ("who", "whom", "whose"):
            people = [f for f in fields if f.person and f.parts != ["id"]] or [f for f in fields if f.who]
            people = people or [f for f in fields if fold(f.name) == "name"]
            named_person = self.mention(
                lambda f: f in fields and not (f.numeric or f.moment or f.flag or f.text or f.id)
            ) or self.mention(
                lambda f: f in fields and not (f.numeric or f.moment or f.flag or f.text or f.id), stops=True
            )
            sure = named_person and (
                named_person[0].who
                or any(
                    self.low[: self.tokens[i][0]].endswith("who ") and self.stems[i][:5] == p[:5]
                    for i in named_person[1]
                    for p in named_person[0].parts
                )
                or max(self.strength(named_person[0], i) for i in named_person[1]) >= 2
            )
            plan.target = named_person[0] if named_person and sure else people[0] if len(people) == 1 else None
            verb = re.search(r"\bwho ([a-z]+)\b", self.low)
            if (
                plan.target
                and verb
                and any(f.id and f.numeric and f.name in self.filtered for f in self.profile.fields)
            ):
                self.use(*verb.span(1))  # one person stands with that number
        elif kind:
            fitting = [f for f in fields if kind(f)]
            best = self.mention(lambda f: f in fitting)
            plan.target = best[0] if best else fitting[0] if len(fitting) == 1 else None
        elif self.has(r"\bhow (?:much|many|old|long|tall|heavy|big|far|high|deep)\b"):
            old = self.has(r"\bhow old\b")
            born = {stem(w) for w in ("birth", "birthday", "born", "built", "founded", "year", "dob")}
            numeric = self.mention(
                lambda f: (
                    f in fields and (f.numeric or bool(f.moment)) and not (old and f.moment and not born & set(f.parts))
                ),
                stops=True,
            )
            paid = self.has(r"\bhow much\b.*\b(?:cost|pay|paid|charged?|price)\b|\bhow much (?:is|are)\b")
            prices = [f for f in fields if f.numeric and any(related(p, stem("price")) for p in f.parts)]
            priced = prices[0] if len(prices) == 1 and self.has(r"\bhow much\b") else None
            plan.target = priced if priced and paid else numeric[0] if numeric else priced
            if plan.target is None:
                plan.doubts.append("a figure")
        elif noun_field and noun_field in fields and wh in ("which", "what"):
            exact = named and noun is not None and named[0] is not noun_field and self.strength(noun_field, noun) < 2
            plan.target = (
                named[0] if named and exact and max(self.strength(named[0], i) for i in named[1]) >= 3 else noun_field
            )
        if (
            self.has(r"\bname of\b|['’]s name\b")
            and plan.target
            and not plan.target.person
            and not any(p in (stem("name"), stem("title")) for p in plan.target.parts)
        ):
            plan.doubts.append("a name")
        told = next((f for f in fields if f.name in ("text", "message", "definition")), None)
        if (
            plan.target is None
            and told
            and wh == "what"
            and len(plan.said) > 1
            and all(s.startswith(("section is", "part is", "version is", "kind is")) for s in plan.said)
        ):
            plan.target, plan.op = told, "list"
        if plan.target is None and told and any(s.startswith(("verse is", "number is", "term is")) for s in plan.said):
            plan.target = told
        said = self.mention(lambda f: f in fields, stops=True) if plan.target is None and plan.conditions else None
        if said and any(self.strength(said[0], i) >= 3 or i + 1 == len(self.tokens) for i in said[1]):
            plan.target = said[0]  # `state`, `number`: everyday words elsewhere, but here a field
        if plan.target is None and named and wh not in ("who", "when", "where", "why"):
            plan.target = named[0]
        if (
            plan.target is None
            and wh == "what"
            and self.pinned()
            and self.tabular()
            and not [
                i
                for i in self.free()
                if not any(self.strength(f, i) >= 2 for f in self.profile.fields if f.name in self.filtered)
            ]
        ):  # "what is T-103": what the first plain field says
            plan.target = next((f for f in fields if not (f.numeric or f.moment or f.flag or f.id)), None)
        if plan.target is None:
            label = self.label()
            measured = noun is not None and self.stems[noun] in map(
                stem, "temperature time year colour name kind type size price cost day date number amount value".split()
            )
            kinds2 = [s for s in plan.said if s.startswith(("kind is", "table is"))]
            pinned = self.pinned()
            section = next((f for f in self.profile.fields if f.name == "section"), None)
            holds = self.has(r"\b(?:uses?|contains?|includes?|has|have|needs?|requires?|mentions?|calls? for)\b")
            if section and not kinds2 and wh in ("which", "what") and holds:
                label = next((f for f in self.profile.fields if f.name == "part"), section)
            wants = (
                noun is not None
                and wh in ("which", "what")
                and (not self.used[noun] or bool(kinds2))
                and not pinned
                and label
                and label.name not in self.filtered
                and not any(self.stems[i] in ATTRIBUTES and not self.strength(label, i) for i in self.phrase(noun))
                and not {"sender", "message"} & {f.name for f in self.profile.fields}
                and not measured
            )
            wants = wants and self.has(
                rf"\b(?:which|what) {re.escape(self.tokens[noun][2].casefold())}\b" if noun is not None else "$^"
            )
            plan.target = plan.label = label if wants else None
            if plan.target is None:
                plan.doubts.append("which field is asked for")
            elif noun is not None:
                self.used[noun] = True
                self.texts()
                plan.op = "list" if kinds2 or (section and holds) else plan.op
        if plan.target and plan.target is self.only() and plan.conditions and noun is not None:
            self.used[noun] = True
        if plan.target and not plan.conditions and plan.target.name in ("section", "part", "verse"):
            self.texts()
        if (
            plan.target
            and plan.target.moment
            and (wh == "when" or self.has(r"\b(?:what|which) (?:time|date|day)\b"))
            and any(f.name == "message" for f in self.profile.fields)
        ):
            if self.has(r"\bwhen (?:does|do|will)\b"):
                plan.doubts.append("a moment that the log only speaks of")
            self.texts(verbs=True)  # the line of a log that speaks of it
        if not plan.conditions and not (plan.target and plan.target.distinct == 1):
            plan.doubts.append("which record is meant")

    def top(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """The most or least frequent value of a field."""
        plan = self.plan

        def ok(f: Field) -> bool:
            return f.name not in self.filtered

        person = [f for f in self.profile.fields if f.who and ok(f)]
        named = self.mention(ok)
        places = [f for f in self.profile.fields if ok(f) and f.place]
        if noun is not None and noun_field is None and self.stems[noun] in PLACES and places:
            way = self.mention(lambda f: f in places)
            noun_field = places[0] if len(places) == 1 else way[0] if way else None
            self.used[noun] = True
        plan.by = (
            noun_field
            if noun_field and ok(noun_field) and wh != "who"
            else person[0]
            if wh == "who" and len(person) == 1
            else named[0]
            if named
            else None
        )
        if self.only() and (plan.by is None or plan.by.name == "number"):
            plan.by = self.only()
            if noun is not None:
                self.used[noun] = True
        if plan.by is None:
            plan.doubts.append("what to count by")
        elif plan.by.distinct >= 0.95 * plan.by.n > 2:
            plan.doubts.append("every record has a value of its own")
        else:
            self.name(plan.by)
            rest = [i for i in self.free() if not self.profile.words.get(self.tokens[i][2])]
            if rest:
                self.used[rest[0]] = True  # the records themselves: "the most ORDERS"

    def listing(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """The distinct values of a field, or the names of the records kept."""
        plan = self.plan
        person = [f for f in self.profile.fields if f.person and f.name not in self.filtered]
        plan.target = (
            noun_field
            if noun_field and noun_field.name not in self.filtered
            else person[0]
            if wh in ("who", "whom") and person
            else None
        )
        if plan.target is None:
            if self.profile.fields and (plan.conditions or len(self.profile.fields) == 1 or plan.op == "list"):
                plan.target = self.label()
            if noun is not None and not self.used[noun]:
                self.used[noun] = not self.profile.words.get(self.tokens[noun][2]) or len(self.profile.fields) == 1
        if plan.op == "distinct" and noun_field:
            for i in self.phrase(noun):
                self.used[i] = self.used[i] or not self.profile.words.get(self.tokens[i][2])
        if self.only() and plan.op == "distinct":
            plan.target = self.only()
            if noun is not None:
                self.used[noun] = True
        if (
            plan.target is not None
            and not plan.conditions
            and not noun_field
            and not self.only()
            and len(self.phrase(noun)) > 1
        ):
            plan.doubts.append("what kind of thing to list")
        if plan.target is None and plan.op == "list" and self.tabular():
            plan.doubts.append("what to list")

    def counting(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """Records that match; or the sum of a numeric field that the question counts (`how many UNITS`)."""
        plan = self.plan
        single = not self.has(r"\bhow (?:many times|often)\b") and any(
            s.startswith(f"{f.name} is ")
            for f in self.profile.fields
            if f.distinct >= 0.95 * f.n > 2
            for s in plan.said
        )
        verb = (
            self.mention(lambda f: f.numeric and not f.id and f.name not in self.filtered, stops=True)
            if single or (self.has(r"\bhow many (?:do|does|did|can|people (?:do|does|did|can))\b") and plan.conditions)
            else None
        )
        if verb:
            plan.op, plan.what, plan.target = "sum", "sum(values)", verb[0]
            self.name(verb[0], 1)
            return
        words = self.phrase(noun)
        head = words[-1] if words else None
        if head is not None and not self.is_value(head):
            people = self.stems[head] in map(stem, "people person user participant member author customer".split())
            times = self.has(r"\bhow (?:many times|often)\b")
            label = self.label()
            acted = self.has(r"\bhow many [\w ]+? (?:did|does|do|has|have) ") or any(
                said.startswith("text has")
                or fold(said.rsplit(" is ", 1)[-1]) in {fold(t) for i in words for t in [self.tokens[i][2]]}
                for said in plan.said
            )
            groups = [
                f
                for f in self.profile.fields
                if not times
                and not self.has(r"\bhow many \w+ (?:does|do|did) (?:the|an?|his|her|their|my|our) ")
                and not (acted and plan.conditions and (not people or not self.tabular()))
                and not f.numeric
                and not f.text
                and 1 < f.distinct < f.n * (0.5 if f in self.subjects() and f.name != "sender" else 1)
                and not (plan.conditions and f in self.subjects())
                and not self.has(r"\b(?:contain|mention|include|say|have)s? the (?:word|phrase|term)\b")
                and self.stems[head] not in ANCHORS
                and (self.strength(f, head) >= 2.2 or (people and (f.person or f.name == "sender")))
            ]
            if len(groups) == 1 and groups[0].name not in self.filtered and not (people and label and label.person):
                plan.op, plan.target = "distinct", groups[0]
                self.used[head] = True
                return
        single_amount = next((f for f in self.profile.fields if f.name == "amount" and f.numeric), None)
        if (
            single_amount
            and len(self.profile.fields) <= 4
            and head is not None
            and self.profile.words.get(self.tokens[head][2])
            and self.profile.fields[0].name == "text"
        ):
            plan.op, plan.what, plan.target = "sum", "sum(values)", single_amount
            return
        column = next(
            (
                f
                for f in self.profile.fields
                if head is not None and not f.numeric and f.n < self.profile.records and self.strength(f, head) >= 2.2
            ),
            None,
        )
        if (
            column
            and not plan.conditions
            and not self.used[head or 0]
            and any(f.name == "kind" for f in self.profile.fields)
        ):
            self.keep(f"r.get({column.name!r})", f"{column.name} is given")
            self.name(column)
        numeric = [
            f
            for f in self.profile.fields
            if noun is not None and f.numeric and not f.id and not f.year and self.strength(f, noun) >= 2
        ]
        if (
            numeric
            and noun is not None
            and not self.used[noun]
            and numeric[0].name not in self.filtered
            and re.search(r"(?i)s\b|s[_ (]|qty|quantity|count|stock|number", numeric[0].name)
            and not any(self.strength(f, noun) >= 2 and not f.numeric for f in self.profile.fields)
        ):
            plan.op, plan.what, plan.target = "sum", "sum(values)", numeric[0]
            self.name(numeric[0])

    def record(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """The record (or its asked-for field) that is highest, lowest, first or last."""
        plan = self.plan
        fields = [f for f in self.profile.fields if f is not plan.target and f.name not in self.filtered]
        people = [f for f in fields if f.person]
        moments = [f for f in fields if f.moment or f.year]
        number = [f for f in fields if f.id]
        if number and self.has(r"\b(?:number|id|code|reference|ref|key) of the\b"):
            plan.label = number[0]
        elif noun_field and noun_field in fields and wh != "who" and not (self.spelled and wh in ("what", "", "how")):
            plan.label = noun_field
        elif wh == "who" and people:
            plan.label = people[0] if len(people) == 1 else None
        elif wh == "when":
            plan.label = moments[0] if moments else plan.target if plan.target and plan.target.moment else None
            if not plan.label:
                plan.doubts.append("a date")
        elif (
            plan.op == "best"
            and plan.target
            and wh in ("what", "", "how")
            and (self.spelled or wh == "how")
            and not self.has(r"\bby (?:the |its |their )?\w+\W*$|\b(?:called|named)\W*$|\bname of\b")
        ):
            plan.label = plan.target
        else:
            named = self.mention(lambda f: f in fields)
            plan.label = named[0] if named else self.label()
        if (
            noun is not None
            and not self.used[noun]
            and not (plan.op == "first" and self.profile.words.get(self.tokens[noun][2]))
        ):
            self.used[noun] = True
        if plan.label:
            self.name(plan.label)
        if plan.op == "first":
            dated = self.mention(lambda f: bool(f.moment or f.year))
            plan.target = None
            if dated and dated[0] is not plan.label and len(moments) >= 1:
                plan.target = dated[0]
                plan.op = "best"
            elif plan.label and (plan.label.moment or plan.label.year) and self.profile.fields and not plan.conditions:
                plan.target = None
            plan.sign = -plan.sign

    def comparing(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """Which of the values that were named has more records: the most frequent among them."""
        plan = self.plan
        alternatives = [s for s in plan.said if " or " in s]
        name = alternatives[0].split(" is ")[0] if alternatives else ""
        plan.by = next((f for f in self.profile.fields if f.name == name), None)
        plan.op, plan.sign = "top", -1 if self.has(r"\b(?:fewer|less|fewest|least)\b") else 1
        if plan.by is None:
            plan.doubts.append("what to compare")
        for word in ("more", "fewer", "less"):
            for i, (_, _, t) in enumerate(self.tokens):
                self.used[i] = self.used[i] or fold(t) == word
        rest = [i for i in self.free() if not self.profile.words.get(self.tokens[i][2])]
        if rest:
            self.used[rest[0]] = True
