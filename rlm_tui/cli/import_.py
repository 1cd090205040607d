"""``rlm-tui import``: logs of other tools, and exported sessions, into the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option
from rlm_tui.cli.program import BAD_INPUT, complain

if TYPE_CHECKING:
    from rlm_tui.store import Recording, Store


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete.files)
@click.option(
    "--document",
    metavar="FILE",
    help="The text that the logs are about, where they don't hold it.",
    shell_complete=complete.files,
)
@store_option
@json_option
def command(files: tuple[str, ...], document: str | None, store: str | None, as_json: bool) -> int:
    """Take sessions into the store: logs of rlms, fast-rlm, recursive-llm and dspy, and sessions that were exported.

    They can then be replayed, searched and compared like sessions of our own; what a log doesn't tell is in the
    session's note. Lines that are damaged are named and left out. A file that is there already makes no copy. Of
    several files, those that can be read are taken; the exit code is 2 if one of them can't.
    """
    from rlm_tui.cli.prepare import check_store, load_settings
    from rlm_tui.document.loader import load
    from rlm_tui.store import Store, StoreError

    text = load([document])[0].text if document is not None else None
    path = check_store(load_settings({"store": store}))
    reports: list[dict[str, Any]] = []
    failed = False
    with Store.open(path) as opened:
        for file in files:
            try:
                recording = _open(Path(file).expanduser(), text)
                try:
                    reports.append(_take(opened, recording, file))
                finally:
                    recording.close()
            except StoreError as error:
                complain(str(error))
                failed = True
            else:
                if not as_json:
                    _tell(reports[-1])
    if as_json:
        click.echo(json.dumps(reports, ensure_ascii=False, indent=2))
    return BAD_INPUT if failed else 0


def _open(path: Path, document: str | None) -> Recording:
    from rlm_tui.store import StoreError
    from rlm_tui.store.importers import open_log
    from rlm_tui.store.recording import open_file

    recording = open_file(path)
    if document is None:
        return recording
    if not hasattr(recording, "tool"):
        recording.close()
        raise StoreError(f"{path} is a session of rlm-tui, which holds its documents; leave --document out")
    return open_log(path, document)


def _take(store: Store, recording: Recording, file: str) -> dict[str, Any]:
    known = store.catalog.get(recording.session) is not None
    session = store.add(recording)
    return {
        "file": file,
        "session": session,
        "tool": getattr(recording, "tool", "rlm-tui"),
        "new": not known,
        "events": recording.row.last_seq,
        "missing": list(getattr(recording, "missing", ())),
        "problems": list(getattr(recording, "problems", ())),
    }


def _tell(report: dict[str, Any]) -> None:
    from rlm_tui.cli.plain import plain

    events = f"{report['events']:,} events" if report["new"] else "it is there already"
    click.echo(f"{report['session']}  {plain(Path(report['file']).name)} ({report['tool']}): {events}")
    for problem in report["problems"]:
        click.echo(f"  {plain(problem)}")
    if report["missing"] and report["new"]:
        click.echo(f"  the log doesn't tell: {plain(', '.join(report['missing']))}")
