"""``rlm-tui verify``: the recorded code runs again with the recorded answers."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option
from rlm_tui.cli.program import FAILED

if TYPE_CHECKING:
    from rlm_tui.session.again import Difference, Saved

_MOODY = re.compile(r"\b(budget|time|datetime|perf_counter|monotonic|random)\b")


@click.command()
@click.argument("session", metavar="ID|last|FILE", shell_complete=complete.sessions)
@store_option
@json_option
def command(session: str, store: str | None, as_json: bool) -> int:
    """Run the recorded cells again with the recorded answers, at no cost, and say where something differs.

    No model is asked. Exit code: 0 identical, 1 something differs, 2 bad input.
    """
    from rlm_tui.cli.plain import plain
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.projection.compare.words import say_text
    from rlm_tui.session.again import read_saved
    from rlm_tui.session.replay import open_saved

    opened = open_saved(session, load_settings({"store": store}).store)
    try:
        saved = read_saved(opened.entries, opened.text)
        if saved.started.origin.startswith("import:"):
            raise click.UsageError(
                f"session {saved.started.session} was recorded by another tool, whose engine this is not; replay it instead"
            )
        codes = _codes(saved)
        found = asyncio.run(_verify(saved))
    finally:
        opened.close()
    if as_json:
        report = {"session": saved.started.session, "cells": len(codes), "identical": not found}
        click.echo(json.dumps(report | {"differences": [asdict(d) for d in found]}, ensure_ascii=False, indent=2))
        return FAILED if found else 0
    if not found:
        cells = f"{len(codes)} cells" if len(codes) != 1 else "1 cell"
        click.echo(f"identical: {cells} ran again and gave the same output, status and variables")
        return 0
    for difference in found:
        words = say_text(difference.before, difference.after, "recorded", "now", _VERBS.get(difference.what, "was"))
        click.echo(plain(f"cell {difference.cell}, {difference.what}: {words}"))
        if _MOODY.search(codes.get(difference.cell, "")):
            click.echo("    its code asks for the time, a budget in seconds or chance, which are not what they were")
    number = f"{len(found)} differences" if len(found) != 1 else "1 difference"
    click.echo(f"{number} in {len({d.cell for d in found})} of {len(codes)} cells")
    return FAILED


_VERBS = {"output": "printed", "variables": "had"}


async def _verify(saved: Saved) -> list[Difference]:
    from rlm_tui.engine.sandbox.languages import factory_for
    from rlm_tui.session.again import verify

    repls = factory_for(saved.started.config.repl)
    try:
        return await verify(saved, repls)
    finally:
        await repls.close()


def _codes(saved: Saved) -> dict[str, str]:
    """The code of every cell that has an end, as it ran."""
    from rlm_tui.events import CellEdited, CellFinished, CellProposed

    codes, ended = {}, set()
    for entry in saved.entries:
        event = entry.event
        if isinstance(event, CellProposed | CellEdited):
            codes[event.cell] = event.code
        elif isinstance(event, CellFinished):
            ended.add(event.cell)
    return {cell: saved.texts(ref) for cell, ref in codes.items() if cell in ended}
