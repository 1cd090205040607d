"""``rlm-tui sessions find``: full-text search."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option
from rlm_tui.cli.sessions.listing import SHOWN

if TYPE_CHECKING:
    from rlm_tui.store import Hit


@click.command("find")
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option("--in", "session", metavar="ID", help="In one session only.", shell_complete=complete.sessions)
@click.option("--limit", type=click.IntRange(min=1), default=20, metavar="N", help="Passages at most (20).")
@store_option
@json_option
def find_command(words: tuple[str, ...], session: str | None, limit: int, store: str | None, as_json: bool) -> None:
    """Look for WORDS in questions, code, outputs, replies and answers; the best passages first.

    All of the words have to stand in one text. "two words" in quotes stand next to each other; begin* finds a
    beginning. Case and accents make no difference.
    """
    from rlm_tui.cli.sessions.listing import refresh
    from rlm_tui.cli.sessions.place import path_of
    from rlm_tui.store import Catalog, StoreError, StoreReader, search

    wanted = " ".join(f'"{word}"' if " " in word and '"' not in word else word for word in words)
    search.parse(wanted)
    path = path_of(store)
    if not path.exists():
        raise StoreError(f"there are no sessions yet in {path}; `rlm-tui demo` makes one")
    refresh(path)
    with StoreReader(path) as reader:
        only = Catalog(reader).find(session).id if session is not None else None
        hits = search.find(reader, wanted, limit, only)
    if as_json:
        import msgspec

        click.echo(json.dumps(msgspec.to_builtins(hits), ensure_ascii=False, indent=2))
    elif not hits:
        click.echo(f"Nothing in {path} has {wanted}.", err=True)
    else:
        for hit in hits:
            click.echo(f"{hit.session[:SHOWN]}  {hit.part:<8} #{hit.seq:<5} {_marked(hit)}")


def _marked(hit: Hit) -> str:
    """The snippet, with what was found set apart on a terminal."""
    from rlm_tui.document.visible import visible

    before, found, after = hit.snippet[: hit.start], hit.snippet[hit.start : hit.end], hit.snippet[hit.end :]
    if sys.stdout.isatty() and found:
        return visible(before) + click.style(visible(found), bold=True) + visible(after)
    return visible(hit.snippet)
