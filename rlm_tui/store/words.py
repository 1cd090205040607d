"""What searching asks of a database: an index of words that finds texts and puts the best first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rlm_tui.store.connection import Connection

Query = Callable[..., Sequence[tuple[Any, ...]]]
"""Runs a statement with values and returns its rows (`rlm_tui.store.reader.StoreReader.query`)."""

Passage = tuple[str, int, str, str | None, int | None]
"""Where a text stands: session, event, part, and the text's SHA-256 and length unless it is in the event itself."""


class WordIndex(Protocol):
    """An index over the passages. Words are folded as SQLite's ``unicode61`` does it, without accents.

    `terms` are words and phrases; one that ends in ``*`` stands for every word (or last word) that begins so.
    """

    def make(self, connection: Connection) -> None:
        """Make what is missing, and keep other programs from changing the index until the transaction ends."""
        ...

    def drop(self, connection: Connection) -> None:
        """Throw everything away."""
        ...

    def add(self, connection: Connection, passage: Passage, text: str) -> None:
        """Take in a text."""
        ...

    def forget(self, connection: Connection, session: str, text: Callable[[str | None], str]) -> None:
        """Take out what stands in `session`; `text` gives the text with a SHA-256, or the session's question."""
        ...

    def find(self, query: Query, terms: Sequence[str], session: str | None, limit: int) -> Sequence[Passage]:
        """The passages that have all of `terms`, the best first (BM25, as FTS5 counts it)."""
        ...

    def sessions(self, query: Query, terms: Sequence[str]) -> set[str]:
        """The sessions with such a passage."""
        ...
