"""``rlm-tui sessions``: what is saved, the newest first."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli.options import json_option, store_option

if TYPE_CHECKING:
    from rlm_tui.store import SessionRow

SHOWN = 8
"""Characters of an id: more than enough to be unique."""


@click.command()
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N.")
@store_option
@json_option
def command(limit: int | None, store: str | None, as_json: bool) -> None:
    """List the saved sessions, the newest first.

    An id, the beginning of one, or `last` opens a session: rlm-tui replay ID.
    """
    rows, place = _rows(limit, store)
    if as_json:
        click.echo(json.dumps([_as_dict(row) for row in rows], ensure_ascii=False, indent=2))
    elif not rows:
        click.echo(f"There are no sessions yet in {place}; `rlm-tui demo` makes one.", err=True)
    else:
        from rlm_tui.cli.table import table

        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in table(HEAD, [_cells(row) for row in rows], width=width, right=(3, 4, 5)):
            click.echo(line)


def _rows(limit: int | None, store: str | None) -> tuple[list[SessionRow], str]:
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.config.paths import is_default_store, store_path
    from rlm_tui.store import Catalog, StoreReader

    path = store_path(load_settings({"store": store}).store)
    if is_default_store(path) and not path.exists():
        return [], str(path)
    with StoreReader(path) as reader:
        return Catalog(reader).list(limit), str(path)


HEAD = ("id", "when", "state", "calls", "tokens", "cost", "model", "document", "question")


def _cells(row: SessionRow) -> list[str]:
    from rlm_tui.tui.figures import count, price

    documents = row.documents[0][0] if row.documents else ""
    if len(row.documents) > 1:
        documents += f" +{len(row.documents) - 1}"
    state = row.status if row.limit is None else f"{row.status} ({row.limit})"
    when = datetime.fromtimestamp(row.created, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    tokens = f"{'~' * row.estimated}{count(row.input + row.output)}"
    return [row.id[:SHOWN], when, state, str(row.calls), tokens, price(row.usage), row.model, documents, row.query]


def _as_dict(row: SessionRow) -> dict[str, Any]:
    import msgspec

    values: dict[str, Any] = msgspec.to_builtins(row)
    values["documents"] = [{"name": name, "characters": chars} for name, chars in row.documents]
    return values
