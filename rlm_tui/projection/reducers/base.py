"""What every reducer needs: the parts of the screen, a table to stand in, and the steps that several of them take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rlm_tui import events as ev
from rlm_tui.events import Entry, Usage
from rlm_tui.projection.state import Call, SessionState

STATUS, TREE, CODE, OUTPUT, VARIABLES, DOCUMENT, GAUGES, TIMELINE = (
    "status",
    "tree",
    "code",
    "output",
    "variables",
    "document",
    "gauges",
    "timeline",
)
EVERYTHING = frozenset({STATUS, TREE, CODE, OUTPUT, VARIABLES, DOCUMENT, GAUGES, TIMELINE})

Changed = frozenset[str]
Reducer = Callable[[SessionState, Any, Entry], Changed]


class Reducers:
    """A table of reducers by type of event; called as a decorator it adds one, with what can look different after it."""

    def __init__(self) -> None:
        self.table: dict[type[ev.Event], Reducer] = {}

    def __call__(
        self, kind: type[ev.Event], *changed: str
    ) -> Callable[[Callable[[SessionState, Any, Entry], None]], None]:
        parts = frozenset(changed) | {STATUS}

        def register(reduce: Callable[[SessionState, Any, Entry], None]) -> None:
            def reducer(state: SessionState, event: Any, entry: Entry) -> Changed:
                reduce(state, event, entry)
                return parts

            self.table[kind] = reducer

        return register


def waited(state: SessionState, entry: Entry) -> None:
    """The run goes on, or ends: the time in which it was held is not its own."""
    if state.held_since is not None:
        state.idle += max(0.0, entry.at - state.held_since)
        state.held_since = None


def look_at(state: SessionState, row: str) -> None:
    """What happens last is what is looked at; but while the run is held, the place where it is held."""
    if state.paused is None:
        state.current = row


def reopen(state: SessionState, entry: Entry) -> None:
    """Something runs again after an end, whether there is an event of that end or not."""
    if state.held_since is None:
        state.held_since = state.at
    waited(state, entry)
    state.status, state.paused, state.ended, state.pause_requested = "running", None, None, False
    state.answer, state.limit, state.error, state.exhausted = None, None, None, None
    for node in state.nodes.values():
        if node.status == "cancelled" or (node.id == "0" and node.status == "failed"):
            state.nodes[node.id] = replace(node, status="running", limit=None, error=None, ended=None)


def add_row(state: SessionState, key: str, parent: str) -> None:
    state.totals.setdefault(key, Usage())
    if parent:
        state.children.setdefault(parent, []).append(key)


def parent_row(state: SessionState, key: str) -> str | None:
    if call := state.calls.get(key):
        cell = state.cells.get(call.cell) if call.cell else None
        return state.row_of_cell(cell) if cell else call.node
    if node := state.nodes.get(key):
        cell = state.cells.get(node.cell) if node.cell else None
        return state.row_of_cell(cell) if cell else None
    if cell := state.cells.get(key):
        return cell.node
    # A turn whose call is not in the log (imported logs may lack it) is still a row of its node.
    owner, turn, _ = key.partition(":")
    return owner if turn and owner in state.nodes else None


def settle(state: SessionState, call: Call, usage: Usage) -> None:
    """Move a call from reserved to spent, in every sum it belongs to."""
    state.open_calls.discard(call.id)
    total = Usage()
    for open_call in state.open_calls:
        total = total + state.calls[open_call].estimate
    state.reserved = total
    state.spent = state.spent + usage
    state.by_model[call.model] = state.by_model.get(call.model, Usage()) + usage
    state.by_purpose[call.purpose] = state.by_purpose.get(call.purpose, Usage()) + usage
    key: str | None = call.id
    while key is not None:
        state.totals[key] = state.totals.get(key, Usage()) + usage
        key = parent_row(state, key)
