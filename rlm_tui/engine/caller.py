"""One call to a model, whole: price, reservation, tries, deadline, stream, settlement, and an event for each."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from rlm_tui.engine import tokens
from rlm_tui.engine.errors import CallError
from rlm_tui.engine.journal import Journal
from rlm_tui.engine.ledger import EXTRACT_TOKENS, FORCED_PROMPT_TOKENS, Grant, Ledger, OverBudget, UnknownPrice
from rlm_tui.engine.partial import Partial
from rlm_tui.engine.providers.base import ChatMessage, ModelInfo, Price, Provider, ProviderError, Reply, Request
from rlm_tui.engine.providers.redact import one_line, redact, secrets_of
from rlm_tui.engine.providers.retry import RetryPolicy
from rlm_tui.engine.providers.usage import read_usage
from rlm_tui.engine.reading import Reading
from rlm_tui.engine.record import Answer, Record
from rlm_tui.engine.slots import Slots
from rlm_tui.engine.waiting import to_the_end
from rlm_tui.events import (
    AttemptFailed,
    AttemptStarted,
    BlobRef,
    BudgetWarned,
    CallFailed,
    CallFinished,
    CallReserved,
    Fault,
    Message,
    RunConfig,
    TextSeen,
    Usage,
    clean,
)

GRACE = 5.0
"""Seconds that a provider has for ending a call at its deadline itself: it knows better what was used until then."""

HURRY = 0.2
"""The same where the time budget is the deadline."""


class Resolver(Protocol):
    """Finds the provider of a model. Raises `ProviderError` with a sentence for a model that can't work."""

    def resolve(self, model: str) -> Provider: ...

    def info(self, model: str) -> ModelInfo: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What to ask whom, and where the call stands in the tree (fields as in `CallReserved`)."""

    call: str
    node: str
    depth: int
    purpose: str
    model: str
    messages: Sequence[ChatMessage]
    max_output_tokens: int
    turn: int | None = None
    cell: str | None = None
    ordinal: int | None = None
    batch: int | None = None
    degraded: bool = False
    fresh: str = ""
    """The part of the prompt that is new: its document text is noted as seen by a model."""
    answer: str | None = None
    """The operator's answer, which replaces the request."""


class Caller:
    """Makes calls for every node of a session, at most `limits.concurrency` at a time."""

    def __init__(
        self,
        config: RunConfig,
        journal: Journal,
        ledger: Ledger,
        models: Resolver,
        reading: Reading,
        *,
        retries: RetryPolicy | None = None,
        record: Record | None = None,
    ) -> None:
        self._config = config
        self._journal = journal
        self._ledger = ledger
        self._models = models
        self._reading = reading
        self._record = record
        self._retries = retries or RetryPolicy()
        self._slots = Slots(config.limits.concurrency)
        self._answered: dict[tuple[str, str], asyncio.Future[Answer]] = {}

    def info(self, model: str) -> ModelInfo:
        """What is known of a model. Raises `ProviderError`."""
        return self._models.info(model)

    def forced_slice(self, model: str, query: str) -> Usage:
        """What a forced answer can cost at most: its longest prompt and its longest reply."""
        prompt = FORCED_PROMPT_TOKENS + tokens.count(query[:2000], model)[0]
        output = min(EXTRACT_TOKENS, self._config.max_output_tokens)
        try:
            price = self._ledger.price_of(self._models.info(model).price, model)
        except (ProviderError, UnknownPrice):
            price = None
        return Usage(calls=1, input=prompt, output=output, cost=price.most(prompt, output) if price else 0.0)

    async def ask(self, order: Order) -> Reply:
        """Make the call and return the reply once it is in the log. Raises `CallError`, `OverBudget`, `UnknownPrice`."""
        reusable = self._config.reuse_identical_calls and order.purpose == "leaf"
        if self._record is not None:
            found = self._record.find(order.call, order.model, order.messages)
            if found is not None:
                reply = await self._recall(order, found)
                if reusable and found.model:
                    known = self._answered[_asked_of(found.model, order)] = asyncio.get_running_loop().create_future()
                    known.set_result(Answer(reply.text, reply.finish))
                return reply
        if reusable and order.answer is None:
            return await self._ask_once(order)
        if order.answer is not None:
            return await self._ask(order)  # Nothing is sent: it needs no turn among the requests.
        async with self._slots:
            return await self._ask(order)

    async def _ask_once(self, order: Order) -> Reply:
        """Ask, unless the same was asked of the same model in this session, or is being asked right now."""
        key = _asked_of(order.model, order)
        known = self._answered.get(key)
        if known is not None:
            # What failed for one may work for the next.
            with contextlib.suppress(LookupError):
                return await self._recall(order, await asyncio.shield(known))
        mine = self._answered[key] = asyncio.get_running_loop().create_future()
        try:
            async with self._slots:
                reply = await self._ask(order)
        except BaseException:
            self._answered.pop(key, None)
            mine.set_exception(LookupError(order.call))
            mine.exception()
            raise
        mine.set_result(Answer(reply.text, reply.finish))
        return reply

    async def _recall(self, order: Order, found: Answer) -> Reply:
        """Answer from the record: logged like any call, at no cost."""
        reserved = self._reserved(order, Grant(order.max_output_tokens, Usage()))
        self._ledger.recall(order.call, found.usage)
        if found.fault is not None:
            await self._journal.write(reserved, CallFailed(call=order.call, fault=found.fault))
            raise CallError(order.call, found.fault)
        seen = await self._reading.seen(order.call, order.node, order.fresh)
        kept = self._journal.keep(found.text)
        await self._journal.write(
            reserved,
            *seen,
            CallFinished(call=order.call, reply=kept, usage=Usage(), finish=found.finish, source="record"),
        )
        return Reply(found.text, found.finish, Usage())

    async def _ask(self, order: Order) -> Reply:
        started = time.monotonic()
        try:
            provider = self._models.resolve(order.model)
            info = self._models.info(order.model)
        except ProviderError as error:
            fault = _fault(error)
            await self._refused(order, fault)
            raise CallError(order.call, fault) from None
        price, input_tokens = None, 0
        if order.answer is not None:
            grant = Grant(0, Usage())  # The operator's answer costs nothing, so no budget can refuse it.
        else:
            price = self._ledger.price_of(info.price, order.model)
            input_tokens = tokens.count_messages(order.messages, order.model)[0]
            room = self._room(info, input_tokens, order.max_output_tokens)
            if room <= 0:
                fault = Fault(
                    "context_length",
                    f"This prompt has about {input_tokens:,} tokens, and {order.model} reads at most {info.window:,}: "
                    "send a smaller piece, or split it over several calls.",
                )
                await self._refused(order, fault)
                raise CallError(order.call, fault)
            final = order.node if order.purpose == "extract" else None
            grant = self._ledger.reserve(order.call, input_tokens, room, price, final=final)
        usage, over = Usage(), False
        lost: list[Usage] = []
        matching = asyncio.create_task(self._reading.seen(order.call, order.node, order.fresh))
        try:
            if order.answer is not None:
                await self._journal.write(self._reserved(order, grant))
                reply = Reply(order.answer, "stop", Usage())
                source = "operator"
            else:
                reply = await self._attempts(order, provider, grant, price, lost)
                usage = _priced(reply.usage, price)
                source = "provider"
            over = True
            finished = CallFinished(
                call=order.call,
                reply=self._journal.keep(reply.text),
                usage=usage,
                finish=reply.finish,
                source=source,
                seconds=time.monotonic() - started,
            )
            await to_the_end(self._ended(matching, finished, order.purpose))
            return reply
        except ProviderError as error:
            if (spent := sum(lost, Usage())) != Usage():
                usage = _priced(msgspec.structs.replace(spent, calls=min(spent.calls, 1)), price)
            over = True
            fault = _fault(error)
            await to_the_end(
                self._ended(matching, self._failed(order, fault, usage, error.partial, started), order.purpose)
            )
            raise (error.budget if isinstance(error, _NoFurther) else CallError(order.call, fault)) from None
        except asyncio.CancelledError:
            if over:
                raise
            # A request that was cut off may have been billed: count its prompt, as the provider would.
            spent = sum(lost, Usage(input=input_tokens, estimated=True))
            usage = _priced(msgspec.structs.replace(spent, calls=1), price)
            fault = Fault("cancelled", "The call was cancelled; what it had cost until then may be billed.")
            await self._journal.write(self._failed(order, fault, usage, "", started))
            raise
        finally:
            matching.cancel()
            self._ledger.settle(order.call, usage)
            await self._warn()

    async def _attempts(
        self, order: Order, provider: Provider, grant: Grant, price: Price | None, lost: list[Usage]
    ) -> Reply:
        """Try until there is a reply. What failed tries were charged all the same is added to `lost`."""
        # A call that a crash cut off goes on counting its tries.
        before = self._journal.state.calls.get(order.call)
        first = attempt = before.attempts if before is not None else 0
        final = order.node if order.purpose == "extract" else None
        while True:
            attempt += 1
            left = self._ledger.seconds_left(final=final is not None)
            hurried = left is not None and left < self._config.call_seconds
            timeout = max(left, HURRY) if left is not None and hurried else self._config.call_seconds
            stream = order.purpose == "turn"  # A streamed piece costs about 1 ms: sub-calls have none to spare.
            request = Request(
                model=order.model,
                messages=order.messages,
                max_output_tokens=grant.max_output_tokens,
                temperature=self._config.temperature,
                timeout=timeout,
                stream=stream,
                options=self._config.model_options,
            )
            # The reservation and the first try share a commit: both come before the request.
            reserved = (self._reserved(order, grant),) if attempt == first + 1 else ()
            await self._journal.write(*reserved, AttemptStarted(call=order.call, attempt=attempt))
            partial = Partial(order.call, self._journal) if stream else None
            try:
                try:
                    async with asyncio.timeout(timeout + (HURRY if hurried else GRACE)):
                        reply = await provider.complete(request, partial.take if partial else None)
                        self._slots.answered()
                        usage = sum(lost, reply.usage)
                        return replace(reply, usage=msgspec.structs.replace(usage, calls=reply.usage.calls))
                except TimeoutError:
                    text = partial.text if partial else ""
                    raise ProviderError(
                        "timeout",
                        f"{order.model} did not answer within {timeout:.0f} s.",
                        partial=text,
                        usage=read_usage(None, request, text),
                    ) from None
                finally:
                    if partial is not None:
                        await partial.flush()
            except ProviderError as error:
                if error.kind == "rate_limit":
                    self._slots.complained()
                # What the time budget cut short says nothing about the provider: only that budget forbids another try.
                cut = hurried and error.kind == "timeout"
                pause = 0.0 if cut else self._retries.delay(attempt - first, error)
                refused = None
                if pause is not None:
                    # A try that was charged all the same is paid from the budget like any other.
                    try:
                        self._ledger.extend(order.call, _priced(error.usage, price), pause, final=final)
                    except OverBudget as budget:
                        refused, pause = budget, None
                fault = _fault(error)
                await self._journal.write(AttemptFailed(call=order.call, attempt=attempt, fault=fault, retry_in=pause))
                lost.append(error.usage)
                if refused is not None:
                    raise _NoFurther(error, refused, cut) from None
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            except (asyncio.CancelledError, OverBudget):
                raise
            except Exception as error:  # A provider's own bug must not take the session with it.
                said = one_line(f"{type(error).__name__}: {error}")
                raise ProviderError("internal", f"{order.model} broke down: {said}") from error

    def _room(self, info: ModelInfo, input_tokens: int, wanted: int) -> int:
        return wanted if info.window is None else min(wanted, info.window - input_tokens)

    def _reserved(self, order: Order, grant: Grant) -> CallReserved:
        return CallReserved(
            call=order.call,
            node=order.node,
            depth=order.depth,
            purpose=order.purpose,
            model=order.model,
            messages=tuple(Message(m.role, self._journal.keep(m.content)) for m in order.messages),
            max_output_tokens=grant.max_output_tokens,
            estimate=grant.estimate,
            turn=order.turn,
            cell=order.cell,
            ordinal=order.ordinal,
            batch=order.batch,
            degraded=order.degraded,
        )

    async def _refused(self, order: Order, fault: Fault) -> None:
        await self._journal.write(self._reserved(order, Grant(0, Usage())), CallFailed(call=order.call, fault=fault))

    async def _ended(
        self, matching: asyncio.Task[tuple[TextSeen, ...]], event: CallFinished | CallFailed, purpose: str
    ) -> None:
        seen = await matching
        if isinstance(event, CallFailed) and event.usage == Usage() and event.partial is None:
            seen = ()  # Nothing was answered and nothing charged: no model has read this.
        if isinstance(event, CallFinished) and purpose == "turn":
            # How the reply is read comes next, before anything is done with it.
            self._journal.hold(*seen, event)
        else:
            await self._journal.write(*seen, event)

    def _failed(self, order: Order, fault: Fault, usage: Usage, partial: str, started: float) -> CallFailed:
        return CallFailed(
            call=order.call,
            fault=fault,
            usage=usage,
            partial=self._journal.keep(partial) if partial else None,
            seconds=time.monotonic() - started,
        )

    async def _warn(self) -> None:
        for kind, used, allowed in self._ledger.warnings():
            await self._journal.write(BudgetWarned(limit=kind, used=used, allowed=allowed))


class _NoFurther(ProviderError):
    """A call ends because a budget, `budget`, has no room for another try, or no time for this one when it was `cut`.

    It is one that was cancelled: where the budget allows it, in a session that goes on, it is made again.
    """

    def __init__(self, error: ProviderError, budget: OverBudget, cut: bool) -> None:
        said = "The time for it ran out before there was an answer; what it had cost until then may be billed."
        if not cut:
            said = f"{error.message} There is no room in the {budget.limit} budget to try again."
        super().__init__("cancelled", said, status=error.status, partial=error.partial, usage=error.usage)
        self.budget = budget


def _asked_of(model: str, order: Order) -> tuple[str, str]:
    """What makes two sub-calls identical: whom they ask, and what."""
    return model, BlobRef.of("\0".join(m.content for m in order.messages)).sha


def _fault(error: ProviderError) -> Fault:
    """The error as the log keeps it: a provider of the user's own may have put a key into its words."""
    return Fault(error.kind, clean(redact(error.message, secrets_of())), error.status)


def _priced(usage: Usage, price: Price | None) -> Usage:
    if price is None:
        return msgspec.structs.replace(usage, cost=0.0, unpriced=usage.calls)
    return msgspec.structs.replace(usage, cost=price.cost(usage), unpriced=0)
