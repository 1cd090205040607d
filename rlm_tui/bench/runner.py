"""Runs the cells of a table: several at once, each an ordinary saved session, within a cap on money.

Whatever has an outcome is in the store before the next cell starts, so a run that is stopped, killed or out of money goes
on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from rlm_tui.bench.base import Document as Context
from rlm_tui.bench.base import Score
from rlm_tui.bench.direct import run_direct
from rlm_tui.bench.outcome import HOPELESS, Faults, failed, finished, status_of
from rlm_tui.bench.purse import Purse, PurseEmpty
from rlm_tui.bench.suite import Case, Work
from rlm_tui.document.coverage import Matcher
from rlm_tui.document.document import Document
from rlm_tui.engine.providers.base import Provider
from rlm_tui.engine.providers.registry import Providers
from rlm_tui.engine.sandbox.base import ReplFactory
from rlm_tui.engine.sandbox.languages import factory_for
from rlm_tui.engine.waiting import to_the_end
from rlm_tui.events import LogError, Span
from rlm_tui.session import telemetry
from rlm_tui.session.again import Fork
from rlm_tui.session.setup import Setup, Shared, run_on
from rlm_tui.store import Store, StoreError, new_id
from rlm_tui.store.results import OK, PENDING, RUNNING, Attempt, CellRow

if TYPE_CHECKING:
    from rlm_tui.engine.engine import Ended
    from rlm_tui.store import SessionLog

KEPT_DOCUMENTS = 4
"""Documents that are held with their index; cells come window by window, so few are needed at a time."""

GRACE_SECONDS = 20.0
"""How long a run may go on after its time: it gives its last answer by itself before it is cancelled."""

HOPELESS_AFTER = 3
"""Cells of a model that fail for a reason that will not go away, before the rest of them is left alone."""

LONG_ANSWER = 20_000
"""Characters of an answer from which on it is scored in a thread."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run of a table ended. `why` is one sentence for each reason for which cells were left out; `lost` are attempts
    whose process was killed meanwhile.
    """

    done: int
    left: int
    failed: int
    cost: float
    stopped: bool = False
    why: Sequence[str] = ()
    lost: Sequence[Attempt] = ()


class Finder:
    """Finds text of documents, with an index that is made when it is first wanted: direct calls never want it."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._lock = threading.Lock()
        self._matcher: Matcher | None = None

    @property
    def complete(self) -> bool:
        """Whether the index is there."""
        return self._matcher is not None and self._matcher.complete

    def match(self, text: str) -> tuple[Span, ...]:
        """The spans of the documents that `text` holds. Thread-safe."""
        with self._lock:
            if self._matcher is None:
                self._matcher = Matcher(self._documents)
        return self._matcher.match(text)


@dataclass(slots=True)
class Prepared:
    """A document, ready to be asked about by many cells."""

    context: Context
    documents: Sequence[Document]
    finder: Finder


@dataclass(slots=True)
class _Luck:
    """How the cells of one model fare: `bad` of them in a row failed for a reason that stays."""

    bad: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class _Ending:
    """What a cell leaves to be written when its session has ended: its row, and the steps of the transaction."""

    row: CellRow
    steps: Sequence[Callable[[Any], Any]]


@dataclass
class Runner:
    """Runs `works` in the current event loop, `concurrency` at a time.

    `on_change` hears every row that changes, in the loop's thread, once that is in the store. `seconds` is how long one
    run may take. `custom`, `prices` and `api_key` are as in `rlm_tui.session.setup.Setup`.
    """

    store: Store
    works: Sequence[Work]
    concurrency: int = 4
    purse: Purse = field(default_factory=lambda: Purse(None))
    seconds: float | None = None
    prices: Mapping[str, Mapping[str, float]] | None = None
    custom: Mapping[str, Provider] | None = None
    api_key: str | None = None
    tags: Sequence[str] = ()
    on_change: Callable[[CellRow], None] | None = None

    def __post_init__(self) -> None:
        self._queue: deque[Work] = deque()
        self._sessions: set[asyncio.Task[Ended]] = set()
        self._stopping = False
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()
        self._preparing = asyncio.Lock()
        self._models: dict[str | None, Providers] = {}
        self._repls: dict[str, ReplFactory] = {}
        self._lucks: dict[str, _Luck] = {}
        self._why: dict[str, None] = {}
        self._done = self._failed = 0

    def stop(self) -> None:
        """Start nothing more, and cancel what runs: it is saved, and its cells run again next time. Idempotent."""
        self._stopping = True
        for task in self._sessions:
            task.cancel()

    @property
    def running(self) -> int:
        """How many sessions are in flight."""
        return len(self._sessions)

    async def run(self) -> Summary:
        """Run every cell that is pending. Raises `StoreError` or `LogError` when the store fails."""
        self._queue.extend(self.works)
        total = len(self.works)
        await self._warm()
        workers = [asyncio.create_task(self._work()) for _ in range(max(1, min(self.concurrency, total)))]
        try:
            await asyncio.gather(*workers)
        except BaseException:
            self.stop()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            raise
        finally:
            await self.close()
        left = total - self._done
        return Summary(self._done, left, self._failed, self.purse.spent, self._stopping, tuple(self._why))

    async def run_one(self, work: Work) -> tuple[CellRow | None, str]:
        """Run one cell and save what came of it, for whoever keeps queue and purse elsewhere. Call `close` at the end.

        Returns its row, ``None`` if somebody else has the cell, and why no other cell of its model would fare better.
        """
        luck = self._lucks.setdefault(work.row.model, _Luck())
        await self._models_at(work.config.api_base).warm(work.row.model)
        ending = await self._cell(work, None)
        await to_the_end(self._write(ending))
        return (ending.row if ending is not None else None), luck.said if luck.bad else ""

    async def close(self) -> None:
        """Let go of what the cells shared. `run` does it by itself."""
        for repls in self._repls.values():
            await repls.close()
        for models in self._models.values():
            await models.close()
        self._prepared.clear()

    async def _warm(self) -> None:
        """Load what the first cell of a model would have to wait for, while nobody else has to."""
        for model, api_base in {(work.row.model, work.config.api_base): None for work in self.works}:
            await self._models_at(api_base).warm(model)

    async def _work(self) -> None:
        """Run one cell after the other. What a cell leaves to be written shares a commit with the claim of the next."""
        last: _Ending | None = None
        try:
            while (work := self._take()) is not None:
                key, most = work.row.key, work.most or 0.0
                if not self.purse.try_reserve(key, most):
                    # Nothing that is finished may wait for others.
                    await self._write(last)
                    last = None
                    try:
                        given = await self.purse.reserve(key, most, work.least)
                        if given < most:
                            work = work.within(given)
                    except PurseEmpty as error:
                        self._why[str(error)] = None
                        self._queue.clear()
                        return
                cost: float | None = 0.0
                try:
                    if not self._stopping:
                        before, last = last, None
                        last = await self._cell(work, before)
                        cost = last.row.cost if last is not None else 0.0
                finally:
                    # Unknown prices are only run when there is no cap.
                    await self.purse.settle(key, cost or 0.0)
        finally:
            await to_the_end(self._write(last))

    def _take(self) -> Work | None:
        """The next cell of a model that isn't hopeless."""
        while self._queue and not self._stopping:
            work = self._queue.popleft()
            luck = self._lucks.setdefault(work.row.model, _Luck())
            if luck.bad < HOPELESS_AFTER:
                return work
            self._why[f"{work.row.model} was left alone after {HOPELESS_AFTER} failures: {luck.said}"] = None
        return None

    async def _write(self, last: _Ending | None) -> None:
        """Write what a cell left to be written, and tell of it."""
        if last is not None:
            await self.store.results.ado(*last.steps)
            self._count(last)

    def _count(self, ending: _Ending) -> None:
        if ending.row.done:
            self._done += 1
            self._failed += ending.row.status != OK
        self._tell(ending.row)

    async def _cell(self, work: Work, before: _Ending | None) -> _Ending | None:
        """Claim and run one cell; returns what is left to be written. ``None`` if somebody else runs it."""
        results, session = self.store.results, new_id()
        claim = results.claiming(work.row, session)
        number = (await results.ado(*(before.steps if before is not None else ()), claim))[-1]
        if before is not None:
            self._count(before)
        if number is None:
            return None
        started = time.time()
        row = msgspec.structs.replace(
            work.row, status=RUNNING, session=session, attempts=number, started=started, ended=None
        )
        self._tell(row)
        faults, began = Faults(), time.monotonic()
        log = self.store.create(session)
        log.listeners.append(faults)
        telemetry.attach(log)
        try:
            ended, timed_out = await self._session(work, log)
        except (StoreError, LogError):
            raise
        except Exception as error:
            # A model that can't work, a document that can't be made, a REPL that can't start: the others go on.
            seconds = time.monotonic() - began
            scored = work.case.score("") is not None
            said = str(error) or type(error).__name__
            row = failed(row, session, said, scored, at=started + seconds, seconds=seconds)
        else:
            if ended is None or (ended.outcome.status == "cancelled" and not timed_out):
                cost = 0.0 if ended is None else ended.usage.dollars
                row = msgspec.structs.replace(row, status=PENDING, cost=cost, error="stopped")
                return _Ending(row, (log.ending(), results.releasing(row)))
            if work.lowered and ended.outcome.limit == "usd":
                why = f"the money of the table was used up; {work.row.item} got ${work.most or 0.0:.4f}, which was too little"
                self._why[why] = None
                row = msgspec.structs.replace(row, status=PENDING, cost=ended.usage.dollars, error=why)
                return _Ending(row, (log.ending(), results.releasing(row)))
            seconds = time.monotonic() - began
            status = status_of(ended.outcome, faults.last, timed_out=timed_out)
            score = await self._score(work.case, ended.outcome.answer or "")
            row = finished(row, ended, log.row, score, status, at=started + seconds, seconds=seconds)
        luck = self._lucks[work.row.model]
        luck.bad = luck.bad + 1 if row.status != OK and faults.last in HOPELESS else 0
        luck.said = row.error or luck.said
        return _Ending(row, (log.ending(), results.finishing(row, self.tags)))

    async def _session(self, work: Work, log: SessionLog) -> tuple[Ended | None, bool]:
        """Run the session of a cell; returns its end, and whether it had to be cut off at the end of its time.

        There is no end when it was cancelled before its first event.
        """
        prepared = await self._prepare(work)
        config = work.config
        if self.seconds is not None:
            config = msgspec.structs.replace(
                config, limits=msgspec.structs.replace(config.limits, seconds=self.seconds)
            )
        setup = Setup(
            query=work.case.question,
            config=config,
            documents=prepared.documents,
            context=prepared.context,
            store=self.store.path,
            fork=Fork(work.parent, 1) if work.parent is not None else None,
            prices=self.prices,
            custom=self.custom,
            api_key=self.api_key,
        )
        shared = Shared(self._models_at(config.api_base), self._repls_for(config.repl), prepared.finder)
        if work.method.direct:
            run = run_direct(log, log.session, setup, shared, truncate=work.method.truncate)
        else:
            run = run_on(self.store, log, log.session, setup, shared=shared)
        task = asyncio.create_task(run)
        self._sessions.add(task)
        if self._stopping:
            task.cancel()
        try:
            limit = None if self.seconds is None else self.seconds + GRACE_SECONDS
            done, _ = await asyncio.wait({task}, timeout=limit)
            if not done:
                task.cancel()
                await asyncio.wait({task})
            return (None if task.cancelled() else task.result()), not done
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                # Whoever cancelled says why; asked for, what this one failed with as well is not complained of again.
                task.exception()
            raise
        finally:
            self._sessions.discard(task)

    async def _score(self, case: Case, answer: str) -> Score | None:
        if len(answer) < LONG_ANSWER:
            return case.score(answer)
        return await asyncio.to_thread(case.score, answer)

    async def _prepare(self, work: Work) -> Prepared:
        sha = work.row.document
        async with self._preparing:
            found = self._prepared.get(sha)
            if found is None:
                found = self._prepared[sha] = await asyncio.to_thread(_prepare, work.case)
                while len(self._prepared) > KEPT_DOCUMENTS:
                    self._prepared.popitem(last=False)
            self._prepared.move_to_end(sha)
            return found

    def _models_at(self, api_base: str | None) -> Providers:
        if api_base not in self._models:
            self._models[api_base] = Providers(
                api_base=api_base, api_key=self.api_key, prices=self.prices, custom=self.custom
            )
        return self._models[api_base]

    def _repls_for(self, language: str) -> ReplFactory:
        if language not in self._repls:
            self._repls[language] = factory_for(language)
        return self._repls[language]

    def _tell(self, row: CellRow) -> None:
        if self.on_change is not None:
            with contextlib.suppress(Exception):
                self.on_change(row)


def _prepare(case: Case) -> Prepared:
    context = case.document()
    documents = case.documents(context)
    for document in documents:
        document.ref()
    return Prepared(context, documents, Finder(documents))
