"""Going on from a saved session in another way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_tui.config.store_url import StorePlace
from rlm_tui.events import RunConfig

if TYPE_CHECKING:
    from rlm_tui.document.document import Document
    from rlm_tui.session.source import EventSource


@dataclass(frozen=True, slots=True)
class ForkWish:
    """A new session that takes what came before `turn` of `node` from the session `parent`, and goes on under `config`.

    With `code`, the block of turn `turn` is replaced by it. Turn 1 of the root without code takes nothing from the record:
    a rerun. `message` is read by the model of `node` before its first reply that is not from the record. The run is `paused`
    before that node's first cell that is not from the record, or goes on at once.
    """

    parent: str
    turn: int
    query: str
    documents: Sequence[Document]
    config: RunConfig
    code: str | None = None
    message: str = ""
    paused: bool = True
    node: str = "0"


Forker = Callable[[ForkWish], "EventSource"]
"""Starts the new session. Called in a thread. Raises exceptions whose text is one sentence."""


def forker(
    store: StorePlace | str | None, prices: Mapping[str, Mapping[str, float]] | None = None, durability: str = "full"
) -> Forker:
    """One that forks within the store at `store`."""

    def start(wish: ForkWish) -> EventSource:
        from rlm_tui.engine.control import Gate
        from rlm_tui.engine.providers.registry import Providers
        from rlm_tui.session.again import Fork
        from rlm_tui.session.live import LiveSession
        from rlm_tui.session.setup import Setup

        providers = Providers(api_base=wish.config.api_base, prices=prices)
        for name in {wish.config.model, wish.config.sub_model, *wish.config.models_at.values()} - {None}:
            providers.info(str(name))
        setup = Setup(
            query=wish.query,
            config=wish.config,
            documents=wish.documents,
            store=store,
            durability=durability,
            prices=prices,
            fork=Fork(wish.parent, wish.turn, wish.code, wish.node),
        )
        gate = Gate(paused=wish.paused, node=wish.node)
        if wish.message:
            gate.inject_ahead(wish.message, wish.node)
        return LiveSession(setup, gate).start()

    return start
