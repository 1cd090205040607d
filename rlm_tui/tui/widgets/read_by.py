"""Who read a line."""

from __future__ import annotations

from rlm_tui.tui import rows
from rlm_tui.tui.figures import price
from rlm_tui.tui.text import fit, width_of
from rlm_tui.tui.view import View
from rlm_tui.tui.widgets.line_view import LineView, Parts


class ReadBy(LineView):
    """The calls and cells that read the line under the cursor, and what they cost."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[tuple[str, str, str]] = []

    @property
    def marks_cursor(self) -> bool:
        return self.has_focus

    def show(self, view: View, number: int, span: tuple[int, int]) -> None:
        """List who read characters `span` of document `number`."""
        coverage, state = view.state.coverage, view.state
        found: list[tuple[str, str, str]] = []
        seen: set[str] = set()
        readers = (
            coverage.readers_of(number, span[0], max(span[1], span[0] + 1)) if number < len(coverage.sizes) else []
        )
        for reader in readers:
            if reader.source in seen:
                continue
            seen.add(reader.source)
            if call := state.calls.get(reader.source):
                name = rows.row(view, call.id).name
                where = "" if call.node == "0" else f"{call.node} "
                found.append((where + name, price(call.usage), call.id))
            elif cell := state.cells.get(reader.source):
                found.append((f"turn {cell.turn} code", "", state.row_of_cell(cell)))
        self._rows = found
        self.cursor = 0
        self.changed_rows()

    def key(self) -> str | None:
        """The tree row of the reader under the cursor."""
        return self._rows[self.cursor][2] if self._rows else None

    def count(self) -> int:
        return max(1, len(self._rows))

    def parts(self, row: int, width: int) -> Parts:
        if not self._rows:
            return [("  nobody has read this line yet", self.palette["muted"])]
        name, cost, _ = self._rows[row]
        return [
            ("  " + fit(name, max(4, width - 3 - width_of(cost)), self.glyphs.cut), self.palette["text"]),
            (cost, self.palette["cost"]),
        ]
