"""What a person should see. Each picture is taken of the novel's session (`tests.support.novel`) with a still clock.

After a wanted change: ``pytest tests/snapshot --snapshot-update``, and look at the pictures before committing them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from rlm_tui.config.settings import EXPLAINED
from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.desk import Desk
from rlm_tui.tui.recent import Recent
from rlm_tui.tui.screens.workbench import Workbench
from tests.support.compared import diff_app
from tests.support.novel import build
from tests.support.screen import app_at, press, settle
from tests.support.sessions import Clock
from tests.support.shelf import NOW, ROWS, BrowserApp, MadeUpShelf

Compare = Callable[..., bool]

WIDE, NARROW = (120, 36), (80, 24)
BOTH = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x36", "80x24"])


def after(*keys: str) -> Callable[[Pilot[Any]], Any]:
    """Settle, then press keys, then let remarks in the corner go."""

    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *keys)
        pilot.app.clear_notifications()
        await settle(pilot)

    return run


@BOTH
def test_idle(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The document is open and nothing runs: its text, empty panes that say what will appear, pill IDLE, key `a` to ask."""
    _, document, _ = build()
    app = WorkbenchApp(Options(documents=[document], clock=Clock(), ticking=False))
    assert snap_compare(app, terminal_size=size, run_before=after())


@BOTH
def test_thinking(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The first call is in flight: pill THINKING, turn 1 is running in the tree, the code pane says the model is thinking."""
    assert snap_compare(app_at("asked"), terminal_size=size, run_before=after())


@BOTH
def test_held_before_the_first_cell(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Amber pill PAUSED before exec; the code of turn 1 with a mark at its first line; below it that running costs nothing."""
    assert snap_compare(app_at("first"), terminal_size=size, run_before=after())


@BOTH
def test_held_at_a_breakpoint(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The pill names breakpoint 1 and its condition; the tree shows six sub-calls, one of them a child node with a failure;
    costs are right-aligned with bars; below the code stands a forecast; your message stands in the output."""
    assert snap_compare(app_at("held"), terminal_size=size, run_before=after())


@BOTH
def test_the_answer(snap_compare: Compare, size: tuple[int, int]) -> None:
    """A box with the answer in bold, then cost, tokens, work, what was read, and the session's name; green pill DONE behind."""
    assert snap_compare(app_at("end"), terminal_size=size, run_before=after())


@BOTH
def test_replay_in_the_past(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Violet pill REPLAY with the event's number; title says read-only and $0.00; on the timeline what comes later is grey."""
    assert snap_compare(app_at("replay"), terminal_size=size, run_before=after("N", "N"))


@BOTH
def test_walls_that_do_not_all_stand(snap_compare: Compare, size: tuple[int, int]) -> None:
    """At the right end of the gauges stands, in the colour of warnings, which wall is missing around the model's code."""

    async def before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, Workbench)
        screen.view.state.walls = "partial: no Landlock"
        screen.sync_all()
        await settle(pilot)

    assert snap_compare(app_at("held"), terminal_size=size, run_before=before)


def test_an_error_in_a_cell(snap_compare: Compare) -> None:
    """Turn 4 has a red cross; its code has a cross at line 2 and the IndexError below; the output shows the report."""
    assert snap_compare(app_at("replay"), terminal_size=WIDE, run_before=after("x", "x"))


def test_a_subcall(snap_compare: Compare) -> None:
    """The code pane shows prompt and reply of sub-call 5; the document is at the part it read, with a bracket beside it."""
    assert snap_compare(app_at("held"), terminal_size=WIDE, run_before=after("up", "up"))


def test_a_child_node(snap_compare: Compare) -> None:
    """A row of the child node is selected: code, output and variables are the child's, and say so in their titles."""
    assert snap_compare(app_at("held"), terminal_size=WIDE, run_before=after("up", "up", "up", "up", "up", "up"))


def test_who_read_this(snap_compare: Compare) -> None:
    """Line 416 of the document has the keys; below the text stand the calls that read it with their costs."""
    assert snap_compare(app_at("held"), terminal_size=WIDE, run_before=after("1", "g", "4", "1", "6", "enter", "m"))


def test_find(snap_compare: Compare) -> None:
    """Both places of the word are found; the first is on screen, highlighted."""
    assert snap_compare(app_at("held"), terminal_size=WIDE, run_before=after("1", "/", *"natasha", "enter"))


def test_zoomed_output(snap_compare: Compare) -> None:
    """The output has the whole screen; each turn begins with a rule that says model, tokens, time and cost."""
    assert snap_compare(app_at("held"), terminal_size=WIDE, run_before=after("4", "z"))


@pytest.mark.parametrize("tab", ["1", "4", "5"], ids=["document", "output", "variables"])
def test_narrow_tabs(snap_compare: Compare, tab: str) -> None:
    """On a narrow screen one pane stands beside the tree; the tab line marks which."""
    assert snap_compare(app_at("held"), terminal_size=NARROW, run_before=after(tab))


@BOTH
def test_ask(snap_compare: Compare, size: tuple[int, int]) -> None:
    """A box over the document: its name and size, the models, a line to type the question into."""
    _, document, _ = build()
    app = WorkbenchApp(
        Options(
            documents=[document],
            start=lambda question: pytest.fail("nobody asked"),
            models="gpt-5 / gpt-5-mini",
            clock=Clock(),
            ticking=False,
        )
    )
    assert snap_compare(app, terminal_size=size, run_before=after())


@pytest.mark.parametrize("key", ["i", "E", "b", "question_mark", "q"], ids=["inject", "edit", "break", "help", "quit"])
def test_dialogs(snap_compare: Compare, key: str) -> None:
    """A box in the middle with a heading in its border and the keys at its foot; the workbench is dimmed behind it."""
    assert snap_compare(app_at("held"), terminal_size=NARROW, run_before=after(key))


def test_explorer_is_announced(snap_compare: Compare) -> None:
    """The title line says in full that the answers don't come from a language model, even in 80 columns."""
    note = "built-in explorer: a deterministic reader, not a language model"
    assert snap_compare(app_at("held", note=note), terminal_size=NARROW, run_before=after())


@pytest.mark.parametrize("theme", ["light", "ember", "nordic", "contrast", "terminal"])
def test_themes(snap_compare: Compare, theme: str) -> None:
    """The same screen in other colours: everything can be read, and the pill stands out."""
    assert snap_compare(app_at("held", theme=theme), terminal_size=WIDE, run_before=after())


@BOTH
def test_ascii(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Nothing but ASCII, apart from the text of the session: borders, bars, heat, marks."""
    assert snap_compare(app_at("held", glyphs="ascii"), terminal_size=size, run_before=after())


def test_too_small(snap_compare: Compare) -> None:
    """One sentence that says how large the terminal has to be."""
    assert snap_compare(app_at("held"), terminal_size=(40, 10), run_before=after())


@BOTH
def test_browser(snap_compare: Compare, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The saved sessions with state, time, document, question, model and cost; a fork hangs below its parent; below them a
    preview of the chosen one and what was spent by model and day."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert snap_compare(BrowserApp(MadeUpShelf(), clock=lambda: NOW), terminal_size=size)


@BOTH
def test_fork(snap_compare: Compare, size: tuple[int, int]) -> None:
    """A box that says what comes from the record, with fields for models, dollars and depth, and the turn's code to change."""
    app = app_at("replay", fork=lambda wish: pytest.fail("nobody asked"))
    assert snap_compare(app, terminal_size=size, run_before=after("x", "x", "r"))


def test_zoomed_timeline(snap_compare: Compare) -> None:
    """The timeline has the screen: a lane for each depth, the failed call in red with a cross, and below what was spent."""
    assert snap_compare(app_at("replay"), terminal_size=(120, 20), run_before=after("6", "z", "N"))


@BOTH
def test_diff(snap_compare: Compare, size: tuple[int, int]) -> None:
    """Figures of A and B with the change, the first difference in words; two aligned trees with the cursor at turn 2, a turn
    that only B has in green; below them the code of turn 2 with the changed word underlined, side by side where there is room."""
    assert snap_compare(diff_app(), terminal_size=size)


@BOTH
def test_three_sessions_compared(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The figures of A, B and C in columns; three lines of heat, one for each, that show where one read and another did not."""
    assert snap_compare(diff_app("ABC"), terminal_size=size)


# --- the screens around the debugger


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's folders: nothing is read from them, nothing is written."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for place in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{place}_HOME", f"/nowhere/{place.lower()}")
    monkeypatch.setenv("RLM_TUI_STORE", "/nowhere/sessions.db")
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "RLM_TUI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not-a-key")


class StillDesk(Desk):
    """One that remembers two documents."""

    def recent(self, most: int = 8) -> list[Recent]:
        paths = ("/books/war_and_peace.txt", "/data/bills_2024.jsonl")
        return [Recent(Path(path), 3_200_000 // (n + 1), NOW - 90_000 * n) for n, path in enumerate(paths)]


def around(**options: Any) -> WorkbenchApp:
    """The program at its first screen, over made-up sessions."""
    shelf = MadeUpShelf([*ROWS, replace(ROWS[1], id="5c01", status="interrupted", parent=None)])
    chosen = {"home": "welcome", "desk": StillDesk(), "shelf": shelf, "clock": lambda: NOW, "ticking": False}
    return WorkbenchApp(Options(**{**chosen, **options}))


def pressed(*keys: str) -> Callable[[Pilot[Any]], Any]:
    """Wait for what is read beside the screen, then press keys and wait again."""

    async def run(pilot: Pilot[Any]) -> None:
        for key in ("", *keys):
            if key:
                await pilot.press(key)
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
        pilot.app.clear_notifications()
        await pilot.pause()

    return run


@BOTH
def test_welcome(snap_compare: Compare, size: tuple[int, int], home: None) -> None:
    """What can be done without a document, with its keys: open, demo, sessions, settings; a session that was cut off and two
    recent documents below; at the foot the model that would answer, with its price."""
    assert snap_compare(around(), terminal_size=size, run_before=pressed())


@BOTH
def test_settings(snap_compare: Compare, size: tuple[int, int], home: None) -> None:
    """A table of settings with value, origin and (where there is room) meaning; what is not a default stands out; below it
    what the chosen one means."""
    assert snap_compare(around(), terminal_size=size, run_before=pressed("f2", "down", "down"))


def test_settings_keys_of_providers(snap_compare: Compare, home: None) -> None:
    """Further down: the keymap without clashes, and for each provider the variable of its key, set in green or missing."""
    assert snap_compare(around(), terminal_size=WIDE, run_before=pressed("f2", "pagedown", "pagedown"))


def test_settings_wear_a_theme(snap_compare: Compare, home: None) -> None:
    """Another theme is worn while it is chosen; its row says that Enter saves it, the lower box shows its styles."""
    keys = ["down"] * list(EXPLAINED).index("theme")
    assert snap_compare(around(), terminal_size=WIDE, run_before=pressed("f2", *keys, "right"))


@BOTH
def test_open(snap_compare: Compare, size: tuple[int, int], home: None) -> None:
    """A box that asks for files, over the first screen."""
    assert snap_compare(around(), terminal_size=size, run_before=pressed("o"))


@BOTH
def test_ask_with_models(snap_compare: Compare, size: tuple[int, int], home: None) -> None:
    """A box over the workbench: document, question, then model, sub-model, dollars and depth to change."""
    _, document, _ = build()
    app = around(home="", documents=[document])
    assert snap_compare(app, terminal_size=size, run_before=after("a", *"Who is she?", "tab"))


@BOTH
def test_ask_on(snap_compare: Compare, size: tuple[int, int], home: None) -> None:
    """A box that says what was asked, which variables are still there and what is spent, with a line for the next question."""
    app = app_at("replay", desk=StillDesk(), fork=lambda wish: pytest.fail("nobody asked"))
    assert snap_compare(app, terminal_size=size, run_before=after("Q"))


@BOTH
def test_run_again_with_several_models(snap_compare: Compare, size: tuple[int, int], home: None) -> None:
    """The box of a rerun: models separated by commas, budget, depth, question and advice; nothing comes from the record."""
    app = app_at("replay", fork=lambda wish: pytest.fail("nobody asked"))
    assert snap_compare(app, terminal_size=size, run_before=after("R", *", explorer"))


@BOTH
def test_a_session_of_another_process(snap_compare: Compare, size: tuple[int, int]) -> None:
    """The pill says FOLLOWING, the process and what it does; the title says read-only, and no verb of the run is offered."""
    script, document, marks = build()
    source = script.source([document], upto=marks["asked"], live=False)
    source.process = 4711  # type: ignore[attr-defined]
    app = WorkbenchApp(Options(source=source, documents=[document], clock=Clock(), ticking=False))
    assert snap_compare(app, terminal_size=size, run_before=after())


def test_playing_faster(snap_compare: Compare) -> None:
    """A replay at four times the speed: the pill says 4x beside the number of the event."""
    assert snap_compare(app_at("replay"), terminal_size=WIDE, run_before=after("N", ".", "."))
