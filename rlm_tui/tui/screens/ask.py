"""The dialog that asks for the question."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from rlm_tui.document.visible import visible
from rlm_tui.tui.figures import count, plural
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.view import View


class Ask(Dialog[str]):
    """Answers the question; ``None`` when the operator only wants to look at the document."""

    HEADING = "Ask about this document"
    KEYS = "Enter start, paused   Esc look at the document first"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def body(self) -> ComposeResult:
        glyphs = self._view.glyphs
        for document in list(self._view.documents)[:5]:
            words = f"{count(document.chars)} characters {glyphs.dot} {plural(document.line_count, 'line')} {glyphs.dot} {document.format}"
            yield plain(f"{visible(document.name)}   {words}", classes="strong")
        if len(self._view.documents) > 5:
            yield plain(f"and {len(self._view.documents) - 5} more", classes="quiet")
        models = getattr(self.app, "options", None)
        names = models.models if models is not None else ""
        if names or self._view.note:
            yield plain(visible(" ".join(word for word in (names, self._view.note) if word)), classes="quiet")
        yield Input(placeholder="What do you want to know?", id="question")
        yield plain("", id="problem", classes="bad")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        question = event.value.strip()
        if question:
            self.dismiss(question)
        else:
            from textual.content import Content
            from textual.widgets import Static

            self.query_one("#problem", Static).update(Content("Type a question first."))
