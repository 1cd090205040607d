"""A saved session run anew, as a child of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rlm_tui.rlm.result import Result, RLMError, checked, result_of
from rlm_tui.rlm.waiting import heeding_cancellation, wait

if TYPE_CHECKING:
    from rlm_tui.engine.providers.base import OwnProvider


def fork(
    session_id: str,
    *,
    turn: int | None = None,
    code: str | None = None,
    node: str = "0",
    model: str | None = None,
    recursive_model: str | None = None,
    provider: OwnProvider | None = None,
    api_key: str | None = None,
    tools: Sequence[Callable[..., Any]] = (),
    store: str | os.PathLike[str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Result:
    """Run a saved session anew as a child of it; `session_id` may be the beginning of one, or ``last``.

    Turns of the root before `turn` come from the record, at no cost; with `code`, turn `turn` keeps its recorded reply but
    runs that code; with a child `node` (``0/c2.1``), `turn` is one of its turns, and all that was recorded before it is
    taken. Without a `turn`, what was recorded is used for as long as the same is asked of the same models; with
    nothing changed, everything is asked anew. `config` changes other fields of `RunConfig` and `Limits` (``{"usd": 1.0}``).
    A session that had `tools` needs them again.

    Raises `RLMError` when there is no answer, `rlm_tui.session.again.AgainError` and `rlm_tui.store.StoreError` when the
    session can't be run in this way. Works inside a running event loop as well; `afork` does not block it.
    """
    changes = {"model": model, "sub_model": recursive_model}
    return wait(
        lambda: afork(
            session_id,
            turn=turn,
            code=code,
            node=node,
            provider=provider,
            api_key=api_key,
            tools=tools,
            store=store,
            config={**{name: value for name, value in changes.items() if value is not None}, **(config or {})},
        )
    )


async def afork(
    session_id: str,
    *,
    turn: int | None = None,
    code: str | None = None,
    node: str = "0",
    provider: OwnProvider | None = None,
    api_key: str | None = None,
    tools: Sequence[Callable[..., Any]] = (),
    store: str | os.PathLike[str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Result:
    """`fork` for asynchronous code. The models are fields of `config`."""
    from rlm_tui.config.settings import load
    from rlm_tui.engine.providers.base import ProviderError
    from rlm_tui.engine.tools import tools_of
    from rlm_tui.events import LogError
    from rlm_tui.session.fork import open_fork
    from rlm_tui.session.setup import run_session

    settings = load().settings
    setup = open_fork(
        session_id,
        store if store is not None else settings.store,
        turn=turn,
        code=code,
        node=node,
        changes=config,
        provider=provider,
        api_key=api_key,
        tools=tools_of(tools),
        durability=settings.durability,
        prices=settings.price_overrides(),
    )

    async def run() -> Result:
        return result_of(*await run_session(setup))

    try:
        return checked(await heeding_cancellation(run()))
    except (ProviderError, LogError) as error:
        raise RLMError(str(error)) from None
