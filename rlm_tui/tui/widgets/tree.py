"""The recursion tree: nodes, turns and sub-calls with their cost, fifty thousand of them if need be."""

from __future__ import annotations

from typing import ClassVar

from textual.message import Message

from rlm_tui.projection import fold
from rlm_tui.projection.fold import Changed
from rlm_tui.tui import rows
from rlm_tui.tui.figures import count, plural, price
from rlm_tui.tui.text import fit, shorten, width_of
from rlm_tui.tui.view import CLOCK, SELECTION, View
from rlm_tui.tui.widgets.line_view import LineView, Parts

PATIENT_ABOVE = 1500
"""Rows above which a growing tree is laid out again only once a second."""


LARGE = 100_000_000
"""Characters of documents above which saving them takes long enough that one wants to know what is waited for."""


class RecursionTree(LineView):
    """Pane 2. Moving its cursor selects the row that the other panes show."""

    PARTS: ClassVar[Changed] = frozenset({fold.TREE, SELECTION, CLOCK, fold.CODE})

    class Selected(Message):
        """The operator put the cursor on a row. `key` is ``None`` for: follow the run again."""

        def __init__(self, key: str | None) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: View | None = None
        self._flat: rows.Flat = []
        self._place: dict[str, int] = {}
        self._counts = (-1, -1, -1)
        self._shut: set[str] = set()
        self._filter = ""
        self._state: object = None

    def sync(self, view: View, changed: Changed) -> None:
        self._view = view
        state = view.state
        size = (len(state.calls), len(state.nodes), len(state.cells))
        grown = size != self._counts or state is not self._state
        if grown and (
            len(self._flat) < PATIENT_ABOVE or state is not self._state or CLOCK in changed or not view.running
        ):
            self._lay_out()
        if changed - {CLOCK, SELECTION} or grown:
            self.changed_rows()
        if self._place.get(view.row, self.cursor) != self.cursor:
            self.put_cursor(self._place[view.row])
        self._caption(view)

    def _lay_out(self) -> None:
        assert self._view is not None
        view, state = self._view, self._view.state
        needle = self._filter.lower()
        match = (lambda key: needle in rows.searchable(view, key)) if needle else None
        self._flat = rows.flatten(state, self._shut, match)
        self._place = {key: place for place, (key, _) in enumerate(self._flat)}
        self._counts = (len(state.calls), len(state.nodes), len(state.cells))
        self._state = state

    def _caption(self, view: View) -> None:
        state = view.state
        title = f"2 Recursion {view.glyphs.rule} {plural(len(state.calls), 'call')}"
        if self._filter:
            title += f" {view.glyphs.dot} /{self._filter}"
        notes = []
        if points := len(state.breakpoints or view.waiting_breakpoints):
            notes.append(f"{points} bp")
        if state.errors:
            notes.append(f"{state.errors} {view.glyphs.bad}")
        self.caption(title, f" {view.glyphs.dot} ".join(notes))

    # --- rows

    @property
    def empty(self) -> str:
        if self._view is None:
            return ""
        if self._filter:
            return "No row contains that. Esc shows all."
        if self._view.source is None and not self._view.starting:
            return "Nothing runs yet. Press a to ask."
        if self._view.replay or not self._view.live:
            return "Before the first event."
        size = sum(document.chars for document in self._view.documents)
        if size >= LARGE:
            return f"Starting{self.glyphs.cut} {count(size)} characters are being saved and given to the REPL."
        return f"Starting{self.glyphs.cut}"

    def count(self) -> int:
        return len(self._flat)

    def key_at(self, row: int) -> str | None:
        """The key of a row on screen."""
        return self._flat[row][0] if 0 <= row < len(self._flat) else None

    def parts(self, row: int, width: int) -> Parts:
        assert self._view is not None
        view, palette, glyphs = self._view, self.palette, self.glyphs
        key, level = self._flat[row]
        found = rows.row(view, key)
        below = view.state.children.get(key)
        sign = " " if not below else (glyphs.shut if key in self._shut and not self._filter else glyphs.open)
        left = "  " * level
        cost, bar, rest = self._right(view, found, width)
        room = max(0, width - width_of(left) - 3 - width_of(cost) - width_of(bar) - width_of(rest) - 1)
        name = shorten(found.name, room, glyphs.cut)
        detail = fit(f" {found.detail}" if found.detail else "", room - width_of(name), glyphs.cut)
        emphasis = (
            palette["title"] if key in view.state.nodes or found.style in ("held", "running") else palette["text"]
        )
        return [
            (left + sign, palette["muted"]),
            (found.mark + " ", palette[found.style]),
            (name, emphasis),
            (detail, palette[found.detail_style]),
            (" " + cost, palette["cost"]),
            (bar, palette["bar"]),
            (rest, palette["faint"]),
        ]

    def _right(self, view: View, found: rows.Row, width: int) -> tuple[str, str, str]:
        usage = found.usage
        if not usage.calls:
            return ("" if width < 32 else " " * 11), "", ""
        spent = view.state.spent
        text = price(usage) if spent.cost or spent.unpriced else f"{count(usage.total)}t"
        if width < 32:
            return text, "", ""
        bar, rest = self.glyphs.bar(found.share, 4)
        return f"{text:>6} ", bar, rest.replace(self.glyphs.empty, " ")

    # --- hands

    def cursor_moved(self) -> None:
        self.post_message(self.Selected(self.key_at(self.cursor)))

    def to_start(self) -> None:
        super().to_start()
        self.cursor_moved()

    def to_end(self) -> None:
        super().to_end()
        self.cursor_moved()

    def activate(self) -> None:
        """Shut or open the row under the cursor."""
        key = self.key_at(self.cursor)
        if key is not None:
            self.fold_row(key, key not in self._shut)

    def clicked(self, row: int, column: int) -> None:
        key, level = self._flat[row]
        if column == 2 * level and self._view is not None and self._view.state.children.get(key):
            self.fold_row(key, key not in self._shut)

    def fold_row(self, key: str, shut: bool) -> None:
        """Hide or show what is below a row."""
        if self._view is None or not self._view.state.children.get(key):
            return
        (self._shut.add if shut else self._shut.discard)(key)
        self._lay_out()
        self.changed_rows()

    def fold_all(self, shut: bool) -> None:
        """Hide or show what is below every turn."""
        if self._view is None:
            return
        state = self._view.state
        self._shut = {key for key in state.children if key not in state.nodes} if shut else set()
        self._lay_out()
        self.changed_rows()

    @property
    def filtered(self) -> bool:
        """Whether a filter hides rows."""
        return bool(self._filter)

    def filter(self, words: str) -> None:
        """Show only rows that contain `words` (and what they hang on); empty shows all."""
        self._filter = words
        if self._view is not None:
            self._lay_out()
            self.changed_rows()
            self._caption(self._view)
