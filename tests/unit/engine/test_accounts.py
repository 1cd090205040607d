"""Any tree of calls, at any prices, with any failures: budgets hold, nothing leaks, and every sum is the same sum."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui import events as ev
from rlm_tui.engine.caller import Caller, Order
from rlm_tui.engine.errors import CallError
from rlm_tui.engine.journal import Journal
from rlm_tui.engine.ledger import Ledger, OverBudget
from rlm_tui.engine.providers.base import ChatMessage, ModelInfo, Price, ProviderError, Reply, Request
from rlm_tui.engine.providers.retry import RetryPolicy
from rlm_tui.engine.reading import Reading
from rlm_tui.events import Limits, MemoryLog, RunConfig, Usage
from rlm_tui.projection.fold import fold


@dataclass(frozen=True)
class Way:
    """How one call goes: how long each try takes (in rounds of the loop), how each fails, what it uses of its estimate."""

    rounds: int
    faults: tuple[str, ...]
    charged: bool
    input_share: float
    output_share: float
    words: int


@dataclass(frozen=True)
class Work:
    """A cell: its sub-calls, its child nodes, whether they run at once, and whether it is cut off in the middle."""

    leaves: tuple[tuple[str, Way], ...]
    children: tuple["Work", ...] = ()
    at_once: bool = True
    cut_off: int | None = None


@dataclass
class Provider:
    """Answers as told, and never uses more than was asked for."""

    prices: dict[str, Price | None]
    ways: dict[str, Way] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    active: int = 0
    most_active: int = 0

    def resolve(self, model: str) -> "Provider":
        return self

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(model, price=self.prices[model])

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        name = request.messages[0].content.split()[0]
        way, number = self.ways[name], self.tries.get(name, 0)
        self.tries[name] = number + 1
        self.active += 1
        self.most_active = max(self.active, self.most_active)
        try:
            for _ in range(way.rounds):
                await asyncio.sleep(0)
        finally:
            self.active -= 1
        used = Usage(
            calls=1,
            input=int(len(request.messages[0].content.split()) * way.input_share),
            output=int(request.max_output_tokens * way.output_share),
        )
        if number < len(way.faults):
            kind = way.faults[number]
            if kind == "bug":
                raise RuntimeError("a provider's own mistake")
            raise ProviderError(kind, "It failed.", usage=used if way.charged else Usage())
        return Reply("done", "stop", used)

    async def close(self) -> None:
        pass


FAULTS = st.lists(st.sampled_from(["rate_limit", "server", "timeout", "auth", "content_filter", "bug"]), max_size=4)
SHARE = st.floats(0, 1)
WAY = st.builds(Way, st.integers(0, 4), FAULTS.map(tuple), st.booleans(), SHARE, SHARE, st.integers(1, 300))
LEAF = st.tuples(st.sampled_from("abc"), WAY)
CUT = st.none() | st.integers(0, 12)
CELL = st.builds(Work, st.lists(LEAF, max_size=5).map(tuple), st.just(()), st.booleans(), CUT)
TREE = st.recursive(
    CELL,
    lambda inner: st.builds(
        Work, st.lists(LEAF, max_size=4).map(tuple), st.lists(inner, max_size=3).map(tuple), st.booleans(), CUT
    ),
    max_leaves=8,
)
RATE = st.floats(0, 1e-3)
PRICE = st.none() | st.builds(Price, RATE, RATE, reasoning=st.none() | RATE, cache_write=st.none() | RATE)
LIMIT = st.none() | st.integers(1, 12)


class Accounts:
    """Plays a tree through the real caller, ledger and journal."""

    def __init__(self, provider: Provider, limits: Limits) -> None:
        config = RunConfig(model="a", limits=limits, unknown_price="allow", max_output_tokens=600)
        self.log = MemoryLog()
        self.journal = Journal(self.log)
        self.ledger = Ledger(limits, unknown_price="allow", finalise=Usage(calls=1, input=20, output=20))
        retries = RetryPolicy(base=0.0, cap=0.0)
        self.caller = Caller(config, self.journal, self.ledger, provider, Reading(None), retries=retries)
        self.provider = provider

    async def run(self, tree: Work) -> None:
        started = ev.SessionStarted(session="s", query="q", documents=(), config=RunConfig(model="a"))
        await self.journal.write(started)
        await self._node("0", 0, None, None, tree)
        # The engine's last event takes with it what is still held.
        await self.journal.settle()

    async def _node(self, node: str, depth: int, parent: str | None, cell: str | None, work: Work) -> None:
        await self.journal.write(
            ev.NodeStarted(
                node=node,
                depth=depth,
                model="a",
                query="q",
                context_kind="str",
                context_chars=0,
                parent=parent,
                cell=cell,
            )
        )
        way = work.leaves[0][1] if work.leaves else Way(1, (), False, 1.0, 1.0, 10)
        await self._call(f"{node}:t1", node, depth, "turn", "a", way, turn=1)
        own = f"{node}:c1"
        await self.journal.write(ev.CellProposed(cell=own, node=node, turn=1, code=self.journal.keep("code")))
        jobs = [
            self._call(f"{own}.{n}", node, depth + 1, "leaf", model, way, cell=own, ordinal=n)
            for n, (model, way) in enumerate(work.leaves, 1)
        ]
        jobs += [
            self._node(f"{node}/c1.{n}", depth + 1, node, own, child)
            for n, child in enumerate(work.children, len(jobs) + 1)
        ]
        if not work.at_once:
            for job in jobs:
                await job
            return
        tasks = [asyncio.ensure_future(job) for job in jobs]
        if work.cut_off is not None:
            for _ in range(work.cut_off):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _call(
        self, call: str, node: str, depth: int, purpose: str, model: str, way: Way, **place: object
    ) -> None:
        self.provider.ways[call] = way
        text = " ".join([call, *["word"] * way.words])
        order = Order(call, node, depth, purpose, model, (ChatMessage("user", text),), 600, **place)  # type: ignore[arg-type]
        with contextlib.suppress(CallError, OverBudget):
            await self.caller.ask(order)


def same(a: Usage, b: Usage) -> bool:
    exact = msgspec.structs.replace(a, cost=0.0) == msgspec.structs.replace(b, cost=0.0)
    return exact and abs(a.cost - b.cost) <= 1e-9 * max(1.0, a.cost)


@settings(max_examples=150, deadline=None)
@given(
    TREE,
    st.fixed_dictionaries({"a": PRICE, "b": PRICE, "c": PRICE}),
    LIMIT,
    st.none() | st.floats(0.001, 2.0),
    st.none() | st.integers(50, 20_000),
    st.integers(1, 6),
)
def test_any_tree_adds_up_and_holds_its_budgets(
    tree: Work, prices: dict[str, Price | None], calls: int | None, usd: float | None, total: int | None, width: int
) -> None:
    limits = Limits(calls=calls, usd=usd, total_tokens=total, concurrency=width)
    provider = Provider(prices)
    accounts = Accounts(provider, limits)
    asyncio.run(accounts.run(tree))
    state, spent = accounts.journal.state, accounts.ledger.settled

    assert accounts.ledger.reserved == Usage() and state.reserved == Usage() and not state.open_calls
    assert provider.active == 0 and provider.most_active <= width
    assert calls is None or spent.calls <= calls
    assert usd is None or spent.cost <= usd * (1 + 1e-9)
    assert total is None or spent.total <= total

    assert same(state.spent, spent)
    for split in (state.by_model, state.by_purpose):
        assert same(sum(split.values(), Usage()), spent)
    assert same(state.totals["0"], spent)
    for node in state.nodes:
        own = [c.usage for c in state.calls.values() if c.node == node]
        below = [state.totals[k] for k, n in state.nodes.items() if n.parent == node]
        assert same(state.totals[node], sum(own + below, Usage()))
    for cell in state.cells.values():
        made = [c.usage for c in state.calls.values() if c.cell == cell.id]
        children = [state.totals[n.id] for n in state.nodes.values() if n.cell == cell.id]
        turn = state.calls[f"{cell.node}:t1"].usage if f"{cell.node}:t1" in state.calls else Usage()
        row = state.totals.get(f"{cell.node}:t1", Usage())
        assert same(row, sum(made + children, turn))
    again = fold(accounts.log.entries)
    assert same(again.spent, spent) and again.totals == state.totals
    for call in state.calls.values():
        assert call.status in ("done", "failed") and call.ended is not None
