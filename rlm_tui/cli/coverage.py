"""``rlm-tui coverage``: what of the documents was read for an answer, by whom, and what nothing backs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rlm_tui.session.provenance import DocumentReading, Provenance, Reading, Region, Share

SHOWN = 12
"""Regions and readings of a document that are listed without ``--all``."""


@click.command()
@click.argument("session", metavar="ID|last|FILE", shell_complete=complete.sessions)
@click.option("--all", "everything", is_flag=True, help="List every region and every reading.")
@store_option
@json_option
def command(session: str, everything: bool, store: str | None, as_json: bool) -> None:
    """What of the documents was read: by code, by models, never, twice; and what in the answer nothing backs.

    Touched means that a cell's code sliced or went over it, seen that its text stood in a prompt.
    """
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.projection.fold import fold
    from rlm_tui.session.provenance import provenance
    from rlm_tui.session.replay import open_saved

    saved = open_saved(session, load_settings({"store": store}).store)
    try:
        state = fold(saved.entries)
        found = provenance(state, saved.documents, saved.text)
        if as_json:
            click.echo(json.dumps({"session": saved.session, **_as_dict(found)}, ensure_ascii=False, indent=2))
            return
        for line in _lines(found, None if everything else SHOWN):
            click.echo(line)
    finally:
        saved.close()


def _lines(found: Provenance, most: int | None) -> Iterator[str]:
    from rlm_tui.cli.plain import plain

    if not found.documents:
        yield "This session has no documents; `rlm-tui import LOG --document FILE` imports its log together with one."
    for document in found.documents:
        yield from _document_lines(document, most)
    if found.answer is None:
        yield "There is no answer."
    elif not found.documents or not all(document.kept for document in found.documents):
        yield "The answer's quotes and numbers were not checked: the documents are not kept with this session."
    elif not found.unsupported:
        yield "Every quote and number of the answer stands in what was read or computed."
    else:
        yield "In the answer, but in nothing that was read or computed:"
        for item in found.unsupported:
            yield f"  {item.kind} {plain(item.text)!r}" if item.kind == "number" else f'  quote "{plain(item.text)}"'


def _document_lines(document: DocumentReading, most: int | None) -> Iterator[str]:
    from rlm_tui.cli.plain import plain
    from rlm_tui.tui.figures import plural

    yield f"{plain(document.name)}: {plural(document.chars, 'character')}, {plural(document.lines, 'line')}"
    if not document.kept:
        yield "  its text is not kept with this session, so regions have no line numbers"
    for name, share in (("seen by a model ", document.seen), ("touched by code ", document.touched)):
        again = f"; {share.again:,} of them more than once (+{share.surplus:,})" if share.again else ""
        yield f"  {name} {_percent(share, document.chars)}, {share.chars:,} characters{again}"
    if document.handed:
        yield f"  {document.handed:,} of the seen ones were handed to a child node as its variable and stood in no prompt"
    if document.seen.unread:
        total = sum(region.chars for region in document.seen.unread)
        yield f"  no model saw {plural(len(document.seen.unread), 'region')} ({total:,} characters):"
        yield from _cut((f"    {_where(region)}" for region in document.seen.unread), len(document.seen.unread), most)
    if document.readings:
        yield "  who read what:"
        yield from _cut((f"    {_reading(reading)}" for reading in document.readings), len(document.readings), most)
    yield ""


def _cut(lines: Iterable[str], count: int, most: int | None) -> Iterator[str]:
    from itertools import islice

    yield from islice(lines, most)
    if most is not None and count > most:
        yield f"    and {count - most:,} more (--all)"


def _percent(share: Share, chars: int) -> str:
    from rlm_tui.tui.figures import percent

    return percent(share.chars, chars).rjust(4)


def _where(region: Region) -> str:
    lines = f"lines {region.first_line:,}-{region.last_line:,}, " if region.first_line else ""
    return f"{lines}characters {region.start:,}-{region.end:,}"


def _reading(reading: Reading) -> str:
    from rlm_tui.cli.plain import plain

    chars = sum(region.chars for region in reading.spans)
    first = reading.spans[0]
    where = _where(first) if len(reading.spans) == 1 else f"{len(reading.spans)} parts, the first {_where(first)}"
    model = f" ({plain(reading.model)})" if reading.model else ""
    verb = "touched" if reading.strength == "touched" else "held" if reading.handed else "saw"
    return f"{plain(reading.what)}{model} {verb} {chars:,} characters: {where}"


def _as_dict(found: Provenance) -> dict[str, Any]:
    import dataclasses

    built = dataclasses.asdict(found)
    for document in built["documents"]:
        for name in ("touched", "seen"):
            document[name]["percent"] = round(100 * document[name].pop("part"), 2)
    return built
