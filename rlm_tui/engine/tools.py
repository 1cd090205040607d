"""Functions of the user's own that a model's code can call (engine contract §2).

They run here, in the host, with the user's rights; the REPL only has stubs that send their arguments as JSON. What
arrives is checked against the function's annotations before the function sees it, and what it returns must be JSON (a
dataclass, an enum, a date and the like become JSON).
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import functools
import inspect
import keyword
import threading
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from rlm_tui.engine.providers.redact import one_line, redact, secrets_of

ABOUT_CHARS = 1000
"""How much of a docstring the model reads."""

RESERVED = frozenset(
    [
        "context",
        "query",
        "answer",
        "llm_query",
        "llm_query_batched",
        "rlm_query",
        "rlm_query_batched",
        "recursive_llm",
        "budget",
        "FINAL",
        "FINAL_VAR",
        "SUBMIT",
        "SHOW_VARS",
        "SubcallError",
    ]
)
"""Names of the REPL that a tool can't take."""

_KINDS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class ToolFailed(Exception):
    """A tool gave no value. The message is one sentence for the model."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function with what the model is told about it: signature, then docstring."""

    name: str
    function: Callable[..., Any]
    signature: inspect.Signature
    types: Mapping[str, Any]
    about: str

    async def call(self, args: Sequence[Any], kwargs: Mapping[str, Any], seconds: float) -> Any:
        """Call the function with JSON values; gives a JSON value. Raises `ToolFailed`, also after `seconds`."""
        bound = self._bind(args, kwargs)
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                value = await self._value(bound)
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            if limit.expired():
                raise ToolFailed(f"{self.name} did not return within {seconds:g} seconds") from None
            if isinstance(error, asyncio.CancelledError) and (task := asyncio.current_task()) and task.cancelling():
                raise  # The run is cancelled; otherwise it is the function's own affair.
            said = one_line(redact(f"{type(error).__name__}: {error}", secrets_of()))
            raise ToolFailed(f"{self.name} raised {said}") from None
        try:
            return msgspec.json.decode(msgspec.json.encode(value))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ToolFailed(
                f"{self.name} returned a {type(value).__name__}, which is not JSON ({one_line(str(error))})"
            ) from None

    async def _value(self, bound: inspect.BoundArguments) -> Any:
        if inspect.iscoroutinefunction(self.function):
            value = self.function(*bound.args, **bound.kwargs)
        else:
            value = await _in_thread(lambda: self.function(*bound.args, **bound.kwargs))
        # A decorator may hide that a function is asynchronous.
        return await value if inspect.isawaitable(value) else value

    def _bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise ToolFailed(f"{self.name}(): {error}; it is {self.name}{self.signature}") from None
        for name, value in bound.arguments.items():
            kind, wanted = self.signature.parameters[name].kind, self.types.get(name, Any)
            if kind is inspect.Parameter.VAR_POSITIONAL:
                bound.arguments[name] = tuple(self._fit(name, item, wanted) for item in value)
            elif kind is inspect.Parameter.VAR_KEYWORD:
                bound.arguments[name] = {key: self._fit(key, item, wanted) for key, item in value.items()}
            else:
                bound.arguments[name] = self._fit(name, value, wanted)
        return bound

    def _fit(self, name: str, value: Any, wanted: Any) -> Any:
        try:
            return msgspec.convert(value, wanted)
        except msgspec.ValidationError as error:
            raise ToolFailed(f"{self.name}(): the argument {name} is wrong: {_said(error)}") from None


def tool_of(function: Callable[..., Any]) -> Tool:
    """A function as a tool. Raises `ValueError` with one sentence when it can't be one."""
    name = getattr(function, "__name__", "")
    if not callable(function) or not name:
        raise ValueError(f"a tool must be a function with a name, not {type(function).__name__}")
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise ValueError(f"a tool can't be called {name!r}: give it a plain name with `def`")
    if name in RESERVED or hasattr(builtins, name):
        raise ValueError(f"a tool can't be called {name!r}: the REPL has that name already; rename it")
    try:
        signature, types = inspect.signature(function), typing.get_type_hints(function)
    except (TypeError, ValueError, NameError) as error:
        raise ValueError(f"the signature of the tool {name} can't be read: {error}") from None
    for parameter, wanted in types.items():
        if parameter != "return" and not _comes_as_json(wanted):
            raise ValueError(
                f"the tool {name} wants {parameter} as {wanted!r}, which no JSON value can become; use str, int, float, bool, "
                "list, dict, dataclasses and the like"
            )
    lines = f"{name}{signature}"
    if about := inspect.cleandoc(function.__doc__ or "")[:ABOUT_CHARS].strip():
        lines += "\n" + about
    return Tool(name, function, signature, types, lines)


def tools_of(functions: Iterable[Callable[..., Any]]) -> dict[str, Tool]:
    """Tools by name. Raises `ValueError`, also for two of one name."""
    if callable(functions) or not isinstance(functions, Iterable):
        raise ValueError(f"tools should be a list of functions, as in tools=[look_up], not {type(functions).__name__}")
    found: dict[str, Tool] = {}
    for function in functions:
        tool = tool_of(function)
        if tool.name in found:
            raise ValueError(f"there are two tools called {tool.name}; rename one of them")
        found[tool.name] = tool
    return found


def find_function(place: str) -> Callable[..., Any]:
    """The function that ``module:function`` names. Raises `ValueError` with one sentence."""
    import importlib

    module_name, colon, name = place.partition(":")
    if not colon or not module_name or not name:
        raise ValueError(f"{place!r} should be like my_tools:look_up: a module and a function in it")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise ValueError(
            f"the module {module_name} can't be imported: {one_line(f'{type(error).__name__}: {error}')}"
        ) from None
    try:
        # A method is named with its object, as in my_tools:shop.price.
        function: Callable[..., Any] = functools.reduce(getattr, name.split("."), module)  # type: ignore[assignment]
    except AttributeError:
        raise ValueError(f"the module {module_name} has no function {name}") from None
    return function


def _comes_as_json(wanted: Any) -> bool:
    try:
        kind = msgspec.inspect.type_info(wanted)
    except (TypeError, ValueError, RecursionError):
        return False
    # The description of a type names the types inside it, at any depth; the one without rules is a custom type.
    return msgspec.inspect.CustomType.__name__ + "(" not in repr(kind)


def _said(error: msgspec.ValidationError) -> str:
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]


async def _in_thread(work: Callable[[], Any]) -> Any:
    """Run `work` in a thread that nobody waits for at the end of the program: one that hangs can't be stopped."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(value)
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            future.set_exception(error)
        else:
            future.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))

    def run() -> None:
        value, failure = None, None
        try:
            value = work()
        except BaseException as error:
            failure = error
        # The loop may be gone by the time a late tool returns.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, name="rlm-tool", daemon=True).start()
    return await future
