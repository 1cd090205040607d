"""Whether there is a terminal to draw on."""

from __future__ import annotations

import os
import shutil
import sys

import click


def check_terminal(otherwise: str) -> None:
    """Raises `click.UsageError` where the workbench can't be drawn. `otherwise` says what works without a terminal."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return  # The screen is drawn elsewhere: in a browser, by `rlm-tui serve`.
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(f"this needs a terminal; {otherwise}")
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise click.UsageError(f"this terminal can't draw (TERM is {os.environ.get('TERM', '')!r}); {otherwise}")
    from rlm_tui.tui.arrange import LEAST

    columns, lines = LEAST
    size = shutil.get_terminal_size()
    if size.columns < columns or size.lines < lines:
        raise click.UsageError(
            f"this terminal has {size.columns}×{size.lines} characters and the workbench needs {columns}×{lines} "
            f"(80×24 or more is comfortable); make it larger, or {otherwise}"
        )
