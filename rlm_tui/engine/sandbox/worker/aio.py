"""A small, safe stand-in for ``asyncio``, ``concurrent.futures`` and ``threading``.

The worker has one thread and the REPL's helpers are synchronous, so coroutines are functions that run when they are
awaited, one after another; the names exist because models write them. Requests to models are the exception: a pool that
maps ``llm_query`` over prompts sends them as one batch.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_UNSET = object()


class CancelledError(Exception):
    """Never raised here; named so that it can be caught."""


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

    def cancel(self) -> bool:
        return False

    def cancelled(self) -> bool:
        return False

    def running(self) -> bool:
        return False

    def add_done_callback(self, callback: Callable[[Any], Any]) -> None:
        self.exception()
        callback(self)

    def __repr__(self) -> str:
        return "<coroutine, done>" if self._run is None else "<coroutine, not awaited yet>"


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


class Idle:
    """A lock, semaphore, event or time limit that does nothing: there is one thread, and the cell has its own clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __enter__(self) -> Idle:
        return self

    def __exit__(self, *exc: Any) -> None: ...

    def acquire(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def release(self) -> None: ...

    def locked(self) -> bool:
        return False

    def set(self) -> None: ...

    def wait(self, timeout: float | None = None) -> bool:
        return True

    def is_set(self) -> bool:
        return True


def _gather(*awaitables: Any, return_exceptions: bool = False) -> Deferred:
    def run() -> list[Any]:
        out: list[Any] = []
        for one in awaitables:
            try:
                out.append(settle(one))
            except Exception as error:
                if not return_exceptions:
                    raise
                out.append(error)
        return out

    return Deferred(run)


def _wait(awaitables: Iterable[Any], **options: Any) -> Any:
    tasks = list(awaitables)
    for one in tasks:
        if type(one) is Deferred:
            one.exception()
    return set(tasks), set()


class TaskGroup:
    """``asyncio.TaskGroup``: tasks run when the block ends."""

    def __init__(self) -> None:
        self._tasks: list[Deferred] = []

    def create_task(self, coroutine: Any, **options: Any) -> Any:
        task = coroutine if type(coroutine) is Deferred else Deferred(lambda: coroutine)
        self._tasks.append(task)
        return task

    def __aenter__(self) -> TaskGroup:
        return self

    def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            for task in self._tasks:
                task.result()


class Loop:
    """What ``asyncio.get_event_loop()`` gives."""

    def run_until_complete(self, awaitable: Any) -> Any:
        return settle(awaitable)

    def create_task(self, awaitable: Any, **options: Any) -> Any:
        return awaitable if type(awaitable) is Deferred else Deferred(lambda: awaitable)

    def run_in_executor(self, executor: Any, function: Callable[..., Any], *args: Any) -> Deferred:
        return Deferred(lambda: function(*args))

    def is_running(self) -> bool:
        return False

    def close(self) -> None: ...


def _after(first: Callable[[], None], value: Any) -> Any:
    first()
    return value


def asyncio_members(sleep: Callable[[float], None]) -> dict[str, Any]:
    """The names of the ``asyncio`` facade."""
    loop = Loop()

    def as_done(awaitable: Any, *args: Any, **options: Any) -> Any:
        return awaitable

    def pause(seconds: float = 0, result: Any = None) -> Deferred:
        return Deferred(lambda: _after(lambda: sleep(seconds), result))

    return {
        "run": lambda awaitable, **options: settle(awaitable),
        "gather": _gather,
        "create_task": loop.create_task,
        "ensure_future": loop.create_task,
        "wait_for": as_done,
        "shield": as_done,
        "wait": lambda awaitables, **options: Deferred(lambda: _wait(awaitables)),
        "as_completed": lambda awaitables, **options: iter(list(awaitables)),
        "sleep": pause,
        "to_thread": lambda function, *a, **k: Deferred(lambda: function(*a, **k)),
        "get_event_loop": lambda: loop,
        "get_running_loop": lambda: loop,
        "new_event_loop": lambda: loop,
        "set_event_loop": lambda loop: None,
        "iscoroutine": lambda value: type(value) is Deferred,
        "iscoroutinefunction": lambda value: False,
        "timeout": Idle,
        "Semaphore": Idle,
        "BoundedSemaphore": Idle,
        "Lock": Idle,
        "Event": Idle,
        "TaskGroup": TaskGroup,
        "TimeoutError": TimeoutError,
        "CancelledError": CancelledError,
        "Future": Deferred,
        "Task": Deferred,
    }


class Pool:
    """``ThreadPoolExecutor``: runs what it is given one after another; prompts of ``llm_query`` go as one batch."""

    def __init__(self, max_workers: int | None = None, *args: Any, **kwargs: Any) -> None: ...

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: Any) -> None: ...

    def shutdown(self, wait: bool = True, **options: Any) -> None: ...

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Deferred:
        return Deferred(lambda: function(*args, **kwargs))

    def map(self, function: Callable[..., Any], *sources: Iterable[Any], **options: Any) -> Iterator[Any]:
        if len(sources) == 1:
            for single, batch in _batches:
                if function is single:
                    return _raising(batch(list(sources[0])))
        return iter([function(*items) for items in zip(*sources, strict=False)])


_batches: list[tuple[Any, Callable[[list[Any]], list[Any]]]] = []


def batch_with(single: Callable[..., Any], batch: Callable[[list[Any]], list[Any]]) -> None:
    """Let pools send a map of `single` as one call of `batch`."""
    _batches.append((single, batch))


def _raising(results: list[Any]) -> Iterator[Any]:
    for result in results:
        if isinstance(result, Exception):
            raise result
        yield result


def futures_members() -> dict[str, Any]:
    """The names of the ``concurrent.futures`` facade."""
    return {
        "ThreadPoolExecutor": Pool,
        "as_completed": lambda futures, timeout=None: iter(list(futures)),
        "wait": lambda futures, **options: types.SimpleNamespace(done=set(_wait(futures)[0]), not_done=set()),
        "Future": Deferred,
        "TimeoutError": TimeoutError,
    }


class Thread:
    """``threading.Thread``: runs in `start`."""

    def __init__(
        self,
        group: Any = None,
        target: Any = None,
        name: Any = None,
        args: Any = (),
        kwargs: Any = None,
        **options: Any,
    ) -> None:
        self.name = name
        self.daemon = True
        self._work = (target, tuple(args), dict(kwargs or {}))

    def start(self) -> None:
        target, args, kwargs = self._work
        if target is not None:
            target(*args, **kwargs)

    def join(self, timeout: float | None = None) -> None: ...

    def is_alive(self) -> bool:
        return False


def threading_members() -> dict[str, Any]:
    """The names of the ``threading`` facade."""
    return {"Thread": Thread, "Lock": Idle, "RLock": Idle, "Semaphore": Idle, "Event": Idle}
