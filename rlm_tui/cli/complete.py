"""What a shell offers after the tab key: sessions of the store, models, themes, files.

Whoever presses it waits, and wants no sentence: where there is nothing to offer, or the store can't be read in time, these
are silent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from rlm_tui.store import SessionRow

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

LAST = "last"
SHOWN = 200
"""Sessions that are offered, the newest ones."""

SHORT = 12
"""Characters of an id."""

HELP = 60
"""Characters of what stands beside an id."""

WAIT = 1.5
"""Seconds until a store that does not answer (a database elsewhere) is given up."""

MODELS = 60


def files(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of files, which the shell itself knows."""
    return [CompletionItem(typed, type="file")]


def sessions(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Ids of saved sessions and ``last``, with how they ended and what was asked; a FILE where nothing of it fits."""
    named = ctx.params.get(param.name or "") or ()
    taken = {named} if isinstance(named, str) else set(named)
    begun = typed.lower()
    found = [CompletionItem(name, help=words) for name, words in _sessions(ctx, begun) if name[:SHORT] not in taken]
    if not found and "FILE" in str(param.metavar):
        return files(ctx, param, typed)
    return found


def _sessions(ctx: click.Context, begun: str) -> list[tuple[str, str]]:
    given = ctx.params.get("store")
    rows: list[SessionRow] = []

    def ask() -> None:
        from rlm_tui.cli.sessions.place import path_of
        from rlm_tui.store import Catalog, StoreReader

        try:
            path = path_of(given)
            if not path.exists():
                return
            with StoreReader(path) as reader:
                rows.extend(Catalog(reader).list(SHOWN))
        except Exception:
            # Settings that can't be read, a store of another program: the command itself says so.
            return

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(WAIT)
    if asking.is_alive() or not rows:
        return []
    offered = [(LAST, f"the newest one: {_about(rows[0])}"), *((row.id[:SHORT], _about(row)) for row in rows)]
    return [(name, words) for name, words in offered if name.startswith(begun)]


def _about(row: SessionRow) -> str:
    """How it ended, when it began, and its question, in one line that can't steer a terminal."""
    from rlm_tui.document.visible import visible

    when = time.strftime("%Y-%m-%d", time.localtime(row.created))
    question = visible(" ".join(row.query.split()))
    short = question if len(question) <= HELP else question[: HELP - 1] + "…"
    return f"{row.status} {when} {short}"


def models(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of models with their prices; for nothing typed, those that answer here."""
    return [CompletionItem(name, help=words) for name, words in _models(typed)]


def model_list(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """The same after each comma."""
    before, comma, last = typed.rpartition(",")
    return [CompletionItem(before + comma + name, help=words) for name, words in _models(last)]


def model_at(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """The same after ``DEPTH=``."""
    depth, equals, name = typed.partition("=")
    return [CompletionItem(f"{depth}={found}", help=words) for found, words in _models(name)] if equals else []


def _models(typed: str) -> list[tuple[str, str]]:
    from rlm_tui.tui.model_names import ModelNames

    try:
        from rlm_tui.cli.prepare import load_settings

        settings = load_settings({})
        names = ModelNames(settings.price_overrides(), settings.api_base)
    except Exception:
        names = ModelNames()
    found = names.completions(typed, MODELS)
    return [(about.name, about.price) for about in found if about.name.startswith(typed)]


def themes(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of themes, the user's too."""
    from rlm_tui.tui.themes import available

    return [CompletionItem(name) for name in sorted(available()) if name.startswith(typed)]


def samples(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of the sessions that are shipped with the program."""
    from rlm_tui.cli import samples as shipped

    return [CompletionItem(name) for name in (*shipped.samples(), shipped.LIST) if name.startswith(typed)]


def served(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """After ``serve``: a command that has a screen."""
    from rlm_tui.cli.program import COMMANDS
    from rlm_tui.cli.serve import SCREENS

    named = ctx.params.get(param.name or "") or ()
    return [CompletionItem(name, help=COMMANDS[name]) for name in SCREENS if not named and name.startswith(typed)]
