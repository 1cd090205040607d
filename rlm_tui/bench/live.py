"""A table that is being filled: the runner in a thread of its own, its changes for whoever looks."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.purse import Purse
from rlm_tui.bench.runner import Runner, Summary
from rlm_tui.bench.suite import Work
from rlm_tui.engine.providers.base import Provider
from rlm_tui.events import LogError
from rlm_tui.store import Store, StoreError
from rlm_tui.store.results import FAILURES, PENDING, RUNNING, Attempt, CellRow

if TYPE_CHECKING:
    from rlm_tui.bench.cluster.runner import ClusterRunner


@dataclass(frozen=True, slots=True)
class Table:
    """A table in the store, before its open cells run.

    `open` are the cells to run; `done` have an outcome already, of which `failed` failed; `elsewhere` are run by another
    process and may cost `held` at most. `lost` are attempts whose process was killed, with what they had cost; `spent` is what all attempts have cost.
    """

    open: Sequence[Work]
    done: int
    failed: int
    elsewhere: int
    lost: Sequence[Attempt]
    spent: float
    held: float = 0.0


def set_up(store: Store, works: Sequence[Work], retry: Collection[str] = ()) -> Table:
    """Put cells into the store's table where they are missing, and find out which are open.

    Cells that ended with a status in `retry` are opened again. What a killed process had claimed is free again.
    """
    results = store.results
    names = list(dict.fromkeys(work.row.suite for work in works))
    lost = [attempt for name in names for attempt in results.recover(name)]
    results.plan(work.row for work in works)
    if retry:
        results.retry([work.row.key for work in works], retry)
    rows = {row.key: row for name in names for row in results.cells(name)}
    mine = [rows[work.row.key] for work in works]
    spent = sum(results.spent(name) for name in names)
    return Table(
        open=[work for work in works if rows[work.row.key].status == PENDING],
        done=sum(row.done for row in mine),
        failed=sum(row.status in FAILURES for row in mine),
        elsewhere=sum(row.status == RUNNING for row in mine),
        lost=lost,
        spent=spent,
        held=sum(work.most or 0.0 for work in works if rows[work.row.key].status == RUNNING),
    )


class LiveBench:
    """A runner that runs. `start` returns at once; what goes wrong later is in `failure`.

    With `cluster` the cells run there (`rlm_tui.bench.cluster`), with the keys of the workers' own environment.
    """

    def __init__(
        self,
        store: Store,
        works: Sequence[Work],
        *,
        concurrency: int = 4,
        cap: float | None = None,
        spent: float = 0.0,
        seconds: float | None = None,
        prices: Mapping[str, Mapping[str, float]] | None = None,
        custom: Mapping[str, Provider] | None = None,
        api_key: str | None = None,
        tags: Sequence[str] = (),
        cluster: str | None = None,
        durability: str = "full",
    ) -> None:
        self.total = len(works)
        self.changes: deque[CellRow] = deque()
        self.summary: Summary | None = None
        self.failure: str | None = None
        purse, tell = Purse(cap, spent), self.changes.append
        self._runner: Runner | ClusterRunner
        if cluster is None:
            self._runner = Runner(
                store,
                works,
                concurrency=concurrency,
                purse=purse,
                seconds=seconds,
                prices=prices,
                custom=custom,
                api_key=api_key,
                tags=tags,
                on_change=tell,
            )
        else:
            from rlm_tui.bench.cluster.runner import ClusterRunner

            self._runner = ClusterRunner(
                store,
                works,
                cluster,
                concurrency=concurrency,
                purse=purse,
                seconds=seconds,
                prices=prices,
                custom=custom,
                tags=tags,
                durability=durability,
                on_change=tell,
            )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_wanted = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rlm-bench", daemon=True)

    def start(self) -> LiveBench:
        """Start running. Call once."""
        self._thread.start()
        return self

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive() and not self._over.is_set()

    @property
    def in_flight(self) -> int:
        """How many sessions run at the moment."""
        return self._runner.running

    @property
    def spent(self) -> float:
        """What all attempts have cost, in US dollars, as far as prices are known."""
        return self._runner.purse.spent

    def drain(self) -> list[CellRow]:
        """The rows that changed since the last call, in order."""
        rows = []
        while self.changes:
            rows.append(self.changes.popleft())
        return rows

    def stop(self) -> None:
        """Cancel what runs and start nothing more; what is there is saved. From any thread, idempotent."""
        self._stop_wanted.set()
        if self._loop is not None and self.running:
            self._loop.call_soon_threadsafe(self._runner.stop)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; returns whether it has ended."""
        return self._over.wait(timeout)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except (StoreError, LogError, BenchError) as error:
            self.failure = str(error)
        except Exception as error:  # A thread's traceback would only break the display.
            self.failure = f"the runner broke down ({type(error).__name__}: {error}); finished cells are saved"
        finally:
            self._over.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stop_wanted.is_set():
            self._runner.stop()
        self.summary = await self._runner.run()
