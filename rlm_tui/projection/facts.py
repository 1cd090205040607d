"""What conditions can ask about: the facts of a moment, computed only when a condition looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rlm_tui.events import BlobRef, Span
from rlm_tui.projection.state import Call, Cell, SessionState

Text = Callable[[BlobRef], str]


class Facts(Mapping[str, object]):
    """A lazy mapping from a fact's name to its value at one stop. A fact that does not apply is missing."""

    def __init__(self, values: Mapping[str, Callable[[], object]]) -> None:
        self._values = values
        self._known: dict[str, object] = {}

    def __getitem__(self, name: str) -> object:
        if name not in self._known:
            self._known[name] = self._values[name]()
        if self._known[name] is None:
            raise KeyError(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def facts_at(
    state: SessionState,
    text: Text,
    *,
    kind: str,
    node: str,
    turn: int | None = None,
    cell: str | None = None,
    call: str | None = None,
    planned: int | None = None,
    cost: float | None = None,
) -> Facts:
    """The facts at a stop of `kind` (see `rlm_tui.events.Paused`) of `node`. `text` loads a body by reference."""
    where = state.nodes.get(node)
    the_cell = state.cells.get(cell) if cell else None
    the_call = state.calls.get(call or f"{node}:t{turn}")
    ended = kind in ("after_exec", "on_error", "on_final", "on_budget")
    values: dict[str, Callable[[], object]] = {
        "stop": lambda: kind,
        "node": lambda: node,
        "depth": lambda: where.depth if where else None,
        "turn": lambda: turn,
        "model": lambda: the_call.model if the_call else (where.model if where else None),
        "error": lambda: _error(kind, the_cell),
        "final": lambda: kind == "on_final",
        "code": lambda: text(the_cell.code) if the_cell else None,
        "output": lambda: text(the_cell.output) if ended and the_cell and the_cell.output else None,
        "reply": lambda: text(the_call.reply) if the_call and the_call.reply else None,
        "latency": lambda: the_call.seconds if the_call and the_call.ended else None,
        "cost": lambda: state.spent.cost,
        "calls": lambda: state.spent.calls,
        "tokens": lambda: state.spent.total,
        "tokens.in": lambda: state.spent.input,
        "tokens.out": lambda: state.spent.output,
        "seconds": lambda: state.seconds,
        "errors": lambda: state.errors,
        "nodes": lambda: len(state.nodes),
        "query": lambda: state.query,
        "prompt": lambda: text(the_call.messages[-1].body) if the_call and the_call.messages else None,
        "coverage": lambda: state.coverage.share("seen"),
        "var": lambda: _changed(the_cell) if ended else None,
        "planned": lambda: planned,
        "planned.cost": lambda: cost,
        "reads": lambda: _reads(state, the_cell, the_call),
    }
    if turn is not None:
        before = where.turns_before if where else 0
        values["budget.turns"] = lambda: (turn - before) / state.config.limits.turns
    for limit, used, allowed in budgets(state):
        values[f"budget.{limit}"] = lambda used=used, allowed=allowed: used / allowed if allowed else 1.0  # type: ignore[misc]
    return Facts(values)


def budgets(state: SessionState) -> list[tuple[str, float, float]]:
    """The budgets that are set, as (kind, used, allowed)."""
    limits, spent = state.config.limits, state.spent
    rows: list[tuple[str, float, float | None]] = [
        ("usd", spent.cost, limits.usd),
        ("calls", spent.calls, limits.calls),
        ("tokens", spent.total, limits.total_tokens),
        ("tokens.in", spent.input, limits.input_tokens),
        ("tokens.out", spent.output, limits.output_tokens),
        ("seconds", state.seconds, limits.seconds),
    ]
    return [(kind, used, allowed) for kind, used, allowed in rows if allowed is not None]


def _error(kind: str, cell: Cell | None) -> Any:
    if kind != "on_error" or cell is None or cell.error is None:
        return False
    return f"{cell.error.type}: {cell.error.message}"


def _changed(cell: Cell | None) -> frozenset[str] | None:
    return None if cell is None else frozenset(v.name for v in cell.variables if v.changed)


def _reads(state: SessionState, cell: Cell | None, call: Call | None) -> list[Span]:
    spans = list(cell.touched) if cell else []
    if call is not None:
        spans += state.coverage.spans_of(call.id)
    return spans
