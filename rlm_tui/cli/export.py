"""``rlm-tui export``: a session as a file of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rlm_tui.cli.options import store_option

SHOWN = 8


@click.command()
@click.argument("session", metavar="ID|last|FILE")
@click.argument("file", metavar="[FILE]", required=False)
@click.option(
    "--format",
    "format",
    type=click.Choice(["jsonl", "md", "html", "rlms", "bundle"]),
    help="What to write; without it, what the file's name says, or jsonl.",
)
@click.option(
    "--redact", is_flag=True, help="Leave out every text: question, documents, code, outputs, replies, answer."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@store_option
def command(session: str, file: str | None, format: str | None, redact: bool, force: bool, store: str | None) -> None:
    """Write a saved session to FILE; - is the standard output, and without FILE the session's id names it.

    jsonl: our own events and texts, for `rlm-tui replay` on any machine (compressed if FILE ends in .gz). bundle: the
    same as one SQLite file. html: one page for any browser, without us and without a network. md: a report. rlms: JSON
    lines for the viewer of that library. All but the redacted ones hold the documents and what the models said.
    """
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.session.exporting import FORMATS, export, format_of, write
    from rlm_tui.store import open_recording

    wanted = format or format_of(file or "")
    recording = open_recording(session, load_settings({"store": store}).store)
    try:
        if file == "-":
            if wanted == "bundle":
                raise click.UsageError("a bundle is a file, not a text; name one instead of -")
            write(recording, sys.stdout.buffer, wanted, redact=redact)
            return
        path = Path(file).expanduser() if file else Path(f"{recording.session[:SHOWN]}{FORMATS[wanted]}")
        if path.exists() and not force:
            raise click.UsageError(f"{path} exists already; choose another name, or add --force")
        export(recording, path, wanted, redact=redact)
    finally:
        recording.close()
    hint = f": rlm-tui replay {path}" if wanted in ("jsonl", "bundle") else ""
    click.echo(f"{path} ({path.stat().st_size:,} bytes){hint}", err=True)
