"""What a document looks like: from sample lines to the code that reads its records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[AaPp][Mm]\b)?"
TIMES = (
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|\s?[+-]\d\d:?\d\d)?",
    rf"\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}},? {CLOCK}",
    r"[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d",
    r"\d{4}-\d\d-\d\d",
    r"\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?",
    CLOCK,
)
LEVEL = r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|ALERT|SEVERE"
GAP = r"\]?[\s:|,-]+"
LINE_SHAPES = (
    (
        "access log",
        r'(?P<ip>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3}) '
        r'(?P<bytes>\d+|-)(?: "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)")?',
        0.7,
    ),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<level>{LEVEL}){GAP}\[(?P<component>[^\]]+)\]:?\s*(?P<message>.*)", 0.7),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<level>{LEVEL}){GAP}(?P<component>[\w./-]+)(?::| [-|])\s+(?P<message>.*)", 0.7),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<component>[\w./-]+){GAP}\[?(?P<level>{LEVEL}){GAP}(?P<message>.*)", 0.7),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<level>{LEVEL}){GAP}(?P<message>.*)", 0.7),
    ("log", rf"\[?(?P<level>{LEVEL}){GAP}\[?(?P<time>TIME){GAP}(?P<component>[\w./-]+): (?P<message>.*)", 0.7),
    ("log", rf"\[?(?P<level>{LEVEL}){GAP}\[?(?P<time>TIME){GAP}(?P<message>.*)", 0.7),
    ("log", r"(?P<time>TIME)\s+(?:\d+\s+\d+\s+)?(?P<level>[EWIDVF])[/ ](?P<component>[\w.-]+)(?:\(\s*\d+\))?: (?P<message>.*)", 0.7),
    ("syslog", r"(?:<\d+>)?(?P<time>TIME) (?P<host>\w[\w.-]*) (?P<component>[^\s:\[]+)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)", 0.7),
    ("chat", r"\[?(?P<time>TIME)\]?(?: -)? <\W?(?P<sender>[^>]+)> (?P<text>.*)", 0.5),
    ("chat", r"\[?(?P<time>TIME)\]?(?:\s*[-–:|])?\s+(?P<sender>[^\W\d][^:<>\[\]]{0,30}): (?P<text>.*)", 0.6),
    ("chat", r"(?P<sender>[^\W\d][^:<>\[\]()]{0,30}?) [\[(](?P<time>TIME)[\])]:? (?P<text>.*)", 0.6),
    ("log", rf"\[?(?P<time>TIME){GAP}\[?(?P<event>[A-Z][A-Z_-]{{2,}}){GAP}(?P<message>.*)", 0.7),
    ("log", r"\[?(?P<time>TIME)\]?[\s:|,-]+(?P<message>.*)", 0.8),
    ("verses", r"\[?(?P<verse>(?:[1-3] ?)?[A-Z]?[A-Za-z]*\.? ?(?P<chapter>\d+):\d+)\W? +(?P<text>.+)", 0.6),
)
"""Name, pattern (TIME stands for the kind of time the document uses), and the share of lines that must match."""

BIBLIOGRAPHY = (
    r"(?:\[?\d+[\].]*\s*)?(?P<author>[^\d(]+?)[,.]? ?\(?(?P<year>(?:1[5-9]|20)\d\d)[a-z]?\)?[.,:]* +[\"“]?(?P<title>[^.”\"]+?)[\"”.]+,?\s*(?P<source>.*)"
)
QUOTED_TITLE = (
    r"(?:\[?\d+[\].]*\s*)?(?P<author>[^\"“‘]+?)[.,]? [\"“‘](?P<title>[^\"”]+?)[.,]?[\"”’],? (?P<source>.*?\b(?P<year>(?:1[5-9]|20)\d\d)\b.*)"
)
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
    if len(full) > 3 and max(aligned) > 2 and aligned.count(max(aligned, key=aligned.count)) >= 0.8 * len(full) and max(aligned, key=aligned.count) > 2:
        return Shape("table", mark="  ")
    return None


def detect(sample: Sequence[str], output: str) -> Shape:
    """The shape of the document that these lines (cut at 180 characters) come from."""
    full = [line for line in sample if line.strip()]
    if not full:
        return Shape("prose")
    if re.match(r"[\[{]\s*($|[\[{\"])", full[0]):
        if full[0].startswith("{") and sum(re.match(r'\{\s*"', line) is not None for line in full) > max(1, 0.8 * len(full)):
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
        if share(full, r"(?:\[?\d+[\].]*\s*)?[A-Z][\w'’-]+,? .*\b(?:1[5-9]|20)\d\d\b") > 0.6 and share(full, pattern) > 0.6 and share(full, r".*\d\d:\d\d") < 0.3:
            return Shape("bibliography", pattern)
    for kind, pattern, least in LINE_SHAPES:
        for moment in TIMES if "TIME" in pattern else ("",):
            precise = pattern.replace("TIME", moment)
            part = share(full, precise)
            if part >= least or (part >= 0.3 and moment and re.match(precise, full[0]) and not any(re.match(moment, line) and not re.match(precise, line) for line in full)):
                return Shape(kind, precise, pairs="<message>" in pattern and share(full, r".*\b[a-z_]\w*(?:=|: )\S+[ ,;|].*\b[a-z_]\w*(?:=|: )\S+") > 0.5)
    if share(full, r"\d{1,3} [A-Z\"“‘]") > 0.8 and share(full, r"\d{1,3} .*[.,;:!?]$") > 0.5:
        return Shape("verses", r"(?P<verse>\d{1,3}) +(?P<text>.+)")
    headings = sum(bool(re.match(r"#{1,6} \S|={3,}$", line)) for line in full)
    config = share(full, r"\s*(?:\[+[^\]]+\]+\s*$|[;#]|(?:export )?[\w.-]+\s*=\s*)")
    if config > 0.9 and share(full, r"\s*(?:export )?[\w.-]+\s*=(?!=)") > 0.4 and share(full, r".*[;{(]\s*$|\s*(?:import|from|def|const|let|var) ") < 0.1:
        return Shape("ini")
    terms = [m for line in full if (m := re.match(r"([^\s:#][^:.]{0,40}): (\S.+)", line))]
    if len(terms) > 0.7 * len(full) and len({m[1] for m in terms}) == len(terms) > 3 and sum(len(m[2]) for m in terms) > 28 * len(terms):
        return Shape("glossary", r"(?P<term>[^:]{1,60}?): (?P<text>.+)")
    keyed = [m[1] for line in full if (m := re.match(r"([\w./-]+):(?:\s|$)", line))]
    if share(full, r"\s*(?:- |#|---|(?:- )?[\w./-]+:(?:\s|$))") > 0.9 and len(keyed) > 1 and len(set(keyed)) == len(keyed) and any(re.match(r"\s+(?:- )?[\w./-]+:|- ", line) for line in full):
        return Shape("yaml")
    code = share(full, CODE_LINE.pattern)
    if sum(bool(re.match(r"\s*(def \w+\(|class \w+.*[:{]$|(async )?function \w+\(|#include |import [\w.]+;?$|from [\w.]+ import|fn \w+|func |public (static |class ))", line)) for line in full) >= 2:
        code = max(code, 0.5)
    table = _table(full, output)
    if table and table.mark != "|" and code < 0.4:
        return table
    if code < 0.4 and (headings or share(full, r"\s*\|.*\|\s*$") > 0.5):
        return Shape("outline")
    if code > 0.45:
        return Shape("code")
    if share(full, r"\[[^\]]+\]\s*$") > 0 and share(full, r"\s*(?:\[[^\]]+\]\s*$|[;#]|[\w.-]+\s*[=:])") > 0.9:
        return Shape("ini")
    table = _table(full, output)
    if table:
        return table
    keys = Counter(m[1] for line in full if (m := re.match(rf"(?:[-*•] )?({PAIR}):(?:\s|$)", line)))
    repeated = sorted(keys.values(), reverse=True)
    if repeated and share(full, rf"(?:[-*•] )?{PAIR}:\s+\S") > 0.25 and repeated[0] >= 2 and (len(repeated) == 1 or repeated[1] >= 2):
        spoken = [line.split(":", 1)[1] for line in full if re.match(rf"{PAIR}: ", line)]
        if sum(map(len, spoken)) > 25 * len(spoken) and len(keys) <= 8 and len(spoken) > 0.6 * len(full) and repeated[0] >= 3:
            return Shape("chat", r"(?P<sender>[^\W\d][^:<>\[\]]{0,30}): (?P<text>.*)")
        return Shape("blocks")
    if share(full, r"\s*(?:- )?[\w./-]+:(?:\s|$)") > 0.6:
        return Shape("yaml")
    if share(full, r"[\w.-]+\s*=\s*\S*") > 0.8:
        return Shape("ini")
    if share(full, r"[^\s:][^:.]{0,40}(?:: | [-–—] | = )\S") > 0.9 and len({re.split(r": | [-–—] | = ", line)[0] for line in full}) > 0.9 * len(full):
        return Shape("glossary", r"(?P<term>[^:]{1,60}?)(?:: | [-–—] | = )(?P<text>.+)")
    numbered = share(full, r"\s*(?:[-*•]|\[?\d+[\].)])\s+\S")
    short = sum(len(line) < 60 and not re.search(r"[.!?:,;]\s*$", line) for line in full) / len(full)
    if numbered > 0.8 or (short > 0.9 and len(full) >= 4):
        return Shape("list", pairs=numbered > 0.8)
    return Shape("outline")


_ROW = """# {note}
import re
shape = re.compile(r\"\"\"{pattern}\"\"\")
rows = []
for n, line in enumerate(lines, 1):
    found = shape.match(line)
    if found:
        rows.append({{"_line": n, "_text": line, **{{k: v or "" for k, v in found.groupdict().items()}}}})
    elif rows and line.strip() and not re.match(r"\\W*\\d", line):
        rows[-1]["_text"] += " " + line.strip()  # the record before goes on
        rows[-1]["{last}"] += " " + line.strip()"""
_PAIRS = """
for row in rows:  # and the pairs of name and value inside
    row.update((k, v.strip('"')) for k, v in re.findall(r'([A-Za-z_][\\w.]*)(?:=|: )("[^"]*"|[^\\s,;|]+)', row["message"]))"""
_SYSLOG = """
for row in rows:  # addresses and accounts that the messages name
    found = re.search(r"\\b\\d{1,3}(?:\\.\\d{1,3}){3}\\b", row["message"])
    row["ip"] = found.group() if found else ""
    found = re.search(r"\\bfor (?:invalid user )?(\\w+) from|\\buser[= ](\\w+)", row["message"])
    row["user"] = (found.group(1) or found.group(2)) if found else \"\""""
_TABLE = """# A table with a header line; lines that do not fit it (titles, notes) are left out.
import csv, re
{read}
width = Counter(len(row) for n, row in cells if row).most_common(1)[0][0]
cells = [(n, row) for n, row in cells if len(row) == width]
header = cells[0][1]
if any(re.fullmatch(r"-?[\\d.,]+", c) for c in header):
    header = [f"column {{i}}" for i in range(1, width + 1)]
rows = [
    {{"_line": n, "_text": lines[n - 1], **dict(zip(header, row))}}
    for n, row in cells
    if row != header and any(row) and not all(set(c) <= set(":- ") for c in row)
]"""
_PAIR_LINES = """# Every line is a record of `Key: value` fields.
import re
rows = []
for n, line in enumerate(lines, 1):
    fields = [re.split("[:=]", part, maxsplit=1) for part in line.split({mark!r}) if re.search("[:=]", part)]
    if len(fields) > 1:
        rows.append({{"_line": n, "_text": line, **{{re.sub(r"^\\W*\\w*\\d\\W+", "", k).strip(): v.strip(' ;,|"') for k, v in fields}}}})"""
_LOGFMT = """# Every line is a record of key=value pairs.
import re
rows = []
for n, line in enumerate(lines, 1):
    pairs = re.findall(r'([\\w.]+)=("[^"]*"|\\S+)', line)
    if pairs:
        rows.append({"_line": n, "_text": line, **{k: v.strip('"') for k, v in pairs}})"""
_BLOCKS = """# Records of several `Key: value` lines: a new one starts after a blank line, or when its first key comes again.
import re
rows, row, key, blank = [], {}, "", True
for n, line in enumerate(lines, 1):
    found = re.match(r"(?:[-*•] )?([A-Za-z][\\w ()/%.#&-]{0,30}):(?:\\s+(.*)|$)", line)
    if line.strip() and (not row or (found and found.group(1) in row) or (blank and not found)):
        row = {"_line": n, "_text": ""}
        rows.append(row)
    if found:
        key = found.group(1)
        row[key] = (found.group(2) or "").strip()
    elif line.strip() and len(row) == 2:
        row["title"] = line.strip("#=-* ")
    elif line.strip():
        row[key] = (row.get(key, "") + "; " + line.strip(" -*")).strip("; ")
    if line.strip():
        row["_text"] += line.strip() + "\\n"
    blank = not line.strip()
usual = Counter(k for row in rows for k in row if k[:1] != "_" and k != "title").most_common(1)[0]
rows = [row for row in rows if usual[0] in row]"""
_TREE = """
def walk(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, path + (str(key),))
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for i, item in enumerate(value, 1):
            yield from walk(item, path + (i,))
    elif isinstance(value, list):
        yield path, ", ".join(str(item) for item in value)
    else:
        yield path, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

{facts}"""
_GROUP = """
groups = {}  # a record is the innermost list item that a value belongs to
for path, value in facts:
    last = max((i for i, part in enumerate(path) if isinstance(part, int)), default=-1)
    if last >= 0:
        groups.setdefault(path[: last + 1], {})[".".join(path[last + 1 :]) or "value"] = value
rows = []
for path, fields in groups.items():
    table = ".".join(part for part in path if isinstance(part, str))
    rows.append({"_line": 0, "_text": json.dumps(fields, ensure_ascii=False), **({"table": table} if table else {}), **fields})
facts = [(".".join(path), value) for path, value in facts if not any(isinstance(part, int) for part in path)]"""
_ALIKE = """
by_name = {}  # objects that hold the same names are records too: {"a": {"size": 1}, "b": {"size": 2}}
for name, value in facts:
    owner, _, last = name.rpartition(".")
    by_name.setdefault(owner, {})[last] = value
common = Counter(last for fields in by_name.values() for last in fields)
alike = {o: f for o, f in by_name.items() if o and sum(common[k] > 1 for k in f) > len(f) / 2}
if not rows and len(alike) > 1:
    rows = [{"_line": 0, "_text": owner + ": " + json.dumps(f, ensure_ascii=False), "name": owner, **f} for owner, f in alike.items()]"""
_YAML = """# Indented keys: follow the indentation to the full name of every value.
import json, re
path, facts, count = [], [], Counter()
for line in lines:
    line = re.sub(r"(^|\\s)#[^\\"']*$", "", line).rstrip()
    while line.strip() not in ("", "---"):
        indent = len(line) - len(line.lstrip())
        dash = line.lstrip().startswith("- ")
        while path and (path[-1][0] > indent or (path[-1][0] == indent and not (dash and isinstance(path[-1][1], str)))):
            path.pop()
        names = tuple(name for _, name in path)
        if dash:
            count[names] += 1
            path.append((indent, count[names]))
            line = line.replace("- ", "  ", 1)
            continue
        found = re.match(r"\\s*([\\w./-]+):(?:\\s+(.+)|$)", line)
        value = (found.group(2) or "") if found else line
        if found:
            path.append((indent, found.group(1)))
        if value:
            facts.append((tuple(name for _, name in path), value.strip(" '\\"[]")))
        line = \"\""""
_INI = """# Sections of `key = value`.
import json, re
section, facts = (), []
for n, line in enumerate(lines, 1):
    found = re.match(r"\\s*\\[+([^\\]]+)\\]+\\s*$", line)
    if found:
        section = (found.group(1),)
    found = re.match(r"\\s*(?:export )?([^\\s;#=:\\[][^=:]*?)\\s*[=:]\\s*(.*)", line)
    if found:
        facts.append((section + (found.group(1),), found.group(2).strip(" '\\"")))
sections = {path[0] for path, _ in facts if len(path) > 1}
rows = []
facts = [(".".join(path), value) for path, value in facts] + [("number of sections", str(len(sections)))]"""
_LINES = """# Every line of the text.
rows = [{"_line": n, "_text": line, "text": line} for n, line in enumerate(lines, 1)]
import re"""
_LIST = """# One item a line.
import re
rows = []
for n, line in enumerate(lines, 1):
    text = re.sub(r"^\\s*(?:[-*•]|\\[?\\d+[\\].)])\\s+", "", line).strip()
    number = re.match(r"\\s*\\[?(\\d+)[\\].)]\\s", line)
    amount = re.match(r"(\\d+(?:[.,]\\d+)?)(?: x)? [A-Za-z]", text)
    if text and not (re.match(r"\\s*(?:[-*•]|\\[?\\d+[\\].)])\\s", line) is None and {marked}):
        year = re.search(r"\\b(1[5-9]\\d\\d|20\\d\\d)\\b", text)
        rows.append({{"_line": n, "_text": line.strip(), "text": text, **({{"number": number.group(1)}} if number else {{}}),
                     **({{"amount": amount.group(1)}} if amount else {{}}), **({{"year": year.group()}} if year else {{}})}})"""
_CODE = """# Definitions: what is defined where, with the lines that belong to it.
import re
shapes = {
    "class": r"\\s*(?:export |default |public |abstract |final |pub |typedef )*(class|struct|interface|enum|trait|type)\\s+(\\w+)(?!.*;\\s*$)",
    "function": r"\\s*(?:export |default |public |private |static |async |pub )*(?:def|function\\*?|func|fn)\\s+(?:\\([^)]*\\) ?)?(\\w+)()",
    "arrow function": r"\\s*(?:export |default )*(?:const|let|var) (\\w+) = (?:async )?(?:\\([^)]*\\)|\\w+) =>()",
    "package": r"package\\s+([\\w.]+)()",
    "method": r"\\s+(?:(?:public|private|protected|static|final|override|virtual|abstract|synchronized) )+[\\w<>\\[\\], ]*?(\\w+)\\([^;=]*$()",
    "short method": r"\\s+(?:async |static |get |set |public |private )*(?!if|for|while|switch|catch)(\\w+)\\([^()]*\\) \\{$()",
    "C function": r"(?!return|else|typedef|new|throw)[A-Za-z_][\\w *&:<>]*[ *&](\\w+)\\([^;]*$()",
    "import": r"(?:import|from|#include|use|using|require)\\s+(?:.*from )?[<\\"'{]*([\\w./:-]+)()",
    "constant": r"\\s*(?:export |public |static |final |const |let |var |#define |val )*([A-Za-z_]\\w*)(?:: [\\w\\[\\]]+)?(?:\\s+:?= | (?=[\\d\\"'(]))(.+?);?$",
}
rows, facts, comment, owner = [], [], "", ""
for n, line in enumerate(lines, 1):
    kind, found = next(((k, m) for k, p in shapes.items() for m in [re.match(p, line)] if m), ("", None))
    if re.match(r"\\s*(#(?!include|define)|//|/?\\*|@)", line):
        comment += line.strip() + " "
        continue
    if found and (kind != "constant" or not rows or line[0] > " " or found.group(1)[0].isupper()):
        kind = "function" if kind in ("C function", "arrow function") else "method" if kind == "short method" or (line[0] in " \\t" and kind == "function") else kind
        name, value = found.groups()
        if kind == "class":
            kind, name, value = name.replace("type", "struct"), value, ""
        rows.append({"_line": n, "_text": (comment + line).strip(), "kind": "include" if line.startswith("#include") else kind, "name": name, "value": value.strip("\\"' ")})
        owner = name if kind in ("class", "struct") else owner if line[0] == " " else ""
        if kind == "constant":
            facts.append((found.group(1), rows[-1]["value"]))
        for name, value in re.findall(r"[(,] *\\*?(\\w+)(?:: [\\w\\[\\]]+)? ?= ?([^,()]+)", line) if kind in ("function", "method") else []:
            facts.append((f"{owner or found.group(1)}.{name}.default", value.strip("\\"' ")))
    elif rows and line.strip():
        rows[-1]["_text"] += "\\n" + line.strip()
    comment = \"\""""
_BIBTEX = """# BibTeX: every entry is a record.
import re
rows = []
for n, line in enumerate(lines, 1):
    found = re.match(r"\\s*@(\\w+)\\{([^,]+)", line)
    if found:
        rows.append({"_line": n, "_text": "", "type": found.group(1), "key": found.group(2)})
    found = re.match(r'\\s*(\\w+)\\s*=\\s*[{"]*(.+?)[}"]*,?\\s*$', line)
    if found and rows:
        rows[-1][found.group(1)] = found.group(2)
    if rows:
        rows[-1]["_text"] += line.strip() + " \""""
_OUTLINE = """# Headings, list items, table rows and `Label: text` lines, each with the heading it stands under.
import re
rows, facts, section, header, trail, fence = [], [], "", [], {}, False
for n, line in enumerate(lines, 1):
    below = lines[n].strip() if n < len(lines) else ""
    if line.startswith("```"):
        fence = not fence
        if fence:
            rows.append({"_line": n, "_text": line, "section": section, "kind": "code block", "text": below})
    if fence or line.startswith("```"):
        continue
    if len(below) > 2 and set(below) in ({"="}, {"-"}) and line.strip() and not set("|:") & set(line):
        line = ("# " if below[0] == "=" else "## ") + line  # an underlined heading
    row = {"_line": n, "_text": line.strip(), "section": section, "part": trail[2] if trail.get(2, section) != section else ""}
    heading = re.match(r"(#{1,6})\\s+(.+)|((?:CHAPTER|Chapter|PART|Part|BOOK|ACT|SCENE) +[\\dIVXL]+\\b.*)|(\\d+\\. [A-Z][^.!?]{1,60}$)|([A-Z][\\w &'-]{1,40}):\\s*$", line)
    if heading and heading.group(4) and (not below or re.match(r"\\d+\\. ", below) or trail):
        heading = None  # an item of a numbered list
    for found in re.finditer(r"(?<!!)\\[([^\\]]+)\\]\\(([^)]+)\\)", line):
        rows.append({**row, "kind": "link", "text": found.group(1), "url": found.group(2)})
    item = re.match(r"\\s*(?:[-*+•]|(\\d+)[.)])\\s+(?:\\[([ xX])\\]\\s+)?(.+)", line)
    label = re.match(r"(?:\\*\\*)?([A-Z][\\w ]{1,24}?)(?:\\*\\*)?:(?:\\*\\*)? +(.+)", line)
    if "|" in line and (line.strip().startswith("|") or header or (set(below) <= set("|:- ") and "|" in below)):
        cells = [cell.strip(" *`") for cell in line.strip().strip("|").split("|")]
        if not header:
            header = cells
        elif not all(set(cell) <= set(":- ") for cell in cells):
            rows.append({**row, "kind": "table row", **dict(zip(header, cells))})
        continue
    header = []
    if heading:
        section = (heading.group(2) or heading.group(0)).strip(" #:")
        trail = {k: v for k, v in trail.items() if k < len(heading.group(1) or "##")} | {len(heading.group(1) or "##"): section}
        kind = (heading.group(3) or "").split(" ")[0].lower()
        rows.append({**row, "section": "", "part": "", "kind": kind or "heading", "level": ("first", "second", "third", "fourth", "fifth", "sixth")[len(heading.group(1) or "#") - 1] + "-level", "text": section})
    elif item:
        done = {"": "", " ": "no"}.get(item.group(2) or "", "yes")
        rows.append({**row, "kind": "numbered item" if item.group(1) else "item", "done": done, "text": item.group(3)})
    elif label:
        rows.append({**row, "kind": label.group(1).lower(), "text": label.group(2)})
        facts.append((label.group(1), label.group(2)))"""


def _table_code(shape: Shape) -> str:
    """The code that reads a table."""
    if shape.mark == "  ":
        read = 'cells = [(n, re.split(r"\\s{2,}", line.strip())) for n, line in enumerate(lines, 1)]'
    else:
        read = (
            f"reader = csv.reader(lines, delimiter={shape.mark!r}, skipinitialspace=True)\n"
            "cells = [(reader.line_num, [c.strip() for c in row]) for row in reader]"
        )
    code = _TABLE.format(read=read)
    if shape.notes:
        first, last = sorted(shape.notes, key=lambda h: h[0].lower() not in "fg" or h.lower().startswith("family"))
        code += f"\nfor row in rows:\n    row[\"full name\"] = row[{first!r}] + \" \" + row[{last!r}]"
    return code


def reader(shape: Shape, several: bool) -> str:
    """The code that reads the records of this shape into `rows` (and named single values into `facts`)."""
    if shape.pattern:
        last = "message" if "<message>" in shape.pattern else "text" if "<text>" in shape.pattern else "agent"
        code = _ROW.format(note=f"Every record is a line of this {shape.kind}.", pattern=shape.pattern, last=last)
        if shape.kind == "glossary":
            code += "\nfacts = [(row['term'], row['text']) for row in rows]"
        return code + (_PAIRS if shape.pairs else "") + (_SYSLOG if shape.kind == "syslog" else "")
    source = "context" if several else 'json.loads("\\n".join(lines))'
    trees = {
        "json": f"facts = list(walk({source}))",
        "json lines": "facts = [((n, *p), v) for n, line in enumerate(lines, 1) if line.strip() for p, v in walk(json.loads(line))]",
    }
    if shape.kind in trees:
        opening = "# Nested data: list every value with its path, then gather the records.\nimport json, re\n"
        tail = "\nfor row, n in zip(rows, (n for n, line in enumerate(lines, 1) if line.strip())):\n    row[\"_line\"] = n"
        return opening + _TREE.format(facts=trees[shape.kind]) + _GROUP + (_ALIKE if shape.kind == "json" else "") + (tail if shape.kind == "json lines" else "")
    return {
        "table": _table_code(shape),
        "pairs": _PAIR_LINES.format(mark=shape.mark),
        "logfmt": _LOGFMT,
        "blocks": _BLOCKS,
        "yaml": _YAML + _GROUP + _ALIKE,
        "ini": _INI + _ALIKE,
        "list": _LIST.format(marked=shape.pairs),
        "lines": _LINES,
        "code": _CODE,
        "bibtex": _BIBTEX,
        "outline": _OUTLINE,
        "prose": _OUTLINE,
    }[shape.kind]
