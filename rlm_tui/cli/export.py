"""``rlm-tui export``: a session as a file of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import store_option

if TYPE_CHECKING:
    from rlm_tui.store import Recording
    from rlm_tui.store.results import CellRow

SHOWN = 8

_OTHERS = ("inspect", "verifiers", "otel")


@click.command()
@click.argument("session", metavar="ID|last|FILE", shell_complete=complete.sessions)
@click.argument("file", metavar="[FILE]", required=False, shell_complete=complete.files)
@click.option(
    "--format",
    "format",
    type=click.Choice(["jsonl", "md", "html", "rlms", "bundle", *_OTHERS]),
    help="What to write; without it, what the file's name says, or jsonl.",
)
@click.option("--inspect", "other", flag_value="inspect", help="The same as --format inspect.")
@click.option("--verifiers", "other", flag_value="verifiers", help="The same as --format verifiers.")
@click.option("--otel", "other", flag_value="otel", help="The same as --format otel.")
@click.option("--bodies", is_flag=True, help="With otel: prompts, replies, code and outputs in the spans as well.")
@click.option(
    "--redact", is_flag=True, help="Leave out every text: question, documents, code, outputs, replies, answer."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@store_option
def command(
    session: str,
    file: str | None,
    format: str | None,
    other: str | None,
    bodies: bool,
    redact: bool,
    force: bool,
    store: str | None,
) -> None:
    """Write a saved session to FILE; - is the standard output, and without FILE the session's id names it.

    jsonl: our own events and texts, for `rlm-tui replay` on any machine (compressed if FILE ends in .gz). bundle: the
    same as one SQLite file. html: one page for any browser, without us and without a network. md: a report. rlms: JSON
    lines for the viewer of that library. inspect: a log of inspect_ai. verifiers: a rollout of that library. otel:
    OpenTelemetry spans, without texts unless --bodies. All but those and the redacted ones hold what the models said, and
    most of them the documents.
    """
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.session.exporting import FORMATS, export, format_of, write
    from rlm_tui.store import open_recording

    if format is not None and other not in (None, format):
        raise click.UsageError(f"--format {format} and --{other} exclude each other; leave one of them out")
    wanted = format or other or format_of(file or "")
    if bodies and (wanted != "otel" or redact):
        raise click.UsageError("--bodies puts texts into the spans of --otel; leave it out here")
    recording = open_recording(session, load_settings({"store": store}).store)
    try:
        cell = _cell(recording) if wanted in ("inspect", "verifiers") else None
        gold = _gold(cell) if cell is not None and not redact else ()
        if file == "-":
            if wanted == "bundle":
                raise click.UsageError("a bundle is a file, not a text; name one instead of -")
            write(recording, sys.stdout.buffer, wanted, redact=redact, bodies=bodies, cell=cell, gold=gold)
            return
        path = Path(file).expanduser() if file else Path(f"{recording.session[:SHOWN]}{FORMATS[wanted]}")
        if path.exists() and not force:
            raise click.UsageError(f"{path} exists already; choose another name, or add --force")
        export(recording, path, wanted, redact=redact, bodies=bodies, cell=cell, gold=gold)
    finally:
        recording.close()
    hint = f": rlm-tui replay {path}" if wanted in ("jsonl", "bundle") else ""
    click.echo(f"{path} ({path.stat().st_size:,} bytes){hint}", err=True)


def _cell(recording: Recording) -> CellRow | None:
    """What the session was worth, where it was run for a table of results."""
    from rlm_tui.store.handing import cell_of
    from rlm_tui.store.recording import StoredSession

    return cell_of(recording.reader, recording.session) if isinstance(recording, StoredSession) else None


def _gold(cell: CellRow) -> Sequence[str]:
    from rlm_tui.bench.gold import gold_of

    return gold_of(cell)
