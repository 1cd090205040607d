"""A table of results on the screen; Enter opens the session of a cell in the workbench, and leaving that comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rlm_tui.bench.live import LiveBench
    from rlm_tui.config.settings import Settings


def watch(
    suites: Sequence[str],
    settings: Settings,
    *,
    live: LiveBench | None = None,
    look: tuple[str | None, bool] = (None, False),
) -> None:
    """Show the tables `suites` until the operator leaves; `live` is started and, at the end, stopped."""
    from rlm_tui.config.paths import store_path
    from rlm_tui.session.replay import open_saved
    from rlm_tui.store import StoreError
    from rlm_tui.tui.bench_app import choose_cell
    from rlm_tui.tui.themes import find_theme

    theme, glyphs = look[0] or settings.theme, "ascii" if look[1] else settings.glyphs
    find_theme(theme)
    path = store_path(settings.store)
    if live is not None:
        live.start()
    said = ""
    try:
        while (chosen := choose_cell(path, suites, live=live, theme=theme, glyphs=glyphs, said=said)) is not None:
            from rlm_tui.cli.workbench import show_saved

            try:
                saved = open_saved(chosen, path)
            except StoreError as error:
                said = str(error)
                continue
            said = ""
            try:
                show_saved(saved, settings, otherwise="`rlm-tui bench show` prints the table")
            finally:
                saved.close()
    finally:
        if live is not None and live.running:
            click.echo("stopping what runs; finished cells are saved", err=True)
            live.stop()
            live.wait(20)
