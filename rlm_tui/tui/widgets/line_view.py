"""The base of every bulk view: any number of rows, of which only the visible ones are ever drawn."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from rlm_tui.tui.text import width_of, wrap
from rlm_tui.tui.widgets.pane import Pane

KEPT_ROWS = 2048
"""Drawn rows that are kept."""

Parts = list[tuple[str, Style]]
"""A row as pieces of text with their styles."""


def strip_of(parts: Parts) -> Strip:
    """The pieces as one strip. Their text must be visible text: no control characters."""
    return Strip([Segment(text, style) for text, style in parts if text], sum(width_of(text) for text, _ in parts))


class LineView(ScrollView, Pane, can_focus=True, inherit_bindings=False):
    """A view over numbered rows with a cursor.

    Subclasses give `count` and `parts`, and call `changed_rows` when rows look different or their number changed. The
    view follows its end while the cursor stands on the last row and `FOLLOWS` is set. Keys come from the action registry:
    the screen calls `move`, `to_start`, `to_end`, `sideways`, `activate`.

    `renders` counts rows drawn, for the tests.
    """

    FOLLOWS: ClassVar[bool] = False
    ALLOW_SELECT = True

    DEFAULT_CSS = """
    LineView { scrollbar-size: 1 1; overflow-x: hidden; overflow-y: auto; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self.renders = 0
        self._kept: LRUCache[int, Strip] = LRUCache(KEPT_ROWS)
        self._finished: LRUCache[int, Strip] = LRUCache(KEPT_ROWS)
        self._drawn_width = -1

    # --- what subclasses give

    @property
    def empty(self) -> str:
        """What stands in a view without rows: what will appear there, or what to do."""
        return ""

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def parts(self, row: int, width: int) -> Parts:
        """The pieces of a row in a view of `width` columns."""
        raise NotImplementedError

    def activate(self) -> None:
        """Enter was pressed on the cursor's row."""

    def cursor_moved(self) -> None:
        """The operator moved the cursor."""

    @property
    def content_width(self) -> int:
        """Columns of the widest row; more than the view has means that it scrolls sideways."""
        return 0

    # --- changes

    def changed_rows(self, first: int | None = None) -> None:
        """Rows from `first` on (all of them for ``None``) look different, or their number did."""
        for kept in (self._kept, self._finished):
            if first is None:
                kept.clear()
            else:
                for row in list(kept.keys()):
                    if row >= first:
                        kept.discard(row)
        following = self.FOLLOWS and self.at_end
        size = Size(max(self.content_width, 0), self.count())
        self.put_size(size)
        if following:
            self.to_end()
        else:
            self.cursor = max(0, min(self.cursor, self.count() - 1))
        self.refresh()

    def put_size(self, size: Size) -> None:
        """The rows take this much room. Assigning `virtual_size` would lay out the whole screen at every new row."""
        if size != self.virtual_size:
            bar = self.show_vertical_scrollbar
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)
            if bar != self.show_vertical_scrollbar:
                self.call_after_refresh(self._check_width)

    def restyle(self) -> None:
        self.changed_rows()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._kept.clear()
        self._finished.clear()

    @property
    def view_width(self) -> int:
        """Columns for rows: without the scroll bar."""
        return max(1, self.scrollable_content_region.width)

    def on_resize(self, event: events.Resize) -> None:
        self._check_width()
        self.show_cursor()

    def _check_width(self) -> None:
        """The room for rows may have changed: by a resize, or because a scroll bar came or went."""
        if self.view_width != self._drawn_width:
            self._drawn_width = self.view_width
            self.rewidth(self._drawn_width)
            self.changed_rows()

    def rewidth(self, width: int) -> None:
        """The view has `width` columns from now on."""

    # --- cursor

    @property
    def at_end(self) -> bool:
        """Whether the cursor is on the last row of what was shown last."""
        return self.cursor >= self.virtual_size.height - 1

    @property
    def page(self) -> int:
        return max(1, self.size.height - 1)

    def move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self.put_cursor(self.cursor + rows)
        self.cursor_moved()

    def turn_page(self, pages: int) -> None:
        """Move the cursor by so many pages."""
        self.move(pages * self.page)

    def to_start(self) -> None:
        self.put_cursor(0)

    def to_end(self) -> None:
        self.put_cursor(self.count() - 1)

    def sideways(self, columns: int) -> None:
        """Scroll to the side."""
        self.scroll_to(x=max(0, self.scroll_offset.x + columns), animate=False, force=True)

    def put_cursor(self, row: int) -> None:
        """Put the cursor on a row and bring it into view."""
        old, self.cursor = self.cursor, max(0, min(row, self.count() - 1))
        self.show_cursor()
        if old != self.cursor:
            self.refresh_lines(old)
            self.refresh_lines(self.cursor)

    def show_cursor(self) -> None:
        """Scroll as little as needed to see the cursor's row."""
        height, top = self.size.height, self.scroll_offset.y
        if height <= 0:
            return
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            row = offset.y + self.scroll_offset.y
            if 0 <= row < self.count():
                again = row == self.cursor and event.chain == 2
                self.put_cursor(row)
                self.cursor_moved()
                self.clicked(row, offset.x + self.scroll_offset.x)
                if again:
                    self.activate()

    def clicked(self, row: int, column: int) -> None:
        """The mouse was clicked on a cell of a row."""

    # --- drawing

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        row, width = scroll_y + y, self.view_width
        base = self.rich_style
        if row >= self.count():
            if self.empty and self.count() == 0 and row < len(places := wrap(self.empty, max(8, width - 2))):
                start, end = places[row]
                hint = strip_of([(f" {self.empty[start:end]}", self.palette["muted"])])
                return hint.crop_extend(0, width, base).apply_style(base)
            return Strip.blank(width, base)
        under_cursor = row == self.cursor and self.marks_cursor
        plain = not under_cursor and not scroll_x and self.text_selection is None
        if plain and (finished := self._finished.get(row)) is not None:
            return finished
        strip = self.row_strip(row, width)
        if under_cursor:
            strip = strip.extend_cell_length(width + scroll_x)
            strip = _over(strip, self.palette["cursor" if self.has_focus else "cursor_blur"])
        strip = self._selected(strip, row)
        strip = strip.crop_extend(scroll_x, scroll_x + width, base).apply_style(base).apply_offsets(scroll_x, row)
        if plain:
            self._finished[row] = strip
        return strip

    @property
    def marks_cursor(self) -> bool:
        """Whether the cursor's row is highlighted."""
        return True

    def row_strip(self, row: int, width: int) -> Strip:
        """A row as a strip, from the kept ones where possible."""
        strip = self._kept.get(row)
        if strip is None:
            self.renders += 1
            strip = strip_of(self.parts(row, width))
            self._kept[row] = strip
        return strip

    # --- mouse selection

    def row_text(self, row: int) -> str:
        """The text of a row, as selection and copying take it."""
        return self.row_strip(row, self.view_width).text.rstrip()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self.count() - 1
        pieces = []
        for row in range(max(0, first), min(last, self.count() - 1) + 1):
            span = selection.get_span(row)
            if span is None:
                continue
            start, end = span
            text = self.row_text(row)
            pieces.append(text[start:] if end == -1 else text[start:end])
        return "\n".join(pieces), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def _selected(self, strip: Strip, row: int) -> Strip:
        selection = self.text_selection
        span = selection.get_span(row) if selection is not None else None
        if span is None:
            return strip
        start, end = span
        length = strip.cell_length
        end = length if end == -1 else min(end, length)
        if start >= end:
            return strip
        before, inside, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end, length)
        return Strip.join([before, _over(inside, self.palette["selection"]), after])


def _over(strip: Strip, style: Style) -> Strip:
    """The strip with `style` laid over the styles it has."""
    return Strip(
        [Segment(text, (old + style) if old else style, control) for text, old, control in strip], strip.cell_length
    )
