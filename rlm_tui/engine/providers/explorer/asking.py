"""A question beside the fields of a document: which words name what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from rlm_tui.engine.providers.explorer.fields import Field, Profile
from rlm_tui.engine.providers.explorer.kinds import (
    NEGATION,
)
from rlm_tui.engine.providers.explorer.words import (
    STOP,
    SUPERLATIVES,
    TOKEN,
    UNIT_WORDS,
    fold,
    related,
    stem,
)

MARKUP = ("section", "part", "kind", "level", "number", "done", "text", "url", "version", "date")
"""Fields that every Markdown document has, whatever it is about."""


@dataclass
class Plan:
    """What to do. `doubts` are the reasons not to trust it: an empty list means that every word was understood."""

    op: str
    target: Field | None = None
    by: Field | None = None
    label: Field | None = None
    sign: int = 1
    what: str = ""
    conditions: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    numeric: list[Field] = field(default_factory=list)
    moments: list[Field] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class Asking:
    """One question, read against one profile. Every word is used for something at most once; the rest are doubts."""

    def __init__(self, question: str, profile: Profile) -> None:
        for name in sorted((f.name for f in profile.fields), key=len, reverse=True):
            words = re.findall(r"[^\W_]+", re.sub(r"\(.*?\)|(?<=[a-z0-9])(?=[A-Z])", " ", name))
            if len(words) > 1:  # a field named in full is one word
                whole = r"\b" + r"[ -]".join(re.escape(w) for w in words) + r"\b"
                question = re.sub(whole, "_".join(words), question, flags=re.I)
        kinds = {stem(w) for w in ("type", "kind", "sort", "category")}
        if not any(kinds & set(f.parts) for f in profile.fields) or profile.shape in ("outline", "code"):
            question = re.sub(r"\b(?:types|kinds|sorts) of (?=\w)", "different ", question, flags=re.I)
            question = re.sub(r"\b(?:type|kind|sort) of (?=\w)", "", question, flags=re.I)
        shown = {fold(v) for f in profile.fields for v, _ in f.values if v.isalpha()}
        for a, b in re.findall(r"(?=\b([a-z]+) ([a-z]+)\b)", question):
            if a + b in shown and a not in shown:
                question = question.replace(f"{a} {b}", a + b)  # log in, login
        self.question = question
        self.profile = profile
        self.low = fold(question) if len(fold(question)) == len(question) else question.lower()
        aside = re.search(
            r",? ?\(?(?:not (?:counting|including)|excluding|without|ignoring) the header(?: row| line)?s?\)?|\(there may be .*?\)",
            self.low,
        )
        for file in re.finditer(
            r"\b(?:in |of )?(?:the (?:file )?)?[\w-]+\.(?:c|h|py|js|ts|go|rs|java|txt|md|csv|tsv|json|jsonl|ya?ml|ini|toml|log)\b",
            self.low,
        ):
            question = question[: file.start()] + " " * len(file.group()) + question[file.end() :]
            self.low = self.low[: file.start()] + " " * len(file.group()) + self.low[file.end() :]
        if aside:  # header lines are never records
            question = question[: aside.start()] + " " * len(aside.group()) + question[aside.end() :]
            self.low = self.low[: aside.start()] + " " * len(aside.group()) + self.low[aside.end() :]
        self.tokens = [
            (m.start(), m.end(), m.group().removesuffix("'s").removesuffix("’s")) for m in TOKEN.finditer(question)
        ]
        self.stems = [stem(t) for _, _, t in self.tokens]
        self.used = [False] * len(self.tokens)
        self.plan = Plan("lookup")
        self.filtered: set[str] = set()
        self.numbered_by_no = any("no" in f.parts for f in profile.fields)
        self.spelled = False  # whether the question names the measured field itself

    def use(self, start: int, end: int) -> None:
        for i, (a, b, _) in enumerate(self.tokens):
            if a < end and b > start:
                self.used[i] = True

    def has(self, expression: str) -> bool:
        return re.search(expression, self.low) is not None

    def free(self) -> list[int]:
        return [i for i, (_, _, t) in enumerate(self.tokens) if not self.used[i] and fold(t) not in STOP]

    def negated(self, start: int) -> bool:
        before = (
            re.sub(r"\bno\.? (?=[\w-]*\d)|\bno\.? $", "nr ", self.low[:start])
            if self.numbered_by_no
            else self.low[:start]
        )
        return NEGATION.search(before) is not None

    def keep(self, condition: str, said: str) -> None:
        self.plan.conditions.append(condition)
        self.plan.said.append(said)

    def strength(self, f: Field, i: int) -> float:
        """How well the token names the field: 3 its whole name, 2 a part of it, 1 a related word."""
        root = self.stems[i]
        if root in f.parts or fold(self.tokens[i][2]) == fold(f.name):
            return (
                3 if len(f.parts) == 1 or fold(self.tokens[i][2]) == fold(f.name) else 2.2 if f.parts[-1] == root else 2
            )
        token = re.sub(r"[\W_]", "", fold(self.tokens[i][2]))
        joined = [stem(w) for w in self.tokens[i][2].split("_") if w]
        if len(joined) > 1 and set(joined) <= set(f.parts):
            return 3
        if len(token) > 2 and token == re.sub(r"[\W_]", "", fold(f.name)):
            return 3
        if token in f.unit_names or UNIT_WORDS.get(token) in f.unit_names:
            return 1.5
        return 1 if any(related(root, p) for p in f.parts) else 0

    def mention(
        self, test: Callable[[Field], bool] | None = None, *, stops: bool = False
    ) -> tuple[Field, list[int]] | None:
        """The field that the unused words name best, with the words; none if two fields are named equally well."""
        scores: list[tuple[float, Field, list[int]]] = []
        for f in self.profile.fields:
            if test is not None and not test(f):
                continue
            hits = [
                (self.strength(f, i), i)
                for i in range(len(self.tokens))
                if not self.used[i]
                and (
                    fold(self.tokens[i][2]) not in STOP
                    or (stops and fold(self.tokens[i][2]) not in ("of", "to", "at", "the", "by"))
                )
            ]
            hits = [(s, i) for s, i in hits if s]
            if hits:
                best = max(s for s, _ in hits)
                several = len({self.stems[i] for s, i in hits if s >= 2})
                scores.append(
                    (
                        best + 0.5 * (several - 1) * (best >= 2) - 0.01 * min(i for s, i in hits if s == best),
                        f,
                        [i for _, i in hits],
                    )
                )
        scores.sort(key=lambda s: -s[0])
        if not scores or (len(scores) > 1 and scores[0][0] < 2 and scores[0][0] - scores[1][0] < 0.005):
            return None
        return scores[0][1], scores[0][2]

    def name(self, f: Field, least: float = 2) -> None:
        """Mark the words that name a field as understood."""
        self.filtered.add(f.name)
        for i in self.free():
            if self.strength(f, i) >= least:
                self.used[i] = True

    def without_names(self) -> str:
        """The question with blanks for values of several words: the `Top` of `Ridge Top` is no superlative."""
        low = self.low
        for value in {fold(v) for f in self.profile.fields for v in [*f.asked, *(v for v, _ in f.values)] if " " in v}:
            for found in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", self.low):
                low = low[: found.start()] + " " * len(value) + low[found.end() :]
        return low

    def tabular(self) -> bool:
        """Whether the records are fields throughout: no message, no running text."""
        return not {"text", "message", "kind"} & {f.name for f in self.profile.fields}

    def only(self) -> Field | None:
        """The text of a plain list, if there is nothing else to ask for."""
        if {f.name for f in self.profile.fields} <= {"text", "number", "amount", "year"}:
            return next((f for f in self.profile.fields if f.name == "text"), None)
        return None

    def label(self) -> Field | None:
        """The field that names a record."""
        if self.only():
            return self.only()
        fields = [f for f in self.profile.fields if not f.text or f.size < 60]
        unique = [f for f in fields if f.distinct >= 0.95 * self.profile.records and f.n >= 0.9 * self.profile.records]
        named = [
            f for f in unique if f.parts and f.parts[-1] in map(stem, ("name", "title", "subject", "heading", "label"))
        ]
        others = [f for f in unique if not f.numeric and not f.moment]
        ids = [f for f in unique if f.id]
        plain = [f for f in fields if f.name in ("text", "name", "title")]
        return next(iter([*named, *others, *ids, *plain]), None)

    def subjects(self) -> list[Field]:
        """The fields that say what a record is: the first one and, where that is only a number, the one behind it."""
        names = [f.name for f in self.profile.fields]
        own = [f for f in self.profile.fields if f.name not in MARKUP or "kind" not in names]
        return own[: 2 if own and own[0].id else 1]

    def pinned(self) -> bool:
        """Whether the conditions name one record by a value that no other record has."""
        return any(
            said.startswith((f"{f.name} is ", f"{f.name} =="))
            for f in self.profile.fields
            if f.distinct >= 0.95 * f.n > 1
            and (f.id or not (f.numeric or f.moment or f.text) or (f.numeric and f.distinct == f.n))
            for said in self.plan.said
        )

    def noun(self) -> int | None:
        """The token that says what is counted or sought: `how many ORDERS`, `which STATION`."""
        found = re.search(
            r"\b(?:how many|give me(?= the)|tell me(?= the)|number of|count(?: up| of)?(?: all)?(?: the)?|list(?: all)?(?: of)?(?: the)?|which|what|whose|name(?: all)?(?: the)?|in which|all(?: the)?|proportion of)"
            r"\s+(?:is |are |was |were )?(?:the |all |of the |different |distinct |unique |other )*",
            self.low,
        )
        if found is None and re.search(r"\b(?:who|when|where|whom)\b", self.low):
            return None
        start = found.end() if found else 0
        for i, (a, _, t) in enumerate(self.tokens):
            own = found is not None and a == start and any(self.strength(f, i) >= 3 for f in self.profile.fields)
            if a >= start and (own or fold(t) not in STOP) and fold(t) not in SUPERLATIVES:
                verb = (
                    found
                    and found[0].startswith("how many")
                    and re.search(r" (?:are|were|was|is) $", self.low[start:a])
                )
                return None if verb else i
        return None

    def phrase(self, noun: int | None) -> list[int]:
        """The words of the noun's phrase: `remote staff`, `failed password attempts`."""
        found: list[int] = []
        while noun is not None and noun < len(self.tokens) and (not found or fold(self.tokens[noun][2]) not in STOP):
            if found and re.search(r"[,;:?.]", self.low[self.tokens[noun - 1][1] : self.tokens[noun][0]]):
                break
            found.append(noun)
            noun += 1
        return found

    def known(self, i: int) -> bool:
        """Whether a word stands in the records, as a value, in their text, or as what they are called."""
        fields = any(self.strength(f, i) >= 1 for f in self.profile.fields)
        return fields or self.is_value(i) or bool(self.profile.words.get(self.tokens[i][2]))

    def is_value(self, noun: int) -> bool:
        return any(
            stem(v) == self.stems[noun] for f in self.profile.fields for v in [*f.asked, *(x for x, _ in f.values)]
        )
