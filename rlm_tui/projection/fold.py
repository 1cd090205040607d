"""The fold: one event after the other into a `SessionState`.

`apply` is total (an event about something unknown is ignored, so that a damaged log still shows what it can) and depends
on nothing but its arguments. It returns which parts of the screen the event can have changed, so that the pump knows
whom to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec

from rlm_tui import events as ev
from rlm_tui.events import Entry, Usage
from rlm_tui.projection.coverage import Coverage
from rlm_tui.projection.state import Call, Cell, Node, Note, SessionState

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

_REDUCERS: dict[type[ev.Event], Reducer] = {}


def _on(kind: type[ev.Event], *changed: str) -> Callable[[Callable[[SessionState, Any, Entry], None]], None]:
    parts = frozenset(changed) | {STATUS}

    def register(reduce: Callable[[SessionState, Any, Entry], None]) -> None:
        def reducer(state: SessionState, event: Any, entry: Entry) -> Changed:
            reduce(state, event, entry)
            return parts

        _REDUCERS[kind] = reducer

    return register


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


# --- session and nodes


@_on(ev.SessionStarted, *EVERYTHING)
def _(state: SessionState, e: ev.SessionStarted, entry: Entry) -> None:
    state.session, state.query, state.documents = e.session, e.query, e.documents
    state.config, state.context_kind, state.origin = e.config, e.context_kind, e.origin
    state.parent, state.parent_seq = e.parent, e.parent_seq
    state.started, state.status = entry.at, "running"
    state.questions.append(e.query)
    state.coverage = Coverage([d.body.chars for d in e.documents])


@_on(ev.SessionEnded, *EVERYTHING)
def _(state: SessionState, e: ev.SessionEnded, entry: Entry) -> None:
    state.status, state.answer, state.limit, state.error = e.status, e.answer, e.limit, e.error
    state.ended, state.paused, state.pause_requested = entry.at, None, False
    _waited(state, entry)


@_on(ev.SessionResumed, *EVERYTHING)
def _(state: SessionState, e: ev.SessionResumed, entry: Entry) -> None:
    _reopen(state, entry)
    for cell in [state.cells[k] for k in state.running_cells]:
        state.cells[cell.id] = replace(cell, status="proposed", pieces=())
    for call in [state.calls[k] for k in state.open_calls]:
        fault = ev.Fault("cancelled", "interrupted; it may have been billed")
        state.calls[call.id] = replace(call, status="failed", fault=fault, ended=entry.at)
    state.open_calls.clear()
    state.running_cells.clear()
    state.reserved = Usage()
    state.notes.append(Note(entry.seq, "resumed", "0", "resumed by a new process"))


@_on(ev.SessionAsked, *EVERYTHING)
def _(state: SessionState, e: ev.SessionAsked, entry: Entry) -> None:
    _reopen(state, entry)
    state.query, state.proposed = e.query, None
    if e.limits is not None:
        state.config = msgspec.structs.replace(state.config, limits=e.limits)
    state.warned.clear()
    state.questions.append(e.query)
    if root := state.nodes.get("0"):
        state.nodes["0"] = replace(
            root, query=e.query, status="running", answer=None, limit=None, error=None, ended=None
        )
    state.notes.append(Note(entry.seq, "asked", "0", e.query))


@_on(ev.NodeStarted, TREE, GAUGES, TIMELINE, VARIABLES)
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
    _add_row(state, e.node, state.row_of_cell(cell) if cell else "")


@_on(ev.NodeEnded, TREE, TIMELINE)
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
        _look_at(state, e.node)


@_on(ev.ReplOpened, GAUGES)
def _(state: SessionState, e: ev.ReplOpened, entry: Entry) -> None:
    state.walls = e.walls


@_on(ev.NodeWarned, OUTPUT)
def _(state: SessionState, e: ev.NodeWarned, entry: Entry) -> None:
    state.notes.append(Note(entry.seq, "warning", e.node, e.text))


# --- calls


@_on(ev.CallReserved, TREE, GAUGES, TIMELINE, OUTPUT)
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
        _add_row(state, e.call, state.row_of_cell(cell) if cell else e.node)
        state.order.append(e.call)
    state.open_calls.add(e.call)
    state.reserved = state.reserved + e.estimate
    if e.turn and (node := state.nodes.get(e.node)):
        state.nodes[e.node] = replace(node, turn=max(node.turn, e.turn))
    _look_at(state, e.call)


@_on(ev.AttemptStarted, TREE)
def _(state: SessionState, e: ev.AttemptStarted, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        if call.status == "failed":
            # Cut off by a crash and asked again after a resume.
            state.open_calls.add(call.id)
            state.reserved = state.reserved + call.estimate
        state.calls[e.call] = replace(call, attempts=e.attempt, status="running", fault=None, ended=None)


@_on(ev.AttemptFailed, TREE, OUTPUT)
def _(state: SessionState, e: ev.AttemptFailed, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        state.calls[e.call] = replace(call, status="retrying", fault=e.fault)
        if e.retry_in is not None:
            text = f"{e.fault.message} Trying again in {e.retry_in:.1f} s (attempt {e.attempt + 1})."
            state.notes.append(Note(entry.seq, "retry", call.node, text))


@_on(ev.CallPartial, OUTPUT)
def _(state: SessionState, e: ev.CallPartial, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        state.calls[e.call] = replace(call, partial=call.partial + e.text)


@_on(ev.CallFinished, TREE, GAUGES, TIMELINE, OUTPUT)
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
        _settle(state, call, e.usage)
        _look_at(state, e.call)


@_on(ev.CallFailed, TREE, GAUGES, TIMELINE, OUTPUT)
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
        _settle(state, call, e.usage)
        _look_at(state, e.call)


@_on(ev.ReplyRead, TREE, OUTPUT, CODE)
def _(state: SessionState, e: ev.ReplyRead, entry: Entry) -> None:
    if call := state.calls.get(e.call):
        state.calls[e.call] = replace(call, action=e.action, notice=e.notice, rule=e.rule, kept=e.kept)


@_on(ev.ConversationCompacted, OUTPUT)
def _(state: SessionState, e: ev.ConversationCompacted, entry: Entry) -> None:
    text = f"{e.dropped} messages were replaced by a summary ({e.call})"
    state.notes.append(Note(entry.seq, "compacted", e.node, text))


# --- cells


@_on(ev.CellProposed, TREE, CODE, TIMELINE)
def _(state: SessionState, e: ev.CellProposed, entry: Entry) -> None:
    cell = Cell(id=e.cell, node=e.node, turn=e.turn, code=e.code, origin=e.origin)
    state.cells[e.cell] = cell
    row = state.row_of_cell(cell)
    if cell.origin == "probe":
        _add_row(state, row, cell.node)
    state.cells_of.setdefault(row, []).append(cell.id)
    state.order.append(cell.id)
    _look_at(state, row)


@_on(ev.CellEdited, CODE, TREE)
def _(state: SessionState, e: ev.CellEdited, entry: Entry) -> None:
    if cell := state.cells.get(e.cell):
        state.cells[e.cell] = replace(cell, code=e.code, written=cell.written or cell.code)


@_on(ev.CellStarted, TREE, CODE, TIMELINE, OUTPUT)
def _(state: SessionState, e: ev.CellStarted, entry: Entry) -> None:
    if cell := state.cells.get(e.cell):
        state.cells[e.cell] = replace(cell, status="running", started=entry.at)
        state.running_cells.add(e.cell)
        _look_at(state, state.row_of_cell(cell))


@_on(ev.CellOutput, OUTPUT)
def _(state: SessionState, e: ev.CellOutput, entry: Entry) -> None:
    if cell := state.cells.get(e.cell):
        state.cells[e.cell] = replace(cell, pieces=(*cell.pieces, e.text))


@_on(ev.CellFinished, *EVERYTHING)
def _(state: SessionState, e: ev.CellFinished, entry: Entry) -> None:
    cell = state.cells.get(e.cell)
    if cell is None:
        return
    state.cells[e.cell] = replace(
        cell,
        status=e.status,
        output=e.output,
        shown=e.shown,
        echo=e.echo,
        error=e.error,
        seconds=e.seconds,
        waited=e.waited,
        variables=e.variables,
        touched=e.touched,
        rebuilt=e.rebuilt,
        pieces=(),
        ended=entry.at,
    )
    state.running_cells.discard(e.cell)
    if e.error is not None:
        state.errors += 1
    if e.touched:
        state.coverage.add("touched", e.cell, e.touched)
    _look_at(state, state.row_of_cell(cell))


@_on(ev.FinalProposed, OUTPUT, TREE)
def _(state: SessionState, e: ev.FinalProposed, entry: Entry) -> None:
    if e.cell and (cell := state.cells.get(e.cell)):
        state.cells[e.cell] = replace(cell, final=True)
    if e.node == "0":
        state.proposed = e.answer
        state.candidates.append(e.answer)


@_on(ev.FinalRefused, OUTPUT)
def _(state: SessionState, e: ev.FinalRefused, entry: Entry) -> None:
    if e.node == "0" and e.answer is not None:
        state.candidates.append(e.answer)
    state.notes.append(Note(entry.seq, "refused", e.node, e.reason))


@_on(ev.TextSeen, DOCUMENT, VARIABLES)
def _(state: SessionState, e: ev.TextSeen, entry: Entry) -> None:
    state.coverage.add("seen", e.source, e.spans)


# --- tools


@_on(ev.ToolCalled, OUTPUT)
def _(state: SessionState, e: ev.ToolCalled, entry: Entry) -> None:
    state.notes.append(Note(entry.seq, "tool", e.node, f"{e.call} calls the tool {e.tool}"))


@_on(ev.ToolReturned, OUTPUT)
def _(state: SessionState, e: ev.ToolReturned, entry: Entry) -> None:
    how = f"failed: {e.error}" if e.error is not None else f"returned after {e.seconds:.2f} s"
    state.notes.append(Note(entry.seq, "tool", e.node, f"{e.call} {e.tool} {how}"))


# --- control and budgets


@_on(ev.Paused, CODE, TREE, OUTPUT)
def _(state: SessionState, e: ev.Paused, entry: Entry) -> None:
    state.paused, state.pause_requested = e, False
    state.held_since = entry.at
    if e.call and e.call in state.calls:
        state.current = e.call
    elif e.cell and (cell := state.cells.get(e.cell)):
        state.current = state.row_of_cell(cell)


@_on(ev.Resumed, CODE, TREE)
def _(state: SessionState, e: ev.Resumed, entry: Entry) -> None:
    state.paused = None
    _waited(state, entry)


@_on(ev.PauseRequested)
def _(state: SessionState, e: ev.PauseRequested, entry: Entry) -> None:
    state.pause_requested = True


@_on(ev.Injected, OUTPUT)
def _(state: SessionState, e: ev.Injected, entry: Entry) -> None:
    state.notes.append(Note(entry.seq, "injected", e.node, e.text))


@_on(ev.Overridden, OUTPUT, TREE)
def _(state: SessionState, e: ev.Overridden, entry: Entry) -> None:
    node = call.node if (call := state.calls.get(e.call)) else "0"
    state.notes.append(Note(entry.seq, "overridden", node, f"{e.call} answered by hand: {e.text}"))


@_on(ev.BreakpointSet, TREE, CODE)
def _(state: SessionState, e: ev.BreakpointSet, entry: Entry) -> None:
    state.breakpoints[e.number] = e.condition


@_on(ev.BreakpointCleared, TREE, CODE)
def _(state: SessionState, e: ev.BreakpointCleared, entry: Entry) -> None:
    state.breakpoints.pop(e.number, None)


@_on(ev.LogPoint, OUTPUT)
def _(state: SessionState, e: ev.LogPoint, entry: Entry) -> None:
    state.notes.append(Note(entry.seq, "log", e.node, e.text))


@_on(ev.BudgetWarned, GAUGES, OUTPUT)
def _(state: SessionState, e: ev.BudgetWarned, entry: Entry) -> None:
    state.warned.add(e.limit)
    state.notes.append(Note(entry.seq, "budget", "0", f"80 % of the {e.limit} budget is used"))


@_on(ev.BudgetExhausted, GAUGES, OUTPUT)
def _(state: SessionState, e: ev.BudgetExhausted, entry: Entry) -> None:
    state.exhausted = e.limit
    state.notes.append(Note(entry.seq, "budget", e.node, f"the {e.limit} budget is used up"))


# --- looks, watches, marks


@_on(ev.Evaluated, OUTPUT)
def _(state: SessionState, e: ev.Evaluated, entry: Entry) -> None:
    state.looks.append(e)
    state.notes.append(Note(entry.seq, "evaluated", e.node, f"{e.code}\n= {e.preview}"))


@_on(ev.WatchSet, VARIABLES)
def _(state: SessionState, e: ev.WatchSet, entry: Entry) -> None:
    state.watches[e.number] = e.expression


@_on(ev.WatchCleared, VARIABLES)
def _(state: SessionState, e: ev.WatchCleared, entry: Entry) -> None:
    state.watches.pop(e.number, None)


@_on(ev.Watched, VARIABLES)
def _(state: SessionState, e: ev.Watched, entry: Entry) -> None:
    old = state.watched.get(e.node, {})
    state.watched[e.node] = {**old, **{value.number: value for value in e.values}}


@_on(ev.Interrupted, OUTPUT, TREE)
def _(state: SessionState, e: ev.Interrupted, entry: Entry) -> None:
    for name in e.calls:
        if call := state.calls.get(name):
            state.notes.append(
                Note(entry.seq, "interrupted", call.node, f"you cancelled {name}; it will be asked again")
            )


@_on(ev.NodeRestarted, OUTPUT, TREE)
def _(state: SessionState, e: ev.NodeRestarted, entry: Entry) -> None:
    state.superseded[e.node] = e.again
    state.notes.append(Note(entry.seq, "restarted", e.node, f"you had it begin again as {e.again}"))


@_on(ev.MarkSet, TIMELINE)
def _(state: SessionState, e: ev.MarkSet, entry: Entry) -> None:
    state.marks[e.number] = (e.at, e.name)


@_on(ev.MarkCleared, TIMELINE)
def _(state: SessionState, e: ev.MarkCleared, entry: Entry) -> None:
    state.marks.pop(e.number, None)


# --- shared


def _waited(state: SessionState, entry: Entry) -> None:
    """The run goes on, or ends: the time in which it was held is not its own."""
    if state.held_since is not None:
        state.idle += max(0.0, entry.at - state.held_since)
        state.held_since = None


def _look_at(state: SessionState, row: str) -> None:
    """What happens last is what is looked at; but while the run is held, the place where it is held."""
    if state.paused is None:
        state.current = row


def _reopen(state: SessionState, entry: Entry) -> None:
    """Something runs again after an end, whether there is an event of that end or not."""
    if state.held_since is None:
        state.held_since = state.at
    _waited(state, entry)
    state.status, state.paused, state.ended, state.pause_requested = "running", None, None, False
    state.answer, state.limit, state.error, state.exhausted = None, None, None, None
    for node in state.nodes.values():
        if node.status == "cancelled" or (node.id == "0" and node.status == "failed"):
            state.nodes[node.id] = replace(node, status="running", limit=None, error=None, ended=None)


def _add_row(state: SessionState, key: str, parent: str) -> None:
    state.totals.setdefault(key, Usage())
    if parent:
        state.children.setdefault(parent, []).append(key)


def _parent_row(state: SessionState, key: str) -> str | None:
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


def _settle(state: SessionState, call: Call, usage: Usage) -> None:
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
        key = _parent_row(state, key)
