"""The right answers of cells, which the table does not keep: a task that makes its own data makes them again."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.bench.base import BenchError, digest
from rlm_tui.bench.tasks import TASKS, task
from rlm_tui.bench.tasks.generated import Generated
from rlm_tui.store.results import CellRow


def gold_of(row: CellRow) -> Sequence[str]:
    """The right answers of a cell of a task that makes its data, with the task's usual options; else none are known."""
    if row.task not in TASKS:
        return ()
    try:
        made = task(row.task)
        if not isinstance(made, Generated):
            return ()
        window = made._window(row.window)
        question = window.questions[int(row.item.rpartition("/")[2])]
    except (BenchError, ValueError, IndexError):
        return ()
    if question.text != row.question or digest(window.document) != row.document:
        return ()
    return question.gold
