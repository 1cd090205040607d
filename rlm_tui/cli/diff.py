"""``rlm-tui diff``: two or three saved sessions side by side."""

from __future__ import annotations

import json
import os
import sys

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option


@click.command()
@click.argument("sessions", nargs=-1, metavar="A B [C]", shell_complete=complete.sessions)
@click.option("--full", is_flag=True, help="Every row, and the code of every turn that differs.")
@click.option("--screen", is_flag=True, help="Show them side by side on the screen.")
@store_option
@json_option
def command(sessions: tuple[str, ...], full: bool, screen: bool, store: str | None, as_json: bool) -> int | None:
    """Compare saved sessions: where they part first, turn by turn, what they cost, what they read, what they answered.

    Each is an id, the beginning of one, `last`, or a file. A is the base; the others are compared with it. Turns belong
    together when their code is alike, sub-calls when they ask the same or stand in the same place.
    """
    if not 2 <= len(sessions) <= 3:
        raise click.UsageError(
            f"two or three sessions can be compared, not {len(sessions)}; `rlm-tui sessions` lists them"
        )
    if screen and (full or as_json):
        raise click.UsageError("--screen shows everything by itself: leave out --full and --json")
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.session.compare import compare_saved
    from rlm_tui.session.replay import open_saved

    settings = load_settings({"store": store})
    saved = []
    try:
        for name in sessions:
            saved.append(open_saved(name, settings.store))
        comparison, sides = compare_saved(saved)
        if screen:
            from rlm_tui.cli.terminal import check_terminal
            from rlm_tui.tui.diff_app import show_diff

            check_terminal("without --screen the comparison is printed")
            return show_diff(comparison, sides, theme=settings.theme, glyphs=settings.glyphs)
        if as_json:
            from rlm_tui.tui.diff_export import as_json as plain_values

            click.echo(json.dumps(plain_values(comparison, sides), ensure_ascii=False, indent=2))
            return None
        from rlm_tui.cli.diff_text import DiffText

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        for line in DiffText(comparison, sides, full=full, colour=colour).lines():
            click.echo(line, color=colour)
    finally:
        for item in saved:
            item.close()
    return None
