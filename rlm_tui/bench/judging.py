"""A model's opinion of answers, asked after the runs and written beside their scores."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.direct import prompt_for, run_direct
from rlm_tui.bench.estimate import price_of, worst
from rlm_tui.bench.purse import Purse, PurseEmpty
from rlm_tui.bench.scores.judge import prompt, verdict
from rlm_tui.bench.suite import Work
from rlm_tui.document.document import Document
from rlm_tui.engine import tokens
from rlm_tui.engine.providers.base import Provider
from rlm_tui.engine.providers.registry import Providers
from rlm_tui.engine.sandbox.languages import factory_for
from rlm_tui.events import RunConfig, SessionEnded
from rlm_tui.session.setup import Setup, Shared
from rlm_tui.store import Store, new_id
from rlm_tui.store.results import OK, CellRow

VERDICT_TOKENS = 1024
"""How long a verdict with its reasons may be."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How many answers were judged, how many verdicts could not be read, how many are left, and why."""

    done: int
    unclear: int
    left: int
    why: str = ""


def judge_config(config: RunConfig, model: str) -> RunConfig:
    """The configuration of a verdict: one call, without the limits and settings of the runs that are judged."""
    return RunConfig(
        model=model,
        max_depth=0,
        max_output_tokens=VERDICT_TOKENS,
        api_base=config.api_base,
        unknown_price=config.unknown_price,
    )


def to_judge(store: Store, works: Sequence[Work]) -> list[tuple[Work, CellRow]]:
    """The answers that count, have a gold to compare with, and were not judged yet."""
    rows = {
        row.key: row for name in dict.fromkeys(work.row.suite for work in works) for row in store.results.cells(name)
    }
    pairs = [(work, rows[work.row.key]) for work in works if work.row.key in rows]
    return [(work, row) for work, row in pairs if row.status == OK and row.judge is None and work.case.gold]


async def judge_cells(
    store: Store,
    works: Sequence[Work],
    model: str,
    *,
    purse: Purse,
    concurrency: int = 4,
    prices: Mapping[str, Mapping[str, float]] | None = None,
    custom: Mapping[str, Provider] | None = None,
) -> Judged:
    """Ask `model` about every answer in `to_judge`. Each verdict is a saved session, tagged ``judge``, whose cost counts.

    Raises `BenchError` for a cap in dollars when the price of the judge is unknown, `ProviderError` for a model that can't
    work, `StoreError` or `LogError` when the store fails.
    """
    queue = deque(to_judge(store, works))
    if not queue:
        return Judged(0, 0, 0)
    total, config = len(queue), judge_config(queue[0][0].config, model)
    models = Providers(api_base=config.api_base, prices=prices, custom=custom)
    price = price_of(config, models.info(model))
    if price is None and purse.cap is not None:
        raise BenchError(
            f"the price of {model} is not known, so the cap can't hold: give --price IN,OUT, or leave it out"
        )
    repls = factory_for("python")
    shared = Shared(models, repls)
    done = unclear = 0
    why = ""

    async def work() -> None:
        nonlocal done, unclear, why
        while queue:
            one, row = queue.popleft()
            asked = prompt(one.case.question, tuple(one.case.gold), _answer(store, row))
            key, cost = f"{row.key}:judge", 0.0
            count = tokens.count(prompt_for("", asked), model)[0] + tokens.MESSAGE_OVERHEAD + tokens.REPLY_OVERHEAD
            try:
                await purse.reserve(key, worst(count, config, price) if price is not None else 0.0)
            except PurseEmpty as error:
                why = str(error)
                queue.clear()
                return
            try:
                log = store.create(new_id())
                setup = Setup(asked, config, (Document.from_text("nothing", ""),), "", prices=prices, custom=custom)
                ended = await run_direct(log, log.session, setup, shared)
                said = verdict(ended.outcome.answer or "")
                spent = ended.usage.dollars
                cost = spent or 0.0
                judging = store.results.judging(row, log.session, said, spent, ended.outcome.error)
                await store.results.ado(log.ending(), judging)
                done += said is not None
                unclear += said is None
            finally:
                await purse.settle(key, cost)

    try:
        await asyncio.gather(*(work() for _ in range(max(1, concurrency))))
    finally:
        await repls.close()
        await models.close()
    return Judged(done, unclear, total - done - unclear, why)


def _answer(store: Store, row: CellRow) -> str:
    """The whole answer: the table has only its beginning."""
    entries = store.reader.entries(str(row.session))
    ended = next((e.event for e in reversed(entries) if isinstance(e.event, SessionEnded)), None)
    if ended is None or ended.answer is None:
        return row.answer or ""
    return store.reader.text(ended.answer)
