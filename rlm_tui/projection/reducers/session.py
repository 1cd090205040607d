"""Sessions and their nodes."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from rlm_tui import events as ev
from rlm_tui.events import Entry, Usage
from rlm_tui.projection.coverage import Coverage
from rlm_tui.projection.reducers.base import (
    EVERYTHING,
    GAUGES,
    OUTPUT,
    TIMELINE,
    TREE,
    VARIABLES,
    Reducers,
    add_row,
    look_at,
    reopen,
    waited,
)
from rlm_tui.projection.state import Node, Note, SessionState

on = Reducers()


@on(ev.SessionStarted, *EVERYTHING)
def _(state: SessionState, e: ev.SessionStarted, entry: Entry) -> None:
    state.session, state.query, state.documents = e.session, e.query, e.documents
    state.config, state.context_kind, state.origin = e.config, e.context_kind, e.origin
    state.parent, state.parent_seq = e.parent, e.parent_seq
    state.started, state.status = entry.at, "running"
    state.questions.append(e.query)
    state.coverage = Coverage([d.body.chars for d in e.documents])


@on(ev.SessionEnded, *EVERYTHING)
def _(state: SessionState, e: ev.SessionEnded, entry: Entry) -> None:
    state.status, state.answer, state.limit, state.error = e.status, e.answer, e.limit, e.error
    state.ended, state.paused, state.pause_requested = entry.at, None, False
    waited(state, entry)


@on(ev.SessionResumed, *EVERYTHING)
def _(state: SessionState, e: ev.SessionResumed, entry: Entry) -> None:
    reopen(state, entry)
    for cell in [state.cells[k] for k in state.running_cells]:
        state.cells[cell.id] = replace(cell, status="proposed", pieces=())
    for call in [state.calls[k] for k in state.open_calls]:
        fault = ev.Fault("cancelled", "interrupted; it may have been billed")
        state.calls[call.id] = replace(call, status="failed", fault=fault, ended=entry.at)
    state.open_calls.clear()
    state.running_cells.clear()
    state.reserved = Usage()
    state.notes.append(Note(entry.seq, "resumed", "0", "resumed by a new process"))


@on(ev.SessionAsked, *EVERYTHING)
def _(state: SessionState, e: ev.SessionAsked, entry: Entry) -> None:
    reopen(state, entry)
    state.query, state.proposed = e.query, None
    if e.limits is not None:
        state.config = msgspec.structs.replace(state.config, limits=e.limits)
    state.warned.clear()
    state.questions.append(e.query)
    if root := state.nodes.get("0"):
        state.nodes["0"] = replace(
            root,
            query=e.query,
            status="running",
            answer=None,
            limit=None,
            error=None,
            ended=None,
            turns_before=root.turn,
        )
    state.notes.append(Note(entry.seq, "asked", "0", e.query))


@on(ev.NodeStarted, TREE, GAUGES, TIMELINE, VARIABLES)
def _(state: SessionState, e: ev.NodeStarted, entry: Entry) -> None:
    state.nodes[e.node] = Node(
        id=e.node,
        depth=e.depth,
        model=e.model,
        query=e.query,
        context_kind=e.context_kind,
        context_chars=e.context_chars,
        parent=e.parent,
        cell=e.cell,
        ordinal=e.ordinal,
        batch=e.batch,
        context=e.context,
        started=entry.at,
    )
    cell = state.cells.get(e.cell) if e.cell else None
    add_row(state, e.node, state.row_of_cell(cell) if cell else "")


@on(ev.NodeEnded, TREE, TIMELINE)
def _(state: SessionState, e: ev.NodeEnded, entry: Entry) -> None:
    if node := state.nodes.get(e.node):
        status = "superseded" if e.node in state.superseded else e.status
        state.nodes[e.node] = replace(
            node, status=status, answer=e.answer, limit=e.limit, error=e.error, ended=entry.at
        )
        if status == "superseded":
            for cell in [state.cells[key] for key in state.running_cells if state.cells[key].node == e.node]:
                state.cells[cell.id] = replace(cell, status="cancelled", ended=entry.at)
                state.running_cells.discard(cell.id)
        look_at(state, e.node)


@on(ev.ReplOpened, GAUGES)
def _(state: SessionState, e: ev.ReplOpened, entry: Entry) -> None:
    state.walls = e.walls


@on(ev.NodeWarned, OUTPUT)
def _(state: SessionState, e: ev.NodeWarned, entry: Entry) -> None:
    state.notes.append(Note(entry.seq, "warning", e.node, e.text))
