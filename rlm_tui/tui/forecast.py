"""What a cell will ask of models if it runs, as far as its text tells. Nothing is guessed: what can't be known is said."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from rlm_tui.events import Usage, Variable
from rlm_tui.projection.state import SessionState

SINGLE = {"llm_query": "leaf", "rlm_query": "node", "recursive_llm": "node"}
BATCHED = {"llm_query_batched": "leaf", "rlm_query_batched": "node"}
_GROWING = frozenset({"append", "extend", "insert", "pop", "remove", "clear", "add", "discard", "update"})
_INTEGER = re.compile(r"-?\d{1,18}")


@dataclass(frozen=True, slots=True)
class Forecast:
    """`calls` is how many sub-calls are certain to be asked for when every line runs once; `unknown` names the ones whose
    number shows only at run time; `nodes` is how many of the certain ones make child nodes. `broken` says that the code
    can't be parsed.
    """

    calls: int = 0
    nodes: int = 0
    unknown: tuple[str, ...] = ()
    broken: bool = False

    @property
    def nothing(self) -> bool:
        """Whether no model will be asked."""
        return not self.calls and not self.unknown


def forecast(code: str, variables: Sequence[Variable] = ()) -> Forecast:
    """Look at `code`; `variables` are what the REPL holds now, so that ``llm_query_batched(prompts)`` can be counted."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Forecast(broken=True)
    sizes = {v.name: v.size for v in variables if v.size is not None}
    numbers = {v.name: int(v.preview) for v in variables if v.type == "int" and _INTEGER.fullmatch(v.preview)}
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    # A name that the code itself binds holds something else by the time it is used.
    numbers = {name: number for name, number in numbers.items() if name not in assigned}
    grown = _grown(tree)
    known = _Known({name: size for name, size in sizes.items() if name not in assigned | grown}, numbers)
    _learn(tree, known, grown)
    visitor = _Visitor(known)
    visitor.visit(tree)
    return Forecast(visitor.calls, visitor.nodes, tuple(dict.fromkeys(visitor.unknown)))


def average_subcall(state: SessionState) -> Usage | None:
    """The mean of the leaf calls so far (cost in dollars, `input` and `output` in tokens); ``None`` before the first."""
    total = state.by_purpose.get("leaf")
    if total is None or not total.calls:
        return None
    return Usage(
        calls=1,
        input=total.input // total.calls,
        output=total.output // total.calls,
        cost=total.cost / total.calls,
        unpriced=1 if total.unpriced else 0,
    )


@dataclass(slots=True)
class _Known:
    """What names stand for, as far as it is known: lengths of values, and whole numbers."""

    sizes: dict[str, int]
    numbers: dict[str, int]


def _grown(tree: ast.Module) -> set[str]:
    """Names whose length the code changes in place: by a method, or by taking items out."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.value, ast.Name):
            continue
        if isinstance(node, ast.Attribute):
            changes = node.attr in _GROWING
        else:
            changes = isinstance(node.ctx, ast.Del) or (
                isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Slice)
            )
        if changes:
            found.add(node.value.id)
    return found


def _learn(tree: ast.Module, known: _Known, grown: set[str]) -> None:
    """Add the lists and numbers that top-level statements make, where the text gives them away."""
    stores: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stores[node.id] = stores.get(node.id, 0) + 1
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name) and stores.get(target.id) == 1 and target.id not in grown:
                if (number := _number(statement.value, known)) is not None:
                    known.numbers[target.id] = number
                elif (length := _length(statement.value, known)) is not None:
                    known.sizes[target.id] = length


def _length(value: ast.expr, known: _Known) -> int | None:
    if isinstance(value, ast.Name):
        return known.sizes.get(value.id)
    if isinstance(value, ast.List | ast.Tuple):
        return None if any(isinstance(item, ast.Starred) for item in value.elts) else len(value.elts)
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        whole = _length(value.value, known)
        try:
            lower, upper, step = (_bound(bound) for bound in (value.slice.lower, value.slice.upper, value.slice.step))
            return None if whole is None else len(range(whole)[lower:upper:step])
        except ValueError:
            return None
    if isinstance(value, ast.ListComp) and len(value.generators) == 1 and not value.generators[0].ifs:
        return _length(value.generators[0].iter, known)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.args:
        if value.func.id in ("enumerate", "list", "sorted", "reversed"):
            return _length(value.args[0], known)
        if value.func.id == "range" and not value.keywords:
            bounds = [_number(argument, known) for argument in value.args]
            with suppress(TypeError, ValueError, OverflowError):  # Not known, too many, or a step of 0.
                return len(range(*bounds))  # type: ignore[arg-type]
    return None


def _number(value: ast.expr, known: _Known) -> int | None:
    """The whole number that an expression gives, where the text and what is known tell."""
    if isinstance(value, ast.Constant):
        return value.value if type(value.value) is int else None
    if isinstance(value, ast.Name):
        return known.numbers.get(value.id)
    if isinstance(value, ast.BinOp):
        left, right = _number(value.left, known), _number(value.right, known)
        if left is None or right is None:
            return None
        if isinstance(value.op, ast.Add):
            return left + right
        if isinstance(value.op, ast.Sub):
            return left - right
        if isinstance(value.op, ast.Mult):
            return left * right
        return left // right if isinstance(value.op, ast.FloorDiv) and right else None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "len":
        return _length(value.args[0], known) if len(value.args) == 1 else None
    return None


def _bound(bound: ast.expr | None) -> int | None:
    """The number of a slice's bound, ``None`` where there is none. Raises `ValueError` where the text does not tell."""
    value = None if bound is None else ast.literal_eval(bound)
    if value is not None and type(value) is not int:
        raise ValueError
    return value


class _Visitor(ast.NodeVisitor):
    def __init__(self, known: _Known) -> None:
        self._known = known
        self._times = 1
        self._certain = True
        self.calls = 0
        self.nodes = 0
        self.unknown: list[str] = []

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in SINGLE:
            self._add(name, 1, SINGLE[name])
        elif name in BATCHED:
            prompts = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "prompts"), None)
            self._add(name, _length(prompts, self._known) if prompts is not None else None, BATCHED[name])
        self.generic_visit(node)

    def _add(self, name: str, number: int | None, kind: str) -> None:
        if number is None or not self._certain:
            self.unknown.append(name)
            return
        self.calls += number * self._times
        if kind == "node":
            self.nodes += number * self._times

    def _uncertain(self, *nodes: ast.AST) -> None:
        before, self._certain = self._certain, False
        for node in nodes:
            self.visit(node)
        self._certain = before

    def _repeated(self, times: int | None, *nodes: ast.AST) -> None:
        if times is None:
            self._uncertain(*nodes)
            return
        before, self._times = self._times, self._times * times
        for node in nodes:
            self.visit(node)
        self._times = before

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        leaves = any(isinstance(n, ast.Break | ast.Continue | ast.Return) for n in ast.walk(node))
        self._repeated(None if leaves else _length(node.iter, self._known), *node.body)
        self._uncertain(*node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self._uncertain(node.test, *node.body, *node.orelse)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._uncertain(*node.body, *node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._uncertain(node.body, node.orelse)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self._uncertain(*node.values[1:])

    def visit_Try(self, node: ast.Try) -> None:
        for statement in node.body:
            self.visit(statement)
        self._uncertain(*node.handlers, *node.orelse)
        for statement in node.finalbody:
            self.visit(statement)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._uncertain(*node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._uncertain(node.body)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self.visit(node.generators[0].iter)
        self._repeated(_length(node, self._known), node.elt)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        self._uncertain(node.elt)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._uncertain(node.elt)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        single = len(node.generators) == 1 and not node.generators[0].ifs
        times = _length(node.generators[0].iter, self._known) if single else None
        self._repeated(times, node.key, node.value)
