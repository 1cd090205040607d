"""``rlm-tui sessions rebuild`` and ``check``: the store's own health."""

from __future__ import annotations

import json

import click

from rlm_tui.cli.options import json_option, store_option
from rlm_tui.cli.program import FAILED


@click.command("rebuild")
@store_option
@json_option
def rebuild_command(store: str | None, as_json: bool) -> None:
    """Make the list of sessions and the index for searching again from the log, and free texts that nobody uses.

    Tags, notes and scores stay.
    """
    from rlm_tui.cli.sessions.place import open_existing

    with open_existing(store) as opened:
        sessions = opened.rebuild()
        freed = opened.free_texts()
        opened.index_texts()
        path = opened.path
    if as_json:
        click.echo(json.dumps({"store": str(path), "sessions": sessions, "texts_freed": freed}))
    else:
        from rlm_tui.tui.figures import plural

        again, unused = plural(sessions, "session"), plural(freed, "unused text")
        click.echo(f"{path}: {again} made again from the log; {unused} freed.", err=True)


@click.command("check")
@store_option
@json_option
def check_command(store: str | None, as_json: bool) -> int:
    """Read everything and say what is damaged: the file, gaps in the log, texts that are missing or have changed.

    Exit code 1 if anything is.
    """
    from rlm_tui.cli.plain import plain
    from rlm_tui.cli.sessions.place import path_of
    from rlm_tui.store import Catalog, StoreReader
    from rlm_tui.store.check import check

    path = path_of(store)
    with StoreReader(path) as reader:
        problems = check(reader)
        sums = None if problems else Catalog(reader).sums()
    if as_json:
        click.echo(json.dumps({"store": str(path), "problems": problems}, ensure_ascii=False, indent=2))
    elif sums is not None:
        from rlm_tui.tui.figures import plural

        click.echo(f"{path}: {plural(sums.sessions, 'session')}, {plural(sums.events, 'event')}, all intact.", err=True)
    else:
        for problem in problems:
            click.echo(plain(problem))
        click.echo("Keep a copy of the file before anything else; `rlm-tui sessions rebuild` mends the list.", err=True)
    return FAILED if problems else 0
