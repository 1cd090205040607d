"""Stand-ins for ``concurrent.futures`` and ``threading``: what is started runs in this one thread, one after another.

Requests to models are the exception: a pool that maps ``llm_query`` over prompts sends them as one batch.
"""

from __future__ import annotations

import types
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rlm_tui.engine.sandbox.worker.aio import CancelledError, Deferred
from rlm_tui.engine.sandbox.worker.asyncfacade import COMPLETED, Event, Idle, wait

_Done = namedtuple("_Done", "done not_done")
_Done.__name__ = _Done.__qualname__ = "DoneAndNotDoneFutures"


class Pool:
    """``ThreadPoolExecutor``: runs what it is given when a result is asked for, and all of it when the pool ends."""

    def __init__(self, max_workers: int | None = None, *args: Any, **kwargs: Any) -> None:
        self._submitted: list[Deferred] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.shutdown()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        submitted, self._submitted = self._submitted, []
        for task in submitted:
            if cancel_futures:
                task.cancel()
            elif not task.done():
                task.exception()

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Deferred:
        task = Deferred(lambda: function(*args, **kwargs))
        self._submitted.append(task)
        return task

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


def _all_done(futures: Iterable[Any], *args: Any, **options: Any) -> Any:
    return _Done(*wait(futures))


def futures_members() -> dict[str, Any]:
    """The names of the ``concurrent.futures`` facade."""
    return {
        "ThreadPoolExecutor": Pool,
        "ProcessPoolExecutor": Pool,
        "Executor": Pool,
        "as_completed": lambda futures, timeout=None: iter(list(futures)),
        "wait": _all_done,
        "Future": Deferred,
        "TimeoutError": TimeoutError,
        "CancelledError": CancelledError,
        **COMPLETED,
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
        self.name = name or "Thread"
        self.daemon = True
        self.ident = 1
        self._work = (target, tuple(args), dict(kwargs or {}))

    def run(self) -> None:
        target, args, kwargs = self._work
        if target is not None:
            target(*args, **kwargs)

    def start(self) -> None:
        self.run()

    def join(self, timeout: float | None = None) -> None: ...

    def is_alive(self) -> bool:
        return False

    def setDaemon(self, daemon: bool) -> None: ...


def threading_members() -> dict[str, Any]:
    """The names of the ``threading`` facade."""
    main = Thread(name="MainThread")
    return {
        "Thread": Thread,
        **dict.fromkeys(("Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition", "Barrier"), Idle),
        "Event": Event,
        "local": types.SimpleNamespace,
        "current_thread": lambda: main,
        "main_thread": lambda: main,
        "active_count": lambda: 1,
        "enumerate": lambda: [main],
        "get_ident": lambda: 1,
    }
