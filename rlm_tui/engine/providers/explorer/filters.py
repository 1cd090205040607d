"""What a question keeps: values, yes-or-no fields, missing values, words of the text."""

from __future__ import annotations

import re

from rlm_tui.engine.providers.explorer.comparisons import Comparing
from rlm_tui.engine.providers.explorer.fields import Field
from rlm_tui.engine.providers.explorer.kinds import (
    ALIASES,
    COLLECTIONS,
    NOUNS,
    SUBJECTS,
    VERBS,
)
from rlm_tui.engine.providers.explorer.words import (
    FALSE,
    STOP,
    SUPERLATIVES,
    TOKEN,
    TRUE,
    fold,
    related,
    stem,
)

SCALES: tuple[dict[str, float], ...] = (
    {"mm": 0.001, "cm": 0.01, "m": 1, "km": 1000},
    {"g": 0.001, "kg": 1, "t": 1000},
    {"ms": 0.001, "s": 1, "sec": 1, "min": 60, "h": 3600},
)


class Filtering(Comparing):
    """The conditions that a question puts on records."""

    def numbered(self) -> None:
        """`rule 2`, `verse 3`, `step 4`: an item by its number."""
        f = next((f for f in self.profile.fields if f.name in ("number", "verse") and f.numeric), None)
        found = re.search(r"\b([a-z]+) (?:no\.? |number )?(\d+)\b", self.low)
        if (
            f
            and found
            and found[1] not in STOP
            and not any(
                self.strength(g, i) >= 2 and g is not f
                for g in self.profile.fields
                for i, t in enumerate(self.tokens)
                if t[0] == found.start(1)
            )
        ):
            self.keep(f"r.get({f.name!r}) == {found[2]!r}", f"{f.name} is {found[2]}")
            self.filtered.add(f.name)
            self.use(*found.span())
            self.plan.target = next((g for g in self.profile.fields if g.name == "text"), None)

    def quoted(self) -> None:
        """Phrases in quotation marks: the value of a field, or a piece of the text."""
        for found in re.finditer(r"(?<!\w)['‘“\"«]([^'’”\"»]+(?:'s? [^'’”\"»]+)?)['’”\"»](?!\w)", self.question):
            phrase = fold(found[1]).strip(" .,?!")
            same = [f for f in self.profile.fields if any(fold(v) == phrase for v in f.asked)]
            sign = "!=" if self.negated(found.start()) else "=="
            if same:
                self.keep(
                    " or ".join(f"fold(r.get({f.name!r}, '')) {sign} {phrase!r}" for f in same[:1]),
                    f"{same[0].name} {sign} {phrase}",
                )
                self.name(same[0])
            else:
                self.keep(f"{phrase!r} {'not in' if sign == '!=' else 'in'} fold(r['_text'])", f"text has {phrase}")
            self.use(found.start(), found.end())

    def values(self) -> None:
        """Values of fields that the question names, longest first; the same value in two fields stays a choice."""
        found: dict[tuple[int, int], list[tuple[Field, str, bool]]] = {}
        listed = self.phrase(self.noun()) if self.plan.op in ("distinct", "top", "list") else []
        head = self.phrase(self.noun())[-1:]
        head += [i + 1 for i, (_, _, t) in enumerate(self.tokens) if fold(t) in SUPERLATIVES]
        for f in self.profile.fields:
            if f.name == "done" or any(fold(v) in ("male", "female", "item") for v, _ in f.values):
                for i, (_, _, t) in enumerate(self.tokens):
                    for state, words in ALIASES.items():
                        shown = next((v for v, _ in f.values if fold(v) == state), None)
                        if (
                            fold(t) in words
                            and not self.used[i]
                            and shown
                            and (state in ("yes", "no")) == (f.name == "done")
                        ):
                            found.setdefault((i, i + 1), []).append((f, shown, True))
            if f.flag or (f.text and f.size > 80):
                continue
            if (
                f.name == "class"
                and self.profile.shape == "code"
                and not self.has(r"\b(?:class|struct|methods?|members?)\b")
            ):
                continue
            if f.name == "name" and self.has(r"\b(?:which|what) (?:function|method|class|struct)\b"):
                continue
            for value in dict.fromkeys([*f.asked, *(v for v, _ in f.values)]):
                roots = [stem(m.group()) for m in TOKEN.finditer(value)]
                if f.name == "table":
                    roots = [stem(value.split(".")[-1])]
                if not roots or len(roots) > 12 or len(value) >= 60 or value.rstrip().endswith("?"):
                    continue
                for i in range(len(self.tokens)):
                    for size in range(len(roots), 0, -1):
                        span = slice(i, i + size)
                        if i + size > len(self.tokens) or any(self.used[span]):
                            continue
                        if size == 1 and i in listed and any(self.strength(g, i) >= 2 for g in self.profile.fields):
                            continue
                        whole = size == len(roots)
                        if whole and not self.same(roots, i, value, f):
                            continue
                        if not whole and f.text:
                            continue
                        behind = self.low[self.tokens[i][1] :]
                        if not whole and size == 1 and re.match(r" (?:with|whose|called|named|that|which)\b", behind):
                            continue  # what the records are called
                        if not whole and i in head and ((f.multi and f.size > 12) or f.place or f.name == "comment"):
                            continue  # what the records are called, in a description of one
                        if not whole and not self.partial(roots, i, size, value, f):
                            continue
                        at = next(
                            (j for j in range(len(roots)) if roots[j : j + size] == self.stems[i : i + size]), None
                        )
                        spoken = (
                            " ".join(m.group() for m in list(TOKEN.finditer(value))[at : at + size])
                            if at is not None
                            else self.tokens[i][2]
                        )
                        found.setdefault((i, i + size), []).append((f, value if whole else spoken, whole))
                        break
        spans = sorted(found, key=lambda s: (-(s[1] - s[0]), -any(w for *_, w in found[s]), s[0]))
        chosen: dict[str, list[tuple[Field, str, bool, bool]]] = {}
        for a, b in spans:
            if any(self.used[a:b]):
                continue
            options = list(
                {(o[0].name, fold(o[1])): o for o in ([o for o in found[a, b] if o[2]] or found[a, b])}.values()
            )
            if len({o[0].name for o in options}) > 1:
                options = self.prefer(options, a, b)
            if self.profile.shape == "code" and any(o[0].name == "table" for o in options):
                options = [o for o in options if o[0].name == "table"]
            if {"section", "part"} & {o[0].name for o in options}:
                options = [o for o in options if o[0].name != "text"]
            negative = self.negated(self.tokens[a][0])
            if len({o[0].name for o in options}) > 1:
                tests = " or ".join(self.equal(f, [v], whole) for f, v, whole in options)
                self.keep(
                    f"{'not ' if negative else ''}({tests})",
                    f"{' or '.join(dict.fromkeys(o[0].name for o in options))} is {options[0][1]}",
                )
                self.filtered.update(o[0].name for o in options)
                if self.overlap(options) and {o[0].name for o in options} != {"section", "part"}:
                    self.plan.doubts.append(f"which field {options[0][1]!r} belongs to")
            else:
                for f, v, whole in options:
                    chosen.setdefault(f.name, []).append((f, v, whole, negative))
            for i in range(a, b):
                self.used[i] = True
        for name, options2 in sorted(chosen.items(), key=lambda c: not any(whole for _, _, whole, _ in c[1])):
            f = options2[0][0]
            self.filtered.add(name)
            for negative in (False, True):
                whole_values = [v for _, v, whole, neg in options2 if neg == negative and whole]
                part_values = [v for _, v, whole, neg in options2 if neg == negative and not whole]
                tests2 = [t for t in (self.equal(f, whole_values, True), self.equal(f, part_values, False)) if t]
                if tests2:
                    test = " or ".join(tests2)
                    self.keep(
                        (f"not ({test})" if negative else f"({test})" if " or " in test else test),
                        f"{name} is {'not ' if negative else ''}{' or '.join(dict.fromkeys(whole_values + part_values))}",
                    )
            for i in self.free():  # the field's own name next to its value: "status 404", "the Engineering department"
                if self.strength(f, i) >= 1 and (self.strength(f, i) >= 2 or related(self.stems[i], f.parts[-1])):
                    near = any(self.used[j] for j in (i - 2, i - 1, i + 1, i + 2) if 0 <= j < len(self.tokens))
                    self.used[i] = near or self.used[i]

    def overlap(self, options: list[tuple[Field, str, bool]]) -> bool:
        """Whether the fields of a choice stand in the same records, so that it is a real one."""
        return sum(o[0].n for o in {o[0].name: o for o in options}.values()) > self.profile.records

    def same(self, roots: list[str], i: int, value: str, f: Field) -> bool:
        texts = [fold(t) for _, _, t in self.tokens[i : i + len(roots)]]
        demonym = (
            len(roots) == 1
            and len(value) > 3
            and re.fullmatch(rf"{re.escape(fold(value)[:-1])}\w?(?:n|an|ian|ean|ese|ish)", texts[0])
            and self.tokens[i][2][0].isupper()
        )
        if (
            self.stems[i : i + len(roots)] != roots
            and not demonym
            and not (len(roots) == 1 and len(roots[0]) > 3 and texts[0].rstrip("s") == fold(value))
        ):
            return False
        if len(roots) == 1 and (texts[0] in STOP or len(texts[0]) == 1):
            told = re.search(r"\b(?:is|are|was|were|marked|listed as) $", self.low[: self.tokens[i][0]])
            return bool(told and not f.text and f.distinct <= 12) or (
                self.tokens[i][2] == value and (not value.islower() or value.isdigit())
            )
        if f.numeric and not f.id and not f.year and f.distinct > 15 and len(roots) == 1:
            return any(self.strength(f, j) >= 1 for j in (i - 2, i - 1, i + 1) if 0 <= j < len(self.tokens))
        return True

    def partial(self, roots: list[str], i: int, size: int, value: str, f: Field) -> bool:
        span = self.stems[i : i + size]
        texts = [t for _, _, t in self.tokens[i : i + size]]
        if not any(roots[j : j + size] == span for j in range(len(roots))):
            text = fold(texts[0])
            return (
                size == 1
                and i > 0
                and texts[0][0].isupper()
                and len(text) > 3
                and any(fold(w).startswith(text) for w in re.findall(r"[^\W\d_]+", value))
                and not f.numeric
            )
        span_tokens = range(i, i + size)
        if size == 1 and texts[0].islower() and texts[0].endswith("s") and texts[0] not in re.findall(r"\w+", value):
            proper = texts[0].capitalize() in re.findall(r"\w+", value)
            if proper and (i in self.phrase(self.noun())[-1:] or (i and self.tokens[i - 1][2][0].isupper())):
                return False  # "runners" are not what the club "Fjord Runners" is about
        if any(self.strength(g, j) >= 2 for g in self.profile.fields for j in span_tokens) or all(
            self.stems[j] in VERBS | NOUNS or (fold(self.tokens[j][2]).endswith("ed") and not texts[0][0].isupper())
            for j in span_tokens
        ):
            return False
        if f.numeric or f.moment or (size == 1 and (fold(texts[0]) in STOP or len(texts[0]) < 3)):
            return False
        return (all(t[0].isupper() for t in texts) and i > 0) or (
            f.distinct <= 12 and not f.text and not f.person and all(len(t) > 3 for t in texts)
        )

    def prefer(self, options: list[tuple[Field, str, bool]], a: int, b: int) -> list[tuple[Field, str, bool]]:
        """The options whose field is named by the words around the value."""
        around = [j for j in (a - 2, a - 1, b, b + 1) if 0 <= j < len(self.tokens)]
        lead = fold(self.tokens[a - 1][2]) if a else ""
        owners = [o for o in options if o[0].name == "class"]
        if owners and self.has(r"\b(?:methods?|members?|fields?|functions?)\b"):
            return owners
        way = {
            "from": "origin",
            "leaving": "origin",
            "departing": "origin",
            "to": "destination",
            "towards": "destination",
            "reaching": "destination",
            "for": "destination",
            "bound": "destination",
        }.get(lead, "")
        led = [o for o in options if way and any(related(stem(way), p) for p in o[0].parts)]
        if led:
            return led
        scored = [(max((self.strength(f, j) for j in around), default=0), (f, v, w)) for f, v, w in options]
        best = max(s for s, _ in scored)
        if best == 0:
            scored = [
                (max((self.strength(f, j) for j in range(len(self.tokens)) if not a <= j < b), default=0), (f, v, w))
                for f, v, w in options
            ]
            best = max(s for s, _ in scored)
        named = [o for s, o in scored if s == best and best > 0] or options
        return [o for o in named if not o[0].text] or named

    @staticmethod
    def equal(f: Field, values: list[str], whole: bool) -> str:
        """A test in code: the field is one of the values, or holds one of them as words."""
        folded = list(dict.fromkeys(fold(v) for v in values))
        if not folded:
            return ""
        if whole and not f.multi and not (f.name == "kind" and folded == ["item"]):
            return (
                f"fold(r.get({f.name!r}, '')) == {folded[0]!r}"
                if len(folded) == 1
                else f"fold(r.get({f.name!r}, '')) in {tuple(folded)!r}"
            )
        return " or ".join(f"re.search({chr(92) + 'b' + re.escape(v)!r}, fold(r.get({f.name!r}, '')))" for v in folded)

    def flags(self) -> None:
        """Yes/no fields used as an adjective (`remote staff`, `unpaid`), and fields that are empty (`no allergies`)."""
        for i in self.free():
            text = fold(self.tokens[i][2])
            for f in self.profile.fields:
                opposite = re.match(r"(un|in|dis|non-?)(\w{4,})", text)
                turned = bool(opposite and f.flag and any(related(stem(opposite[2]), p) for p in f.parts))
                if f.flag and text.startswith("off") and any(p == stem("on" + text[3:]) for p in f.parts):
                    opposite, turned = re.match(r"(off)(\w+)", text), True
                close = self.strength(f, i) >= 3 or any(
                    p == self.stems[i] or (len(p) > 3 and p.startswith(self.stems[i])) for p in f.parts
                )
                if (
                    f.flag
                    and close
                    and self.plan.op == "lookup"
                    and self.has(r"^\W*(?:is|are|was|were|does|do|did|has|have)\b")
                    and self.plan.target is None
                    and self.filtered
                ):
                    self.plan.target = f
                    self.used[i] = True
                    break
                state = re.match(
                    r"\s*(?:is|are|was|were|=|:)\s*[\"']?(yes|no|true|false)\b", self.low[self.tokens[i][1] :]
                )
                if f.flag and close and state:
                    turned = state[1] in ("no", "false")
                    self.use(self.tokens[i][0], self.tokens[i][1] + state.end())
                if f.flag and (turned or close):
                    yes = self.negated(self.tokens[i][0]) == turned
                    wanted = [fold(v) for v, _ in f.values if fold(v) in (TRUE if yes else FALSE)]
                    self.keep(
                        f"fold(r.get({f.name!r}, '')) in {tuple(wanted)!r}", f"{f.name} is {'yes' if yes else 'no'}"
                    )
                    self.name(f)
                    self.used[i] = True
                    break
                gap = re.search(
                    r"\b(no|without|missing|lacks?|empty|blank|don't have|doesn't have)\b (?:an? |any |the |recorded )?(?:\w+ )?$",
                    self.low[: self.tokens[i][0]],
                )
                if (
                    (gap or re.match(r"\W*(?:\w+ )?(?:is|are) (?:missing|empty|blank)", self.low[self.tokens[i][1] :]))
                    and self.strength(f, i) >= 2
                    and f.name not in self.filtered
                ) and not f.flag:
                    if f.numeric:
                        self.plan.numeric.append(f)
                    self.keep(
                        f"(fold(r.get({f.name!r}, '')) in EMPTY{f' or number(r.get({f.name!r})) == 0' if f.numeric else ''})",
                        f"{f.name} is empty",
                    )
                    self.name(f)
                    self.use(gap.start() if gap else self.tokens[i][0], self.tokens[i][1])
                    break

    def missing(self) -> None:
        """`… is missing`: a field without a value."""
        found = re.search(r"\b(?:missing|blank|empty|not recorded|not given|unrecorded)\b", self.low)
        if found is None or any("EMPTY" in c for c in self.plan.conditions):
            return
        before = [i for i, (_, end, _) in enumerate(self.tokens) if end < found.start()]
        named = [f for i in reversed(before) for f in self.profile.fields if self.strength(f, i) >= 2]
        named += [f for i in self.free() for f in self.profile.fields if self.strength(f, i) >= 2]
        if named and named[0].name not in self.filtered:
            self.keep(f"fold(r.get({named[0].name!r}, '')) in EMPTY", f"{named[0].name} is empty")
            self.name(named[0])
            self.use(*found.span())

    def texts(self, verbs: bool = False) -> None:
        """Words that are in the records' text: the records must hold them."""
        from rlm_tui.engine.providers.explorer.words import pattern

        head = self.phrase(self.noun())[-1:] if self.plan.op != "lookup" else []
        head += [i + 1 for i, (_, _, t) in enumerate(self.tokens) if fold(t) in SUPERLATIVES]
        head += [i for i, (_, end, _) in enumerate(self.tokens) if self.low.startswith(" with the ", end)]
        for i in self.free():
            text = self.tokens[i][2]
            whole = re.search(r"\b(?:in|on|of|from) (?:the|this) $", self.low[: self.tokens[i][0]])
            if whole and self.stems[i] in COLLECTIONS | SUBJECTS and self.tabular() and not self.is_value(i):
                self.used[i] = True
                continue
            if any(self.strength(f, i) >= 2.2 for f in self.subjects()) or (
                i in head
                and self.tabular()
                and (
                    self.plan.conditions
                    or self.plan.op in ("best", "first")
                    or (
                        text.endswith("s") and any(text.capitalize() in v for f in self.profile.fields for v in f.asked)
                    )
                )
            ):
                self.used[i] = True  # what a record is called narrows nothing
                continue
            count = self.profile.words.get(text, 0)
            verb = not verbs and self.stems[i] in VERBS and not (self.plan.op == "count" and not self.plan.conditions)
            if (
                count
                and not verb
                and self.stems[i] not in NOUNS
                and (count < self.profile.records or self.profile.records == 1)
            ):
                where = "_text"
                if (
                    self.profile.shape == "code"
                    and self.plan.op == "count"
                    and any(s.startswith("kind is") for s in self.plan.said)
                ):
                    where = "_modifiers"
                test = f"re.search({pattern(text)!r}, fold(r.get({where!r}, '')))"
                self.keep(("not " if self.negated(self.tokens[i][0]) else "") + test, f"text has {text}")
                self.used[i] = True
            elif count == self.profile.records:
                self.used[i] = True
