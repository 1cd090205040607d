"""What kind of text a document is, from its name and its first lines."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

FORMATS = ("json", "jsonl", "csv", "tsv", "log", "chat", "markdown", "code", "keyvalue", "prose")

_CODE_SUFFIXES = """
py pyi js mjs ts tsx jsx c h cc cpp hpp cs java kt go rs rb php pl swift scala lua r jl sh bash zsh ps1 sql html htm xml css
scss toml yaml yml tex ex exs erl hs ml clj vim cmake gradle
"""
_BY_SUFFIX = dict.fromkeys(_CODE_SUFFIXES.split(), "code") | {
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "csv": "csv",
    "tsv": "tsv",
    "tab": "tsv",
    "log": "log",
    "md": "markdown",
    "markdown": "markdown",
    "ini": "keyvalue",
    "properties": "keyvalue",
    "env": "keyvalue",
}

_DATE = r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[/.]\d\d?[/.]\d\d(?:\d\d)?|\d\d?[ /](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*[ /]\d{4})"
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
_STAMP = rf"(?:\[?{_DATE}[T ,]*(?:{_CLOCK})?[^ \]\w]?(?:Z|[+-]\d\d:?\d\d)?\]?|\[?{_CLOCK}\]?)"
_LEVELS = r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL|CRITICAL|SEVERE|PANIC"
_LOG = re.compile(
    rf"{_STAMP}\s|\[?(?:{_LEVELS})\b|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d "
    r"|\d+\.\d+\.\d+\.\d+ \S+ \S+ \[|\d{10}(?:\.\d+)? |[IWEF]\d{4} \d\d:\d\d|(?:time|ts|timestamp|level|lvl)=\S"
)
_CHAT = re.compile(
    rf"(?:{_STAMP}\s*(?:[-–]\s*)?)?(?:<(?P<irc>[^<>\s]{{1,30}})>\s|(?P<name>[A-Za-zÀ-ɏ@][\w.'@ -]{{0,30}}?)(?: ?\({_CLOCK}\))?:\s)\S?"
)
_PAIR = re.compile(r"\s*[\"']?(?P<key>[A-Za-z_][\w ./()%#-]{0,40}?)[\"']?\s*(?::(?=\s|$)|=(?!=))\s*(?P<value>.*)")
_FIELDS = re.compile(
    r"(?:^|[;|,\t]\s*|\s{2,})([A-Za-z_][\w ./-]{0,30}?)\s*[:=]\s*[^\s:=]|(?:^|\s)([A-Za-z_][\w.-]*)=[^\s=]"
)
_SERVICE = re.compile(r".*[\d_./-]")
_NO_CELL = re.compile(rf"\d{{3}}\b|\[?(?:{_LEVELS})\]?$")
_KEYWORD = re.compile(r"\s*(?:def|class|if|for|while|else|try|import|return)\b")
_CODE = re.compile(
    r"\s*(?:def \w+\(|class \w+|import [\w.{*\"']|from [\w.]+ import |#include|using [\w.]+;|package [\w.]+|func \w*\(?|fn \w+"
    r"|(?:public|private|protected|static|const|let|var|return|if|for|while|else|elif|try|except|switch|case)\b.*[:;{(]\s*$"
    r"|[\w.\[\]]+ ?[-+*/|]?= ?[\w\"'\[({].*|[\w.]+\(.*\);?$|[})\]]+[;,)]*$|//|/\*|\*/|<\?php|<!DOCTYPE|</?[a-zA-Z][\w-]*[ />]"
    r"|SELECT .* FROM |CREATE TABLE|@\w+)|.*(?:[;{]|\) ?=> ?\{?)\s*$"
)
_MARK = re.compile(r"#{1,6} \S|[-*+] \S|\d+[.)] \S|> |\|.*\||.*(?:\[[^\]]+\]\([^)]+\)|\*\*[^*]+\*\*|`[^`]+`)")


@lru_cache(maxsize=16)
def detect(name: str, head: str, *, whole: bool = True) -> str:
    """One of `FORMATS`. `head` is the beginning of the text (64 K are plenty); `whole` says that there is no more."""
    name = name.lower().removesuffix(".gz")
    known = _BY_SUFFIX.get(name.rpartition(".")[2]) if "." in name else None
    if known:
        return known
    head = head.removeprefix("\ufeff")
    all_lines = head.splitlines()
    if not whole and len(all_lines) > 1:
        all_lines.pop()
    lines = [line for line in all_lines[:400] if line.strip()][:200]
    if not lines:
        return "prose"
    return (
        _json(lines, head, whole)
        or _table(lines)
        or _chat_or_pairs(all_lines[:400], lines)
        or _log(lines)
        or _markup_or_code(lines)
        or "prose"
    )


def _share(count: int, lines: Sequence[str]) -> float:
    return count / len(lines)


def _json(lines: Sequence[str], head: str, whole: bool) -> str | None:
    start = head.lstrip()[:1]
    if start not in "{[":
        return None
    each = sum(_is_json(line) for line in lines)
    if len(lines) > 1 and _share(each, lines) >= 0.8 and lines[0].rstrip()[-1] in "}]":
        return "jsonl"
    if whole:
        return "json" if _is_json(head) else None
    return "json" if re.match(r"\s*(?:\{\s*\"|\[\s*(?:[\[{\"\d-]|true|false|null))", head) else None


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _table(lines: Sequence[str]) -> str | None:
    if len(lines) < 2:
        return None
    for delimiter, fewest, format in (
        ("\t", 2, "tsv"),
        (",", 3, "csv"),
        (";", 2, "csv"),
        ("|", 2, "csv"),
        (",", 2, "csv"),
    ):
        if delimiter not in lines[0]:
            continue
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        width = len(rows[0])
        if width < fewest or sum(len(row) == width for row in rows) < 0.9 * len(rows):
            continue
        header = [cell.strip() for cell in rows[0]]
        # A header is names; a row of prose has sentences in it, a Markdown table has empty ends and dashes.
        if any(len(cell) > 60 or cell.endswith((".", "!", "?")) for cell in header) or (header[0] == "" == header[-1]):
            continue
        if all(_PAIR.match(cell) for cell in header if cell):
            continue
        if width == 2 and (len(rows) < 3 or any(len(cell.split()) > 4 for cell in header)):
            continue
        # A row may begin with a date as a log line does, but then the date is a cell, with no milliseconds after it.
        if _LOG.match(lines[0]) and not (re.fullmatch(_STAMP, header[0]) and not _NO_CELL.match(header[1])):
            continue
        return format
    return None


def _log(lines: Sequence[str]) -> str | None:
    return "log" if _share(sum(bool(_LOG.match(line)) for line in lines), lines) >= 0.5 and len(lines) > 1 else None


def _chat_or_pairs(all_lines: Sequence[str], lines: Sequence[str]) -> str | None:
    said = [m.group("irc") or m.group("name") for line in lines if (m := _CHAT.match(line))]
    irc = sum(bool((m := _CHAT.match(line)) and m.group("irc")) for line in lines)
    stamped = _share(sum(bool(_LOG.match(line)) for line in lines), lines) >= 0.5
    speakers = Counter(said)
    levels = re.compile(rf"(?:{_LEVELS})$", re.IGNORECASE)
    if any(levels.match(name.split()[-1]) for name in speakers if name.split()):
        return None
    talk = _share(len(said), lines) >= 0.5 and 2 <= len(speakers) <= max(2, len(said) // 2)
    if stamped:
        # A log line may also say `worker-1: done`; people are few, are named without digits, and speak in words.
        services = sum(bool(_SERVICE.match(name)) for name in speakers)
        return "chat" if talk and (irc or (2 * services < len(speakers) and _speaks(lines, len(speakers)))) else None
    if talk and (irc or (not _records([line.strip() for line in all_lines]) and _speaks(lines, len(speakers)))):
        return "chat"
    if len(lines) < 2 or _share(sum(bool(_KEYWORD.match(line)) for line in lines), lines) > 0.1:
        return None
    if _share(sum(bool(_PAIR.match(line)) for line in lines), lines) < 0.6:
        return "keyvalue" if _same_fields(lines) else None
    ended = sum(line.rstrip().endswith((";", "{", "(", ",")) for line in lines)
    return None if _share(ended, lines) > 0.3 else "keyvalue"


def _same_fields(lines: Sequence[str]) -> bool:
    """Whether most lines have the same two fields or more, as in ``user=7; place=rack 3``."""
    keys = Counter(key for line in lines for key in {one or other for one, other in _FIELDS.findall(line)})
    return sum(count >= 0.6 * len(lines) for count in keys.values()) >= 2


def _speaks(lines: Sequence[str], speakers: int) -> bool:
    words = [len(line.split(":", 1)[-1].split()) for line in lines]
    return sum(words) / len(words) >= 3 and speakers <= 30


def _records(lines: Sequence[str]) -> bool:
    """Whether `Key: value` lines come in blocks that name each key once, or in a fixed order."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if not line:
            blocks.append([])
        elif m := _PAIR.match(line):
            blocks[-1].append(m.group("key"))
    blocks = [block for block in blocks if block]
    if len(blocks) > 1 and sum(len(block) for block in blocks) > len(blocks):
        return sum(len(set(block)) == len(block) for block in blocks) >= 0.8 * len(blocks) and len(
            {key for block in blocks for key in block}
        ) <= 3 * max(len(block) for block in blocks)
    keys = [key for block in blocks for key in block]
    period = len(set(keys))
    if period == len(keys):
        return bool(keys)
    return period >= 3 and sum(keys[n] == keys[n % period] for n in range(len(keys))) >= 0.95 * len(keys)


def _markup_or_code(lines: Sequence[str]) -> str | None:
    fenced, outside, fences = False, [], 0
    for line in lines:
        if line.lstrip().startswith(("```", "~~~")):
            fenced, fences = not fenced, fences + 1
        elif not fenced:
            outside.append(line)
    code = sum(bool(_CODE.match(line)) for line in outside)
    if outside and len(outside) > 2 and _share(code, outside) >= 0.4:
        return "code"
    headings = sum(bool(re.match(r"#{1,6} \S|={3,}$|-{3,}$", line)) for line in outside)
    marks = sum(bool(_MARK.match(line)) for line in outside)
    if outside and (headings >= 2 or (headings and marks > headings) or fences >= 2 or _share(marks, outside) >= 0.5):
        return "markdown"
    return None
