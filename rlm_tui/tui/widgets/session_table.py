"""The list of saved sessions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from rlm_tui.store.row import SessionRow
from rlm_tui.tui.figures import count, price
from rlm_tui.tui.rows import one_line
from rlm_tui.tui.shelf import Line, when
from rlm_tui.tui.text import fit, shorten
from rlm_tui.tui.widgets.line_view import LineView, Parts

_STATUS = {
    "completed": ("ok", "ok"),
    "partial": ("partial", "warn"),
    "failed": ("bad", "bad"),
    "cancelled": ("stop", "muted"),
    "running": ("running", "running"),
    "interrupted": ("warn", "warn"),
}


class SessionTable(LineView):
    """One row a session; forks stand below the session they were made from."""

    class Chosen(Message):
        """Enter, or a double click, on a session."""

        def __init__(self, session: str) -> None:
            super().__init__()
            self.session = session

    class Moved(Message):
        """The cursor stands on another session."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._now = 0.0
        self._hint = ""
        self.marked: list[str] = []

    def show(self, lines: Sequence[Line], now: float, hint: str) -> None:
        """Show these sessions; `hint` stands there when there are none."""
        chosen = self.chosen
        self._lines, self._now, self._hint = lines, now, hint
        self.changed_rows()
        if chosen is not None:
            self.put_cursor(next((n for n, line in enumerate(lines) if line.row.id == chosen.id), self.cursor))
        self.post_message(self.Moved())

    @property
    def chosen(self) -> SessionRow | None:
        """The session under the cursor."""
        return self._lines[self.cursor].row if 0 <= self.cursor < len(self._lines) else None

    def mark(self) -> None:
        """Mark the session under the cursor, or take its mark away. Marks keep the order in which they were set."""
        if self.chosen is not None:
            chosen = self.chosen.id
            if chosen in self.marked:
                self.marked.remove(chosen)
            else:
                self.marked.append(chosen)
            self.changed_rows()

    @property
    def empty(self) -> str:
        return self._hint

    def count(self) -> int:
        return len(self._lines)

    def put_cursor(self, row: int) -> None:
        super().put_cursor(row)
        self.post_message(self.Moved())

    def activate(self) -> None:
        if self.chosen is not None:
            self.post_message(self.Chosen(self.chosen.id))

    def parts(self, row: int, width: int) -> Parts:
        line, palette, glyphs = self._lines[row], self.palette, self.glyphs
        session = line.row
        sign, style = _STATUS.get(session.status, ("waiting", "muted"))
        wide = width >= 100
        fork = "  " * (line.level - 1) + glyphs.span_bottom + " " if line.level else ""
        document = session.documents[0][0] if session.documents else ""
        if len(session.documents) > 1:
            document = f"{document} +{len(session.documents) - 1}"
        made = {"fork": f"fork @{session.parent_seq} ", "rerun": "rerun "}.get(session.origin, "")
        right = f"{session.calls:>5} {count(session.input + session.output):>6} {price(session.usage):>8} "
        middle = width - 4 - 13 - len(right) - (32 if wide else 0)
        cut = glyphs.cut
        question = fit(made + one_line(session.query), middle - (22 if wide else 0), cut)
        parts: Parts = [
            (f"{glyphs.span_only if session.id in self.marked else ' '}{getattr(glyphs, sign)} ", palette[style]),
            (fit(when(session.created, self._now), 13, cut), palette["muted"]),
            (fit(session.id[:7], 8, "") if wide else "", palette["muted"]),
            (fork, palette["faint"]),
        ]
        room = max(0, len(question) - len(fork))
        if wide:
            parts.append((fit(one_line(document), 22, cut), palette["text"]))
        parts.append((fit(shorten(question.rstrip(), room, cut), room, cut), palette["title"]))
        if wide:
            parts.append((" " + fit(one_line(session.model), 23, cut), palette["muted"]))
        parts.append((" " + right, palette["cost"]))
        return parts
