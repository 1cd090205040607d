"""The first line: what is open, what is asked, which models, and the state as one pill."""

from __future__ import annotations

from typing import ClassVar

from textual.strip import Strip

from rlm_tui.document.visible import visible
from rlm_tui.projection import fold
from rlm_tui.projection.fold import Changed
from rlm_tui.tui.figures import count
from rlm_tui.tui.rows import one_line
from rlm_tui.tui.status import pill
from rlm_tui.tui.text import shorten, shorten_left, width_of
from rlm_tui.tui.view import SELECTION, View
from rlm_tui.tui.widgets.document import DOCUMENTS
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane

EXPLORER = "explorer"
"""The built-in reader's name as a model."""

DISCLAIMER = "not a language model"
"""What a note must not lose when it is shortened."""


DISCLAIMER_SHORT = "no LLM"
"""The same, where there is little room."""

DOCUMENT_LEAST = 24
"""Columns of the document's name for which the disclaimer is shortened."""


class Title(Pane):
    """What gives way when it gets narrow: first the question, then the models, then the document; never the state."""

    PARTS: ClassVar[Changed] = frozenset({fold.STATUS, DOCUMENTS, SELECTION})
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: View | None = None

    def sync(self, view: View, changed: Changed) -> None:
        self._view = view
        self.refresh()

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if self._view is None or y > 0:
            return Strip.blank(width, base)
        view, palette, glyphs = self._view, self.palette, self.glyphs
        state = pill(view)
        turn = _turn(view)
        words = f" {state.text}{f' {glyphs.dot} {turn}' if turn else ''} "
        document = self._documents(view)
        models = _models(view)
        if DISCLAIMER in models:
            # That no language model answers must be readable, whatever else has to be cut.
            room = width - width_of(words) - min(width_of(document), DOCUMENT_LEAST) - 6
            name = EXPLORER if EXPLORER in models else models.partition(" (")[0]
            shorter = (f"{name}, {DISCLAIMER}", f"{name}, {DISCLAIMER_SHORT}")
            models = next((text for text in (models, *shorter) if width_of(text) <= room), shorter[-1])
            least = min(width_of(document), DOCUMENT_LEAST)
            words = shorten(words, max(24, width - width_of(models) - least - 6), glyphs.cut)
            document = shorten_left(document, max(0, width - width_of(models) - width_of(words) - 6), glyphs.cut)
        room = width - 1
        words = shorten(words, room, glyphs.cut)
        room -= width_of(words)
        question = one_line(view.state.query or view.question)
        free = f"read-only {glyphs.dot} $0.00" if view.replay and view.process is None else ""
        free = "read-only" if view.process is not None else free
        quiet = "  ".join(word for word in (models, free) if word)
        document = shorten_left(document, max(0, min(room - 2, 40)), glyphs.cut) if room > 6 else ""
        room -= width_of(document) + 2
        quiet = shorten(quiet, max(0, room - 2), glyphs.cut) if room > 8 else ""
        room -= width_of(quiet) + 2
        asked = f"«{question}»" if question and glyphs.name == "unicode" else f'"{question}"' if question else ""
        asked = shorten(asked, room - 2, glyphs.cut) if room > 12 else ""
        left = [(f" {document}", palette["title"]), (f"  {asked}" if asked else "", palette["text"])]
        used = sum(width_of(text) for text, _ in left)
        gap = max(1, width - used - width_of(quiet) - width_of(words) - 1)
        parts: Parts = [
            *left,
            (" " * gap, palette["text"]),
            (quiet + " " if quiet else "", palette["muted"]),
            (words, palette[state.style]),
        ]
        return strip_of(parts).crop_extend(0, width, base).apply_style(base)

    def _documents(self, view: View) -> str:
        documents = view.documents
        if not documents:
            return "rlm-tui"
        if len(documents) == 1:
            return f"{visible(documents[0].name)} {count(documents[0].chars)}"
        return f"{visible(documents[0].name)} +{len(documents) - 1} {count(sum(d.chars for d in documents))}"


def _turn(view: View) -> str:
    state = view.state
    node = view.node or state.nodes.get("0")
    if node is None or state.over:
        return ""
    # Before its model is called a turn has no event of its own yet.
    paused = state.paused
    turn = paused.turn if paused is not None and paused.node == node.id and paused.turn else node.turn
    return f"turn {turn}/{state.last_turn(node)}" if turn else ""


def _models(view: View) -> str:
    config = view.state.config
    if view.note:
        return view.note
    if not config.model:
        return ""
    if config.model == EXPLORER:
        return f"{EXPLORER} ({DISCLAIMER})"
    sub = config.leaf_model(0)
    return visible(config.model if sub == config.model else f"{config.model} / {sub}")
