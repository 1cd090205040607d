"""What ``async`` and ``await`` do in a cell.

The worker has one thread and the REPL's helpers are synchronous, so coroutines are functions that run when they are
awaited, one after another. `asyncfacade` has the names of ``asyncio``.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_UNSET = object()


class CancelledError(Exception):
    """What a cancelled task raises, and one that waits for something that nothing will bring."""


class Deferred:
    """A coroutine, task or future: runs once, when its result is first asked for."""

    __slots__ = ("_error", "_run", "_value")

    def __init__(self, run: Callable[[], Any]) -> None:
        self._run: Callable[[], Any] | None = run
        self._value: Any = _UNSET
        self._error: Exception | None = None

    def result(self, timeout: float | None = None) -> Any:
        """The value; raises what the code raised."""
        if self._run is not None:
            run, self._run = self._run, None
            try:
                self._value = settle(run())
            except Exception as error:
                self._error = error
        if self._error is not None:
            raise self._error
        if self._value is _UNSET:
            raise RuntimeError("a coroutine awaited itself")
        return self._value

    def exception(self, timeout: float | None = None) -> Exception | None:
        try:
            self.result()
        except Exception as error:
            return error
        return None

    def done(self) -> bool:
        return self._run is None

    def cancel(self, *message: Any) -> bool:
        if self._run is None:
            return False
        self._run = None
        self._error = CancelledError()
        return True

    def cancelled(self) -> bool:
        return type(self._error) is CancelledError

    def get_name(self) -> str:
        return "task"

    def running(self) -> bool:
        return False

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        self.exception()
        callback(self)

    def __repr__(self) -> str:
        return "<coroutine, done>" if self._run is None else "<coroutine, not awaited yet>"


_waiting: list[Deferred] = []
"""Tasks that were made and may not have run: what runs them is a task that waits, or a pool that ends."""


def forget() -> None:
    """Drop the tasks of an earlier cell that nobody waited for."""
    _waiting.clear()
    _catching_up.clear()


def later(run: Callable[[], Any]) -> Deferred:
    """A task that runs when it is asked for, or when another one waits."""
    task = Deferred(run)
    _waiting.append(task)
    return task


def expect(awaitables: Iterable[Any]) -> None:
    """Let those of `awaitables` run that have not, when a task waits."""
    _waiting.extend(one for one in awaitables if type(one) is Deferred)


def go_on() -> bool:
    """Run one waiting task, if there is one."""
    while _waiting:
        task = _waiting.pop(0)
        if not task.done():
            task.exception()
            return True
    return False


_catching_up: list[bool] = []


def catch_up() -> None:
    """Run the tasks that wait; a task that waits meanwhile starts no others, or a thousand of them would nest."""
    if _catching_up:
        return
    _catching_up.append(True)
    try:
        while go_on():
            pass
    finally:
        _catching_up.clear()


def settle(value: Any) -> Any:
    """What ``await value`` gives: a `Deferred`'s result; other values are themselves."""
    while type(value) is Deferred:
        value = value.result()
    return value


def defer(function: Callable[..., Any]) -> Callable[..., Any]:
    """The decorator of every ``async def``."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if function.__code__.co_flags & 0x20:  # an asynchronous generator: iterated by `async for`
            return function(*args, **kwargs)
        return Deferred(lambda: function(*args, **kwargs))

    call.__dict__.pop("__wrapped__", None)
    return call


_CALL = defer(lambda: None).__code__


def is_async(function: Any) -> bool:
    """Whether `function` came from an ``async def`` of the REPL."""
    return type(function) is types.FunctionType and function.__code__ is _CALL


def iterate(source: Any) -> Iterator[Any]:
    """What ``async for`` goes through."""
    kind = type(source)
    if hasattr(kind, "__aiter__"):
        return _async_items(kind.__aiter__(source))
    return iter(source)


def _async_items(source: Any) -> Iterator[Any]:
    step = type(source).__anext__
    while True:
        try:
            item = settle(step(source))
        except StopAsyncIteration:
            return
        yield item


def advance(iterator: Any, *default: Any) -> Deferred:
    """What ``anext(iterator)`` gives: something to await."""

    def run() -> Any:
        step = getattr(type(iterator), "__anext__", None)
        try:
            return settle(step(iterator)) if step is not None else next(iterator)
        except (StopIteration, StopAsyncIteration):
            if default:
                return default[0]
            raise StopAsyncIteration from None

    return Deferred(run)


class _AsyncContext:
    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def __enter__(self) -> Any:
        return settle(type(self._manager).__aenter__(self._manager))

    def __exit__(self, *exc: Any) -> Any:
        return settle(type(self._manager).__aexit__(self._manager, exc[0], exc[1], None))


def enter(manager: Any) -> Any:
    """What ``async with`` enters."""
    return _AsyncContext(manager) if hasattr(type(manager), "__aenter__") else manager
