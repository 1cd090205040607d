"""The laboratory: every cell of a table, what came of it, and what the methods score so far; live while it is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from rlm_tui.bench.report.arms import Line, settings
from rlm_tui.bench.report.grid import money, score, seconds
from rlm_tui.bench.stats import FEW_WINDOWS
from rlm_tui.document.visible import visible
from rlm_tui.store.results import FAILURES, OK, RUNNING, CellRow
from rlm_tui.tui.bench_rows import VIEWS, Rows
from rlm_tui.tui.figures import count, plural
from rlm_tui.tui.glyphs import Glyphs
from rlm_tui.tui.screens.keys import MOVING, PAGING, ScreenHelp
from rlm_tui.tui.widgets.cell_table import CellTable
from rlm_tui.tui.widgets.facts import Facts, Told

TICK_SECONDS = 0.25
"""How often a run in this process is asked what changed."""

READ_EVERY = 8
"""Ticks after which the store is asked while another process may be running cells."""

KEYS = "Enter open   f failed/open/all   t next table   x stop   ? help   q quit"


class Bench(Screen[None]):
    """`chosen` is told the session that is to be opened, `leaving` that the operator goes."""

    CSS_PATH = "bench.tcss"
    AUTO_FOCUS = "#cells"
    COMMANDS_OF = "Results"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVING,
        *PAGING,
        Binding("enter", "open", "the session of a cell, in the workbench", show=False),
        Binding("f", "filter", "all cells, failed ones, open ones, answered ones", show=False),
        Binding("t", "turn", "the next table of results", show=False),
        Binding("x", "stop", "stop what runs in this program; finished cells are saved", show=False),
        Binding("question_mark,f1", "help", "help", show=False),
        Binding("q,escape,ctrl+q,ctrl+c", "leave", "leave; what runs in this program is stopped then", show=False),
    ]

    def __init__(
        self, rows: Rows, chosen: Callable[[str], None], leaving: Callable[[], object], *, said: str = ""
    ) -> None:
        super().__init__()
        self.table = CellTable(id="cells")
        self._rows, self._chosen, self._leaving = rows, chosen, leaving
        self._view = VIEWS[0]
        self._said = said
        self._ticks = 0
        self._preview = Facts(id="cell")
        self._sums = Facts(id="sums")

    def compose(self) -> ComposeResult:
        yield Static("", id="top", markup=False)
        yield self.table
        with Vertical(id="below"), Horizontal():
            yield self._preview
            yield self._sums
        yield Static("", id="problem", markup=False)
        yield Static(Content(f" {KEYS}"), id="keys", markup=False)

    def on_mount(self) -> None:
        self._preview.caption("Cell")
        self._sums.caption("Scores")
        self._rows.read()
        self._rows.take()
        self.show()
        self.set_interval(TICK_SECONDS, self.tick)

    # --- what is shown

    def tick(self) -> None:
        """Look whether anything changed."""
        self._ticks += 1
        changed = self._rows.take()
        if self._rows.live is None and self._rows.waiting and self._ticks % READ_EVERY == 0:
            self._rows.read()
            changed = True
        if changed or (self._rows.live is not None and self._ticks % READ_EVERY == 0):
            self.show()

    def show(self) -> None:
        """Draw what is known now."""
        rows, glyphs = self._rows, self.table.glyphs
        hint = "No cells here." if self._view == VIEWS[0] else f"No cells that are {self._view}; f shows others."
        self.table.show(rows.shown(self._view), hint)
        self.table.caption(f"Cells {glyphs.rule} {self._view} {glyphs.dot} {plural(self.table.count(), 'cell')}")
        done = rows.count(OK, *FAILURES)
        state = f"{done} of {rows.count()} done"
        if running := rows.count(RUNNING):
            state += f", {running} running"
        if failed := rows.count(*FAILURES):
            state += f", {failed} counted 0"
        names = visible(", ".join(rows.suites))
        self.query_one("#top", Static).update(Content(f" rlm-tui  bench  {names}   {state}   {money(rows.spent)}"))
        failure = rows.live.failure if rows.live is not None else None
        problem = failure or rows.problem or self._said
        self.query_one("#problem", Static).update(Content(f" {visible(problem)}" if problem else ""))
        self.query_one("#problem").display = bool(problem)
        self._sums.tell(sums(rows.sums, glyphs))
        self._show_chosen()

    @on(CellTable.Moved)
    def _show_chosen(self) -> None:
        row = self.table.chosen
        self._preview.tell(preview(row, self.table.glyphs) if row is not None else ())
        self._preview.caption("Cell", row.session or "" if row is not None else "")

    # --- hands

    def action_move(self, rows: int) -> None:
        self.table.move(rows)

    def action_page(self, pages: int) -> None:
        self.table.turn_page(pages)

    def action_edge(self, side: int) -> None:
        (self.table.to_start if side < 0 else self.table.to_end)()

    def action_open(self) -> None:
        if self.table.chosen is not None and self.table.chosen.session is None:
            self._said = "This cell has not run yet, so there is no session to open."
            self.show()
            return
        self.table.activate()

    @on(CellTable.Chosen)
    def _open(self, message: CellTable.Chosen) -> None:
        self._chosen(message.session)

    def action_filter(self) -> None:
        self._view = VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)]
        self.show()

    def action_turn(self) -> None:
        self._rows.turn()
        self._said = ""
        self.show()

    def action_stop(self) -> None:
        live = self._rows.live
        if live is None or not live.running:
            self._said = "Nothing runs in this program."
        else:
            live.stop()
            self._said = "Stopping; finished cells are saved, and the same command goes on with the rest."
        self.show()

    def action_help(self) -> None:
        self.app.push_screen(ScreenHelp(Bench))

    def action_leave(self) -> None:
        self._leaving()


def preview(row: CellRow, glyphs: Glyphs) -> Told:
    """A cell at a glance."""
    told: list[tuple[str, str]] = [(visible(" ".join(row.question.split()))[:400], "title")]
    if row.answer:
        told.append((visible(row.answer.strip())[:600], "answer"))
    if row.error:
        told.append((visible(row.error), "bad"))
    if row.done:
        values = [f"official {score(row.official)}", f"tolerant {score(row.tolerant)}"]
        if row.judge is not None:
            values.append(f"judge {score(row.judge)}")
        told.append((f" {glyphs.dot} ".join(values), "text"))
        if row.parsed:
            told.append((f"read as {visible(' '.join(row.parsed.split()))[:200]}", "muted"))
    status = row.status.replace("_", " ") + (f" at the {row.limit} limit" if row.limit else "")
    how = f"{row.model} {row.method} {settings(row.parameters)}".strip()
    told.append((f"{status} {glyphs.dot} {visible(how)} {glyphs.dot} seed {row.seed}", "muted"))
    told.append(
        (f"{visible(row.item)} {glyphs.dot} length {row.length:,} {glyphs.dot} {visible(row.answer_type)}", "muted")
    )
    if row.done:
        work = [plural(row.turns, "turn"), plural(row.calls, "call"), f"depth {row.depth}", seconds(row.seconds)]
        used = f"{count(row.input)} in {glyphs.dot} {count(row.output)} out {glyphs.dot} {money(row.cost)}"
        told.append((f" {glyphs.dot} ".join(work), "text"))
        told.append((used, "cost"))
    if row.attempts > 1:
        told.append((f"attempt {row.attempts}", "warn"))
    return told


def sums(lines: list[Line], glyphs: Glyphs) -> Told:
    """What each model and method scores so far."""
    told: list[tuple[str, str]] = []
    several = len({line.arm.model for line in lines}) > 1
    for line in lines:
        told.append((visible(line.arm.name(with_model=several)), "title"))
        if not line.items:
            told.append(("  nothing yet", "muted"))
            continue
        if line.official is not None and line.interval is not None:
            full, rest = glyphs.bar(line.official, 10)
            span = f"{100 * line.interval.low:.0f}..{100 * line.interval.high:.0f}"
            told.append((f"  {full}{rest} {score(line.official):>5}  ({span})", "text"))
        few = f", {plural(line.windows, 'window')}" if line.windows < FEW_WINDOWS else ""
        cost = money(line.cost.p50) if line.cost is not None else "?"
        time = seconds(line.seconds.p50) if line.seconds is not None else ""
        told.append((f"  {plural(line.items, 'item')}{few} {glyphs.dot} {cost} {glyphs.dot} {time}", "muted"))
        if failures := line.failures():
            said = ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in failures.items())
            told.append((f"  counted 0: {said}", "warn"))
    return told
