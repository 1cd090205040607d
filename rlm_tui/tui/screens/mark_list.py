"""Marks: list, add one for the moment at the cursor, go to one, delete."""

from __future__ import annotations

from collections.abc import Mapping

from rlm_tui.tui.marks import Marks
from rlm_tui.tui.screens.listing import Listing
from rlm_tui.tui.view import View


class MarkList(Listing[int]):
    """Answers the event to go to."""

    HEADING = "Marks"
    KEYS = "Enter mark this moment   Down, Enter go to a mark   Del delete   Esc close"
    EMPTY = "No moment is marked."

    def __init__(self, view: View, marks: Marks) -> None:
        super().__init__(adding=True)
        self._view, self._marks = view, marks

    @property
    def heading(self) -> str:
        return f"Marks {self._view.glyphs.rule} at event {self._view.state.seq}"

    @property
    def hint(self) -> str:
        return f"name for event {self._view.state.seq}, or just Enter"

    def items(self) -> Mapping[int, str]:
        return {number: f"event {at}  {name}".rstrip() for number, (at, name) in self._marks.items().items()}

    def add(self, text: str) -> None:
        self._marks.add(text)

    def delete(self, number: int) -> None:
        self._marks.delete(number)

    def chosen(self, number: int) -> None:
        mark = self._marks.items().get(number)
        if mark is not None:
            self.dismiss(mark[0])
