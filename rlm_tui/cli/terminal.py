"""Whether there is a terminal to draw on."""

from __future__ import annotations

import os
import shutil
import sys

import click

COLUMNS, LINES = 40, 12
"""The smallest terminal in which the workbench shows anything of use; it is made for 80×24 and more."""


def check_terminal(otherwise: str) -> None:
    """Raises `click.UsageError` where the workbench can't be drawn. `otherwise` says what works without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(f"this needs a terminal; {otherwise}")
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise click.UsageError(f"this terminal can't draw (TERM is {os.environ.get('TERM', '')!r}); {otherwise}")
    size = shutil.get_terminal_size()
    if size.columns < COLUMNS or size.lines < LINES:
        raise click.UsageError(
            f"this terminal has {size.columns}×{size.lines} characters and the workbench needs {COLUMNS}×{LINES} "
            f"(80×24 or more is comfortable); make it larger, or {otherwise}"
        )
