"""What differs between two steps, said in one clause."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.projection.compare.code_diff import Line, code_diff
from rlm_tui.projection.compare.terms import ANSWERING, Reading, read_code

SHOWN = 60
"""Characters of a text that a sentence quotes."""

LISTED = 3
"""How many things a sentence names before it says how many more there are."""


def say_code(code_a: str, code_b: str, a: str = "A", b: str = "B") -> str:
    r"""How two pieces of code differ: ``A searched for 'Pierre' once; B added r'\bCount\b'`` is the best case."""
    if not code_a.strip() and not code_b.strip():
        return "their code differs, and its text is not kept"
    if not code_a.strip() or not code_b.strip():
        writes, silent, code = (a, b, code_a) if code_a.strip() else (b, a, code_b)
        return f"{writes} ran code ({quote(_first_line(code))}), {silent} none"
    read_a, read_b = read_code(code_a), read_code(code_b)
    if read_a is not None and read_b is not None:
        if read_a.shape == read_b.shape:
            return "the code differs in comments or layout only"
        words = _said(read_a, read_b, a, b)
        if words:
            return words
    return say_lines(code_a, code_b, a, b)


def _said(read_a: Reading, read_b: Reading, a: str, b: str) -> str:
    """The difference in what the code looks for, if there is one."""
    if read_a.terms != read_b.terms and (read_a.terms or read_b.terms):
        return _terms(read_a.terms, read_b.terms, a, b)
    if bool(read_a.answers) != bool(read_b.answers):
        gives, goes = (a, b) if read_a.answers else (b, a)
        return f"{gives} gave its answer, {goes} went on"
    if read_a.asks != read_b.asks:
        if not read_a.asks or not read_b.asks:
            asks, alone, names = (a, b, read_a.asks) if read_a.asks else (b, a, read_b.asks)
            return f"{asks} asked with {listed(names)}, {alone} asked nobody"
        return f"{a} asked with {listed(read_a.asks)}, {b} with {listed(read_b.asks)}"
    if read_a.slices != read_b.slices:
        if read_a.slices and read_b.slices:
            return f"{a} took {listed(read_a.slices)}, {b} {listed(read_b.slices)}"
        takes, other, slices = (a, b, read_a.slices) if read_a.slices else (b, a, read_b.slices)
        return f"{takes} took {listed(slices)}, {other} no part of the context"
    return ""


def _terms(terms_a: Sequence[str], terms_b: Sequence[str], a: str, b: str) -> str:
    added = [term for term in terms_b if term not in terms_a]
    gone = [term for term in terms_a if term not in terms_b]
    if not terms_a or not terms_b:
        seeks, rests, terms = (a, b, terms_a) if terms_a else (b, a, terms_b)
        return f"{seeks} searched for {listed(terms)}, {rests} for nothing"
    if added and not gone:
        return f"{a} searched for {listed(terms_a)}{' once' if len(terms_a) == 1 else ''}; {b} added {listed(added)}"
    if gone and not added:
        return f"{a} searched for {listed(terms_a)}; {b} left out {listed(gone)}"
    if not added:
        return f"{a} and {b} searched for the same in another order"
    return f"{a} searched for {listed(gone)}, {b} for {listed(added)}"


def say_lines(code_a: str, code_b: str, a: str, b: str) -> str:
    """The first lines that differ, quoted."""
    lines = code_diff(code_a, code_b)
    first = next((n for n, line in enumerate(lines) if line.sign != " "), None)
    if first is None:
        return "the code differs in its line ends only"
    block: list[Line] = []
    for line in lines[first:]:
        if line.sign == " ":
            break
        block.append(line)
    old = next((line for line in block if line.sign == "-" and line.text.strip()), None)
    new = next((line for line in block if line.sign == "+" and line.text.strip()), None)
    if old is not None and new is not None:
        left, right = quote(_around(old)), quote(_around(new))
        if left == right:
            left, right = quote(old.text), quote(new.text)
        return f"{a}'s code has {left}, {b}'s has {right} (line {_number(old, new)})"
    if old is not None:
        return f"{a}'s code has {quote(old.text)} (line {old.a}), {b}'s does not"
    if new is not None:
        return f"{b}'s code has {quote(new.text)} (line {new.b}), {a}'s does not"
    return "the code differs in empty lines only"


def say_text(text_a: str, text_b: str, a: str, b: str, verb: str) -> str:
    """The first line of two texts that differs: ``A printed `17`, B `52` ``."""
    lines_a, lines_b = text_a.rstrip("\n").split("\n"), text_b.rstrip("\n").split("\n")
    first = 0
    while first < min(len(lines_a), len(lines_b)) and lines_a[first] == lines_b[first]:
        first += 1
    where = f" in line {first + 1}" if first else ""
    left = _apart(lines_a, lines_b, first)
    right = _apart(lines_b, lines_a, first)
    return f"{a} {verb} {left}{where}, {b} {right}"


def _apart(mine: Sequence[str], other: Sequence[str], at: int) -> str:
    if at >= len(mine) or not (mine[at].strip() or at):
        return "nothing more" if at else "nothing"
    line = mine[at]
    against = other[at] if at < len(other) else ""
    same = 0
    while same < min(len(line), len(against)) and line[same] == against[same]:
        same += 1
    return quote(line, same)


def quote(text: str, around: int = 0) -> str:
    """A piece of `text` in backticks, at most `SHOWN` characters of it, with the place `around` in it."""
    lead = len(text) - len(text.lstrip())
    text, around = text.strip(), max(0, around - lead)
    if len(text) <= SHOWN:
        return f"`{text}`"
    start = max(0, min(around - SHOWN // 3, len(text) - SHOWN))
    piece = text[start : start + SHOWN].strip()
    return f"`{'…' if start else ''}{piece}{'…' if start + SHOWN < len(text) else ''}`"


def listed(things: Sequence[str]) -> str:
    """``x, y and z``; of many, the first ones and how many more."""
    lines = [" ".join(thing.split()) for thing in things[:LISTED]]
    shown = [line if len(line) <= SHOWN else line[: SHOWN - 1] + "…" for line in lines]
    if len(things) > LISTED:
        return f"{', '.join(shown)} and {len(things) - LISTED} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _around(line: Line) -> str:
    """The words of a line that differ, with the words beside them; the whole line where all of it does."""
    if not line.partial:
        return line.text
    text = line.text.strip()
    if len(text) <= SHOWN:
        return text
    start = len(line.text) - len(line.text.lstrip())
    at = 0
    for piece in line.pieces:
        if piece.changed:
            break
        at += len(piece.text)
    begin = max(start, at - SHOWN // 3)
    return ("…" if begin > start else "") + line.text[begin : begin + SHOWN - 2]


def _number(old: Line, new: Line) -> str:
    return str(old.a) if old.a == new.b else f"{old.a} and {new.b}"


def _first_line(code: str) -> str:
    lines = [line for line in code.split("\n") if line.strip()]
    return next((line for line in lines if any(name in line for name in ANSWERING)), lines[0])
