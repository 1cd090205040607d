"""What the operator does to a run: step, pause, inject, edit, override, break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlm_tui.tui import travel
from rlm_tui.tui.forking import ForkWish
from rlm_tui.tui.messages import ForkWished
from rlm_tui.tui.rows import parent_of

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench


def _drives(bench: Workbench) -> bool:
    """Whether a step goes to the run; otherwise it moves the cursor through the record."""
    return bench.view.held


def _another(bench: Workbench) -> str | None:
    """The node that a step is for, when the operator has selected another one than the held one and it runs."""
    view = bench.view
    node, paused = view.node, view.head.paused
    if view.selected is None or node is None or paused is None or node.status != "running" or node.id == paused.node:
        return None
    return node.id


def over(bench: Workbench) -> None:
    if _drives(bench) and bench.view.gate is not None:
        node = _another(bench)
        bench.follow()
        bench.view.gate.over(node)
    else:
        bench.seek(travel.turn(bench.view, backwards=False), "There is no later turn of this node.")


def into(bench: Workbench) -> None:
    if _drives(bench) and bench.view.gate is not None:
        bench.follow()
        bench.view.gate.into()
    else:
        bench.seek(travel.event(bench.view, backwards=False), "This is the last event.")


def finish(bench: Workbench) -> None:
    if _drives(bench) and bench.view.gate is not None:
        node = _another(bench)
        bench.follow()
        bench.view.gate.finish(node)
    else:
        bench.seek(travel.edge(bench.view, backwards=False), "This node has not ended.")


def go(bench: Workbench) -> None:
    if _drives(bench) and bench.view.gate is not None:
        bench.follow()
        bench.view.gate.go()
    else:
        bench.seek(travel.stop(bench.view, backwards=False), "There is no later stop.")


def pause(bench: Workbench) -> None:
    if bench.view.gate is not None:
        asked, calls = bench.view.head.pause_requested, len(bench.view.head.open_calls)
        bench.view.gate.pause()
        if asked:
            what = "The call in flight is cancelled" if calls == 1 else f"{calls} calls in flight are cancelled"
            bench.tell(f"{what} and may be billed all the same; going on asks again.")
        elif calls:
            bench.tell("It stops at the next safe point; the same key again cancels the call in flight.")
        else:
            bench.tell("It stops at the next safe point.")


def cancel(bench: Workbench) -> None:
    from rlm_tui.tui.screens.confirm import Confirm

    def decided(yes: bool | None) -> None:
        if yes and bench.view.gate is not None:
            bench.view.gate.cancel()

    bench.app.push_screen(
        Confirm("End this run now?", "Requests in flight are cancelled. Everything up to here is saved."), decided
    )


def inject(bench: Workbench) -> None:
    from rlm_tui.tui.screens.inject import Inject

    node = bench.view.node
    target = node.id if node is not None and node.status == "running" else None

    def written(text: str | None) -> None:
        if text and bench.view.gate is not None:
            bench.view.gate.inject(text, target)
            bench.tell("The model reads it before its next call.")

    bench.app.push_screen(Inject(target or "0"), written)


def edit(bench: Workbench) -> None:
    from rlm_tui.tui.screens.edit import EditCell

    view = bench.view
    paused = view.head.paused
    cell = view.head.cells.get(paused.cell) if paused is not None and paused.cell else None
    if cell is None:
        return

    def written(code: str | None) -> None:
        keep = view.source.keep if view.source is not None else None
        if code is None or view.gate is None or keep is None:
            return
        view.gate.edit(cell.id, code, keep)
        bench.tell("Your code will run instead. Both versions are kept.")

    bench.app.push_screen(EditCell(cell.turn, view.text(cell.code)), written)


def override(bench: Workbench) -> None:
    from rlm_tui.tui.screens.inject import Override

    view = bench.view
    paused = view.head.paused
    held = view.gate.held if view.gate is not None else None
    if paused is None or paused.call is None:
        return
    name = paused.call
    prompt = held.prompt if held is not None and held.call == name else ""

    def written(text: str | None) -> None:
        if text is not None and view.gate is not None:
            view.gate.override(name, text)
            bench.tell("Your answer is used instead; the call is not sent.")

    bench.app.push_screen(Override(name, prompt), written)


def breakpoints(bench: Workbench) -> None:
    from rlm_tui.tui.screens.breakpoints import Breakpoints

    bench.app.push_screen(Breakpoints(bench.view, bench.breaks))


def add_breakpoint(bench: Workbench) -> None:
    from rlm_tui.tui.screens.breakpoints import Breakpoints

    bench.app.push_screen(Breakpoints(bench.view, bench.breaks, adding=True))


def fork(bench: Workbench) -> None:
    """From the selected turn, or the one that holds what is selected: of the root or of a child node."""
    state = bench.view.state
    key: str | None = bench.view.row
    while key is not None:
        call = state.calls.get(key)
        if call is not None and call.turn:
            cells = state.cells_of.get(key)
            code = bench.view.text(state.cells[cells[-1]].code) if cells else ""
            _fork(bench, call.turn, code, call.node)
            return
        key = parent_of(state, key)
    root = state.nodes.get("0")
    _fork(bench, max(1, root.turn if root is not None else 1), "")


def rerun(bench: Workbench) -> None:
    _fork(bench, 1, "")


def _fork(bench: Workbench, turn: int, code: str, node: str = "0") -> None:
    from rlm_tui.tui.screens.fork import ForkDialog
    from rlm_tui.tui.verbs_app import desk_of

    def wished(wishes: Sequence[ForkWish] | None) -> None:
        if wishes:
            bench.app.post_message(ForkWished(wishes))

    desk = desk_of(bench)
    names = desk.names if desk is not None else None
    bench.app.push_screen(ForkDialog(bench.view, turn, code, names, node=node), wished)


def answer(bench: Workbench) -> None:
    from rlm_tui.tui.screens.answer import Answer

    def left(on: bool | None) -> None:
        if on:
            bench.action_run("run.follow_up")

    bench.app.push_screen(Answer(bench.view), left)
