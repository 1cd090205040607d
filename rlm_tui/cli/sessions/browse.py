"""``rlm-tui sessions browse``: the saved sessions on the screen; enter opens one."""

from __future__ import annotations

import click

from rlm_tui.cli.options import look_options, store_option


@click.command("browse")
@store_option
@look_options
def browse_command(store: str | None, theme: str | None, ascii_only: bool) -> int:
    """Browse the saved sessions: filter, preview, what was spent. Enter opens one; q leads back to the list."""
    from rlm_tui.cli.workbench import show_home

    given = {"store": store, "theme": theme, "glyphs": "ascii" if ascii_only else None}
    return show_home("sessions", given, otherwise="`rlm-tui sessions` lists them as text")
