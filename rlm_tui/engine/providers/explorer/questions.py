"""From a question and the fields of a document to a plan: what to keep, what to work out, and what was not understood."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rlm_tui.engine.providers.explorer.dates import MONTHS, find_dates, moment_format
from rlm_tui.engine.providers.explorer.words import (
    FALSE,
    NUMBERS,
    STOP,
    SUPERLATIVES,
    TOKEN,
    TRUE,
    UNIT_WORDS,
    akin,
    fold,
    parts,
    related,
    stem,
    tokens,
)

SUMMARY = re.compile(r"\bsummar|\boverview\b|\bgist\b|\btl;?dr\b|\bmain points?\b|\bwhat (?:is|are) (?:this|the) (?:\w+ )?about\b|\bin short\b")
LINE = re.compile(r"\b(?:which|what) lines?\b|\bline number|\b(?:give|quote|find|show)(?: me)? the line\b|\bon (?:which|what) line\b")
TIMES = re.compile(r"\bhow (?:many times|often)\b|\boccurrences? of\b|\bnumber of times\b")
NOUNS = frozenset(
    stem(w)
    for w in "row record line entry item event message request login attempt case instance occurrence element value member "
    "result log reading people person thing document number amount year day time word term definition mail email sort list detail field column chat conversation discussion channel group article story page speed depth size level rate figure reading response transaction".split()
)
DETERMINERS = frozenset("the a an his her its their our my your".split())
COLLECTIONS = frozenset(
    stem(w)
    for w in "catalogue catalog collection database playlist tour song bibliography inventory register journal diary schedule calendar survey "
    "network system season year month period export sample feed".split()
)
"""What people call a set of records."""
SUBJECTS = frozenset(
    stem(w)
    for w in "project document text article story letter report page file program software tool app application library guide manual "
    "book company organisation organization team club event meeting house paper study game film product service machine device flat script module firm festival society association group".split()
)
"""What people call the subject of the document itself."""
ANCHORS = frozenset(stem(w) for w in "row record line entry item event message request login attempt log result verse post".split())
ALIASES = {
    "yes": frozenset("done completed complete finished checked ticked closed resolved".split()),
    "item": frozenset("bullet bullets points".split()),
    "female": frozenset("women woman females ladies girls girl".split()),
    "male": frozenset("men man males boys boy".split()),
    "no": frozenset("open todo remaining unfinished pending outstanding incomplete unchecked left undone".split()),
}
"""What people call the two states of a task."""
VERBS = frozenset(
    stem(w)
    for w in "have place make come go take give use work live be contain appear occur return send post write record sell buy "
    "order do see need spend hold run own belong want look serve play stay happen start end fall reach publish exist "
    "involve report issue cost weigh last measure earn pay bring getting got hire join admit log treat charge score "
    "include import define declare configure set equal assign count cite appear mean ask answer respond reply choose select vote rate review complain purchase attend travel require need provide depart arrive leave supply say total average mean sum run rare tie print shown visit account common".split()
)
ABOVE = r"more than|over|above|greater than|higher than|larger than|bigger than|longer than|older than|heavier than|exceed\w*|after|later than|newer than|taller than|>"
BELOW = r"less than|fewer than|under|below|within|lower than|smaller than|shorter than|younger than|lighter than|cheaper than|before|earlier than|prior to|<"
LEAST = r"at least|no less than|not less than|no fewer than|since|from|>=|≥"
MOST = r"at most|no more than|not more than|up to|until|<=|≤"
COMPARE = re.compile(rf"(?:(?P<ge>{LEAST})|(?P<le>{MOST})|(?P<gt>{ABOVE})|(?P<lt>{BELOW}))\s+(?:the )?(?:age of |year )?(?=[-$€£\d<]|\w)")
FIGURE = re.compile(r"(?:[$€£]\s?)?(-?\d[\d,]*(?:\.\d+)?)\s?(%|[a-z°]+\b)?")
NEGATION = re.compile(r"\b(?:not|no|without|except(?: for)?|excluding|exclude|other than|non|never|neither|nor|apart from)[^\w(]+(?:\w+[^\w(]+){0,2}$|n't[^\w(]+(?:\w+[^\w(]+){0,2}$")
UNITS = frozenset("eur usd gbp kg km cm mm ms c f m s g lb mb gb kb pct percent min sec hrs hours in of the".split())


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
        figures = sum(bool(re.fullmatch(r"[^\w\d]{0,3}(?:[A-Z]{3} )?[-−+]?[$€£]?\d[\d.,' ]*\s?(?:%|°?[A-Za-z/²³€£$]{0,12})", v)) for v in full)
        dotted = sum(bool(re.fullmatch(r"\d+(\.\d+){2,}", v)) for v in full)
        self.moment = moment_format([v for v, _ in self.values])
        states = {fold(v) for v in full}
        self.flag = bool(full) and len(states) <= 4 and bool(states & TRUE) and bool(states & FALSE) and len(states - TRUE - FALSE) <= 1 or (len(states) == 1 and states <= {"yes", "no", "true", "false"})
        self.numeric = bool(full) and figures >= 0.9 * len(full) and not dotted and not self.moment
        self.id = bool(re.search(r"(?i:(^|[ _.-])(id|uuid|sku|code)$)|Id$", self.name)) or (
            bool(re.search(r"(?i:(^|[ _.-])(no|nr|number|ref|key)\.?$)|^#$", self.name)) and self.distinct > 0.5 * self.n
        )
        figured = [float(v) for v in full if re.fullmatch(r"\d+", v)]
        steps = {b - a for a, b in zip(figured, figured[1:], strict=False)}
        if self.numeric and len(figured) == len(full) > 3 and self.distinct == self.n and figured == sorted(figured) and (self.at == 0 or (steps == {1.0} and self.n <= 12)):
            self.id = not all(1500 <= x <= 2100 for x in figured)  # a running number
        if folded == "verse":
            self.moment = ""
        if self.numeric and self.distinct > 0.9 * self.n > 10 and full and all(re.fullmatch(r"[1-9]\d{3,}", v) for v in full) and len({len(v) for v in full}) == 1 and not self.units():
            self.id = self.id or not any(related(p, stem(w)) for p in self.parts for w in ("price", "salary", "amount", "size", "population", "year", "bytes", "score", "distance", "weight"))
        self.year = self.numeric and all(re.fullmatch(r"(1[0-9]|20)\d\d", v) for v in full)
        self.person = not self.numeric and related(self.parts[-1], stem("name")) and self.parts[-1] != "id"
        self.place = any(p in map(stem, "city town country place location where address destination venue room region station stop port airport office branch site shop store".split()) for p in self.parts)
        named = sum(bool(re.fullmatch(r"(?:[A-Z][\w.'’-]*,? ){1,3}[A-Z][\w.'’-]+", v)) for v in full)
        self.person = self.person or (not self.numeric and not self.moment and self.distinct > 0.8 * self.n > 2 and named > 0.7 * len(full) and self.at < 4)
        self.multi = not self.numeric and not self.moment and sum(bool(re.search(r"\w(?:,|;| /) \w", v)) for v in full) > 0.2 * len(full) and not self.person
        self.unit_names = self.units() if self.numeric else set()
        self.text = not self.numeric and not self.moment and (self.size > 25 or folded in ("message", "text", "body", "note", "notes"))

    def __hash__(self) -> int:
        return hash(self.name)

    def units(self) -> set[str]:
        found = {m[1].lower() for v, _ in self.values if (m := re.fullmatch(r"[^A-Za-z]*\d\s?([A-Za-z°%]+)", v))}
        inner = re.search(r"\(([^)]+)\)|_(ms|kg|km|cm|mm|mb|gb|kb|s|c|m)$", self.name)
        return found | ({(inner[1] or inner[2]).lower()} if inner else set())


@dataclass
class Profile:
    """What the second cell printed."""

    records: int = 0
    fields: list[Field] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)
    facts: list[tuple[str, str]] = field(default_factory=list)


def fact_of(question: str, facts: list[tuple[str, str]]) -> str:
    """The name of the single fact that a question asks for; empty if none fits alone, or a word is left over."""
    named = {p for name, _ in facts for p in parts(name)}
    for word in re.findall(r"\b(?:average|mean|median|total|sum|most|least|fewest|highest|lowest|largest|smallest|different|distinct)\b", fold(question)):
        if word == "mean" and re.search(r"\bdo(?:es)? .*\bmean\b", fold(question)):
            continue
        if stem(word) not in named and not any(related(stem(word), p) for p in named):
            return ""
    counted = re.search(r"\bhow many ([a-z]+)", fold(question))
    words = [t for t in TOKEN.findall(fold(question)) if t.removesuffix("'s") not in STOP]
    if re.match(r"\W*(?:why|how many|how often)\b", fold(question)) and not facts:
        return ""
    joined = {stem(a + b) for a, b in zip(words, words[1:], strict=False)}
    asked = [stem(w) for w in words] + [p for w in words if re.search(r"[._/-]", w) for p in parts(w)]
    hints = {"who": "name person", "when": "date year time", "where": "place location address", "how much": "price cost amount"}
    hinted = [stem(h) for wh, group in hints.items() if re.search(rf"\b{wh}\b", fold(question)) for h in group.split()]
    subject = {stem(w) for name, value in facts if "." not in name for w in tokens(f"{name} {value}")}
    ranked = []
    for name, value in facts:
        path = [p for p in name.split(".") if p]
        steps = [[p for p in parts(step) if p not in ("count", "number", "num")] or parts(step) for step in path if parts(step)]
        if not steps:
            continue
        flat = [p for step in steps for p in step]
        exact = {a for a in asked if any(akin(a, p) for p in flat) or "".join(flat).startswith(a) and len(a) > 5} | {"".join(flat) for _ in (1,) if joined & set(flat)}
        loose = {a for a in asked if a not in exact and any(related(a, p) for p in flat)}
        leaf = [p for p in steps[-1] if p in asked or p in joined or any((related if exact & set(asked) - set(steps[-1]) else akin)(p, a) for a in asked)]
        hint = [p for p in steps[-1] if any(related(p, h) for h in hinted)]
        left = [
            a
            for w, a in zip(words, asked, strict=False)
            if a not in exact | loose | subject and a not in NOUNS | VERBS | SUBJECTS and fold(w) != fold(value) and not joined & set(flat)
            and not (re.search(r"[._/-]", w) and set(parts(w)) <= set(flat))
        ]
        if counted and not ((stem(counted[1]) == steps[-1][-1] or (stem(counted[1]) in steps[-1] and set(steps[-1]) <= set(asked))) and re.search(r"\d", value)):
            continue
        head = bool(left) and any(re.search(rf"\b{re.escape(w)}\s+(?:of|for|in)\b|\b{re.escape(w)}\W*$", fold(question)) for w, a in zip(words, asked, strict=False) if a == left[0])
        if (leaf or (hint and exact)) and len(left) <= (len(exact) > 1 and not head):
            unmatched = sum(p not in exact and not any(related(p, a) for a in asked) for p in flat)
            ranked.append((len(exact) + 0.6 * len(loose) + 0.5 * bool(hint) + 0.5 * len(leaf) / len(steps[-1]) - 0.15 * unmatched - 0.5 * len(left), name, value))
    ranked.sort(key=lambda r: -r[0])
    if not ranked or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < 0.05 and ranked[0][2] != ranked[1][2]):
        return ""
    return ranked[0][1]


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
        for phrase, word in (("most recently", "latest"), ("most recent", "latest"), ("least recent", "earliest"), ("least expensive", "cheapest"), ("most expensive", "dearest")):
            question = re.sub(rf"\b{phrase}\b", word, question, flags=re.I)
        self.question = question
        self.profile = profile
        self.low = fold(question) if len(fold(question)) == len(question) else question.lower()
        aside = re.search(r",? ?\(?(?:not (?:counting|including)|excluding|without|ignoring) the header(?: row| line)?s?\)?|\(there may be .*?\)", self.low)
        for name in re.finditer(r"\b(?:in |of )?(?:the (?:file )?)?[\w-]+\.(?:c|h|py|js|ts|go|rs|java|txt|md|csv|tsv|json|jsonl|ya?ml|ini|toml|log)\b", self.low):
            question = question[: name.start()] + " " * len(name.group()) + question[name.end() :]
            self.low = self.low[: name.start()] + " " * len(name.group()) + self.low[name.end() :]
        if aside:  # header lines are never records
            question = question[: aside.start()] + " " * len(aside.group()) + question[aside.end() :]
            self.low = self.low[: aside.start()] + " " * len(aside.group()) + self.low[aside.end() :]
        self.tokens = [(m.start(), m.end(), m.group().removesuffix("'s").removesuffix("’s")) for m in TOKEN.finditer(question)]
        self.stems = [stem(t) for _, _, t in self.tokens]
        self.used = [False] * len(self.tokens)
        self.plan = Plan("lookup")
        self.filtered: set[str] = set()
        self.spelled = False  # whether the question names the measured field itself

    # -- small things -------------------------------------------------------------------------------------------
    def use(self, start: int, end: int) -> None:
        for i, (a, b, _) in enumerate(self.tokens):
            if a < end and b > start:
                self.used[i] = True

    def has(self, expression: str) -> bool:
        return re.search(expression, self.low) is not None

    def free(self) -> list[int]:
        return [i for i, (_, _, t) in enumerate(self.tokens) if not self.used[i] and fold(t) not in STOP]

    def negated(self, start: int) -> bool:
        return NEGATION.search(self.low[:start]) is not None

    def keep(self, condition: str, said: str) -> None:
        self.plan.conditions.append(condition)
        self.plan.said.append(said)

    def strength(self, f: Field, i: int) -> float:
        """How well the token names the field: 3 its whole name, 2 a part of it, 1 a related word."""
        root = self.stems[i]
        if root in f.parts or fold(self.tokens[i][2]) == fold(f.name):
            return 3 if len(f.parts) == 1 or fold(self.tokens[i][2]) == fold(f.name) else 2.2 if f.parts[-1] == root else 2
        token = re.sub(r"[\W_]", "", fold(self.tokens[i][2]))
        if len(token) > 2 and token == re.sub(r"[\W_]", "", fold(f.name)):
            return 3
        if token in f.unit_names or UNIT_WORDS.get(token) in f.unit_names:
            return 1.5
        return 1 if any(related(root, p) for p in f.parts) else 0

    def mention(self, test: object = None, *, stops: bool = False) -> tuple[Field, list[int]] | None:
        """The field that the unused words name best, with the words; none if two fields are named equally well."""
        scores: list[tuple[float, Field, list[int]]] = []
        for f in self.profile.fields:
            if callable(test) and not test(f):
                continue
            hits = [
                (self.strength(f, i), i)
                for i in range(len(self.tokens))
                if not self.used[i] and (fold(self.tokens[i][2]) not in STOP or (stops and fold(self.tokens[i][2]) not in ("of", "to", "at", "the", "by")))
            ]
            hits = [(s, i) for s, i in hits if s]
            if hits:
                best = max(s for s, _ in hits)
                several = len({self.stems[i] for s, i in hits if s >= 2})
                scores.append((best + 0.5 * (several - 1) * (best >= 2) - 0.01 * min(i for s, i in hits if s == best), f, [i for _, i in hits]))
        scores.sort(key=lambda s: -s[0])
        if not scores or (len(scores) > 1 and scores[0][0] < 2 and scores[0][0] - scores[1][0] < 0.005):
            return None
        return scores[0][1], scores[0][2]

    def idioms(self) -> None:
        """`out of stock` and `in stock` speak of a number."""
        found = re.search(r"\b(out of stock|sold out|in stock)\b", self.low)
        f = next((f for f in self.profile.fields if f.numeric and {stem("stock"), stem("quantity"), stem("qty")} & set(f.parts)), None)
        if found and f and not (found[1] == "in stock" and self.has(r"\bhow many\b")):
            self.keep(f"number(r.get({f.name!r}, '')) {'>' if found[1] == 'in stock' else '=='} 0", f"{f.name} {'above' if found[1] == 'in stock' else '=='} 0")
            self.plan.numeric.append(f)
            self.filtered.add(f.name)
            self.use(*found.span())

    # -- filters ------------------------------------------------------------------------------------------------
    def figures(self) -> None:
        """Comparisons with numbers and dates."""
        dates = find_dates(self.question)
        fields = self.profile.fields
        numeric = [f for f in fields if f.numeric and not f.id]
        moments = [f for f in fields if f.moment]
        spans = [(d.start, d.end) for d in dates]
        between = re.search(r"\b(?:between|from(?! between))\s+(?P<a>.{1,30}?)\s+(?:and|to|until|-)\s+", self.low)
        if between:
            first = next((d for d in dates if d.start == between.start("a")), None)
            last = next((d for d in dates if d.start == between.end() or d.start == between.end() + 4), None)
            if first and last and self.moment_filter(moments, first.lo, last.hi, between.start(), last.end):
                dates = [d for d in dates if d not in (first, last)]
            elif not first:
                x, y = FIGURE.fullmatch(between["a"].strip()), FIGURE.match(self.low, between.end())
                if x and y:
                    self.number_filter(numeric, [(">=", x[1]), ("<=", y[1])], y[2] or x[2] or "", between.start(), y.end())
        for found in COMPARE.finditer(self.low):
            if any(self.used[i] for i, (a, _, _) in enumerate(self.tokens) if a == found.start()):
                continue
            sign = next(k for k, v in found.groupdict().items() if v)
            date = next((d for d in dates if d.start - 4 <= found.end() <= d.start), None)
            years = [f for f in numeric if f.year]
            if date and (moments or (years and date.kind == "year")) and not (found.group().startswith("over") and date.kind == "year"):
                if date.kind == "year" and years and not moments:
                    self.number_filter(years, [({"ge": ">=", "le": "<=", "gt": ">", "lt": "<"}[sign], date.lo)], "", found.start(), date.end)
                else:
                    lo, hi = {"gt": (date.hi, ""), "ge": (date.lo, ""), "lt": ("", date.lo), "le": ("", date.hi)}[sign]
                    self.moment_filter(moments, lo, hi, found.start(), date.end)
                dates.remove(date)
                continue
            figure = FIGURE.match(self.low, found.end())
            if figure and found.group().strip() not in ("from", "since"):
                op = {"ge": ">=", "le": "<=", "gt": ">", "lt": "<"}[sign]
                unit = figure[2] or ""
                self.number_filter(numeric, [(op, figure[1])], unit, found.start(), figure.end(1) if not unit else figure.end(), found.group())
        for found in re.finditer(r"(-?\d[\d,.]*)\s?([a-z%°]+)?\s+(?:or|and) (more|over|above|older|later|longer|less|fewer|under|below|younger)\b", self.low):
            op = ">=" if found[3] in ("more", "over", "above", "older", "later", "longer") else "<="
            self.number_filter(numeric, [(op, found[1])], found[2] or "", found.start(), found.end(), found[3])
        for date in dates:
            taken = any(self.used[i] for i, (a, _, _) in enumerate(self.tokens) if a >= date.start and a < date.end)
            plain = any(self.question[date.start : date.end] == v for f in fields for v in f.asked if not f.moment and not f.year)
            if taken or plain or spans.count((date.start, date.end)) > 1:
                continue
            opening = re.search(r"\b(in|during|on|for|of|at|from|dated)\s+(?:the year |year )?$", self.low[: date.start])
            years = [f for f in numeric if f.year]
            if date.kind == "year" and years:
                self.number_filter(years, [("==", date.lo)], "", opening.start() if opening else date.start, date.end)
            elif moments and (opening or date.kind != "year"):
                self.moment_filter(moments, date.lo, date.hi, date.start, date.end)

    def near(self, fields: list[Field], start: int, end: int, unit: str = "", hint: str = "") -> Field | None:
        """The field that a comparison at this place is about."""
        if not fields:
            return None
        ranked = []
        for f in fields:
            score = 0.0
            for i, (a, b, t) in enumerate(self.tokens):
                if (a >= start and b <= end and t != unit) or (fold(t) in STOP and not related(self.stems[i], "long")):
                    continue
                s = self.strength(f, i)
                if s:
                    score = max(score, s + 1 / (1 + min(abs(a - end), abs(start - b)) / 10))
            for word in re.findall(r"\w+", hint):
                root = re.sub(r"er$", "", word)
                if any(related(stem(root), p) or related(stem(root + "e"), p) for p in f.parts) and root not in ("ov", "und", "low", "high"):
                    score = max(score, 1.8)
            if unit and (unit in f.units() or unit.rstrip("s") in f.units()):
                score += 3
            if not unit and hint.strip() in ("over", "under", "above", "below") and stem("age") in f.parts:
                score += 1.5  # "patients over 60"
            ranked.append((score, f))
        ranked.sort(key=lambda x: -x[0])
        if len(ranked) == 1 or ranked[0][0] - ranked[1][0] > 0.05:
            return ranked[0][1] if ranked[0][0] or len(ranked) == 1 else None
        return None

    def number_filter(self, fields: list[Field], tests: list[tuple[str, str]], unit: str, start: int, end: int, hint: str = "") -> None:
        f = self.near(fields, start, end, unit, hint)
        if f is None:
            return self.plan.doubts.append(f"which field to compare with {tests[0][1]}")
        if unit and f.units() and unit not in f.units() and unit[:1] not in {u[:1] for u in f.units()} and fold(unit) not in STOP:
            if stem(unit) not in NOUNS and not any(related(stem(unit), p) for p in f.parts):
                end -= len(unit)
        for op, figure in tests:
            figure = figure.replace(",", "")
            negate = op != "==" and self.negated(start) and "more than" not in hint
            self.keep(("not " if negate else "") + f"number(r.get({f.name!r}, '')) {op} {figure}", f"{f.name} {op} {figure}")
        self.plan.numeric.append(f)
        self.name(f)
        self.use(start, end)

    def name(self, f: Field, least: float = 2) -> None:
        """Mark the words that name a field as understood."""
        self.filtered.add(f.name)
        for i in self.free():
            if self.strength(f, i) >= least:
                self.used[i] = True

    def moment_filter(self, fields: list[Field], lo: str, hi: str, start: int, end: int) -> bool:
        f = self.near(fields, start, end) or (fields[0] if len(fields) == 1 else None)
        if f is None:
            self.plan.doubts.append("which date is meant")
            return False
        clock_only = "%d" not in f.moment and "%m" not in f.moment
        value = f"when(r.get({f.name!r}, ''))"
        if re.match(r"--", lo or hi):
            value, lo, hi = f"{value}[5:7]", lo[2:], hi[2:] or "99"
        elif re.match(r"\d\d:", lo or hi) and not clock_only:
            value = f"{value}[11:]"
        elif not re.match(r"\d\d:", lo or hi) and (clock_only or "%Y" not in f.moment.replace("%y", "%Y")):
            self.plan.doubts.append("the date has no year here")
            return False
        test = f"{lo or '0'!r} <= {value}" + (f" < {hi!r}" if hi else "") if lo else f"'0' < {value} < {hi!r}"
        self.keep(test, f"{f.name} " + (f"from {lo} " if lo else "") + (f"before {hi}" if hi else ""))
        self.plan.moments.append(f)
        self.name(f)
        self.use(start, end)
        return True

    def numbered(self) -> None:
        """`rule 2`, `verse 3`, `step 4`: an item by its number."""
        f = next((f for f in self.profile.fields if f.name in ("number", "verse") and f.numeric), None)
        found = re.search(r"\b([a-z]+) (?:no\.? |number )?(\d+)\b", self.low)
        if f and found and found[1] not in STOP and not any(self.strength(g, i) >= 2 and g is not f for g in self.profile.fields for i, t in enumerate(self.tokens) if t[0] == found.start(1)):
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
                self.keep(" or ".join(f"fold(r.get({f.name!r}, '')) {sign} {phrase!r}" for f in same[:1]), f"{same[0].name} {sign} {phrase}")
                self.name(same[0])
            else:
                self.keep(f"{phrase!r} {'not in' if sign == '!=' else 'in'} fold(r['_text'])", f"text has {phrase}")
            self.use(found.start(), found.end())

    def values(self) -> None:
        """Values of fields that the question names, longest first; the same value in two fields stays a choice."""
        found: dict[tuple[int, int], list[tuple[Field, str, bool]]] = {}
        listed = self.phrase(self.noun()) if self.plan.op in ("distinct", "top", "list") else []
        for f in self.profile.fields:
            if f.name == "done" or any(fold(v) in ("male", "female", "item") for v, _ in f.values):
                for i, (_, _, t) in enumerate(self.tokens):
                    for state, words in ALIASES.items():
                        shown = next((v for v, _ in f.values if fold(v) == state), None)
                        if fold(t) in words and not self.used[i] and shown and (state in ("yes", "no")) == (f.name == "done"):
                            found.setdefault((i, i + 1), []).append((f, shown, True))
            if f.flag or (f.text and f.size > 80):
                continue
            if f.name == "name" and self.has(r"\b(?:which|what) (?:function|method|class|struct)\b"):
                continue
            for value in dict.fromkeys([*f.asked, *(v for v, _ in f.values)]):
                roots = [stem(m.group()) for m in TOKEN.finditer(value)]
                if f.name == "table":
                    roots = [stem(value.split(".")[-1])]
                if not roots or len(roots) > 12 or len(value) >= 60:
                    continue
                for i in range(len(self.tokens) - 1):
                    joined = fold(self.tokens[i][2] + self.tokens[i + 1][2])
                    if len(roots) == 1 and joined == fold(value) and not any(self.used[i : i + 2]):
                        found.setdefault((i, i + 2), []).append((f, value, True))
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
                        if not whole and not self.partial(roots, i, size, value, f):
                            continue
                        at = next((j for j in range(len(roots)) if roots[j : j + size] == self.stems[i : i + size]), None)
                        spoken = " ".join(m.group() for m in list(TOKEN.finditer(value))[at : at + size]) if at is not None else self.tokens[i][2]
                        found.setdefault((i, i + size), []).append((f, value if whole else spoken, whole))
                        break
        spans = sorted(found, key=lambda s: (-(s[1] - s[0]), -any(w for *_, w in found[s]), s[0]))
        chosen: dict[str, list[tuple[Field, str, bool, bool]]] = {}
        for a, b in spans:
            if any(self.used[a:b]):
                continue
            options = list({(o[0].name, fold(o[1])): o for o in ([o for o in found[a, b] if o[2]] or found[a, b])}.values())
            if len({o[0].name for o in options}) > 1:
                options = self.prefer(options, a, b)
            if {"section", "part"} & {o[0].name for o in options}:
                options = [o for o in options if o[0].name != "text"]
            negative = self.negated(self.tokens[a][0])
            if len({o[0].name for o in options}) > 1:
                tests = " or ".join(self.equal(f, [v], whole) for f, v, whole in options)
                self.keep(f"{'not ' if negative else ''}({tests})", f"{' or '.join(dict.fromkeys(o[0].name for o in options))} is {options[0][1]}")
                self.filtered.update(o[0].name for o in options)
                if self.overlap(options) and {o[0].name for o in options} != {"section", "part"}:
                    self.plan.doubts.append(f"which field {options[0][1]!r} belongs to")
            else:
                for f, v, whole in options:
                    chosen.setdefault(f.name, []).append((f, v, whole, negative))
            for i in range(a, b):
                self.used[i] = True
        for name, options2 in chosen.items():
            f = options2[0][0]
            self.filtered.add(name)
            for negative in (False, True):
                whole_values = [v for _, v, whole, neg in options2 if neg == negative and whole]
                part_values = [v for _, v, whole, neg in options2 if neg == negative and not whole]
                if part_values and all(self.profile.words.get(v, 0) == self.profile.records for v in part_values):
                    continue  # said of all of them: it tells nothing apart
                tests2 = [t for t in (self.equal(f, whole_values, True), self.equal(f, part_values, False)) if t]
                if tests2:
                    test = " or ".join(tests2)
                    self.keep((f"not ({test})" if negative else f"({test})" if " or " in test else test), f"{name} is {'not ' if negative else ''}{' or '.join(dict.fromkeys(whole_values + part_values))}")
            for i in self.free():  # the field's own name next to its value: "status 404", "the Engineering department"
                if self.strength(f, i) >= 1 and (self.strength(f, i) >= 2 or related(self.stems[i], f.parts[-1])):
                    near = any(self.used[j] for j in (i - 2, i - 1, i + 1, i + 2) if 0 <= j < len(self.tokens))
                    self.used[i] = near or self.used[i]

    def overlap(self, options: list[tuple[Field, str, bool]]) -> bool:
        """Whether the fields of a choice stand in the same records, so that it is a real one."""
        return sum(o[0].n for o in {o[0].name: o for o in options}.values()) > self.profile.records

    def same(self, roots: list[str], i: int, value: str, f: Field) -> bool:
        texts = [fold(t) for _, _, t in self.tokens[i : i + len(roots)]]
        demonym = len(roots) == 1 and len(value) > 3 and re.fullmatch(rf"{re.escape(fold(value)[:-1])}\w?(?:n|an|ian|ean|ese|ish)", texts[0]) and self.tokens[i][2][0].isupper()
        if self.stems[i : i + len(roots)] != roots and not demonym and not (len(roots) == 1 and len(roots[0]) > 3 and texts[0].rstrip("s") == fold(value)):
            return False
        if len(roots) == 1 and (texts[0] in STOP or len(texts[0]) == 1):
            return self.tokens[i][2] == value and (not value.islower() or value.isdigit())
        if f.numeric and not f.id and not f.year and f.distinct > 15 and len(roots) == 1:
            return any(self.strength(f, j) >= 1 for j in (i - 2, i - 1, i + 1) if 0 <= j < len(self.tokens))
        return True

    def partial(self, roots: list[str], i: int, size: int, value: str, f: Field) -> bool:
        span = self.stems[i : i + size]
        texts = [t for _, _, t in self.tokens[i : i + size]]
        if not any(roots[j : j + size] == span for j in range(len(roots))):
            text = fold(texts[0])
            return size == 1 and i > 0 and texts[0][0].isupper() and len(text) > 3 and any(fold(w).startswith(text) for w in re.findall(r"[^\W\d_]+", value)) and not f.numeric
        span_tokens = range(i, i + size)
        if any(self.strength(g, j) >= 2 for g in self.profile.fields for j in span_tokens) or all(self.stems[j] in VERBS | NOUNS or (fold(self.tokens[j][2]).endswith("ed") and not texts[0][0].isupper()) for j in span_tokens):
            return False
        if f.numeric or f.moment or (size == 1 and (fold(texts[0]) in STOP or len(texts[0]) < 3)):
            return False
        return all(t[0].isupper() for t in texts) and i > 0 or (f.distinct <= 12 and not f.text and not f.person and all(len(t) > 3 for t in texts))

    def prefer(self, options: list[tuple[Field, str, bool]], a: int, b: int) -> list[tuple[Field, str, bool]]:
        """The options whose field is named by the words around the value."""
        around = [j for j in (a - 2, a - 1, b, b + 1) if 0 <= j < len(self.tokens)]
        lead = fold(self.tokens[a - 1][2]) if a else ""
        way = {"from": "origin", "leaving": "origin", "departing": "origin", "to": "destination", "towards": "destination", "reaching": "destination"}.get(lead, "")
        led = [o for o in options if way and any(related(stem(way), p) for p in o[0].parts)]
        if led:
            return led
        scored = [(max((self.strength(f, j) for j in around), default=0), (f, v, w)) for f, v, w in options]
        best = max(s for s, _ in scored)
        if best == 0:
            scored = [(max((self.strength(f, j) for j in range(len(self.tokens)) if not a <= j < b), default=0), (f, v, w)) for f, v, w in options]
            best = max(s for s, _ in scored)
        named = [o for s, o in scored if s == best and best > 0] or options
        return [o for o in named if not o[0].text] or named

    @staticmethod
    def equal(f: Field, values: list[str], whole: bool) -> str:
        """A test in code: the field is one of the values, or holds one of them as words."""
        folded = list(dict.fromkeys(fold(v) for v in values))
        if not folded:
            return ""
        if whole and not f.multi:
            return f"fold(r.get({f.name!r}, '')) == {folded[0]!r}" if len(folded) == 1 else f"fold(r.get({f.name!r}, '')) in {tuple(folded)!r}"
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
                close = self.strength(f, i) >= 3 or any(p == self.stems[i] or (len(p) > 3 and p.startswith(self.stems[i])) for p in f.parts)
                if f.flag and close and self.plan.op == "lookup" and self.has(r"^\W*(?:is|are|was|were|does|do|did|has|have)\b") and self.plan.target is None and self.filtered:
                    self.plan.target = f
                    self.used[i] = True
                    break
                if f.flag and (turned or close):
                    yes = self.negated(self.tokens[i][0]) == turned
                    wanted = [fold(v) for v, _ in f.values if fold(v) in (TRUE if yes else FALSE)]
                    self.keep(f"fold(r.get({f.name!r}, '')) in {tuple(wanted)!r}", f"{f.name} is {'yes' if yes else 'no'}")
                    self.name(f)
                    self.used[i] = True
                    break
                gap = re.search(r"\b(no|without|missing|lacks?|empty|blank|don't have|doesn't have)\b (?:an? |any |the |recorded )?(?:\w+ )?$", self.low[: self.tokens[i][0]])
                if (gap or re.match(r"\W*(?:\w+ )?(?:is|are) (?:missing|empty|blank)", self.low[self.tokens[i][1] :])) and self.strength(f, i) >= 2 and f.name not in self.filtered:
                    if not f.flag:
                        self.keep(f"fold(r.get({f.name!r}, '')) in EMPTY", f"{f.name} is empty")
                        self.name(f)
                        self.use(gap.start() if gap else self.tokens[i][0], self.tokens[i][1])
                        break

    def missing(self) -> None:
        """`… is missing`: a field without a value."""
        found = re.search(r"\b(?:missing|blank|empty|not recorded|not given|unrecorded)\b", self.low)
        named = self.mention(lambda f: f.name not in self.filtered) if found and not any("EMPTY" in c for c in self.plan.conditions) else None
        if found and named and self.strength(named[0], named[1][0]) >= 2:
            self.keep(f"fold(r.get({named[0].name!r}, '')) in EMPTY", f"{named[0].name} is empty")
            self.name(named[0])
            self.use(*found.span())

    def texts(self) -> None:
        """Words that are in the records' text: the records must hold them."""
        from rlm_tui.engine.providers.explorer.words import pattern

        for i in self.free():
            text = self.tokens[i][2]
            count = self.profile.words.get(text, 0)
            verb = self.stems[i] in VERBS and not (self.plan.op == "count" and not self.plan.conditions)
            if count and not verb and self.stems[i] not in NOUNS and (count < self.profile.records or self.profile.records == 1):
                test = f"re.search({pattern(text)!r}, fold(r['_text']))"
                self.keep(("not " if self.negated(self.tokens[i][0]) else "") + test, f"text has {text}")
                self.used[i] = True
            elif count == self.profile.records:
                self.used[i] = True

    # -- the whole ----------------------------------------------------------------------------------------------
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
        named = [f for f in unique if f.parts and f.parts[-1] in map(stem, ("name", "title", "subject", "heading", "label"))]
        others = [f for f in unique if not f.numeric and not f.moment]
        ids = [f for f in unique if f.id]
        plain = [f for f in fields if f.name in ("text", "name", "title")]
        return next(iter([*named, *others, *ids, *plain]), None)

    def noun(self) -> int | None:
        """The token that says what is counted or sought: `how many ORDERS`, `which STATION`."""
        found = re.search(
            r"\b(?:how many|number of|count(?: up| of)?(?: all)?(?: the)?|list(?: all)?(?: of)?(?: the)?|which|what|whose|name(?: all)?(?: the)?|in which|all(?: the)?|proportion of)"
            r"\s+(?:is |are |was |were )?(?:the |all |of the |different |distinct |unique |other )*",
            self.low,
        )
        if found is None and re.search(r"\b(?:who|when|where|whom)\b", self.low):
            return None
        start = found.end() if found else 0
        for i, (a, _, t) in enumerate(self.tokens):
            if a >= start and fold(t) not in STOP and fold(t) not in SUPERLATIVES:
                return i
        return None

    def phrase(self, noun: int | None) -> list[int]:
        """The words of the noun's phrase: `remote staff`, `failed password attempts`."""
        found: list[int] = []
        while noun is not None and noun < len(self.tokens) and fold(self.tokens[noun][2]) not in STOP:
            if found and re.search(r"[,;:?.]", self.low[self.tokens[noun - 1][1] : self.tokens[noun][0]]):
                break
            found.append(noun)
            noun += 1
        return found

    def anchored(self) -> bool:
        """Whether the question names what it counts or seeks by a field, a value or a plain word for a record."""
        if self.plan.op == "lookup":
            sought = self.noun_field(self.noun()) if self.has(r"\b(?:which|what) \w+") else None
            return (self.plan.target is not None and self.plan.target in (self.plan.label, self.label(), sought)) or all(not said.startswith("text has") for said in self.plan.said)
        head = self.phrase(self.noun()) if self.plan.op == "count" else list(range(len(self.tokens)))
        roots = [self.stems[i] for i in head]
        if re.search(r"\bhow many (?:were|are|was|of|have|had)\b", self.low) and any(not said.startswith("text has") for said in self.plan.said):
            return True
        plain = any(r in ANCHORS for r in roots)
        named = any(self.strength(f, i) >= 2 for f in self.profile.fields for i in head)
        value = any(stem(v) in roots for f in self.profile.fields if not f.text and f.distinct <= 40 and f.name in self.filtered for v, _ in f.values)
        return plain or (named and bool(self.filtered)) or value or self.plan.op in ("distinct", "sum")

    def read(self) -> Plan:
        """The plan for this question."""
        plan, low = self.plan, self.low
        wh = (re.search(r"\b(who|whom|whose|when|where|which|what|how)\b", low) or [""])[0]
        noun = self.noun()
        self.quoted()
        self.numbered()
        self.idioms()
        self.figures()
        superlative = self.intent(wh, noun)
        noun_field = self.noun_field(noun)
        if plan.op in ("sum", "mean", "median", "best", "group"):
            self.measure(superlative, noun)
        if plan.op in ("top", "list", "distinct", "best", "first") and noun_field and noun is not None and not (plan.op == "list" and self.is_value(noun)):
            for i in self.phrase(noun):
                self.used[i] = self.used[i] or (self.strength(noun_field, i) >= 1 and not self.is_value(i))
        self.values()
        self.flags()
        self.missing()
        {"lookup": self.lookup, "top": self.top, "list": self.listing, "distinct": self.listing, "count": self.counting,
         "best": self.record, "first": self.record, "nth": self.record, "compare": self.comparing}.get(plan.op, lambda *_: None)(wh, noun, noun_field)  # fmt: skip
        if plan.op != "lookup":
            plural = [i for i in self.free() if fold(self.tokens[i][2]).endswith("s") and re.search(r"\b(?:of|the|all|per|in|for|by|each)(?: the)? $", self.low[: self.tokens[i][0]])]
            unknown = [i for i in self.phrase(noun)[-1:] if not self.used[i] and (self.tokens[i][2].islower() or i == 0) and not self.profile.words.get(self.tokens[i][2])]
            for i in [*unknown[:1], *([] if unknown else plural[:1])]:
                if i is not None and not self.used[i] and not self.profile.words.get(self.tokens[i][2]):
                    self.used[i] = True  # what the records themselves are called
            for i in self.free():
                if any(self.strength(f, i) >= 2 and f.name in self.filtered for f in self.profile.fields):
                    self.used[i] = True
            self.texts()
        for i in self.free():
            about = [f for f in (plan.target, plan.by, plan.label) if f] + [f for f in self.profile.fields if f.name in self.filtered]
            before = fold(self.tokens[i - 1][2]) if i else ""
            if self.stems[i] in VERBS and self.stems[i] not in NOUNS and before in ("the", "a", "an", "his", "her", "its", "their") and plan.op == "lookup" and not any(self.strength(f, i) >= 1 for f in about):
                continue  # `the publisher` is a noun, whatever its stem
            if self.tokens[i][2][0].islower() and any(self.strength(f, i) >= 2 and (f.id or f.at == 0 or f is self.label()) for f in self.profile.fields):
                self.used[i] = True  # what a record is called
            behind = i > 0 and self.used[i - 1] and self.tokens[i][0] == self.tokens[i - 1][1] + 1 and fold(self.tokens[i][2]).endswith("s") and self.tokens[i][2].islower()
            if behind and plan.op != "lookup" and not self.profile.words.get(self.tokens[i][2]):
                self.used[i] = True
            if self.filler(i):
                self.used[i] = True
            if any(self.strength(f, i) >= 1 for f in about) or fold(self.tokens[i][2]) in ("rarest", "commonest", "busiest", "popular", "frequent") or self.stems[i] in NOUNS or self.stems[i] in VERBS or fold(self.tokens[i][2]) in SUPERLATIVES:
                self.used[i] = True
        if plan.op == "count" and any(s.startswith(f"{f.name} is ") and " or " not in s and " not " not in s for f in self.profile.fields if f.distinct >= 0.95 * f.n > 1 and not f.moment and (not f.numeric or f.id) for s in plan.said):
            plan.doubts.append("a count about a single record")
        plan.doubts += [f"the word {self.tokens[i][2]!r}" for i in self.free()]
        if plan.op in ("best", "aggregate", "group") and plan.target is None:
            plan.doubts.append("which field to compare")
        if re.match(r"\s*(why|how come|how do|how does|how did)\b", low):
            plan.doubts.append("a reason")
        return plan

    def filler(self, i: int) -> bool:
        """Whether an unmatched word narrows nothing: a verb, an adverb, what the records are called, or the collection itself.

        Objects of prepositions, modifiers, names and numbers do narrow: if they are not understood, nothing is.
        """
        text, before = self.tokens[i][2], fold(self.tokens[i - 1][2]) if i else ""
        if re.match(r"\s*\(", self.low[self.tokens[i][1] :]) and i + 1 < len(self.tokens) and (self.used[i + 1] or (self.plan.target and self.strength(self.plan.target, i + 1))):
            return True  # explained in parentheses
        if not text.islower() or (self.profile.words.get(text) and self.stems[i] not in VERBS):
            return False
        if self.negated(self.tokens[i][0]):
            return False
        if i + 1 < len(self.tokens) and self.used[i + 1] and re.search(r"\d", self.tokens[i + 1][2]) and self.tokens[i + 1][0] == self.tokens[i][1] + 1:
            return True  # "incident 7"
        if text.endswith("ly") or (before in ("the", "this", "that", "our") and self.stems[i] in SUBJECTS | COLLECTIONS) or (self.stems[i] in COLLECTIONS and before in ("in", "a", "one")):
            return True
        if self.plan.op == "lookup" and self.has(r"\bwho\b"):
            return False
        if self.plan.op == "lookup":
            return bool(self.plan.target and self.plan.conditions and text.endswith(("ed", "ing")) and before not in DETERMINERS)
        narrowing = before in ("by", "with", "from", "in", "at", "about", "without", "via", "on", "to", "under", "of") and not re.search(r"\b(?:all|of(?: all)?(?: the)?|per|each) $", self.low[: self.tokens[i][0]])
        plural = text.endswith("s") and not text.endswith("ss")
        named = plural and not narrowing
        chosen = self.plan.op in ("best", "first") and re.search(rf"\b(?:{'|'.join(SUPERLATIVES)}|first|last|latest|earliest)(?: \w+)? {re.escape(text)}\b", self.low) is not None
        verb = (text.endswith(("ed", "ing")) or (i + 1 == len(self.tokens) and self.has(r"\b(?:do|does|did|can|will|would)\b"))) and before not in DETERMINERS and bool(self.plan.conditions or self.plan.target)
        return named or chosen or verb

    def is_value(self, noun: int) -> bool:
        return any(stem(v) == self.stems[noun] for f in self.profile.fields for v in [*f.asked, *(x for x, _ in f.values)])

    def noun_field(self, noun: int | None) -> Field | None:
        """The field that the noun's phrase names: its last word counts most (`client IPs`, `log levels`)."""
        if noun is None:
            return None
        words = self.phrase(noun)
        cut = next((k for k, i in enumerate(words) if k and (self.stems[i] in VERBS or self.tokens[i][2].endswith("ed"))), len(words))
        words = words[:cut]
        if len(words) > 1:
            ranked = sorted(((1.5 * self.strength(f, words[-1]) + 0.7 * max(self.strength(f, i) for i in words[:-1]), f) for f in self.profile.fields), key=lambda r: -r[0])
            if ranked and ranked[0][0] >= 2 and (len(ranked) == 1 or ranked[0][0] > ranked[1][0]):
                return ranked[0][1]
        following = noun + 1 if noun + 1 < len(self.tokens) and fold(self.tokens[noun + 1][2]) not in STOP else noun
        alone = not any(self.strength(f, noun) for f in self.profile.fields)
        scored = [(max(self.strength(f, noun), alone * (self.strength(f, following) >= 2) * self.strength(f, following) - 0.1), f) for f in self.profile.fields]
        scored = [
            (s + 0.6 * (following != noun and self.strength(f, noun) > 0 and self.strength(f, following) >= 2) + 0.2 * (not f.numeric) + 0.5 * f.id - 0.1 * f.text - 0.3 * bool(f.moment), f)
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
        found = [fold(t) for _, _, t in self.tokens if fold(t) in SUPERLATIVES and fold(t) not in ("most", "least", "fewest")]
        superlative = next(iter(sorted(found, key=lambda t: t in ("best", "worst"))), "")
        extreme = re.search(r"\b(most|least|fewest)\b(?!\s+\d)", re.sub(r"\b(?:at (?:most|least)|most of)\b", "", self.low))
        frequent = self.has(r"\b(?:most|least) (?:often|frequent\w*|common\w*|popular|regularly|active)\b|\bcommonest\b|\brarest\b|\bbusiest\b|\bmode\b|\bmore often than\b")
        how_many = self.has(r"\bhow many\b|\bnumber of\b|^\W*count\b|\bcount of\b|\bhow often\b")
        if self.has(r"\b(?:different|distinct|unique)\b"):
            plan.op = "distinct" if how_many else "list"
        elif frequent:
            plan.op = "top"
            plan.sign = -1 if self.has(r"\bleast (?:often|frequent|common|popular|active)|\brarest\b") else 1
        elif self.has(r"\bmedian\b"):
            plan.op, plan.what = "median", "statistics.median(values)"
        elif self.has(r"\b(?:average|mean|avg)\b(?! of the word)"):
            plan.op, plan.what = ("group", "sum(v) / len(v)") if superlative or extreme else ("mean", "sum(values) / len(values)")
        elif self.has(r"\b(?:total|sum|altogether|in total|combined|add up|adds? up)\b") and not (how_many and self.counted_records(noun)):
            plan.op, plan.what = ("group", "sum(v)") if superlative or (extreme and wh) else ("sum", "sum(values)")
        elif re.search(r"\bor\b", self.low) and self.has(r"\b(?:more|fewer|less|higher|lower|most|fewest)\b") and not self.has(r"\bor (?:more|fewer|less)\b"):
            plan.op = "compare"
        elif how_many and not superlative:
            plan.op = "count"
        elif extreme:
            plan.op, plan.sign = "most", -1 if extreme[1] != "most" else 1
        elif superlative:
            plan.op = "best"
        elif self.has(r"\b(?:first|last|earliest|latest|final)\b"):
            plan.op = "first"
        elif self.has(r"^\W*(?:which|what) (?:\w+ )?\w+s (?:occur|appear|exist|are there|are (?:in|listed|used|defined|imported))\b") or self.has(r"^\W*(?:please )?(?:list|name|enumerate|give me (?:a list|all)|show (?:me )?all)\b|\b(?:which|what) \w+s (?:are|were|occur|exist|appear)\b|\btook part\b|\bparticipa|\blist them\b|\bwhat are the\b|\bwhich (?:\w+ )?\w+s (?:did|do|have|has|are|were|was)\b"):
            plan.op = "list"
        elif not wh and (plan.conditions or self.has(r"\b(?:with|by|in|without)\b")) and not self.has(r"^\W*(?:is|are|was|were|did|does|do|has|have)\b|\?*of\b"):
            plan.op = "count"
        for word in ("first", "last", "final", "most", "least", "fewest", "average", "mean", "total", "median", "add", "altogether", "sum", "combined"):
            for i, (_, _, t) in enumerate(self.tokens):
                if fold(t) == word:
                    self.used[i] = True
        nth = re.search(r"\b(second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|(\d+)(?:nd|rd|th|st)) (?!most|of|highest|lowest|largest|quarter|half)(?:[a-z]+ )?[a-z]+\b", self.low)
        if nth and plan.op == "lookup":
            plan.op = "nth"
            plan.what = nth[2] or str("second third fourth fifth sixth seventh eighth ninth tenth".split().index(nth[1]) + 2)
            self.use(nth.start(1), nth.end(1))
        plan.sign = SUPERLATIVES[superlative][0] if superlative else -1 if self.has(r"\b(?:last|latest|final)\b") and plan.op == "first" else plan.sign
        if plan.op == "most":
            self.most(noun)
        elif plan.op == "first" and plan.sign == 1 and False:
            plan.op = "first"
        return superlative

    def counted_records(self, noun: int | None) -> bool:
        """Whether the noun after `how many` stands for records, not for a numeric field to add up."""
        return noun is None or not any(self.strength(f, noun) >= 2 and f.numeric and not f.id for f in self.profile.fields)

    def most(self, noun: int | None) -> None:
        """`most X`: X may be a numeric field (the record with the highest), or the records themselves (the largest group)."""
        plan = self.plan
        found = re.search(r"\b(?:most|least|fewest)\b\s*(?:number of )?", self.low)
        following = [i for i, (a, _, t) in enumerate(self.tokens) if found and a >= found.end() and fold(t) not in STOP]
        numeric = [f for f in self.profile.fields if f.numeric and not f.id and not f.year]
        named = [f for f in numeric if following and self.strength(f, following[0]) >= 1]
        last = next((i for i in range(len(self.tokens) - 1, -1, -1) if found and self.tokens[i][1] <= found.start() and fold(self.tokens[i][2]) != "the"), None)
        verbs = [f for f in numeric if not following and last is not None and self.strength(f, last) >= 1]
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
            dated = [f for f in usable if (f.moment or f.year)] if superlative in ("oldest", "newest", "latest", "earliest", "youngest") else []
            behind = [i for i, (a, _, t) in enumerate(self.tokens) if superlative and fold(t) not in STOP and a > (re.search(rf"\b{superlative}\b", self.low) or re.match("", "")).start()]
            ids = [f for f in self.profile.fields if f.id and f.numeric and behind and self.strength(f, behind[0]) >= 2 and plan.op == "best"]
            direct = [f for f in usable + ids if behind and self.strength(f, behind[0]) >= 2]
            direct = direct or [f for f in usable + ids if behind and max(self.strength(f, i) for i in behind[:2]) >= 2]
            named = (direct[0], behind[:2]) if len(direct) == 1 and superlative else self.mention(lambda f: f in usable and (f.numeric or bool(dated) or plan.op == "best"), stops=True)
            if concept and by_concept:
                plan.target = named[0] if named and named[0] in by_concept else by_concept[0] if len(by_concept) == 1 else None
            elif concept and dated:
                plan.target = dated[0] if len(dated) == 1 else None
            elif named and (not (concept and superlative) or self.strength(named[0], named[1][-1]) >= 2):
                plan.target = named[0]
            elif len([f for f in usable if f.numeric]) == 1 and not concept and plan.op != "best":
                plan.target = next(f for f in usable if f.numeric)
        if plan.target:
            self.spelled = any(
                self.strength(plan.target, i) >= 2 or related(self.stems[i], plan.target.parts[-1]) for i in self.free() if fold(self.tokens[i][2]) not in SUPERLATIVES
            )
            said = re.search(r"\b(?:average|mean|avg|median|total|sum|" + (superlative or "sum") + r")\b(?: (?:number|amount|value|sum|total))?(?: of)?(?: the| all| all the)? ", self.low)
            spoken = [i for i in self.free() if said and self.tokens[i][0] >= said.end()]
            near = []
            for i in spoken:
                if near and (i != near[-1] + 1):
                    break
                near.append(i)
            strange = near and self.tokens[near[0]][0] == said.end() if said else False
            if strange and plan.op in ("sum", "mean", "median") and not any(self.strength(plan.target, i) >= 1 or self.stems[i] in NOUNS or self.is_value(i) for i in near):
                plan.doubts.append(f"what {self.tokens[near[0]][2]!r} is")
            self.name(plan.target)
            if superlative in ("oldest", "youngest") and (plan.target.moment or plan.target.year):
                plan.sign = -plan.sign

    def lookup(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """One field of the record(s) that the question identifies."""
        if self.plan.target is not None:
            return
        plan, fields = self.plan, [f for f in self.profile.fields if f.name not in self.filtered]
        named = self.mention(lambda f: f in fields)
        kinds = {"when": lambda f: bool(f.moment) or f.year, "where": lambda f: f.place}
        kind = kinds.get(wh)
        if wh in ("who", "whom", "whose"):
            people = [f for f in fields if f.person and not (f.parts == ["id"])]
            named_person = self.mention(lambda f: f in fields and not (f.numeric or f.moment or f.flag or f.text or f.id))
            plan.target = named_person[0] if named_person else people[0] if len(people) == 1 else None
            verb = re.search(r"\bwho ([a-z]+)\b", self.low)
            if plan.target and verb and any(f.id and f.numeric and f.name in self.filtered for f in self.profile.fields):
                self.use(*verb.span(1))  # one person stands with that number
        elif kind:
            fitting = [f for f in fields if kind(f)]
            best = self.mention(lambda f: f in fitting)
            plan.target = best[0] if best else fitting[0] if len(fitting) == 1 else None
        elif self.has(r"\bhow (?:much|many|old|long|tall|heavy|big|far|high|deep)\b"):
            numeric = self.mention(lambda f: f in fields and (f.numeric or f.moment), stops=True)
            plan.target = numeric[0] if numeric else None
        elif noun_field and noun_field in fields and wh in ("which", "what"):
            plan.target = noun_field
        if self.has(r"\bname of\b|['’]s name\b") and plan.target and not plan.target.person and not any(p in (stem("name"), stem("title")) for p in plan.target.parts):
            plan.doubts.append("a name")
        told = next((f for f in fields if f.name in ("text", "message", "definition")), None)
        if plan.target is None and told and any(s.startswith(("verse is", "number is", "term is")) for s in plan.said):
            plan.target = told
        if plan.target is None and named and wh not in ("who", "when", "where", "why"):
            plan.target = named[0]
        if plan.target is None:
            label = self.label()
            measured = noun is not None and self.stems[noun] in map(stem, "temperature time year colour name kind type size price cost day date number amount value".split())
            kinds2 = [s for s in plan.said if s.startswith(("kind is", "table is"))]
            pinned = any(s.startswith(f"{f.name} is ") or s.startswith(f"{f.name} ==") for f in self.profile.fields if (f.id or not (f.numeric or f.moment)) and f.distinct >= 0.95 * f.n > 2 for s in plan.said)
            section = next((f for f in self.profile.fields if f.name == "section"), None)
            holds = self.has(r"\b(?:uses?|contains?|includes?|has|have|needs?|requires?|mentions?|calls? for)\b")
            if section and not kinds2 and wh in ("which", "what") and holds:
                label = next((f for f in self.profile.fields if f.name == "part"), section)
            wants = noun is not None and wh in ("which", "what") and (not self.used[noun] or bool(kinds2)) and not pinned and label and label.name not in self.filtered and not measured
            wants = wants and self.has(rf"\b(?:which|what) {re.escape(self.tokens[noun][2].casefold())}\b" if noun is not None else "$^")
            plan.target = plan.label = label if wants else None
            if plan.target is None:
                plan.doubts.append("which field is asked for")
            elif noun is not None:
                self.used[noun] = True
                self.texts()
                plan.op = "list" if kinds2 or (section and holds) else plan.op
        if not plan.conditions and not (plan.target and plan.target.distinct == 1):
            plan.doubts.append("which record is meant")

    def top(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """The most or least frequent value of a field."""
        plan = self.plan
        ok = lambda f: f.name not in self.filtered  # noqa: E731
        person = [f for f in self.profile.fields if f.person and ok(f)]
        named = self.mention(ok)
        plan.by = noun_field if noun_field and ok(noun_field) and wh != "who" else person[0] if wh == "who" and len(person) == 1 else named[0] if named else None
        if self.only() and (plan.by is None or plan.by.name == "number"):
            plan.by = self.only()
            if noun is not None:
                self.used[noun] = True
        if plan.by is None:
            plan.doubts.append("what to count by")
        else:
            self.name(plan.by)
            rest = [i for i in self.free() if not self.profile.words.get(self.tokens[i][2])]
            if rest:
                self.used[rest[0]] = True  # the records themselves: "the most ORDERS"

    def listing(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """The distinct values of a field, or the names of the records kept."""
        plan = self.plan
        person = [f for f in self.profile.fields if f.person and f.name not in self.filtered]
        plan.target = noun_field if noun_field and noun_field.name not in self.filtered else person[0] if wh in ("who", "whom") and person else None
        if wh in ("who", "whom") and not person:
            plan.doubts.append("whose names")
        if plan.target is None:
            if self.profile.fields and (plan.conditions or len(self.profile.fields) == 1 or plan.op == "list"):
                plan.target = self.label()
            if noun is not None and not self.used[noun]:
                self.used[noun] = not self.profile.words.get(self.tokens[noun][2]) or len(self.profile.fields) == 1
        if self.only() and plan.op == "distinct":
            plan.target = self.only()
            if noun is not None:
                self.used[noun] = True
        if plan.target is not None and not plan.conditions and not noun_field and not self.only() and len(self.phrase(noun)) > 1:
            plan.doubts.append("what kind of thing to list")
        if plan.target is None or (plan.op == "distinct" and not noun_field and not self.only()):
            plan.doubts.append("what to list")

    def counting(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """Records that match; or the sum of a numeric field that the question counts (`how many UNITS`)."""
        plan = self.plan
        single = not self.has(r"\bhow (?:many times|often)\b") and any(s.startswith(f"{f.name} is ") for f in self.profile.fields if f.distinct >= 0.95 * f.n > 2 for s in plan.said)
        verb = self.mention(lambda f: f.numeric and not f.id and f.name not in self.filtered, stops=True) if single or self.has(r"\bhow many (?:do|does|did|can|people (?:do|does|did|can))\b") and plan.conditions else None
        if verb:
            plan.op, plan.what, plan.target = "sum", "sum(values)", verb[0]
            return self.name(verb[0], 1)
        head = (self.phrase(noun) or [None])[-1]
        if head is not None and not self.is_value(head):
            people = self.stems[head] in map(stem, "people person user participant member author customer".split())
            times = self.has(r"\bhow (?:many times|often)\b")
            groups = [f for f in self.profile.fields if not times and not f.numeric and not f.text and 1 < f.distinct < 0.5 * f.n and (self.strength(f, head) >= 2.2 or (people and (f.person or f.name == "sender")))]
            if len(groups) == 1 and groups[0].name in ("section", "part") and not plan.conditions:
                plan.doubts.append("which level of headings is meant")
            if len(groups) == 1 and groups[0].name not in self.filtered and (not people or not self.label() or not self.label().person):
                plan.op, plan.target = "distinct", groups[0]
                self.used[head] = True
                return
        single_amount = next((f for f in self.profile.fields if f.name == "amount" and f.numeric), None)
        if single_amount and len(self.profile.fields) <= 4 and head is not None and self.profile.words.get(self.tokens[head][2]) and self.profile.fields[0].name == "text":
            plan.op, plan.what, plan.target = "sum", "sum(values)", single_amount
            return
        tables = next((f for f in self.profile.fields if f.name == "table"), None)
        if tables and tables.distinct > 1 and "table" not in self.filtered and not plan.conditions:
            plan.doubts.append("which of the tables is meant")
        numeric = [f for f in self.profile.fields if noun is not None and f.numeric and not f.id and not f.year and self.strength(f, noun) >= 2]
        if numeric and noun is not None and not self.used[noun] and numeric[0].name not in self.filtered and not any(self.strength(f, noun) >= 2 and not f.numeric for f in self.profile.fields):
            plan.op, plan.what, plan.target = "sum", "sum(values)", numeric[0]
            self.name(numeric[0])

    def record(self, wh: str, noun: int | None, noun_field: Field | None) -> None:
        """The record (or its asked-for field) that is highest, lowest, first or last."""
        plan = self.plan
        fields = [f for f in self.profile.fields if f is not plan.target and f.name not in self.filtered]
        people = [f for f in fields if f.person]
        moments = [f for f in fields if f.moment or f.year]
        if noun_field and noun_field in fields and wh != "who" and not (self.spelled and wh in ("what", "", "how")):
            plan.label = noun_field
        elif wh == "who" and people:
            plan.label = people[0] if len(people) == 1 else None
        elif wh == "when":
            plan.label = moments[0] if moments else None
            if not moments:
                plan.doubts.append("a date")
        elif plan.op == "best" and plan.target and wh in ("what", "", "how") and (self.spelled or wh == "how"):
            plan.label = plan.target
        else:
            named = self.mention(lambda f: f in fields)
            plan.label = named[0] if named else self.label()
        if noun is not None and not self.used[noun] and not (plan.op == "first" and self.profile.words.get(self.tokens[noun][2])):
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
