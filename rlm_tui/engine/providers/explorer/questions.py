"""From a question and the fields of a document to a plan, with what was not understood."""

from __future__ import annotations

import re

from rlm_tui.engine.providers.explorer.aims import Aiming
from rlm_tui.engine.providers.explorer.asking import Plan
from rlm_tui.engine.providers.explorer.fields import Field
from rlm_tui.engine.providers.explorer.kinds import (
    ACTING,
    ANCHORS,
    COLLECTIONS,
    DETERMINERS,
    MEASURING,
    NOUNS,
    SUBJECTS,
    VERBS,
)
from rlm_tui.engine.providers.explorer.words import (
    IRREGULAR,
    SUPERLATIVES,
    fold,
    stem,
)


class Question(Aiming):
    """A question that becomes a plan; it trusts the plan only if every word that narrows was understood."""

    def anchored(self) -> bool:
        """Whether the question names what it counts or seeks by a field, a value or a plain word for a record."""
        if self.plan.op == "lookup":
            sought = self.noun_field(self.noun()) if self.has(r"\b(?:which|what) \w+") else None
            return (
                self.plan.target is not None and self.plan.target in (self.plan.label, self.label(), sought)
            ) or all(not said.startswith("text has") for said in self.plan.said)
        head = self.phrase(self.noun()) if self.plan.op == "count" else list(range(len(self.tokens)))
        roots = [self.stems[i] for i in head]
        plain = any(r in ANCHORS for r in roots)
        named = any(self.strength(f, i) >= 2 for f in self.profile.fields for i in head)
        value = any(
            stem(v) in roots
            for f in self.profile.fields
            if not f.text and f.distinct <= 40 and f.name in self.filtered
            for v, _ in f.values
        )
        structured = any(
            not said.startswith("text has") and not said.startswith(("sender", "text")) for said in self.plan.said
        )
        if self.has(r"\bhow many [\w -]+? (?:does|do|did|can|will) "):
            structured = False
            value = value and len(self.plan.said) > 1  # what somebody does is not a row of the document
        return plain or structured or (named and bool(self.filtered)) or value or self.plan.op in ("distinct", "sum")

    def read(self) -> Plan:
        """The plan for this question."""
        plan, low = self.plan, self.low
        wh = (re.search(r"\b(who|whom|whose|when|where|which|what|how)\b", low) or [""])[0]
        noun = self.noun()
        self.quoted()
        self.numbered()
        self.idioms()
        self.figures()
        plain, self.low = self.low, self.without_names()
        superlative = self.intent(wh, noun)
        self.low = plain
        noun_field = self.noun_field(noun)
        if plan.op in ("sum", "mean", "median", "best", "group"):
            self.measure(superlative, noun)
        if (
            plan.op in ("top", "list", "distinct", "best", "first")
            and noun_field
            and noun is not None
            and not (plan.op == "list" and self.is_value(noun))
        ):
            for i in self.phrase(noun):
                self.used[i] = self.used[i] or (self.strength(noun_field, i) >= 1 and not self.is_value(i))
        self.values()
        self.flags()
        self.missing()
        aims = {
            "lookup": self.lookup,
            "top": self.top,
            "list": self.listing,
            "distinct": self.listing,
            "count": self.counting,
            "best": self.record,
            "first": self.record,
            "nth": self.record,
            "compare": self.comparing,
        }
        if plan.op in aims:
            aims[plan.op](wh, noun, noun_field)
        if plan.op != "lookup":
            plural = [
                i
                for i in self.free()
                if fold(self.tokens[i][2]).endswith("s")
                and re.search(r"\b(?:of|the|all|per|in|for|by|each)(?: the)? $", self.low[: self.tokens[i][0]])
            ]
            unknown = [
                i
                for i in self.phrase(noun)[-1:]
                if not self.used[i]
                and (self.tokens[i][2].islower() or i == 0)
                and not self.profile.words.get(self.tokens[i][2])
            ]
            for i in [*unknown[:1], *([] if unknown else plural[:1])]:
                if i is not None and not self.used[i] and not self.profile.words.get(self.tokens[i][2]):
                    self.used[i] = True  # what the records themselves are called
            for i in self.free():
                if any(self.strength(f, i) >= 2 and f.name in self.filtered for f in self.profile.fields):
                    self.used[i] = True
            self.texts()
        aside = re.search(r"\([^)]+\)", low)
        if (
            aside
            and plan.conditions
            and not [i for i in self.free() if aside.start() < self.tokens[i][0] < aside.end()]
        ):
            self.use(0, len(low))  # the words in brackets say it exactly
        for i in self.free():
            about = [f for f in (plan.target, plan.by, plan.label) if f] + [
                f for f in self.profile.fields if f.name in self.filtered
            ]
            before = fold(self.tokens[i - 1][2]) if i else ""
            if (
                self.stems[i] in VERBS
                and self.stems[i] not in NOUNS
                and before in ("the", "a", "an", "his", "her", "its", "their")
                and plan.op == "lookup"
                and not any(self.strength(f, i) >= 1 for f in about)
            ):
                continue  # `the publisher` is a noun, whatever its stem
            if self.tokens[i][2][0].islower() and any(
                self.strength(f, i) >= 2 and (f.id or f.at == 0 or f is self.label()) for f in self.profile.fields
            ):
                self.used[i] = True  # what a record is called
            behind = (
                i > 0
                and self.used[i - 1]
                and self.tokens[i][0] == self.tokens[i - 1][1] + 1
                and fold(self.tokens[i][2]).endswith("s")
                and self.tokens[i][2].islower()
            )
            if behind and plan.op != "lookup" and not self.profile.words.get(self.tokens[i][2]):
                self.used[i] = True
            if (
                self.tokens[i][2].islower()
                and (plan.conditions or plan.target)
                and any(self.strength(f, i) >= 2.2 and not f.flag for f in self.profile.fields)
            ):
                self.used[i] = True  # a field named without a value narrows nothing
            if self.filler(i):
                self.used[i] = True
            if (
                any(self.strength(f, i) >= 1 for f in about)
                or fold(self.tokens[i][2]) in ("rarest", "commonest", "busiest", "popular", "frequent")
                or self.stems[i] in NOUNS
                or (self.stems[i] in VERBS and not self.telling(i, about))
                or fold(self.tokens[i][2]) in SUPERLATIVES
            ):
                self.used[i] = True
        if plan.op == "count" and any(
            s.startswith(f"{f.name} is ")
            and not s.endswith((" is given", " is empty"))
            and " or " not in s
            and " not " not in s
            for f in self.profile.fields
            if f.distinct >= 0.95 * f.n > 1 and not f.moment and not f.multi and (not f.numeric or f.id)
            for s in plan.said
        ):
            plan.doubts.append("a count about a single record")
        plan.doubts += [f"the word {self.tokens[i][2]!r}" for i in self.free()]
        if plan.op in ("best", "aggregate", "group") and plan.target is None:
            plan.doubts.append("which field to compare")
        if re.match(r"\s*(why|how come|how do|how does|how did)\b", low):
            plan.doubts.append("a reason")
        return plan

    def telling(self, i: int, about: list[Field]) -> bool:
        """Whether a verb (`what does … COST`, `who BOUGHT`) says what is asked, and no field used here is about that."""
        measuring = i + 1 == len(self.tokens) and self.stems[i] in MEASURING
        acting = self.stems[i] in ACTING and self.low[: self.tokens[i][0]].endswith("who ")
        return (
            self.plan.op in ("lookup", "list") and (measuring or acting) and not any(self.strength(f, i) for f in about)
        )

    def filler(self, i: int) -> bool:
        """Whether an unmatched word narrows nothing: a verb, an adverb, what the records are called, or the collection itself.

        Objects of prepositions, modifiers, names and numbers do narrow: if they are not understood, nothing is.
        """
        text, before = self.tokens[i][2], fold(self.tokens[i - 1][2]) if i else ""
        if (
            re.match(r"\s*\(", self.low[self.tokens[i][1] :])
            and i + 1 < len(self.tokens)
            and (self.used[i + 1] or (self.plan.target and self.strength(self.plan.target, i + 1)))
        ):
            return True  # explained in parentheses
        if not text.islower() or (self.profile.words.get(text) and self.stems[i] not in VERBS):
            return False
        if (
            before in ("a", "an", "each", "every", "any", "per", "single")
            and self.plan.op != "lookup"
            and self.tabular()
            and (self.plan.conditions or self.plan.target or self.plan.by)
        ):
            return True  # a record in general
        if self.negated(self.tokens[i][0]):
            return False
        if (
            self.tabular()
            and self.plan.op != "lookup"
            and (self.plan.conditions or self.plan.target or self.plan.by)
            and not self.profile.words.get(text)
            and not re.search(r"\d", text)
            and before not in ("is", "are", "was", "were", "been", "next", "will")
            and text not in ("next", "previous")
            and not self.has(r"\bwho\b|\bwill\b")
        ):
            return True  # it stands nowhere in the document, so it can only speak of the records themselves
        if (
            i + 1 < len(self.tokens)
            and self.used[i + 1]
            and re.search(r"\d", self.tokens[i + 1][2])
            and self.tokens[i + 1][0] == self.tokens[i][1] + 1
        ):
            return True  # "incident 7"
        if text.endswith("ly") or (
            before in ("the", "this", "that", "our") and self.stems[i] in SUBJECTS | COLLECTIONS
        ):
            return True
        if self.plan.op == "lookup" and self.plan.target and self.pinned() and not self.profile.words.get(text):
            head = i == self.noun() and any(self.strength(self.plan.target, j) >= 3 for j in range(len(self.tokens)))
            if head or (text in IRREGULAR and i + 1 == len(self.tokens)):
                return True
        known = self.pinned() and self.plan.target is not None and not self.profile.words.get(text)
        after = self.low[self.tokens[i][1] :]
        if known and (
            (i and (text in IRREGULAR or text.endswith("ed")) and self.strength(self.plan.target, i - 1) >= 3)  # type: ignore[arg-type]
            or re.match(r" (?:with|whose|called|named|that has|which has|where)\b", after)
            or (
                i
                and self.used[i - 1]
                and self.tokens[i - 1][2][0].isupper()
                and self.tokens[i][0] == self.tokens[i - 1][1] + 1
            )
        ):
            return True  # "the Gamsjoch hut", "the object with number 7"
        if self.plan.op == "lookup" and self.has(r"\bwho\b"):
            return False
        if self.plan.op == "lookup":
            return bool(
                self.plan.target and self.plan.conditions and text.endswith(("ed", "ing")) and before not in DETERMINERS
            )
        narrowing = before in (
            "by",
            "with",
            "from",
            "in",
            "at",
            "about",
            "without",
            "via",
            "on",
            "to",
            "under",
            "of",
        ) and not re.search(r"\b(?:all|of(?: all)?(?: the)?|per|each) $", self.low[: self.tokens[i][0]])
        plural = text.endswith("s") and not text.endswith("ss")
        named = plural and not narrowing
        chosen = (
            self.plan.op in ("best", "first")
            and re.search(
                rf"\b(?:{'|'.join(SUPERLATIVES)}|first|last|latest|earliest)(?: \w+)? {re.escape(text)}\b", self.low
            )
            is not None
        )
        verb = (
            (
                (
                    text.endswith(("ed", "ing"))
                    and (before not in ("is", "are", "was", "were") or i + 1 < len(self.tokens))
                )
                or (i + 1 == len(self.tokens) and self.has(r"\b(?:do|does|did|can|will|would)\b"))
            )
            and before not in DETERMINERS
            and bool(self.plan.conditions or self.plan.target)
        )
        return named or chosen or verb
