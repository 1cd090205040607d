"""Work that the operator can cut off alone: a call to a model, a child node."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class CutOff(Exception):
    """The operator cut this work off; what it was part of goes on."""


class Works:
    """What is under way, by name: a call's id or a node's. All of it belongs to one event loop."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._cut: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._tasks

    @property
    def calls(self) -> tuple[str, ...]:
        """The calls that are under way."""
        return tuple(name for name in self._tasks if ":" in name)

    async def guard(self, name: str, work: Coroutine[Any, Any, T]) -> T:
        """Await `work`. Raises `CutOff` when `cut` ended it; a cancellation of the waiter ends both, as always."""
        task = asyncio.ensure_future(work)
        self._tasks[name] = task
        try:
            return await task
        except asyncio.CancelledError:
            waiter = asyncio.current_task()
            if name in self._cut and waiter is not None and not waiter.cancelling():
                raise CutOff(name) from None
            raise
        finally:
            self._tasks.pop(name, None)
            self._cut.discard(name)

    def cut(self, name: str) -> bool:
        """End the work with this name; whether there was any."""
        task = self._tasks.get(name)
        if task is None:
            return False
        self._cut.add(name)
        return task.cancel()
