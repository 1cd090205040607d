"""The fold: one event after the other into a `SessionState`.

`apply` is total (an event about something unknown is ignored, so that a damaged log still shows what it can) and depends
on nothing but its arguments. It returns which parts of the screen the event can have changed, so that the pump knows
whom to tell.
"""

from __future__ import annotations

from collections.abc import Iterable

from rlm_tui.events import Entry
from rlm_tui.projection.reducers import calls, cells, operator, session
from rlm_tui.projection.reducers.base import (
    CODE,
    DOCUMENT,
    EVERYTHING,
    GAUGES,
    OUTPUT,
    STATUS,
    TIMELINE,
    TREE,
    VARIABLES,
    Changed,
)
from rlm_tui.projection.state import SessionState

__all__ = [
    "CODE",
    "DOCUMENT",
    "EVERYTHING",
    "GAUGES",
    "OUTPUT",
    "STATUS",
    "TIMELINE",
    "TREE",
    "VARIABLES",
    "Changed",
    "apply",
    "fold",
]

_REDUCERS = {**session.on.table, **calls.on.table, **cells.on.table, **operator.on.table}


def apply(state: SessionState, entry: Entry) -> Changed:
    """Fold `entry` into `state` (in place) and say what may look different now."""
    reducer = _REDUCERS.get(type(entry.event))
    changed: Changed = reducer(state, entry.event, entry) if reducer else frozenset()
    state.seq = entry.seq
    state.at = entry.at
    return changed


def fold(entries: Iterable[Entry], state: SessionState | None = None) -> SessionState:
    """The state after `entries`, from `state` (which is filled further) or from nothing."""
    state = SessionState() if state is None else state
    for entry in entries:
        apply(state, entry)
    return state
