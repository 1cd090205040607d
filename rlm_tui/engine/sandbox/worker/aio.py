"""A small, safe stand-in for ``asyncio``.

The worker has one thread and the REPL's helpers are synchronous, so coroutines are functions that run when they are
awaited, one after another; the names exist because models write them.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
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


class Idle:
    """A lock, semaphore, condition or time limit that does nothing: there is one thread, and the cell has its own clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __enter__(self) -> Idle:
        return self

    def __exit__(self, *exc: Any) -> None: ...

    def acquire(self, *args: Any, **kwargs: Any) -> bool:
        return True

    def release(self, *args: Any) -> None: ...

    def locked(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return True

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        return predicate()

    def notify(self, n: int = 1) -> None: ...

    def notify_all(self) -> None: ...


class Event:
    """A flag; waiting for it lets other tasks run."""

    def __init__(self) -> None:
        self._flag = False

    def set(self) -> None:
        self._flag = True

    def clear(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        return self._flag

    def wait(self, timeout: float | None = None) -> bool:
        while not self._flag and go_on():
            pass
        return self._flag


class QueueEmpty(Exception):
    """``asyncio.QueueEmpty``."""


class Queue:
    """``asyncio.Queue``, without an end: whoever waits for an item lets the tasks run that may bring one."""

    def __init__(self, maxsize: int = 0) -> None:
        self.maxsize = maxsize
        self._items: list[Any] = []
        self._tasks = 0

    def _take(self) -> Any:
        return self._items.pop(0)

    def put_nowait(self, item: Any) -> None:
        self._items.append(item)

    put = put_nowait

    def get_nowait(self) -> Any:
        if not self._items:
            raise QueueEmpty
        return self._take()

    def get(self) -> Any:
        while not self._items and go_on():
            pass
        if not self._items:
            raise CancelledError("the queue is empty, and no other task is left that could fill it")
        return self._take()

    def task_done(self) -> None: ...

    def join(self) -> Deferred:
        return Deferred(catch_up)

    def empty(self) -> bool:
        return not self._items

    def full(self) -> bool:
        return False

    def qsize(self) -> int:
        return len(self._items)


class LifoQueue(Queue):
    """``asyncio.LifoQueue``."""

    def _take(self) -> Any:
        return self._items.pop()


class PriorityQueue(Queue):
    """``asyncio.PriorityQueue``."""

    def _take(self) -> Any:
        item = min(self._items)
        self._items.remove(item)
        return item


def _gather(*awaitables: Any, return_exceptions: bool = False) -> Deferred:
    def run() -> list[Any]:
        _waiting.extend(one for one in awaitables if type(one) is Deferred)
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


def wait(awaitables: Iterable[Any]) -> tuple[set[Any], set[Any]]:
    """What ``asyncio.wait`` gives: everything is done."""
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
        task = coroutine if type(coroutine) is Deferred else later(lambda: coroutine)
        self._tasks.append(task)
        return task

    def __aenter__(self) -> TaskGroup:
        return self

    def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            for task in self._tasks:
                task.result()


class Runner(Idle):
    """``asyncio.Runner``."""

    def run(self, awaitable: Any, **options: Any) -> Any:
        return settle(awaitable)

    def get_loop(self) -> Any:
        return Loop()

    def close(self) -> None: ...


class Loop:
    """What ``asyncio.get_event_loop()`` gives."""

    def run_until_complete(self, awaitable: Any) -> Any:
        return settle(awaitable)

    def create_task(self, awaitable: Any, **options: Any) -> Any:
        return later(lambda: awaitable)

    def time(self) -> float:
        return monotonic()

    def is_closed(self) -> bool:
        return False

    def stop(self) -> None: ...

    def set_debug(self, on: bool) -> None: ...

    def run_in_executor(self, executor: Any, function: Callable[..., Any], *args: Any) -> Deferred:
        return Deferred(lambda: function(*args))

    def is_running(self) -> bool:
        return False

    def close(self) -> None: ...


COMPLETED = {name: name for name in ("ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION")}
"""What ``return_when`` may be."""


def asyncio_members(sleep: Callable[[float], None]) -> dict[str, Any]:
    """The names of the ``asyncio`` facade."""
    loop = Loop()

    def as_done(awaitable: Any, *args: Any, **options: Any) -> Any:
        return awaitable

    def pause(seconds: float = 0, result: Any = None) -> Deferred:
        def run() -> Any:
            catch_up()
            sleep(seconds)
            return result

        return Deferred(run)

    return {
        "run": lambda awaitable, **options: settle(awaitable),
        "gather": _gather,
        "create_task": loop.create_task,
        "ensure_future": loop.create_task,
        "wait_for": as_done,
        "shield": as_done,
        "wait": lambda awaitables, **options: Deferred(lambda: wait(awaitables)),
        "as_completed": lambda awaitables, **options: iter(list(awaitables)),
        "sleep": pause,
        "to_thread": lambda function, *a, **k: Deferred(lambda: function(*a, **k)),
        "get_event_loop": lambda: loop,
        "get_running_loop": lambda: loop,
        "new_event_loop": lambda: loop,
        "set_event_loop": lambda loop: None,
        "iscoroutine": lambda value: type(value) is Deferred,
        "iscoroutinefunction": is_async,
        "isfuture": lambda value: type(value) is Deferred,
        "current_task": lambda: None,
        "timeout": Idle,
        "Semaphore": Idle,
        "BoundedSemaphore": Idle,
        "Lock": Idle,
        "Event": Event,
        "Condition": Idle,
        "Queue": Queue,
        "LifoQueue": LifoQueue,
        "PriorityQueue": PriorityQueue,
        "QueueEmpty": QueueEmpty,
        "QueueFull": QueueEmpty,
        "InvalidStateError": CancelledError,
        "timeout_at": Idle,
        **COMPLETED,
        "TaskGroup": TaskGroup,
        "Runner": Runner,
        "Barrier": Idle,
        "all_tasks": lambda *loop: set(),
        "TimeoutError": TimeoutError,
        "CancelledError": CancelledError,
        "Future": Deferred,
        "Task": Deferred,
    }
