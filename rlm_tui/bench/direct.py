"""The baseline: one prompt with the whole document and the question, recorded as a session like any other."""

from __future__ import annotations

import asyncio
import time

import msgspec

from rlm_tui.bench.base import Document
from rlm_tui.engine import tokens
from rlm_tui.engine.caller import Caller, Order
from rlm_tui.engine.engine import Ended
from rlm_tui.engine.errors import CallError
from rlm_tui.engine.journal import Journal
from rlm_tui.engine.ledger import Ledger, OverBudget, UnknownPrice
from rlm_tui.engine.providers.base import ChatMessage, ProviderError
from rlm_tui.engine.reading import Reading
from rlm_tui.engine.shared import Outcome
from rlm_tui.engine.subcalls import as_text
from rlm_tui.events import (
    Entry,
    Event,
    FinalProposed,
    Log,
    NodeEnded,
    NodeStarted,
    ReplyRead,
    RunConfig,
    SessionEnded,
    SessionStarted,
    Span,
    Usage,
    clean,
)
from rlm_tui.session.setup import Setup, Shared, references
from rlm_tui.version import VERSION

NODE, CALL = "0", "0:t1"

GAP = "\n[… {:,} characters left out …]\n"
"""Stands where the middle of a document was."""


SPARE = 64
"""Tokens that a cut prompt stays below the window: the chat format's own are not documented exactly."""


def reply_room(config: RunConfig, window: int | None) -> int:
    """Tokens that a cut prompt leaves for its reply: those that are allowed, and at most a quarter of a small window, of
    which nothing would be left for the document otherwise.
    """
    allowed = config.max_output_tokens
    return allowed if window is None else min(allowed, max(1, window // 4))


def text_for_prompt(document: Document) -> str:
    """The document as one text: several texts follow each other, each under its name."""
    if isinstance(document, str):
        return document
    items = document.items() if isinstance(document, dict) else enumerate(document, 1)
    return "\n\n".join(f"Document {name}:\n{as_text(value)}" for name, value in items)


def prompt_for(text: str, question: str) -> str:
    """The whole prompt of a direct call. The document comes first, so that a provider's cache can serve its questions."""
    return f"{text}\n\n{question}" if text else question


class Cut(msgspec.Struct, frozen=True):
    """A text without its middle: so many characters of it are left at its beginning (`head`) and its end (`tail`)."""

    text: str
    head: int
    tail: int = 0


def cut_middle(text: str, room: int, model: str) -> Cut:
    """`text` without its middle, so that it has at most `room` tokens; the gap says how much is missing."""
    have = tokens.count(text, model)[0]
    if have <= room:
        return Cut(text, len(text))
    keep = int(len(text) * max(0, room) / have)
    while keep > 0:
        head = (keep + 1) // 2
        tail = keep - head
        shorter = text[:head] + GAP.format(len(text) - keep) + text[len(text) - tail :]
        if (have := tokens.count(shorter, model)[0]) <= room:
            return Cut(shorter, head, tail)
        keep = min(keep - 1, int(keep * room / have * 0.99))
    return Cut("", 0)


class _Known(Reading):
    """A reading of a prompt whose document text is known: looking for it would cost more than the call's own work."""

    def __init__(self, spans: tuple[Span, ...]) -> None:
        super().__init__(None)
        self._spans = spans

    async def spans(self, text: str) -> tuple[Span, ...]:
        return self._spans


def spans_of(setup: Setup, length: int, cut: Cut) -> tuple[Span, ...] | None:
    """Which spans of the documents a prompt holds whose text has `length` characters without the cut; ``None`` where that
    has to be looked up.
    """
    documents = setup.documents
    if cut.head == length:
        return tuple(document.span(number) for number, document in enumerate(documents))
    if len(documents) != 1 or documents[0].chars != length:
        return None
    spans = (Span(0, 0, cut.head), Span(0, length - cut.tail, length))
    return tuple(span for span in spans if span.end > span.start)


class _Opening:
    """A log whose first events wait for the first commit: a call that has nothing to wait for needs no commit before it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting: tuple[Event, ...] = ()
        self.put, self.get = log.put, log.get

    def hold(self, *events: Event) -> None:
        """Write these together with what comes next."""
        self._waiting = events

    async def append(self, *events: Event) -> tuple[Entry, ...]:
        waiting, self._waiting = self._waiting, ()
        return await self._log.append(*waiting, *events)


async def run_direct(log: Log, session: str, setup: Setup, shared: Shared, *, truncate: bool = False) -> Ended:
    """Ask once and save every step. As `rlm_tui.session.setup.run_on`, failures are an ended session.

    Raises `rlm_tui.events.LogError` when it can't be saved, `ProviderError` when the model can't work at all.
    """
    config = setup.config
    model = config.model_at(0)
    window = shared.models.info(model).window
    opening = _Opening(log)
    journal = Journal(opening)
    started = time.monotonic()
    ledger = Ledger(
        config.limits, unknown_price=config.unknown_price, clock=lambda: time.monotonic() - started, finalise=Usage()
    )
    for document in setup.documents:
        log.put(document.text)
    context = setup.given_context()
    opening.hold(
        SessionStarted(
            session=session,
            query=clean(setup.query),
            documents=tuple(references(setup.documents, setup.context)),
            config=config,
            context_kind=type(context).__name__,
            version=VERSION,
            origin="direct",
        ),
        NodeStarted(
            node=NODE,
            depth=0,
            model=model,
            query=clean(setup.query),
            context_kind=type(context).__name__,
            context_chars=sum(document.chars for document in setup.documents),
        ),
    )
    read: tuple[Event, ...] = ()
    try:
        text = text_for_prompt(context)
        cut, most = Cut(text, len(text)), config.max_output_tokens
        if truncate and window is not None:
            most = reply_room(config, window)
            room = window - most - tokens.count(setup.query, model)[0] - SPARE
            cut = await asyncio.to_thread(cut_middle, text, room, model)
        known = spans_of(setup, len(text), cut)
        reading = Reading(shared.finder) if known is None else _Known(known)
        caller = Caller(config, journal, ledger, shared.models, reading)
        prompt = prompt_for(cut.text, setup.query)
        reply = await caller.ask(
            Order(
                call=CALL,
                node=NODE,
                depth=0,
                purpose="turn",
                model=model,
                messages=(ChatMessage("user", prompt),),
                max_output_tokens=most,
                turn=1,
                fresh=prompt,
            )
        )
        outcome = Outcome("completed", reply.text)
        kept = log.put(reply.text)
        read = (
            ReplyRead(node=NODE, turn=1, call=CALL, action="final", kept=kept, rule=0),
            FinalProposed(node=NODE, source="prose", answer=kept),
        )
    except OverBudget as error:
        outcome = Outcome("partial", limit=error.limit, error=str(error))
    except (CallError, UnknownPrice, ProviderError) as error:
        outcome = Outcome("failed", error=str(error))
    except asyncio.CancelledError:
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()
        outcome = Outcome("cancelled", error="the run was cancelled")
    answer = log.put(outcome.answer) if outcome.answer is not None else None
    error_text = clean(outcome.error) if outcome.error else None
    status, limit = outcome.status, outcome.limit
    await journal.write(
        *read,
        NodeEnded(node=NODE, status=status, answer=answer, limit=limit, error=error_text),
        SessionEnded(status=status, answer=answer, limit=limit, error=error_text, usage=ledger.settled),
    )
    state = journal.state
    nodes = {key: state.totals.get(key, Usage()) for key in state.nodes}
    return Ended(outcome, ledger.settled, dict(state.by_model), dict(state.by_purpose), nodes)
