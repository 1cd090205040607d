"""``rlm-tui bench rm``."""

from __future__ import annotations

import sys

import click

from rlm_tui.cli.options import store_option


@click.command("rm")
@click.argument("suite")
@click.option("--yes", is_flag=True, help="Don't ask.")
@store_option
def rm_command(suite: str, yes: bool, store: str | None) -> None:
    """Forget the table SUITE: its cells, scores and attempts. Its sessions stay in the store."""
    from rlm_tui.cli.sessions.place import open_existing
    from rlm_tui.store import StoreError
    from rlm_tui.store.results import RUNNING, find_suite

    with open_existing(store) as opened:
        name = find_suite(opened.reader, suite)
        opened.results.recover(name)
        cells = opened.results.cells(name)
        if any(cell.status == RUNNING for cell in cells):
            raise StoreError(f"{name} is being run by another process; stop that one first")
        if not yes and sys.stdin.isatty():
            click.confirm(f"Forget {len(cells):,} cells of {name}?", abort=True, err=True)
        click.echo(f"{opened.results.remove(name):,} cells forgotten; their sessions stay", err=True)
