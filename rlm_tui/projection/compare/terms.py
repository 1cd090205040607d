"""What a piece of code looks for: read from its syntax, never by running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 100_000
"""Longer code is not looked at, in characters."""

_FINDERS = frozenset(
    {
        "compile",
        "count",
        "endswith",
        "find",
        "findall",
        "finditer",
        "fullmatch",
        "index",
        "match",
        "partition",
        "rfind",
        "rindex",
        "rpartition",
        "search",
        "split",
        "startswith",
    }
)
"""Functions and methods whose first argument is what they look for (of `re`, of `str`)."""

ASKING = frozenset({"llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched"})
ANSWERING = frozenset({"FINAL", "FINAL_VAR", "SUBMIT"})


@dataclass(frozen=True, slots=True)
class Reading:
    r"""What code looks for and uses, each in the order of its first use.

    `terms` are words and patterns as they are written there (``'Pierre'``, ``r'\bRost(ov|ova)\b'``); `slices` the parts of
    the context that it takes (``context[:1000]``); `asks` and `answers` the functions of the REPL that it calls. `shape` is
    the same for code that differs in comments and layout only.
    """

    terms: tuple[str, ...]
    slices: tuple[str, ...]
    asks: tuple[str, ...]
    answers: tuple[str, ...]
    shape: str


def read_code(code: str) -> Reading | None:
    """What `code` looks for; ``None`` where it can't be read as Python."""
    if len(code) > LONGEST:
        return None
    try:
        tree = ast.parse(code)
        return _Reader(code, tree).reading()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Reader:
    def __init__(self, code: str, tree: ast.Module) -> None:
        self._code = code
        self._tree = tree
        self._values: dict[str, list[ast.Constant]] = {}

    def reading(self) -> Reading:
        nodes = sorted(
            (node for node in ast.walk(self._tree) if isinstance(node, ast.expr | ast.stmt | ast.comprehension)),
            key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0)),
        )
        # Twice, because a loop may go over a name that is assigned further down in the sorted list.
        for _ in range(2):
            for node in ast.walk(self._tree):
                self._remember(node)
        terms: dict[str, None] = {}
        slices: dict[str, None] = {}
        asks: dict[str, None] = {}
        answers: dict[str, None] = {}
        for node in nodes:
            for constant in self._wanted(node):
                terms[self._source(constant)] = None
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "context":
                slices[self._source(node)] = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ASKING:
                    asks[node.func.id] = None
                if node.func.id in ANSWERING:
                    answers[node.func.id] = None
        return Reading(tuple(terms), tuple(slices), tuple(asks), tuple(answers), ast.dump(self._tree))

    def _remember(self, node: ast.AST) -> None:
        """Which texts a name can stand for: ``pats = ['a', 'b']``, ``for p in pats``."""
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            self._bind(node.target, node.iter)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            known = self._values.setdefault(target.id, [])
            known += [text for text in self._texts(value) if text not in known]

    def _texts(self, node: ast.expr | None) -> Iterator[ast.Constant]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield node
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            for item in node.elts:
                yield from self._texts(item)
        elif isinstance(node, ast.Name):
            yield from list(self._values.get(node.id, ()))

    def _wanted(self, node: ast.AST) -> Iterator[ast.Constant]:
        """The texts that `node` looks for."""
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if name in _FINDERS and node.args:
                yield from self._texts(node.args[0])
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            yield from self._texts(node.left)

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self._code, node) or ast.unparse(node)
