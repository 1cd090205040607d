"""Asynchronous work from code that is not, whether or not an event loop runs already (as in a notebook)."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from rlm_tui.rlm.result import Result

PATIENCE = 15.0
"""Seconds that a cancelled run has for saving what is there."""

LOOK = 0.1
"""Seconds between two looks at whether the run is still wanted."""


def wait(start: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine to its end, in a thread of its own where an event loop is running already.

    ``ctrl+c``, and what a notebook does to interrupt a cell, cancels it there too.
    """
    if not _loop_is_running():
        return asyncio.run(start())
    outcome: list[Result | BaseException] = []
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = []
    unwanted, over = threading.Event(), threading.Event()

    async def main() -> Result:
        running.append((asyncio.get_running_loop(), asyncio.current_task()))
        if unwanted.is_set():
            raise asyncio.CancelledError
        return await start()

    def work() -> None:
        try:
            outcome.append(asyncio.run(main()))
        except BaseException as error:
            outcome.append(error)
        finally:
            over.set()

    threading.Thread(target=contextvars.copy_context().run, args=(work,), name="rlm-completion").start()
    # Where a callback of the loop asks, there is no task.
    caller = asyncio.current_task()
    before = caller.cancelling() if caller is not None else 0
    try:
        while not over.wait(LOOK):
            # `asyncio.run` answers the first ctrl+c with a cancellation, which can't come out before this returns.
            if caller is not None and caller.cancelling() > before:
                raise asyncio.CancelledError
    except BaseException:
        unwanted.set()
        for loop, task in running:
            if task is not None:
                with contextlib.suppress(RuntimeError):  # It may have ended meanwhile.
                    loop.call_soon_threadsafe(task.cancel)
        over.wait(PATIENCE)
        raise
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


async def heeding_cancellation(run: Coroutine[Any, Any, Result]) -> Result:
    """What `run` gives. Who cancels this hears of it as a cancellation, once the run has been saved.

    The engine makes a cancelled run one that ended so; but a timeout, a task group or ``ctrl+c`` must not be answered
    with a result.
    """
    task = asyncio.ensure_future(run)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # Looked at, it is not complained of.
        raise
    return task.result()


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
