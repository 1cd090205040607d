"""``rlm-tui bench export``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli.bench.saved import Saved, filters, read, suites_argument
from rlm_tui.cli.options import store_option

if TYPE_CHECKING:
    from rlm_tui.bench.report.grid import Grid

    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # Click 8.1 has no types of choices.

FORMATS = ("md", "tex", "csv", "json", "html")
SESSIONS = ("inspect", "verifiers")
_ALIASES = {"markdown": "md", "latex": "tex", "htm": "html"}


class _Format(_Choice):
    """The formats by name or by their other names."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(_ALIASES.get(value, value), param, ctx)


@click.command("export")
@suites_argument
@filters
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to (default: stdout).",
)
@click.option(
    "--format",
    "kind",
    type=_Format([*FORMATS, *SESSIONS]),
    help="Without it the file's name decides; md on stdout.",
)
@store_option
def export_command(
    suites: tuple[str, ...],
    models: tuple[str, ...],
    methods: tuple[str, ...],
    lengths: tuple[int, ...],
    seeds: tuple[int, ...],
    output: Path | None,
    kind: str | None,
    store: str | None,
) -> None:
    """Write results: md, tex and html hold the tables and comparisons, csv one line a cell, json all of it.

    inspect is a log of inspect_ai and verifiers are rollouts of that library: all sessions that have an outcome.
    """
    kind = kind or _kind_of(output)
    if kind in SESSIONS and output is None:
        raise click.UsageError(f"{kind} is for a file; name one with -o")
    saved = read(suites, store, models=models, methods=methods, lengths=lengths, seeds=seeds)
    if kind in SESSIONS:
        assert output is not None
        _write_sessions(saved, store, kind, output)
        return
    text = _written(saved, kind)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_file(output, text)


def _write_sessions(saved: Saved, store: str | None, kind: str, output: Path) -> None:
    """Write the sessions of the cells, one after the other, as one file."""
    from rlm_tui.bench.base import BenchError
    from rlm_tui.bench.gold import gold_of
    from rlm_tui.cli.bench.saved import path_of
    from rlm_tui.session.exporting import replaced, told, write_told
    from rlm_tui.store.reader import StoreReader
    from rlm_tui.store.recording import open_stored

    rows = [row for row in saved.cells if row.done and row.session]
    if not rows:
        raise BenchError(f"no cell of {saved.title} has an outcome yet; `rlm-tui bench run` makes some")
    with StoreReader(path_of(store)) as reader, replaced(output) as out:
        sessions = (told(open_stored(reader, str(row.session)), row, gold_of(row)) for row in rows)
        write_told(sessions, out, kind, saved.title)
    click.echo(str(output), err=True)


def _kind_of(output: Path | None) -> str:
    if output is None:
        return "md"
    ending = output.suffix.removeprefix(".")
    kind = _ALIASES.get(ending, ending)
    if kind not in FORMATS:
        raise click.UsageError(f"{output.name} should end in .{', .'.join(FORMATS)}; or say --format")
    return kind


def _written(saved: Saved, kind: str) -> str:
    from rlm_tui.bench.report import formats
    from rlm_tui.bench.report.all import everything

    if kind == "csv":
        return formats.cells_csv(saved.cells)
    if kind == "json":
        return formats.as_json(saved.title, saved.cells, saved.attempts, **everything(saved.cells))
    tables = _tables(saved)
    if kind == "md":
        return formats.markdown(tables)
    if kind == "tex":
        return formats.latex(tables)
    from rlm_tui.bench.base import BenchError
    from rlm_tui.bench.plots.series import KINDS, plot
    from rlm_tui.bench.plots.svg import page

    plots = []
    for name in KINDS:
        try:
            plots.append(plot(name, saved.cells))
        except BenchError:
            continue
    return page(saved.title, plots, tables)


def _tables(saved: Saved) -> Sequence[Grid]:
    from rlm_tui.bench.base import BenchError
    from rlm_tui.bench.report.all import compared, grids

    tables = grids(saved.cells)
    for axis in ("method", "model", "parameters"):
        try:
            tables.append(compared(saved.cells, axis)[1])
        except BenchError:
            continue
    return tables


def write_file(path: Path, text: str) -> None:
    """Write `text` to a file, whole or not at all. Raises `click.UsageError`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, "utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise click.UsageError(f"{path} can't be written ({error.strerror or error}); choose another place") from None
    click.echo(str(path), err=True)
