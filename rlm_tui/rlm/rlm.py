"""The entrance: a question about a context."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from rlm_tui.events import Entry, Limits, kind_of
from rlm_tui.rlm.arguments import (
    as_argument,
    both,
    changed,
    check_options,
    check_question,
    is_json,
    known_kind,
    positive,
    schema_of,
    unlike,
)
from rlm_tui.rlm.result import Result, checked, result_of
from rlm_tui.rlm.session import Session
from rlm_tui.rlm.stream import Stream
from rlm_tui.rlm.waiting import heeding_cancellation, wait

if TYPE_CHECKING:
    from rlm_tui.engine.control import Gate
    from rlm_tui.engine.providers.base import OwnProvider, Price
    from rlm_tui.session.setup import Setup


class RLM:
    """A Recursive Language Model.

    `model` answers at the root (default: the configured model, else that of the first provider whose key is set, else the
    built-in explorer), `recursive_model` the sub-calls (default: the same). `provider` is an object of your own with one
    coroutine method ``complete(request, on_text)`` that answers for every model. `max_depth` is as in the paper: 0 is the
    REPL alone, 1 adds sub-calls, 2 one level of child nodes with REPLs of their own.

    Limits for the whole tree: `max_cost_usd`, `max_tokens`, `max_calls`, `timeout` (seconds); for each node:
    `max_iterations`. `tools` are functions of yours that the model's code can call: they run here, with your rights, and
    the model reads their signatures and docstrings; child nodes get those named in `tools_for_children`. `schema` is a
    JSON schema or a Pydantic model that the answer must fit, `validator` a function that returns what is wrong with an
    answer, or ``None``; the model hears it. Sessions are saved to the store (`store` is another one's path, ``False``
    keeps nothing), where ``rlm-tui replay`` finds them. `config` sets other fields of `rlm_tui.events.RunConfig` and
    `Limits` (``{"call_seconds": 30, "output_tokens": 50_000}``); all further keywords go to the provider
    (``temperature``, ``top_p``, ``reasoning_effort`` …).

    Raises `ValueError`, `TypeError` or `SettingsError` for limits, settings and tools that make no sense.
    """

    def __init__(
        self,
        model: str | None = None,
        recursive_model: str | None = None,
        provider: OwnProvider | None = None,
        api_base: str | None = None,
        api_key: str | None = None,
        max_depth: int | None = None,
        max_iterations: int | None = None,
        max_cost_usd: float | None = None,
        max_tokens: int | None = None,
        max_calls: int | None = None,
        timeout: float | None = None,
        repl: str = "python",
        tools: Sequence[Callable[..., Any]] = (),
        schema: Any = None,
        validator: Callable[[Any], str | None] | None = None,
        store: str | os.PathLike[str] | Literal[False] | None = None,
        tools_for_children: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
        **model_options: Any,
    ) -> None:
        from rlm_tui.config.settings import SettingsError, load
        from rlm_tui.engine.providers.custom import as_provider
        from rlm_tui.engine.tools import tools_of
        from rlm_tui.session.configure import configure, contradiction

        given = {
            "model": model,
            "sub_model": recursive_model,
            "max_depth": max_depth,
            "max_cost": max_cost_usd,
            "max_turns": max_iterations,
            "api_base": api_base,
        }
        try:
            settings = load(given).settings
        except SettingsError as error:
            raise SettingsError(as_argument(str(error))) from None
        if provider is not None:
            as_provider(provider)
        limits = {
            "calls": positive("max_calls", max_calls, int),
            "total_tokens": positive("max_tokens", max_tokens, int),
            "seconds": positive("timeout", timeout, float),
        }
        self._type, json_schema = schema_of(schema)
        self._tools = tools_of(tools)
        if unknown := [name for name in tools_for_children if name not in self._tools]:
            raise ValueError(f"there is no tool {unknown[0]} that children could get")
        if validator is not None and not callable(validator):
            raise TypeError(f"validator: should be a function, not {type(validator).__name__}")
        if api_key is not None and not isinstance(api_key, str):
            raise TypeError(f"api_key: should be a text, not {type(api_key).__name__}")
        if store is not None and store is not False and not isinstance(store, str | os.PathLike):
            raise TypeError(f"store: should be a path, or False to keep nothing, not {store!r}")
        temperature = model_options.pop("temperature", None)
        check_options(model_options)
        for name, value in model_options.items():
            if not is_json(value):
                raise ValueError(f"the option {name} can't be sent to a model: {value!r} is not a JSON value")
        self.config = configure(
            settings,
            os.environ,
            limits={name: value for name, value in limits.items() if value is not None},
            repl=repl,
            answer_schema=json_schema,
            model_options=model_options,
            tools={name: tool.about for name, tool in self._tools.items()},
            tools_for_children=tuple(tools_for_children),
        )
        if temperature is not None:
            self.config = changed(self.config, {"temperature": temperature})
        self.config = changed(self.config, config if config is not None else {})
        self._prices = settings.price_overrides()
        if said := contradiction(self.config, self._price(provider, api_key)):
            raise ValueError(said)
        self._durability = settings.durability
        self._store = store if store is not None else settings.store
        self._api_key = api_key
        self._validator = validator
        self._provider = provider
        self._callbacks: list[tuple[str, Callable[[Any], object]]] = []

    def _price(self, provider: OwnProvider | None, api_key: str | None) -> Price | None:
        """What the model costs, where that matters to a budget. One that can't work is told of when it is asked."""
        if self.config.limits.usd is None:
            return None
        from rlm_tui.engine.providers.base import ProviderError
        from rlm_tui.engine.providers.registry import Providers

        own = {"*": provider} if provider is not None else None
        models = Providers(api_base=self.config.api_base, api_key=api_key, prices=self._prices, custom=own)
        try:
            return models.info(self.config.model_at(0)).price
        except ProviderError:
            return None

    def on(self, kind: str, callback: Callable[[Any], object]) -> RLM:
        """Call `callback` with every event of `kind` (as ``call.finished``; ``*`` for all) once it is saved. Returns self.

        It may ask for the kind's own class (`rlm_tui.events.CallFinished`); what it returns is not looked at.

        A callback that raises is told of in a `RuntimeWarning` and not called again; the run goes on. Raises `ValueError`
        for a kind that doesn't exist.
        """
        known_kind(kind)
        self._callbacks.append((kind, callback))
        return self

    def completion(self, query: str, context: Any) -> Result:
        """Answer `query` about `context` (str, list or dict). Raises `RLMError` when there is no answer."""
        return checked(self.try_completion(query, context))

    complete = completion

    async def acompletion(self, query: str, context: Any) -> Result:
        """`completion` for asynchronous code."""
        return checked(await self.atry_completion(query, context))

    acomplete = acompletion

    def try_completion(self, query: str, context: Any) -> Result:
        """`completion` that returns a failed result instead of raising. Works inside a running event loop as well."""
        return wait(lambda: self.atry_completion(query, context))

    async def atry_completion(self, query: str, context: Any, *, gate: Gate | None = None) -> Result:
        """`acompletion` that returns a failed result instead of raising. `gate` lets you hold and step the run."""
        return await heeding_cancellation(self._run(query, context, gate, self._tell))

    def stream(self, query: str, context: Any, *, gate: Gate | None = None) -> Stream:
        """The events of a completion as they are saved: ``async for event in rlm.stream(query, context)``."""
        return Stream(lambda listener: self._run(query, context, gate, listener), self._tell)

    def session(self, session_id: str) -> Session:
        """A saved session, to be asked another question. `session_id` may be the beginning of one, or ``last``.

        Raises `ValueError` when nothing is saved, `rlm_tui.store.StoreError` when there is no such session.
        """
        if self._store is False:
            raise ValueError("store=False keeps no sessions, so none can be asked again")
        from rlm_tui.store import Store

        with Store.open(self._store) as store:
            return Session(store.catalog.find(session_id).id, self)

    def _tell(self, entry: Entry) -> None:
        kind = kind_of(entry.event)
        for one in tuple(self._callbacks):
            wanted, callback = one
            if wanted not in ("*", kind):
                continue
            try:
                callback(entry.event)
            except Exception as error:
                if one in self._callbacks:
                    self._callbacks.remove(one)
                said = f"the callback for {wanted} raised {type(error).__name__}: {error}; it is not called again"
                warnings.warn(said, RuntimeWarning, stacklevel=2)

    async def _run(self, query: str, context: Any, gate: Gate | None, listener: Callable[[Entry], None]) -> Result:
        return await self._finish(self._setup(query, context), gate, listener, self._type)

    async def _ask(self, session: str, query: str, schema: Any, limits: Limits | None, gate: Gate | None) -> Result:
        check_question(query)
        kind, json_schema = schema_of(schema)
        setup = replace(
            self._setup(query, ""),
            documents=(),
            resume=session,
            follow_up=True,
            answer_schema=json_schema,
            limits=limits,
            validator=both(kind, self._validator),
        )
        return await heeding_cancellation(self._finish(setup, gate, self._tell, kind))

    async def _finish(self, setup: Setup, gate: Gate | None, listener: Callable[[Entry], None], kind: Any) -> Result:
        from rlm_tui.engine.providers.base import ProviderError
        from rlm_tui.events import LogError
        from rlm_tui.session.again import AgainError
        from rlm_tui.session.setup import run_session
        from rlm_tui.store import StoreError

        try:
            session, ended = await run_session(setup, gate, listener)
        except (ProviderError, StoreError, LogError, AgainError) as error:
            return Result("", status="failed", error=str(error))
        result = result_of(session, ended)
        if kind is not None and result.value is not None and unlike(kind, result.value) is None:
            return replace(result, value=kind.model_validate(result.value))
        return result

    def _setup(self, query: str, context: Any) -> Setup:
        from rlm_tui.session.setup import Setup, documents_of

        check_question(query)
        if not isinstance(context, str | list | dict):
            raise TypeError(f"the context must be a str, a list or a dict, not {type(context).__name__}")
        try:
            documents = documents_of(context)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"the context may hold texts and other JSON values only ({error}); convert the rest"
            ) from None
        return Setup(
            query=query,
            config=self.config,
            documents=documents,
            context=context,
            store=self._store,
            durability=self._durability,
            prices=self._prices,
            custom={"*": self._provider} if self._provider is not None else None,
            api_key=self._api_key,
            validator=both(self._type, self._validator),
            tools=self._tools,
        )
