"""How often the screen is asked to change: counts, which no machine's mood changes."""

from __future__ import annotations

from rlm_tui import events as ev
from rlm_tui.projection.fold import Changed
from rlm_tui.tui.pump import CROWD, PATIENCE, Pump
from rlm_tui.tui.view import View
from tests.support.novel import novel
from tests.support.sessions import Clock, HandMade, Script


def opened() -> tuple[Script, HandMade, Pump, list[Changed]]:
    script = Script()
    document = novel(20)
    script.start([document], "why")
    source = script.source([document], live=True)
    view = View(Clock())
    view.source = source  # type: ignore[assignment]
    got: list[Changed] = []
    pump = Pump(view, got.append)
    pump.tick()
    got.clear()
    return script, source, pump, got


def more(script: Script, number: int) -> list[ev.Entry]:
    start = len(script.entries)
    for _ in range(number):
        script.add(ev.Injected(node="0", text="x"))
    return script.entries[start:]


def test_a_beat_with_a_few_events_is_one_delivery() -> None:
    script, source, pump, got = opened()
    for _ in range(5):
        source.feed(more(script, CROWD))
        pump.tick()
    assert len(got) == 5
    pump.tick()
    assert len(got) == 5


def test_a_thousand_events_in_ten_beats_are_four_deliveries_and_the_last_of_them_is_not_lost() -> None:
    script, source, pump, got = opened()
    for _ in range(10):
        source.feed(more(script, 100))
        pump.tick()
    assert len(got) <= 2 + 10 // PATIENCE
    before = len(got)
    pump.tick()
    assert pump._view.head.seq == len(script.entries)
    assert len(got) <= before + 1
    assert not pump._waiting


def test_one_crowd_alone_is_drawn_at_once() -> None:
    script, source, pump, got = opened()
    source.feed(more(script, 5000))
    pump.tick()
    assert len(got) == 1


def test_what_is_not_an_event_does_not_wait() -> None:
    script, source, pump, got = opened()
    for _ in range(2):
        source.feed(more(script, 100))
        pump.tick()
    before = len(got)
    pump.mark("selection")
    source.feed(more(script, 100))
    pump.tick()
    assert len(got) == before + 1 and "selection" in got[-1]
