"""Pane 6: when what ran, by depth; where the cursor is; click to go there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from rlm_tui.projection import fold
from rlm_tui.projection.fold import Changed
from rlm_tui.projection.state import SessionState
from rlm_tui.tui.figures import clock, count, price
from rlm_tui.tui.glyphs import Glyphs
from rlm_tui.tui.text import fit, width_of
from rlm_tui.tui.view import CLOCK, View
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane

PATIENT_ABOVE = 2000
"""Calls and cells above which the lanes of a live run are drawn anew only once a second."""

MARGIN = 5
"""Columns for a lane's name."""

CHART_MOST = 6
"""Rows of what was spent, at most."""

TICK_LEAST = 12
"""Columns between two marks of the clock, at least."""

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
"""Seconds that may lie between two marks of the clock."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time, in seconds of work since the start: `kind` is ``model``, ``code`` or ``bad``."""

    start: float
    end: float
    kind: str


def lanes(state: SessionState, until: float, most: int, worked: Callable[[float], float]) -> list[list[Bar]]:
    """The stretches of each depth, the root's first; with more depths than `most`, the last lane holds the rest.

    `until` is the moment up to which what is still open goes on; `worked` turns moments into seconds of work.
    """
    depths = min(most, 2 + state.depth if state.calls else 1)
    found: list[list[Bar]] = [[] for _ in range(max(1, depths))]
    for key in state.order:
        if call := state.calls.get(key):
            node = state.nodes.get(call.node)
            depth = (node.depth if node else 0) + (1 if call.purpose == "leaf" else 0)
            end = call.ended if call.ended is not None else until
            kind = "bad" if call.status == "failed" else "model"
            found[min(depth, len(found) - 1)].append(Bar(worked(call.started), worked(end), kind))
        elif cell := state.cells.get(key):
            if not cell.started:
                continue
            node = state.nodes.get(cell.node)
            end = cell.ended if cell.ended is not None else until
            kind = "bad" if cell.error is not None else "code"
            found[min(node.depth if node else 0, len(found) - 1)].append(Bar(worked(cell.started), worked(end), kind))
    return [lane for n, lane in enumerate(found) if lane or n == 0]


def columns(lane: list[Bar], span: float, width: int) -> list[str]:
    """A lane as one kind (or ``""``) per column. Failing beats model beats code, for what is rare must not vanish;
    ``bad`` is where a stretch failed.
    """
    rank = {"": 0, "code": 1, "model": 2, "failing": 3, "bad": 4}
    cells = [""] * width
    for bar in lane:
        first = int(bar.start / span * width)
        last = int(bar.end / span * width)
        first, last = max(0, first), min(width - 1, last)
        kind = "failing" if bar.kind == "bad" else bar.kind
        for column in range(first, last + 1):
            if rank[kind] > rank[cells[column]]:
                cells[column] = kind
        if bar.kind == "bad" and first <= last:
            cells[last] = "bad"
    return cells


class Timeline(Pane, can_focus=True):
    """Lanes by depth over the time of the whole session, with the cursor's place."""

    PARTS: ClassVar[Changed] = frozenset({fold.TIMELINE, fold.STATUS, CLOCK})
    ALLOW_SELECT = False

    class Sought(Message):
        """The operator pointed at a moment: seconds of work since the start."""

        def __init__(self, at: float) -> None:
            super().__init__()
            self.at = at

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: View | None = None
        self._lanes: list[list[Bar]] = []
        self._span = 1.0
        self._drawn_seq = -1
        self._dragging = False

    def sync(self, view: View, changed: Changed) -> None:
        self._view = view
        head, state = view.head, view.state
        until = head.ended or max(head.at, view.now() if view.running and head.paused is None else 0.0)
        self._span = max(0.001, view.worked(until))
        many = len(head.order) > PATIENT_ABOVE and view.running
        moving = head.seq != self._drawn_seq or head.open_calls or head.running_cells
        if moving and (CLOCK in changed or not many):
            self._drawn_seq = head.seq
            self._lanes = lanes(head, until, max(1, self.size.height), view.worked) if head.order else []
        glyphs = view.glyphs
        where = (
            "live head"
            if view.live and view.running
            else "end"
            if view.live
            else f"{glyphs.minus}{head.seq - state.seq}"
        )
        if head.seq:
            self.caption(
                "6 Timeline", f"event {state.seq}/{head.seq} {glyphs.dot} {where} {glyphs.dot} +{clock(view.elapsed)}"
            )
        else:
            self.caption("6 Timeline", "")
        self.refresh()

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        parts: Parts = []
        if self._view is not None and y < len(self._lanes):
            parts = self._lane(self._view, y, width)
        elif self._view is not None and self._lanes and y < len(self._lanes) + self._chart_rows:
            parts = self._spending(self._view, y - len(self._lanes), width)
        elif self._view is not None and self._ruled and y == len(self._lanes) + self._chart_rows:
            parts = self._ruler(width)
        elif self._view is not None and not self._lanes and y == 0:
            parts = [("  Model and code time appear here as the run goes on.", self.palette["muted"])]
        return strip_of(parts).crop_extend(0, width, base).apply_style(base)

    @property
    def _ruled(self) -> bool:
        """Whether there is room below the lanes for more than what was spent: the hours of the clock."""
        return bool(self._lanes) and self.size.height - len(self._lanes) >= 2

    @property
    def _chart_rows(self) -> int:
        """Rows of what was spent."""
        if self._view is None or not self._lanes or not self._view.head.spent.calls:
            return 0
        return max(0, min(CHART_MOST, self.size.height - len(self._lanes) - self._ruled))

    def _ruler(self, width: int) -> Parts:
        """The seconds of work since the start, at round numbers of them."""
        room = max(1, width - MARGIN - 1)
        step = next((step for step in STEPS if step / self._span * room >= TICK_LEAST), None)
        text = ""
        if step is not None:
            for number in range(int(self._span / step) + 1):
                at = int(number * step / self._span * room)
                label = f"{self.glyphs.upright}{clock(number * step)}"
                if len(text) <= at <= room - len(label):
                    text = text.ljust(at) + label
        return [(" " * MARGIN, self.palette["muted"]), (text, self.palette["muted"])]

    def _lane(self, view: View, number: int, width: int) -> Parts:
        palette, glyphs = self.palette, self.glyphs
        room = max(1, width - MARGIN - 1)
        cells = columns(self._lanes[number], self._span, room)
        marked = self._marked(view, room) if number == 0 else frozenset()
        deeper = "+" if number == len(self._lanes) - 1 and view.head.depth + 1 > number and number > 0 else ""
        at = room - 1 if view.live else min(room - 1, int(view.worked(view.state.at) / self._span * room))
        parts: Parts = [(fit(f" d{number}{deeper}", MARGIN), palette["muted"])]
        for column, kind in enumerate(cells):
            if column == at:
                parts.append((glyphs.cursor, palette["held"]))
                continue
            if column in marked:
                parts.append((glyphs.mark, palette["operator"]))
                continue
            sign, name = _sign(glyphs, kind)
            # What the cursor has not reached yet is drawn quietly.
            parts.append((sign, palette[name] if column < at else palette["faint"]))
        return parts

    def _marked(self, view: View, room: int) -> frozenset[int]:
        """The columns of the operator's marks."""
        entries = view.timeline.entries
        found = set()
        for at in self.marks():
            index = min(at, len(entries)) - 1
            if index >= 0:
                found.add(min(room - 1, int(view.worked(entries[index].at) / self._span * room)))
        return frozenset(found)

    def marks(self) -> list[int]:
        """The events that are marked."""
        marks = getattr(self.screen, "marks", None)
        return [at for at, _ in marks.items().values()] if marks is not None else []

    def _spending(self, view: View, row: int, width: int) -> Parts:
        """What was spent up to each moment, as rows of bars of which `row` is one; tokens where nothing has a price."""
        room = max(1, width - MARGIN - 1)
        head, glyphs, palette = view.head, self.glyphs, self.palette
        priced = head.spent.cost > 0
        steps = [0.0] * room
        for call in head.calls.values():
            if call.ended is not None:
                column = min(room - 1, int(view.worked(call.ended) / self._span * room))
                steps[column] += call.usage.cost if priced else call.usage.total
        sums = list(accumulate(steps))
        top = sums[-1] or 1.0
        rows = self._chart_rows
        below = rows - 1 - row
        bars = "".join(glyphs.level(glyphs.sparks, min(1.0, value / top * rows - below)) for value in sums)
        label = (" $" if priced else " tok") if row == 0 else ""
        amount = f" {price(head.spent) if priced else count(head.spent.total)} "
        if row == 0:
            bars = bars[: -len(amount)]
        blank = len(bars) - len(bars.lstrip())  # In a style of its own: some viewers of SVG drop a leading blank.
        parts: Parts = [(fit(label, MARGIN), palette["muted"]), (bars[:blank], palette["faint"])]
        if row:
            return [*parts, (bars[blank:], palette["cost"])]
        return [*parts, (bars[blank:], palette["cost"]), (amount, palette["title"])]

    def on_resize(self, event: events.Resize) -> None:
        self._drawn_seq = -1
        if self._view is not None:
            self.sync(self._view, frozenset({CLOCK}))

    # --- the mouse

    def _seek_to(self, x: int) -> None:
        room = max(1, self.size.width - MARGIN - 1)
        if self._view is not None and self._view.head.seq:
            share = min(1.0, max(0.0, (x - MARGIN + 1) / room))
            self.post_message(self.Sought(share * self._span))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.x >= MARGIN:
            self._dragging = True
            self.capture_mouse()
            self._seek_to(offset.x)
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            self._seek_to(event.screen_x - self.content_region.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._dragging:
            self._dragging = False
            self.release_mouse()


def _sign(glyphs: Glyphs, kind: str) -> tuple[str, str]:
    if kind == "model":
        return glyphs.model_time, "model_time"
    if kind == "code":
        return glyphs.code_time, "code_time"
    if kind == "failing":
        return glyphs.model_time, "bad"
    if kind == "bad":
        return glyphs.bad, "bad"
    return " ", "faint"


class TimeStrip(Timeline, can_focus=False):
    """The timeline of the narrow screen: everything in one lane."""

    def sync(self, view: View, changed: Changed) -> None:
        super().sync(view, changed)
        if self._lanes:
            self._lanes = [[bar for lane in self._lanes for bar in lane]]

    def caption(self, title: str, subtitle: str = "") -> None:
        self._words = subtitle

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if self._view is None or not self._lanes:
            return Strip.blank(width, base)
        words = f" {self._view.state.seq}/{self._view.head.seq} +{clock(self._view.elapsed)} "
        room = max(8, width - width_of(words))
        parts = self._lane(self._view, 0, room)
        parts[0] = (" time", self.palette["muted"])
        parts.append((words, self.palette["muted"]))
        return strip_of(parts).crop_extend(0, width, base).apply_style(base)
