"""The client's side of a cluster: what is to run, what it may cost, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.cluster.address import connected, plan_for
from rlm_tui.bench.cluster.order import Done, Order, Plan, Sender
from rlm_tui.bench.cluster.worker import leave, run_cell, stop_cells
from rlm_tui.bench.purse import Purse, PurseEmpty
from rlm_tui.bench.runner import HOPELESS_AFTER, Summary
from rlm_tui.bench.suite import Work
from rlm_tui.engine.providers.base import Provider
from rlm_tui.events import LogError
from rlm_tui.projection.fold import fold
from rlm_tui.session import telemetry
from rlm_tui.store import Store, StoreError
from rlm_tui.store.handing import cell
from rlm_tui.store.results import OK, RUNNING, Attempt, CellRow

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 60.0
"""Seconds for which a cluster may be without workers, or without its scheduler."""

TRIES = 3
"""How often a cell is begun by one client when its workers die of it."""


@dataclass
class ClusterRunner:
    """Runs `works` on the cluster that `cluster` names, `concurrency` at a time. As `rlm_tui.bench.runner.Runner`.

    `custom` must be able to travel. A worker that is killed costs what was in flight on it: those cells run again on
    another one, within the cap, and `Summary.lost` has the attempts.
    """

    store: Store
    works: Sequence[Work]
    cluster: str
    concurrency: int = 4
    purse: Purse = field(default_factory=lambda: Purse(None))
    seconds: float | None = None
    prices: Mapping[str, Mapping[str, float]] | None = None
    custom: Mapping[str, Provider] | None = None
    tags: Sequence[str] = ()
    durability: str = "full"
    on_change: Callable[[CellRow], None] | None = None

    def __post_init__(self) -> None:
        self._plan: Plan = plan_for(
            secrets.token_hex(6),
            self.store.path,
            self.durability,
            seconds=self.seconds,
            tags=tuple(self.tags),
            prices=self.prices,
            custom=self.custom,
            otel=telemetry.wanted(),
        )
        self._sender = Sender(self.store)
        self._sending = asyncio.Lock()
        self._queue: deque[Work] = deque()
        self._lucks: dict[str, int] = {}
        self._said: dict[str, str] = {}
        self._why: dict[str, None] = {}
        self._lost: dict[tuple[str, int], Attempt] = {}
        self._client: Client | None = None
        self._stop: asyncio.Task[None] | None = None
        self._stopping = False
        self._done = self._failed = self._flying = 0

    @property
    def running(self) -> int:
        """How many cells are in flight."""
        return self._flying

    def stop(self) -> None:
        """Begin nothing more, and have the workers cancel what runs. Call in the loop; idempotent."""
        self._stopping = True
        if self._client is not None and self._stop is None:
            self._stop = asyncio.create_task(self._stop_workers(self._client))

    async def run(self) -> Summary:
        """Run every cell. Raises `BenchError` when there is no cluster, `StoreError` when the store fails."""
        attempts = {
            row.key: row.attempts
            for name in dict.fromkeys(work.row.suite for work in self.works)
            for row in self.store.results.cells(name)
        }
        for work in self.works:
            row = msgspec.structs.replace(work.row, attempts=attempts.get(work.row.key, 0))
            self._queue.append(replace(work, row=row))
        total = len(self.works)
        async with connected(self.cluster, self.concurrency) as client:
            self._client = client
            client.subscribe_topic(self._plan.topic, self._heard)
            if self._stopping:
                self.stop()
            try:
                await self._all(client, total)
            finally:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(client.run(leave, self._plan.token, on_error="ignore"), 5)
        why = tuple(self._why)
        return Summary(
            self._done,
            total - self._done,
            self._failed,
            self.purse.spent,
            self._stopping,
            why,
            tuple(self._lost.values()),
        )

    async def _all(self, client: Client, total: int) -> None:
        lines = [asyncio.create_task(self._line(client)) for _ in range(max(1, min(self.concurrency, total)))]
        guard = asyncio.create_task(self._watch(client))
        work = asyncio.gather(*lines)
        both: set[asyncio.Future[Any]] = {work, guard}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if guard.done():
                guard.result()
            await work
        finally:
            for task in (guard, *lines):
                task.cancel()
            await asyncio.gather(work, guard, *lines, return_exceptions=True)

    async def _line(self, client: Client) -> None:
        """Run one cell after the other."""
        while (work := self._take()) is not None:
            for _ in range(TRIES):
                again = await self._try(client, work)
                if again is None:
                    break
                work = replace(work, row=again)
            else:
                self._why[f"{work.row.item} was left alone after {TRIES} workers were lost with it"] = None

    async def _try(self, client: Client, work: Work) -> CellRow | None:
        """Pay for a cell and run it; returns its row if it has to be paid for and run once more."""
        key, most = work.row.key, work.most or 0.0
        try:
            given = await self.purse.reserve(key, most, work.least)
        except PurseEmpty as error:
            self._why[str(error)] = None
            self._queue.clear()
            return None
        if given < most:
            work = work.within(given)
        cost = 0.0
        try:
            if self._stopping:
                return None
            done = await self._ask(client, work)
            cost = done.cost + sum(self._lose(attempt) for attempt in done.lost)
            row = done.row
            if row.done:
                self._count(done)
                return None
            self._tell(row)
            if work.lowered and row.error:
                self._why[row.error] = None
                return None
            if row.status == RUNNING:
                self._why[f"{row.item} is run by another program"] = None
                return None
            return None if self._stopping else row
        finally:
            await self.purse.settle(key, cost)

    async def _ask(self, client: Client, work: Work) -> Done:
        """Have a worker run a cell. Raises `StoreError` or `BenchError`."""
        async with self._sending:
            case = await asyncio.to_thread(self._sender.sent, work.case)
        order = Order(self._plan, replace(work, case=case))
        name = f"rlm-tui-{self._plan.token}-{work.row.key}-{work.row.attempts}"
        self._flying += 1
        future = client.submit(run_cell, order, key=name, pure=False, retries=0)
        try:
            done: Done = await future
        except (StoreError, LogError, BenchError):
            raise
        except Exception:
            if client.status != "running":
                raise BenchError(_gone(self.cluster)) from None
            # Dask gave up on it, most likely because several workers died of it.
            lost = await asyncio.to_thread(self.store.results.recover, work.row.suite)
            row = await asyncio.to_thread(cell, self.store.reader, work.row.key)
            if row is None:
                raise StoreError(f"the cell {work.row.item} is not in the store any more") from None
            return Done(row, (row.cost or 0.0) if row.done else 0.0, lost)
        finally:
            self._flying -= 1
            future.release()
        return done

    async def _watch(self, client: Client) -> None:
        """Raises `BenchError` when nobody is left who could do anything."""
        alone_since: float | None = None
        while True:
            await asyncio.sleep(1.0)
            workers: Mapping[str, Any] = {}
            if client.status == "running":
                with contextlib.suppress(Exception):
                    workers = client.scheduler_info(n_workers=-1)["workers"]
            if workers:
                alone_since = None
                continue
            alone_since = alone_since or time.monotonic()
            if client.status == "closed" or time.monotonic() - alone_since > PATIENCE:
                raise BenchError(_gone(self.cluster))

    async def _stop_workers(self, client: Client) -> None:
        self._queue.clear()
        with contextlib.suppress(Exception):
            await client.run(stop_cells, self._plan.token, on_error="ignore")

    def _take(self) -> Work | None:
        while self._queue and not self._stopping:
            work = self._queue.popleft()
            model = work.row.model
            if self._lucks.get(model, 0) < HOPELESS_AFTER:
                return work
            self._why[f"{model} was left alone after {HOPELESS_AFTER} failures: {self._said.get(model, '')}"] = None
        return None

    def _count(self, done: Done) -> None:
        row = done.row
        self._done += 1
        self._failed += row.status != OK
        self._lucks[row.model] = self._lucks.get(row.model, 0) + 1 if done.hopeless and row.status != OK else 0
        self._said[row.model] = done.hopeless or self._said.get(row.model, "")
        self._tell(row)

    def _lose(self, attempt: Attempt) -> float:
        """Note an attempt that was lost with its worker; returns what it may have cost at most, which nobody can know."""
        if (attempt.key, attempt.number) in self._lost:
            return 0.0
        self._lost[attempt.key, attempt.number] = attempt
        state = fold(self.store.reader.entries(attempt.session))
        return state.spent.cost + state.reserved.cost

    async def _heard(self, event: Any) -> None:
        with contextlib.suppress(Exception):
            self._tell(msgspec.convert(event[1], CellRow))

    def _tell(self, row: CellRow) -> None:
        if self.on_change is not None:
            with contextlib.suppress(Exception):
                self.on_change(row)


def _gone(cluster: str) -> str:
    return (
        f"the cluster at {cluster} has gone away; finished cells are saved, and the same command goes on with the rest"
    )
