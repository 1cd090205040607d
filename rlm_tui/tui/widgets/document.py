"""Pane 1: the document, what was read of it, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from rlm_tui.document.visible import visible
from rlm_tui.events import Span
from rlm_tui.projection import fold
from rlm_tui.tui.figures import count, percent, plural
from rlm_tui.tui.text import shorten_left
from rlm_tui.tui.view import SELECTION, View
from rlm_tui.tui.widgets.coverage_strip import CoverageStrip
from rlm_tui.tui.widgets.document_text import DocumentText
from rlm_tui.tui.widgets.pane import Pane
from rlm_tui.tui.widgets.read_by import ReadBy
from rlm_tui.tui.widgets.rule import Rule

DOCUMENTS = "documents"
"""The part that changes when documents arrive or are indexed."""


def spans_of_row(view: View) -> list[Span]:
    """What the selected row read: a call's prompt, a cell's slices, or all of a node's."""
    coverage, cell, row = view.state.coverage, view.cell, view.row
    spans = list(coverage.spans_of(row))
    if cell is not None and view.state.row_of_cell(cell) == row:
        spans += cell.touched
    return spans


class DocumentPane(Vertical, Pane):
    """The text above, who read the cursor's line in the middle, the coverage of the whole document below."""

    PARTS: ClassVar[fold.Changed] = frozenset({fold.DOCUMENT, SELECTION, DOCUMENTS, fold.TREE})

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = DocumentText(id="document-text")
        self._read_by_rule = Rule(id="read-by-rule")
        self.read_by = ReadBy(id="read-by")
        self._coverage_rule = Rule(id="coverage-rule")
        self._strip = CoverageStrip(id="coverage-strip")
        self._view: View | None = None
        self._shown = 0
        self._seen: tuple[object, ...] = ()
        self._row = ""

    def compose(self) -> ComposeResult:
        yield self.text
        yield self._read_by_rule
        yield self.read_by
        yield self._coverage_rule
        yield self._strip

    # --- what is shown

    def sync(self, view: View, changed: fold.Changed) -> None:
        self._view = view
        documents = view.documents
        if not documents:
            self.caption("1 Document", "nothing is open")
            return
        self._shown = min(self._shown, len(documents) - 1)
        self.text.show(documents[self._shown], self._shown)
        if DOCUMENTS in changed:
            self.text.grown()
        coverage = view.state.coverage
        spans = spans_of_row(view)
        seen = (id(coverage), coverage.version, tuple(spans), self._shown)
        if seen != self._seen:
            self._seen = seen
            self.text.paint(coverage, spans)
        if view.row != self._row:
            self._row = view.row
            if spans and not self.has_focus_within:
                self._go_to_span(documents, spans[0])
        self._below(view)

    def _go_to_span(self, documents: Sequence[object], span: Span) -> None:
        if span.document != self._shown and span.document < len(documents):
            self.switch(span.document)
        self.text.go_to_char(span.start)

    def _below(self, view: View) -> None:
        document = self.text.document
        if document is None:
            return
        glyphs, coverage = view.glyphs, view.state.coverage
        more = f"{self._shown + 1}/{len(view.documents)} " if len(view.documents) > 1 else ""
        # With one document its name stands in the title line; here it would only push the line number out.
        room = self.size.width - 26
        name = shorten_left(visible(document.name), room, glyphs.cut) if more and room > 4 else ""
        lines = f"{self.text.cursor + 1:,}/{count(document.line_count)}"
        where = f"{more}{name} {glyphs.dot} {lines}" if more else f"{glyphs.rule} {lines}"
        self.caption(f"1 Document {where}", "/ find  g go to  m readers")
        known = self._shown < len(coverage.sizes)
        read = coverage.read_chars(document=self._shown) if known else 0
        touched = coverage.read_chars("touched", self._shown) if known else 0
        size = max(1, document.chars)
        words = f"read by a model {percent(read, size)}"
        if touched:
            words += f" {glyphs.dot} by code {percent(touched, size)}"
        self._coverage_rule.say(
            words
            if self.size.width > 40 or not touched
            else f"read {percent(read, size)} {glyphs.dot} code {percent(touched, size)}"
        )
        start, end = self.text.cursor_span
        self._read_by_rule.say(f"line {self.text.cursor + 1:,} {glyphs.dot} read by")
        if self.has_class("-readers"):
            self.read_by.show(view, self._shown, (start, end))
        self._strip.show(view, self._shown, start / size)

    def on_document_text_cursor_moved(self) -> None:
        if self._view is not None:
            self._below(self._view)

    def restyle(self) -> None:
        for pane in (self.text, self._read_by_rule, self.read_by, self._coverage_rule, self._strip):
            pane.restyle()

    # --- hands

    def switch(self, number: int) -> None:
        """Show another document of the session."""
        if self._view is not None and 0 <= number < len(self._view.documents):
            self._shown = number
            self._seen = ()
            self.sync(self._view, frozenset({DOCUMENTS}))

    def next_document(self, step: int) -> None:
        """Show the next or previous document, around the corner."""
        if self._view is not None and self._view.documents:
            self.switch((self._shown + step) % len(self._view.documents))

    def next_unread(self) -> str:
        """Go to the next region that no model has read. Returns what to tell the operator."""
        view, document = self._view, self.text.document
        if view is None or document is None or self._shown >= len(view.state.coverage.sizes):
            return "Nothing has been read yet."
        span = view.state.coverage.next_unread(self._shown, self.text.cursor_span[1])
        if span is None:
            return "A model has read every character of this document."
        self.text.go_to_char(span.start)
        return f"Unread: {plural(span.end - span.start, 'character')} from line {document.line_of(span.start) + 1:,}."

    def toggle_read_by(self) -> None:
        """Show or hide who read the cursor's line; shown, it gets the keys."""
        shown = self.has_class("-readers")
        self.set_class(not shown, "-readers")
        if self._view is not None:
            self._below(self._view)
        (self.text if shown else self.read_by).focus()
