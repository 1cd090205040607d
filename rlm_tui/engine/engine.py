"""A whole session: one question over one set of documents under one configuration."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rlm_tui.engine.answers import Validator
from rlm_tui.engine.caller import Caller, Resolver
from rlm_tui.engine.control import Gate, Stop
from rlm_tui.engine.errors import UsersFault
from rlm_tui.engine.journal import Journal
from rlm_tui.engine.ledger import Ledger
from rlm_tui.engine.node import NodeRun
from rlm_tui.engine.providers.retry import RetryPolicy
from rlm_tui.engine.reading import Reading, SpanFinder
from rlm_tui.engine.record import Record
from rlm_tui.engine.sandbox.base import Context, ReplFactory
from rlm_tui.engine.shared import Outcome, Place, Shared
from rlm_tui.engine.tools import Tool
from rlm_tui.events import (
    DocumentRef,
    Entry,
    Log,
    LogError,
    RunConfig,
    SessionAsked,
    SessionResumed,
    SessionStarted,
    Usage,
    clean,
)
from rlm_tui.projection.state import SessionState


@dataclass(frozen=True, slots=True)
class Task:
    """What a session is about.

    `documents` are the parts of `context` that spans refer to, in order; `asked` the questions that came after `query`.
    """

    session: str
    query: str
    context: Context
    documents: Sequence[DocumentRef]
    config: RunConfig
    version: str = ""
    origin: str = "live"
    parent: str | None = None
    parent_seq: int | None = None
    finder: SpanFinder | None = field(default=None, compare=False)
    validator: Validator | None = field(default=None, compare=False)
    tools: Mapping[str, Tool] = field(default_factory=dict, compare=False)
    asked: Sequence[SessionAsked] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a session ended: its root's outcome and everything it cost."""

    outcome: Outcome
    usage: Usage
    by_model: dict[str, Usage]
    by_purpose: dict[str, Usage]
    by_node: dict[str, Usage]


class Engine:
    """Runs one `Task` in the current event loop, writing every step to `log` and passing every stop through `gate`.

    With a `record`, calls that it holds are answered from it, at no cost, until the first one that it does not hold. With
    `past`, the events of the same session so far, the run catches up with them and goes on where they end.
    """

    def __init__(
        self,
        task: Task,
        log: Log,
        models: Resolver,
        repls: ReplFactory,
        gate: Gate | None = None,
        *,
        retries: RetryPolicy | None = None,
        record: Record | None = None,
        past: Sequence[Entry] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._task = task
        self._record = record
        # A question that was asked just now continues a session that had ended in good order.
        self._past = bool(past)
        self._resumed = bool(past) and not isinstance(past[-1].event, SessionAsked)
        self._journal = Journal(log, past)
        self._models = models
        self._repls = repls
        self._gate = gate or Gate(paused=False, attended=False)
        self._retries = retries
        self._clock = clock

    @property
    def state(self) -> SessionState:
        """The session so far."""
        return self._journal.state

    async def run(self) -> Ended:
        """Run to the end. Raises `rlm_tui.events.LogError` when the log fails; every other failure is an outcome."""
        try:
            return await self._run()
        finally:
            await self._journal.close()

    async def _run(self) -> Ended:
        task, journal = self._task, self._journal
        running = asyncio.current_task()
        assert running is not None
        before = journal.state.seconds
        ledger = Ledger(
            task.config.limits,
            unknown_price=task.config.unknown_price,
            clock=lambda: self._clock() - self._gate.held_seconds() + before,
            settled=journal.state.spent,
            ahead=self._record.spent() if self._past and self._record is not None else None,
        )
        reading = Reading(task.finder)
        name = task.documents[0].name if len(task.documents) == 1 else ""
        caller = Caller(task.config, journal, ledger, self._models, reading, retries=self._retries, record=self._record)
        shared = Shared(
            config=task.config,
            journal=journal,
            ledger=ledger,
            caller=caller,
            gate=self._gate,
            repls=self._repls,
            reading=reading,
            record=self._record,
            validator=task.validator,
            tools=task.tools,
            name=name,
        )
        # Until the first call nothing is paid: the beginning shares a commit with it, unless that call is long in coming.
        journal.hold(
            SessionStarted(
                session=task.session,
                query=clean(task.query),
                documents=tuple(task.documents),
                config=task.config,
                context_kind=type(task.context).__name__,
                version=task.version,
                origin=task.origin,
                parent=task.parent,
                parent_seq=task.parent_seq,
            )
        )
        if self._resumed:
            journal.hold(SessionResumed(version=task.version))
        self._gate.inherit(journal.state.breakpoints, journal.state.watches)
        await self._gate.attach(
            journal.write, journal.facts, running.cancel, self._passed if self._record else None, journal.keep
        )
        try:
            ledger.hold_back(caller.forced_slice(task.config.model_at(0), task.query))
            outcome = await NodeRun(shared, Place(), task.query, task.context, task.asked).run()
        except asyncio.CancelledError:
            running.uncancel()
            outcome = Outcome("cancelled", error="the run was cancelled")
        except LogError:
            raise
        except UsersFault as error:
            outcome = Outcome("failed", error=str(error))
        except Exception as error:
            # Our own mistake: the session still gets its end, so that it can be opened and reported.
            what = f"{type(error).__name__}: {error}"
            outcome = Outcome("failed", error=f"the engine broke down ({what}); please report this session")
        finally:
            await self._gate.detach()
        await journal.write(shared.session_ended(outcome))
        return Ended(outcome, ledger.settled, *self._sums())

    def _passed(self, stop: Stop) -> bool:
        assert self._record is not None
        if stop.kind == "before_exec" and self._record.began(stop.cell):
            return True
        return self._record.covers(call=stop.call, cell=stop.cell)

    def _sums(self) -> tuple[dict[str, Usage], dict[str, Usage], dict[str, Usage]]:
        state = self._journal.state
        return dict(state.by_model), dict(state.by_purpose), state.by_node


def context_documents(context: Context) -> list[tuple[str, str]]:
    """The documents of a context as (name, text): one for a text, one an item for a list or a dict.

    Items that are not texts stand as JSON. Spans of a session count documents in this order.
    """
    if isinstance(context, str):
        return [("context", context)]
    items: list[tuple[str, Any]]
    items = list(context.items()) if isinstance(context, dict) else [(f"[{i}]", v) for i, v in enumerate(context)]
    from rlm_tui.engine.subcalls import as_text

    return [(str(name), as_text(value)) for name, value in items]
