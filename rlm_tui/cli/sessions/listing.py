"""``rlm-tui sessions [FILTER]...``: the list, a page at a time."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli.options import json_option, store_option

if TYPE_CHECKING:
    from rlm_tui.config.store_url import StorePlace
    from rlm_tui.projection.conditions import Condition
    from rlm_tui.store import SessionRow

SHOWN = 8
"""Characters of an id: more than enough to be unique."""

PAGE = 50

HEAD = ("id", "when", "state", "calls", "tokens", "cost", "model", "document", "question")


@click.command("list")
@click.argument("words", nargs=-1, metavar="[FILTER]...")
@click.option("--limit", type=click.IntRange(min=1), default=PAGE, metavar="N", help=f"Sessions a page ({PAGE}).")
@click.option("--page", type=click.IntRange(min=1), default=1, metavar="N", help="Which page; 1 is the newest.")
@store_option
@json_option
def list_command(words: tuple[str, ...], limit: int, page: int, store: str | None, as_json: bool) -> None:
    """List the saved sessions, the newest first; with a filter, those for which it holds.

    Facts to ask about: id query document model origin status limit calls turns nodes depth errors tokens tokens.in
    tokens.out cost seconds since before tag note score code output reply prompt answer text. text:"two words" finds
    words in the order in which they stand, the last one by its beginning; text~/pattern/ is a regular expression.
    """
    from rlm_tui.cli.sessions.place import path_of
    from rlm_tui.session.interrupted import can_go_on

    condition = condition_of(words)
    path = path_of(store)
    rows = _rows(path, condition, limit, page)
    more = len(rows) > limit
    rows = rows[:limit]
    if as_json:
        click.echo(json.dumps([as_dict(row) for row in rows], ensure_ascii=False, indent=2))
    elif rows:
        from rlm_tui.cli.table import table

        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in table(HEAD, [_cells(row) for row in rows], width=width, right=(3, 4, 5)):
            click.echo(line)
    elif page > 1:
        click.echo(f"There is no page {page}.", err=True)
    elif condition is not None:
        click.echo(f"No session in {path} fits {condition}.", err=True)
    else:
        click.echo(f"There are no sessions yet in {path}; `rlm-tui demo` makes one.", err=True)
    if more:
        again = shlex.join(["rlm-tui", "sessions", *words, *([] if limit == PAGE else ["--limit", str(limit)])])
        click.echo(f"There are older ones: {again} --page {page + 1}", err=True)
    for row in [row for row in rows if can_go_on(row)][:1]:
        click.echo(f"session {row.id} was interrupted: rlm-tui resume {row.id}", err=True)


def condition_of(words: tuple[str, ...]) -> Condition | None:
    """The condition that the words of a command line make. Raises `ConditionError`."""
    from rlm_tui.projection.conditions import parse

    return parse(" ".join(_with_quotes(word) for word in words)) if words else None


def _with_quotes(word: str) -> str:
    """A word of the command line with the quotes that the shell took from ``text:"first meet"``."""
    import re

    from rlm_tui.projection.conditions import ConditionError, parse

    split = re.fullmatch(r"([A-Za-z_.]+\s*(?:!~|==|!=|[:~]))\s*([^\s\"'/].*\s.*)", word, re.DOTALL)
    if split is None:
        return word
    try:
        parse(word)
        return word
    except ConditionError:
        return split[1] + '"' + split[2].replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rows(path: StorePlace, condition: Condition | None, limit: int, page: int) -> list[SessionRow]:
    """A page, and one more if there is another page."""
    from rlm_tui.config.paths import is_default_store
    from rlm_tui.store import Catalog, StoreReader

    if is_default_store(path) and not path.exists():
        return []
    if condition is not None and "text" in condition.names and path.exists():
        refresh(path)
    with StoreReader(path) as reader:
        return Catalog(reader).list(limit + 1, (page - 1) * limit, condition)


def refresh(path: StorePlace) -> bool:
    """Take what is new into the index for searching; returns whether that could be done."""
    from rlm_tui.store import Store, StoreError

    try:
        with Store.open(path) as store:
            store.index_texts()
    except StoreError:
        # A store that may only be read is searched as it is.
        return False
    return True


def _cells(row: SessionRow) -> list[str]:
    from rlm_tui.tui.figures import count, price

    documents = row.documents[0][0] if row.documents else ""
    if len(row.documents) > 1:
        documents += f" +{len(row.documents) - 1}"
    tokens = f"{'~' * row.estimated}{count(row.input + row.output)}"
    return [
        row.id[:SHOWN],
        when(row.created),
        state_of(row),
        str(row.calls),
        tokens,
        price(row.usage),
        row.model,
        documents,
        row.query,
    ]


def state_of(row: SessionRow) -> str:
    """``completed``, ``partial (usd)``."""
    return row.status if row.limit is None else f"{row.status} ({row.limit})"


def when(at: float) -> str:
    """A moment in the user's time zone."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def as_dict(row: SessionRow) -> dict[str, Any]:
    """A row as JSON has it."""
    from rlm_tui.session.plain import plain_values

    values: dict[str, Any] = plain_values(row)
    values["documents"] = [{"name": name, "characters": chars} for name, chars in row.documents]
    return values
