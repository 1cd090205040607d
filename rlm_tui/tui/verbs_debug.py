"""What the operator does to a run besides stepping: look, watch, restart, run to a place; and marks and jumps on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.tui import verbs_run, verbs_time
from rlm_tui.tui.breaks import Breaks
from rlm_tui.tui.when_debug import restartable

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench


def look(bench: Workbench) -> None:
    from rlm_tui.tui.screens.look import Look

    bench.app.push_screen(Look(bench.view))


def watch(bench: Workbench) -> None:
    from rlm_tui.tui.screens.watches import Watches

    bench.app.push_screen(Watches(bench.view))


def again(bench: Workbench) -> None:
    """The selected child node, if it runs, else the whole question."""
    node = restartable(bench.view)
    if node is None:
        verbs_run.rerun(bench)
        return
    from rlm_tui.tui.figures import price
    from rlm_tui.tui.screens.confirm import Confirm

    cost = bench.view.state.totals.get(node.id)
    paid = f" ({price(cost)})" if cost is not None and cost.calls else ""

    def decided(yes: bool | None) -> None:
        if yes and bench.view.gate is not None:
            bench.follow()
            bench.view.gate.restart(node.id)
            bench.tell("It begins again; its first attempt stays in the record.")

    bench.app.push_screen(
        Confirm(
            f"Begin node {node.id} again?",
            f"What it did so far stays in the record as superseded, and stays paid for{paid}. "
            "The code that asked for it waits for the new answer.",
        ),
        decided,
    )


def to_here(bench: Workbench) -> None:
    """To the moment of the selected row; where the run is held and nothing is selected, ask how far to run."""
    view = bench.view
    if not view.held or view.selected is not None or view.gate is None:
        verbs_time.to_here(bench)
        return

    def typed(words: str) -> None:
        condition = f"turn=={words.strip()}" if words.strip().isdigit() else words.strip()
        if not condition:
            return
        if problem := Breaks.problem(condition):
            bench.tell(problem)
        elif view.gate is not None:
            bench.follow()
            view.gate.run_to(condition)

    bench.prompt.ask("run to turn, or to a condition", typed)


def marks(bench: Workbench) -> None:
    from rlm_tui.tui.screens.mark_list import MarkList

    bench.app.push_screen(MarkList(bench.view, bench.marks), bench.seek)


def jump(bench: Workbench) -> None:
    from rlm_tui.tui.screens.jump import Jump

    def chosen(pane: str | None) -> None:
        if pane is not None:
            bench.go_to_pane(pane)

    bench.app.push_screen(Jump(bench.jump_targets()), chosen)
