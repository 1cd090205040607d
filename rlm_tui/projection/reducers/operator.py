"""What the operator does, and what the budget says."""

from __future__ import annotations

from rlm_tui import events as ev
from rlm_tui.events import Entry
from rlm_tui.projection.reducers.base import (
    CODE,
    GAUGES,
    OUTPUT,
    TIMELINE,
    TREE,
    VARIABLES,
    Reducers,
    waited,
)
from rlm_tui.projection.state import Note, SessionState

on = Reducers()


@on(ev.Paused, CODE, TREE, OUTPUT)
def _(state: SessionState, e: ev.Paused, entry: Entry) -> None:
    state.paused, state.pause_requested = e, False
    state.held_since = entry.at
    if e.call and e.call in state.calls:
        state.current = e.call
    elif e.cell and (cell := state.cells.get(e.cell)):
        state.current = state.row_of_cell(cell)
    elif e.node in state.nodes and e.node not in (state.current, _node_of(state, state.current)):
        # A turn whose model was not called yet has no row: its node's stands for it.
        state.current = e.node


def _node_of(state: SessionState, row: str) -> str:
    """The node in which a row of the tree stands."""
    found = state.calls.get(row) or state.cells.get(row)
    return found.node if found is not None else ""


@on(ev.Resumed, CODE, TREE)
def _(state: SessionState, e: ev.Resumed, entry: Entry) -> None:
    state.paused = None
    waited(state, entry)


@on(ev.PauseRequested)
def _(state: SessionState, e: ev.PauseRequested, entry: Entry) -> None:
    state.pause_requested = True


@on(ev.Injected, OUTPUT)
def _(state: SessionState, e: ev.Injected, entry: Entry) -> None:
    state.notes.append(Note(entry.seq, "injected", e.node, e.text))


@on(ev.Overridden, OUTPUT, TREE)
def _(state: SessionState, e: ev.Overridden, entry: Entry) -> None:
    node = call.node if (call := state.calls.get(e.call)) else "0"
    state.notes.append(Note(entry.seq, "overridden", node, f"{e.call} answered by hand: {e.text}"))


@on(ev.BreakpointSet, TREE, CODE)
def _(state: SessionState, e: ev.BreakpointSet, entry: Entry) -> None:
    state.breakpoints[e.number] = e.condition


@on(ev.BreakpointCleared, TREE, CODE)
def _(state: SessionState, e: ev.BreakpointCleared, entry: Entry) -> None:
    state.breakpoints.pop(e.number, None)


@on(ev.LogPoint, OUTPUT)
def _(state: SessionState, e: ev.LogPoint, entry: Entry) -> None:
    state.notes.append(Note(entry.seq, "log", e.node, e.text))


@on(ev.BudgetWarned, GAUGES, OUTPUT)
def _(state: SessionState, e: ev.BudgetWarned, entry: Entry) -> None:
    state.warned.add(e.limit)
    state.notes.append(Note(entry.seq, "budget", "0", f"80 % of the {e.limit} budget is used"))


@on(ev.BudgetExhausted, GAUGES, OUTPUT)
def _(state: SessionState, e: ev.BudgetExhausted, entry: Entry) -> None:
    state.exhausted = e.limit
    state.notes.append(Note(entry.seq, "budget", e.node, e.sentence))


@on(ev.Evaluated, OUTPUT)
def _(state: SessionState, e: ev.Evaluated, entry: Entry) -> None:
    state.looks.append(e)
    state.notes.append(Note(entry.seq, "evaluated", e.node, f"{e.code}\n= {e.preview}"))


@on(ev.WatchSet, VARIABLES)
def _(state: SessionState, e: ev.WatchSet, entry: Entry) -> None:
    state.watches[e.number] = e.expression


@on(ev.WatchCleared, VARIABLES)
def _(state: SessionState, e: ev.WatchCleared, entry: Entry) -> None:
    state.watches.pop(e.number, None)


@on(ev.Watched, VARIABLES)
def _(state: SessionState, e: ev.Watched, entry: Entry) -> None:
    old = state.watched.get(e.node, {})
    state.watched[e.node] = {**old, **{value.number: value for value in e.values}}


@on(ev.Interrupted, OUTPUT, TREE)
def _(state: SessionState, e: ev.Interrupted, entry: Entry) -> None:
    for name in e.calls:
        if call := state.calls.get(name):
            state.notes.append(
                Note(entry.seq, "interrupted", call.node, f"you cancelled {name}; it will be asked again")
            )


@on(ev.NodeRestarted, OUTPUT, TREE)
def _(state: SessionState, e: ev.NodeRestarted, entry: Entry) -> None:
    state.superseded[e.node] = e.again
    state.notes.append(Note(entry.seq, "restarted", e.node, f"you had it begin again as {e.again}"))


@on(ev.MarkSet, TIMELINE)
def _(state: SessionState, e: ev.MarkSet, entry: Entry) -> None:
    state.marks[e.number] = (e.at, e.name)


@on(ev.MarkCleared, TIMELINE)
def _(state: SessionState, e: ev.MarkCleared, entry: Entry) -> None:
    state.marks.pop(e.number, None)
