"""The cells that the laboratory's screen shows, kept up to date from the store and from a run in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rlm_tui.bench.report.arms import Line, lines
from rlm_tui.config.store_url import StorePlace
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.results import FAILURES, OK, PENDING, RUNNING, CellRow, cells, suites

ALL, FAILED, OPEN, ANSWERED = "all", "failed", "open", "answered"
VIEWS = (ALL, FAILED, OPEN, ANSWERED)
"""Which cells are listed."""

_SHOWN = {ALL: None, FAILED: set(FAILURES), OPEN: {PENDING, RUNNING}, ANSWERED: {OK}}


class Running(Protocol):
    """A run in this process (`rlm_tui.bench.live.LiveBench`)."""

    failure: str | None

    @property
    def running(self) -> bool: ...

    @property
    def spent(self) -> float: ...

    def drain(self) -> list[CellRow]: ...

    def stop(self) -> None: ...


class Rows:
    """The cells of the tables `suites` in the store at `path`; `live` runs some of them."""

    def __init__(self, path: StorePlace, suites: Sequence[str], live: Running | None = None) -> None:
        self.suites = list(suites)
        self.live = live
        self._path = path
        self._rows: dict[str, CellRow] = {}
        self._lines: list[Line] | None = None
        self.problem = ""

    def read(self) -> None:
        """Ask the store. What is wrong with it is in `problem`."""
        try:
            with StoreReader(self._path) as reader:
                found = [row for suite in self.suites for row in cells(reader, suite)]
        except Exception as error:
            # The store says it in one sentence; the old rows stay.
            self.problem = str(error)
            return
        self.problem, self._lines = "", None
        self._rows = {row.key: row for row in found}

    def turn(self) -> None:
        """Go on to the next table of the store; while a run in this process is on, its tables stay."""
        if self.live is not None and self.live.running:
            self.problem = "Another table can be shown when this run is over."
            return
        try:
            with StoreReader(self._path) as reader:
                names = [suite.name for suite in suites(reader)]
        except Exception as error:
            self.problem = str(error)
            return
        if names:
            here = names.index(self.suites[0]) if self.suites and self.suites[0] in names else -1
            self.suites = [names[(here + 1) % len(names)]]
            self.live = None
        self.read()

    def take(self) -> bool:
        """Take what a run in this process changed; whether there was anything."""
        changed = self.live.drain() if self.live is not None else []
        for row in changed:
            self._rows[row.key] = row
        if changed:
            self._lines = None
        return bool(changed)

    @property
    def waiting(self) -> bool:
        """Whether some cell has no outcome yet."""
        return any(not row.done for row in self._rows.values())

    def shown(self, view: str) -> list[CellRow]:
        """The rows of one view, in the order in which they are run."""
        wanted = _SHOWN[view]
        return [row for row in self._rows.values() if wanted is None or row.status in wanted]

    def count(self, *statuses: str) -> int:
        """How many cells have one of these statuses; all of them without any."""
        return sum(not statuses or row.status in statuses for row in self._rows.values())

    @property
    def spent(self) -> float:
        """What the last attempts cost, as far as prices are known."""
        if self.live is not None and self.live.spent:
            return self.live.spent
        return sum(row.cost or 0.0 for row in self._rows.values())

    @property
    def sums(self) -> list[Line]:
        """A line for each model and method."""
        if self._lines is None:
            self._lines = lines(list(self._rows.values()))
        return self._lines
