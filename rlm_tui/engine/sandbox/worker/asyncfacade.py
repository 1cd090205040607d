"""A small, safe stand-in for ``asyncio``. The names exist because models write them; tasks run as `aio` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from rlm_tui.engine.sandbox.worker.aio import (
    CancelledError,
    Deferred,
    catch_up,
    expect,
    go_on,
    is_async,
    later,
    settle,
)


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
        expect(awaitables)
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
