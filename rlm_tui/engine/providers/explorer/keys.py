"""A question to a passage: the kind of answer it wants, and the words that must be met."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import re
from dataclasses import dataclass

from rlm_tui.engine.providers.explorer.kinds import VERBS
from rlm_tui.engine.providers.explorer.words import STOP, fold, stem

CUES = frozenset(
    stem(w) for w in "year month day date time name colour kind type number price cost age reason percentage".split()
)

GAUGES = frozenset(stem(w) for w in "temperature distance depth height length width percentage proportion".split())

STRICT = frozenset(
    stem(w)
    for w in "average mean maximum minimum youngest oldest largest smallest highest lowest longest total first second third last next previous former new old main north south east west left right before after".split()
)

IN_ALL = ("in total", "altogether")


def kind_of(question: str) -> str:
    """The type of answer a question wants."""
    low = fold(question)
    lead = re.search(r"\b(?:why|who(?:m|se)?|when|where|which|what|how)\b", low)
    for kind, expression in (
        ("reason", r"\bwhy\b|\breason\b|\bwhat caused\b"),
        ("phone", r"\b(?:phone|telephone|mobile|fax)\b(?! (?:call|box))"),
        ("email", r"\bemail\b|\be-mail\b"),
        ("age", r"\bhow old\b|\bwhat age\b"),
        ("clock", r"\bwhat time\b|\bat which time\b"),
        ("date", r"\bwhen\b|\b(?:what|which) (?:year|date|day|month)s?\b|\bsince when\b"),
        ("person", r"\bwho(?:m|se)?\b"),
        ("place", r"\bwhere\b"),
        ("increase", r"\bby how much\b"),
        ("frequency", r"\bhow often\b"),
        ("money", r"\bhow much (?:is|was|were|are|will|would|should|did|does|do|has|have)\b(?!.*\b(?:weigh|hold|need|contain|grow|drink|eat|produce|use|free)\b)|\bhow much money\b|\bwhat (?:does|did|is|was|will) .*\b(?:cost|price|fee|rent)\b"),
        ("quantity", r"\bwhat (?:does|did|do) .* (?:weigh|measure)\b|\bhow (?:many|much|long|far|deep|tall|high|large|big|wide|heavy|fast|hot|cold)\b|\bwhat (?:temperature|percentage|proportion|distance|height|depth|speed|weight|length|width|altitude)\b|\bwhat (?:is|was) the (?:\w+ )?(?:temperature|depth|height|length|area|surface area|population|output|weight|speed|distance|elevation|altitude|number|capacity)\b"),
        ("colour", r"\bcolou?r\b"),
        ("which", r"\b(?:which|what) (?!is|was|are|were|did|does|do|has|have|had|will|would|should|can|could|happened|kind|line)[a-z]+ "),
        ("name", r"\b(?:what|which) (?:is|was|are|were) .*\b(?:name|called)\b|\bwhat (?:is|was|are|were|will|would|did) .* called?\b|\bname of\b"),
    ):  # fmt: skip
        found = re.search(expression, low)
        if found and not (
            found.group() in ("when", "where", "who", "whom", "whose", "why") and lead and lead.start() < found.start()
        ):
            return kind
    if re.match(r"\W*(?:is|are|was|were|did|does|do|has|have|can|could|will|would|should)\b", low):
        return "yes"
    return "thing"


@dataclass(frozen=True)
class Key:
    """A word of the question that must be met. `entity` words may stand in the sentences before; one `weak` word may be missing."""

    root: str
    entity: bool
    strict: bool
    weak: bool = False


def keys_of(question: str, kind: str) -> list[Key]:
    """The words that tie an answer to the question."""
    found: dict[str, Key] = {}
    do = re.search(r"\b(?:do|does|did)\b", fold(question))
    words = list(re.finditer(r"[^\W_]+(?:['’._-][^\W_]+)*", question))
    for i, match in enumerate(words):
        word = match.group().removesuffix("'s").removesuffix("’s")
        root = stem(word)
        if (
            (
                fold(word) in STOP
                and not fold(question[: match.end()]).endswith(IN_ALL)
                and fold(word) not in ("first", "last")
            )
            or (root in CUES and kind != "thing")
            or (kind == "quantity" and root in GAUGES)
            or (len(word) < 2 and not word.isdigit() and (not i or word not in "BCDEFGHJKLMNPQRSTUVWXYZ"))
        ):
            continue
        start = i
        while start and fold(words[start - 1].group()) not in STOP:
            start -= 1  # a noun phrase: its determiner stands before it, its head is the last word
        ends = [k + 1 == len(words) or fold(words[k + 1].group()) in STOP for k in (i, min(i + 1, len(words) - 1))]
        acts = do is not None and match.start() > do.end()
        verb = acts and i > start and ends[0] and word.islower()  # "did the pump THROW"
        head = not verb and (
            ends[0]
            or words[i + 1].start() > match.end() + 1
            or (acts and ends[1])
            or (words[i + 1].group()[0].islower() and re.search(r"ed$|s$", words[i + 1].group()) is not None)
        )
        asked = re.match(
            r"\W*(?:what|who|which|how much|how many) (?:is|was|are|were|will be) (?:the|a|an|my|your|his|her|its|their)\W+(?:\w+\W+){0,2}$",
            fold(question[: match.start()]),
        )
        determined = (
            start > 0
            and head
            and not asked
            and fold(words[start - 1].group())
            in "the a an this that these those my your his her its their our of".split()
        )
        entity = determined or (word[0].isupper() and i > 0) or match.group() != word
        behind = words[i + 1].group() if i + 1 < len(words) and words[i + 1].start() == match.end() + 1 else ""
        acting = re.search(r"(?:ed|ing)$", word) or (i and fold(words[i - 1].group()) in ("who", "that"))
        named = (
            word.islower() and not acting and behind and (re.search(r"\d", behind) is not None or not behind.islower())
        )
        acts_out = i > 0 and fold(words[i - 1].group()) == "who" and root != "hold"
        weak_one = bool(named) or (
            root in VERBS and word.islower() and not acts_out
        )  # `error E18`, `Lake Mor`: the name is enough
        strict = root in STRICT or len(word) == 1 or word[0].isdigit() or (word[0].isupper() and i > 0) or "_" in word
        found.setdefault(root, Key(root, entity, strict, weak_one and not strict))
    measure = re.search(r"\bhow (deep|old|heavy|tall|wide|hot|cold)\b", fold(question))
    if measure and kind != "age":
        found.setdefault(stem(measure[1]), Key(stem(measure[1]), True, False))
    return list(found.values())
