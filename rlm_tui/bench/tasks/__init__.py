"""The tasks by name. A task's module is imported when it is asked for."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from rlm_tui.bench.base import BenchError, Task, known

TASKS: dict[str, str] = {
    "sniah": "rlm_tui.bench.tasks.sniah:Sniah",
    "tx-rollup": "rlm_tui.bench.tasks.transactions:TxRollup",
    "structured60k": "rlm_tui.bench.tasks.transactions:Structured60k",
    "labels": "rlm_tui.bench.tasks.labels:Labels",
    "pairs": "rlm_tui.bench.tasks.pairs:Pairs",
    "dossier": "rlm_tui.bench.tasks.dossier:Dossier",
    "longdoc": "rlm_tui.bench.tasks.longdoc:LongDoc",
    "oolong": "rlm_tui.bench.tasks.oolong:Oolong",
    "oolong-pairs": "rlm_tui.bench.tasks.oolong:OolongPairs",
    "ruler": "rlm_tui.bench.tasks.ruler:Ruler",
    "longbench-v2": "rlm_tui.bench.tasks.longbench:LongBenchV2",
    "browsecomp-plus": "rlm_tui.bench.tasks.browsecomp:BrowseCompPlus",
}
"""Where each task is: ``module:Class``, in the order in which they are listed."""


def task_class(name: str) -> type[Task]:
    """The class of the task called `name`, for its summary and notice. Raises `BenchError` that names the known ones."""
    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, 1)
        hint = f"did you mean {near[0]}? The" if near else "the"
        raise BenchError(f"there is no task {name!r}; {hint} tasks are {known(TASKS)}")
    module, _, where = TASKS[name].partition(":")
    return cast(type[Task], getattr(importlib.import_module(module), where))


def task(name: str, path: Path | None = None, **options: Any) -> Task:
    """The task called `name`, over the file or folder at `path` where it needs one.

    Options are the task's own and may come as text, as from a command line. Raises `BenchError` for an unknown task or
    option, a missing or needless path, and a file in another format.
    """
    kind = task_class(name)
    if kind.needs and path is None:
        raise BenchError(f"{name} needs {kind.needs}; give it as {name}:PATH or with --data PATH")
    if not kind.needs and path is not None:
        raise BenchError(f"{name} makes its own data and can't read {path}; leave the path out")
    make = cast(Callable[..., Task], kind)
    return make(path, **options) if kind.needs else make(**options)
