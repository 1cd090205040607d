"""What counts as time of the run."""

from __future__ import annotations

from rlm_tui import events as ev
from rlm_tui.events import Entry, Event
from rlm_tui.projection.state import SessionState
from rlm_tui.projection.timeline import Timeline

BEGIN = 1_700_000_000.0


def after(*events: tuple[float, Event]) -> SessionState:
    """The state after these events, each with its second since the start."""
    timeline = Timeline()
    started = ev.SessionStarted(session="a", query="?", documents=(), config=ev.RunConfig(model="m"))
    whole = [(0.0, started), *events]
    timeline.append([Entry(n, BEGIN + at, event) for n, (at, event) in enumerate(whole, 1)])
    return timeline.head


HELD = ev.Paused(stop="before_exec", node="0", reason="you paused")
INJECTED = ev.Injected(node="0", text="look again")


def test_time_stands_while_the_operator_holds_the_run() -> None:
    assert after((2.0, HELD)).seconds == 2.0
    assert after((2.0, HELD), (22.0, INJECTED)).seconds == 2.0


def test_time_goes_on_from_where_it_stood() -> None:
    assert after((2.0, HELD), (62.0, ev.Resumed(verb="continue")), (65.0, INJECTED)).seconds == 5.0


def test_a_run_that_ends_while_it_is_held_took_no_longer() -> None:
    ended = ev.SessionEnded(status="cancelled", answer=None)
    assert after((2.0, HELD), (62.0, ended)).seconds == 2.0


def test_the_time_between_a_crash_while_held_and_the_resumption_counts_once() -> None:
    assert after((2.0, HELD), (22.0, INJECTED), (90.0, ev.SessionResumed()), (91.0, INJECTED)).seconds == 3.0
