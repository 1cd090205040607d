"""``rlm-tui bench show``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from rlm_tui.cli.bench.options import words
from rlm_tui.cli.bench.saved import filters, read, suites_argument
from rlm_tui.cli.options import json_option, look_options, store_option

if TYPE_CHECKING:
    from rlm_tui.bench.report.grid import Grid
    from rlm_tui.store.results import Attempt, CellRow


@click.command("show")
@suites_argument
@filters
@click.option("--columns", multiple=True, callback=words, metavar="A,B", help="Columns of the table of scores.")
@click.option("--cells", "each", is_flag=True, help="Every cell by itself, with its session.")
@click.option("--tui", "screen", is_flag=True, help="On the screen; Enter opens the session of a cell.")
@store_option
@look_options
@json_option
def show_command(
    suites: tuple[str, ...],
    models: tuple[str, ...],
    methods: tuple[str, ...],
    lengths: tuple[int, ...],
    seeds: tuple[int, ...],
    columns: tuple[str, ...],
    each: bool,
    screen: bool,
    store: str | None,
    theme: str | None,
    ascii_only: bool,
    as_json: bool,
) -> None:
    """Show results: official and tolerant scores with Wilson's interval, split by answer type and length, what counted 0
    and why, cost and time as percentiles. SUITE is the name of a table; without one, the table that ran last.
    """
    from rlm_tui.bench.report.grid import columns as check_columns

    check_columns(columns)
    saved = read(suites, store, models=models, methods=methods, lengths=lengths, seeds=seeds)
    if screen:
        if as_json or each or columns:
            raise click.UsageError("--tui shows everything by itself: leave out --json, --cells and --columns")
        from rlm_tui.cli.bench.screen import watch
        from rlm_tui.cli.prepare import load_settings
        from rlm_tui.cli.terminal import check_terminal

        check_terminal("without --tui the table is printed")
        watch(saved.names, load_settings({"store": store}), look=(theme, ascii_only))
    elif as_json:
        print_json(saved.names, saved.cells, saved.attempts)
    elif each:
        print_cells(saved.cells)
    else:
        print_tables(saved.cells, columns)


def print_json(names: Sequence[str], cells: Sequence[CellRow], attempts: Sequence[Attempt]) -> None:
    """Everything as JSON on stdout."""
    from rlm_tui.bench.report.all import everything
    from rlm_tui.bench.report.formats import as_json

    click.echo(as_json(", ".join(names), cells, attempts, **everything(cells)), nl=False)


def print_tables(cells: Sequence[CellRow], columns: Sequence[str] = ()) -> None:
    """The tables of results on stdout."""
    from rlm_tui.bench.report.all import grids

    for number, grid in enumerate(grids(cells, columns)):
        if number:
            click.echo()
        print_grid(grid)


def print_grid(grid: Grid) -> None:
    """A table with its title and what has to be said about it."""
    from rlm_tui.cli.plain import plain
    from rlm_tui.cli.table import table

    click.echo(plain(grid.title))
    for line in table(grid.head, grid.rows, right=grid.right):
        click.echo(line)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 120
    for note in grid.notes:
        click.echo(click.wrap_text(plain(note), width=width))


def print_cells(cells: Sequence[CellRow]) -> None:
    """Every cell by itself, with its session and what it answered."""
    from rlm_tui.bench.report.arms import settings
    from rlm_tui.bench.report.grid import money, score, seconds
    from rlm_tui.cli.table import table

    head = ("status", "score", "tolerant", "cost", "time", "session", "model", "method", "seed", "item", "answer")
    rows = [
        (
            row.status.replace("_", " "),
            score(row.official),
            score(row.tolerant),
            money(row.cost) if row.done else "",
            seconds(row.seconds),
            row.session or "",
            row.model,
            f"{row.method} {settings(row.parameters)}".strip(),
            str(row.seed),
            row.item,
            row.error or (row.answer or ""),
        )
        for row in cells
    ]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table(head, rows, width=width, right=(1, 2, 3, 4, 8)):
        click.echo(line)
