"""Results that are saved: which tables a command is about, and their cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rlm_tui.cli import complete
from rlm_tui.cli.bench.options import numbers, words

if TYPE_CHECKING:
    from rlm_tui.config.store_url import StorePlace
    from rlm_tui.store.results import Attempt, CellRow

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Saved:
    """The chosen cells of some tables, and all attempts at these cells."""

    names: list[str]
    cells: list[CellRow]
    attempts: list[Attempt]

    @property
    def title(self) -> str:
        """The names of the tables."""
        return ", ".join(self.names)


_FILTERS = (
    click.option(
        "--models",
        "-m",
        multiple=True,
        callback=words,
        metavar="A,B",
        help="Only these models.",
        shell_complete=complete.model_list,
    ),
    click.option("--methods", multiple=True, callback=words, metavar="A,B", help="Only these methods."),
    click.option("--lengths", multiple=True, callback=numbers, metavar="8k,128k", help="Only these lengths."),
    click.option("--seeds", multiple=True, callback=numbers, metavar="1,2|1-5", help="Only these seeds."),
)


def suites_argument(command: F) -> F:
    """The tables: none means the one that ran last."""
    return click.argument("suites", nargs=-1, metavar="[SUITE]...")(command)


def filters(command: F) -> F:
    """Which cells of the tables."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def read(
    suites: Sequence[str],
    store: str | None,
    *,
    models: Sequence[str] = (),
    methods: Sequence[str] = (),
    lengths: Sequence[int] = (),
    seeds: Sequence[int] = (),
) -> Saved:
    """The chosen cells. Raises `StoreError`, and `BenchError` for a filter that nothing fits."""
    from rlm_tui.bench.base import BenchError, known
    from rlm_tui.store.reader import StoreReader
    from rlm_tui.store.results import attempts, cells, find_suite

    with StoreReader(path_of(store)) as reader:
        names = list(dict.fromkeys(find_suite(reader, name) for name in suites or ("last",)))
        rows = [row for name in names for row in cells(reader, name)]
        tries = [attempt for name in names for attempt in attempts(reader, name)]
    for what, wanted, field in (
        ("model", models, "model"),
        ("method", methods, "method"),
        ("length", lengths, "length"),
        ("seed", seeds, "seed"),
    ):
        there = list(dict.fromkeys(getattr(row, field) for row in rows))
        for value in wanted:
            if value not in there:
                raise BenchError(
                    f"these results have no {what} {value}; there {'is' if len(there) == 1 else 'are'} "
                    f"{known([str(one) for one in sorted(there)])}"
                )
        if wanted:
            rows = [row for row in rows if getattr(row, field) in wanted]
    keys = {row.key for row in rows}
    return Saved(names, rows, [attempt for attempt in tries if attempt.key in keys])


def path_of(store: str | None) -> StorePlace:
    """Where the store is. Raises `SettingsError`."""
    from rlm_tui.cli.sessions.place import path_of as place

    return place(store)
