"""The dialogs that ask for a question: a new one about the documents, and another one to a session that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from rlm_tui.document.visible import visible
from rlm_tui.events import RunConfig
from rlm_tui.tui.asking import AskWish
from rlm_tui.tui.figures import count, plural, price
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.view import View
from rlm_tui.tui.widgets.edit_box import Field
from rlm_tui.tui.widgets.run_fields import RunFields, field, read_dollars, row

if TYPE_CHECKING:
    from rlm_tui.tui.model_names import ModelNames

LISTED = 3
"""Documents that are named."""


class Ask(Dialog[AskWish]):
    """Answers the wish; ``None`` when the operator only wants to look at the document."""

    KEYS = "Enter start, paused   Tab models   Esc look first"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
    ]

    def __init__(self, view: View, config: RunConfig | None, names: ModelNames | None, models: str = "") -> None:
        super().__init__()
        self._view, self._config, self._names, self._models = view, config, names, models

    @property
    def heading(self) -> str:
        return "Ask about this document" if len(self._view.documents) < 2 else "Ask about these documents"

    def body(self) -> ComposeResult:
        glyphs = self._view.glyphs
        for document in list(self._view.documents)[:LISTED]:
            words = f"{count(document.chars)} characters {glyphs.dot} {plural(document.line_count, 'line')} {glyphs.dot} {document.format}"
            yield plain(f"{visible(document.name)}   {words}", classes="strong")
        if len(self._view.documents) > LISTED:
            yield plain(f"and {len(self._view.documents) - LISTED} more", classes="quiet")
        note = " ".join(word for word in ("" if self._config else self._models, self._view.note) if word)
        if note:
            yield plain(visible(note), classes="quiet")
        yield Field(placeholder="What do you want to know?", id="question")
        if self._config is not None:
            yield RunFields(self._config, self._names)
        yield plain("", id="problem", classes="bad")

    def on_mount(self) -> None:
        self.query_one("#question", Input).focus()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        question = self.query_one("#question", Input).value.strip()
        try:
            if not question:
                raise ValueError("Type a question first.")
            config = self.query_one(RunFields).configs()[0] if self._config is not None else RunConfig("")
        except ValueError as error:
            self.query_one("#problem", Static).update(Content(visible(str(error))))
            return
        self.dismiss(AskWish(question, tuple(self._view.documents), config))


class FollowUp(Dialog[AskWish]):
    """Another question to the session on the screen, whose variables are all still there."""

    HEADING = "Another question to this session"
    KEYS = "Enter start, paused   Esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
    ]

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def body(self) -> ComposeResult:
        head = self._view.head
        yield plain(f'It was asked: "{visible(" ".join(head.query.split()))[:300]}"', classes="quiet")
        names = self._names()
        kept = f" ({visible(', '.join(names))})" if names else ""
        yield plain(
            f"The same conversation and REPL go on: its variables{kept} are brought back, and {visible(head.config.model)} "
            "answers again.",
            classes="quiet",
        )
        yield Field(placeholder="What else do you want to know?", id="question")
        usd = head.config.limits.usd
        yield row("dollars", field("dollars", "" if usd is None else f"{usd:g}", "no limit"))
        yield plain(f"{price(head.spent)} of them are spent: limits hold for the session as a whole.", classes="quiet")
        yield plain("", id="problem", classes="bad")

    def _names(self) -> list[str]:
        """What the root's variables were called in the end."""
        head = self._view.head
        cells = (head.cells[key] for key in reversed(head.order) if key in head.cells)
        last = next((cell for cell in cells if cell.node == "0" and cell.variables), None)
        return [variable.name for variable in last.variables if variable.name != "context"][:6] if last else []

    def on_mount(self) -> None:
        self.query_one("#question", Input).focus()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        question, head = self.query_one("#question", Input).value.strip(), self._view.head
        try:
            if not question:
                raise ValueError("Type a question first.")
            usd = read_dollars(self.query_one("#field-dollars", Input).value.strip())
        except ValueError as error:
            self.query_one("#problem", Static).update(Content(visible(str(error))))
            return
        config = replace(head.config, limits=replace(head.config.limits, usd=usd))
        self.dismiss(AskWish(question, tuple(self._view.documents), config, session=head.session))
