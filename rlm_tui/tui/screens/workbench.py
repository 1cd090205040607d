"""The workbench: document, recursion tree, code, output, variables, timeline, gauges over one session."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from rlm_tui.projection.fold import EVERYTHING, Changed
from rlm_tui.tui import travel
from rlm_tui.tui.actions import BY_ID
from rlm_tui.tui.arrange import LEAST, PANES
from rlm_tui.tui.breaks import Breaks
from rlm_tui.tui.copying import copied
from rlm_tui.tui.finder import Finder
from rlm_tui.tui.keymap import Keymap, bindings
from rlm_tui.tui.marks import Marks
from rlm_tui.tui.messages import Left
from rlm_tui.tui.player import Player
from rlm_tui.tui.pump import RATE, Pump
from rlm_tui.tui.status import stop_words
from rlm_tui.tui.view import CLOCK, SELECTION, View
from rlm_tui.tui.widgets.code import Code
from rlm_tui.tui.widgets.coverage_strip import CoverageStrip
from rlm_tui.tui.widgets.document import DOCUMENTS, DocumentPane
from rlm_tui.tui.widgets.footer import KeyBar
from rlm_tui.tui.widgets.gauges import Gauges
from rlm_tui.tui.widgets.line_view import LineView
from rlm_tui.tui.widgets.output import Output
from rlm_tui.tui.widgets.pane import Pane
from rlm_tui.tui.widgets.pane_grid import PaneGrid
from rlm_tui.tui.widgets.prompt import Prompt
from rlm_tui.tui.widgets.tabs import Tabs
from rlm_tui.tui.widgets.timeline import Timeline, TimeStrip
from rlm_tui.tui.widgets.title import Title
from rlm_tui.tui.widgets.tree import RecursionTree
from rlm_tui.tui.widgets.variables import Variables

REMARK_SECONDS = 4.0
"""How long a remark stands in the corner."""

RING_AFTER = 10.0
"""Seconds that a run goes on before its next stop calls whoever waits back; at once if the terminal is not looked at."""


class Workbench(Screen[None]):
    """Owns the panes, the pump and the cursor. Every key runs an action of the registry."""

    CSS_PATH = "workbench.tcss"
    AUTO_FOCUS = "#tree"

    def __init__(self, view: View, keys: Keymap, *, ticking: bool = True) -> None:
        super().__init__()
        self.view = view
        self.keys = keys
        self.pump = Pump(view, self.deliver)
        self.breaks = Breaks(view)
        self.marks = Marks(view)
        self.player = Player(self)
        self._ticking = ticking
        self._announced = False
        self._stopped = True
        self._went_at = 0.0
        self._failed = False
        self._ready = False
        self._told = ("", 0.0)
        self._warned: set[str] = set()
        self._refused: set[str] = set()
        self._bindings = BindingsMap.merge([bindings(keys), self._bindings])
        self.title_line = Title(id="title")
        self.tree_pane = RecursionTree(id="tree")
        self.variables = Variables(id="variables")
        self.code = Code(id="code")
        self.output = Output(id="output")
        self.document = DocumentPane(id="document")
        self.tabs = Tabs(id="tabs")
        self.prompt = Prompt(id="prompt")
        self.finder = Finder(self.document.text, self.tell)
        self.grid = PaneGrid(
            self.title_line,
            self.tree_pane,
            self.variables,
            self.tabs,
            self.code,
            self.output,
            self.document,
            Timeline(id="timeline"),
            CoverageStrip(id="coverage"),
            TimeStrip(id="time"),
            Gauges(id="gauges"),
            KeyBar(keys, id="footer"),
            Static(
                f"This terminal is too small for the workbench: it needs {LEAST[0]} columns and {LEAST[1]} rows.",
                id="small",
            ),
        )

    def compose(self) -> ComposeResult:
        yield self.grid
        yield self.prompt

    def on_mount(self) -> None:
        self.prompt.display = False
        self._ready = True
        self.grid.rearrange(self.app.size)
        if self._ticking:
            self.set_interval(1 / RATE, self.tick)
        self.sync_all()

    # --- the pump

    def tick(self) -> None:
        """One beat: events in, and a search on."""
        self.pump.tick()
        self.finder.step()

    def deliver(self, changed: Changed) -> None:
        """Give what changed to the panes that can be seen and depend on it, as one update of the screen."""
        if not self._ready:
            return
        with self.app.batch_update():
            for pane in self.panes:
                if changed & pane.PARTS:
                    pane.receive(self.view, changed)
            self._sync_strip()
        self._announce()

    def sync_all(self) -> None:
        """Everything may look different."""
        self.deliver(EVERYTHING | {SELECTION, CLOCK, DOCUMENTS})

    @on(PaneGrid.Revealed)
    def _revealed(self) -> None:
        self.sync_all()

    @property
    def panes(self) -> Sequence[Pane]:
        """The parts that can be seen."""
        return [child for child in self.grid.children if isinstance(child, Pane) and child.display]

    def _sync_strip(self) -> None:
        strip = self.grid.query_one("#coverage", CoverageStrip)
        document = self.document.text.document
        if strip.display and self.view.documents:
            document = document or self.view.documents[0]
            place = self.document.text.cursor_span[0] / max(1, document.chars)
            strip.show(self.view, self.document.text.number, place)

    def _announce(self) -> None:
        """Say once that the run is over, or that it broke down. Ring when it stops after a while: one may look elsewhere."""
        view = self.view
        if view.running:
            self._alarm()
        stopped = not view.running or view.head.paused is not None
        if stopped and not self._stopped and view.gate is not None:
            seconds = view.head.at - self._went_at
            if seconds > RING_AFTER or not self.app.app_focus:
                self._call_back(stop_words(view))
        if not stopped and self._stopped:
            self._went_at = view.head.at or view.now()
        self._stopped = stopped
        if view.failure is not None and not self._failed:
            self._failed = True
            from rlm_tui.tui.screens.failure import Failure

            self.app.push_screen(Failure(view.failure, saved=bool(view.head.seq)))
        elif view.head.over and not self._announced and not view.replay:
            self._announced = True
            BY_ID["run.answer"].do(self)

    def _alarm(self) -> None:
        """Say that most of a budget is used, or that it refused a call; the latter alone if both are news."""
        head = self.view.head
        used = head.warned - self._warned - {head.exhausted}
        self._warned |= head.warned
        words = [f"80 % of the budget is used: {', '.join(sorted(used))}."] if used else []
        if head.exhausted is not None and head.exhausted not in self._refused:
            self._refused.add(head.exhausted)
            words.append(f"The {head.exhausted} budget refused a call: what runs is to answer from what it has.")
        for sentence in words:
            self._call_back(sentence)
            self.tell(sentence)

    def _call_back(self, words: str) -> None:
        """The bell, and a note on the desktop where there is one."""
        call_back = getattr(self.app, "call_back", None)
        if call_back is not None:
            call_back(words)

    # --- actions

    def action_run(self, name: str) -> None:
        """Run an action of the registry, or say why it can't be done now."""
        action = BY_ID[name]
        reason = action.when(self.view)
        if reason:
            self.tell(reason)
        else:
            action.do(self)

    @on(KeyBar.Pressed)
    def _clicked(self, message: KeyBar.Pressed) -> None:
        self.action_run(message.action)

    def tell(self, words: str) -> None:
        """A short remark in the corner. While it stands there it is not said again."""
        now = time.monotonic()
        words_before, until = self._told
        if words == words_before and now < until:
            return
        self._told = (words, now + REMARK_SECONDS)
        self.app.notify(words, markup=False, timeout=REMARK_SECONDS)

    # --- selection and time

    @on(RecursionTree.Selected)
    def _selected(self, message: RecursionTree.Selected) -> None:
        self.select(message.key)

    def select(self, key: str | None) -> None:
        """Let the panes show this row."""
        if key is not None and key == self.view.state.current and self.view.live:
            key = None  # The newest row: follow the run again.
        self.view.selected = key
        self.deliver(frozenset({SELECTION}))

    def follow(self) -> None:
        """Let the panes show where something happens."""
        self.view.selected = None
        self.pump.mark(SELECTION)

    def seek(self, seq: int | None, otherwise: str = "") -> None:
        """Move the cursor in time; ``None`` says `otherwise`."""
        if seq is None:
            if otherwise:
                self.tell(otherwise)
            return
        self.view.selected = None
        self.pump.seek(seq)
        self.deliver(frozenset({SELECTION}))

    @on(Timeline.Sought)
    def _sought(self, message: Timeline.Sought) -> None:
        self.seek(travel.moment(self.view, message.at))

    def go_to_event(self, words: str) -> None:
        """Seek to the event with this number."""
        if not words.strip().isdigit():
            self.tell(f"An event is a number from 0 to {self.view.head.seq}.")
            return
        self.seek(int(words))

    # --- panes

    @property
    def lines(self) -> LineView | None:
        """The bulk view that has the keys, or the tree when none has."""
        focused = self.focused
        if isinstance(focused, LineView):
            return focused
        return self.tree_pane if focused is None and self.tree_pane.display else None

    @property
    def focused_pane(self) -> str | None:
        """The numbered pane that has the keys."""
        focused = self.focused
        nodes = focused.ancestors_with_self if focused is not None else []
        return next((node.id for node in nodes if node.id in PANES), None)

    def go_to_pane(self, pane: str) -> None:
        """Bring a numbered pane into view and give it the keys."""
        self.grid.reveal(pane)
        if not self.grid.shown(pane):
            self.tell("The timeline has no room here: enlarge the terminal.")
            return
        self._tabs_follow()
        target: Widget = self.document.text if pane == "document" else self.grid.query_one(f"#{pane}")
        target.focus(scroll_visible=False)
        self.sync_all()

    def jump_targets(self) -> dict[str, Region]:
        """Where the numbered panes are; on a narrow screen, the hidden ones are on the line of their tabs."""
        targets = {pane: self.grid.query_one(f"#{pane}").region for pane in PANES if self.grid.shown(pane)}
        hidden = [pane for pane in PANES if pane not in targets and pane != "timeline"]
        if self.grid.narrow and hidden:
            x, y, width, _ = self.tabs.region
            step = width // len(hidden)
            targets |= {pane: Region(x + n * step, y, step, 1) for n, pane in enumerate(hidden)}
        return targets

    @on(Tabs.Chosen)
    def _tab_chosen(self, message: Tabs.Chosen) -> None:
        self.go_to_pane(message.pane)

    def _tabs_follow(self) -> None:
        self.tabs.show(self.grid.wishes.beside)

    def filter_tree(self, words: str) -> None:
        """Show the tree's rows that contain these words."""
        self.tree_pane.filter(words)

    def go_to_line(self, words: str) -> None:
        """Put the document's cursor on the line with this number."""
        number = words.strip().replace(",", "")
        if not number.isdigit() or int(number) < 1:
            self.tell(f"A line is a number from 1 to {self.document.text.count():,}.")
            return
        self.document.text.go_to_line(int(number) - 1)

    def back(self) -> None:
        """Leave one thing: the zoom, the filter, the search, the selection."""
        if self.grid.wishes.zoomed is not None:
            self.grid.wishes.zoomed = None
            self.grid.rearrange()
            self.sync_all()
        elif self.tree_pane.filtered:
            self.tree_pane.filter("")
        elif self.finder.active:
            self.finder.clear()
        elif self.view.selected is not None:
            self.select(None)

    def copy(self) -> None:
        """Copy what is selected with the mouse, or what the focused pane shows."""
        text = self.get_selected_text() or copied(self)
        if not text:
            self.tell("There is nothing to copy here.")
            return
        self.app.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        self.tell(f"Copied {len(text):,} characters, {lines:,} line{'s' if lines > 1 else ''}.")

    # --- leaving

    def quit(self) -> None:
        """Leave; the app asks first if a run is live."""
        self.app.post_message(Left())
