"""Cells that are to run: checked, estimated, run, told about. For `bench run` and `sweep`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import click

from rlm_tui.cli.program import CANCELLED, FAILED, PARTIAL, complain

if TYPE_CHECKING:
    from rlm_tui.bench.estimate import Estimate, Infos
    from rlm_tui.bench.live import LiveBench, Table
    from rlm_tui.bench.suite import Work
    from rlm_tui.cli.bench.options import Wanted
    from rlm_tui.config.settings import Settings
    from rlm_tui.store import Store
    from rlm_tui.store.results import Attempt, CellRow

_SOURCES = {
    "exact": "prompts counted",
    "about": "prompts counted with GPT's tokenizer",
    "earlier runs": "from earlier runs",
}

PATIENCE = 20.0
"""Seconds that stopped runs have for saving what is there."""


def fill(
    works: Sequence[Work],
    wanted: Wanted,
    settings: Settings,
    *,
    as_json: bool,
    look: tuple[str | None, bool] = (None, False),
) -> int:
    """Run `works`, or say what they would take. Returns the exit code.

    Raises `BenchError`, `ProviderError`, `StoreError` or `click.UsageError` before anything has run.
    """
    from rlm_tui.bench.estimate import bounded
    from rlm_tui.bench.live import LiveBench, set_up
    from rlm_tui.cli.prepare import check_server, check_store
    from rlm_tui.store import Store

    elsewhere = wanted.cluster is not None and not wanted.cluster.startswith("local")
    # The workers of a scheduler have the keys; here they may be missing.
    infos = _infos(settings, works, keys=not wanted.dry_run and not elsewhere)
    if wanted.judge is not None:
        infos(wanted.judge)
    path = check_store(settings)
    per_run = wanted.max_cost_per_run if wanted.max_cost_per_run is not None else settings.max_cost
    if wanted.dry_run:
        bounded(works[:1], infos, cap=wanted.max_cost, per_run=per_run, concurrency=wanted.concurrency)
        return _tell_dry_run(works, infos, path if path.exists() else None, as_json=as_json)
    works = bounded(works, infos, cap=wanted.max_cost, per_run=per_run, concurrency=wanted.concurrency)
    for address in dict.fromkeys(work.config.api_base for work in works):
        if address is not None:
            check_server(address)
    if wanted.cluster is not None:
        from rlm_tui.bench.cluster.address import check_cluster, plan_for
        from rlm_tui.session import telemetry

        check_cluster(wanted.cluster, plan_for("", path, settings.durability, otel=telemetry.wanted()))
    if wanted.screen:
        from rlm_tui.cli.terminal import check_terminal

        check_terminal("without --tui the progress is printed")
    with Store.open(path, durability=settings.durability) as store:
        table = set_up(store, works, wanted.statuses)
        _opening(works, table, wanted)
        live = LiveBench(
            store,
            table.open,
            concurrency=wanted.concurrency,
            # What another process runs will be paid from the same purse.
            cap=None if wanted.max_cost is None else max(0.0, wanted.max_cost - table.held),
            spent=table.spent,
            seconds=wanted.timeout,
            prices=settings.price_overrides(),
            tags=("bench",),
            cluster=wanted.cluster,
            durability=settings.durability,
        )
        names = list(dict.fromkeys(work.row.suite for work in works))
        if wanted.screen:
            from rlm_tui.cli.bench.screen import watch

            watch(names, settings, live=live, look=look)
        elif table.open:
            _follow(live)
        if wanted.judge is not None and (live.summary is not None or not table.open):
            _judge(store, works, wanted, settings, names)
        return _closing(store, names, live, table, as_json=as_json)


def _infos(settings: Settings, works: Sequence[Work], *, keys: bool) -> Infos:
    """Everything that is known of the models, once each of them was found to work; without `keys`, a model whose key is
    missing is as good as any other: planning takes none.
    """
    from rlm_tui.engine.providers.base import ModelInfo, ProviderError
    from rlm_tui.engine.providers.pricing import PriceTable
    from rlm_tui.engine.providers.registry import Providers

    table = PriceTable(settings.price_overrides())
    providers = Providers(
        api_base=works[0].config.api_base if works else settings.api_base, prices=settings.price_overrides()
    )

    @cache
    def info(model: str) -> ModelInfo:
        try:
            return providers.info(model)
        except ProviderError as error:
            if keys or error.kind != "auth":
                raise
            return ModelInfo(model, table.window(model), table.price(model))

    for config in dict.fromkeys((w.config.model, w.config.sub_model, *w.config.models_at.values()) for w in works):
        for name in config:
            if name:
                info(name)
    return info


def _opening(works: Sequence[Work], table: Table, wanted: Wanted) -> None:
    """Say on stderr what is about to happen."""
    from rlm_tui.bench.report.grid import money

    parts = [f"{len(works):,} cells", f"{table.done:,} done", f"{len(table.open):,} to run"]
    if table.elsewhere:
        parts.append(f"{table.elsewhere:,} run by another process")
    cap = f", at most {money(wanted.max_cost)}" if wanted.max_cost is not None else ""
    spent = f", {money(table.spent)} spent so far" if table.spent else ""
    click.echo(f"{', '.join(parts)}{spent}{cap}", err=True)
    _tell_lost(table.lost, "they run again")
    if table.failed and not wanted.retry:
        click.echo(f"{table.failed:,} failed and count 0; --retry all runs them again", err=True)


def _tell_lost(lost: Sequence[Attempt], now: str) -> None:
    """Say on stderr which attempts ended with their process, and what is known of their price."""
    from rlm_tui.bench.report.grid import money

    if lost:
        known = [attempt.cost for attempt in lost if attempt.cost is not None]
        click.echo(
            f"{len(lost):,} runs were cut off with their process (known cost {money(sum(known))}); {now}: "
            + " ".join(attempt.session for attempt in lost[:10]),
            err=True,
        )


def _follow(live: LiveBench) -> None:
    """Print every cell that ends, until all have."""
    from rlm_tui.cli.interrupts import Interrupts

    ended = 0
    with Interrupts() as interrupts:
        live.start()
        while not live.wait(0.1):
            ended = _print(live, ended)
            if interrupts.asked:
                click.echo("stopping; finished cells are saved, press ctrl+c again to leave at once", err=True)
                live.stop()
                live.wait(PATIENCE)
                break
    _print(live, ended)


def _print(live: LiveBench, ended: int) -> int:
    from rlm_tui.bench.report.arms import settings
    from rlm_tui.bench.report.grid import money, score, seconds
    from rlm_tui.cli.plain import plain, shorten

    for row in live.drain():
        if not row.done:
            continue
        ended += 1
        value = "" if row.official is None else f" {score(row.official):>5}"
        said = row.status if row.status == "ok" else f"{row.status}: {shorten(row.error or row.limit or '', 100)}"
        name = " ".join(part for part in (row.model, row.method, settings(row.parameters)) if part)
        click.echo(
            plain(f"{ended}/{live.total} {name} {row.item}")
            + f"{value} {seconds(row.seconds)} {money(row.cost)} {row.session} {said}",
            err=True,
        )
    return ended


def _judge(store: Store, works: Sequence[Work], wanted: Wanted, settings: Settings, names: Sequence[str]) -> None:
    """Ask the judge about the answers that have no verdict, and say how it went."""
    from rlm_tui.bench.judging import judge_cells
    from rlm_tui.bench.purse import Purse

    assert wanted.judge is not None
    purse = Purse(wanted.max_cost, sum(store.results.spent(name) for name in names))
    judging = judge_cells(
        store,
        works,
        wanted.judge,
        purse=purse,
        concurrency=wanted.concurrency,
        prices=settings.price_overrides(),
    )
    found = asyncio.run(judging)
    parts = [f"{found.done:,} answers judged by {wanted.judge}"]
    if found.unclear:
        parts.append(f"{found.unclear:,} verdicts could not be read")
    if found.left:
        parts.append(f"{found.left:,} left: {found.why}")
    click.echo("; ".join(parts), err=True)


def _closing(store: Store, names: Sequence[str], live: LiveBench, table: Table, *, as_json: bool) -> int:
    """Print the table; returns the exit code."""
    from rlm_tui.cli.bench.show import print_cells, print_json, print_tables

    if live.failure is not None:
        complain(live.failure)
    summary = live.summary
    for why in summary.why if summary is not None else ():
        complain(why)
    _tell_lost(summary.lost if summary is not None else (), "they were given out again")
    cells = [row for name in names for row in store.results.cells(name)]
    if as_json:
        print_json(names, cells, [attempt for name in names for attempt in store.results.attempts(name)])
    else:
        print_tables(cells)
        if cells and all(row.official is None for row in cells):
            # Nothing says what is right, so what they said is what there is to look at.
            click.echo()
            print_cells(cells)
            if two := _two_of_one(cells):
                click.echo(f"compare: rlm-tui diff {two[0]} {two[1]}", err=True)
    if live.failure is not None:
        return FAILED
    if summary is None:
        return CANCELLED if table.open else 0
    if summary.left:
        left = "1 cell is" if summary.left == 1 else f"{summary.left:,} cells are"
        first = "once that is put right, " if summary.why else ""
        click.echo(f"{left} left; {first}the same command goes on with them", err=True)
    if summary.stopped:
        return CANCELLED
    return PARTIAL if summary.left else 0


def _two_of_one(cells: Sequence[CellRow]) -> tuple[str, str] | None:
    """Two sessions about the same item whose difference says something: of two settings, if there are two, else of two
    seeds. ``None`` when no item has been run twice.
    """
    from rlm_tui.bench.report.arms import Arm

    runs: dict[str, list[CellRow]] = {}
    for row in cells:
        if row.done and row.session:
            runs.setdefault(row.item, []).append(row)
    found = [pair for some in runs.values() for pair in combinations(some, 2)]
    if not found:
        return None
    first, second = min(found, key=lambda pair: Arm.of(pair[0]) == Arm.of(pair[1]))
    return str(first.session), str(second.session)


def _tell_dry_run(works: Sequence[Work], infos: Infos, path: Any, *, as_json: bool) -> int:
    from rlm_tui.bench.estimate import estimate, needs
    from rlm_tui.store import StoreReader
    from rlm_tui.store.results import PENDING, cells, earlier

    known, states = [], {}
    if path is not None:
        with StoreReader(path) as reader:
            for task in dict.fromkeys(work.row.task for work in works):
                known += earlier(reader, task)
            for name in dict.fromkeys(work.row.suite for work in works):
                states.update({row.key: row.status for row in cells(reader, name)})
    open_keys = frozenset(work.row.key for work in works if states.get(work.row.key, PENDING) == PENDING)
    found = estimate(works, infos, known, open_keys)
    items = len({(work.row.task, work.row.item) for work in works})
    windows = len({(work.row.task, work.row.window) for work in works})
    if as_json:
        import msgspec

        value = {
            "cells": len(works),
            "open": len(open_keys),
            "items": items,
            "windows": windows,
            "estimates": msgspec.to_builtins(found),
            "needed": msgspec.to_builtins(needs()),
        }
        click.echo(json.dumps(value, indent=2))
        return 0
    click.echo(f"{len(works):,} cells, {len(open_keys):,} to run: {items:,} items over {windows:,} windows\n")
    _print_estimates(found)
    wanted = ", ".join(f"{need.points} points: {need.items:,}" for need in needs())
    click.echo(
        f"\nItems needed to see a difference of {wanted} (power 0.8, 40 % of the items discordant); these are {items:,}."
    )
    return 0


def _print_estimates(found: Sequence[Estimate]) -> None:
    from rlm_tui.bench.report.grid import money
    from rlm_tui.cli.table import table

    rows = []
    for one in found:
        if one.low is None or one.high is None:
            cost = "price unknown" if not one.priced else "unknown"
        else:
            cost = f"{money(one.low)} to {money(one.high)}"
        over = f"{one.over_window} over the window" if one.over_window else ""
        source = _SOURCES.get(one.source, one.source)
        tokens = "unknown" if one.input is None else f"{one.input:,}"
        if one.source == "about":
            tokens = f"~{tokens}"
        rows.append([one.model, one.method, str(one.cells), str(one.open), tokens, cost, source, over])
    head = ("model", "method", "cells", "to run", "tokens in", "cost", "estimate", "")
    width = None if not sys.stdout.isatty() else 200
    for line in table(head, rows, width=width, right=(2, 3, 4)):
        click.echo(line)
