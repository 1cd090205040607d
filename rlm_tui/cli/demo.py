"""``rlm-tui demo``: the workbench on a bundled document and question."""

from __future__ import annotations

from typing import Any

import click

from rlm_tui.cli.options import Given, run_options, screen_options

DOCUMENT, QUESTION = "harbour.txt", "question.txt"


@click.command()
@click.option("-q", "--question", metavar="TEXT", help="Another question about the same document.")
@click.option("--headless", is_flag=True, help="Without a screen: progress on stderr, the answer on stdout.")
@run_options
@screen_options
def command(
    question: str | None,
    headless: bool,
    step: bool,
    conditions: tuple[str, ...],
    theme: str | None,
    ascii_only: bool,
    **options: Any,
) -> int:
    """Step through a run on a bundled document: the year 1888 in a harbour master's daybook.

    Needs no key and no network: the built-in explorer answers, whatever keys are set, unless you give --model. It is
    not a language model.
    """
    from rlm_tui.cli.data import data_folder
    from rlm_tui.cli.prepare import prepare

    folder = data_folder("demo")
    if question is None:
        question = (folder / QUESTION).read_text(encoding="utf-8").strip()
    options["model"] = options["model"] or "explorer"
    given = Given((str(folder / DOCUMENT),), question, conditions=conditions, **options)
    job = prepare(given, theme=theme, glyphs="ascii" if ascii_only else None)
    if headless:
        from rlm_tui.cli.run import answer

        return answer(job, as_json=False)
    from rlm_tui.cli.workbench import show_live

    return show_live(job, paused=step, otherwise="rlm-tui demo --headless answers without one")
