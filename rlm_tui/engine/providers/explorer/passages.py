"""The explorer as sub-model: the sentence of a passage that answers a question, and the answer in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlm_tui.engine.providers.explorer.words import NUMBERS, STOP, content, fold, related, stem, tokens

MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
FIGURE = (
    r"(?:(?:minus )?[-−]?[$€£¥]?\d[\d,]*(?:\.\d+)?|(?:minus )?\b(?:(?:a )?(?:" + "|".join(NUMBERS) + r")(?:[ -](?:and )?)?)+\b)"
)
QUANTITY = re.compile(rf"({FIGURE})(?:\s?(%|°C|°F|°)|[ -]([A-Za-z]+(?: (?:kilometres?|metres?|miles?|feet|years?|per \w+))?))?", re.I)
MONEY = re.compile(rf"[$€£¥]\s?\d[\d,.]*\d?(?: ?(?:million|billion|m|bn|k))?|(?:{FIGURE}) (?:dollars?|euros?|pounds?|pence|cents?|guineas?|shillings?|roubles?|rubles?|francs?|shekels?|crowns?|marks?|yen|[A-Z]{{3}})\b", re.I)
DATE = re.compile(
    rf"\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}|(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}\b(?:,? \d{{4}})?"
    rf"|\b{MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\b{MONTH} \d{{4}}|\b(?:1[0-9]|20)\d\d\b|\b(?:the )?(?:{'|'.join(NUMBERS)}|first|second|third|fifth|ninth|tenth|twelfth|\w+th) of {MONTH}\b",
)
CLOCK = re.compile(r"\b\d{1,2}[:.]\d\d(?:\s?[ap]\.?m\b)?|\b\d{1,2}\s?[ap]\.?m\b|\b(?:noon|midnight|midday)\b|\b\w+ o'clock\b", re.I)
DAY = re.compile(r"\b(?:next |last )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:today|tomorrow|yesterday)\b|\bin (?:spring|summer|autumn|winter)\b", re.I)
NAME = re.compile(r"\b(?:(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|Sir|Lady|Captain|Professor|Doctor|Old|King|Queen)\.? )?(?:[A-Z]\. ?)*[A-Z][\w'’-]+(?: (?:(?:de|van|von|da|la|le|of|&|[A-Z]\.) )?[A-Z][\w'’-]+)*")
REASON = re.compile(r"\b(?:because(?: of)?|owing to|due to|thanks to|in order to|so that|for fear|caused by|on account of)\b\s*([^.;]+)|\b(?:Reason|Cause|reason|cause)\W+([^.;]+)")
COLOURS = "red green blue yellow black white grey gray brown orange purple pink violet gold golden silver crimson scarlet turquoise beige".split()
ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Capt|No|vs|e\.g|i\.e|etc|Fig|ca|approx)|\b[A-Z])\.$")
CUES = frozenset("year month day date time name colour color kind type number price cost age temperature size length height".split())
NOT_FOUND = "NOT FOUND"


@dataclass(frozen=True)
class Answer:
    """An answer from a passage: its words, the sentence it stands in, and how sure (0 to 100)."""

    text: str
    sentence: str
    confidence: int


def sentences(passage: str) -> list[str]:
    """Sentences, list items, table rows and labelled lines; hard-wrapped lines are joined first."""
    lines = [line.rstrip() for line in passage.splitlines()]
    lengths = sorted(len(line) for line in lines if line)
    wrapped = len(lengths) > 3 and 45 <= lengths[len(lengths) * 2 // 3] <= 100
    blocks: list[str] = []
    for line in lines:
        starts = re.match(r"\s*(?:[-*+•>#|\[]|\d+[.):]|[A-Z][\w ]{1,24}:\s|\W*\d{1,4}[-/:.]\d)", line)
        joined = wrapped and blocks and blocks[-1] and line and not starts and not re.match(r"#|\|", blocks[-1]) and len(blocks[-1].split("\n")[-1]) > 35
        if joined:
            blocks[-1] += " " + line.strip()
        else:
            blocks.append(line.strip())
    found = []
    for block in blocks:
        buffer = ""
        for piece in re.split(r"(?<=[.!?;])[\"”’)]*\s+(?=[\"“‘'(\[]?[A-Z0-9])" if not block.startswith("|") else r"\Z", block):
            buffer = f"{buffer} {piece}".strip()
            if not ABBREVIATION.search(buffer):
                found.append(buffer)
                buffer = ""
        if buffer:
            found.append(buffer)
    return [s for s in found if re.search(r"\w", s)]


def kind_of(question: str) -> str:
    """The type of answer a question wants."""
    low = fold(question)
    for kind, expression in (
        ("reason", r"\bwhy\b|\breason\b|\bwhat caused\b"),
        ("age", r"\bhow old\b|\bwhat age\b"),
        ("clock", r"\bwhat time\b|\bat which time\b"),
        ("date", r"\bwhen\b|\b(?:what|which) (?:year|date|day|month)s?\b|\bsince when\b"),
        ("person", r"\bwho(?:m|se)?\b"),
        ("place", r"\bwhere\b"),
        ("money", r"\bhow much (?:did|does|do|will|is|was|were|are|has|have)\b|\bhow much money\b|\bwhat (?:does|did|is|was|will) .*\b(?:cost|price|fee|rent)\b"),
        ("quantity", r"\bhow (?:many|much|long|far|deep|tall|high|large|big|wide|heavy|fast|hot|cold|often)\b|\bwhat (?:temperature|percentage|proportion|distance)\b|\bwhat (?:is|was) the (?:\w+ )?(?:temperature|depth|height|length|area|surface area|population|output|weight|speed|distance|elevation|altitude|number|capacity)\b"),
        ("colour", r"\bcolou?r\b"),
        ("name", r"\b(?:what|which) (?:is|was|are|were) .*\b(?:name|called)\b|\bwhat (?:is|was|are) .* called\b|\bname of\b"),
    ):  # fmt: skip
        if re.search(expression, low):
            return kind
    if re.match(r"\W*(?:is|are|was|were|did|does|do|has|have|can|could|will|would|should)\b", low):
        return "yes"
    return "thing"


def _places(sentence: str, roots: list[str]) -> list[int]:
    """Where in the sentence the question's words stand (character positions)."""
    return [m.start() for m in re.finditer(r"[^\W_]+", sentence) if stem(m.group()) in roots]


def _fresh(name: str, asked: set[str]) -> bool:
    """Whether a capitalised phrase is a name that the question does not already give."""
    words = re.findall(r"[^\W\d_]+", name)
    kept = [w for w in words if stem(w) not in asked and fold(w) not in STOP and not re.fullmatch(MONTH, w) and not re.fullmatch(r"\w+day", w)]
    return bool(kept) and fold(words[0]) not in ("the", "this", "that", "it", "there", "when", "then", "but", "and", "for", "on", "at", "in", "by", "a", "old") or (len(kept) > 1)


def candidates(question: str, kind: str, sentence: str, roots: list[str]) -> list[tuple[float, str]]:
    """Possible answers of this kind in a sentence, scored by what stands around them."""
    low, places = fold(question), _places(sentence, roots)
    asked = {stem(t) for t in tokens(question)}
    spans: list[tuple[float, re.Match[str], str]] = []
    if kind in ("quantity", "age", "money"):
        unit = re.search(r"\bhow (?:many|much) ([a-z-]+(?: [a-z-]+)?)", low)
        wanted = {stem(w) for w in (unit[1].split() if unit else []) if w not in STOP}
        measure = {
            "long": "year month week day hour minute second kilometre metre mile km m cm foot feet cubit yard page min ms",
            "far": "kilometre metre mile km m yard league", "deep": "metre m foot feet fathom km cm", "tall": "metre m foot feet cm inch cubit",
            "high": "metre m foot feet km", "wide": "metre m km cm mm foot feet", "heavy": "kg g ton tonne pound lb gram kilogram",
            "large": "square hectare acre km", "big": "square hectare acre mb gb", "old": "year month", "hot": "degree °c °f °", "cold": "degree °c °f °",
            "temperature": "degree °c °f ° minus", "area": "square hectare acre", "depth": "metre m foot feet fathom", "length": "metre km kilometre mile m cm page",
        }  # fmt: skip
        units = {stem(u) for key, group in measure.items() if re.search(rf"\b{key}\b", low) for u in group.split()}
        for found in (MONEY if kind == "money" else QUANTITY).finditer(sentence):
            if re.fullmatch(r"(?:an?|one|and)", found.group(1).strip().lower() if kind != "money" else "") and not wanted:
                continue
            after = [stem(w) for w in re.findall(r"[^\W\d_]+|°C?", sentence[found.end(1) if kind != "money" else found.end() :])[:4]]
            before = [stem(w) for w in re.findall(r"[^\W\d_]+", sentence[: found.start()])[-3:]]
            value = 1.0 if kind == "money" else 0.3
            if wanted:
                value = 2.0 if wanted & set(after[:2]) else 1.5 if wanted & set(after) else 1.1 if wanted & set(before) else value
            if units:
                if not units & ({after[0]} if after else set()) and not found.groups()[1:2] == ("°C",):
                    continue
                value = 1.6
            if kind == "age" and not re.search(r"\b(?:old|aged?|birthday)\b", sentence):
                continue
            text = found.group(0).strip(" ,.")
            if kind != "money" and found.group(3) and fold(found.group(3).split()[0]) in STOP:
                text = found.group(1).strip(" ,.-")
            if not re.fullmatch(r"(1[89]|20)\d\d", text) or value > 1:
                spans.append((value, found, text))
    elif kind in ("date", "clock"):
        for expression, value in ((CLOCK, 1.3 if kind == "clock" else 0.9), (DATE, 0 if kind == "clock" else 1.2), (DAY, 0 if kind == "clock" else 0.8)):
            for found in expression.finditer(sentence):
                year = re.search(r"\byears?\b", low)
                if value and (not year or re.search(r"\d{4}", found.group())):
                    spans.append((value, found, found.group()))
    elif kind in ("person", "name"):
        speaker = re.match(r"\W*(?:\d[\d/.: ,-]*[\]-]? ?)?(?:- )?<?([^\W\d][\w .'-]{1,25}?)[>:] ", sentence)
        if speaker and kind == "person":
            spans.append((0.8, speaker, speaker[1]))
        for found in NAME.finditer(sentence):
            at_start = found.start() == 0 or sentence[found.start() - 2 : found.start()] in (". ", "? ", "! ")
            if not _fresh(found.group(), asked) or (at_start and " " not in found.group() and fold(found.group()) in STOP):
                continue
            text = found.group().strip()
            before = sentence[: found.start()][-28:]
            value = 1.0 + 0.6 * bool(re.search(r"\bby (?:the )?(?:[a-z]+ )?$", before)) + 0.5 * (kind == "name" and bool(re.search(r"\b(?:named|called|name (?:is|was))\W+$", before)))
            spans.append((value - 0.25 * (at_start and " " not in text), found, text))
    elif kind == "place":
        for found in re.finditer(r"\b(?:in|at|on|near|under|to|from|inside|behind|beside|off|outside|between|above|below|beneath)\b ((?:the |a |an |our |my |his |her |its |their )?(?:[\w'/-]+ ){0,3}?(?:[A-Z/][\w'/-]+(?: [A-Z][\w'-]+)*|(?<=the )\w+(?: \w+)?))", sentence):  # fmt: skip
            if not ({stem(w) for w in tokens(found[1])} & asked) and not re.search(rf"{MONTH}|\d{{4}}", found[1]):
                spans.append((1.0, found, found.group()))
    elif kind == "reason":
        spans += [(1.5, m, (m[1] or m[2] or "").strip()) for m in REASON.finditer(sentence)]
    elif kind == "colour":
        spans += [(1.5, m, m.group()) for m in re.finditer(r"\b(?:" + "|".join(COLOURS) + r")\b", sentence, re.I)]
    ranked = []
    for value, found, text in spans:
        near = min((abs(p - found.start()) if p < found.start() else abs(p - found.end()) + 6 for p in places), default=80)
        clause = sentence[min(found.start(), *(places or [0])) : max(found.start(), *(places or [0]))].count(";")
        ranked.append((value + 0.7 / (1 + near / 25) - 0.2 * bool(clause), text))
    return sorted(ranked, key=lambda c: -c[0])


def answer(question: str, passage: str) -> Answer | None:
    """The answer the passage gives, if it clearly gives one of the asked type."""
    kind = kind_of(question)
    if kind == "yes":
        return None
    keys = list(dict.fromkeys(stem(w) for w in content(question) if not (fold(w) in CUES and kind not in ("thing", "quantity"))))
    quantity = re.search(r"\bhow (deep|long|tall|high|wide|large|big|far|heavy|old|hot|cold)\b", fold(question))
    if quantity and quantity[1] in ("deep",):
        keys.append(stem(quantity[1]))
    if not keys:
        return None
    units = sentences(passage)
    stems = [{stem(w) for w in re.findall(r"[^\W_]+", s)} | {stem(t) for t in tokens(s)} for s in units]
    best: Answer | None = None
    for i, sentence in enumerate(units):
        around = set().union(*stems[max(0, i - 3) : i], stems[0])
        score = full = 0.0
        hit: list[str] = []
        for key in keys:
            weight = 1.0
            full += weight
            close = [s for s in stems[i] if s == key] or [s for s in stems[i] if len(s) > 2 and related(key, s)]
            if close:
                score += weight if key in stems[i] else 0.8
                hit += close
            elif key in around:
                score += 0.6 * weight
        cover = score / full
        direct = len(hit) > 0 and sum(any(related(k, h) for h in hit) for k in keys) / len(keys)
        if cover < 0.6 or not direct or direct < 0.34:
            continue
        label = re.match(r"(?:\W*)([A-Z][\w ]{1,24}?)\W*: +(.+)", sentence)
        if label and any(stem(w) in keys for w in tokens(label[1])) and len(label[2]) < 160:
            text, value = label[2].strip(), 1.5
        elif kind == "thing":
            text, value = sentence, 1.0
        else:
            options = candidates(question, kind, sentence, hit)
            if not options:
                continue
            value, text = options[0]
            if len(options) > 1 and options[1][0] > value - 0.02 and options[1][1] != text:
                value -= 0.3
        confidence = int(100 * min(1.0, cover * (0.75 + 0.25 * min(1.0, value / 1.5)) * (0.8 + 0.2 * float(direct))))
        if best is None or confidence > best.confidence:
            best = Answer(text, sentence, confidence)
    return best


def reply(prompt: str) -> str:
    """What the sub-model says to a prompt that code wrote: `answer | confidence | sentence`, a summary, or NOT FOUND."""
    found = re.search(r"Question:\s*(.+?)\s*(?:\n\n|\n(?=Passage|Text|Context)|\Z)", prompt, re.S)
    question = (found[1] if found else prompt.split("\n", 1)[0]).strip()
    passage = re.split(r"\n(?:Passage|Text|Context):?[ \t]*\n", prompt, maxsplit=1)
    body = passage[1] if len(passage) > 1 else prompt[found.end() if found else len(question) :]
    if re.search(r"\bsummar", fold(question)):
        return " ".join(summary(body, 2)) or NOT_FOUND
    best = answer(question, body)
    if best is None or best.confidence < 40:
        return NOT_FOUND
    return f"{best.text} | {best.confidence} | {best.sentence}"


def summary(text: str, size: int) -> list[str]:
    """The most central sentences, in their order: those that share the most words with the rest."""
    units = [s for s in sentences(text) if len(tokens(s)) > 5 and re.search(r"[.!?:\"”]$", s)][:400] or sentences(text)[:400]
    bags = [{stem(w) for w in content(s)} for s in units]
    count: dict[str, int] = {}
    for bag in bags:
        for word in bag:
            count[word] = count.get(word, 0) + 1
    shared = {w: n for w, n in count.items() if n > 1}
    scores = [sum(shared.get(w, 0) for w in bag) / (len(bag) + 4) + (0.5 if i == 0 else 0) for i, bag in enumerate(bags)]
    chosen: list[int] = []
    for i in sorted(range(len(units)), key=lambda i: -scores[i]):
        if all(len(bags[i] & bags[j]) <= 0.5 * len(bags[i] | bags[j]) for j in chosen):
            chosen.append(i)
        if len(chosen) == size:
            break
    return [units[i] for i in sorted(chosen)]
