"""Which parts of the documents a text holds, as events (engine contract §10)."""

from __future__ import annotations

import asyncio
from typing import Protocol

from rlm_tui.engine.journal import Journal
from rlm_tui.events import Span, TextSeen


class SpanFinder(Protocol):
    """Finds document text inside any text. Thread-safe."""

    def match(self, text: str) -> tuple[Span, ...]: ...


class Reading:
    """Notes what reached a model. Matching runs in a thread, beside the request that carries the text."""

    def __init__(self, finder: SpanFinder | None, journal: Journal) -> None:
        self._finder = finder
        self._journal = journal

    async def spans(self, text: str) -> tuple[Span, ...]:
        """The spans of the documents that `text` holds."""
        if self._finder is None or len(text) < 32:
            return ()
        return await asyncio.to_thread(self._finder.match, text)

    async def note(self, source: str, node: str, text: str) -> tuple[Span, ...]:
        """Log that `text` reached a model through `source` (a call or a child node)."""
        spans = await self.spans(text)
        if spans:
            await self._journal.write(TextSeen(source=source, node=node, spans=spans))
        return spans
