"""The sessions that are shipped with the program."""

from __future__ import annotations

import json
from pathlib import Path

import click

LIST = "list"
HEAD = ("sample", "state", "calls", "depth", "errors", "model", "question")
_ENDING = ".jsonl.gz"


def samples() -> dict[str, Path]:
    """Name and file of each sample, in the order of their names."""
    from rlm_tui.cli.data import data_folder

    return {path.name.removesuffix(_ENDING): path for path in sorted(data_folder("sessions").glob(f"*{_ENDING}"))}


def sample(name: str) -> Path:
    """The file of the sample called `name`. Raises `click.UsageError`, which names those there are."""
    found = samples()
    if name not in found:
        raise click.UsageError(f"there is no sample {name!r}; there are: {', '.join(found) or 'none'}")
    return found[name]


def show_samples(*, as_json: bool) -> None:
    """Print what there is."""
    from rlm_tui.cli.table import table
    from rlm_tui.store import open_recording

    rows: list[list[str]] = []
    for name, path in samples().items():
        recording = open_recording(str(path))
        row = recording.row
        model = "explorer" if row.model == "explorer" else "scripted replies"
        rows.append([name, row.status, str(row.calls), str(row.depth), str(row.errors), model, row.query])
        recording.close()
    if as_json:
        click.echo(json.dumps([dict(zip(HEAD, row, strict=True)) for row in rows], ensure_ascii=False, indent=2))
        return
    for line in table(HEAD, rows, right=(2, 3, 4)):
        click.echo(line)
