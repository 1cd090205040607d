"""``rlm-tui resume``: a session that was cut off, cancelled or failed goes on where its events end."""

from __future__ import annotations

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, screen_options, store_option, tool_option


@click.command()
@click.argument("session", metavar="ID|last", shell_complete=complete.sessions)
@click.option("--headless", is_flag=True, help="Without a screen: progress on stderr, the answer on stdout.")
@tool_option
@store_option
@json_option
@screen_options
def command(
    session: str,
    headless: bool,
    tools: tuple[str, ...],
    store: str | None,
    as_json: bool,
    step: bool,
    conditions: tuple[str, ...],
    theme: str | None,
    ascii_only: bool,
) -> int:
    """Go on with a session that has no answer yet: cut off by a crash, a kill or a power cut, cancelled, or failed.

    `last` is the newest one that was cut off. The recorded calls are not made again; one that was under way is, and may
    have been billed before. Budgets count what was spent. A session that ended with an answer, a partial one included,
    is run anew by rerun, with other limits if you like. A session that had functions of yours needs them again.
    """
    from rlm_tui.cli.again import again_job, existing_store
    from rlm_tui.cli.prepare import find_tools, load_settings
    from rlm_tui.session.fork import find_unfinished, load_saved, resume_setup

    if as_json and not headless:
        raise click.UsageError("--json goes with --headless")
    functions = find_tools(tools)
    settings = load_settings({"store": store, "theme": theme, "glyphs": "ascii" if ascii_only else None})
    with existing_store(settings) as opened:
        row = find_unfinished(opened, session)
        if row.status == "running":
            raise click.UsageError(f"session {row.id} is running in another process; end that one first")
        setup = resume_setup(
            load_saved(opened, row.id),
            store=opened.path,
            durability=settings.durability,
            prices=settings.price_overrides(),
            tools=functions,
        )
    job = again_job(setup, settings, conditions)
    if headless:
        from rlm_tui.cli.run import answer

        return answer(job, as_json=as_json, after=row.last_seq)
    from rlm_tui.cli.workbench import show_live

    return show_live(job, paused=step, otherwise=f"rlm-tui resume {row.id} --headless goes on without one")
