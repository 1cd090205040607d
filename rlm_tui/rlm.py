"""The Python interface: ask a question about a context, get an answer with everything that is known about it."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from rlm_tui.events import Entry, Event, Limits, Usage, kind_of

if TYPE_CHECKING:
    from rlm_tui.engine.control import Gate
    from rlm_tui.engine.engine import Ended
    from rlm_tui.engine.providers.base import Provider
    from rlm_tui.session.setup import Setup


@dataclass(frozen=True, slots=True)
class Result:
    """What a completion gave.

    `answer` is text, `value` the same as a JSON value (or an instance of the Pydantic model that was asked for) when it
    was given as one. `status` is ``completed``, ``partial`` (a limit was reached; `limit` names it), ``failed`` or
    ``cancelled``; `error` is one sentence. `usage` is everything the session cost, `by_model`, `by_node` and `by_kind`
    (``turn``, ``leaf``, ``extract``) the same sum split up. ``rlm-tui replay SESSION_ID`` opens the session.
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

    `model` answers at the root (default: the configured model, else that of the first provider whose key is set, else the
    built-in explorer), `recursive_model` the sub-calls (default: the same). `provider` is an object of your own with one
    coroutine method ``complete(request, on_text)`` that answers for every model. `max_depth` is as in the paper: 0 is the
    REPL alone, 1 adds sub-calls, 2 one level of child nodes with REPLs of their own.

    Limits for the whole tree: `max_cost_usd`, `max_tokens`, `max_calls`, `timeout` (seconds); for each node:
    `max_iterations`. `tools` are functions of yours that the model's code can call: they run here, with your rights, and
    the model reads their signatures and docstrings; child nodes get those named in `tools_for_children`. `schema` is a
    JSON schema or a Pydantic model that the answer must fit, `validator` a function that returns what is wrong with an
    answer, or ``None``; the model hears it. Sessions are saved to the store (`store` is another one's path, ``False``
    keeps nothing), where ``rlm-tui replay`` finds them. `config` sets other fields of `rlm_tui.events.RunConfig`; all
    further keywords go to the provider (``temperature``, ``top_p``, ``reasoning_effort`` …).

    Raises `ValueError` or `SettingsError` for limits, settings and tools that make no sense.
    """

    def __init__(
        self,
        model: str | None = None,
        recursive_model: str | None = None,
        provider: Provider | None = None,
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
            raise SettingsError(_as_argument(str(error))) from None
        if provider is not None:
            as_provider(provider)
        limits = {"calls": max_calls, "total_tokens": max_tokens, "seconds": timeout}
        for name, value in limits.items():
            if value is not None and value <= 0:
                raise ValueError(f"the limit on {name} must be greater than 0, not {value}")
        self._type, json_schema = _schema(schema)
        self._tools = tools_of(tools)
        if unknown := [name for name in tools_for_children if name not in self._tools]:
            raise ValueError(f"there is no tool {unknown[0]} that children could get")
        temperature = model_options.pop("temperature", None)
        for name, value in model_options.items():
            if not _is_json(value):
                raise ValueError(f"the option {name} can't be sent to a model: {value!r} is not a JSON value")
        self.config = configure(
            settings,
            os.environ,
            limits={name: value for name, value in limits.items() if value is not None},
            temperature=temperature,
            repl=repl,
            answer_schema=json_schema,
            model_options=model_options,
            tools={name: tool.about for name, tool in self._tools.items()},
            tools_for_children=tuple(tools_for_children),
            **(config or {}),
        )
        if said := contradiction(self.config):
            raise ValueError(said)
        self._prices = settings.price_overrides()
        self._durability = settings.durability
        self._store = store if store is not None else settings.store
        self._api_key = api_key
        self._validator = validator
        self._provider = provider
        self._callbacks: list[tuple[str, Callable[[Event], None]]] = []

    def on(self, kind: str, callback: Callable[[Event], None]) -> RLM:
        """Call `callback` with every event of `kind` (as ``call.finished``; ``*`` for all) once it is saved. Returns self."""
        self._callbacks.append((kind, callback))
        return self

    def completion(self, query: str, context: Any) -> Result:
        """Answer `query` about `context` (str, list or dict). Raises `RLMError` when there is no answer."""
        return _checked(self.try_completion(query, context))

    complete = completion

    async def acompletion(self, query: str, context: Any) -> Result:
        """`completion` for asynchronous code."""
        return _checked(await self.atry_completion(query, context))

    acomplete = acompletion

    def try_completion(self, query: str, context: Any) -> Result:
        """`completion` that returns a failed result instead of raising. Works inside a running event loop as well."""
        return _wait(lambda: self.atry_completion(query, context))

    async def atry_completion(self, query: str, context: Any, *, gate: Gate | None = None) -> Result:
        """`acompletion` that returns a failed result instead of raising. `gate` lets you hold and step the run."""
        return await self._run(query, context, gate, self._tell)

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
        for wanted, callback in self._callbacks:
            if wanted in ("*", kind):
                callback(entry.event)

    async def _run(self, query: str, context: Any, gate: Gate | None, listener: Callable[[Entry], None]) -> Result:
        return await self._finish(self._setup(query, context), gate, listener, self._type)

    async def _ask(self, session: str, query: str, schema: Any, limits: Limits | None, gate: Gate | None) -> Result:
        if not query.strip():
            raise ValueError("the question is empty: pass it as `query`")
        kind, json_schema = _schema(schema)
        setup = replace(
            self._setup(query, ""),
            documents=(),
            resume=session,
            follow_up=True,
            answer_schema=json_schema,
            limits=limits,
            validator=_both(kind, self._validator),
        )
        return await self._finish(setup, gate, self._tell, kind)

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
        result = _result(session, ended)
        if kind is not None and result.value is not None and _unlike(kind, result.value) is None:
            return replace(result, value=kind.model_validate(result.value))
        return result

    def _setup(self, query: str, context: Any) -> Setup:
        from rlm_tui.session.setup import Setup, documents_of

        if not query.strip():
            raise ValueError("the question is empty: pass it as `query`")
        if not isinstance(context, str | list | dict):
            raise TypeError(f"the context must be a str, a list or a dict, not {type(context).__name__}")
        names = {self.config.model, self.config.sub_model or self.config.model, *self.config.models_at.values()}
        return Setup(
            query=query,
            config=self.config,
            documents=documents_of(context),
            context=context,
            store=self._store,
            durability=self._durability,
            prices=self._prices,
            custom={name: self._provider for name in names} if self._provider is not None else None,
            api_key=self._api_key,
            validator=_both(self._type, self._validator),
            tools=self._tools,
        )


class Session:
    """A session that was saved and has ended; `RLM.session` gives it.

    `ask` puts another question to it: its REPL is built again from the record, at no cost, with all the names that the
    model made, the conversation goes on, and the answer is the end of the same session. Keys, tools and a provider of
    your own are those of the `RLM`; models and limits are the session's, unless you give new `limits` for the whole.
    """

    def __init__(self, session_id: str, rlm: RLM) -> None:
        self.session_id = session_id
        self._rlm = rlm

    def ask(self, query: str, *, schema: Any = None, limits: Limits | None = None) -> Result:
        """Ask another question. `schema` is for its answer, as in `RLM`. Raises `RLMError` when there is no answer."""
        return _checked(_wait(lambda: self.atry_ask(query, schema=schema, limits=limits)))

    async def aask(self, query: str, *, schema: Any = None, limits: Limits | None = None) -> Result:
        """`ask` for asynchronous code."""
        return _checked(await self.atry_ask(query, schema=schema, limits=limits))

    async def atry_ask(
        self, query: str, *, schema: Any = None, limits: Limits | None = None, gate: Gate | None = None
    ) -> Result:
        """`aask` that returns a failed result instead of raising. `gate` lets you hold and step the run."""
        return await self._rlm._ask(self.session_id, query, schema, limits, gate)


class Stream:
    """An asynchronous iterator over the events of a completion. `result` is there once the iteration has ended.

    Leaving the iteration early and calling `aclose` cancels the run; it is saved up to there.
    """

    def __init__(self, run: Callable[[Callable[[Entry], None]], Any], tell: Callable[[Entry], None]) -> None:
        self.result: Result | None = None
        self._run = run
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def _events(self) -> AsyncIterator[Event]:
        waiting: asyncio.Queue[Event | None] = asyncio.Queue()

        def listener(entry: Entry) -> None:
            self._tell(entry)
            waiting.put_nowait(entry.event)

        async def work() -> None:
            try:
                self.result = await self._run(listener)
            finally:
                waiting.put_nowait(None)

        self._task = asyncio.create_task(work())
        try:
            while (event := await waiting.get()) is not None:
                yield event
            await self._task
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancel the run if it is still going. Idempotent."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def fork(
    session_id: str,
    *,
    turn: int | None = None,
    code: str | None = None,
    model: str | None = None,
    recursive_model: str | None = None,
    provider: Provider | None = None,
    api_key: str | None = None,
    tools: Sequence[Callable[..., Any]] = (),
    store: str | os.PathLike[str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Result:
    """Run a saved session anew as a child of it; `session_id` may be the beginning of one, or ``last``.

    Turns of the root before `turn` come from the record, at no cost; with `code`, turn `turn` keeps its recorded reply but
    runs that code. Without a `turn`, what was recorded is used for as long as the same is asked of the same models; with
    nothing changed, everything is asked anew. `config` changes other fields of `RunConfig` and `Limits` (``{"usd": 1.0}``).
    A session that had `tools` needs them again.

    Raises `RLMError` when there is no answer, `rlm_tui.session.again.AgainError` and `rlm_tui.store.StoreError` when the
    session can't be run in this way. Works inside a running event loop as well; `afork` does not block it.
    """
    changes = {"model": model, "sub_model": recursive_model}
    return _wait(
        lambda: afork(
            session_id,
            turn=turn,
            code=code,
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
    provider: Provider | None = None,
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
        changes=config,
        provider=provider,
        api_key=api_key,
        tools=tools_of(tools),
        durability=settings.durability,
        prices=settings.price_overrides(),
    )
    try:
        return _checked(_result(*await run_session(setup)))
    except (ProviderError, LogError) as error:
        raise RLMError(str(error)) from None


def _result(session: str, ended: Ended) -> Result:
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


def _wait(start: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine to its end, in a thread of its own where an event loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(start())
    outcome: list[Result | BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(start()))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=work, name="rlm-completion")
    thread.start()
    thread.join()
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _checked(result: Result) -> Result:
    if result.status in ("failed", "cancelled") or (result.status == "partial" and not result.answer):
        raise RLMError(result.error or f"the run ended as {result.status} without an answer", result)
    return result


def _unlike(kind: Any, value: Any) -> str | None:
    """What makes `value` no instance of the Pydantic model `kind`, beyond what its JSON schema can say."""
    try:
        kind.model_validate(value)
    except ValueError as error:
        said = [(one["loc"], one["msg"]) for one in error.errors()] if hasattr(error, "errors") else [((), str(error))]
        places = [f"{'.'.join(map(str, place))}: {what}" if place else what for place, what in said[:5]]
        return f"The answer is not accepted: {'; '.join(places)}"
    return None


def _both(kind: Any, validator: Callable[[Any], str | None] | None) -> Callable[[Any], str | None] | None:
    """A validator that asks the Pydantic model `kind` first, and then `validator`."""
    if kind is None:
        return validator
    return lambda value: _unlike(kind, value) or (validator(value) if validator is not None else None)


_ARGUMENTS = {"sub_model": "recursive_model", "max_cost": "max_cost_usd", "max_turns": "max_iterations"}


def _as_argument(said: str) -> str:
    """What is said about a setting of the command line, about the argument that it is here."""
    place, _, rest = said.partition(": ")
    if place != "command line":
        return said
    name, colon, what = rest.partition(":")
    return f"{_ARGUMENTS.get(name, name)}{colon}{what}"


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _schema(schema: Any) -> tuple[Any, dict[str, Any] | None]:
    """A Pydantic model (or ``None``) and the JSON schema that it or the user's own schema stands for."""
    from rlm_tui.engine.answers import check_schema

    if schema is None:
        return None, None
    if isinstance(schema, type) and hasattr(schema, "model_json_schema"):
        return schema, schema.model_json_schema()
    check_schema(schema)
    return None, dict(schema)
