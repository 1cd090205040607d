"""Going on from here in another way: other models, another budget, other words, another code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from rlm_tui.document.visible import visible
from rlm_tui.tui.forking import ForkWish
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.screens.edit import problem
from rlm_tui.tui.view import View
from rlm_tui.tui.widgets.edit_box import EditBox
from rlm_tui.tui.widgets.run_fields import RunFields, field, row

if TYPE_CHECKING:
    from rlm_tui.tui.model_names import ModelNames


class ForkDialog(Dialog[Sequence[ForkWish]]):
    """Answers a wish for each model of the root; ``None`` for leaving things as they are.

    The first one is held before its first cell, the others run at once. A rerun can have another question and further
    advice for the model; what a fork takes from the record would not fit other words, so it can only add a message.
    A fork in a child node takes all that was recorded before that turn, in every node.
    """

    KEYS = "Ctrl+S start   Tab next   Down complete   Esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
    ]

    def __init__(self, view: View, turn: int, code: str, names: ModelNames | None = None, *, node: str = "0") -> None:
        super().__init__()
        self._view, self._turn, self._code, self._names, self._node = view, turn, code, names, node

    @property
    def _anew(self) -> bool:
        return self._node == "0" and self._turn == 1 and not self._code

    @property
    def _asked(self) -> str:
        """What the session was asked first: later questions belong to what comes after."""
        head = self._view.head
        return head.questions[0] if head.questions else head.query

    @property
    def heading(self) -> str:
        return "Run again from the start" if self._anew else f"Fork at {self._place}"

    @property
    def _place(self) -> str:
        return f"turn {self._turn}" + ("" if self._node == "0" else f" of node {self._node}")

    def body(self) -> ComposeResult:
        yield VerticalScroll(*self._fields(), id="fork-body", can_focus=False)
        yield plain("", id="problem", classes="bad")

    def _fields(self) -> Iterator[Widget]:
        head = self._view.head
        yield plain(f"{self._kept()} The new session stands beside this one.", classes="quiet")
        yield RunFields(head.config, self._names, several=True)
        if self._anew:
            yield row("question", field("question", self._asked, "what was asked"))
            yield row("advice", field("advice", head.config.advice, "nothing is added to the system prompt"))
        else:
            yield row("message", field("message", "", "what the model reads before its next reply, if anything"))
        if self._code:
            yield plain(f"The cell of {self._place}, to change or to leave:", classes="quiet")
            yield EditBox(self._code, id="fork-code", show_line_numbers=True, tab_behavior="focus", soft_wrap=False)

    def _kept(self) -> str:
        if self._node != "0":
            return (
                f"What was recorded before {self._place}, in every node, costs nothing; "
                "what was under way elsewhere, and all that came later, is asked anew."
            )
        taken = self._turn - 1
        if not taken:
            return "Nothing is taken from the record."
        if taken == 1:
            return "Turn 1 comes from the record and costs nothing."
        return f"Turns 1 to {taken} come from the record and cost nothing."

    def on_mount(self) -> None:
        self.query_one("#field-model", Input).focus()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        """Check the fields, and answer."""
        code = self.query_one("#fork-code", TextArea).text if self._code else ""
        changed = code if code != self._code else None
        fields, head = self.query_one(RunFields), self._view.head
        try:
            configs = list(fields.configs())
            if changed is not None and (wrong := problem(changed)):
                raise ValueError(wrong)
            if self._anew and not self._value("question"):
                raise ValueError("The question is empty.")
        except ValueError as error:
            self.query_one("#problem", Static).update(Content(visible(str(error))))
            return
        query, message = self._asked, ""
        if self._anew:
            query = self._value("question")
            configs = [replace(config, advice=self._value("advice")) for config in configs]
        else:
            message = self._value("message")
        documents = tuple(self._view.documents)
        self.dismiss(
            [
                ForkWish(
                    head.session,
                    self._turn,
                    query,
                    documents,
                    config,
                    changed,
                    message,
                    paused=number == 0,
                    node=self._node,
                )
                for number, config in enumerate(configs)
            ]
        )

    def _value(self, name: str) -> str:
        return self.query_one(f"#field-{name}", Input).value.strip()
