"""A shelf of made-up sessions for tests of the browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rlm_tui.projection.conditions import parse
from rlm_tui.store.row import SessionRow
from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.screens.browser import Browser
from rlm_tui.tui.shelf import Shelf
from tests.support.sessions import HandMade, Script

NOW = 1_700_050_000.0

ROWS = (
    SessionRow(
        id="7f3a00aa",
        created=NOW - 3000,
        updated=NOW - 2900,
        ended=NOW - 2900,
        query="When does Pierre first meet Natasha?",
        documents=(("war_and_peace.txt", 3_200_000),),
        model="gpt-5",
        sub_model="gpt-5-mini",
        status="completed",
        answer="Vol 1, Pt 1, ch 7",
        calls=14,
        input=182_000,
        cached=110_000,
        output=9_400,
        cost=0.214,
        turns=4,
        depth=2,
        errors=1,
    ),
    SessionRow(
        id="7f3b00aa",
        created=NOW - 2000,
        updated=NOW - 1900,
        ended=NOW - 1900,
        query="When does Pierre first meet Natasha?",
        documents=(("war_and_peace.txt", 3_200_000),),
        model="gpt-5",
        sub_model="haiku-4.5",
        status="completed",
        origin="fork",
        parent="7f3a00aa",
        parent_seq=61,
        answer="Chapter 7",
        calls=13,
        input=170_000,
        output=4_000,
        cost=0.092,
    ),
    SessionRow(
        id="6e1000aa",
        created=NOW - 90_000,
        updated=NOW - 89_000,
        query="Which bills mention [water] rights?\x1b[31m",
        documents=(("bills_2024.jsonl", 100_000), ("more.jsonl", 300)),
        model="gpt-5-mini",
        status="partial",
        limit="usd",
        calls=44,
        input=600_000,
        output=2_000,
        cost=0.301,
        tags=("water",),
        note="ran out of money",
        score=3,
    ),
    SessionRow(
        id="6d7700aa",
        created=NOW - 900_000,
        updated=NOW - 899_000,
        query="first error before the outage",
        documents=(("app.log.gz", 1_000_000),),
        model="qwen3-32b",
        status="failed",
        error="The server can't be reached; start it and try again.",
        calls=9,
        input=88_000,
        output=2_000,
        unpriced=9,
    ),
)


class MadeUpShelf:
    """Filters by the model's name only: what a condition means is the store's business."""

    place = "~/.local/share/rlm-tui/sessions.db"

    def __init__(self, rows: Sequence[SessionRow] = ROWS, scripts: Mapping[str, Script] | None = None) -> None:
        self.kept = list(rows)
        self.scripts = scripts or {}
        self.opened: list[HandMade] = []

    def rows(self, condition: str) -> Sequence[SessionRow]:
        if condition:
            parse(condition)
        return [row for row in self.kept if not condition or row.model in condition]

    def delete(self, session: str) -> None:
        self.kept = [row for row in self.kept if row.id != session]

    def open(self, session: str) -> HandMade:
        if session not in self.scripts:
            raise ValueError(f"There is no session {session}.")
        source = self.scripts[session].source([], live=False)
        self.opened.append(source)
        return source


class BrowserApp(WorkbenchApp):
    """The program as it begins with the list of sessions."""

    def __init__(self, shelf: Shelf, *, clock: Callable[[], float] = lambda: NOW, **options: Any) -> None:
        super().__init__(Options(shelf=shelf, home="sessions", clock=clock, ticking=False, **options))

    @property
    def browser(self) -> Browser:
        return next(screen for screen in self.screen_stack if isinstance(screen, Browser))
