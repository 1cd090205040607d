"""Single named values: the one that a question asks for."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import itertools
import re

from rlm_tui.engine.providers.explorer.kinds import (
    NOUNS,
    SUBJECTS,
    VERBS,
)
from rlm_tui.engine.providers.explorer.words import (
    STOP,
    TOKEN,
    akin,
    fold,
    parts,
    related,
    stem,
    tokens,
)

PARTS_OF_SPEECH = frozenset(
    stem(w)
    for w in "code value number constant define default setting exception error parameter argument function method class field enum type struct macro variable".split()
)
"""What a definition is: beside the name itself these words say nothing more."""


REAL = frozenset(stem(w) for w in "code number exception error class field enum type struct".split())
"""Those of them that may mean something outside of code."""


def fitting(question: str, value: str) -> bool:
    """Whether a value can answer a question of this kind at all."""
    low = fold(question)
    if re.match(r"\W*(?:to |from |by |with )?(?:who|whom|whose)\b", low):
        return not re.search(r"[\d(){};=<>]", value)
    if re.match(r"\W*when\b", low):
        return re.search(r"\d|day\b", value) is not None
    if re.match(r"\W*where\b", low):
        return not re.match(r"\W*[\d.,]+\W*(?:\w+ \d{4}.*)?$", value)
    return not re.match(r"\W*how (?:many|much|old|long|tall|far|heavy)\b", low) or re.search(r"\d", value) is not None


def fact_of(question: str, facts: list[tuple[str, str]]) -> str:
    """The name of the single fact that a question asks for; empty if none fits alone, or a word is left over."""
    named = {p for name, _ in facts for p in parts(name)}
    for word in re.findall(
        r"\b(?:average|mean|median|total|sum|most|least|fewest|highest|lowest|largest|smallest|different|distinct)\b",
        fold(question),
    ):
        if stem(word) not in named and not any(related(stem(word), p) for p in named):
            return ""
    counted = re.search(r"\bhow many ([a-z]+)", fold(question))
    words = [t for t in TOKEN.findall(fold(question)) if t.removesuffix("'s") not in STOP]
    joined = {stem(a + b) for a, b in itertools.pairwise(words)}
    asked = (
        ["do"] * bool(re.search(r"\bdo\W*$", fold(question)))
        + [stem(w) for w in words]
        + [p for w in words if re.search(r"[._/-]", w) for p in parts(w)]
    )
    camel = re.findall(r"\b(?:[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)", question)
    asked += [p for w in camel for p in parts(w)]
    hints = {
        "who": "name person",
        "when": "date year time",
        "where": "place location address",
        "how much": "price cost amount",
    }
    hinted = [stem(h) for wh, group in hints.items() if re.search(rf"\b{wh}\b", fold(question)) for h in group.split()]
    subject = {stem(w) for name, value in facts if "." not in name for w in tokens(f"{name} {value}")}
    exactly = {fold(w) for w in re.findall(r"\b(?:\w+_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)", question)}
    ranked = []
    for name, value in facts:
        path = [p for p in name.split(".") if p]
        if not fitting(question, value) or not exactly <= {fold(p) for p in path}:
            continue
        steps = [
            [p for p in parts(step) if p not in ("count", "number", "num")] or parts(step)
            for step in path
            if parts(step)
        ]
        if not steps:
            continue
        flat = [p for step in steps for p in step]
        exact = {a for a in asked if any(akin(a, p) for p in flat) or ("".join(flat).startswith(a) and len(a) > 5)} | {
            "".join(flat) for _ in (1,) if joined & set(flat)
        }
        loose = {a for a in asked if a not in exact and any(related(a, p) for p in flat)}
        leaf = [
            p
            for p in steps[-1]
            if p in asked
            or p in joined
            or any((related if exact & set(asked) - set(steps[-1]) else akin)(p, a) for a in asked)
        ]
        hint = [p for p in steps[-1] if any(related(p, h) for h in hinted)]
        left = [
            a
            for w, a in zip(words, asked, strict=False)
            if a not in exact | loose | subject
            and w not in exactly
            and a not in NOUNS | VERBS | SUBJECTS
            and not (a in PARTS_OF_SPEECH and (exactly or a in PARTS_OF_SPEECH - REAL))
            and fold(w) != fold(value)
            and not joined & set(flat)
            and not (re.search(r"[._/-]", w) and set(parts(w)) <= set(flat))
        ]
        if counted and not (
            (stem(counted[1]) == steps[-1][-1] or (stem(counted[1]) in flat and set(steps[-1]) <= set(asked)))
            and re.search(r"\d", value)
        ):
            continue
        head = bool(left) and any(
            re.search(rf"\b{re.escape(w)}\s+(?:of|for|in)\b|\b{re.escape(w)}\W*$", fold(question))
            for w, a in zip(words, asked, strict=False)
            if a == left[0]
        )
        asked_for = name.isupper() and re.match(rf"\W*(?:what|which) {re.escape(fold(name))}\b", fold(question))
        if (leaf or (hint and exact)) and (asked_for or len(left) <= (len(exact) > 1 and not head)):
            front = {stem(w) for w in re.split(r"\b(?:of|for|in|at)\b", fold(question).strip(" ?."))[0].split()[1:]}
            unmatched = sum(p not in exact and not any(related(p, a) for a in asked) for p in flat)
            ranked.append(
                (
                    len(exact)
                    + 0.6 * len(loose)
                    + 0.5 * bool(hint)
                    + 0.1 * any(p in asked for p in steps[-1])
                    + 0.5 * len(leaf) / len(steps[-1])
                    - 0.15 * unmatched
                    - 0.5 * len(left)
                    + 0.5 * bool(" of " in question and front & set(steps[-1])),
                    name,
                    value,
                )
            )
    ranked.sort(key=lambda r: -r[0])
    if not ranked or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < 0.05 and ranked[0][2] != ranked[1][2]):
        return ""
    return ranked[0][1]
