"""``rlm-tui sweep``: saved sessions anew over a grid of models, prompts and settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rlm_tui.cli import complete
from rlm_tui.cli.bench.options import Wanted, run_options, settings_for, settings_grid
from rlm_tui.cli.options import json_option, look_options, store_option


@click.command()
@click.argument("sessions", nargs=-1, required=True, metavar="ID...", shell_complete=complete.sessions)
@click.option(
    "--prompts",
    multiple=True,
    metavar="FILE,…",
    help="Files with words to add to the system prompt; each file is a row.",
)
@click.option("--expect", metavar="TEXT", help="What a right answer contains: the runs are scored by it.")
@run_options
@store_option
@look_options
@json_option
def command(
    sessions: tuple[str, ...],
    prompts: tuple[str, ...],
    expect: str | None,
    store: str | None,
    theme: str | None,
    ascii_only: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Run saved sessions anew with every combination of --models, --prompts and --set, such as --set max_depth=0,1,2.

    Everything is asked anew. The rows are kept like those of `rlm-tui bench`, whose show, plot, compare and export work on
    them; the same command again runs only what is missing. Exit code as for `rlm-tui bench run`.
    """
    from rlm_tui.bench.sweep import read_prompt, sweep_works
    from rlm_tui.cli.again import existing_store
    from rlm_tui.cli.bench.work import fill
    from rlm_tui.session.fork import load_saved

    wanted = Wanted(**given)
    wanted.check()
    if expect is not None and (not expect.strip() or len(sessions) > 1):
        raise click.UsageError("--expect takes the text that the answer of one session should contain")
    settings = settings_for(wanted, store)
    changes = settings_grid(wanted.changes)
    for option, name, value in (("--models", "model", wanted.models), ("--sub-model", "sub_model", wanted.sub_model)):
        if value and any(name in some for some in changes):
            raise click.UsageError(f"{option} and --set {name}=… exclude each other")
    if wanted.sub_model is not None:
        changes = [{"sub_model": wanted.sub_model, **some} for some in changes]
    extra: dict[str, Any] = {"api_base": wanted.api_base} if wanted.api_base is not None else {}
    if wanted.price is not None:
        extra["unknown_price"] = settings.unknown_price
    with existing_store(settings) as opened:
        saved = [load_saved(opened, name) for name in sessions]
    works = sweep_works(
        wanted.name or f"sweep-{saved[0].started.session[:7]}",
        saved,
        models=wanted.models,
        prompts=[read_prompt(path) for path in _files(prompts)],
        changes=changes,
        seeds=wanted.repeats,
        expected=expect,
        limits=extra,
    )
    return fill(works, wanted, settings, as_json=as_json, look=(theme, ascii_only))


def _files(prompts: tuple[str, ...]) -> list[Path]:
    """The files by name, each once: with commas between them, unless there is a file whose name has the comma."""
    names = [name for text in prompts for name in ([text] if Path(text).exists() else text.split(","))]
    return [Path(name.strip()) for name in dict.fromkeys(names) if name.strip()]
