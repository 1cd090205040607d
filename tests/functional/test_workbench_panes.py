"""Panes: focus, selection, zoom, sizes, finding, copying, awkward text, huge views."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.widgets.timeline import TimeStrip
from tests.support.novel import build, novel
from tests.support.screen import app_at, app_on, press, screen_text, settle, source_of
from tests.support.sessions import Clock, Script, usage

AWKWARD = (
    "[bold red]markup[/] [link=x] \\[ [@click=app.bell]x[/]\n"
    "\x1b[31mred\x1b[0m \x07 \x00 \x9b2J \u202eabc\u200b\n"
    "漢字かな交じり文 🙂👩‍👩‍👧 e\u0301 ÅÄÖ\n" + "x" * 20_000 + "\nend\r\n\ttab\n"
)


async def test_numbers_and_tab_move_between_panes() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for key, pane in zip("123456", ("document", "tree", "code", "output", "variables", "timeline"), strict=True):
            await press(pilot, key)
            assert app.workbench.focused_pane == pane
        await press(pilot, "2", "tab")
        assert app.workbench.focused_pane == "code"
        await press(pilot, "shift+tab")
        assert app.workbench.focused_pane == "tree"


async def test_the_trees_cursor_selects_what_the_other_panes_show() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert app.view.row == "0:t4"
        await press(pilot, "up", "up")
        assert app.view.row == "0:c3.5"
        text = screen_text(app)
        assert "Sub-call 5" in text
        assert "┌" in text or "│" in text
        await press(pilot, "escape")
        assert app.view.selected is None and app.view.row == "0:t4"


async def test_rows_shut_and_open() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        tree = app.workbench.tree_pane
        before = tree.count()
        await press(pilot, "-")
        assert tree.count() == 6
        await press(pilot, "+")
        assert tree.count() == before


async def test_the_tree_can_be_filtered_and_the_filter_left() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        tree = app.workbench.tree_pane
        before = tree.count()
        await press(pilot, "/", *"timeout", "enter")
        assert [tree.key_at(n) for n in range(tree.count())] == ["0", "0:t3", "0/c3.3", "0/c3.3:t1", "0/c3.3:c1.2"]
        await press(pilot, "escape")
        assert tree.count() == before


async def test_zoom_gives_a_pane_the_screen_and_back() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "z")
        assert app.workbench.output.size.width > 110
        assert not app.workbench.code.display
        await press(pilot, "1")
        assert app.workbench.document.size.width > 110
        await press(pilot, "escape")
        assert app.workbench.code.display


async def test_panes_are_resized_by_key() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        before = app.workbench.tree_pane.size
        await press(pilot, "ctrl+right", "ctrl+up")
        after = app.workbench.tree_pane.size
        assert after.width > before.width and after.height > before.height


async def test_find_goto_unread_and_readers_in_the_document() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        text = app.workbench.document.text
        await press(pilot, "1", "/", *"natasha", "enter")
        assert text.cursor == 415
        await press(pilot, "ctrl+n")
        assert text.cursor == 712
        await press(pilot, "g", "5", "0", "enter")
        assert text.cursor == 49
        await press(pilot, "m")
        assert "sub 1" in screen_text(app)
        await press(pilot, "enter")
        assert app.view.selected is not None
        await press(pilot, "m", "g", "x", "enter")
        assert text.cursor == 49


async def test_copy_says_how_much() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "y")
        assert app.clipboard.startswith("# verify the candidate passage")
        await press(pilot, "1", "y")
        assert app.clipboard == "CHAPTER 1"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_awkward_text_is_shown_as_text_and_breaks_nothing(size: tuple[int, int]) -> None:
    document = Document.from_text("a[b]\x1b.txt", AWKWARD)
    script = Script()
    script.start([document], "why [bold]\x1b[31m?", model="m[red]", sub_model=None)
    cell = script.turn("0", 1, says=AWKWARD, code="print('[bold]')  # \x1b[31m 漢字", usage=usage(10, 10, 0.0))
    script.run(cell)
    script.done(cell, AWKWARD, echo=AWKWARD[:100], variables=(ev.Variable("x[red]", "str", 3, AWKWARD[:100], "new"),))
    script.add(ev.Injected(node="0", text=ev.clean(AWKWARD[:200])))
    app = app_on(script, [document])
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for key in ("1", "2", "3", "4", "5"):
            await press(pilot, key, "pagedown", "ctrl+end", "ctrl+home")
            text = screen_text(app)
            assert "\x1b" not in text and "\x07" not in text
        await press(pilot, "4", "ctrl+home")
        assert "[bold red]markup[/]" in screen_text(app)
        assert all(len(line) <= size[0] for line in screen_text(app).split("\n"))


async def test_a_terminal_too_small_says_what_it_needs_and_recovers() -> None:
    app = app_at("held")
    async with app.run_test(size=(20, 5)) as pilot:
        await settle(pilot)
        assert "60" in screen_text(app) and "16" in screen_text(app)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "Recursion" in screen_text(app)
        await pilot.resize_terminal(120, 36)
        await settle(pilot)
        assert "5 Variables" in screen_text(app)


async def test_on_a_narrow_screen_the_numbers_switch_the_right_pane() -> None:
    app = app_at("held")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "verify the candidate" in screen_text(app)
        await press(pilot, "5")
        assert "answers" in screen_text(app) and not app.workbench.code.display
        await press(pilot, "1")
        assert "CHAPTER 1" in screen_text(app)
        await press(pilot, "6")
        assert app.workbench.query_one(TimeStrip).display


async def test_fifty_thousand_rows_draw_only_what_is_seen() -> None:
    document = novel(60)
    script = Script()
    script.start([document], "why")
    cell = script.turn("0", 1, says="many", code="llm_query_batched(prompts)", usage=usage(1, 1, 0.001))
    script.run(cell)
    reply, prompt = script.put("no"), script.put("?")
    spent = usage(1, 1, 0.00001)
    for n in range(50_000):
        call = f"0:c1.{n + 1}"
        script.add(
            ev.CallReserved(
                call=call,
                node="0",
                purpose="leaf",
                model="m",
                messages=(ev.Message("user", prompt),),
                max_output_tokens=1,
                estimate=spent,
                cell=cell,
                ordinal=n + 1,
            ),
            ev.CallFinished(call=call, reply=reply, usage=spent),
        )
    app = app_on(script, [document])
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        tree, output = app.workbench.tree_pane, app.workbench.output
        assert tree.count() == 50_002
        tree.renders = output.renders = 0
        await press(pilot, "ctrl+end")
        await press(pilot, "pageup", "pageup", "up")
        assert tree.renders <= 4 * tree.size.height
        assert "sub 49" in screen_text(app)


async def test_a_million_lines_of_output_draw_only_what_is_seen() -> None:
    document = novel(60)
    script = Script()
    script.start([document], "why")
    cell = script.turn("0", 1, says="many", code="print", usage=usage(1, 1, 0.001))
    script.run(cell)
    script.done(cell, "\n".join(map(str, range(1_000_000))))
    app = app_on(script, [document])
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        output = app.workbench.output
        assert output.count() > 1_000_000
        assert "999999" in screen_text(app)
        output.renders = 0
        await press(pilot, "4", "ctrl+home", "pagedown", "down")
        assert output.renders <= 4 * output.size.height


async def test_events_are_delivered_once_a_beat_and_only_to_panes_that_depend_on_them() -> None:
    script, document, _marks = build()
    app = app_on(script, [document], upto=2)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        bench = app.workbench
        source = app.view.source
        before = {pane.id: pane.syncs for pane in bench.panes}
        deliveries = bench.pump.deliveries
        source.feed(script.entries[2:])  # type: ignore[union-attr]
        bench.tick()
        assert bench.pump.deliveries == deliveries + 1
        assert all(pane.syncs - before[pane.id] == 1 for pane in bench.panes if pane.id != "tabs")
        bench.tick()
        bench.tick()
        assert bench.pump.deliveries == deliveries + 1  # Nothing came, so nothing is told to anybody.


async def test_several_documents_switch() -> None:
    one, other = Document.from_text("one.txt", "first\n"), Document.from_text("two.txt", "second\n")
    app = WorkbenchApp(Options(documents=[one, other], clock=Clock(), ticking=False))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "first" in screen_text(app)
        await press(pilot, "]")
        assert "second" in screen_text(app)
        await press(pilot, "]")
        assert "first" in screen_text(app)


async def test_nothing_but_the_wanted_keys_are_bound_twice() -> None:
    from rlm_tui.tui.keymap import PRESETS, clashes, keymap

    for preset in PRESETS:
        if preset == "default":
            assert clashes(keymap(preset)) == {}


async def test_an_edge_is_dragged_with_the_mouse() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        tree = app.workbench.tree_pane
        edge = tree.region.right
        await pilot.mouse_down(None, offset=(edge, 8))
        await pilot.hover(None, offset=(edge + 10, 8))
        await pilot.mouse_up(None, offset=(edge + 10, 8))
        await settle(pilot)
        assert tree.region.right == edge + 11


async def test_a_theme_is_put_on_again_when_its_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rlm_tui.tui import themes

    folder = tmp_path / "themes"
    folder.mkdir()
    file = folder / "mine.yaml"
    file.write_text('colors: {primary: "#112233", background: "#000000"}\nstyles: {cost: "#010203"}', encoding="utf-8")
    monkeypatch.setattr(themes, "themes_dirs", lambda: [folder])
    app = app_at("held", theme="mine")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert app.palette["cost"].color.name == "#010203"  # type: ignore[union-attr]
        file.write_text(
            'colors: {primary: "#112233", background: "#202020"}\nstyles: {cost: "#040506"}', encoding="utf-8"
        )
        app._changed_at = -1.0
        app._watch_file()
        await settle(pilot)
        assert app.palette["cost"].color.name == "#040506"  # type: ignore[union-attr]
        assert app.workbench.background_colors[1].hex == "#202020"
        file.write_text("colors: {primry: x}", encoding="utf-8")
        app._changed_at = -1.0
        app._watch_file()
        await settle(pilot)
        assert app.palette["cost"].color.name == "#040506"  # type: ignore[union-attr]
        assert any("primry" in note.message for note in app._notifications)


async def test_pages_of_a_document_join_without_a_gap_and_come_back() -> None:
    lines = [f"{n} " + "word " * (n % 23) for n in range(200)] + ["x" * 9000, "end"]
    app = WorkbenchApp(Options(documents=[Document.from_text("a.txt", "\n".join(lines))], clock=Clock(), ticking=False))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "1")
        text = app.workbench.document.text
        places = []
        for _ in range(400):
            pieces = text._layout()
            places.append((pieces[0].start, pieces[-1].start))
            await pilot.press("pagedown")
            if len(places) > 1 and places[-1] == places[-2]:
                break
        for (_, last), (first, _) in pairwise(places):
            assert first <= last  # The last row of a page is the first of the next, or the page did not move.
        assert text.cursor == 201
        for _ in range(len(places) + 2):
            await pilot.press("pageup")
        assert text.cursor == 0 and text._layout()[0].start == 0


async def test_the_bell_rings_when_a_run_stops_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    script, document, marks = build()
    app = app_on(script, [document], upto=marks["first"])
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    written = desktop(app, monkeypatch, TERM="xterm-kitty")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert rung == []
        source = app.view.source
        source.feed(script.entries[marks["first"] : marks["first"] + 1])  # type: ignore[union-attr]
        await settle(pilot)
        source.feed(script.entries[marks["first"] + 1 : marks["held"]])  # type: ignore[union-attr]
        await settle(pilot)
        assert rung == [1]
        (sent,) = [text for text in written if text.startswith("\x1b]9;")]
        assert (
            sent
            == "\x1b]9;rlm-tui: Paused before exec · bp #1 cost>0.20, turn 4: When does Pierre first meet Natasha?\a"
        )


def desktop(app: WorkbenchApp, monkeypatch: pytest.MonkeyPatch, **env: str) -> list[str]:
    """Let `app` believe that it writes to a terminal of this environment; returns what it writes there."""
    from textual.drivers.headless_driver import HeadlessDriver

    written: list[str] = []
    for name in ("TMUX", "STY", "TERM_PROGRAM", "LC_TERMINAL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(HeadlessDriver, "write", lambda self, data: written.append(data))
    call_back = app.call_back

    def called_back(words: str) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(HeadlessDriver, "is_headless", False)
            call_back(words)

    monkeypatch.setattr(app, "call_back", called_back)
    return written


@pytest.mark.parametrize(
    ("looked_at", "wish", "web", "rings", "notes"),
    [
        (True, "auto", False, 0, 0),
        (False, "auto", False, 1, 1),
        (False, "bell", False, 1, 0),
        (False, "off", False, 0, 0),
        (False, "osc777", True, 1, 0),
    ],
)
async def test_a_stop_after_a_moment_calls_only_who_does_not_look(
    looked_at: bool, wish: str, web: bool, rings: int, notes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a browser there is no note of the terminal, whatever the setting says."""
    from textual.drivers.headless_driver import HeadlessDriver

    monkeypatch.setattr("rlm_tui.tui.screens.workbench.RING_AFTER", 1e9)
    script, document, marks = build()
    app = app_on(script, [document], upto=marks["first"], notify=wish)
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    written = desktop(app, monkeypatch, TERM="foot")
    monkeypatch.setattr(HeadlessDriver, "is_web", web)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.app_focus = looked_at
        source_of(app).feed(script.entries[marks["first"] : marks["held"]])
        app.workbench._stopped = False
        await settle(pilot)
        assert len(rung) == rings
        assert len([text for text in written if "\x1b]777" in text]) == notes


async def test_the_bell_rings_and_a_remark_comes_when_80_percent_of_a_budget_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script, document, marks = build()
    app = app_on(script, [document], upto=marks["first"] + 1)
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert rung == []
        source = source_of(app)
        at = marks["first"] + 1

        def entries(*events: ev.Event) -> list[ev.Entry]:
            return [ev.Entry(at + n, script.entries[at].at, event) for n, event in enumerate(events, 1)]

        def said() -> list[str]:
            return [note.message for note in app._notifications]

        source.feed(entries(ev.BudgetWarned(limit="usd", used=0.81, allowed=1.0)))
        await settle(pilot)
        assert rung == [1]
        assert said() == ["80 % of the budget is used: usd."]
        at += 1
        # Both at once: that a call was refused says it all.
        source.feed(
            entries(
                ev.BudgetWarned(limit="calls", used=40, allowed=50),
                ev.BudgetExhausted(limit="calls", used=49, allowed=50, node="0"),
            )
        )
        await settle(pilot)
        assert rung == [1, 1]
        assert said()[1:] == ["The calls budget refused a call: what runs is to answer from what it has."]


async def test_a_key_draws_the_lines_that_it_changes() -> None:
    app = app_at("held")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        text = app.workbench.document.text
        await press(pilot, "1", "ctrl+home")
        others = {pane.id: pane.syncs for pane in app.workbench.panes}
        for key in ("down", "down", "up"):
            before = text.renders
            await press(pilot, key)
            assert (
                text.renders - before <= 4
            )  # The two rows each of the line that the cursor leaves and the one it comes to.
        for _ in range(text.size.height):
            await press(pilot, "down")
        before = text.renders
        await press(pilot, "down")
        assert text.renders - before <= 10  # Scrolling brings one more line, of 27 rows in view.
        assert {pane.id: pane.syncs for pane in app.workbench.panes} == others


async def test_events_that_read_elsewhere_draw_no_line_of_the_document() -> None:
    from rlm_tui import events as ev

    script, document, marks = build()
    app = app_on(script, [document], upto=marks["held"])
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.workbench.document.text.go_to_char(0)
        await settle(pilot)
        before = app.workbench.document.text.renders
        last = script.entries[marks["held"] - 1]
        far = document.chars - 20
        source_of(app).feed(
            [
                ev.Entry(
                    last.seq + n, last.at + n, ev.TextSeen(source="0:t1", node="0", spans=(ev.Span(0, far, far + 9),))
                )
                for n in range(1, 20)
            ]
        )
        await settle(pilot)
        assert app.workbench.document.text.renders == before
