"""What the screen reckons with, without the screen."""

from __future__ import annotations

import pytest

from rlm_tui import events as ev
from rlm_tui.events import Entry, Event, RunConfig
from rlm_tui.tui.view import View

STARTED = ev.SessionStarted(
    session="s", query="q", documents=(), config=RunConfig(model="m"), context_kind="str", version="1"
)
STOP = ev.Paused(stop="before_exec", reason="step", node="0")


def entries(*events: tuple[float, Event]) -> list[Entry]:
    return [Entry(seq, at, event) for seq, (at, event) in enumerate(events, 1)]


@pytest.mark.parametrize(
    ("between", "worked"),
    [
        ([], 60.0),
        ([(10.0, STOP), (25.0, ev.Resumed(verb="continue"))], 45.0),
        ([(10.0, ev.SessionEnded(status="completed", answer="a")), (40.0, ev.SessionAsked(query="more"))], 30.0),
        ([(10.0, ev.PauseRequested()), (40.0, ev.SessionResumed(version="1"))], 30.0),
        ([(10.0, STOP), (40.0, ev.SessionResumed(version="1"))], 30.0),
        (
            [
                (10.0, ev.SessionEnded(status="cancelled")),
                (20.0, ev.SessionResumed(version="1")),
                (30.0, STOP),
                (35.0, ev.Resumed(verb="continue")),
            ],
            45.0,
        ),
    ],
    ids=["no stop", "held", "asked again", "crashed", "crashed while held", "cancelled, then held"],
)
def test_the_time_that_was_worked_is_the_time_that_the_budget_counts(
    between: list[tuple[float, Event]], worked: float
) -> None:
    view = View(lambda: 60.0)
    view.take(entries((0.0, STARTED), *between, (60.0, ev.PauseRequested())))
    assert view.worked(60.0) == worked == view.head.seconds
