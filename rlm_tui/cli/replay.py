"""``rlm-tui replay``: a saved session on the screen, or as text. Nothing runs, nothing costs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import look_options, store_option

if TYPE_CHECKING:
    from rlm_tui.events import Entry


@click.command()
@click.argument("session", metavar="[ID|last|FILE]", required=False, shell_complete=complete.sessions)
@click.option(
    "--sample",
    metavar="NAME",
    help="A session that is shipped with the program; `list` lists them.",
    shell_complete=complete.samples,
)
@click.option("--headless", is_flag=True, help="Print it as text.")
@click.option("--json", "as_json", is_flag=True, help="Print its events as JSON, one a line.")
@click.option(
    "--speed", type=click.FloatRange(min=0.01, max=1000), metavar="X", help="Play by itself, X times as fast."
)
@store_option
@look_options
def command(
    session: str | None,
    sample: str | None,
    headless: bool,
    as_json: bool,
    speed: float | None,
    store: str | None,
    theme: str | None,
    ascii_only: bool,
) -> int | None:
    """Show a saved session again: the screen of then, stepped forwards and backwards, at no cost.

    The session is an id, the beginning of one, `last`, or an exported file. One that another process is running is
    followed.
    """
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.session.replay import open_saved

    if speed is not None and as_json:
        raise click.UsageError("--json prints all events at once: leave out --speed")
    if (session is None) == (sample is None):
        raise click.UsageError("say which session: an id, the beginning of one, last, a file, or --sample NAME")
    if sample is not None:
        from rlm_tui.cli import samples

        if sample == samples.LIST:
            samples.show_samples(as_json=as_json)
            return None
        session = str(samples.sample(sample))
    assert session is not None
    given = {"store": store, "theme": theme, "glyphs": "ascii" if ascii_only else None}
    settings = load_settings(given)
    saved = open_saved(session, settings.store)
    try:
        if as_json:
            from rlm_tui.events import encode, kind_of

            for entry in saved.entries:
                record = encode(entry.event).decode("utf-8")
                click.echo(f'{{"seq":{entry.seq},"at":{entry.at!r},"kind":"{kind_of(entry.event)}","event":{record}}}')
        elif headless:
            from rlm_tui.session.transcript import transcript

            for line in transcript(_paced(saved.entries, speed), saved.text):
                click.echo(line)
        else:
            from rlm_tui.cli.workbench import show_saved

            return show_saved(
                saved,
                settings,
                otherwise="rlm-tui replay --headless prints the session as text",
                speed=speed,
                command_line=given,
            )
    finally:
        saved.close()
    return None


def _paced(entries: Iterable[Entry], speed: float | None) -> Iterator[Entry]:
    """The entries, each as long after the one before as it was then, divided by `speed`; at once without one."""
    before: float | None = None
    for entry in entries:
        if speed is not None and before is not None:
            time.sleep(max(0.0, entry.at - before) / speed)
        before = entry.at
        yield entry
