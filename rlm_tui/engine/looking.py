"""Looking into a node's REPL from outside, without leaving a trace in it.

What certainly changes nothing is looked at in place. Everything else runs in a copy: a fresh worker brought to the same
names by running the recorded cells again, with recorded answers, at no cost; it is thrown away afterwards. So the run
itself, a resume and a fork see the names as if nobody had looked.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from rlm_tui.engine.sandbox.base import CellResult, Recorded, Repl, ReplError
from rlm_tui.events import Variable, WatchValue, clean

COPY_SECONDS = 60.0
"""How long making a copy and running the code in it may take."""

VALUE_CHARS = 200
"""Characters of a watch's value."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FUNCTIONS = _words("""
abs all any ascii bin bool bytes chr dict divmod enumerate filter float format frozenset hash hex int
isinstance len list map max min oct ord pow range repr reversed round set slice sorted str sum tuple type zip
""")
_METHODS = _words("""
bit_length capitalize casefold center copy count date days decode difference elements encode endswith
expandtabs find format get group groups hour index intersection isalnum isalpha isascii isdecimal isdigit
isdisjoint isoformat islower isnumeric isspace issubset issuperset istitle isupper items join keys ljust lower
lstrip most_common partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip
span split splitlines startswith strip swapcase symmetric_difference title total translate union upper values
zfill
""")
_TYPES = _words("""
int float complex str bytes bool NoneType list dict set tuple frozenset Counter deque OrderedDict range date
datetime timedelta Fraction Decimal Match Pattern namedtuple SubcallError
""")


@dataclass(frozen=True, slots=True)
class Look:
    """What a look showed; the fields are as in `rlm_tui.events.Evaluated`."""

    shown: str
    status: str = "ok"
    copied: bool = False


class NotPossible(Exception):
    """The operator asked for something that can't be done now. The message is a sentence."""


class Inside:
    """A node's REPL as the operator may look at it.

    `another` opens a second REPL like it, `recorded` is what ran in it so far (the list grows); `busy` and `variables` are
    kept up to date by the node.
    """

    def __init__(
        self, repl: Repl, another: Callable[[], Awaitable[Repl]], recorded: Sequence[Recorded], language: str = "python"
    ) -> None:
        self._repl = repl
        self._another = another
        self._recorded = recorded
        self._language = language
        self.busy = False
        self.variables: tuple[Variable, ...] = ()

    async def look(self, code: str) -> Look:
        """Run an expression or statements for the operator. Raises `NotPossible`."""
        if not self.busy and self._changes_nothing(code):
            return _look(await self._in_place(code))
        return await self._in_a_copy(code)

    async def watch(self, expressions: Mapping[int, str]) -> tuple[WatchValue, ...]:
        """The values of watches, in place; not while a cell runs."""
        values = []
        for number, expression in expressions.items():
            if not self._changes_nothing(expression):
                values.append(WatchValue(number, "not looked at: it might change something here", failed=True))
                continue
            result = await self._in_place(expression)
            if result.error is not None:
                words = f"{result.error.type}: {result.error.message}"
                values.append(WatchValue(number, _short(words), failed=True))
            else:
                values.append(WatchValue(number, _short(result.echo if result.echo is not None else "None")))
        return tuple(values)

    def _changes_nothing(self, code: str) -> bool:
        if self._language != "python":
            return False
        types = {variable.name: variable.type for variable in self.variables}
        return not unquiet(code, types)

    async def _in_place(self, code: str) -> CellResult:
        result = await self._repl.look(code)
        if result.lost:
            await self._repl.restore(self._recorded)
        return result

    async def _in_a_copy(self, code: str) -> Look:
        copy: Repl | None = None
        try:
            async with asyncio.timeout(COPY_SECONDS):
                copy = await self._another()
                await copy.restore(list(self._recorded))
                return _look(await copy.look(code), copied=True)
        except TimeoutError:
            raise NotPossible(
                f"A copy of the REPL was not ready within {COPY_SECONDS:.0f} s; nothing was changed. "
                "Look at a name or an expression without calls of your own functions: that needs no copy."
            ) from None
        except ReplError as error:
            raise NotPossible(f"A copy of the REPL could not be made: {error}") from None
        finally:
            if copy is not None:
                await copy.close()


def watch_problem(expression: str) -> str:
    """Why `expression` can't be watched, as a sentence; empty when it can."""
    if not expression.strip():
        return "Type an expression, such as len(hits) or answers[-1]."
    if why := unquiet(expression, {}):
        return f"A watch runs after every cell, so it may only look: {why}."
    return ""


def unquiet(code: str, types: Mapping[str, str]) -> str:
    """Why `code` might change something, in words; empty when it is an expression that certainly only looks.

    `types` are the types of the REPL's variables by name, as far as they are known.
    """
    try:
        tree = ast.parse(code.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "it is not an expression"
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
            return "it assigns or waits"
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                if called.attr not in _METHODS:
                    return f".{called.attr}() may change something"
            elif not isinstance(called, ast.Name):
                return "it calls what it has computed"
            elif called.id not in _FUNCTIONS or called.id in types or called.id in bound:
                return f"{called.id}() may change something"
        elif isinstance(node, ast.Name) and node.id in types and types[node.id] not in _TYPES:
            return f"{node.id} is a {types[node.id]}"
    return ""


def _look(result: CellResult, *, copied: bool = False) -> Look:
    parts = [result.output.rstrip("\n"), result.echo or "", result.error.text if result.error is not None else ""]
    shown = "\n".join(part for part in parts if part) or "None"
    return Look(clean(shown), result.status, copied)


def _short(text: str) -> str:
    line = " ".join(clean(text).split())
    return line if len(line) <= VALUE_CHARS else line[: VALUE_CHARS - 1] + "…"
