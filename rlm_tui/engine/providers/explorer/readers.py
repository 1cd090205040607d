"""The code that reads the records of every shape of document."""

from __future__ import annotations

from rlm_tui.engine.providers.explorer.shapes import Shape

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
        row = {"_line": n, "_text": line}
        for part in line[: line.find(pairs[0][0] + "=")].split():  # what stands before the pairs
            moment = re.fullmatch(r"\\W*(\\d[\\d:.,/TZ-]+)\\W*", part)
            name = "time" if moment else "level" if part.strip("[]:").isupper() else "event"
            row[name] = (row.get(name, "") + " " + part.strip("[]:,|")).strip()
        rows.append({**row, **{k: v.strip('"') for k, v in pairs}})"""
_BLOCKS = """# Records of several `Key: value` lines: a new one starts after a blank line, or when its first key comes again.
import re
rows, row, key, blank, spelled = [], {}, "", True, {}
for n, line in enumerate(lines, 1):
    found = re.match(r"(?:[-*•] )?([A-Za-z][\\w ()/%.#&-]{0,30}):(?:\\s+(.*)|$)", line)
    if line.strip() and (not row or (found and spelled.get(found.group(1).casefold()) in row) or (blank and not found)):
        row = {"_line": n, "_text": ""}
        rows.append(row)
    if found:
        key = spelled.setdefault(found.group(1).casefold(), found.group(1))
        row[key] = (found.group(2) or "").strip()
    elif line.strip() and len(row) == 2:
        row["title"] = line.strip("#=-* ")
    elif line.strip():
        row[key] = (row.get(key, "") + "; " + line.strip(" -*")).strip("; ")
    if line.strip():
        row["_text"] += line.strip() + "\\n"
    blank = not line.strip()
usual = Counter(k for row in rows for k in row if k[:1] != "_" and k != "title").most_common(1)[0]
rows = [row for row in rows if usual[0] in row]
if sum("title" in row for row in rows) == 1 and "title" in rows[0] and len(rows) > 1:  # the heading of the whole
    rows[0]["_text"] = rows[0]["_text"].split("\\n", 1)[1]
    del rows[0]["title"]"""
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
_PLACES = """
at = 0  # where each record stands: behind the one before, from the line with its first value on
for row in rows:
    key, value = next(((k, v) for k, v in row.items() if k[:1] != "_" and k != "table"), ("", ""))
    marks = json.dumps(key.split(".")[-1]), json.dumps(value, ensure_ascii=False).strip('"')
    at = next((n for n in range(at, len(lines)) if all(mark in lines[n] for mark in marks)), -1) + 1
    if not at:
        break
    row["_line"] = at
placed = [row["_line"] for row in rows if row["_line"]] + [len(lines) + 1]
for row, end in zip(rows, placed[1:]):
    row["_raw"] = "\\n".join(lines[row["_line"] - 1 : min(max(end - 1, row["_line"]), row["_line"] + len(row))])"""
_JSONL_PLACES = """
for row, n in zip(rows, (n for n, line in enumerate(lines, 1) if line.strip())):
    row["_line"], row["_raw"] = n, lines[n - 1]"""
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
_SHEET = """# A sheet of `Key: value` lines under headings.
import json, re
section, facts = (), []
for n, line in enumerate(lines, 1):
    found = re.match(r"\\s*(?:[-*•] )?([A-Za-z][\\w ()/%.#&-]{0,30}):\\s+(.+)", line)
    if found:
        facts.append((section + (found.group(1),), found.group(2).strip()))
    elif line.strip() and line[0] not in " \\t":
        section = (line.strip("#=-*: \\t"),)
rows = []
facts = [(".".join(part.replace(".", "") for part in path), value) for path, value in facts]"""
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
    "table": r"(?i)create (?:temp(?:orary)? )?table (?:if not exists )?([\\w.]+)()",
    "index": r"(?i)create (?:unique )?index (?:if not exists )?([\\w.]+)()",
    "view": r"(?i)create (?:or replace )?view ([\\w.]+)()",
    "trigger": r"(?i)create trigger ([\\w.]+)()",
    "package": r"package\\s+([\\w.]+)()",
    "method": r"\\s+(?:(?:public|private|protected|static|final|override|virtual|abstract|synchronized) )+[\\w<>\\[\\], ]*?(\\w+)\\([^;=]*$()",
    "short method": r"\\s+(?:async |static |get |set |public |private )*(?!if|for|while|switch|catch)(\\w+)\\([^()]*\\)(?:: [\\w<>\\[\\], |]+)? \\{\\}?$()",
    "C function": r"(?!return|else|typedef|new|throw)[A-Za-z_][\\w *&:<>]*[ *&](\\w+)\\([^;]*$()",
    "declaration": r"(?!return|else|typedef|new|throw)[A-Za-z_][\\w *&:<>]*[ *&](\\w+)\\([^;=]*\\);$()",
    "import": r"(?:import|from|#include|use|using|require)\\s+(?:.*from )?[<\\"'{]*([\\w./:-]+)()",
    "constant": r"\\s*(?:export |public |pub |private |protected |internal |static |final |const |let |var |readonly |#define |val )*(?:(?:int|long|double|float|string|String|bool|boolean) (?=[A-Z]))?(?!(?:import|return|package|use)\\b)([A-Za-z_]\\w*)(?:: [\\w\\[\\]&]+)?(?:\\s+:?= | (?=[\\d\\"'(]))(.+?);?$",
}
rows, facts, comment, owner, scope, mark = [], [], "", "", "", ""
for n, line in enumerate(lines, 1):
    mark += line.strip() if re.match(r"\\s*(?:@|#\\[)", line) else ""
    kind, found = next(((k, m) for k, p in shapes.items() for m in [re.match(p, line)] if m), ("", None))
    found_todo = re.search(r"\\b(TODO|FIXME|XXX)\\b", line)
    if found_todo:
        rows.append({"_line": n, "_text": line.strip(), "kind": found_todo.group() + " comment", "name": ""})
    if scope in ("import", "enum") and re.match(r"\\s*[)}]", line):
        scope = ""
    if re.match(r"\\s*(#(?!include|define)|//|/?\\*|@|--)", line):
        comment += line.strip(" /*#-") + " "
        continue
    aside = re.search(r"\\s+(?:/\\*+\\s*(.*?)\\s*\\*/|//\\s*(.*)|\\s#\\s+(.*))\\s*$", line)
    aside, plain = (next(g or "" for g in aside.groups() if g is not None), line[: aside.start()]) if aside else ("", line)
    member = re.match(r"\\s+(?:\\w+ )?[\\"]([\\w./-]+)[\\"]$", plain) if scope == "import" else re.match(r"\\s+(\\w+)(?: *= *([^,]+))?,?$", plain) if scope == "enum" else None
    if member:
        rows.append({"_line": n, "_text": line.strip(), "kind": scope.replace("enum", "member"), "name": member.group(1), "class": owner, "comment": aside})
        facts += [(member.group(1), member.group(2).strip())] if scope == "enum" and member.group(2) else []
        continue
    if found and (kind != "constant" or not rows or line[0] > " " or found.group(1)[0].isupper() or scope == "const"):
        kind = "function" if kind in ("C function", "arrow function") else "method" if kind == "short method" or (line[0] in " \\t" and kind == "function" and " fn " not in line) else kind
        name, value = found.groups()
        value = value.replace(line[len(plain):], "").strip("\\"'; ") if kind == "constant" else value
        scope = ""
        if kind == "class":
            scope = name
            kind, name, value = name.replace("type", "struct"), value, ""
        front = re.sub(r"\\bpub\\b", "public", mark + " " + line[: line.find(name)] + " " + name.replace("_", " "))
        mark = ""
        rows.append({"_line": n, "_text": (comment + line).strip(), "_modifiers": " ".join(re.findall(r"\\w+", front)), "kind": "include" if line.startswith("#include") else kind, "name": name, "value": value, "class": owner if line[0] in " \\t" else "", "comment": aside})
        owner = name if kind in ("class", "struct", "enum", "interface", "trait") else owner if line[0] in " \\t" else ""
        if kind == "constant":
            facts.append((name, value))
        base = re.search(r"\\bextends +([\\w.]+)|^\\s*class \\w+\\(([\\w., ]+)\\)|class \\w+ : (?:public )?([\\w.]+)", line)
        if base:
            facts.append((name + ".extend", next(g for g in base.groups() if g)))
        if comment.strip() and kind in ("function", "method", "class", "struct", "declaration"):
            facts.append((name + ".do", re.sub(rf"^\\W*{name}\\W+", "", comment).strip()))
        for part, value in re.findall(r"[(,] *(?:private |public |readonly |final |const )*\\*?(\\w+)(?:: [\\w\\[\\]]+)? ?= ?([^,()]+)", line) if kind in ("function", "method") else []:
            facts.append((f"{owner or name}.{name}.{part}.default".replace("__init__.", "").replace("constructor.", ""), value.strip("\\"' ")))
        for part in re.findall(r"\\w+", re.sub(r".*\\{(.*)\\}.*", r"\\1", line)) if kind == "enum" and "}" in line else []:
            rows.append({"_line": n, "_text": line.strip(), "kind": "member", "name": part, "class": name})
    elif re.match(r"(import|const|var|enum|typedef enum)\\b.*[({]$", plain):
        scope = "enum" if "enum" in plain else plain.split()[0]
    elif rows and line.strip():
        rows[-1]["_text"] += "\\n" + line.strip()
        last, text = rows[-1], plain.strip(" ;,")
        said = re.search(r"\\b(raise|throw|return)s?\\s+(?:new )?(.+)", text)
        if said and last["kind"] in ("function", "method"):
            what = said.group(2) if said.group(1) == "return" else re.match(r"[\\w.:]*", said.group(2)).group()
            facts += [(f"{last['name']}.{word}", what) for word in ({"raise": "raise", "throw": "raise"}.get(said.group(1), "return"),) if what]
        if last["_text"].count("\\n") == 1 and re.match(r"[rf]?([\\"']{3})", text):
            facts.append((last["name"] + ".do", text.strip("\\"' ")))
        part = re.match(r"(?:(?:pub|public|private|readonly|const) )*(\\w+)\\??: ?([^=]+)|(?:struct |unsigned |const )*([\\w:<>]+\\*?) +\\*?(\\w+)(?:\\[\\w*\\])?$", text)
        whole = re.match(r"(\\w+)(?:: [^=]+| +[\\w()]+(?: NOT NULL)?)? *(?:=| DEFAULT | default ) *([^,;]+)", text)
        if whole and line[0] in " \\t" and last["kind"] in ("class", "struct", "table") and (" " in text.split("=")[0].strip() or ":" in text):
            facts.append((f"{last['name']}.{whole.group(1)}.default", whole.group(2).strip("\\"' ")))
        if part and last["kind"] in ("class", "struct", "interface"):
            pair = (part.group(1), part.group(2)) if part.group(1) else (part.group(3), part.group(4)) if plain[0] == "\\t" and not line.strip().endswith(";") else (part.group(4), part.group(3))
            facts.append((f"{last['name']}.{pair[0]}.type", pair[1].strip()))
    comment = \"\"
for told in re.finditer(r"(?i)insert +into +([\\w.]+) *\\(([^)]*)\\) *values *((?:[^';]|'(?:[^']|'')*')*)", "\\n".join(lines)):
    names = [name.strip(' `"') for name in told.group(2).split(",")]
    for found in re.finditer(r"\\(((?:[^'()]|'(?:[^']|'')*'|\\([^)]*\\))*)\\)", told.group(3)):
        cells = [cell.strip().strip("'").replace("''", "'") for cell in re.findall(r"(?:[^',]|'(?:[^']|'')*')+", found.group(1))]
        if len(cells) == len(names):
            at = "\\n".join(lines)[: told.start(3) + found.start()].count("\\n") + 1
            rows.append({"_line": at, "_text": found.group(), "table": told.group(1), **dict(zip(names, cells))})"""
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
rows, section, header, trail, fence, release = [], "", [], {}, False, {}
facts = [("title", next((line.strip("#=* ") for line in lines if line.strip()), "")[:80])]
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
    row = {"_line": n, "_text": line.strip(), "section": section, "part": trail[2] if trail.get(2, section) != section else "", **release}
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
        found = re.match(r"\\W*(?:[Vv]ersion |[Rr]elease |v)?(\\d+(?:\\.\\d+)+[\\w.-]*)\\W*(\\d{4}-\\d\\d-\\d\\d|\\d{1,2} \\w+ \\d{4})?\\W*$", section)
        if found:  # a changelog: every entry belongs to a release
            release = {"version": found.group(1), "date": found.group(2) or ""}
            kind, row = "release", {**row, **release}
        rows.append({**row, "section": "", "part": "", "kind": kind or "heading", "level": ("first", "second", "third", "fourth", "fifth", "sixth")[len(heading.group(1) or "#") - 1] + "-level", "text": section})
    elif item:
        done = {"": "", " ": "no"}.get(item.group(2) or "", "yes")
        rows.append({**row, "kind": "numbered item" if item.group(1) else "item", "number": item.group(1) or "", "done": done, "text": item.group(3)})
    elif label:
        rows.append({**row, "kind": label.group(1).lower(), "text": label.group(2)})
        facts.append((label.group(1), label.group(2)))"""

_CARDS = """
cards, card = [], {}  # headings that are followed by the same labels are records of their own
for n, line in enumerate(lines, 1):
    found = re.match(r"(#+)\\s+(.+)", line)
    label = re.match(r"\\s*(?:[-*+•|] ?)?(?:\\*\\*|_)?([A-Z][\\w ]{1,24}?)(?:\\*\\*|_)?:(?:\\*\\*|_)?\\s+(.+)", line)
    if found:
        above = {k: v for k, v in card.get("_above", {}).items() if k < len(found.group(1))}
        card = {"_line": n, "_text": "", "_above": {**above, len(found.group(1)): found.group(2)}, "title": found.group(2).strip("# ")}
        card.update({"section": list(above.values())[-1]} if len(above) > 1 else {})
        cards.append(card)
    elif card and label:
        card[label.group(1)] = label.group(2).strip()
    if card and line.strip():
        card["_text"] += line.strip() + "\\n"
shared = Counter(k for card in cards for k in card if k[:1] != "_" and k not in ("title", "section"))
if shared and shared.most_common(1)[0][1] > 2 and len(shared) > 1:
    rows = [card for card in cards if any(shared[k] > 2 for k in card)]"""


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
        code += f'\nfor row in rows:\n    row["full name"] = row[{first!r}] + " " + row[{last!r}]'
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
        tail = {"json": _PLACES, "json lines": _JSONL_PLACES}[shape.kind]
        return (
            opening
            + _TREE.format(facts=trees[shape.kind])
            + _GROUP
            + (_ALIKE if shape.kind == "json" else "")
            + ("" if several else tail)
        )
    return {
        "table": _table_code(shape),
        "pairs": _PAIR_LINES.format(mark=shape.mark),
        "logfmt": _LOGFMT,
        "blocks": _BLOCKS,
        "yaml": _YAML + _GROUP + _ALIKE,
        "ini": _INI + _ALIKE,
        "sheet": _SHEET + _ALIKE,
        "list": _LIST.format(marked=shape.pairs),
        "lines": _LINES,
        "code": _CODE,
        "bibtex": _BIBTEX,
        "outline": _OUTLINE + _CARDS,
        "prose": _OUTLINE,
    }[shape.kind]
