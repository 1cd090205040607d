"""Time travel: the same keys and the same panes in a replay, and in the past of a live run."""

from __future__ import annotations

from rlm_tui import events as ev
from rlm_tui.tui.player import SPEEDS
from rlm_tui.tui.status import pill
from tests.support.novel import build
from tests.support.screen import app_at, gate_of, press, screen_text, settle, source_of


async def test_a_replay_opens_at_its_end_and_steps_both_ways() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        view = app.view
        last = view.head.seq
        assert view.live and pill(view).name == "REPLAY DONE"
        await press(pilot, "N")
        event = view.timeline.entries[view.state.seq - 1].event
        assert isinstance(event, ev.CellProposed) and event.turn == 5
        await press(pilot, "N")
        event = view.timeline.entries[view.state.seq - 1].event
        assert isinstance(event, ev.CellProposed) and event.turn == 4
        assert "unexecuted" in screen_text(app)
        await press(pilot, "n")
        assert view.timeline.entries[view.state.seq - 1].event.turn == 5  # type: ignore[attr-defined]
        await press(pilot, "left", "left", "right")
        assert pill(view).name == "REPLAY"
        await press(pilot, "home")
        assert view.state.seq == 0
        assert "Before the first event." in screen_text(app)
        await press(pilot, "s")
        assert view.state.seq == 1
        await press(pilot, "end")
        assert view.state.seq == last


async def test_stepping_forwards_to_the_end_shows_what_the_head_shows() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "N", "end")
        before = [line[:88] for line in screen_text(app).split("\n")[1:]]
        await press(pilot, "home")
        for _ in range(app.view.head.seq):
            await pilot.press("right")
        await settle(pilot)
        assert app.view.live
        assert [line[:88] for line in screen_text(app).split("\n")[1:]] == before


async def test_the_past_of_a_live_run_stays_while_events_come_in() -> None:
    script, _document, marks = build()
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "N")
        seq = app.view.state.seq
        assert pill(app.view).name == "HISTORY"
        shown = screen_text(app).split("\n")[5:20]
        source_of(app).feed(script.entries[marks["held"] : marks["held"] + 3])
        await settle(pilot)
        assert app.view.state.seq == seq
        assert screen_text(app).split("\n")[5:20] == shown
        await press(pilot, "n")  # In the past this moves the cursor; the run is not touched.
        assert gate_of(app).did == []
        await press(pilot, "L")
        assert app.view.live


async def test_node_edges_stops_errors_and_rows() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        view = app.view
        await press(pilot, "C")
        assert isinstance(view.timeline.entries[view.state.seq - 1].event, ev.Paused)
        await press(pilot, "F")
        assert isinstance(view.timeline.entries[view.state.seq - 1].event, ev.NodeStarted)
        await press(pilot, "f")
        assert isinstance(view.timeline.entries[view.state.seq - 1].event, ev.NodeEnded)
        await press(pilot, "x")
        assert view.row == "0/c3.3:c1.2"
        await press(pilot, "x")
        assert view.row == "0:t4"
        await press(pilot, "X")
        assert view.row == "0/c3.3:c1.2"
        await press(pilot, "t")
        assert isinstance(view.timeline.entries[view.state.seq - 1].event, ev.CallFailed)


async def test_space_plays_and_stands_still() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "space")
        assert app.view.playing and app.view.state.seq < app.view.head.seq
        await press(pilot, "space")
        assert not app.view.playing


async def test_the_record_is_played_as_fast_as_it_is_told_to_be() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        bench, view = app.workbench, app.view
        bench.seek(0)

        def played(speed: float, beats: int) -> int:
            bench.seek(0)
            view.speed = speed
            bench.player._ready = 0.0
            for _ in range(beats):
                bench.player.beat()
            return view.state.seq

        slow, plain, fast = played(0.25, 80), played(1.0, 80), played(16.0, 80)
        assert 0 < slow < plain < fast
        # Ten times as long at the highest speed: it has come to its end, and stands still there.
        played(64.0, 800)
        assert view.state.seq == view.head.seq and not view.playing


async def test_faster_and_slower_end_at_the_last_speed() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "N", ".", ".")
        assert app.view.speed == 4 and "4×" in screen_text(app)
        await press(pilot, *["comma"] * 12)
        assert app.view.speed == SPEEDS[0]
        await press(pilot, *["."] * 12)
        assert app.view.speed == SPEEDS[-1]


async def test_a_replay_with_a_speed_plays_by_itself() -> None:
    app = app_at("replay", speed=0.25)
    async with app.run_test(size=(120, 36)) as pilot:
        for _ in range(500):
            if app.view.playing:
                break
            await settle(pilot)
        assert app.view.playing and app.view.speed == 0.25


async def test_a_click_on_the_timeline_seeks() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.click("#timeline", offset=(60, 1))
        await settle(pilot)
        assert 0 < app.view.state.seq < app.view.head.seq


async def test_g_in_the_timeline_goes_to_an_event() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "g", "1", "2", "enter")
        assert app.view.state.seq == 12


async def test_dragging_over_the_timeline_moves_through_time() -> None:
    app = app_at("replay")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        seen = []
        await pilot.mouse_down("#timeline", offset=(100, 1))
        for x in (80, 60, 40, 20):
            await pilot.hover("#timeline", offset=(x, 1))
            await settle(pilot)
            seen.append(app.view.state.seq)
        await pilot.mouse_up("#timeline", offset=(20, 1))
        assert seen == sorted(seen, reverse=True) and len(set(seen)) >= 3
        await pilot.hover("#timeline", offset=(90, 1))
        await settle(pilot)
        assert app.view.state.seq == seen[-1]


async def test_a_high_timeline_shows_the_clock_and_a_chart_of_what_was_spent() -> None:
    app = app_at("replay")
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        lines = screen_text(app).splitlines()
        top = next(n for n, line in enumerate(lines) if "6 Timeline" in line)
        assert [line[2:4] for line in lines[top + 1 : top + 4]] == ["d0", "d1", "d2"]
        assert lines[top + 4][2:3] == "$"
        assert "│0:00" in lines[top + 5] and "│0:02" in lines[top + 5]
        await press(pilot, "6", "z")
        lines = screen_text(app).splitlines()
        chart = [line for line in lines if line.rstrip("┃ ").endswith("█")]
        assert len(chart) == 5  # Below the row in which the amount stands.
