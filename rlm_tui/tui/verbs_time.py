"""What the operator does to the cursor: the same in a live run, a rewound one and a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.tui import travel
from rlm_tui.tui.rows import flatten, parent_of
from rlm_tui.tui.view import View

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench


def turn_back(bench: Workbench) -> None:
    bench.seek(travel.turn(bench.view, backwards=True), "There is no earlier turn of this node.")


def event_back(bench: Workbench) -> None:
    bench.seek(travel.event(bench.view, backwards=True), "This is the first event.")


def node_start(bench: Workbench) -> None:
    bench.seek(travel.edge(bench.view, backwards=True), "This is the start of the node.")


def stop_back(bench: Workbench) -> None:
    bench.seek(travel.stop(bench.view, backwards=True), "There is no earlier stop.")


def left(bench: Workbench) -> None:
    seq = bench.view.state.seq
    bench.seek(seq - 1 if seq > 0 else None, "This is the beginning.")


def right(bench: Workbench) -> None:
    view = bench.view
    bench.seek(None if view.live else view.state.seq + 1, "This is the newest event.")


def _in_time(bench: Workbench) -> bool:
    return bench.view.replay or not bench.view.live


def home(bench: Workbench) -> None:
    if _in_time(bench):
        bench.seek(0)
    elif (lines := bench.lines) is not None:
        lines.to_start()


def end(bench: Workbench) -> None:
    if _in_time(bench):
        bench.seek(bench.view.head.seq)
    elif (lines := bench.lines) is not None:
        lines.to_end()


def to_here(bench: Workbench) -> None:
    view = bench.view
    bench.seek(travel.row(view, view.row), "This row has no moment of its own.")


def to_head(bench: Workbench) -> None:
    bench.follow()
    bench.seek(bench.view.head.seq)


def play(bench: Workbench) -> None:
    view = bench.view
    if view.playing:
        bench.player.stop()
        return
    if view.live:
        bench.seek(0)
    bench.player.start()


def next_error(bench: Workbench) -> None:
    _error(bench, 1)


def previous_error(bench: Workbench) -> None:
    _error(bench, -1)


def _error(bench: Workbench, step: int) -> None:
    view = bench.view
    state = view.state
    keys = [key for key, _ in flatten(state, ())]
    failed = [n for n, key in enumerate(keys) if _failed(view, key)]
    if not failed:
        bench.tell("Nothing has failed.")
        return
    here = keys.index(view.row) if view.row in keys else -1
    if step > 0:
        chosen = next((n for n in failed if n > here), failed[0])
    else:
        chosen = next((n for n in reversed(failed) if n < here), failed[-1])
    bench.select(keys[chosen])


def _failed(view: View, key: str) -> bool:

    state = view.state
    if call := state.calls.get(key):
        if call.status == "failed":
            return True
        return any(state.cells[cell].error is not None for cell in state.cells_of.get(key, ()))
    node = state.nodes.get(key)
    return node is not None and node.status == "failed" and parent_of(state, key) is not None
