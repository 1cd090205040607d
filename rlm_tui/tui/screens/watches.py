"""Watches: list, add, delete."""

from __future__ import annotations

from collections.abc import Mapping

from rlm_tui.tui.screens.listing import Listing
from rlm_tui.tui.view import View


class Watches(Listing[None]):
    """In a record, and in the past, it only lists."""

    HEADING = "Watches"
    EMPTY = "Nothing is watched."
    HINT = "look at…  (len(hits), answers[-1], 'yes' in answer)"
    EXAMPLES = """Looked at after every cell of every node, and now where the run is held; the values stand
below the variables. A watch only looks: it may not assign, nor call what might change something."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def items(self) -> Mapping[int, str]:
        return self._view.state.watches

    def problem(self, text: str) -> str:
        from rlm_tui.engine.looking import watch_problem

        if not self._view.running:
            return "Nothing runs: watches can be set in a live run only."
        return watch_problem(text)

    def add(self, text: str) -> None:
        if self._view.gate is not None:
            self._view.gate.watch(text)

    def delete(self, number: int) -> None:
        if self._view.running and self._view.gate is not None:
            self._view.gate.clear_watch(number)
