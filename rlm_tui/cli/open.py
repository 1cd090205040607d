"""``rlm-tui open``: the workbench on the user's own files."""

from __future__ import annotations

from typing import Any

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import Given, run_options, screen_options

WITHOUT_SCREEN = 'rlm-tui run FILE -q "…" answers without one'


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=complete.files)
@click.option("-q", "--question", metavar="TEXT", help="The question; without it the workbench asks.")
@run_options
@screen_options
def command(
    files: tuple[str, ...],
    question: str | None,
    step: bool,
    conditions: tuple[str, ...],
    theme: str | None,
    ascii_only: bool,
    **options: Any,
) -> int:
    """Open FILEs in the workbench and step through a run.

    It starts paused before the model's first code runs. Every step is saved as it happens. Without a FILE it shows what
    can be opened: recent documents, saved sessions, the demo.
    """
    from rlm_tui.cli.prepare import prepare
    from rlm_tui.cli.workbench import show_live

    if "-" in files:
        raise click.UsageError(
            "the workbench reads keys from the standard input; save the text to a file, or use `rlm-tui run -`"
        )
    if not files:
        return _choose(question, options, theme, ascii_only)
    given = Given(tuple(files), question, conditions=conditions, **options)
    job = prepare(given, theme=theme, glyphs="ascii" if ascii_only else None)
    return show_live(job, paused=step, otherwise=WITHOUT_SCREEN)


def _choose(question: str | None, options: dict[str, Any], theme: str | None, ascii_only: bool) -> int:
    """The screen without a document. What is said about a run is for a document that is named with it."""
    from rlm_tui.cli.workbench import show_home

    given = {"store": options.pop("store"), "theme": theme, "glyphs": "ascii" if ascii_only else None}
    if question is not None or any(value for value in options.values()):
        raise click.UsageError(
            "name the FILE that this is about; without one, only --theme, --ascii and --store mean something"
        )
    return show_home("welcome", given, otherwise=WITHOUT_SCREEN)
