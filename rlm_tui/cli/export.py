"""``rlm-tui export``: a session as a file of its own."""

from __future__ import annotations

from pathlib import Path

import click

from rlm_tui.cli.options import store_option


@click.command()
@click.argument("session", metavar="ID|last|FILE")
@click.argument("file", metavar="FILE")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@store_option
def command(session: str, file: str, force: bool, store: str | None) -> None:
    """Write a saved session to FILE, as JSON lines with every text that it needs (compressed if FILE ends in .gz).

    `rlm-tui replay FILE` shows it on any machine. It holds the documents and everything the models said.
    """
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.store import open_recording, write_session

    path = Path(file).expanduser()
    if path.exists() and not force:
        raise click.UsageError(f"{file} exists already; choose another name, or add --force")
    recording = open_recording(session, load_settings({"store": store}).store)
    try:
        write_session(recording, path)
    finally:
        recording.close()
    click.echo(f"{path} ({path.stat().st_size:,} bytes): rlm-tui replay {file}", err=True)
