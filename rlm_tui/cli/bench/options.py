"""Options that `bench run` and `sweep` share, and the reading of lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rlm_tui.bench.base import BenchError
from rlm_tui.cli import complete
from rlm_tui.cli.options import AMOUNT, SUB_MODEL, _PricePair, otel_options

if TYPE_CHECKING:
    from rlm_tui.config.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

ANY = ("error", "timeout", "budget", "over_window", "refused")

_UNSPLIT = frozenset({"unknown_price", "model_options", "answer_schema", "models_at"})
"""Settings whose values have commas of their own."""


def words(ctx: click.Context, param: click.Parameter, value: Sequence[str] | str | None) -> tuple[str, ...]:
    """A list with commas, given once or several times."""
    given = (value,) if isinstance(value, str) else (value or ())
    return tuple(dict.fromkeys(word.strip() for text in given for word in text.split(",") if word.strip()))


def numbers(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> tuple[int, ...]:
    """A list of whole numbers with commas; ``1-5`` is a range, ``128k`` is 131,072."""
    found: list[int] = []
    for word in words(ctx, param, value):
        first, dash, last = word.partition("-")
        try:
            if dash:
                low, high = _number(first), _number(last)
                if high < low or high - low > 10_000:
                    raise ValueError(word)
                found += range(low, high + 1)
            else:
                found.append(_number(word))
        except ValueError:
            raise click.BadParameter(f"{word!r} should be a whole number, or a range such as 1-5", ctx, param) from None
    return tuple(dict.fromkeys(found))


def _number(text: str) -> int:
    text = text.strip().lower().replace("_", "")
    if text.endswith("k"):
        return int(text[:-1]) * 1024
    if text.endswith("m"):
        return int(text[:-1]) * 1024 * 1024
    return int(text)


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``key=value`` texts. Raises `click.UsageError`."""
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise click.UsageError(f"{option} {text!r} should be like KEY=VALUE")
        if key.strip() in found:
            raise click.UsageError(f"{option}: {key.strip()} is given twice")
        found[key.strip()] = value.strip()
    return found


def settings_grid(texts: Sequence[str]) -> list[dict[str, Any]]:
    """``--set key=a,b`` texts as every combination of their values. Raises `AgainError`."""
    from rlm_tui.bench.sweep import grid
    from rlm_tui.session.changes import read_changes

    values: dict[str, list[Any]] = {}
    for key, text in pairs(texts, "--set").items():
        whole = key.replace("-", "_") in _UNSPLIT or text.startswith(("{", "["))
        for one in [text] if whole else text.split(","):
            for name, value in read_changes([f"{key}={one.strip()}"]).items():
                values.setdefault(name, []).append(value)
    unique: Mapping[str, Sequence[Any]] = {
        name: [value for n, value in enumerate(some) if value not in some[:n]] for name, some in values.items()
    }
    return grid(unique)


_RUN_OPTIONS = (
    click.option(
        "--models",
        "-m",
        multiple=True,
        callback=words,
        metavar="A,B",
        help="Models of the root.",
        shell_complete=complete.model_list,
    ),
    SUB_MODEL,
    click.option("--seeds", multiple=True, callback=numbers, metavar="1,2|1-5", help="Repeat every cell (default: 1)."),
    click.option(
        "--set", "changes", multiple=True, metavar="KEY=A,B", help="A setting of the runs; several values make a grid."
    ),
    click.option(
        "--cluster",
        metavar="local|tcp://HOST:PORT",
        help="Run the cells on Dask's workers: of this machine (local:N for N of them), or of that scheduler.",
    ),
    click.option("--concurrency", type=click.IntRange(1, 512), default=4, show_default=True, help="Runs at once."),
    click.option(
        "--max-cost", type=AMOUNT, metavar="USD", help="What the whole table may cost, earlier runs included."
    ),
    click.option("--max-cost-per-run", type=AMOUNT, metavar="USD", help="What one run may cost."),
    click.option("--timeout", type=AMOUNT, metavar="S", help="Seconds that one run may take."),
    click.option("--price", type=_PricePair(), help="Price of models that aren't in the list, per million tokens."),
    click.option("--api-base", metavar="URL", help="Address of an OpenAI-compatible server of your own."),
    click.option(
        "--retry",
        multiple=True,
        callback=words,
        metavar="all|STATUS,…",
        help=f"Run failed cells again: all, or some of {', '.join(ANY)}.",
    ),
    click.option(
        "--judge",
        metavar="MODEL",
        help="Ask a model about every answer, beside the scores.",
        shell_complete=complete.models,
    ),
    click.option("--name", metavar="NAME", help="What the table is called."),
    click.option("--dry-run", is_flag=True, help="Show cells, tokens, cost and sample sizes; run nothing."),
    click.option("--tui", "screen", is_flag=True, help="Watch the table on the screen."),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the shared options said."""

    models: tuple[str, ...]
    sub_model: str | None
    seeds: tuple[int, ...]
    changes: tuple[str, ...]
    cluster: str | None
    concurrency: int
    max_cost: float | None
    max_cost_per_run: float | None
    timeout: float | None
    price: str | None
    api_base: str | None
    retry: tuple[str, ...]
    judge: str | None
    name: str | None
    dry_run: bool
    screen: bool

    def check(self) -> None:
        """What can be wrong by itself. Raises `click.UsageError`."""
        for status in self.retry:
            if status not in ("all", *ANY):
                raise click.UsageError(f"--retry takes all, {', '.join(ANY)}, not {status!r}")
        for option, value in (
            ("--max-cost", self.max_cost),
            ("--max-cost-per-run", self.max_cost_per_run),
            ("--timeout", self.timeout),
        ):
            if value == 0:
                raise click.UsageError(f"{option} 0 leaves nothing to run with; leave it out for no limit")
        if None not in (self.max_cost, self.max_cost_per_run) and self.max_cost < self.max_cost_per_run:  # type: ignore[operator]
            raise click.UsageError(
                f"--max-cost ${self.max_cost:g} is below --max-cost-per-run ${self.max_cost_per_run:g}; raise one or lower the other"
            )
        if self.dry_run and self.screen:
            raise click.UsageError("--dry-run and --tui exclude each other; leave one of them out")
        if self.name is not None and (not self.name.strip() or len(self.name) > 80 or self.name == "last"):
            raise BenchError(
                f"{self.name!r} can't be the name of a table: a name has 1 to 80 characters and is not last"
            )

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses whose cells run again."""
        return ANY if "all" in self.retry else self.retry

    @property
    def repeats(self) -> tuple[int, ...]:
        """The seeds."""
        return self.seeds or (1,)


def run_options(command: F) -> F:
    """The options of `Wanted`."""
    command = otel_options(command)
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


def settings_for(wanted: Wanted, store: str | None) -> Settings:
    """The settings, with what the command line said on top. Raises `SettingsError`."""
    from rlm_tui.cli.prepare import load_settings

    return load_settings(
        {
            "sub_model": wanted.sub_model,
            "api_base": wanted.api_base,
            "unknown_price": f"assume:{wanted.price}" if wanted.price is not None else None,
            "store": store,
        }
    )


def value_of(text: str) -> Any:
    """A value of a task's option: JSON if it is some, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
