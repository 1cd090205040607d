"""``rlm-tui models``: who can answer here."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli.options import json_option

if TYPE_CHECKING:
    from rlm_tui.engine.providers.base import ModelInfo, Price
    from rlm_tui.engine.providers.registry import CatalogueLine

PER_MILLION = 1_000_000
SHOWN = 5
"""Models of a provider that are listed without ``--all``."""


@click.command()
@click.argument("providers", nargs=-1, metavar="[PROVIDER]...")
@click.option("--all", "everything", is_flag=True, help="Every model that has a price.")
@json_option
def command(providers: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Models that can answer here, and which variables their keys are read from.

    Name providers to see all their models. Any other model that LiteLLM supports works as well, as PROVIDER/NAME.
    Prices are in US dollars per million tokens, in and out.
    """
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.engine.providers.registry import Providers, choose_model

    settings = load_settings()
    lines = Providers(prices=settings.price_overrides()).catalogue()
    choice = choose_model(settings, os.environ)
    if providers:
        known = {line.provider for line in lines}
        for name in providers:
            if name not in known:
                raise click.UsageError(
                    f"there is no provider {name!r} in the list; known are {', '.join(sorted(known))}"
                )
        lines = [line for line in lines if line.provider in providers]
        everything = True
    if as_json:
        report = {
            "default": {"model": choice.name, "reason": choice.reason},
            "providers": [_as_dict(line) for line in lines],
        }
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    click.echo(f"Without --model: {choice.name} ({choice.reason}).")
    for line in lines:
        click.echo("")
        for text in _lines(line, everything):
            click.echo(text)


def _lines(line: CatalogueLine, everything: bool) -> list[str]:
    from rlm_tui.cli.table import table

    if line.provider == "explorer":
        state = "built in, needs nothing; not a language model"
    elif line.provider == "local":
        state = "a model file on this machine (pip install 'rlm-tui[local]')"
    elif line.provider == "ollama":
        state = "a server on this machine, needs no key"
    else:
        state = f"ready: {' and '.join(line.keys)} is set" if line.keys else f"not ready: {line.missing}"
    head = f"{line.provider}: {state}"
    shown = sorted(line.models, key=lambda info: info.name != line.default)
    if not everything:
        shown = shown[: SHOWN if line.keys or line.provider in ("explorer", "local") else 1 if line.default else 0]
    rows = [_cells(info, info.name == line.default) for info in shown]
    more = len(line.models) - len(shown)
    lines = [head]
    if rows:
        lines += ["  " + text for text in table(("model", "window", "price", ""), rows, right=(1,))[1:]]
    if more and (rows or everything):
        lines.append(f"  and {more} more: rlm-tui models {line.provider}")
    return lines


def _cells(info: ModelInfo, default: bool) -> list[str]:
    from rlm_tui.tui.figures import count

    window = count(info.window) if info.window else ""
    note = " ".join(part for part in ("(default)" if default else "", info.note) if part)
    return [info.name, window, _price(info.price), note]


def _price(price: Price | None) -> str:
    if price is None:
        return "price unknown"
    if price.input == price.output == 0:
        return "free"
    return f"${price.input * PER_MILLION:g} / ${price.output * PER_MILLION:g}"


def _as_dict(line: CatalogueLine) -> dict[str, Any]:
    return {
        "provider": line.provider,
        "keys": list(line.keys),
        "missing": line.missing or None,
        "default": line.default,
        "models": [
            {
                "name": info.name,
                "window": info.window,
                "price": None
                if info.price is None
                else {"input": info.price.input * PER_MILLION, "output": info.price.output * PER_MILLION},
                "language_model": info.language_model,
                "note": info.note or None,
            }
            for info in line.models
        ],
    }
