"""Two aligned trees, side by side in one view, so that they scroll together."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from rlm_tui.projection.compare import Session
from rlm_tui.tui.diff_rows import DiffRow, cost_of, name_of, words_of
from rlm_tui.tui.figures import plural
from rlm_tui.tui.text import fit, width_of
from rlm_tui.tui.widgets.line_view import LineView, Parts

_STYLES = {
    "same": "muted",
    "changed": "warn",
    "replaced": "warn",
    "removed": "bad",
    "added": "ok",
    "moved": "running",
}


class DiffTree(LineView):
    """One row for a step of both sessions, of A alone, or of the other one alone."""

    class Moved(Message):
        """The cursor stands on another row."""

    class Opened(Message):
        """Enter, or a double click, on a row."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hides_equal = False
        self._all: Sequence[DiffRow] = ()
        self._rows: Sequence[DiffRow] = ()
        self._sessions: tuple[Session, Session] | None = None
        self._names = ("A", "B")

    def show(self, rows: Sequence[DiffRow], left: Session, right: Session, names: tuple[str, str]) -> None:
        """Show a pair of sessions."""
        self._all, self._sessions, self._names = rows, (left, right), names
        self._choose()

    def hide_equal(self, hide: bool) -> None:
        """Leave out the rows in which nothing differs; the root stays."""
        chosen = self.chosen
        self.hides_equal = hide
        self._choose()
        if chosen in self._rows:
            self.put_cursor(self._rows.index(chosen))

    def _choose(self) -> None:
        keep = [row for row in self._all if row.kind != "same" or row.level == 0]
        self._rows = keep if self.hides_equal else self._all
        self.changed_rows()
        hidden = len(self._all) - len(self._rows)
        differences = plural(sum(row.is_difference for row in self._all), "difference")
        left = f" {self.glyphs.dot} {plural(hidden, 'equal row')} hidden" if hidden else ""
        self.caption(f"{self._names[0]} and {self._names[1]}", f"{differences}{left}")
        self.post_message(self.Moved())

    @property
    def chosen(self) -> DiffRow | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    def go_to(self, a: str | None, b: str | None) -> None:
        """Put the cursor on the row with these keys, or on the first one of either."""
        exact = (n for n, row in enumerate(self._rows) if (row.a, row.b) == (a, b))
        near = (n for n, row in enumerate(self._rows) if (a and row.a == a) or (b and row.b == b))
        found = next(exact, None)
        self.put_cursor(found if found is not None else next(near, 0))

    def next_difference(self, step: int) -> bool:
        """Go to the next (1) or previous (-1) row in which something differs. ``False`` when there is none."""
        found = [n for n, row in enumerate(self._rows) if row.is_difference and (n - self.cursor) * step > 0]
        if found:
            self.put_cursor(found[0] if step > 0 else found[-1])
        return bool(found)

    # --- rows

    @property
    def empty(self) -> str:
        return "One of the sessions has not begun."

    def count(self) -> int:
        return len(self._rows)

    def put_cursor(self, row: int) -> None:
        super().put_cursor(row)
        self.post_message(self.Moved())

    def activate(self) -> None:
        self.post_message(self.Opened())

    def parts(self, row: int, width: int) -> Parts:
        assert self._sessions is not None
        step = self._rows[row]
        half = (width - 1) // 2
        turn = step.turn
        left = self._half(step, self._sessions[0], step.a, turn.a if turn else None, half)
        right = self._half(step, self._sessions[1], step.b, turn.b if turn else None, width - 1 - half)
        return [*left, (self.glyphs.upright, self.palette["faint"]), *right]

    def _half(self, row: DiffRow, session: Session, key: str | None, side: object, width: int) -> Parts:
        from rlm_tui.projection.compare import TurnSide

        if key is None:
            return [(" " * width, self.palette["muted"])]
        style = self.palette[_STYLES[row.kind]]
        head = f" {'  ' * min(row.level, 8)}{self.sign(row)} "
        name, cost = name_of(session, key), cost_of(session, key)
        words = words_of(session, row, key, side if isinstance(side, TurnSide) else None)
        room = max(0, width - width_of(head) - width_of(name) - width_of(cost) - 3)
        parts: Parts = [
            (head, style),
            (name + " ", self.palette["title"]),
            (fit(words, room, self.glyphs.cut), self.palette["muted" if row.kind == "same" else "text"]),
            (f" {cost} ", self.palette["cost"]),
        ]
        taken = sum(width_of(text) for text, _ in parts)
        if taken > width:
            return [(fit("".join(text for text, _ in parts), width, self.glyphs.cut), style)]
        return [*parts, (" " * (width - taken), style)]

    @property
    def unequal_moved(self) -> tuple[str, str]:
        """The signs of what differs and of what moved."""
        return ("!", ">") if self.glyphs.name == "ascii" else ("≠", "→")

    def sign(self, row: DiffRow) -> str:
        """How both halves of a row stand to each other, as one character."""
        unequal, moved = self.unequal_moved
        signs = {"same": "=", "changed": unequal, "replaced": unequal, "removed": "-", "added": "+", "moved": moved}
        return signs[row.kind]
