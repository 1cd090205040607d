"""``rlm-tui reprice``: what a session would have cost with other models."""

from __future__ import annotations

import json

import click

from rlm_tui.cli import complete
from rlm_tui.cli.options import json_option, store_option

PER_MILLION = 1_000_000


@click.command()
@click.argument("session", metavar="ID|last|FILE", shell_complete=complete.sessions)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="A model to reckon with; repeatable.",
    shell_complete=complete.models,
)
@store_option
@json_option
def command(session: str, models: tuple[str, ...], store: str | None, as_json: bool) -> None:
    """What the recorded tokens of a session would have cost at other models' prices.

    No model is asked. Another model would count tokens differently and take other turns: the figure says what the price
    list means for work like this. A price that isn't known is `?`.
    """
    if not models:
        raise click.UsageError("name the models to reckon with: --model gpt-5-mini --model claude-haiku-4-5")
    from rlm_tui.cli.plain import plain
    from rlm_tui.cli.prepare import load_settings
    from rlm_tui.session.replay import open_saved
    from rlm_tui.session.reprice import names_like, reprice, tokens_of

    settings = load_settings({"store": store})
    opened = open_saved(session, settings.store)
    try:
        tokens, name = tokens_of(opened.entries), opened.session
    finally:
        opened.close()
    prices = settings.price_overrides()
    found = reprice(tokens, list(dict.fromkeys(models)), prices)
    usage = tokens.all
    if as_json:
        report = {
            "session": name,
            "recorded": {"cost": usage.dollars, "input": usage.input, "output": usage.output},
            "models": [{"model": r.model, "root": r.root, "below": r.below, "total": r.total} for r in found],
        }
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    from rlm_tui.cli.table import table
    from rlm_tui.tui.figures import dollars, plural, price

    def money(amount: float | None) -> str:
        return "?" if amount is None else dollars(amount)

    sign = "~" if usage.estimated else ""
    rows = [["recorded", "", price(tokens.root), price(tokens.below), price(usage), ""]]
    for r in found:
        rate = "?" if r.price is None else f"${r.price.input * PER_MILLION:g} / ${r.price.output * PER_MILLION:g}"
        against = f"{r.total / usage.dollars:,.2f}×" if r.total is not None and usage.dollars else ""
        rows.append([r.model, rate, money(r.root), money(r.below), money(r.total), against])
    click.echo(
        f"{plain(name)}: {sign}{usage.input:,} tokens in ({sign}{usage.cached:,} cached), {sign}{usage.output:,} out"
    )
    head = ("model", "per million in / out", "root", "sub-calls", "total", "to recorded")
    for line in table(head, rows, right=(1, 2, 3, 4, 5)):
        click.echo(line)
    if tokens.recorded:
        click.echo(
            f"{plural(tokens.recorded, 'call')} came from another session's record and count nothing here.", err=True
        )
    for r in found:
        near = names_like(r.model, prices) if r.price is None else []
        if near:
            click.echo(plain(f"{r.model} has no known price; did you mean {' or '.join(near)}?"), err=True)
