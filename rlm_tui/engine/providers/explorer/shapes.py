"""What a document looks like: from sample lines to the code that reads its records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[AaPp][Mm]\b)?(?!:?\d)"
TIMES = (
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|\s?[+-]\d\d:?\d\d)?(?!:?\d)",
    rf"\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}},? {CLOCK}",
    r"[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d",
    r"\d{4}-\d\d-\d\d",
    r"\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?",
    CLOCK,
)
LEVEL = r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|ALERT|SEVERE"
MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
GAP = r"\]?[\s:|,-]+"
LINE_SHAPES = (
    (
        "access log",
        r'(?P<ip>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3}) '
        r'(?P<bytes>\d+|-)(?: "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)")?',
        0.7,
    ),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<level>{LEVEL}){GAP}\[(?P<component>[^\]]+)\]:?\s*(?P<message>.*)", 0.7),
    (
        "log",
        rf"\[?(?P<time>TIME){GAP}\[?(?P<level>{LEVEL}){GAP}(?P<component>[\w./-]+)(?::| [-|])\s+(?P<message>.*)",
        0.7,
    ),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<component>[\w./-]+){GAP}\[?(?P<level>{LEVEL}){GAP}(?P<message>.*)", 0.7),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<level>{LEVEL}){GAP}(?P<message>.*)", 0.7),
    ("log", rf"\[?(?P<level>{LEVEL}){GAP}\[?(?P<time>TIME){GAP}(?P<component>[\w./-]+): (?P<message>.*)", 0.7),
    ("log", rf"\[?(?P<level>{LEVEL}){GAP}\[?(?P<time>TIME){GAP}(?P<message>.*)", 0.7),
    (
        "log",
        r"(?P<time>TIME)\s+(?:\d+\s+\d+\s+)?(?P<level>[EWIDVF])[/ ](?P<component>[\w.-]+)(?:\(\s*\d+\))?: (?P<message>.*)",
        0.7,
    ),
    (
        "syslog",
        r"(?:<\d+>)?(?P<time>TIME) (?P<host>\w[\w.-]*) (?P<component>[^\s:\[]+)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)",
        0.7,
    ),
    ("chat", r"\[?(?P<time>TIME)\]?(?: -)? <\W?(?P<sender>[^>]+)> (?P<text>.*)", 0.5),
    ("chat", r"\[?(?P<time>TIME)\]?(?:\s*[-–:|])?\s+(?P<sender>[^\W\d][^:<>\[\]]{0,30}): (?P<text>.*)", 0.6),
    ("chat", r"<\W?(?P<sender>[^<>]{1,30})> (?P<text>.*)", 0.7),
    ("chat", r"(?P<sender>[^\W\d][^:<>\[\]()]{0,30}?) [\[(](?P<time>TIME)[\])]:?\s*(?P<text>.*)", 0.6),
    (
        "chat",
        r"(?P<sender>[A-Z][\w.'-]*(?: [A-Z][\w.'-]*){0,3}),?\s{1,4}[\[(]?(?P<time>TIME)[\])]?\s*$(?P<text>)",
        0.25,
    ),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<event>[A-Z][A-Z_-]{{2,}}){GAP}(?P<message>.*)", 0.7),
    ("log", r"\[?(?P<time>TIME)\]?[\s:|,-]+(?P<message>.*)", 0.8),
    (
        "diary",
        rf"(?:#+ )?(?P<date>(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?(?:\d{{1,2}}(?:st|nd|rd|th)? {MONTH}|{MONTH} \d{{1,2}}(?:st|nd|rd|th)?)(?:,? \d{{4}})?)\b[.:,]?\s*(?:[-–—] )?(?P<text>.*)",
        0.15,
    ),
    ("verses", r"\[?(?P<verse>(?:[1-3] ?)?[A-Z]?[A-Za-z]*\.? ?(?P<chapter>\d+):\d+)\W? +(?P<text>.+)", 0.6),
)
"""Name, pattern (TIME stands for the kind of time the document uses), and the share of lines that must match."""

BIBLIOGRAPHY = r"(?:\[?\d+[\].]*\s*)?(?P<author>[^\d(]+?)[,.]? ?\(?(?P<year>(?:1[5-9]|20)\d\d)[a-z]?\)?[.,:]* +[\"“]?(?P<title>[^.”\"]+?)[\"”.]+,?\s*(?P<source>.*)"
QUOTED_TITLE = r"(?:\[?\d+[\].]*\s*)?(?P<author>[^\"“‘]+?)[.,]? [\"“‘](?P<title>[^\"”]+?)[.,]?[\"”’],? (?P<source>.*?\b(?P<year>(?:1[5-9]|20)\d\d)\b.*)"
CODE_LINE = re.compile(
    r"\s*(def|class|import|from|return|function|const|let|var|export|func|fn|pub|public|private|#include|#define|static|"
    r"struct|package|using|if \(|for \(|while \(|elif |else:|try:|end$)\b|.*[;{}]\s*$"
)
PAIR = r"[A-Za-z][\w ()/%.#&-]{0,30}"


@dataclass(frozen=True)
class Shape:
    """How to read a document. `kind` is a name; the rest is what the reading code of this kind needs."""

    kind: str
    pattern: str = ""
    mark: str = ""
    pairs: bool = False
    notes: tuple[str, ...] = field(default_factory=tuple)


def look(several: bool) -> str:
    """The first cell: sizes, lines from everywhere, and how regular the separators are."""
    if several:
        opening = """# Several documents: lay their lines end to end and remember where each one stands.
import json
named = context if isinstance(context, dict) else {f"item {i}": item for i, item in enumerate(context, 1)}
lines, places = [], []
for name, item in named.items():
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
    for n, line in enumerate(text.split("\\n"), 1):
        lines.append(line.rstrip("\\r"))
        places.append(f"{name}, line {n}")

def where(n):
    return places[n - 1]
"""
    else:
        opening = """# Look before computing: how big is it, and what do lines from everywhere look like?
lines = [line.rstrip("\\r") for line in context.split("\\n")]
if lines and not lines[-1]:
    lines.pop()

def where(n):
    return f"line {n}"
"""
    return (
        "import csv\nfrom collections import Counter\n"
        + opening
        + """
print(f"{sum(map(len, lines)):,} characters in {len(lines):,} lines")
step = max(1, len(lines) // 20)
for n in range(len(lines)):
    if n < 14 or n % step == 0:
        print(f"{n + 1:>7}| {lines[n][:180]}")
some = [line for line in lines[:: max(1, len(lines) // 2000)] if line.strip()]
for mark in ",;\\t|":
    widths = Counter(len(row) for row in csv.reader(some, delimiter=mark, skipinitialspace=True))
    print("separator", repr(mark), "columns and lines:", widths.most_common(2), "of", len(some))"""
    )


def share(lines: Sequence[str], pattern: str) -> float:
    """The share of lines that a pattern matches from their start."""
    return sum(bool(re.match(pattern, line)) for line in lines) / len(lines) if lines else 0.0


def _table(full: Sequence[str], output: str) -> Shape | None:
    """A table, if nearly all lines have the same number of columns and do not read like sentences."""
    best = (0.0, 0, "")
    for mark, text, total in re.findall(r"^separator '(\\t|.)' columns and lines: (.*) of (\d+)$", output, re.M):
        found = re.match(r"\[\((\d+), (\d+)\)", text)
        if found and int(found[1]) > 1 and int(found[2]) > 1 and int(found[2]) >= 0.75 * int(total):
            best = max(best, (round(int(found[2]) / int(total), 1), int(found[1]), mark.replace("\\t", "\t")))
    prose = sum(bool(re.search(r"[a-z]{2}[.!?]\s*$", line)) for line in full) > 0.4 * len(full)
    if best[1] and not (prose and best[1] < 4):
        named = [line for line in full if line.count(best[2]) >= best[1] - 1]
        header = [h.strip(' "') for h in named[0].split(best[2])] if named else []
        names = [h for h in header if re.fullmatch(r"(?i)(first|given|last|family|sur)[ _-]?name|forename|surname", h)]
        return Shape("table", mark=best[2], notes=tuple(names[:2]) if len(names) == 2 else ())
    aligned = [len(re.split(r"\s{2,}", line.strip())) for line in full]
    if (
        len(full) > 3
        and max(aligned) > 2
        and aligned.count(max(aligned, key=aligned.count)) >= 0.8 * len(full)
        and max(aligned, key=aligned.count) > 2
    ):
        return Shape("table", mark="  ")
    return None


def detect(sample: Sequence[str], output: str) -> Shape:
    """The shape of the document that these lines (cut at 180 characters) come from."""
    full = [line for line in sample if line.strip()]
    if not full:
        return Shape("prose")
    if re.match(r"[\[{]\s*($|[\[{\"])", full[0]):
        if full[0].startswith("{") and sum(re.match(r'\{\s*"', line) is not None for line in full) > max(
            1, 0.8 * len(full)
        ):
            return Shape("json lines")
        if not re.match(r"\[[\w. /-]+\]\s*$", full[0]):
            return Shape("json")
    for mark in (" || ", " | ", " / ", "; ", "\t", ", "):
        several = [len(re.findall(rf"(?:^|{re.escape(mark)})\s*{PAIR}(?:: ?|=)", line)) >= 2 for line in full]
        if sum(several) > 0.8 * len(full):
            return Shape("pairs", mark=mark)
    if share(full, r'(?:.*\s)?[\w.]+=(?:"[^"]*"|\S+)\s+(?:.*\s)?[\w.]+=\S+') > 0.8:
        return Shape("logfmt")
    if re.match(r"@\w+\{", full[0]):
        return Shape("bibtex")
    for pattern in (QUOTED_TITLE, BIBLIOGRAPHY):
        if (
            share(full, r"(?:\[?\d+[\].]*\s*)?[A-Z][\w'’-]+,? .*\b(?:1[5-9]|20)\d\d\b") > 0.6
            and share(full, pattern) > 0.6
            and share(full, r".*\d\d:\d\d") < 0.3
        ):
            return Shape("bibliography", pattern)
    named = re.fullmatch(r"[^\d\W][\w ./()%-]*([,;\t])[^\d\W][\w ./()%-]*(?:\1[^\d\W][\w ./()%-]*)+", full[0])
    if named and (table := _table(full, output)) and table.mark == named[1]:
        return table  # Column names above dates and levels: not a log.
    for kind, pattern, least in LINE_SHAPES:
        for moment in TIMES if "TIME" in pattern else ("",):
            precise = pattern.replace("TIME", moment)
            part = share(full, precise)
            if part >= least or (
                part >= 0.3
                and moment
                and any(re.match(precise, line) for line in full[:2])
                and not any(re.match(moment, line) and not re.match(precise, line) for line in full)
            ):
                return Shape(
                    kind,
                    precise,
                    pairs="<message>" in pattern
                    and share(full, r".*\b[a-z_]\w*(?:=|: )\S+[ ,;|].*\b[a-z_]\w*(?:=|: )\S+") > 0.5,
                )
    if share(full, r"\d{1,3} [A-Z\"“‘]") > 0.8 and share(full, r"\d{1,3} .*[.,;:!?]$") > 0.5:
        return Shape("verses", r"(?P<verse>\d{1,3}) +(?P<text>.+)")
    headings = sum(bool(re.match(r"#{1,6} \S|={3,}$", line)) for line in full)
    config = share(full, r"\s*(?:\[+[^\]]+\]+\s*$|[;#]|(?:export )?[\w.-]+\s*=\s*)")
    if (
        config > 0.9
        and share(full, r"\s*(?:export )?[\w.-]+\s*=(?!=)") > 0.4
        and share(full, r".*[;{(]\s*$|\s*(?:import|from|def|const|let|var) ") < 0.1
    ):
        return Shape("ini")
    terms = [m for line in full if (m := re.match(r"([^\s:#][^:.]{0,40}): (\S.+)", line))]
    if (
        len(terms) > 0.7 * len(full)
        and len({m[1] for m in terms}) == len(terms) > 3
        and sum(len(m[2]) for m in terms) > 28 * len(terms)
    ):
        return Shape("glossary", r"(?P<term>[^:]{1,60}?): (?P<text>.+)")
    keyed = [m[1] for line in full if (m := re.match(r"([\w./-]+):(?:\s|$)", line))]
    if (
        share(full, r"\s*(?:- |#|---|(?:- )?[\w./-]+:(?:\s|$))") > 0.9
        and len(keyed) > 1
        and len(set(keyed)) == len(keyed)
        and any(re.match(r"\s+(?:- )?[\w./-]+:|- ", line) for line in full)
    ):
        return Shape("yaml")
    code = share(full, CODE_LINE.pattern)
    if (
        sum(
            bool(
                re.match(
                    r"\s*(def \w+\(|class \w+.*[:{]$|(async )?function \w+\(|#include |import [\w.]+;?$|(?:CREATE|create) (?:\w+ )?(?:TABLE|INDEX|VIEW|table|index|view) |from [\w.]+ import|fn \w+|func |package \w+;?$|import [(\"]|type \w+ (?:struct|interface|enum)|const \(|#define \w|impl |use \w+::|export |typedef |module\.|namespace |public (static |class ))",
                    line,
                )
            )
            for line in full
        )
        >= 2
    ):
        code = max(code, 0.5)
    table = _table(full, output)
    if table and table.mark != "|" and code < 0.4:
        return table
    if code < 0.4 and (headings or share(full, r"\s*\|.*\|\s*$") > 0.5):
        return Shape("outline")
    if code > 0.45:
        return Shape("code")
    table = _table(full, output)
    if table:
        return table
    keys = Counter(m[1] for line in full if (m := re.match(rf"\s*(?:[-*•] )?({PAIR}):(?:\s|$)", line)))
    repeated = sorted(keys.values(), reverse=True)
    if (
        repeated
        and share(full, rf"(?:[-*•] )?{PAIR}:\s+\S") > 0.25
        and not share(full, rf"\s+{PAIR}:\s+\S") > 0.5
        and repeated[0] >= 2
        and (len(repeated) == 1 or repeated[1] >= 2)
    ):
        spoken = [line.split(":", 1)[1] for line in full if re.match(rf"{PAIR}: ", line)]
        if (
            sum(map(len, spoken)) > 25 * len(spoken)
            and len(keys) <= 8
            and len(spoken) > 0.6 * len(full)
            and repeated[0] >= 3
        ):
            return Shape("chat", r"(?P<sender>[^\W\d][^:<>\[\]]{0,30}): (?P<text>.*)")
        return Shape("blocks")
    if share(full, r"[^\s:][^:.]{0,40}(?:: | [-–—] | = )\S") > 0.9 and len(
        {re.split(r": | [-–—] | = ", line)[0] for line in full}
    ) > 0.9 * len(full):
        return Shape("glossary", r"(?P<term>[^:]{1,60}?)(?:: | [-–—] | = )(?P<text>.+)")
    if (
        keys
        and share(full, rf"\s*(?:[-*•] )?{PAIR}:\s+\S") > 0.5
        and share(full, rf"\s*(?:[-*•] )?{PAIR}:\s+.{{80}}") < 0.3
    ):
        return Shape("sheet")
    numbered = share(full, r"\s*(?:[-*•]|\[?\d+[\].)])\s+\S")
    short = sum(len(line) < 60 and not re.search(r"[.!?:,;]\s*$", line) for line in full) / len(full)
    if numbered > 0.8 or (short > 0.9 and len(full) >= 4):
        return Shape("list", pairs=numbered > 0.8)
    return Shape("outline")
