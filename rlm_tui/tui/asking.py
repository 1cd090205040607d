"""A question that is asked from the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_tui.events import RunConfig

if TYPE_CHECKING:
    from rlm_tui.document.document import Document


@dataclass(frozen=True, slots=True)
class AskWish:
    """`question` about `documents`, under `config`; `paused` waits before the first cell.

    With `session`, the question goes to that session, which has ended: its REPL, with all variables, is brought back, and
    `config` gives the limits alone.
    """

    question: str
    documents: Sequence[Document]
    config: RunConfig
    session: str | None = None
    paused: bool = True
