"""The options that `open`, `run` and `demo` share."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from rlm_tui.cli import complete

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line said about a run; ``None`` where it said nothing."""

    files: tuple[str, ...] = ()
    question: str | None = None
    model: str | None = None
    sub_model: str | None = None
    models_at: tuple[tuple[int, str], ...] = ()
    api_base: str | None = None
    max_cost: float | None = None
    max_calls: int | None = None
    max_tokens: int | None = None
    max_seconds: float | None = None
    max_turns: int | None = None
    max_depth: int | None = None
    repl: str | None = None
    price: str | None = None
    unknown_price: str | None = None
    store: str | None = None
    conditions: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    schema: str | None = None
    pairs: tuple[str, ...] = ()


class _Amount(click.ParamType[float]):
    """A number that is neither negative nor infinite."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number", param, ctx)
        if not math.isfinite(number) or number < 0:
            self.fail(f"{value} should be 0 or more", param, ctx)
        return number


class _ModelAt(click.ParamType[tuple[int, str]]):
    """``DEPTH=MODEL``."""

    name = "depth=model"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, str]:
        depth, equals, model = str(value).partition("=")
        if not equals or not depth.isdigit() or not model:
            self.fail(f"{value!r} should be like 1=gpt-5-mini: a depth (0 is the root) and a model", param, ctx)
        return int(depth), model


class _PricePair(click.ParamType[str]):
    """``IN,OUT``, in US dollars per million tokens, as the setting `unknown_price` takes it."""

    name = "in,out"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        parts = str(value).split(",")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) != 2 or not all(math.isfinite(n) and n >= 0 for n in numbers):
            self.fail(f"{value!r} should be like 0.5,1.5: US dollars per million tokens in and out", param, ctx)
        return ",".join(f"{number:.12f}".rstrip("0").rstrip(".") for number in numbers)


AMOUNT = _Amount()
COUNT = click.IntRange(min=1)

_TOOL = click.option(
    "--tool",
    "tools",
    multiple=True,
    metavar="MODULE:FUNCTION",
    help="A function of yours that the model's code can call, with your rights; repeatable.",
)

SUB_MODEL = click.option(
    "--sub-model",
    metavar="MODEL",
    help="Model of the sub-calls (default: the root's).",
    shell_complete=complete.models,
)

_RUN_OPTIONS = (
    click.option(
        "--model",
        metavar="MODEL",
        help="Model of the root: gpt-5-mini, ollama/qwen3, openai/NAME …",
        shell_complete=complete.models,
    ),
    SUB_MODEL,
    click.option(
        "--model-at",
        "models_at",
        type=_ModelAt(),
        multiple=True,
        help="Model at one depth; repeatable.",
        shell_complete=complete.model_at,
    ),
    _TOOL,
    click.option("--api-base", metavar="URL", help="Address of an OpenAI-compatible server of your own."),
    click.option("--max-cost", type=AMOUNT, metavar="USD", help="US dollars the whole run may cost."),
    click.option("--max-calls", type=COUNT, metavar="N", help="Calls to models, sub-calls included."),
    click.option("--max-tokens", type=COUNT, metavar="N", help="Tokens in and out, sub-calls included."),
    click.option("--max-seconds", type=AMOUNT, metavar="S", help="Time, while it isn't paused."),
    click.option("--max-turns", type=COUNT, metavar="N", help="Turns of each node."),
    click.option(
        "--max-depth",
        type=click.IntRange(min=0, max=16),
        metavar="N",
        help="Levels of recursion: 0 is the REPL alone, 1 adds sub-calls, 2 child nodes with REPLs of their own.",
    ),
    click.option(
        "--repl", type=click.Choice(["python", "javascript"]), help="Language that the model's code is written in."
    ),
    click.option(
        "--price", type=_PricePair(), help="Price of models that aren't in the list, US dollars per million tokens."
    ),
    click.option(
        "--unknown-price",
        type=click.Choice(["refuse", "allow"]),
        help="What to do about a model without a known price when there is a --max-cost.",
    ),
    click.option(
        "--schema", metavar="FILE", help="JSON schema that the answer must fit.", shell_complete=complete.files
    ),
    click.option(
        "--set",
        "pairs",
        multiple=True,
        metavar="KEY=VALUE",
        help="Another setting of the run: temperature=0, concurrency=16, reuse_identical_calls=true …; repeatable.",
    ),
)


def _add(command: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def files_argument(command: F) -> F:
    """The documents: files, patterns, folders, or ``-``."""
    return click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete.files)(command)


def tool_option(command: F) -> F:
    """``--tool``."""
    return _TOOL(command)


def store_option(command: F) -> F:
    """``--store``."""
    return click.option(
        "--store",
        metavar="PATH",
        help="File or database of the saved sessions (or RLM_TUI_STORE).",
        shell_complete=complete.files,
    )(command)


def run_options(command: F) -> F:
    """Models, budgets and the place to save."""
    return store_option(otel_options(_add(command, _RUN_OPTIONS)))


def otel_options(command: F) -> F:
    """``--otel`` and ``--otel-bodies``: who hears of the sessions while they run. The command itself need not know."""
    options = (
        click.option(
            "--otel", metavar="URL", callback=_begin_telemetry, expose_value=False,
            help="Send OpenTelemetry spans to this collector, such as http://localhost:4318.",
        ),
        click.option(
            "--otel-bodies", is_flag=True, is_eager=True, callback=_note_bodies, expose_value=False,
            help="With prompts, replies, code and outputs in the spans.",
        ),
    )  # fmt: skip
    return _add(command, options)


_BODIES = "rlm_tui.otel_bodies"


def _note_bodies(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta[_BODIES] = value


def _begin_telemetry(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is None:
        if ctx.meta[_BODIES]:
            raise click.UsageError("--otel-bodies says what --otel sends; give --otel URL as well")
        return
    from rlm_tui.session import telemetry

    telemetry.begin(value, bodies=ctx.meta[_BODIES])

    def end() -> None:
        from rlm_tui.cli.program import complain

        if said := telemetry.end():
            complain(said)

    ctx.call_on_close(end)


def screen_options(command: F) -> F:
    """How the workbench starts and looks."""
    options = (
        click.option(
            "--step/--run", "step", default=True, help="Start paused before the first cell (default), or run."
        ),
        click.option(
            "--break",
            "conditions",
            multiple=True,
            metavar="COND",
            help="Stop where the condition holds: error, final, 'cost>0.50', 'turn==5' …; repeatable.",
        ),
        look_options,
    )
    return _add(command, options)


def look_options(command: F) -> F:
    """Colours and signs."""
    options = (
        click.option("--theme", metavar="NAME", help="Name of a theme.", shell_complete=complete.themes),
        click.option("--ascii", "ascii_only", is_flag=True, help="Plain signs only, for terminals with a small font."),
    )
    return _add(command, options)


def json_option(command: F) -> F:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def environment() -> dict[str, str]:
    """The environment as a dict of its own."""
    return dict(os.environ)
