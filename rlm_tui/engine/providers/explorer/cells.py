"""The code the explorer writes: one short cell a turn, holding what this document and this question need."""

from __future__ import annotations

import re
from collections.abc import Sequence

FOLD = """
def fold(text):  # compare without case and accents
    text = str(text).casefold()
    return text if text.isascii() else "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
"""

_NUMBER = """
def number(value):  # the number in a cell; nan if there is none
    found = re.search(r"-?\\d[\\d.,']*", str(value).replace("\\u2212", "-"))
    return float(found.group(){clean}.strip(".")) if found else math.nan
"""
_WHEN = """
def when(value):  # a moment as text that sorts by time; "" if there is none
    try:
        value = re.sub(r"(?<=:\\d\\d)([.,]\\d+)?\\s?(Z|[+-]\\d\\d:?\\d\\d)?$", "", str(value).strip())
        value = re.sub(r"(?<=\\d)T(?=\\d)", " ", value)
        return datetime.strptime(value, {form!r}).strftime({out!r})
    except ValueError:
        return ""
"""


_ISO = """
def when(value):  # a moment as text that sorts by time; \"\" if there is none
    value = str(value).strip().replace("T", " ")[:19]
    return value if re.match(r"\\d{4}-\\d\\d-\\d\\d", value) else \"\"
"""


def helpers(numeric: str = "", moment: str = "") -> str:
    """Only the helper functions that the next lines need."""
    code = ""
    if numeric:
        clean = ".replace('.', '').replace(',', '.')" if numeric == "comma" else ".replace(',', '').replace(\"'\", '')"
        code += "import math\n" + _NUMBER.lstrip().format(clean=clean)
    if moment.startswith("%Y-%m-%d"):
        code += _ISO.lstrip()
    elif moment:
        out = "%H:%M:%S" if "%d" not in moment and "%m" not in moment and "%Y" not in moment else "%Y-%m-%d %H:%M:%S"
        code += "from datetime import datetime\n" + _WHEN.lstrip().format(form=moment, out=out)
    return code


_EVIDENCE = """
def quote(row):
    text = " ".join(part.strip() for part in row.get("_raw", row["_text"]).split("\\n")).strip()
    return (where(row["_line"]) + ": " if row["_line"] else "") + "«" + text[:300] + ("…" if len(text) > 300 else "") + "»"
"""
PLAIN = """
def plain(x):  # 12.0 is 12; at most four decimals
    return str(int(x)) if x == int(x) else f"{x:.4f}".rstrip("0")
"""


def select(conditions: Sequence[str]) -> str:
    """Keep the records that meet all conditions."""
    if not conditions:
        return "hits = rows\n"
    tests = "\n    and ".join(conditions)
    return (
        f"hits = [\n    r for r in rows\n    if {tests}\n]\n"
        if len(tests) > 80
        else f"hits = [r for r in rows if {tests}]\n"
    )


def _label(label: str) -> str:
    return f"r.get({label!r}) or r['_text']" if label else "r['_text'].strip()"


def compute(op: str, target: str, label: str, by: str, sign: int, what: str, wanted: str) -> str:
    """Work the answer out from `hits`. Leaves `answer` (text), `shown` (evidence rows) and prints a RESULT line."""
    pick = {"number": f"number(r.get({target!r}, ''))", "date": f"when(r.get({target!r}, ''))", "line": "r['_line']"}[
        wanted or "line"
    ]
    code = {
        "count": "answer, shown = str(len(hits)), hits[:3]",
        "distinct": f"""values = Counter(r[{target!r}] for r in hits if r.get({target!r}))
answer, shown = str(len(values)) + ": " + ", ".join(list(values)[:40]), hits[:1]""",
        "list": f"""values = list(dict.fromkeys({_label(target)} for r in hits if {_label(target)}))
answer, shown = ", ".join(values[:40]) + (f" … ({{len(values)}} in all)" if len(values) > 40 else ""), hits[:4]""",
        "lookup": f"""values = Counter(r[{target!r}] for r in hits if r.get({target!r}))
answer, shown = ", ".join(list(values)[:10]), hits[:3]
print("different values:", len(values))""",
        "nth": f"""shown = hits[{what or 0} - 1 : {what or 0}]
answer = ({_label(label)} if (r := shown[0]) else "") if shown else \"\"""",
        "top": f"""groups = Counter(r[{by!r}] for r in hits if r.get({by!r}))
print(groups.most_common(8))
best = {"max" if sign > 0 else "min"}(groups.values(), default=0)
values = [v for v, n in groups.items() if n == best]
answer = " and ".join(values) + (" (tie)" if len(values) > 1 else "") + f" ({{best}} of {{len(hits)}} records)"
shown = [r for r in hits if r.get({by!r}) in values][:2]""",
        "group": f"""groups = {{}}
for r in hits:
    groups.setdefault(r.get({by!r}, ""), []).append(number(r.get({target!r}, "")))
groups = {{k: {what} for k, v in groups.items() for v in [[x for x in v if x == x]] if k and v}}
best = {"max" if sign > 0 else "min"}(groups.values(), default=0)
print(sorted(groups.items(), key=lambda g: -g[1])[:8])
values = [k for k in groups if groups[k] == best]
answer, shown = " and ".join(values) + f" ({{plain(best)}})", [r for r in hits if r.get({by!r}) in values][:2]""",
        "aggregate": f"""values = [number(r.get({target!r}, "")) for r in hits]
odd = [r[{target!r}] for r, x in zip(hits, values) if x != x and fold(r.get({target!r}, "")) not in EMPTY]
values = [x for x in values if x == x]
answer, shown = plain({what}) if values else "", hits[:2]
print("numbers:", len(values), "unread:", len(odd), odd[:3])""",
        "best": f"""keyed = [({pick}, r) for r in hits]
odd = [r.get({target!r}) for x, r in keyed if (x == "" or x != x) and fold(r.get({target!r}, "")) not in EMPTY]
keyed = [(x, r) for x, r in keyed if x != "" and x == x]
best = {"max" if sign > 0 else "min"}((x for x, r in keyed), default=None)
shown = [r for x, r in keyed if x == best]
values = list(dict.fromkeys({_label(label)} for r in shown))
answer = " and ".join(values[:5]) + (f" (tie of {{len(values)}})" if len(values) > 1 else "")
print("compared:", len(keyed), "unread:", len(odd), odd[:3])""",
    }[op]
    if op == "best" and target and label != target:
        code += f'\nif shown:\n    answer += f" ({target.replace(chr(34), "")}: {{shown[0][{target!r}]}})"'
    need = "EMPTY" in code or "EMPTY" in what
    opening = (
        "EMPTY = ('', 'n/a', 'na', 'none', 'null', '-', '--', 'nan', 'unknown', 'missing')\n" if need else ""
    ) + _EVIDENCE.lstrip()
    return (
        opening
        + (PLAIN.lstrip() if "plain(" in code else "")
        + code
        + '\nprint("RESULT", len(hits), "of", len(rows), "|", answer[:300])\nfor r in shown[:3]:\n    print(quote(r))'
    )


def final(how: str) -> str:
    """Hand over the answer with its evidence."""
    return f"""# The figures hold together: answer, and quote what they rest on.
evidence = "\\n".join("Evidence: " + quote(r) for r in shown[:3])
FINAL(f"{{answer}}\\n\\n{{len(hits)}} of {{len(rows)}} records {how}.\\n{{evidence}}")"""


def search(forms: dict[str, str], *, aloud: bool = False) -> str:
    """Find the windows of the document where the question's words come together; `aloud` prints them as well."""
    code = f"""# Where do the words of the question come together? Rare words weigh more.
import math, re
text = "\\n".join(lines)
forms = {forms!r}
size = 600
spots = {{word: {{m.start() // size for m in re.finditer(form, text, re.I)}} for word, form in forms.items()}}
score = Counter()
for word, blocks in spots.items():
    weight = math.log(1 + (len(text) / size + 1) / (1 + len(blocks)))
    print("WORD", word, len(blocks))
    for block in blocks | {{b - 1 for b in blocks if b}}:
        score[block] += weight
windows, taken = [], set()
for block, points in score.most_common(60):
    if block not in taken and len(windows) < 5:
        taken |= {{block - 1, block, block + 1}}
        start = max(text.rfind("\\n", 0, block * size) + 1, block * size - 1500, 0)
        end = text.find("\\n", min(len(text), (block + 2) * size))
        end = min(end if end >= 0 else len(text), (block + 2) * size + 1500)
        windows.append((lines[0] + "\\n…\\n" if start else "") + text[start:end])
        print(f"window at {{where(text.count(chr(10), 0, start) + 1)}}, {{len(windows[-1])}} characters, score {{points:.1f}}")
if not windows and len(text) < 4000:
    windows = [text]  # short enough to read all of it
print("WINDOWS", len(windows))"""
    return code + ALOUD.format(parts="windows") if aloud else code


ALOUD = """
for part in {parts}[:4]:  # no sub-model here: print them to read them
    print("PASSAGE\\n" + part[:1800])"""


def final_read(answer: str, sentence: str, sure: int) -> str:
    """Hand over what was read in the passages that a cell printed."""
    return f"found = [({sure}, {answer!r}, {sentence!r})]\n" + final_found()


TASK = (
    "Answer the question from the passage only. Reply with one line of three parts: the shortest exact answer | how sure you "
    "are, 0 to 100 | the sentence it stands in, word for word. If the passage does not say, reply NOT FOUND."
)


def ask(question: str) -> str:
    """Let the sub-model read the windows, and keep the surest answer."""
    return f"""# Meaning is for the sub-model: it reads each window and says how sure it is.
question = {question!r}
task = {TASK!r}
replies = llm_query_batched([f"{{task}}\\n\\nQuestion: {{question}}\\n\\nPassage:\\n{{w}}" for w in windows])
found = []
for reply in replies:
    print("-", str(reply)[:200])
    parts = [part.strip() for part in str(reply).split(" | ", 2)]
    if len(parts) == 3 and parts[1].strip("%").isdigit():
        found.append((int(parts[1].strip("%")), parts[0], parts[2].strip(" «»\\"")))
found.sort(key=lambda f: -f[0])
for sure, answer, sentence in found[:3]:
    print("CANDIDATE", sure, "|", answer[:200])"""


def final_found() -> str:
    """Hand over the surest answer, with its sentence and line."""
    return """# The surest answer, with the place it stands.
sure, answer, sentence = found[0]
place = re.search(r"\\s+".join(re.escape(word) for word in sentence.split()[:8]), text)
line = where(text.count("\\n", 0, place.start()) + 1) + ": " if place else ""
FINAL(f"{answer}\\n\\nEvidence: {line}«{sentence}»\\nSureness {sure} of 100.")"""


CANNOT = "The built-in explorer can't work this out; connect a language model (see `rlm-tui models`)."


def give_up(windows: bool) -> str:
    """Say that it can't be worked out, and show the closest passages."""
    if not windows:
        return f"FINAL({CANNOT!r})"
    return f"""# Nothing here answers the question for certain: say so, and show the closest lines.
words = [re.compile(form, re.I) for form in forms.values()]
close = sorted({{line.strip() for w in windows for line in w.split("\\n") if line.strip()}}, key=lambda l: -sum(bool(x.search(l)) for x in words))
FINAL({CANNOT!r} + "\\n\\nClosest passages:\\n" + "\\n".join("«" + l[:300] + "»" for l in close[:3]))"""


def children(question: str) -> str:
    """Give every long section (or document) to a child node of its own."""
    return f"""# Long: let a child node explore each section by itself, then compare what they found.
question = {question!r}
if isinstance(context, dict):
    sections = [v for v in context.values() if isinstance(v, str)]
elif isinstance(context, list):
    sections = [v for v in context if isinstance(v, str)]
else:
    size = max(60_000, len(text) // 8 + 1)
    cuts = [0] + [text.find("\\n", at) + 1 or len(text) for at in range(size, len(text), size)] + [len(text)]
    sections = [text[a:b] for a, b in zip(cuts, cuts[1:]) if b > a]
words = [re.compile(form, re.I) for form in forms.values()]
sections = sorted(sections, key=lambda s: -sum(bool(w.search(s)) for w in words))[:8]
replies = rlm_query_batched([question] * len(sections), sections)
found = []
for reply in replies:
    print("-", str(reply)[:200])
    sure = re.search(r"Sureness (\\d+)", str(reply))
    quoted = re.search(r"«(.*)»", str(reply))
    if reply and "can't work this out" not in str(reply):
        found.append((int(sure.group(1)) if sure else 70, str(reply).split("\\n")[0], quoted.group(1) if quoted else ""))
found.sort(key=lambda f: -f[0])
for sure, answer, sentence in found[:3]:
    print("CANDIDATE", sure, "|", answer[:200])"""


def line_search(question: str, forms: dict[str, str], phrases: list[str]) -> str:
    """Rank lines by the words of the question they hold."""
    return f"""# Which line holds the words of the question? Rare words weigh more.
import math, re
forms = {forms!r}
phrases = {phrases!r}
spots = {{word: {{n for n, line in enumerate(lines, 1) if re.search(form, line + " " + line.replace("_", " "), re.I)}} for word, form in forms.items()}}
weight = {{word: math.log(1 + len(lines) / (1 + len(at))) for word, at in spots.items()}}
score = Counter()
for word, at in spots.items():
    for n in at:
        score[n] += weight[word]
for n, line in enumerate(lines, 1):
    score[n] += 20 * sum(phrase in line.casefold() for phrase in phrases)
if re.search(r"\\b(?:defin|declar)", {question!r}):  # a definition holds little else
    for n in [n for n in score if score[n]]:
        score[n] += 2 * bool(re.match(r"[\\w\\s]*\\b(?:def|class|function|func|fn|const|let|var|type|struct|enum)\\s", lines[n - 1]))
        score[n] += 0.5 * sum(bool(re.search(form, lines[n - 1], re.I)) for form in forms.values()) / len(re.findall(r"\\w+", lines[n - 1]))
found = [n for n, points in score.most_common(8) if points > 0]
whole = sum(weight.values()) + 20 * len(phrases)
for n in found:
    print("LINE", n, f"{{score[n] / whole:.2f}}", lines[n - 1][:160])"""


def final_lines(count: int) -> str:
    """Hand over the line (or the lines that hold the words equally well)."""
    if count == 1:
        return 'FINAL(f"{where(found[0])}: {lines[found[0] - 1].strip()}\\n\\nEvidence: {where(found[0])}: «{lines[found[0] - 1].strip()}»")'
    return f"""best = sorted(found[:{count}])
FINAL(", ".join(where(n) for n in best) + "\\n\\n" + "\\n".join(f"Evidence: {{where(n)}}: «{{lines[n - 1].strip()}}»" for n in best))"""


def times(phrase: str) -> str:
    """Count a word or phrase in the whole text."""
    words = r"\s+".join(re.escape(word) for word in phrase.split())
    return f"""# Count every occurrence, and on how many lines.
import re
form = re.compile(r"(?<!\\w)" + {words!r} + r"(?!\\w)", re.I)
text = "\\n".join(lines)
places = [text.count("\\n", 0, m.start()) + 1 for m in form.finditer(text)] if len(text) < 300_000 else [n for n, line in enumerate(lines, 1) for m in form.finditer(line)]
print("OCCURRENCES", len(places), "on", len(set(places)), "lines")
for n in places[:3]:
    print(where(n), lines[n - 1].strip()[:200])"""


def final_times(phrase: str) -> str:
    return f"""evidence = "\\n".join(f"Evidence: {{where(n)}}: «{{lines[n - 1].strip()[:300]}}»" for n in places[:3])
FINAL(f"{{len(places)}}\\n\\n{phrase!r} occurs {{len(places)}} times on {{len(set(places))}} lines.\\n{{evidence}}")"""


def summarise(child: bool) -> str:
    """Sum up each part, then the whole."""
    call = (
        'rlm_query_batched(["Summarise this text in a few sentences."] * len(parts), parts)'
        if child
        else 'llm_query_batched([f"{task}\\n\\nPassage:\\n{part}" for part in parts])'
    )
    return f"""# Read it part by part; keep the sentences that say most.
import re
text = "\\n".join(lines)
size = max(1200, len(text) // {6 if child else 12} + 1)
parts, start = [], 0
while start < len(text):
    end = text.find("\\n\\n", start + size)
    end = text.find("\\n", start + size) if end < 0 or end > start + 2 * size else end
    end = len(text) if end < 0 else end
    parts.append(text[start:end])
    start = end + 1
task = "Question: Summarise the passage in at most two sentences, taken from it word for word. Reply with the sentences only."
notes = [str(note) for note in {call} if note and not str(note).startswith("NOT FOUND")]
for note in notes:
    print("-", note[:200])
digest = str(llm_query("Question: Summarise the passage in at most five sentences, taken from it word for word. Reply with the sentences only.\\n\\nPassage:\\n" + ("\\n".join(notes) if len(parts) > 2 else text))) if notes else ""
print("SUMMARY", digest[:300])"""


def leaf_through() -> str:
    """Print the document, or the opening of each part of it."""
    return f"""# No sub-model here: read it, or the opening of each quarter.
import re
text = "\\n".join(lines)
starts = [text.rfind("\\n", 0, len(text) * i // 4) + 1 for i in range(4)]
parts = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)])]
print("LEAF", len(parts)){ALOUD.format(parts="parts")}"""


def final_summary() -> str:
    return """# Quote each sentence with the line where it begins.
evidence = []
for sentence in re.split(r"(?<=[.!?])\\s+(?=[A-Z\\"“])", digest):
    place = re.search(r"\\s+".join(re.escape(word) for word in sentence.split()[:6]), text)
    if place:
        evidence.append(f"Evidence: {where(text.count(chr(10), 0, place.start()) + 1)}: «{sentence[:200]}»")
FINAL(digest + "\\n\\n" + "\\n".join(evidence[:6]))"""


def fact(name: str) -> str:
    """Take one named value, and find the line where it stands."""
    last = name.split(".")[-1]
    return f"""# One named value answers this; find the line where it stands.
answer = dict(facts)[{name!r}]
place = next((n for n, line in enumerate(lines, 1) if {last!r} in line and answer.split(",")[0] in line), 0)
print("VALUE", {name!r}, "=", answer)
if place:
    print(where(place) + ":", lines[place - 1].strip()[:200])"""


def final_fact(name: str) -> str:
    """Hand over a named value."""
    return f"""FINAL(f"{{answer}}\\n\\nEvidence: " + (f"{{where(place)}}: «{{lines[place - 1].strip()[:300]}}»" if place else {name!r} + f" = {{answer}}"))"""
