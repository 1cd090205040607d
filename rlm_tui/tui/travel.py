"""Where the cursor goes when one steps through a session, forwards or backwards. They look, and change nothing."""

from __future__ import annotations

from collections.abc import Callable

from rlm_tui import events as ev
from rlm_tui.events import Entry
from rlm_tui.tui.view import View

SMALL = (ev.CallPartial, ev.CellOutput, ev.AttemptStarted, ev.TextSeen, ev.ReplOpened)
"""Events that a step of one event passes over: they come in crowds and stop nobody."""


def turn(view: View, *, backwards: bool) -> int | None:
    """The next (or previous) cell of the selected node: just before it runs."""
    node = view.node.id if view.node is not None else "0"

    def wanted(entry: Entry) -> bool:
        event = entry.event
        if isinstance(event, ev.CellProposed):
            return event.node == node
        if backwards:
            return False
        return isinstance(event, ev.SessionEnded) or (isinstance(event, ev.NodeEnded) and event.node == node)

    return _find(view, wanted, backwards)


def event(view: View, *, backwards: bool, after: int | None = None) -> int | None:
    """The next (or previous) event that says something, seen from the cursor or from `after`."""
    here = view.state.seq if after is None else after
    return view.timeline.find(lambda entry: not isinstance(entry.event, SMALL), after=here, backwards=backwards)


def edge(view: View, *, backwards: bool) -> int | None:
    """The end (or start) of the selected node."""
    node = view.node.id if view.node is not None else "0"

    def wanted(entry: Entry) -> bool:
        kind = ev.NodeStarted if backwards else ev.NodeEnded
        return isinstance(entry.event, kind) and entry.event.node == node

    return _find(view, wanted, backwards)


def stop(view: View, *, backwards: bool) -> int | None:
    """The next (or previous) moment at which the run was held, or warned, or ended."""
    kinds = (ev.Paused, ev.BudgetWarned, ev.BudgetExhausted, ev.SessionEnded, ev.SessionStarted)
    return _find(view, lambda entry: isinstance(entry.event, kinds), backwards)


def moment(view: View, worked: float) -> int:
    """The last event that is not later than so many seconds of work after the start."""
    seq = 0
    for entry in view.timeline.entries:
        if view.worked(entry.at) > worked:
            break
        seq = entry.seq
    return seq


def row(view: View, key: str) -> int | None:
    """The moment that shows most of a row before it was over: a turn's cell before it runs, a call's reply, a node's start."""
    head = view.head
    cells = head.cells_of.get(key)
    if cells:
        return view.places.get(cells[-1])
    if key in head.calls:

        def wanted(entry: Entry) -> bool:
            return isinstance(entry.event, ev.CallFinished | ev.CallFailed) and entry.event.call == key

        return view.timeline.find(wanted, after=0) or view.places.get(key)
    return view.places.get(key)


def _find(view: View, wanted: Callable[[Entry], bool], backwards: bool) -> int | None:
    return view.timeline.find(wanted, after=view.state.seq, backwards=backwards)
