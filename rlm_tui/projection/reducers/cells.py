"""Cells, what they gave, and answers."""

from __future__ import annotations

from dataclasses import replace

from rlm_tui import events as ev
from rlm_tui.events import Entry
from rlm_tui.projection.reducers.base import (
    CODE,
    DOCUMENT,
    EVERYTHING,
    OUTPUT,
    TIMELINE,
    TREE,
    VARIABLES,
    Reducers,
    add_row,
    look_at,
)
from rlm_tui.projection.state import Cell, Note, SessionState

on = Reducers()


@on(ev.CellProposed, TREE, CODE, TIMELINE)
def _(state: SessionState, e: ev.CellProposed, entry: Entry) -> None:
    cell = Cell(id=e.cell, node=e.node, turn=e.turn, code=e.code, origin=e.origin)
    state.cells[e.cell] = cell
    row = state.row_of_cell(cell)
    if cell.origin == "probe":
        add_row(state, row, cell.node)
    state.cells_of.setdefault(row, []).append(cell.id)
    state.order.append(cell.id)
    look_at(state, row)


@on(ev.CellEdited, CODE, TREE)
def _(state: SessionState, e: ev.CellEdited, entry: Entry) -> None:
    if cell := state.cells.get(e.cell):
        state.cells[e.cell] = replace(cell, code=e.code, written=cell.written or cell.code)


@on(ev.CellStarted, TREE, CODE, TIMELINE, OUTPUT)
def _(state: SessionState, e: ev.CellStarted, entry: Entry) -> None:
    if cell := state.cells.get(e.cell):
        state.cells[e.cell] = replace(cell, status="running", started=entry.at)
        state.running_cells.add(e.cell)
        look_at(state, state.row_of_cell(cell))


@on(ev.CellOutput, OUTPUT)
def _(state: SessionState, e: ev.CellOutput, entry: Entry) -> None:
    if cell := state.cells.get(e.cell):
        state.cells[e.cell] = replace(cell, pieces=(*cell.pieces, e.text))


@on(ev.CellFinished, *EVERYTHING)
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
    look_at(state, state.row_of_cell(cell))


@on(ev.FinalProposed, OUTPUT, TREE)
def _(state: SessionState, e: ev.FinalProposed, entry: Entry) -> None:
    if e.cell and (cell := state.cells.get(e.cell)):
        state.cells[e.cell] = replace(cell, final=True)
    if e.node == "0":
        state.proposed = e.answer
        state.candidates.append(e.answer)


@on(ev.FinalRefused, OUTPUT)
def _(state: SessionState, e: ev.FinalRefused, entry: Entry) -> None:
    if e.node == "0" and e.answer is not None:
        state.candidates.append(e.answer)
    state.notes.append(Note(entry.seq, "refused", e.node, e.reason))


@on(ev.TextSeen, DOCUMENT, VARIABLES)
def _(state: SessionState, e: ev.TextSeen, entry: Entry) -> None:
    state.coverage.add("seen", e.source, e.spans)
