"""Seeking: the state at any moment is what folding the events up to there gives."""

from rlm_tui import events as ev
from rlm_tui.events import BlobRef, Entry, RunConfig, Span, Usage
from rlm_tui.projection.fold import EVERYTHING, apply, fold
from rlm_tui.projection.state import SessionState
from rlm_tui.projection.timeline import CHECKPOINT_EVERY, Timeline


def history(calls: int) -> list[Entry]:
    """A session whose one cell makes `calls` sub-calls."""
    blob = BlobRef.of("text")
    document = ev.DocumentRef("doc", BlobRef("ab", 100_000), 10)
    events: list[ev.Event] = [
        ev.SessionStarted(session="s", query="q", documents=(document,), config=RunConfig(model="m")),
        ev.NodeStarted(node="0", depth=0, model="m", query="q", context_kind="str", context_chars=9),
        ev.CallReserved(
            call="0:t1",
            node="0",
            purpose="turn",
            model="m",
            messages=(),
            max_output_tokens=9,
            estimate=Usage(calls=1, cost=1.0),
            turn=1,
        ),
        ev.CallFinished(call="0:t1", reply=blob, usage=Usage(calls=1, input=10, cost=0.5)),
        ev.CellProposed(cell="0:c1", node="0", turn=1, code=blob),
        ev.CellStarted(cell="0:c1"),
    ]
    for i in range(1, calls + 1):
        call = f"0:c1.{i}"
        events += [
            ev.CallReserved(
                call=call,
                node="0",
                purpose="leaf",
                model="sub",
                messages=(),
                max_output_tokens=9,
                estimate=Usage(calls=1),
                cell="0:c1",
                ordinal=i,
            ),
            ev.TextSeen(source=call, node="0", spans=(Span(0, i * 10, i * 10 + 10),)),
            ev.CallFinished(call=call, reply=blob, usage=Usage(calls=1, input=1, cost=0.001)),
        ]
    events.append(ev.CellFinished(cell="0:c1", status="ok", output=blob, touched=(Span(0, 0, 50),)))
    return [Entry(n, float(n), event) for n, event in enumerate(events, start=1)]


def same(a: SessionState, b: SessionState) -> bool:
    skip = {"coverage"}
    fields = [f for f in SessionState.__dataclass_fields__ if f not in skip]
    return all(getattr(a, f) == getattr(b, f) for f in fields) and a.coverage.read_spans(0) == b.coverage.read_spans(0)


def test_a_seek_gives_the_state_of_that_moment_whatever_was_looked_at_before() -> None:
    entries = history(600)
    timeline = Timeline()
    timeline.append(entries)
    assert len(entries) > 3 * CHECKPOINT_EVERY
    for seq in (1, 5, CHECKPOINT_EVERY - 1, CHECKPOINT_EVERY, CHECKPOINT_EVERY + 1, 1777, 3, len(entries) - 1):
        assert timeline.seek(seq) == EVERYTHING
        assert timeline.state.seq == seq and not timeline.live
        assert same(timeline.state, fold(entries[:seq]))
    timeline.seek(len(entries))
    assert timeline.live and same(timeline.state, fold(entries))


def test_before_everything_there_is_nothing() -> None:
    timeline = Timeline()
    timeline.append(history(3))
    timeline.seek(0)
    assert timeline.state.status == "empty" and not timeline.state.nodes


def test_the_past_stays_while_the_head_moves_on() -> None:
    entries = history(10)
    timeline = Timeline()
    timeline.append(entries[:20])
    timeline.seek(7)
    assert timeline.append(entries[20:]) == frozenset()
    assert timeline.state.seq == 7 and timeline.head.seq == len(entries)


def test_entries_that_came_before_are_ignored() -> None:
    entries = history(2)
    timeline = Timeline()
    timeline.append(entries)
    assert timeline.append(entries) == frozenset()
    assert timeline.head.spent.calls == 3


def test_find_looks_both_ways() -> None:
    timeline = Timeline()
    timeline.append(history(5))
    assert timeline.find(lambda e: isinstance(e.event, ev.CallFinished), after=0) == 4
    assert timeline.find(lambda e: isinstance(e.event, ev.CallFinished), after=4) == 9
    assert timeline.find(lambda e: isinstance(e.event, ev.CallFinished), after=9, backwards=True) == 4
    assert timeline.find(lambda e: isinstance(e.event, ev.SessionEnded), after=0) is None


def test_sums_agree_in_every_direction() -> None:
    state = fold(history(50))
    assert state.spent == state.totals["0"]
    assert sum((u for u in state.by_model.values()), Usage()).calls == state.spent.calls == 51
    assert state.totals["0:t1"].calls == 51 and state.by_purpose["leaf"].calls == 50
    assert state.reserved == Usage() and not state.open_calls


def test_a_damaged_log_still_shows_what_it_can() -> None:
    state = SessionState()
    for entry in history(3)[2:]:
        apply(state, entry)
    assert state.spent.calls == 4


def test_a_copy_is_independent() -> None:
    state = fold(history(3))
    copy = state.copy()
    apply(copy, Entry(99, 99.0, ev.Injected(node="0", text="x")))
    apply(copy, Entry(100, 100.0, ev.TextSeen(source="y", node="0", spans=(Span(0, 5000, 6000),))))
    assert not state.notes and copy.notes
    assert state.coverage.read_chars() < copy.coverage.read_chars()
