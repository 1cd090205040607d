"""``rlm-tui sessions tag``, ``note`` and ``score``: what the user thinks of a session."""

from __future__ import annotations

import json

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option


@click.command("tag")
@click.argument("name", metavar="ID", shell_complete=complete.sessions)
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@click.option("--remove", multiple=True, metavar="TAG", help="Take this tag away; repeatable.")
@store_option
@json_option
def tag_command(name: str, tags: tuple[str, ...], remove: tuple[str, ...], store: str | None, as_json: bool) -> None:
    """Add TAGs to a session, or take some away; without any, print those it has. A filter finds them: tag:good."""
    from rlm_tui.cli.sessions.place import open_existing

    with open_existing(store) as opened:
        row = opened.catalog.find(name)
        now = opened.tag(row.id, *tags, remove=remove) if tags or remove else row.tags
    if as_json:
        click.echo(json.dumps({"id": row.id, "tags": list(now)}, ensure_ascii=False))
    elif now:
        click.echo(" ".join(now))


@click.command("note")
@click.argument("name", metavar="ID", shell_complete=complete.sessions)
@click.argument("text", required=False)
@store_option
@json_option
def note_command(name: str, text: str | None, store: str | None, as_json: bool) -> None:
    """Write TEXT as the note on a session; "" takes it away; without TEXT, print it."""
    from rlm_tui.cli.sessions.place import open_existing
    from rlm_tui.document.visible import visible

    with open_existing(store) as opened:
        row = opened.catalog.find(name)
        if text is not None:
            opened.note(row.id, text)
    now = row.note if text is None else text
    if as_json:
        click.echo(json.dumps({"id": row.id, "note": now}, ensure_ascii=False))
    elif now and text is None:
        click.echo(visible(now))


@click.command("score")
@click.argument("name", metavar="ID", shell_complete=complete.sessions)
@click.argument("points", metavar="1-5|none", required=False)
@store_option
@json_option
def score_command(name: str, points: str | None, store: str | None, as_json: bool) -> None:
    """Give a session 1 to 5 points; `none` takes them away; without points, print them. A filter: score>=4."""
    from rlm_tui.cli.sessions.place import open_existing

    if points is not None and points != "none" and points not in ("1", "2", "3", "4", "5"):
        raise click.UsageError(f"a score is a number from 1 to 5, or none; not {points!r}")
    with open_existing(store) as opened:
        row = opened.catalog.find(name)
        now = row.score
        if points is not None:
            now = None if points == "none" else int(points)
            opened.score(row.id, now)
    if as_json:
        click.echo(json.dumps({"id": row.id, "score": now}))
    elif points is None and now is not None:
        click.echo(str(now))
