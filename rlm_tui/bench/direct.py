"""The baseline: one prompt with the whole document and the question, recorded as a session like any other."""

from __future__ import annotations

import asyncio
import time

from rlm_tui.bench.base import Document
from rlm_tui.engine import tokens
from rlm_tui.engine.caller import Caller, Order
from rlm_tui.engine.engine import Ended
from rlm_tui.engine.errors import CallError
from rlm_tui.engine.journal import Journal
from rlm_tui.engine.ledger import Ledger, OverBudget, UnknownPrice
from rlm_tui.engine.node import Outcome
from rlm_tui.engine.providers.base import ChatMessage, ProviderError
from rlm_tui.engine.reading import Reading
from rlm_tui.engine.subcalls import as_text
from rlm_tui.events import (
    Event,
    FinalProposed,
    Log,
    NodeEnded,
    NodeStarted,
    ReplyRead,
    SessionEnded,
    SessionStarted,
    Usage,
    clean,
)
from rlm_tui.session.setup import Setup, Shared, references
from rlm_tui.version import VERSION

NODE, CALL = "0", "0:t1"

SPARE = 64
"""Tokens that a cut prompt stays below the window: the chat format's own are not documented exactly."""


def text_for_prompt(document: Document) -> str:
    """The document as one text: several texts follow each other, each under its name."""
    if isinstance(document, str):
        return document
    items = document.items() if isinstance(document, dict) else enumerate(document, 1)
    return "\n\n".join(f"Document {name}:\n{as_text(value)}" for name, value in items)


def prompt_for(text: str, question: str) -> str:
    """The whole prompt of a direct call. The document comes first, so that a provider's cache can serve its questions."""
    return f"{text}\n\n{question}"


def cut_middle(text: str, room: int, model: str) -> str:
    """`text` without its middle, so that it has at most `room` tokens; the gap says how much is missing."""
    have = tokens.count(text, model)[0]
    if have <= room:
        return text
    if room <= 0:
        return ""
    keep = int(len(text) * room / have)
    while keep > 0:
        head = (keep + 1) // 2
        gap = f"\n[… {len(text) - keep:,} characters left out …]\n"
        shorter = text[:head] + gap + text[len(text) - (keep - head) :]
        if (have := tokens.count(shorter, model)[0]) <= room:
            return shorter
        keep = min(keep - 1, int(keep * room / have * 0.99))
    return ""


async def run_direct(log: Log, session: str, setup: Setup, shared: Shared, *, truncate: bool = False) -> Ended:
    """Ask once and save every step. As `rlm_tui.session.setup.run_on`, failures are an ended session.

    Raises `rlm_tui.events.LogError` when it can't be saved, `ProviderError` when the model can't work at all.
    """
    config = setup.config
    model = config.model_at(0)
    window = shared.models.info(model).window
    journal = Journal(log)
    started = time.monotonic()
    ledger = Ledger(
        config.limits, unknown_price=config.unknown_price, clock=lambda: time.monotonic() - started, finalise=Usage()
    )
    caller = Caller(config, journal, ledger, shared.models, Reading(shared.finder))
    for document in setup.documents:
        log.put(document.text)
    context = setup.given_context()
    await journal.write(
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
        if truncate and window is not None:
            room = window - config.max_output_tokens - tokens.count(setup.query, model)[0] - SPARE
            text = await asyncio.to_thread(cut_middle, text, room, model)
        prompt = prompt_for(text, setup.query)
        reply = await caller.ask(
            Order(
                call=CALL,
                node=NODE,
                depth=0,
                purpose="turn",
                model=model,
                messages=(ChatMessage("user", prompt),),
                max_output_tokens=config.max_output_tokens,
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
