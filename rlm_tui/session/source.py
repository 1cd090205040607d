"""Where a screen gets its session from: a live run and a saved one look the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from rlm_tui.document.document import Document
from rlm_tui.events import BlobRef, Entry

if TYPE_CHECKING:
    from rlm_tui.engine.control import Gate


class EventSource(Protocol):
    """A session's events and texts. Every method may be called from the screen's thread and returns at once."""

    session: str
    """The session's id; empty while a live one has not been created yet."""

    @property
    def gate(self) -> Gate | None:
        """The control of a live run; ``None`` for a saved session."""
        ...

    def drain(self) -> list[Entry]:
        """The committed entries that came since the last call, in order."""
        ...

    def text(self, ref: BlobRef) -> str:
        """A body by reference, from a cache where possible. Raises `KeyError`."""
        ...

    def keep(self, text: str) -> BlobRef:
        """Keep a text that the operator is about to cause an event with; nothing is written for a saved session."""
        ...

    @property
    def documents(self) -> Sequence[Document]:
        """The session's documents, in the order of their numbers in spans."""
        ...

    @property
    def failure(self) -> str | None:
        """One sentence, when the run could not start or broke down; nothing more will come then."""
        ...

    def close(self) -> None:
        """Stop a live run (it is saved up to here) and free what the source holds. Idempotent."""
        ...
