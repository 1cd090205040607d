"""``rlm-tui bench list``."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import click

from rlm_tui.cli.options import json_option, store_option


@click.command("list")
@store_option
@json_option
def list_command(store: str | None, as_json: bool) -> None:
    """The tasks and methods there are, and the tables of results in the store."""
    from rlm_tui.bench.method import NAMES
    from rlm_tui.bench.tasks import TASKS, task_class
    from rlm_tui.cli.bench.saved import path_of
    from rlm_tui.store.errors import NoStoreYet
    from rlm_tui.store.reader import StoreReader
    from rlm_tui.store.results import SuiteRow, suites

    path = path_of(store)
    saved: list[SuiteRow] = []
    with contextlib.suppress(NoStoreYet), StoreReader(path) as reader:
        saved = suites(reader)
    tasks = [(name, task_class(name)) for name in TASKS]
    if as_json:
        import msgspec

        value: dict[str, Any] = {
            "tasks": [
                {
                    "name": name,
                    "summary": kind.summary,
                    "notice": kind.notice,
                    "axis": kind.axis,
                    "needs": kind.needs,
                    "answer_types": list(kind.answer_types),
                }
                for name, kind in tasks
            ],
            "methods": list(NAMES),
            "tables": msgspec.to_builtins(saved),
        }
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    from rlm_tui.bench.report.grid import money
    from rlm_tui.cli.table import table

    click.echo("Tasks")
    for name, kind in tasks:
        needs = f" (reads {kind.needs})" if kind.needs else ""
        click.echo(f"  {name}: {kind.summary}{needs}")
        click.echo(click.wrap_text(kind.notice, width=100, initial_indent="      ", subsequent_indent="      "))
    click.echo(f"\nMethods\n  {', '.join(NAMES)}")
    click.echo("\nTables of results")
    if not saved:
        click.echo("  none yet: rlm-tui bench run sniah --limit 4 --dry-run")
        return
    rows = [(s.name, str(s.cells), str(s.done), str(s.ok), money(s.cost)) for s in saved]
    for line in table(
        ("  name", "cells", "done", "answered", "cost"), [(f"  {r[0]}", *r[1:]) for r in rows], right=(1, 2, 3, 4)
    ):
        click.echo(line)
