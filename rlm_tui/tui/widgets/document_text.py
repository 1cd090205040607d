"""The text of a document of any size: only the lines on screen are read, wrapped and drawn."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from rlm_tui.document.document import Document
from rlm_tui.document.visible import visible
from rlm_tui.events import Span
from rlm_tui.projection.coverage import Coverage
from rlm_tui.tui.text import width_of, wrap
from rlm_tui.tui.widgets.line_view import LineView, Parts, strip_of

LONG = 4000
"""A line with more characters than this is cut every so many columns instead of at words, so that any part of it can be
shown without reading what comes before."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A row on screen: a part of a line, with its place in the document."""

    line: int
    first: bool
    start: int
    text: str


Heat = tuple[int, bool]
"""How often models read something, from 0 to 4, and whether only code did."""


class DocumentText(LineView):
    """Rows are lines of the document; a line that is wider than the view takes several rows on screen.

    The scroll position counts lines; `_inside` is how many rows of the first line are above the view. The cursor is a
    line. All lines and characters count from 0 here; people see lines from 1.
    """

    class CursorMoved(Message):
        """The cursor stands on another line."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.document: Document | None = None
        self.number = 0
        self._coverage: Coverage | None = None
        self._spans: list[Span] = []
        self._hits: list[tuple[int, int]] = []
        self._inside = 0
        self._inside_of = 0
        self._pieces: list[Piece] = []
        self._laid: tuple[object, ...] = ()
        self._wraps: LRUCache[int, list[tuple[int, int]]] = LRUCache(1024)
        self._strips: LRUCache[object, Strip] = LRUCache(512)
        self._drawn: dict[int, Heat] = {}

    # --- what is shown

    def show(self, document: Document, number: int) -> None:
        """Show document `number` of the session from its first line."""
        if document is self.document:
            return
        self.document, self.number = document, number
        self.cursor = self._inside = 0
        self._hits = []
        self._wraps.clear()
        self._laid = ()
        self.grown()
        self.scroll_to(y=0, animate=False, force=True)

    def grown(self) -> None:
        """More of the document is indexed."""
        lines = self.count()
        # The last line may come to stand at the top: its rows may fill the view.
        self.put_size(Size(0, lines + max(0, self.size.height - 1)))
        self._again()

    def paint(self, coverage: Coverage, spans: Sequence[Span]) -> None:
        """Show what was read, and the spans of the selected row."""
        self._coverage = coverage
        mine = sorted(span for span in spans if span.document == self.number)
        if mine != self._spans:
            self._spans = mine
            self._again()
            return
        # Most of what is read during a run lies elsewhere: then there is nothing to draw.
        rows = [y for y, piece in enumerate(self._layout()) if self._drawn.get(y) != self._heat(piece)]
        if rows:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in rows))

    def mark_hits(self, hits: list[tuple[int, int]]) -> None:
        """Highlight these characters."""
        self._hits = hits
        self._again()

    @property
    def spans(self) -> list[Span]:
        """The highlighted spans, in order."""
        return self._spans

    def go_to_char(self, char: int) -> None:
        """Put the cursor on the line of a character, a few lines below the top."""
        if self.document is None:
            return
        line = self.document.line_of(char)
        start, _ = self.document.line_span(line)
        self.cursor = line
        self._scroll_lines(max(0, line - 3))
        rows = self._rows(line)
        if rows > self.size.height:
            self._scroll_lines(line)
            self._set_inside(line, max(0, self._row_of(line, char - start) - 2))
        self._again()
        self.post_message(self.CursorMoved())

    def go_to_line(self, line: int) -> None:
        """Put the cursor on a line."""
        if self.document is not None:
            self.go_to_char(self.document.offset_of_line(max(0, min(line, self.count() - 1))))

    @property
    def cursor_span(self) -> tuple[int, int]:
        """The characters of the cursor's line."""
        return self.document.line_span(self.cursor) if self.document is not None else (0, 0)

    # --- rows

    def count(self) -> int:
        return self.document.line_count if self.document is not None else 0

    def changed_rows(self, first: int | None = None) -> None:
        self._again()

    def _again(self) -> None:
        self._strips.clear()
        self._laid = ()
        self.refresh()

    def rewidth(self, width: int) -> None:
        self._wraps.clear()
        self._inside = 0

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.grown()

    @property
    def _digits(self) -> int:
        return max(3, len(str(self.count())))

    @property
    def text_width(self) -> int:
        """Columns for text."""
        return max(4, self.view_width - self._digits - 3)

    def _step(self, line: int) -> int:
        """Characters per row of a long line."""
        assert self.document is not None
        start, stop = self.document.line_span(line)
        sample = visible(self.document.slice(start, min(stop, start + 500)), 0)
        return self.text_width if width_of(sample) <= len(sample) else max(1, self.text_width // 2)

    def _cuts(self, line: int) -> list[tuple[int, int]]:
        found = self._wraps.get(line)
        if found is None:
            assert self.document is not None
            found = wrap(_shown(self.document.line(line, LONG)), self.text_width)
            self._wraps[line] = found
        return found

    def _length(self, line: int) -> int:
        assert self.document is not None
        start, stop = self.document.line_span(line)
        return stop - start

    def _rows(self, line: int) -> int:
        """Rows that a line takes."""
        length = self._length(line)
        return -(-length // self._step(line)) if length > LONG else len(self._cuts(line))

    def _row_of(self, line: int, offset: int) -> int:
        if self._length(line) > LONG:
            return offset // self._step(line)
        return next((n for n, (start, end) in enumerate(self._cuts(line)) if start <= offset < end), 0)

    def _piece(self, line: int, row: int) -> Piece:
        assert self.document is not None
        start, stop = self.document.line_span(line)
        if stop - start > LONG:
            step = self._step(line)
            begin = start + row * step
            return Piece(line, row == 0, begin, self.document.slice(begin, min(stop, begin + step)))
        begin, end = self._cuts(line)[row]
        return Piece(line, row == 0, start + begin, self.document.slice(start + begin, min(stop, start + end)))

    def _layout(self) -> list[Piece]:
        """The rows on screen."""
        top, height = self.scroll_offset.y, self.size.height
        if self._inside_of != top:
            self._inside = 0
            self._inside_of = top
        laid = (top, self._inside, self.size, self.document)
        if laid == self._laid:
            return self._pieces
        pieces: list[Piece] = []
        line, row = top, self._inside
        while len(pieces) < height and line < self.count():
            for number in range(row, min(self._rows(line), row + height - len(pieces))):
                pieces.append(self._piece(line, number))
            line, row = line + 1, 0
        self._pieces, self._laid = pieces, laid
        return pieces

    # --- moving

    def _scroll_lines(self, top: int) -> None:
        self.scroll_to(y=max(0, min(top, self.count() - 1)), animate=False, force=True)

    def _set_inside(self, line: int, row: int) -> None:
        self._inside, self._inside_of = row, line
        self._laid = ()
        self.refresh()

    def move(self, rows: int) -> None:
        if not self.count():
            return
        top = self.scroll_offset.y
        taken = self._rows(self.cursor)
        if taken > self.size.height and top == self.cursor:
            # A line that fills the view is scrolled through before the cursor leaves it.
            inside = self._inside if self._inside_of == top else 0
            wanted = inside + rows
            if 0 <= wanted <= taken - self.size.height or (rows > 0 and inside < taken - self.size.height):
                self._set_inside(top, max(0, min(wanted, taken - self.size.height)))
                return
            if rows < 0 < inside:
                self._set_inside(top, 0)
                return
        self.put_cursor(self.cursor + rows)
        self.cursor_moved()

    def put_cursor(self, row: int) -> None:
        old, self.cursor = self.cursor, max(0, min(row, self.count() - 1))
        place = self.scroll_offset.y, self._inside
        self.show_cursor()
        if old == self.cursor:
            return
        if place != (self.scroll_offset.y, self._inside):
            self.refresh()
        else:
            rows = [y for y, piece in enumerate(self._layout()) if piece.line in (old, self.cursor)]
            self.refresh(*(Region(0, y, self.size.width, 1) for y in rows))
        self.post_message(self.CursorMoved())

    def show_cursor(self) -> None:
        if not self.count() or self.size.height <= 0:
            return
        top, height = self.scroll_offset.y, self.size.height
        if self.cursor < top:
            self._scroll_lines(self.cursor)
            return
        if self.cursor - top > height:
            top = self.cursor
        rows = 0
        line = self.cursor
        while line >= top:
            rows += self._rows(line)
            if rows > height and line < self.cursor:
                self._scroll_lines(line + 1)
                return
            line -= 1
        if line + 1 != self.scroll_offset.y and rows <= height and self.cursor - self.scroll_offset.y > height:
            # It jumped far down: fill the view upwards from the cursor.
            while line >= 0 and rows + self._rows(line) <= height:
                rows += self._rows(line)
                line -= 1
            self._scroll_lines(line + 1)

    def turn_page(self, pages: int) -> None:
        """Move the text by the view's height, less a row to hold on to; the cursor goes with it."""
        if not self.count():
            return
        top, inside = self.scroll_offset.y, self._inside
        self._wheel(pages * max(1, self.size.height - 1))
        if (self.scroll_offset.y, self._inside) == (top, inside):
            self.put_cursor(0 if pages < 0 else self.count() - 1)
            return
        self.cursor = self.scroll_offset.y
        self.refresh()
        self.post_message(self.CursorMoved())

    def _wheel(self, rows: int) -> None:
        top = self.scroll_offset.y
        inside = (self._inside if self._inside_of == top else 0) + rows
        while rows < 0 and inside < 0 and top > 0:
            top -= 1
            inside += self._rows(top)
        while rows > 0 and top < self.count() - 1 and inside >= self._rows(top):
            inside -= self._rows(top)
            top += 1
        inside = max(0, min(inside, self._rows(top) - 1)) if self.count() else 0
        self._scroll_lines(top)
        self._set_inside(top, inside)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.prevent_default().stop()
        self._wheel(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.prevent_default().stop()
        self._wheel(-3)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        pieces = self._layout()
        if offset is not None and 0 <= offset.y < len(pieces):
            self.put_cursor(pieces[offset.y].line)

    # --- drawing

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.view_width
        pieces = self._layout()
        if y >= len(pieces):
            return Strip.blank(width, base)
        piece = pieces[y]
        heat = self._drawn[y] = self._heat(piece)
        key = (piece.start, len(piece.text), piece.line == self.cursor, self.has_focus, width, heat)
        strip = self._strips.get(key)
        if strip is None:
            self.renders += 1
            strip = self._strips[key] = strip_of(self._piece_parts(piece, heat))
        strip = self._selected(strip, y)
        return strip.crop_extend(0, width, base).apply_style(base).apply_offsets(0, y)

    def row_text(self, row: int) -> str:
        pieces = self._layout()
        return strip_of(self._piece_parts(pieces[row], (0, False))).text if row < len(pieces) else ""

    def parts(self, row: int, width: int) -> Parts:
        return []

    def _heat(self, piece: Piece) -> Heat:
        """How much a piece was read."""
        if self._coverage is None or self.number >= len(self._coverage.sizes):
            return 0, False
        start, end = piece.start, piece.start + max(1, len(piece.text))
        seen = self._coverage.readings(self.number, start, end)
        level = seen if seen < 3 else 3 if seen <= 4 else 4
        return level, not level and self._coverage.readings(self.number, start, end, "touched") > 0

    def _piece_parts(self, piece: Piece, heat: Heat) -> Parts:
        palette, glyphs = self.palette, self.glyphs
        start, end = piece.start, piece.start + max(1, len(piece.text))
        level, touched = heat
        sign = glyphs.heat[level] if level else (glyphs.dot if touched else " ")
        here = piece.line == self.cursor
        number = f"{piece.line + 1:>{self._digits}}" if piece.first else " " * self._digits
        number_style = palette["line_number"]
        if here:
            number_style = number_style + palette["cursor" if self.has_focus else "cursor_blur"]
        bracket = self._bracket(start, end)
        parts: Parts = [
            (sign, palette.heat(level)),
            (bracket, palette["held"] if bracket != " " else palette["text"]),
            (number, number_style),
            (" ", palette["text"]),
        ]
        return parts + self._text_parts(piece)

    def _bracket(self, start: int, end: int) -> str:
        glyphs = self.glyphs
        for span in self._spans:
            if span.start < end and span.end > start:
                first, last = span.start >= start, span.end <= end
                if first and last:
                    return glyphs.span_only
                return glyphs.span_top if first else glyphs.span_bottom if last else glyphs.span_middle
        return " "

    def _text_parts(self, piece: Piece) -> Parts:
        text = _shown(piece.text)
        palette = self.palette
        edges = {0, len(text)}
        marks: list[tuple[int, int, Style]] = []
        last = piece.start + len(text)
        hits = self._hits[max(0, bisect_left(self._hits, (piece.start, 0)) - 1) : bisect_left(self._hits, (last, 0))]
        spans = [(s.start, s.end, palette["span"]) for s in self._spans if s.start < last and s.end > piece.start]
        for begin, end, style in spans + [(a, b, palette["match"]) for a, b in hits]:
            low, high = max(0, begin - piece.start), min(len(text), end - piece.start)
            if low < high:
                marks.append((low, high, style))
                edges |= {low, high}
        if not marks:
            return [(text, palette["text"])]
        parts: Parts = []
        places = sorted(edges)
        for low, high in pairwise(places):
            style = palette["text"]
            for begin, end, mark in marks:
                if begin <= low and high <= end:
                    style = style + mark
            parts.append((text[low:high], style))
        return parts


def _shown(text: str) -> str:
    """Visible text of the same length: a tab becomes an arrow, so that offsets and widths stay simple."""
    return visible(text.replace("\t", "\u2192"), 0)
