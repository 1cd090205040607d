"""What a session needs before it can run, and the running of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rlm_tui.document.document import Document
from rlm_tui.events import Entry, RunConfig

if TYPE_CHECKING:
    from rlm_tui.engine.control import Gate
    from rlm_tui.engine.engine import Ended
    from rlm_tui.engine.providers.base import Provider
    from rlm_tui.store import SessionLog

Listener = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Setup:
    """A question, its documents, and how to run it.

    `context` is what the REPL gets; without it, it follows from `documents`: the text of one, or ``{name: text}`` of
    several. `store` is the store's path (default: the user's). `prices` overrides prices (US dollars per million tokens,
    by model); `custom` maps model names to providers of the caller's own; `api_key` goes before the environment.
    """

    query: str
    config: RunConfig
    documents: Sequence[Document] = ()
    context: Any = None
    store: str | os.PathLike[str] | None = None
    durability: str = "full"
    prices: Mapping[str, Mapping[str, float]] | None = None
    custom: Mapping[str, Provider] | None = None
    api_key: str | None = None
    session: str | None = None
    origin: str = "live"
    parent: str | None = None
    parent_seq: int | None = None

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

    Raises `rlm_tui.store.StoreError` and `rlm_tui.events.LogError` when it can't be saved, and `ProviderError` when a
    model it names can't work; any failure after the first event is an ended session instead.
    """
    from rlm_tui.store import Store

    with Store.open(setup.store, durability=setup.durability) as store:
        log = store.create(setup.session)
        if listener is not None:
            log.listeners.append(listener)
        return log.session, await run_on(log, setup, gate)


async def run_on(log: SessionLog, setup: Setup, gate: Gate | None = None) -> Ended:
    """Run a session on an open log."""
    from rlm_tui.document.coverage import Matcher
    from rlm_tui.engine.engine import Engine, Task
    from rlm_tui.engine.providers.registry import Providers
    from rlm_tui.engine.sandbox.factory import PythonReplFactory
    from rlm_tui.version import VERSION

    documents = list(setup.documents) or documents_of(setup.context)
    models = Providers(api_base=setup.config.api_base, api_key=setup.api_key, prices=setup.prices, custom=setup.custom)
    for model in dict.fromkeys([setup.config.model, setup.config.sub_model, *setup.config.models_at.values()]):
        if model:
            models.info(model)
    repls = PythonReplFactory()
    try:
        for document in documents:
            log.put(document.text)
        task = Task(
            session=log.session,
            query=setup.query,
            context=setup.given_context(),
            documents=[document.reference() for document in documents],
            config=setup.config,
            version=VERSION,
            origin=setup.origin,
            parent=setup.parent,
            parent_seq=setup.parent_seq,
            finder=Matcher(documents),
        )
        return await Engine(task, log, models, repls, gate).run()
    finally:
        await repls.close()
        await models.close()
