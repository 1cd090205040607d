"""The explorer as sub-model: the sentence of a passage that answers a question, and the answer in it."""

# ruff: noqa: SIM905 (word lists read best as sentences)
from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from rlm_tui.engine.providers.explorer.facts import fitting
from rlm_tui.engine.providers.explorer.kinds import SUBJECTS, VERBS
from rlm_tui.engine.providers.explorer.words import FUNCTION, NUMBERS, STOP, akin, content, fold, stem, tokens

MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
WORD_NUMBER = r"(?:a |one )?(?:" + "|".join(NUMBERS) + r")(?:[ -](?:and )?(?:" + "|".join(NUMBERS) + r"))*\b"
FIGURE = rf"(?:(?:minus |[-−])?[$€£¥]?\d[\d,]*(?:\.\d+)?(?: (?:million|billion|thousand|hundred))?|(?:minus )?\b{WORD_NUMBER})"
MEASURES = (
    r"kilomet\w+|metres?|meters?|miles?|feet|foot|yards?|cubits?|fathoms?|inch\w*|cm|mm|km|m|years?|months?|weeks?|days?|nights?|hours?|"
    r"minutes?|seconds?|s|h|min|ms|kg|kilos?|kilograms?|grams?|g|tons?|tonnes?|pounds?|lbs?|lit\w+s|ml|square \w+|hectares?|acres?|degrees?|"
    "°C|°F|°|%|per ?cent|megawatts?|kilowatts?|watts?|volts?|knots?|mph|km/h|MB|GB|KB|TB|points?|pages?"
)
QUANTITY = re.compile(rf"({FIGURE})(?: ?({MEASURES})(?!\w)(?: (?:per|an?) \w+)?|[ -]([A-Za-z]+))?", re.I)
MONEY = re.compile(
    r"[$€£¥]\s?\d[\d,]*(?:\.\d+)?(?: ?(?:million|billion|bn|k)\b)?|"
    rf"{FIGURE} (?:dollars?|euros?|pounds?|pence|cents?|guineas?|shillings?|roubles?|rubles?|francs?|shekels?|crowns?|kronor|kroner|marks?|yen|pesos?|USD|EUR|GBP)\b(?: of \w+)?", re.I)  # fmt: skip
DATE = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|"
    rf"(?:the )?\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}(?:,? \d{{4}})?|\b{MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\b{MONTH} \d{{4}}|"
    rf"\bthe (?:\w+ ?-?)?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|\w+tieth) (?:day )?of {MONTH}(?:,? \d{{4}})?|\b(?:1[0-9]|20)\d\d\b"
)  # fmt: skip
_HOUR = rf"(?:{'|'.join(NUMBERS[1:13])})\\b(?! \\w)"
CLOCK = re.compile(
    r"\b\d{1,2}:\d\d(?:\s?[ap]\.?m\b)?|\b\d{1,2}\.\d\d\s?[ap]\.?m\b|\b\d{1,2}\s?[ap]\.?m\b|\b(?:noon|midnight|midday)\b|\b\w+ o'clock\b|(?<=\bat )(?:half past )?"
    + _HOUR
    + r"|(?<=\bby )"
    + _HOUR
    + r"|(?<=\buntil )"
    + _HOUR,
    re.I,
)
DAY = re.compile(
    r"\b(?:next |last |every )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b(?: from \w+ (?:to|until) \w+)?|\bthe (?:\w+ )?(?:first|second|third|fourth|last) \w+day (?:of|in) (?:every|each|the) month|\bin (?:the )?(?:spring|summer|autumn|winter)\b|\b(?:1[0-9]|20)\d0s\b",
    re.I,
)
NAME = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|Sir|Lady|Captain|Professor|Doctor|King|Queen)\.? )?(?:\b[A-Z]\. ?)*\b[A-Z][\w'’-]+(?: (?:(?:de|van|von|da|la|le|of|&|and(?= [A-Z]\w+ (?:Ltd|Inc|Sons))|[A-Z]\.) )?[A-Z][\w'’-]+)*"
)
REASON = re.compile(
    r"\b((?:because(?: of)?|owing to|due to|thanks to|in order to|so that|for fear|caused by|on account of|(?<=, )since|(?<=, )as)\b[^.;]+)|\b(?:Reason|Cause|Grund)\w*: *([^.;]+)"
)
FREQUENCY = re.compile(
    r"\b(?:once|twice|thrice|\w+ times) (?:a|an|per|every|each) \w+|\bevery (?:\w+ )?(?:day|week|month|year|hour|minute|second|morning|evening|night)s?\b|\b(?:daily|weekly|monthly|yearly|annually|hourly)\b",
    re.I,
)
SIGNED = re.compile(
    rf"(?m)^(?:By|Author:|Written by|From:)\s+({NAME.pattern})|^\W*(?:Yours?|Sincerely|Regards|Love|Best wishes|Kind regards)\b[\w ]{{0,30}},\s+({NAME.pattern})\s*$"
)
COLOURS = "red green blue yellow black white grey gray brown orange purple pink violet gold golden silver crimson scarlet turquoise beige".split()
ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|No|vs|e\.g|i\.e|etc|Fig|ca|approx)|\b[A-Z])\.$")
CUES = frozenset(
    stem(w) for w in "year month day date time name colour kind type number price cost age reason percentage".split()
)
GAUGES = frozenset(stem(w) for w in "temperature distance depth height length width percentage proportion".split())
STRICT = frozenset(
    stem(w)
    for w in "average mean maximum minimum youngest oldest largest smallest highest lowest longest total first second third last next previous former new old main north south east west left right before after".split()
)
IN_ALL = ("in total", "altogether")
PREFIX = re.compile(
    r"(?:[1-3]? ?[A-Z][a-z]*\d*\.? ?\d+:\d+ |\d{1,3} (?=[A-Z]))?(?:\W*\d{1,4}[-/:.]\d[\d/.:, T-]*(?:[AaPp][Mm])?[\]>)]?,? ?(?:- )?)?"
    r"(?:\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b\]?:? +)?"
    r"(?:<?([^\W\d][\w .'-]{0,24}?)(?: [\[(]\d{1,2}[:.]\d\d[^)\]]*[\])])?[>:] )?"
)
PRONOUN = re.compile(r"\W*(?:it|he|she|they|its|his|her|their|this|these|that)\b", re.I)
NOT_FOUND = "NOT FOUND"


@dataclass(frozen=True)
class Answer:
    """An answer from a passage: its words, the sentence it stands in, and how sure (0 to 100)."""

    text: str
    sentence: str
    confidence: int


def sentences(passage: str) -> list[tuple[str, str]]:
    """Sentences, list items, table rows and labelled lines, each with the heading it stands under; wrapped lines are joined."""
    lines = [line.rstrip() for line in passage.splitlines()]
    lengths = sorted(len(line) for line in lines if line)
    wrapped = len(lengths) > 3 and 45 <= lengths[len(lengths) * 2 // 3] <= 100
    blocks: list[list[str]] = []
    head, blank = "", True
    trail: list[str] = []
    for line in lines:
        starts = re.match(
            r"\s*(?:[-*+•>#|\[]|\d+[.):]|[A-Z][\w ]{1,24}(?: [\[(]\d{1,2}[:.]\d\d[^)\]]*[\])])?:\s|\W*\d{1,4}[-/:.]\d)",
            line,
        )
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            trail = [*trail[: level - 1], line.strip("# ")]
        title = (
            line
            and len(line) < (42 if wrapped else 70)
            and not re.search(r"[.!?:,;\"”]$", line)
            and (line.startswith("#") or (blank and not re.match(r"\W*\d{1,4}[-/:]\d|[-*|>]", line)))
        )
        if (
            wrapped
            and blocks
            and line
            and not blank
            and not starts
            and blocks[-1][0]
            and len(blocks[-1][0].split("\n")[-1]) > 35
            and not blocks[-1][0].startswith(("#", "|"))
        ):
            blocks[-1][0] += " " + line.strip()
        elif line:
            head = " / ".join(trail[1:] or trail) if line.startswith("#") else line if title else head
            blocks.append([line.strip(), head])
        blank = not line
    found = []
    for block, above in blocks:
        buffer = ""
        told = PREFIX.match(block)
        if told and told[1] and told.end() > len(told[1]) + 3 and len(block) < 300:
            found.append((block, above))  # a message is one unit: its sender says all of it
            continue
        for piece in re.split(
            r"(?<=[.!?;])[\"”’)]*\s+(?=[\"“‘'(\[]?[A-Z0-9])" if not block.startswith("|") else r"\Z", block
        ):
            buffer = f"{buffer} {piece}".strip()
            if not ABBREVIATION.search(buffer):
                found.append((buffer, above))
                buffer = ""
        if buffer:
            found.append((buffer, above))
    heads = {i for i, (s, _) in enumerate(found[1:]) if re.fullmatch(r"[|:\s-]+", s)}
    return [
        (s, h) for i, (s, h) in enumerate(found) if re.search(r"\w", s) and i not in heads and not s.startswith("```")
    ]


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
        ("quantity", r"\bwhat (?:does|did|do) .* (?:weigh|measure)\b|\bhow (?:many|much|long|far|deep|tall|high|large|big|wide|heavy|fast|hot|cold)\b|\bwhat (?:temperature|percentage|proportion|distance)\b|\bwhat (?:is|was) the (?:\w+ )?(?:temperature|depth|height|length|area|surface area|population|output|weight|speed|distance|elevation|altitude|number|capacity)\b"),
        ("colour", r"\bcolou?r\b"),
        ("which", r"\b(?:which|what) (?!is|was|are|were|did|does|do|has|have|had|will|would|should|can|could|happened|kind|line)[a-z]+ "),
        ("name", r"\b(?:what|which) (?:is|was|are|were) .*\b(?:name|called)\b|\bwhat (?:is|was|are) .* called\b|\bname of\b"),
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
        weak_one = bool(named) or (root in VERBS and word.islower())  # `error E18`, `Lake Mor`: the name is enough
        strict = root in STRICT or len(word) == 1 or word[0].isdigit() or (word[0].isupper() and i > 0) or "_" in word
        found.setdefault(root, Key(root, entity, strict, weak_one and not strict))
    measure = re.search(r"\bhow (deep|old|heavy|tall|wide|hot|cold)\b", fold(question))
    if measure and kind != "age":
        found.setdefault(stem(measure[1]), Key(stem(measure[1]), True, False))
    return list(found.values())


def _fresh(name: str, asked: set[str]) -> bool:
    """Whether a capitalised phrase is a name that the question does not already give."""
    words = re.findall(r"[^\W\d_]+", name)
    kept = [
        w
        for w in words
        if stem(w) not in asked
        and fold(w) not in STOP
        and not re.fullmatch(MONTH, w)
        and not re.fullmatch(r"\w+day", w)
    ]
    return (
        bool(kept)
        and words[0] != "I"
        and not (
            len(words) == 1
            and fold(words[0])
            in "old new yes no sorry thanks hello hi dear today yesterday then once later when".split()
        )
    )


def _spans(
    question: str, kind: str, body: str, roots: set[str], passage: str, speaker: str = ""
) -> list[tuple[float, int, int, str]]:
    """What could answer a question of this kind: worth, start, end, text."""
    low, spans = fold(question), []
    asked = {stem(t) for t in tokens(question) if fold(t) not in FUNCTION}
    if kind in ("quantity", "age", "money"):
        unit = re.search(r"\bhow (?:many|much) (?:more |other |different )?([a-z-]+(?: [a-z-]+)?)", low)
        wanted = [stem(w) for w in (unit[1].split() if unit and kind != "money" else []) if w not in STOP]
        for found in (MONEY if kind == "money" else QUANTITY).finditer(body):
            if kind == "money":
                spans.append((1.5, found.start(), found.end(), found.group().strip(" ,.")))
                continue
            follows = re.split(r"[,.;:()](?!\d)", body[found.end(1) : found.end(1) + 60])[0]
            after = [stem(w) for w in re.findall(r"[^\W\d_]+", follows)[:5] if fold(w) != "of"]
            before = [stem(w) for w in re.findall(r"[^\W\d_]+", body[: found.start()])[-5:]]
            text = (found.group() if found[2] else found.group(1)).strip(" ,.-")
            if re.search(r"[$€£¥]", text) and wanted:
                continue
            if re.fullmatch(r"one|a", text.lower()) or (
                re.match(r"\s*[.)] ", body[found.end(1) :]) and not body[: found.start()].strip()
            ):
                continue
            if kind == "age":
                worth = (
                    1.5
                    if re.match(r"[ -]?(?:years?|months?)?[ -](?:old|of age)", body[found.end(1) :])
                    or (
                        re.search(r"\bwho (?:was|is) $|[a-z], $|\($", body[: found.start()])
                        and re.match(r" ?[,.);]| and\b", body[found.end(1) :])
                        and not re.search(r"[$€£]", text)
                    )
                    or re.search(r"\b(?:aged?|turned|was perhaps|age of|at)\W+$", body[: found.start()])
                    else 0
                )
            elif wanted:
                worth = (
                    1.7
                    if wanted[0] in after[:2]
                    else 1.5
                    if any(akin(wanted[0], a) for a in after)
                    else 1.2
                    if wanted[0] in before
                    else 0
                )
                text = found.group(1).strip(" ,.") if found[3] else text
                if (
                    not worth
                    and not after
                    and any(stem(w) == wanted[0] for w in re.findall(r"[^\W\d_]+", body[: found.start()]))
                ):
                    worth = 1.3
                if (
                    not worth
                    and found[2]
                    and re.search(r"\bhow much (?:space|memory|room|time|storage|data|weight|area)\b", low)
                ):
                    worth = 1.1
                if (
                    not worth
                    and before
                    and before[-1] in roots
                    and wanted[0] in map(stem, ("people", "person", "guest", "serving", "time"))
                ):
                    worth = 1.3  # "serves 6"
            else:
                gauge = re.search(
                    r"\b(?:what|which) (?:is|was) the (?:\w+ )*?(population|output|capacity|number|weight|speed|size|age|area|elevation|altitude)\b",
                    low,
                )
                worth = 1.4 if (found[2] or gauge) and _fits(low, found[2] or "") else 0
                if gauge and stem(gauge[1]) not in before + after:
                    worth = 0
            way = re.match(r" ?(long|wide|deep|high|tall|thick|old|away)\b", body[found.end() :])
            if (
                way
                and re.search(r"\bhow (?:long|wide|deep|high|tall|thick|old|far)\b", low)
                and f"how {way[1]}" not in low.replace("far", "away")
            ):
                continue  # seven feet WIDE does not say how long
            year = re.fullmatch(r"(1[5-9]|20)\d\d", text) and worth < 1.5
            if worth and not year:
                spans.append((worth, found.start(), found.end(1) if found[3] else found.end(), text))
    elif kind in ("phone", "email"):
        form = r"\+?\d[\d /().-]{4,}\d" if kind == "phone" else r"[\w.+-]+@[\w-]+\.[\w.-]*\w"
        spans += [(1.5, m.start(), m.end(), m.group()) for m in re.finditer(form, body)]
    elif kind in ("date", "clock"):
        for expression, worth in (
            (CLOCK, 1.5 if kind == "clock" else 1.0),
            (DATE, 0 if kind == "clock" else 1.5),
            (DAY, 0 if kind == "clock" else 1.2),
        ):
            for found in expression.finditer(body):
                if worth and (not re.search(r"\byears?\b", low) or re.search(r"\d{4}", found.group())):
                    spans.append((worth, found.start(), found.end(), found.group()))
        limit = re.search(r"\b(until|till|since|from|by|before|after)\b", low)
        spans = [
            (w + bool(limit and re.search(rf"\b{limit[1]} (?:the )?$", body[:a])), a, b, t) for w, a, b, t in spans
        ]
        if kind == "date" and not limit and not re.search(r"\b(?:year|day|month)s?\b", low):
            spans = together(spans, body)
    elif led := _led(low, body):
        spans += led
    elif kind in ("person", "which"):
        said = re.search(
            r"\bwho (?:\w+ )?(?:says?|said|asked?|asks|wrote|writes|mentions?|mentioned|reports?|reported|suggests?|suggested|thinks?)\b",
            low,
        )
        if kind == "person" and speaker and (said or re.search(r"\b(?:I|[Ww]e)\b", body)):
            spans.append((2.4, 0, 0, speaker))
        for found in NAME.finditer(body):
            single = re.escape(found.group())
            opening = (
                found.start() < 2
                and " " not in found.group()
                and not re.match(r" (?:is|was|has|had|will|can|said|says|wants|needs)\b", body[found.end() :])
                and stem((re.match(r" (\w*)", body[found.end() :]) or " ")[0].strip()) not in roots
                and (len(re.findall(rf"\b{single}\b", passage)) < 2 or re.search(rf"\b{single.lower()}\b", passage))
            )
            if kind == "person" and (
                not re.search(r"[a-z]", found.group())
                or (" " not in found.group() and re.search(r"\bthe $", body[: found.start()]))
            ):
                continue
            away = kind == "person" and re.search(r"\b(?:in|at|on|near) $", body[: found.start()])
            titled = kind == "person" and body[found.start() - 1 : found.start()] in ('"', "“", "/", "#")
            plain = re.sub(
                r"^(?:(?:And|But|Then|So|For|The|When|In|On|At|By|From|With|After|Before|If|As|While|Since|That|This) )+",
                "",
                found.group().strip(),
            )
            others = re.match(r"(?:, [A-Z][\w'-]+)* and [A-Z][\w'-]+(?: [A-Z][\w'-]+)?(?! [a-z])", body[found.end() :])
            if kind == "person" and others and found.group().strip() == plain:
                plain += others.group()
            if _fresh(plain, asked) and not opening and not titled:
                spans.append(
                    (0.7 if away else 1.5 if kind == "person" else 1.3, found.end() - len(plain), found.end(), plain)
                )
        if kind == "person":
            spans += [
                (1.2, m.start(1), m.end(1), m[1])
                for m in re.finditer(r"\bby ((?:the|an?) [a-z]+(?: [a-z]+)?)(?=[.;]|,(?! [A-Z])|$)", body)
            ] + [(1.2, m.start(1), m.end(1), m[1]) for m in re.finditer(r"\bby (?:[a-z]+ )?([a-z]\w+)[.;]?$", body)]
        if kind == "which":
            spans += [
                (1.5, m.start(), m.end(), m[1]) for m in re.finditer(r"[\"“]([A-Z][^\"”]{1,58}[^\"”.,!?])[\"”]", body)
            ]
            noun = re.search(r"\b(?:which|what) ([a-z]+) ", low)
            for m in re.finditer(rf"\b{noun[1]} (\d[\w.]*|[A-Z]\w*)", body) if noun else ():
                spans.append((2.0, m.start(), m.end(), m.group()))
            for m in (
                re.finditer(rf"\b(?:an?|the|his|her|its|my|our|their) ((?:[\w`'-]+ )?[\w`'-]+) {noun[1]}\b", body)
                if noun
                else ()
            ):
                own = [w for w in m[1].split() if fold(w) not in STOP and stem(w.strip("`'")) not in asked]
                if own:
                    spans.append((1.2, m.start(), m.end(), " ".join(own).strip("`'")))
            if "version" in low or "release" in low:
                spans += [(1.8, m.start(), m.end(), m.group()) for m in re.finditer(r"\bv?\d+(?:\.\d+)+\b", body)]
    elif kind == "name":
        spans += [
            (1.5, m.start(), m.end(), m[1]) for m in re.finditer(r"[\"“]([A-Z][^\"”]{1,58}[^\"”.,!?])[\"”]", body)
        ]
        for found in re.finditer(
            r"\b(?:named|called|name (?:is|was)|known as)\W+(?:the )?(" + NAME.pattern + ")", body
        ):
            spans.append((1.5, found.start(1), found.end(1), found[1]))
        for found in NAME.finditer(body):
            near = (
                re.search(r"([^\W\d_]+)(?:,| is| was)? $", body[: found.start()]),
                re.match(r", (?:the |his |her |their |our |my )?(?:\w+ )?([^\W\d_]+)", body[found.end() :]),
            )
            if _fresh(found.group(), asked) and any(m and stem(m[1]) in roots for m in near):
                spans.append((1.5, found.start(), found.end(), found.group().strip()))
    elif kind == "place":
        for found in re.finditer(r"\b(?:in|at|on|near|under|to|from|inside|behind|beside|off|outside|between|above|below|beneath|into|onto|along) ((?:the |a |an |our |my |his |her |its |their )?(?:[\w'-]+ ){0,2}?[A-Z][\w'-]+(?: [A-Z][\w'-]+)*|(?:the |a |an |our |my |his |her |its |their )(?:[a-z'-]+ ){0,2}[a-z'-]+(?: of (?:the |a )?[\w-]+)?(?= (?:and|with|by|for|until|on|in|at|to|from|under|when|where|because|after|before|which|that|upon)\b|[,.;:!)]|$))", body):  # fmt: skip
            if not ({stem(w) for w in tokens(found[1])} & asked) and not re.search(rf"{MONTH}|\d{{4}}", found[1]):
                spans.append((1.3, found.start(), found.end(), found.group()))
        spans += [
            (1.4, m.start(), m.end(), m.group().rstrip("."))
            for m in re.finditer(r"[\w.+-]+@[\w.-]+\w|https?://\S+|(?<=[ (])/[\w/.-]+", body)
        ]
    elif kind == "reason":
        spans += [(1.5, m.start(), m.end(), (m[1] or m[2]).strip()) for m in REASON.finditer(body)]
    elif kind == "increase":
        spans += [
            (1.5, m.start(1), m.end(1), m[1])
            for m in re.finditer(rf"\bby ((?:about |almost |nearly )?{FIGURE}(?: ?%| per ?cent| [a-z]+)?)", body)
        ]
    elif kind == "frequency":
        spans += [(1.5, m.start(), m.end(), m.group()) for m in FREQUENCY.finditer(body)]
    elif kind == "colour":
        spans += [
            (1.5, m.start(), m.end(), m.group()) for m in re.finditer(r"\b(?:" + "|".join(COLOURS) + r")\b", body, re.I)
        ]
    return spans


def _led(low: str, body: str) -> list[tuple[float, int, int, str]]:
    """`from whom`, `with what`, `whom … from`: what follows the same preposition."""
    found = re.match(r"\W*(from|with|by|to|for|under|behind|through) (?:whom|what|which|whose)\b", low)
    found = found or re.match(r"\W*(?:whom?|what)\b.* (from|with|by|to|for|under|of)\W*$", low)
    form = (
        rf"\b{found[1]} ((?:the |an? |our |my |his |her |its |their )?(?:[\w'’-]+ ){{0,2}}?[\w'’-]+)(?= (?:and|with|by|for|from|until|on|in|at|to|under|when|where|because|after|before|which|that)\b|[,.;:!)]|\s*$)"
        if found
        else "$^"
    )
    return [(2.0, m.start(1), m.end(1), m[1]) for m in re.finditer(form, body)]


def together(spans: list[tuple[float, int, int, str]], body: str) -> list[tuple[float, int, int, str]]:
    """Moments that stand close together are one: `Thursday` at `14:00`, `16 to` `27 September`."""
    merged: list[tuple[float, int, int, str]] = []
    for worth, start, end, _ in sorted(spans, key=lambda s: s[1]):
        opening = re.search(r"\b\d{1,2}(?:st|nd|rd|th)? ?(?:to|until|till|and|-|–) ?(?:the )?$", body[:start])
        start = opening.start() if opening else start
        gap = body[merged[-1][2] : start] if merged else ""
        if merged and (
            start < merged[-1][2]
            or (
                re.fullmatch(r"(?: ?[a-z]*){0,2} ?|[ ,]+", gap)
                and ("to" in gap or ":" in body[start:end] + merged[-1][3])
            )
        ):
            worth, start = max(worth, merged[-1][0]), merged.pop()[1]
        merged.append((worth, start, end, body[start:end]))
    return merged


def _fits(low: str, unit: str) -> bool:
    """Whether a unit of measure suits `how long`, `what temperature` …"""
    for asked, units in (
        (r"\bhow long\b|\blength\b|\bduration\b", r"year|month|week|day|night|hour|minute|second|s$|h$|min|ms|kilomet|met|mile|feet|foot|yard|cubit|cm|mm|km|inch|page"),
        (r"\bhow (?:far|tall|high|deep|wide)\b|\b(?:distance|depth|height|width|altitude|elevation)\b", r"kilomet|met|mile|feet|foot|yard|cubit|fathom|cm|mm|km|inch|m$"),
        (r"\bhow (?:hot|cold|warm)\b|\btemperature\b", r"degree|°"),
        (r"\bhow heavy\b|\bweigh", r"kg|kilo|gram|g$|ton|pound|lb"),
        (r"\bhow (?:large|big)\b|\barea\b", r"square|hectare|acre|mb|gb|kb|met|kilomet"),
        (r"\bpercent|\bproportion\b", r"%|per ?cent"),
        (r"\bhow fast\b|\bspeed\b", r"knot|mph|km/h|mile|kilomet|met"),
    ):  # fmt: skip
        if re.search(asked, low):
            return re.match(units, unit.lower()) is not None
    return True


def candidates(
    question: str, kind: str, body: str, roots: set[str], passage: str, keys: list[Key], speaker: str = ""
) -> list[tuple[float, str]]:
    """Possible answers in a sentence, best first: by worth, nearness to the question's words, and the verb's voice."""
    places = [(m.start(), m.end(), stem(m.group())) for m in re.finditer(r"[^\W_]+", body)]
    places = [p for p in places if p[2] in roots]
    verb = re.search(r"\b(?:who|which \w+|what \w+) (?:had |has |have )?([a-z]+)\b", fold(question))
    cuts = [
        0,
        *(
            m.start()
            for m in re.finditer(
                r";|,? (?:whereas|while|compared with|as opposed to)\b|, (?:but|and) (?=\w+ \w+ )", body
            )
        ),
        len(body),
    ]
    worth_of = {k.root: 2 if k.strict else 1 for k in keys}
    clauses = [
        (a, b, sum(worth_of.get(r, 1) for r in {p[2] for p in places if a <= p[0] < b}))
        for a, b in itertools.pairwise(cuts)
    ]
    most = max((c[2] for c in clauses), default=0)
    ranked = []
    for worth, start, end, text in _spans(question, kind, body, roots, passage, speaker):
        near, total = 0.0, 0
        for root in {p[2] for p in places}:
            gaps = [
                (body[b:start] if b <= start else body[end:a], b <= start)
                for a, b, r in places
                if r == root and not (a >= start and b <= end)
            ]
            if gaps:
                weight = 2 if any(k.root == root and k.strict for k in keys) else 1
                total += weight
                near += weight * max(
                    1 / (1 + (len(gap) + 25 * len(re.findall(r"[,;:]| and | but ", gap)) + (0 if after else 4)) / 20)
                    for gap, after in gaps
                )
        near /= max(1, total)
        acts = [p for p in places if verb and p[2] == stem(verb[1])]
        if acts and kind in ("person", "which"):
            gap = min((body[b:start] if b <= start else body[end:a] for a, b, _ in acts), key=len)
            near = 0.35 * near + 0.65 / (1 + (len(gap) + 15 * len(re.findall(r"[;:]| and | but ", gap))) / 20)
        if kind in ("person", "which") and verb:
            passive = re.search(r"\bby (?:the |an? )?(?:[a-z]+ )?(?:Mr |Mrs |Dr )?$", body[:start])
            agent = next((a for a, _, r in places if r == stem(verb[1])), None)
            if passive and agent is not None and agent < start:
                near += 0.6
            elif agent is not None:
                near += 0.2 if agent >= end else -0.2
        clause = next((c for c in clauses if c[0] <= start < c[1]), None)
        ranked.append((worth * (0.6 + near) * (0.55 + 0.45 * clause[2] / most if clause and most else 1.0), text))
    return sorted(ranked, key=lambda c: -c[0])


def after_copula(body: str, keys: list[Key]) -> str:
    """What a sentence says something is: `an output of 18 megawatts`, `the cargo was oranges`."""
    for key in keys:
        for found in re.finditer(r"[^\W_]+", body):
            if stem(found.group()) == key.root:
                rest = re.match(
                    r"(?: of (?:the )?[\w' -]{1,30}?)?(?: (?:is|was|are|were|of|came to|stood at|reached|to be|will be|should be|equals)|:| =) (?!(?:not|a matter) )([^.;]{2,120}?)(?=[,.;](?: |$)|$| (?:which|but|who) )",
                    body[found.end() :],
                )
                words = {stem(w) for w in tokens(rest[1])} if rest else set()
                passive = (
                    rest and re.match(r"\w+ed\b", rest[1]) and (rest[0].startswith((" is", " was", " are", " were")))
                )
                if rest and not passive and not words & {k.root for k in keys}:
                    return rest[1].strip()
    return ""


def answer(question: str, passage: str) -> Answer | None:
    """The answer the passage gives, if it clearly gives one of the asked type."""
    question = re.sub(r"\b(what|who|where|when|how)['’]s\b", r"\1 is", question, flags=re.I)
    kind = kind_of(question)
    keys = keys_of(question, kind)
    if re.search(r"\bwho (?:wrote|signed)\b|\bauthor of th", fold(question)) and (signed := SIGNED.search(passage)):
        return Answer(signed[1] or signed[2], signed.group().strip(), 90)
    if kind == "yes" or not keys:
        return None
    noun = re.search(
        r"\b(?:which|what) ([a-z]+)\b(?<!is)(?<!was)(?<!are)(?<!were)(?<!did)(?<!does)(?<!do)(?<!will)(?<!should)",
        fold(question),
    )
    phrases = [fold(p) for p in re.findall(r"[\"“]([^\"”]+)[\"”]", question)]
    plural = re.search(
        r"\b(?:which|what) (?:years|dates|days|people|names)\b|\bwho (?:are|were) the \w+s\b", fold(question)
    )
    pairs = sentences(passage)
    units = [s for s, _ in pairs]
    heads = [{stem(w) for w in re.findall(r"[^\W_]+", h)} for _, h in pairs]
    stems = [{stem(w) for w in re.findall(r"[^\W_]+", s)} | {stem(t) for t in tokens(s)} for s in units]
    title = stems[0] if units and units[0].startswith("# ") else set()
    found: list[Answer] = []
    for i, sentence in enumerate(units):
        if sentence.rstrip(' "”)').endswith("?") and i + 1 < len(units):
            said = replied(question, kind, keys, stems[i], units[i + 1 : i + 3], set().union(*stems[max(0, i - 6) : i]))
            found += [said] if said else []
        if (
            sentence.rstrip(' "”)').endswith("?")
            or any(p not in fold(sentence) for p in phrases)
            or re.match(r"#{1,6} ", sentence)
        ):
            continue
        prefix = PREFIX.match(sentence)
        body = sentence[prefix.end() :] if prefix else sentence
        around = set().union(*stems[max(0, i - 4) : i], stems[0], heads[i])
        nearby = stems[i - 1] if PRONOUN.match(body) and i else heads[i]
        sure, hits = 1.0, set()
        direct, spared = 0.0, False
        for key in keys:
            close = {key.root} if key.root in stems[i] else {s for s in stems[i] if len(s) > 2 and akin(key.root, s)}
            if close:
                sure *= 1.0 if key.root in stems[i] else 0.9
                hits |= close
                direct += 1
            elif key.root in heads[i] and not heads[i] <= stems[i]:
                sure *= 0.93
                direct += 0.5
            elif key.entity and key.root in nearby:
                sure *= 0.93
                direct += 0.6
            elif key.entity and key.root in around and not key.root.isdigit():
                sure *= 0.85
                direct += 0.2
            elif key.root in title and not key.strict:
                direct += 1  # the document speaks of it throughout
            elif key.entity and key.root in SUBJECTS and not any(key.root in s for s in stems):
                sure *= 0.93
            elif (
                kind == "quantity"
                and key.root == keys[0].root
                and re.search(r"\bhow much (?:space|memory|room|time|storage|data|weight|area)\b", question, re.I)
            ):
                sure *= 0.85
            elif key.weak and not spared and len(keys) > 1:
                sure, spared = sure * 0.85, True
            else:
                short = len(stems[i]) <= 7 and kind in ("date", "quantity", "money", "clock")
                sure *= 0.3 if key.strict else 0.8 if short else 0.45 if kind in ("person", "name", "reason") else 0.55
        if sure < 0.5 or direct / len(keys) < 0.4:
            continue
        label = re.match(r"(?:\W*)([A-Z][\w ]{1,24}?)\W*: +(.+)", sentence)
        if (
            label
            and hits & {stem(w) for w in tokens(label[1])}
            and {stem(w) for w in tokens(label[2])} - {k.root for k in keys}
            and (
                kind in ("thing", "person", "which", "place", "name")
                or (kind in ("quantity", "money", "date", "clock") and re.search(r"\d", label[2]))
            )
            and len(label[2]) < 160
            and not prefix_time(sentence)
            and fitting(question, label[2])
            and not {stem(w) for w in tokens(label[1])} & STRICT - {k.root for k in keys}
        ):
            text, value = label[2].strip(), 1.0
        elif kind == "thing":
            told = after_copula(body, keys)
            if not told and re.search(
                r"\bwhat(?: is| was|'s) (?:the|his|her|its|their) (?:[a-z]+ of\b|[a-z]+ [a-z]+\W*$)", fold(question)
            ):
                sure *= 0.7  # a sentence that only mentions the thing does not say what it is
            if noun and stem(noun[1]) not in stems[i] and not told:
                continue
            text, value = told or body.strip("| ").replace(" | ", "; "), 1.0 if direct >= len(keys) - 0.5 else 0.85
        else:
            speaker = (prefix[1] or "") if prefix else ""
            options = candidates(question, kind, body, hits, passage, keys, speaker)
            if not options and noun and stem(noun[1]) in heads[i] and len(sentence.split()) <= 5 and kind == "which":
                options = [(1.2, body.strip("| ."))]  # a short note under the heading that was asked for
            if not options and sure >= 0.9 and direct >= len(keys) - 0.5 and len(keys) > 1 and kind in QUOTED:
                options = [(0.5, body.strip("| ")[:300])]  # all the words are here: let the sentence speak
            if not options:
                continue
            value, text = options[0]
            if plural:
                text = " and ".join(dict.fromkeys(t for _, t in options))
            elif len(options) > 1 and options[1][0] > 0.93 * value and options[1][1] != text:
                sure *= 0.8
            value = min(1.0, 0.55 + value / 3)
        found.append(Answer(text, sentence, int(100 * sure * value)))
    words = {stem(w) for w in tokens(question)}
    found.sort(key=lambda a: (-a.confidence, -len(words & {stem(w) for w in tokens(a.sentence)})))
    if (
        len(found) > 1
        and found[1].confidence > 0.97 * found[0].confidence
        and fold(found[1].text) not in fold(found[0].text)
        and kind != "thing"
    ):
        return Answer(found[0].text, found[0].sentence, int(found[0].confidence * 0.8))
    return found[0] if found else None


QUOTED = ("reason", "frequency", "which")
"""Kinds of answer that a whole sentence may give when no part of it stands out."""


def replied(
    question: str, kind: str, keys: list[Key], asked: set[str], after: list[str], before: set[str]
) -> Answer | None:
    """The reply to the same question asked in a conversation: the next message (or the one behind) of the asked type."""
    met = [k for k in keys if k.root in asked or any(len(s) > 2 and akin(k.root, s) for s in asked)]
    missing = [k for k in keys if k not in met]
    open_ones = [k for k in missing if k.root not in before]
    if not met or len(open_ones) > (len(met) > 1) or any(k.strict for k in open_ones):
        return None
    for nth, sentence in enumerate(after):
        prefix = PREFIX.match(sentence)
        body = sentence[prefix.end() :] if prefix else sentence
        if not prefix or not prefix.end() or body.rstrip().endswith("?"):
            continue
        speaker = (prefix[1] or "") if prefix else ""
        options = candidates(question, "which" if kind == "name" else kind, body, set(), body, keys, speaker)
        if (
            kind in ("which", "name", "person")
            and not options
            and len(body.split()) < (4 if kind != "person" else 6)
            and (kind != "person" or body[0].isupper())
        ):
            options = [(1.5, body.strip(" ."))]
        if options:
            return Answer(options[0][1], sentence, (72 if not missing else 60) - 6 * nth)
    return None


def prefix_time(sentence: str) -> bool:
    """Whether a line opens with a time, as messages do."""
    return re.match(r"\W*\d{1,4}[-/:.]\d", sentence) is not None


def wording(question: str, best: Answer) -> str:
    """The answer; the whole sentence where it is not sure which words of it are the answer."""
    if best.confidence >= 90 or kind_of(question) in ("quantity", "money", "date", "clock", "age"):
        return best.text
    told = PREFIX.sub("", best.sentence, count=1)
    return (told if fold(best.text) in fold(told) else best.sentence)[:300]


def reply(prompt: str) -> str:
    """What the sub-model says to a prompt that code wrote: `answer | confidence | sentence`, a summary, or NOT FOUND."""
    found = re.search(r"Question:\s*(.+?)\s*(?:\n\n|\n(?=Passage|Text|Context)|\Z)", prompt, re.S)
    question = (found[1] if found else prompt.split("\n", 1)[0]).strip()
    passage = re.split(r"\n(?:Passage|Text|Context):?[ \t]*\n", prompt, maxsplit=1)
    body = passage[1] if len(passage) > 1 else prompt[found.end() if found else len(question) :]
    if re.search(r"\bsummar", fold(question)):
        most = re.search(r"at most (\w+)", question)
        size = {"two": 2, "three": 3, "four": 4, "five": 5}.get(most[1] if most else "", 4)
        return " ".join(summary(body, size)) or NOT_FOUND
    best = answer(question, body)
    if best is None or best.confidence < 40:
        return NOT_FOUND
    text = wording(question, best)
    return f"{text.replace(' | ', '; ')} | {best.confidence} | {best.sentence}"


def summary(text: str, size: int) -> list[str]:
    """The most central sentences, in their order: those that share the most words with the rest."""
    pairs = sentences(text)
    kept = [
        (s, h)
        for s, h in pairs
        if len(tokens(s)) > 6 and re.search(r"[.!\"”)]$", s) and not re.match(r"[A-Z][\w ]{1,24}: ", s)
    ][:400]
    if len(kept) < min(3, len(pairs)):  # a log or a list: its lines are what it says
        kept = [(s, h) for s, h in pairs if not s.startswith("#") and len(tokens(s)) > 4][:400] or pairs[:400]
    units = [s for s, _ in kept]
    opening = [i == 0 or h != kept[i - 1][1] for i, (_, h) in enumerate(kept)]
    bags = [{stem(w) for w in content(s)} for s in units]
    count: dict[str, int] = {}
    for bag in bags:
        for word in bag:
            count[word] = count.get(word, 0) + 1
    weight = {w: n - 1.0 for w, n in count.items()}
    chosen: list[int] = []
    while len(chosen) < min(size, len(units)):
        scores = [
            -1.0
            if i in chosen
            else sum(weight[w] for w in bag)
            / (len(bag) + 6)
            * (1.3 if i < 2 else 1.25 if opening[i] else 1.0)
            * (0.6 if units[i][0] in "\"“‘'" or PRONOUN.match(units[i]) else 1.0)
            for i, bag in enumerate(bags)
        ]
        best = max(range(len(units)), key=lambda i: scores[i])
        chosen.append(best)
        for word in bags[best]:
            weight[word] *= 0.4  # what has been said counts for less
    return [units[i] for i in sorted(chosen)]
