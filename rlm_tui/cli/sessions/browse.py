"""``rlm-tui sessions browse``: the saved sessions on the screen; enter opens one."""

from __future__ import annotations

import click

from rlm_tui.cli.options import look_options, store_option


@click.command("browse")
@store_option
@look_options
def browse_command(store: str | None, theme: str | None, ascii_only: bool) -> int:
    """Browse the saved sessions: filter, preview, what was spent. Enter opens one as `rlm-tui replay` does."""
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.cli.terminal import check_terminal
    from rlm_tui.cli.workbench import show_saved
    from rlm_tui.config.paths import store_path
    from rlm_tui.session.replay import open_saved
    from rlm_tui.tui.browser_app import choose_session
    from rlm_tui.tui.store_shelf import StoreShelf
    from rlm_tui.tui.themes import find_theme

    otherwise = "`rlm-tui sessions` lists them as text"
    settings = load_settings({"store": store, "theme": theme, "glyphs": "ascii" if ascii_only else None})
    find_theme(settings.theme)
    check_terminal(otherwise)
    path = store_path(settings.store)
    while (chosen := choose_session(StoreShelf(path), theme=settings.theme, glyphs=settings.glyphs)) is not None:
        saved = open_saved(chosen, settings.store)
        try:
            show_saved(saved, settings, otherwise=otherwise)
        finally:
            saved.close()
    return 0
