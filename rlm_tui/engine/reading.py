"""Which parts of the documents a text holds, as events (engine contract §10)."""

from __future__ import annotations

import asyncio
from typing import Protocol

from rlm_tui.events import Span, TextSeen

SHORT = 2_000
"""Characters of a text up to which looking for it takes less than handing it to a thread."""


class SpanFinder(Protocol):
    """Finds document text inside any text. Thread-safe. `complete` says that nothing has to be indexed first."""

    @property
    def complete(self) -> bool: ...

    def match(self, text: str) -> tuple[Span, ...]: ...


class Reading:
    """Finds what reached a model. Matching a long text runs in a thread, beside the request that carries it."""

    def __init__(self, finder: SpanFinder | None) -> None:
        self._finder = finder

    async def spans(self, text: str) -> tuple[Span, ...]:
        """The spans of the documents that `text` holds."""
        if self._finder is None or len(text) < 32:
            return ()
        if len(text) <= SHORT and self._finder.complete:
            return self._finder.match(text)
        return await asyncio.to_thread(self._finder.match, text)

    async def seen(self, source: str, node: str, text: str) -> tuple[TextSeen, ...]:
        """The event that says which spans `text` carried to a model through `source`; none if it held none."""
        spans = await self.spans(text)
        return (TextSeen(source=source, node=node, spans=spans),) if spans else ()
