"""``rlm-tui sessions rm``: deleting sessions, after asking."""

from __future__ import annotations

import json
import sys

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option
from rlm_tui.cli.sessions.listing import SHOWN, when


@click.command("rm")
@click.argument("names", nargs=-1, required=True, metavar="ID...", shell_complete=complete.sessions)
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
@store_option
@json_option
def rm_command(names: tuple[str, ...], yes: bool, store: str | None, as_json: bool) -> None:
    """Delete sessions, with every text that no other session uses. It can't be undone.

    All of them are looked up before the first one goes.
    """
    from rlm_tui.cli.plain import shorten
    from rlm_tui.cli.sessions.place import find_all, open_existing

    with open_existing(store) as opened:
        rows = find_all(opened.catalog, names)
        if not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("deleting asks first, and there is no terminal to ask on; add --yes")
            for row in rows:
                click.echo(f"{row.id[:SHOWN]}  {when(row.created)}  {shorten(row.query, 60)}", err=True)
            what = "this session" if len(rows) == 1 else f"these {len(rows)} sessions"
            if not click.confirm(f"Delete {what} for good?", err=True):
                click.echo("Nothing was deleted.", err=True)
                return
        freed = sum(opened.remove(row.id) for row in rows)
    if as_json:
        click.echo(json.dumps({"removed": [row.id for row in rows], "texts_freed": freed}))
    else:
        from rlm_tui.tui.figures import plural

        texts = plural(freed, "text")
        click.echo(f"{plural(len(rows), 'session')} deleted, and {texts} that no other session uses.", err=True)
