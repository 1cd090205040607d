"""What a pane may look at: the session at the cursor, its texts and documents, and what the operator has selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rlm_tui.events import (
    BlobRef,
    CallReserved,
    CellProposed,
    Entry,
    NodeStarted,
    Paused,
    Resumed,
    SessionAsked,
    SessionEnded,
    SessionResumed,
)
from rlm_tui.projection.fold import Changed
from rlm_tui.projection.state import Call, Cell, Node, SessionState
from rlm_tui.projection.timeline import Timeline
from rlm_tui.tui.glyphs import UNICODE, Glyphs

if TYPE_CHECKING:
    from rlm_tui.document.document import Document
    from rlm_tui.engine.control import Gate
    from rlm_tui.session.source import EventSource

SELECTION, CLOCK = "selection", "clock"
"""Parts that change without an event: what is selected, and the time of a live run."""


class View:
    """The one thing panes are synced with. It lives as long as the workbench; its contents move.

    `state` is the session at the cursor, `head` at the newest event; while `live` they are the same. `row` is the key of
    the tree row that code, output, variables and document show: what the operator selected, or else where something
    last happened. `forks` says whether new sessions can be made out of this one, `asks` whether other questions can be started;
    `speed` is how fast a record is played (1: as it happened). `places` says at which event each row began, whether the cursor has reached it or not; `indexed` which share of a huge document is
    indexed, by its name.
    """

    def __init__(self, clock: Callable[[], float], glyphs: Glyphs = UNICODE) -> None:
        self.timeline = Timeline()
        self.source: EventSource | None = None
        self.glyphs = glyphs
        self.selected: str | None = None
        self.starting = False
        self.forks = False
        self.asks = False
        self.playing = False
        self.speed = 1.0
        self.note = ""
        self.question = ""
        self.waiting_breakpoints: dict[int, str] = {}
        self.indexed: dict[str, float] = {}
        self.places: dict[str, int] = {}
        self._stops: list[tuple[float, float]] = []
        self._stopped_at: float | None = None
        self._last_at = 0.0
        self._documents: Sequence[Document] = ()
        self._clock = clock

    # --- time

    def take(self, entries: Sequence[Entry]) -> Changed:
        """New entries of the session. Returns what they change at the cursor."""
        for entry in entries:
            event = entry.event
            if isinstance(event, CallReserved):
                self.places.setdefault(event.call, entry.seq)
            elif isinstance(event, NodeStarted):
                self.places.setdefault(event.node, entry.seq)
            elif isinstance(event, CellProposed):
                self.places.setdefault(event.cell, entry.seq)
            elif isinstance(event, Paused):
                self._stopped_at = entry.at
            elif isinstance(event, Resumed | SessionEnded) and self._stopped_at is not None:
                self._stops.append((self._stopped_at, entry.at))
                self._stopped_at = None
            elif isinstance(event, SessionAsked | SessionResumed):
                # Nothing ran since the end, or since the last event where there was none.
                since = self._last_at if self._stopped_at is None else self._stopped_at
                self._stops.append((since, entry.at))
                self._stopped_at = None
            self._last_at = entry.at
        return self.timeline.append(entries)

    def worked(self, at: float) -> float:
        """Seconds from the session's start to the moment `at` without those in which nothing ran: held, or between two runs."""
        waited = sum(min(end, at) - start for start, end in self._stops if start < at)
        if self._stopped_at is not None and at > self._stopped_at:
            waited += at - self._stopped_at
        return max(0.0, at - self.head.started - waited)

    @property
    def state(self) -> SessionState:
        return self.timeline.state

    @property
    def head(self) -> SessionState:
        return self.timeline.head

    @property
    def live(self) -> bool:
        """Whether the cursor is at the newest event."""
        return self.timeline.live

    @property
    def replay(self) -> bool:
        """Whether a saved session is shown: nothing runs, nothing costs."""
        return self.source is not None and self.source.gate is None

    @property
    def process(self) -> int | None:
        """The number of the other process that runs the session which is shown; ``None`` if there is none."""
        return getattr(self.source, "process", None)

    @property
    def cut_off(self) -> bool:
        """Whether the cursor is at the end of a record that was interrupted: what is under way there never came back."""
        return self.replay and self.process is None and not self.head.over and self.state.seq == self.head.seq > 0

    @property
    def gate(self) -> Gate | None:
        """The control of the run; ``None`` in a replay, and before there is a run."""
        return self.source.gate if self.source is not None else None

    @property
    def running(self) -> bool:
        """Whether a live run has not ended."""
        return self.gate is not None and not self.head.over and self.failure is None

    @property
    def failure(self) -> str | None:
        """Why nothing more will come, if the source broke down."""
        return self.source.failure if self.source is not None else None

    @property
    def held(self) -> bool:
        """Whether the run waits for the operator, and the screen shows that moment."""
        return self.live and self.running and self.head.paused is not None

    @property
    def elapsed(self) -> float:
        """Seconds that the session has run up to the cursor, or up to now: without those in which it was held."""
        state = self.state
        if not state.started:
            return 0.0
        if self.live and (self.running or (self.process and not state.over)) and state.paused is None:
            return max(0.0, self._clock() - state.started - state.idle)
        return max(0.0, state.seconds)

    def now(self) -> float:
        """Seconds since the epoch, by the clock that was given."""
        return self._clock()

    # --- texts

    @property
    def documents(self) -> Sequence[Document]:
        """The session's documents; before there is a session, the ones that were opened."""
        if self.source is not None and self.source.documents:
            return self.source.documents
        return self._documents

    @documents.setter
    def documents(self, documents: Sequence[Document]) -> None:
        self._documents = documents

    def text(self, ref: BlobRef | None) -> str:
        """A body by reference; empty for ``None``, a remark in brackets when the body is not there."""
        if ref is None or self.source is None:
            return ""
        try:
            return self.source.text(ref)
        except KeyError:
            return "[this text is not in the session]"

    # --- what is selected

    @property
    def row(self) -> str:
        """Key of the selected tree row, or of the one where something last happened."""
        state = self.state
        if self.selected is not None and self.exists(self.selected):
            return self.selected
        return state.current or ("0" if state.nodes else "")

    def exists(self, key: str) -> bool:
        """Whether the tree has this row at the cursor."""
        state = self.state
        return key in state.calls or key in state.nodes or key in state.cells

    @property
    def call(self) -> Call | None:
        """The selected call, when a call is selected."""
        return self.state.calls.get(self.row)

    @property
    def node(self) -> Node | None:
        """The node that the selected row belongs to."""
        state, row = self.state, self.row
        if row in state.nodes:
            return state.nodes[row]
        if call := state.calls.get(row):
            return state.nodes.get(call.node)
        if cell := state.cells.get(row):
            return state.nodes.get(cell.node)
        return None

    @property
    def cell(self) -> Cell | None:
        """The cell that belongs to the selected row: its own, the one that made it, or the node's newest."""
        state, row = self.state, self.row
        if row in state.cells:
            return state.cells[row]
        if cells := state.cells_of.get(row):
            return state.cells[cells[-1]]
        if call := state.calls.get(row):
            if call.cell:
                return state.cells.get(call.cell)
            return None
        if row in state.nodes:
            for key in reversed(state.children.get(row, ())):
                if cells := state.cells_of.get(key):
                    return state.cells[cells[-1]]
                if key in state.cells:
                    return state.cells[key]
        return None
