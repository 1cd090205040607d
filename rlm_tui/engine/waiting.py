"""Waiting that a cancellation can't cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(job: Coroutine[Any, Any, T]) -> T:
    """Await `job` to its end. If the waiter is cancelled meanwhile, that takes effect only afterwards.

    For what must not stay half done: an event that is committed must also be folded, a call that began must have its end.
    """
    task = asyncio.ensure_future(job)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                break
            # Also when the job is done already: the waiter can be cancelled between that and its next step.
            cancelled = error
        except Exception:
            break
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # Looked at: the cancellation matters more.
        raise cancelled
    return task.result()
