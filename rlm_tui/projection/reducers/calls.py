"""Calls to models, and calls of tools."""

from __future__ import annotations

from dataclasses import replace

from rlm_tui import events as ev
from rlm_tui.events import Entry
from rlm_tui.projection.reducers.base import (
    CODE,
    GAUGES,
    OUTPUT,
    TIMELINE,
    TREE,
    Reducers,
    add_row,
    look_at,
    settle,
)
from rlm_tui.projection.state import Call, Note, SessionState

on = Reducers()


@on(ev.CallReserved, TREE, GAUGES, TIMELINE, OUTPUT)
def _(state: SessionState, e: ev.CallReserved, entry: Entry) -> None:
    again = e.call in state.calls  # It was cancelled by the operator, and is made again.
    state.calls[e.call] = Call(
        id=e.call,
        node=e.node,
        purpose=e.purpose,
        model=e.model,
        messages=e.messages,
        max_output_tokens=e.max_output_tokens,
        estimate=e.estimate,
        depth=e.depth,
        turn=e.turn,
        cell=e.cell,
        ordinal=e.ordinal,
        batch=e.batch,
        degraded=e.degraded,
        started=entry.at,
    )
    if not again:
        cell = state.cells.get(e.cell) if e.cell else None
        add_row(state, e.call, state.row_of_cell(cell) if cell else e.node)
        state.order.append(e.call)
    state.open_calls.add(e.call)
    state.reserved = state.reserved + e.estimate
    if e.turn and (node := state.nodes.get(e.node)):
        state.nodes[e.node] = replace(node, turn=max(node.turn, e.turn))
    look_at(state, e.call)


@on(ev.AttemptStarted, TREE)
def _(state: SessionState, e: ev.AttemptStarted, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        if call.status == "failed":
            # Cut off by a crash and asked again after a resume.
            state.open_calls.add(call.id)
            state.reserved = state.reserved + call.estimate
        state.calls[e.call] = replace(call, attempts=e.attempt, status="running", fault=None, ended=None)


@on(ev.AttemptFailed, TREE, OUTPUT)
def _(state: SessionState, e: ev.AttemptFailed, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        state.calls[e.call] = replace(call, status="retrying", fault=e.fault)
        if e.retry_in is not None:
            text = f"{e.fault.message} Trying again in {e.retry_in:.1f} s (attempt {e.attempt + 1})."
            state.notes.append(Note(entry.seq, "retry", call.node, text))


@on(ev.CallPartial, OUTPUT)
def _(state: SessionState, e: ev.CallPartial, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        state.calls[e.call] = replace(call, partial=call.partial + e.text)


@on(ev.CallFinished, TREE, GAUGES, TIMELINE, OUTPUT)
def _(state: SessionState, e: ev.CallFinished, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        state.calls[e.call] = replace(
            call,
            status="done",
            reply=e.reply,
            usage=e.usage,
            finish=e.finish,
            source=e.source,
            seconds=e.seconds,
            partial="",
            fault=None,
            ended=entry.at,
        )
        settle(state, call, e.usage)
        look_at(state, e.call)


@on(ev.CallFailed, TREE, GAUGES, TIMELINE, OUTPUT)
def _(state: SessionState, e: ev.CallFailed, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        state.calls[e.call] = replace(
            call,
            status="failed",
            fault=e.fault,
            usage=e.usage,
            reply=e.partial,
            partial="",
            seconds=e.seconds,
            ended=entry.at,
        )
        state.errors += e.fault.kind != "cancelled"
        settle(state, call, e.usage)
        look_at(state, e.call)


@on(ev.ReplyRead, TREE, OUTPUT, CODE)
def _(state: SessionState, e: ev.ReplyRead, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        state.calls[e.call] = replace(call, action=e.action, notice=e.notice, rule=e.rule, kept=e.kept)


@on(ev.ConversationCompacted, OUTPUT)
def _(state: SessionState, e: ev.ConversationCompacted, entry: Entry) -> None:
    text = f"{e.dropped} messages were replaced by a summary ({e.call})"
    state.notes.append(Note(entry.seq, "compacted", e.node, text))


@on(ev.ToolCalled, OUTPUT)
def _(state: SessionState, e: ev.ToolCalled, entry: Entry) -> None:
    state.notes.append(Note(entry.seq, "tool", e.node, f"{e.call} calls the tool {e.tool}"))


@on(ev.ToolReturned, OUTPUT)
def _(state: SessionState, e: ev.ToolReturned, entry: Entry) -> None:
    how = f"failed: {e.error}" if e.error is not None else f"returned after {e.seconds:.2f} s"
    state.notes.append(Note(entry.seq, "tool", e.node, f"{e.call} {e.tool} {how}"))
