"""``rlm-tui bench compare``."""

from __future__ import annotations

import json

import click

from rlm_tui.cli.bench.saved import filters, read, suites_argument
from rlm_tui.cli.options import json_option, store_option


@click.command("compare")
@suites_argument
@filters
@click.option(
    "--by",
    "axis",
    type=click.Choice(["method", "model", "parameters"]),
    default="method",
    show_default=True,
    help="What is compared.",
)
@click.option(
    "--base", metavar="NAME", help="What the others are compared with (default: the first; direct, if it ran)."
)
@store_option
@json_option
def compare_command(
    suites: tuple[str, ...],
    models: tuple[str, ...],
    methods: tuple[str, ...],
    lengths: tuple[int, ...],
    seeds: tuple[int, ...],
    axis: str,
    base: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Compare methods, models or settings item by item: the difference with its interval from a bootstrap over context
    windows, its p, that p adjusted for all comparisons (Holm), and McNemar's exact test where every score is 0 or 1.
    """
    import msgspec

    from rlm_tui.bench.report.all import compared
    from rlm_tui.cli.bench.show import print_grid

    saved = read(suites, store, models=models, methods=methods, lengths=lengths, seeds=seeds)
    found, grid = compared(saved.cells, axis, base)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=2))
    else:
        print_grid(grid)
