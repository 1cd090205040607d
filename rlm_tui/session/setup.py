"""What a session needs before it can run, and the running of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from rlm_tui.document.document import Document
from rlm_tui.events import DocumentRef, Entry, Limits, Log, MemoryLog, RunConfig, SessionAsked, clean
from rlm_tui.session import telemetry

if TYPE_CHECKING:
    from rlm_tui.engine.control import Gate
    from rlm_tui.engine.engine import Ended, Task
    from rlm_tui.engine.providers.base import OwnProvider
    from rlm_tui.engine.providers.registry import Providers
    from rlm_tui.engine.reading import SpanFinder
    from rlm_tui.engine.record import Record
    from rlm_tui.engine.sandbox.base import ReplFactory
    from rlm_tui.engine.tools import Tool
    from rlm_tui.session.again import Fork, Saved
    from rlm_tui.store import SessionLog, Store

Listener = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Shared:
    """What many sessions in one event loop have in common, so that none has to make it again.

    `models` answers for every model that they name, `repls` makes their REPLs, `finder` finds text of their documents.
    Whoever made them closes them.
    """

    models: Providers
    repls: ReplFactory
    finder: SpanFinder | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """A question, its documents, and how to run it.

    `context` is what the REPL gets; without it, it follows from `documents`: the text of one, or ``{name: text}`` of
    several. With `fork`, the recorded beginning of another session is used (`rlm_tui.session.again.Fork`); with `resume`,
    the session of that id goes on where its events end, and the rest follows from it; with `follow_up`, it is asked `query`
    as well, whose answer must fit `answer_schema`, within `limits` (``None``: those it had). `store` is the store's path (default:
    the user's), or ``False`` to keep nothing. `prices` overrides prices (US dollars per million tokens,
    by model); `custom` maps model names (``*`` is any) to providers of the caller's own; `api_key` goes before the environment. `tools` are the
    functions behind `RunConfig.tools`.
    """

    query: str
    config: RunConfig
    documents: Sequence[Document] = ()
    context: Any = None
    store: str | os.PathLike[str] | Literal[False] | None = None
    durability: str = "full"
    prices: Mapping[str, Mapping[str, float]] | None = None
    custom: Mapping[str, OwnProvider] | None = None
    api_key: str | None = None
    validator: Callable[[Any], str | None] | None = None
    tools: Mapping[str, Tool] | None = None
    session: str | None = None
    fork: Fork | None = None
    resume: str | None = None
    follow_up: bool = False
    answer_schema: Mapping[str, Any] | None = None
    limits: Limits | None = None

    def given_context(self) -> Any:
        """The context as the REPL gets it."""
        if self.context is not None:
            return self.context
        if len(self.documents) == 1:
            return self.documents[0].text
        return {document.name: document.text for document in self.documents}


def documents_of(context: Any) -> list[Document]:
    """The documents of a context given through the API (see `context_documents`)."""
    from rlm_tui.engine.engine import context_documents

    return [Document.from_text(name, text) for name, text in context_documents(context)]


async def run_session(setup: Setup, gate: Gate | None = None, listener: Listener | None = None) -> tuple[str, Ended]:
    """Run a session to its end in the current event loop, saving every step. Returns its id and how it ended.

    Raises `rlm_tui.store.StoreError` and `rlm_tui.events.LogError` when it can't be saved, `ProviderError` when a model
    it names can't work, and `AgainError` when a saved session can't go on; any failure after the first event is an ended
    session instead.
    """
    from rlm_tui.store import Store, new_id

    if setup.store is False:
        memory = MemoryLog()
        if listener is not None:
            memory.listeners.append(listener)
        telemetry.attach(memory)
        session = setup.session or new_id()
        return session, await run_on(None, memory, session, setup, gate)
    with Store.open(setup.store, durability=setup.durability) as store:
        log = open_log(store, setup)
        if listener is not None:
            log.listeners.append(listener)
        telemetry.attach(log, store.reader.entries(log.session) if setup.resume is not None else ())
        return log.session, await run_on(store, log, log.session, setup, gate)


def open_log(store: Store, setup: Setup) -> SessionLog:
    """The log to write to: that of a new session, or of the one to resume."""
    return store.resume(setup.resume) if setup.resume is not None else store.create(setup.session)


async def run_on(
    store: Store | None, log: Log, session: str, setup: Setup, gate: Gate | None = None, shared: Shared | None = None
) -> Ended:
    """Run a session on an open log. `store` is where a session to fork or resume is read from."""
    from rlm_tui.document.coverage import Matcher
    from rlm_tui.engine.engine import Engine
    from rlm_tui.engine.sandbox.languages import factory_for

    documents, task, past, record = await _task(store, log, session, setup)
    config = task.config
    repls = shared.repls if shared is not None else factory_for(config.repl)
    models = shared.models if shared is not None else providers_of(setup, config)
    for model in dict.fromkeys([config.model, config.sub_model, *config.models_at.values()]):
        if model:
            models.info(model)
    if setup.follow_up:
        # Only now that the models are known to be there: a question that can't be put leaves the session as it was.
        past = [*past, *await log.append(task.asked[-1])]
    try:
        for document in documents:
            log.put(document.text)
        finder = shared.finder if shared is not None else None
        task = replace(task, finder=finder or Matcher(documents), validator=setup.validator, tools=setup.tools or {})
        return await Engine(task, log, models, repls, gate, record=record, past=past).run()
    finally:
        if shared is None:
            await repls.close()
            await models.close()


def providers_of(setup: Setup, config: RunConfig) -> Providers:
    """The providers of a session's models."""
    from rlm_tui.engine.providers.registry import Providers

    return Providers(api_base=config.api_base, api_key=setup.api_key, prices=setup.prices, custom=setup.custom)


async def _task(
    store: Store | None, log: Log, session: str, setup: Setup
) -> tuple[Sequence[Document], Task, Sequence[Entry], Record | None]:
    """What to run, and what of it is recorded already."""
    from rlm_tui.engine.engine import Task
    from rlm_tui.session.again import AgainError, asked_before, read_saved, record_of
    from rlm_tui.version import VERSION

    if store is None and (setup.resume is not None or setup.fork is not None):
        raise AgainError("a session can only be resumed or forked in a store")
    if setup.resume is not None and store is not None:
        saved = read_saved(store.reader.entries(setup.resume), log.get)
        if setup.follow_up:
            saved = _ask_again(saved, setup)
        elif saved.final and saved.ended is not None:
            raise AgainError(f"session {setup.resume} has ended ({saved.ended.status}); `rlm-tui rerun` runs it again")
        started = saved.started
        task = Task(
            session=session,
            query=started.query,
            context=saved.context,
            documents=started.documents,
            config=started.config,
            version=VERSION,
            asked=saved.asked,
        )
        return saved.documents, task, saved.entries, record_of(saved, None)
    documents = list(setup.documents) or documents_of(setup.context)
    record, parent_seq, asked = None, None, []
    if setup.fork is not None and store is not None:
        saved = read_saved(store.reader.entries(setup.fork.parent), store.reader.text)
        record, parent_seq = record_of(saved, setup.fork), record_seq(saved.entries, setup.fork)
        asked = asked_before(saved, setup.fork.turn, setup.fork.node)
    task = Task(
        session=session,
        query=setup.query,
        context=setup.given_context(),
        documents=references(documents, setup.context),
        config=setup.config,
        version=VERSION,
        origin="live" if setup.fork is None else setup.fork.origin,
        parent=setup.fork.parent if setup.fork else None,
        parent_seq=parent_seq,
        asked=asked,
    )
    return documents, task, (), record


def _ask_again(saved: Saved, setup: Setup) -> Saved:
    """`saved`, which has ended, with another question at its end. Raises `AgainError` when it can't be asked."""
    from rlm_tui.session.again import AgainError
    from rlm_tui.version import VERSION

    if not setup.query.strip():
        raise AgainError("the question is empty")
    if saved.ended is None or saved.ended.status not in ("completed", "partial"):
        how = (
            "has no end" if saved.ended is None else "was cancelled" if saved.ended.status == "cancelled" else "failed"
        )
        raise AgainError(f"session {setup.resume} {how}, so it can't be asked another question; resume it first")
    if saved.started.origin.startswith("import:"):
        raise AgainError(f"session {setup.resume} was recorded by another tool, so it can't be asked another question")
    schema = dict(setup.answer_schema) if setup.answer_schema is not None else None
    asked = SessionAsked(query=clean(setup.query), limits=setup.limits, answer_schema=schema, version=VERSION)
    return replace(saved, ended=None, asked=[*saved.asked, asked])


def record_seq(entries: Sequence[Entry], fork: Fork) -> int:
    """The last event that a fork shares with its parent: the one before the turn where it goes its own way."""
    from rlm_tui.events import CallReserved

    for entry in entries:
        event = entry.event
        if isinstance(event, CallReserved) and (event.node, event.turn) == (fork.node, fork.turn):
            return entry.seq - 1
    return entries[0].seq


def references(documents: Sequence[Document], context: Any) -> list[DocumentRef]:
    """How the first event names `documents`; items of `context` that are no texts are marked as values."""
    items: Sequence[Any] = ()
    if isinstance(context, dict):
        items = list(context.values())
    elif isinstance(context, list):
        items = context
    refs = [document.reference() for document in documents]
    return [
        msgspec.structs.replace(ref, value=bool(items) and not isinstance(items[n], str)) for n, ref in enumerate(refs)
    ]
