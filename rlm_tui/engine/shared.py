"""What the nodes of a session share, where each one stands, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlm_tui.engine.answers import Validator
from rlm_tui.engine.caller import Caller
from rlm_tui.engine.control import Gate
from rlm_tui.engine.journal import Journal
from rlm_tui.engine.ledger import Ledger
from rlm_tui.engine.reading import Reading
from rlm_tui.engine.record import Record
from rlm_tui.engine.sandbox.base import ReplFactory
from rlm_tui.engine.tools import Tool
from rlm_tui.events import RunConfig, SessionEnded, clean


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a node ended: as in `rlm_tui.events.NodeEnded`, with the answer as text and, if it is JSON, as a value."""

    status: str
    answer: str | None = None
    value: Any = None
    limit: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """What all nodes of a session have in common."""

    config: RunConfig
    journal: Journal
    ledger: Ledger
    caller: Caller
    gate: Gate
    repls: ReplFactory
    reading: Reading
    record: Record | None = None
    validator: Validator | None = None
    tools: Mapping[str, Tool] = field(default_factory=dict)
    name: str = ""
    """What the root's context is called, if it is one document: it helps to tell its format."""

    def session_ended(self, outcome: Outcome) -> SessionEnded:
        """The event of an end with `outcome`."""
        return SessionEnded(
            status=outcome.status,
            answer=self.journal.keep(outcome.answer) if outcome.answer is not None else None,
            limit=outcome.limit,
            error=clean(outcome.error) if outcome.error else None,
            usage=self.ledger.settled,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands in the tree, as in `rlm_tui.events.NodeStarted`."""

    id: str = "0"
    depth: int = 0
    parent: str | None = None
    cell: str | None = None
    ordinal: int | None = None
    batch: int | None = None
    model: str | None = None
    schema: Mapping[str, Any] | None = field(default=None, compare=False)
