"""The Python interface: ask a question about a context, get an answer with everything that is known about it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rlm_tui.events import Entry, Limits, RunConfig, Usage

if TYPE_CHECKING:
    from rlm_tui.engine.control import Gate
    from rlm_tui.engine.providers.base import Provider


@dataclass(frozen=True, slots=True)
class Result:
    """What a completion gave.

    `answer` is text, `value` the same as a JSON value when it was given as one. `status` is ``completed``, ``partial``
    (a limit was reached; `limit` names it), ``failed`` or ``cancelled``; `error` is one sentence. `usage` is everything
    the session cost, `by_model`, `by_node` and `by_kind` (``turn``, ``leaf``, ``extract``) the same sum split up. The
    session can be opened with ``rlm-tui replay SESSION_ID``.
    """

    answer: str
    value: Any = None
    status: str = "completed"
    limit: str | None = None
    error: str | None = None
    usage: Usage = Usage()
    by_model: Mapping[str, Usage] = field(default_factory=dict)
    by_node: Mapping[str, Usage] = field(default_factory=dict)
    by_kind: Mapping[str, Usage] = field(default_factory=dict)
    session_id: str = ""

    def __str__(self) -> str:
        return self.answer


class RLMError(Exception):
    """A completion failed. `result` has what is there all the same."""

    def __init__(self, message: str, result: Result | None = None) -> None:
        super().__init__(message)
        self.result = result


class RLM:
    """A Recursive Language Model.

    `model` answers at the root (default: the configured model, the first provider whose key is set, else the built-in
    explorer), `sub_model` the sub-calls (default: the same). Budgets: `max_cost` in US dollars, `max_calls`,
    `max_tokens`, `max_seconds` for the whole tree; `max_turns` for each node. `max_depth` as in the paper: 0 is the REPL
    alone, 1 adds sub-calls, 2 one level of child nodes with REPLs of their own. Sessions are saved to `store` (default:
    the user's). `on_event` is called with each `Entry` as it is committed. `providers` maps model names to providers of
    your own; every other keyword is a field of `RunConfig`.
    """

    def __init__(
        self,
        model: str | None = None,
        sub_model: str | None = None,
        *,
        max_depth: int | None = None,
        max_cost: float | None = None,
        max_calls: int | None = None,
        max_tokens: int | None = None,
        max_seconds: float | None = None,
        max_turns: int | None = None,
        api_base: str | None = None,
        api_key: str | None = None,
        store: str | os.PathLike[str] | None = None,
        on_event: Callable[[Entry], None] | None = None,
        providers: Mapping[str, Provider] | None = None,
        **config: Any,
    ) -> None:
        from rlm_tui.config.settings import load

        settings = load(
            {
                "model": model,
                "sub_model": sub_model,
                "max_depth": max_depth,
                "max_cost": max_cost,
                "max_turns": max_turns,
                "api_base": api_base,
            }
        ).settings
        from rlm_tui.session.configure import configure

        limits = {"calls": max_calls, "total_tokens": max_tokens, "seconds": max_seconds}
        self.config = configure(
            settings, os.environ, limits={k: v for k, v in limits.items() if v is not None}, **config
        )
        self._prices = settings.price_overrides()
        self._durability = settings.durability
        self._store = store or settings.store
        self._api_key = api_key
        self._on_event = on_event
        self._providers = providers

    def on(self, listener: Callable[[Entry], None]) -> RLM:
        """Call `listener` with each committed `Entry` of later completions. Returns self."""
        before = self._on_event

        def both(entry: Entry) -> None:
            if before is not None:
                before(entry)
            listener(entry)

        self._on_event = both
        return self

    def completion(self, query: str, context: Any) -> Result:
        """Answer `query` about `context` (str, list or dict). Raises `RLMError` when there is no answer."""
        return _checked(self.try_completion(query, context))

    async def acompletion(self, query: str, context: Any) -> Result:
        """`completion` for asynchronous code."""
        return _checked(await self.try_acompletion(query, context))

    def try_completion(self, query: str, context: Any) -> Result:
        """`completion` that returns a failed result instead of raising. Works inside a running event loop as well."""
        outcome: list[Result | BaseException] = []

        def work() -> None:
            try:
                outcome.append(asyncio.run(self.try_acompletion(query, context)))
            except BaseException as error:
                outcome.append(error)

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self.try_acompletion(query, context))
        thread = threading.Thread(target=work, name="rlm-completion")
        thread.start()
        thread.join()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    async def try_acompletion(self, query: str, context: Any, *, gate: Gate | None = None) -> Result:
        """`acompletion` that returns a failed result instead of raising. `gate` lets you hold and step the run."""
        from rlm_tui.engine.providers.base import ProviderError
        from rlm_tui.events import LogError
        from rlm_tui.session.setup import Setup, documents_of, run_session
        from rlm_tui.store import StoreError

        if not query.strip():
            raise ValueError("The question is empty: pass the question as `query`.")
        setup = Setup(
            query=query,
            config=self.config,
            documents=documents_of(context),
            context=context,
            store=self._store,
            durability=self._durability,
            prices=self._prices,
            custom=self._providers,
            api_key=self._api_key,
        )
        try:
            session, ended = await run_session(setup, gate, self._on_event)
        except (ProviderError, StoreError, LogError) as error:
            return Result("", status="failed", error=str(error))
        outcome = ended.outcome
        return Result(
            answer=outcome.answer or "",
            value=outcome.value,
            status=outcome.status,
            limit=outcome.limit,
            error=outcome.error,
            usage=ended.usage,
            by_model=ended.by_model,
            by_node=ended.by_node,
            by_kind=ended.by_purpose,
            session_id=session,
        )


def _checked(result: Result) -> Result:
    if result.status in ("failed", "cancelled") or (result.status == "partial" and not result.answer):
        raise RLMError(result.error or f"the run ended as {result.status} without an answer", result)
    return result


__all__ = ["RLM", "Limits", "RLMError", "Result", "RunConfig"]
