"""A session about these documents was cut off: go on with it, or start anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from rlm_tui.document.visible import visible
from rlm_tui.store.row import SessionRow
from rlm_tui.tui.figures import plural, price
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.shelf import when

RESUME, NEW, GIVE_UP = "resume", "new", "give up"


class OfferResume(Dialog[str]):
    """Answers `RESUME`, `NEW` or `GIVE_UP`. `rows` are the sessions that were cut off, the newest first; that one is meant."""

    HEADING = "A session about this was interrupted"
    KEYS = "r resume it   n start new   x give it up, start new"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", f"answer('{RESUME}')", show=False),
        Binding("n,escape", f"answer('{NEW}')", show=False),
        Binding("x", f"answer('{GIVE_UP}')", show=False),
    ]

    def __init__(self, rows: Sequence[SessionRow], now: float, dot: str = "·") -> None:
        super().__init__()
        self._rows, self._now, self._dot = rows, now, dot

    def body(self) -> ComposeResult:
        row = self._rows[0]
        yield plain(visible(" ".join(row.query.split()))[:300], classes="strong")
        done = [row.id[:8], when(row.updated, self._now), plural(row.turns, "turn"), plural(row.calls, "call")]
        yield plain(f" {self._dot} ".join([*done, price(row.usage), visible(row.model)]), classes="quiet")
        yield plain("")
        yield plain(
            "What was answered is not asked again. A call that was under way is, and may have been billed before. "
            "A session that is given up is not offered again."
        )
        if len(self._rows) > 1:
            more = plural(len(self._rows) - 1, "older one")
            yield plain(f"Also cut off, {more}: rlm-tui sessions status:interrupted", classes="quiet")

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)
