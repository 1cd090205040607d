"""What a table would take: tokens and money, exactly where that can be known, from earlier runs where there are some."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.direct import SPARE, prompt_for, reply_room, text_for_prompt
from rlm_tui.bench.stats import needed, spread
from rlm_tui.bench.suite import Work
from rlm_tui.engine import tokens
from rlm_tui.engine.providers.base import ModelInfo, Price
from rlm_tui.events import RunConfig
from rlm_tui.session.configure import contradiction, least_cost
from rlm_tui.store.results import CellRow

Infos = Callable[[str], ModelInfo]
"""What is known of a model; raises `ProviderError`."""

EXACT, ABOUT, EARLIER, UNKNOWN = "exact", "about", "earlier runs", "unknown"

DIFFERENCES = (0.05, 0.10, 0.20)
"""Differences between two methods for which the sample size is shown."""

_NEAR_END = 2_000
"""Characters at the end of a document in which the beginning of a word at the beginning of a line is looked for."""

_LINE_OF_WORDS = re.compile(r"\n(?=[a-zA-Z])")

_OVERHEAD = tokens.MESSAGE_OVERHEAD + tokens.REPLY_OVERHEAD


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the open cells of one model and method would take.

    `source` is ``exact`` (a direct prompt's tokens are counted; only the length of its reply is open), ``about`` (they are
    counted with GPT's tokenizer, for the model's own is not public), ``earlier runs`` (the same task, length, method and
    model) or ``unknown``. `low` and `high` are US dollars for all of these cells:
    without any reply and with the longest ones, or at the median and at the 90th percentile of earlier runs. `over_window`
    counts direct prompts that don't fit.
    """

    model: str
    method: str
    cells: int
    open: int
    source: str
    input: int | None = None
    low: float | None = None
    high: float | None = None
    over_window: int = 0
    priced: bool = True


class Needs(msgspec.Struct, frozen=True):
    """How many items it takes to see a difference of so many points between two methods."""

    points: int
    items: int


def needs() -> list[Needs]:
    """The sample sizes that a dry run shows."""
    return [Needs(round(100 * difference), needed(difference)) for difference in DIFFERENCES]


class Counter:
    """Counts the tokens of direct prompts; a document is counted once for each tokenizer."""

    def __init__(self, infos: Infos) -> None:
        self._infos = infos
        self._documents: OrderedDict[tuple[str, str], tuple[int, str]] = OrderedDict()

    def exact(self, model: str) -> bool:
        """Whether the tokenizer is the model's own."""
        return tokens.count("word", model)[1]

    def prompt(self, work: Work) -> int:
        """Tokens of the prompt of a direct cell, cut to the window where the method does that."""
        model = work.row.model
        key = (work.row.document, tokens.encoding_of(model))
        if key not in self._documents:
            text = text_for_prompt(work.case.document())
            end = _last_lines(text)
            before = tokens.count(text[: len(text) - len(end)], model, whole=True)[0]
            self._documents[key] = (before, end)
        before, end = self._documents[key]
        whole = before + tokens.count(prompt_for(end, work.case.question), model)[0] + _OVERHEAD
        window = self._infos(model).window
        if work.method.truncate and window is not None:
            whole = min(whole, window - reply_room(work.config, window) - SPARE + _OVERHEAD)
        return max(0, whole)


def _last_lines(text: str) -> str:
    """The end of a document, which is counted together with the question: a token may join the two.

    It begins with a word that begins a line, where no token reaches across.
    """
    if len(text) <= _NEAR_END:
        return text
    found = _LINE_OF_WORDS.search(text, len(text) - _NEAR_END)
    return text[found.end() :] if found is not None else text[-1:]


def price_of(config: RunConfig, info: ModelInfo) -> Price | None:
    """The price to reckon with: the known one, or the one that is to be assumed."""
    if info.price is None and config.unknown_price.startswith("assume:"):
        per_in, per_out = config.unknown_price.removeprefix("assume:").split(",")
        return Price(float(per_in) / 1e6, float(per_out) / 1e6)
    return info.price


def estimate(
    works: Sequence[Work], infos: Infos, earlier: Iterable[CellRow] = (), open_keys: frozenset[str] | None = None
) -> list[Estimate]:
    """An estimate for each model and method. `open_keys` are the cells that would run (``None``: all).

    `earlier` are cells of the same task that have run, of any suite.
    """
    known: dict[tuple[str, str, str, int], list[CellRow]] = {}
    for row in earlier:
        if row.done and row.calls:
            known.setdefault((row.method, row.model, row.parameters, row.length), []).append(row)
    counter = Counter(infos)
    groups: dict[tuple[str, str], list[Work]] = {}
    for work in works:
        groups.setdefault((work.row.model, work.row.method), []).append(work)
    found = []
    for (model, method), group in groups.items():
        todo = [work for work in group if open_keys is None or work.row.key in open_keys]
        if group[0].method.direct:
            found.append(_direct(model, method, group, todo, counter, infos))
        else:
            found.append(_earlier(model, method, group, todo, known))
    return found


def _direct(
    model: str, method: str, group: Sequence[Work], todo: Sequence[Work], counter: Counter, infos: Infos
) -> Estimate:
    info = infos(model)
    total, low, high, over, priced = 0, 0.0, 0.0, 0, True
    for work in todo:
        count = counter.prompt(work)
        if info.window is not None and count >= info.window:
            over += 1
            continue
        total += count
        price = price_of(work.config, info)
        if price is None:
            priced = False
            continue
        low += count * price.at(count).input
        high += worst(count, work.config, price)
    return Estimate(
        model=model,
        method=method,
        cells=len(group),
        open=len(todo),
        source=EXACT if counter.exact(model) else ABOUT,
        input=total,
        low=low if priced else None,
        high=high if priced else None,
        over_window=over,
        priced=priced,
    )


def _earlier(
    model: str,
    method: str,
    group: Sequence[Work],
    todo: Sequence[Work],
    known: Mapping[tuple[str, str, str, int], Sequence[CellRow]],
) -> Estimate:
    empty = Estimate(model=model, method=method, cells=len(group), open=len(todo), source=UNKNOWN)
    total, low, high, priced = 0.0, 0.0, 0.0, True
    for work in todo:
        rows = known.get((method, model, work.row.parameters, work.row.length), ())
        if not rows:
            return empty
        total += spread([row.input for row in rows]).p50
        costs = [row.cost for row in rows if row.cost is not None]
        if not costs:
            priced = False
            continue
        among = spread(costs)
        low, high = low + among.p50, high + among.p90
    return msgspec.structs.replace(
        empty,
        source=EARLIER,
        input=math.ceil(total),
        low=low if priced else None,
        high=high if priced else None,
        priced=priced,
    )


def worst(count: int, config: RunConfig, price: Price) -> float:
    """What a direct call with a prompt of `count` tokens can cost at most."""
    return price.most(count, config.max_output_tokens)


def bounded(
    works: Sequence[Work], infos: Infos, *, cap: float | None, per_run: float | None, concurrency: int
) -> list[Work]:
    """`works` with what each can cost at most, and with that as its limit.

    Without `per_run` a direct call is bounded by its own tokens, and an RLM may spend a share of the cap: what is there for
    each of `concurrency` runs at once. Raises `BenchError` for a cap that no run fits into, or one that can't hold because
    a price is unknown.
    """
    if cap is None and per_run is None:
        return list(works)
    counter, out = Counter(infos), []
    for work in works:
        config, info = work.config, infos(work.row.model)
        price = price_of(config, info)
        for name in (config.model, config.sub_model, *config.models_at.values()):
            if name and price_of(config, infos(name)) is None:
                raise BenchError(
                    f"the price of {name} is not known, so a cap in dollars can't hold: give --price IN,OUT (US dollars per "
                    "million tokens), or leave the cap out"
                )
        assert price is not None
        limit, least = per_run, None
        if work.method.direct:
            count = counter.prompt(work)
            fits = info.window is None or count < info.window
            most = worst(count, config, price) if fits else 0.0
            if per_run is not None and most > per_run and count * price.at(count).input > per_run:
                raise BenchError(
                    f"a cap of ${per_run:g} for a run is below the price of one: the prompt of {work.row.item} alone costs "
                    f"${count * price.at(count).input:.4f} with {work.row.model}"
                )
            most = most if per_run is None else min(most, per_run)
        else:
            if limit is None:
                assert cap is not None
                limit = cap / max(1, min(concurrency, len(works)))
                least = least_cost(config, price)
            most = limit if price.input or price.output or config.sub_model else 0.0
            config = msgspec.structs.replace(config, limits=msgspec.structs.replace(config.limits, usd=limit))
            if said := contradiction(config, price):
                raise BenchError(f"{work.row.method}: {said}; raise --max-cost-per-run or --max-cost")
        if cap is not None and most > cap:
            raise BenchError(
                f"the cap of ${cap:g} is below the price of one run: {work.row.method} with {work.row.model} may cost "
                f"${most:.4f}; raise --max-cost, or lower --max-cost-per-run"
            )
        if work.method.direct and per_run is not None:
            config = msgspec.structs.replace(config, limits=msgspec.structs.replace(config.limits, usd=per_run))
        out.append(replace(work, config=config, most=most, least=least))
    return out
