"""``rlm-tui bench run``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli.bench.options import Wanted, numbers, pairs, run_options, settings_for, settings_grid, value_of, words
from rlm_tui.cli.options import COUNT, json_option, look_options, store_option

if TYPE_CHECKING:
    from rlm_tui.bench.base import Task
    from rlm_tui.bench.suite import Work
    from rlm_tui.config.settings import Settings


@click.command("run")
@click.argument("suites", nargs=-1, required=True, metavar="SUITE...")
@click.option(
    "--methods",
    multiple=True,
    callback=words,
    metavar="A,B",
    help="direct, direct-truncate, rlm:0, rlm:1 … (default: direct,rlm:1).",
)
@click.option("--lengths", multiple=True, callback=numbers, metavar="8k,128k", help="Lengths of the documents.")
@click.option("--limit", type=COUNT, metavar="N", help="At most so many items of each length.")
@click.option("--data", type=click.Path(path_type=Path), metavar="PATH", help="The file or folder that a task reads.")
@click.option("--data-seed", type=click.IntRange(min=0), default=0, show_default=True, help="Chooses the data.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the task; repeatable.")
@run_options
@store_option
@look_options
@json_option
def run_command(
    suites: tuple[str, ...],
    methods: tuple[str, ...],
    lengths: tuple[int, ...],
    limit: int | None,
    data: Path | None,
    data_seed: int,
    options: tuple[str, ...],
    store: str | None,
    theme: str | None,
    ascii_only: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Run the cells of SUITE that have no outcome yet: every item with every model, method and seed.

    SUITE is a task (`rlm-tui bench list` has them), or TASK:PATH for one that reads a file. Run the same command again to
    go on after a stop; failed cells run again only with --retry. Progress goes to stderr, the table to stdout. Exit code:
    0 every cell has an outcome, 2 bad input, 3 cells are left, 130 stopped.
    """
    from rlm_tui.cli.bench.work import fill

    wanted = Wanted(**given)
    wanted.check()
    if wanted.name is not None and len(suites) > 1:
        raise click.UsageError("--name is for one suite; run them one after the other")
    settings = settings_for(wanted, store)
    works: list[Work] = []
    for suite in suites:
        task_name, task = _task(suite, data, options)
        works += _works(wanted.name or suite, task_name, task, wanted, settings, methods, lengths, limit, data_seed)
    return fill(works, wanted, settings, as_json=as_json, look=(theme, ascii_only))


def _task(suite: str, data: Path | None, options: tuple[str, ...]) -> tuple[str, Task]:
    from rlm_tui.bench.tasks import task

    name, colon, path = suite.partition(":")
    if colon and data is not None:
        raise click.UsageError(f"{suite} names its file already; leave --data out")
    where = Path(path).expanduser() if colon else data
    given = {key.replace("-", "_"): value_of(value) for key, value in pairs(options, "--option").items()}
    return name, task(name, where, **given)


def _works(
    suite: str,
    task_name: str,
    task: Task,
    wanted: Wanted,
    settings: Settings,
    methods: tuple[str, ...],
    lengths: tuple[int, ...],
    limit: int | None,
    data_seed: int,
) -> list[Work]:
    from rlm_tui.bench.suite import Suite, read_methods
    from rlm_tui.engine.providers.registry import default_model
    from rlm_tui.session.configure import configure

    config = configure(settings, os.environ, limits={"usd": None})
    changes = settings_grid(wanted.changes)
    if wanted.sub_model is not None:
        changes = [{"sub_model": wanted.sub_model, **some} for some in changes]
    return Suite(
        name=suite,
        task_name=task_name,
        task=task,
        config=config,
        models=wanted.models or (default_model(settings, os.environ),),
        methods=read_methods(methods or ("direct", "rlm:1")),
        lengths=lengths,
        seeds=wanted.repeats,
        limit=limit,
        data_seed=data_seed,
        grid=changes,
    ).works()
