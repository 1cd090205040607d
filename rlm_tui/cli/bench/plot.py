"""``rlm-tui bench plot``."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlm_tui.cli.bench.saved import filters, read, suites_argument
from rlm_tui.cli.options import store_option

if TYPE_CHECKING:
    from rlm_tui.bench.plots.series import Plot

KINDS = ("score", "cost", "spread")


@click.command("plot")
@suites_argument
@filters
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([*KINDS, "all"]),
    default="score",
    show_default=True,
    help="score: by length; cost: against score; spread: percentiles of cost.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="A file: .svg or .html."
)
@click.option("--ascii", "ascii_only", is_flag=True, help="Plain signs only.")
@store_option
def plot_command(
    suites: tuple[str, ...],
    models: tuple[str, ...],
    methods: tuple[str, ...],
    lengths: tuple[int, ...],
    seeds: tuple[int, ...],
    kinds: str,
    output: Path | None,
    ascii_only: bool,
    store: str | None,
) -> None:
    """Draw results in the terminal, or into an SVG picture or an HTML page."""
    from rlm_tui.bench.plots.series import plot

    saved = read(suites, store, models=models, methods=methods, lengths=lengths, seeds=seeds)
    plots = [plot(kind, saved.cells) for kind in (KINDS if kinds == "all" else (kinds,))]
    if output is not None:
        _write(output, saved.title, plots)
        return
    from rlm_tui.bench.plots.terminal import draw

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    size = shutil.get_terminal_size((100, 30))
    for one in plots:
        width, height = max(50, min(size.columns - 1, 140)), max(15, min(size.lines - 3, 30))
        click.echo(draw(one, width=width, height=height, colour=colour, plain=ascii_only), color=colour)


def _write(output: Path, title: str, plots: Sequence[Plot]) -> None:
    from rlm_tui.bench.plots.svg import page, svg
    from rlm_tui.cli.bench.export import write_file

    if output.suffix == ".svg":
        if len(plots) > 1:
            raise click.UsageError("an SVG file holds one plot; choose one with --kind, or write a .html file")
        write_file(output, svg(plots[0]))
    elif output.suffix in (".html", ".htm"):
        write_file(output, page(title, plots, []))
    else:
        raise click.UsageError(f"{output.name} should end in .svg or .html")
