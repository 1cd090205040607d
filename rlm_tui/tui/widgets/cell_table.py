"""The laboratory's cells, one a row."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from rlm_tui.bench.report.arms import settings
from rlm_tui.bench.report.grid import money, score, seconds
from rlm_tui.store.results import FAILURES, OK, PENDING, RUNNING, CellRow
from rlm_tui.tui.rows import one_line
from rlm_tui.tui.text import fit
from rlm_tui.tui.widgets.line_view import LineView, Parts

STATES = {
    PENDING: ("waiting", "muted"),
    RUNNING: ("running", "running"),
    OK: ("ok", "ok"),
    "error": ("bad", "bad"),
    "timeout": ("bad", "warn"),
    "budget": ("partial", "warn"),
    "over_window": ("bad", "warn"),
    "refused": ("stop", "warn"),
}
"""A sign and a style for each status."""


def state_of(cell: CellRow) -> tuple[str, str]:
    """The sign and the style of a cell: an answer that is wrong is no tick."""
    if cell.status == OK and cell.official is not None and cell.official < 1:
        return ("partial", "warn") if cell.official > 0 else ("bad", "muted")
    return STATES.get(cell.status, ("waiting", "muted"))


class CellTable(LineView):
    """Rows of cells; Enter, or a double click, wants the session of one."""

    class Chosen(Message):
        """The session of a cell is wanted."""

        def __init__(self, session: str) -> None:
            super().__init__()
            self.session = session

    class Moved(Message):
        """The cursor stands on another cell, or the cell under it changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[CellRow] = ()
        self._hint = ""

    def show(self, rows: Sequence[CellRow], hint: str) -> None:
        """Show these cells; `hint` stands there when there are none. The cursor stays on its cell."""
        chosen = self.chosen
        changed = [n for n, (old, new) in enumerate(zip(self._rows, rows, strict=False)) if old != new]
        same_length = len(rows) == len(self._rows)
        self._rows, self._hint = rows, hint
        if not same_length or changed:
            self.changed_rows(changed[0] if same_length and changed else None)
        if chosen is not None and (self.chosen is None or self.chosen.key != chosen.key):
            self.put_cursor(next((n for n, row in enumerate(rows) if row.key == chosen.key), self.cursor))
        self.post_message(self.Moved())

    @property
    def chosen(self) -> CellRow | None:
        """The cell under the cursor."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def empty(self) -> str:
        return self._hint

    def count(self) -> int:
        return len(self._rows)

    def put_cursor(self, row: int) -> None:
        super().put_cursor(row)
        self.post_message(self.Moved())

    def activate(self) -> None:
        if self.chosen is not None and self.chosen.session is not None:
            self.post_message(self.Chosen(self.chosen.session))

    def parts(self, row: int, width: int) -> Parts:
        cell, palette, glyphs = self._rows[row], self.palette, self.glyphs
        sign, style = state_of(cell)
        cut, wide = glyphs.cut, width >= 100
        value = score(cell.official) if cell.done else ""
        right = (
            f"{value:>6} {money(cell.cost) if cell.done else '':>9} {seconds(cell.seconds) if cell.done else '':>7} "
        )
        how = f"{cell.method} {settings(cell.parameters)}".strip()
        model, method = (22, 18) if wide else (14, 10)
        room = max(0, width - 3 - model - method - len(right) - 2)
        item = room // 2 if wide else room
        said = ""
        if cell.status in FAILURES:
            said = f"{cell.status.replace('_', ' ')}: {cell.error or cell.limit or ''}"
        elif cell.status == OK:
            said = cell.answer or ""
        parts: Parts = [
            (f" {getattr(glyphs, sign)} ", palette[style]),
            (fit(one_line(cell.model), model, cut) + " ", palette["text"]),
            (fit(one_line(how), method, cut) + " ", palette["title"]),
            (fit(one_line(cell.item), item, cut), palette["muted"]),
        ]
        if wide:
            parts.append(
                (fit(" " + one_line(said), room - item, cut), palette["bad" if cell.status in FAILURES else "answer"])
            )
        return [*parts, (right, palette["cost"])]
