"""Errors as the model reads them: the user's own frames, CPython's words, CPython's suggestions; never a frame of ours."""

from __future__ import annotations

import builtins
from types import TracebackType
from typing import Any

FRAMES = 12
MESSAGE = 4_000
_CHAIN = 3
_MOVE = 2
_CASE = 1
_CAUSE = "\n\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\n\nDuring handling of the above exception, another exception occurred:\n\n"


class Sources:
    """The source lines of the cells that ran, by file name, for the newest `KEPT` cells."""

    KEPT = 200

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def add(self, filename: str, source: str) -> None:
        """Remember a cell."""
        self._lines[filename] = source.splitlines()
        while len(self._lines) > self.KEPT:
            del self._lines[next(iter(self._lines))]

    def has(self, filename: str) -> bool:
        """Whether `filename` is a cell's."""
        return filename in self._lines or filename.startswith("<cell ")

    def line(self, filename: str, number: int) -> str:
        """The line, stripped; empty when it is not known."""
        lines = self._lines.get(filename, [])
        return lines[number - 1].strip()[:500] if 0 < number <= len(lines) else ""


def message_of(error: BaseException) -> str:
    """``str(error)``, cut, whatever its class makes of it."""
    try:
        text = str(error)
    except Exception:
        return "<the message cannot be shown>"
    text = str.__str__(text)
    return text if len(text) <= MESSAGE else text[:MESSAGE] + f"… ({len(text):,} characters)"


def type_name(error: BaseException) -> str:
    """The class's name as CPython shows it."""
    return str(type(error).__qualname__).rpartition(".")[2]


class Reporter:
    """Describes exceptions of one REPL. `namespace` is where names are looked for when one is misspelt."""

    def __init__(self, sources: Sources, namespace: dict[str, Any]) -> None:
        self._sources = sources
        self._namespace = namespace

    def line_of(self, error: BaseException, filename: str) -> int | None:
        """The line of the cell `filename` that led to the error: the innermost one."""
        found = None
        for name, number, _ in self._frames(error.__traceback__):
            if name == filename:
                found = number
        return found

    def _frames(self, trace: TracebackType | None) -> list[tuple[str, int, str]]:
        found = []
        while trace is not None:
            code = trace.tb_frame.f_code
            if self._sources.has(code.co_filename):
                found.append((code.co_filename, trace.tb_lineno or 0, code.co_name))
            trace = trace.tb_next
        return found

    def text(self, error: BaseException, depth: int = 0) -> str:
        """The whole report."""
        before = ""
        if depth < _CHAIN:
            if error.__cause__ is not None:
                before = self.text(error.__cause__, depth + 1) + _CAUSE
            elif (
                error.__context__ is not None
                and not error.__suppress_context__
                and self._frames(error.__context__.__traceback__)
            ):
                before = self.text(error.__context__, depth + 1) + _CONTEXT
        lines = ["Traceback (most recent call last):"]
        frames = self._frames(error.__traceback__)
        shown = frames if len(frames) <= FRAMES else frames[: FRAMES // 2] + frames[-FRAMES // 2 :]
        for index, (filename, number, name) in enumerate(shown):
            if len(frames) > FRAMES and index == FRAMES // 2:
                lines.append(f"  … {len(frames) - FRAMES} more frames")
            lines.append(f'  File "{filename}", line {number}, in {name}')
            source = self._sources.line(filename, number)
            if source:
                lines.append(f"    {source}")
        return before + "\n".join([*(lines if frames else []), self.last_line(error)])

    def last_line(self, error: BaseException) -> str:
        """``Type: message``, with CPython's suggestion for a misspelt name."""
        message = self.message(error)
        return f"{type_name(error)}: {message}" if message else type_name(error)

    def message(self, error: BaseException) -> str:
        """The message and the suggestion."""
        return message_of(error) + self._suggestion(error)

    def _suggestion(self, error: BaseException) -> str:
        name = getattr(error, "name", None)
        if type(name) is not str or name.startswith("_"):
            return ""
        if type(error) is AttributeError:
            try:
                candidates = [n for n in dir(error.obj) if type(n) is str and not n.startswith("_")]
            except Exception:
                return ""
        elif isinstance(error, NameError):
            candidates = [n for n in self._namespace if not n.startswith("_")]
            candidates += [n for n in dir(builtins) if not n.startswith("_") and n[0].islower()]
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            if trace is not None:
                candidates += [n for n in trace.tb_frame.f_locals if type(n) is str and not n.startswith(("_", "."))]
        else:
            return ""
        best = suggest(name, candidates)
        return f". Did you mean: '{best}'?" if best else ""


def suggest(wrong: str, candidates: list[str]) -> str:
    """The candidate that CPython would suggest for `wrong`, or an empty text."""
    if len(candidates) > 2_000 or len(wrong) > 40:
        return ""
    best, best_distance = "", 10**9
    for one in candidates:
        if one == wrong or len(one) > 40:
            continue
        most = min((len(one) + len(wrong) + 3) * _MOVE // 6, best_distance - 1)
        distance = _distance(wrong, one, most)
        if distance <= most and distance < best_distance:
            best, best_distance = one, distance
    return best


def _cost(a: str, b: str) -> int:
    if a == b:
        return 0
    return _CASE if a.lower() == b.lower() else _MOVE


def _distance(a: str, b: str, most: int) -> int:
    if abs(len(a) - len(b)) * _MOVE > most:
        return most + 1
    row = list(range(0, (len(b) + 1) * _MOVE, _MOVE))
    for i, x in enumerate(a):
        previous, row[0] = row[0], (i + 1) * _MOVE
        for j, y in enumerate(b):
            previous, row[j + 1] = row[j + 1], min(previous + _cost(x, y), row[j + 1] + _MOVE, row[j] + _MOVE)
        if min(row) > most:
            return most + 1
    return row[-1]
