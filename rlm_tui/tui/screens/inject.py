"""Writing to a model, or in place of one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from rlm_tui.document.visible import visible
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.widgets.edit_box import EditBox


class Inject(Dialog[str]):
    """Answers the message; empty messages count as none."""

    HEADING = "Message to the model"
    KEYS = "Ctrl+S send   Esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", show=False),
        Binding("escape", "leave", show=False, priority=True),
    ]

    def __init__(self, node: str) -> None:
        super().__init__()
        self._node = node

    def body(self) -> ComposeResult:
        whose = "the root" if self._node == "0" else f"node {self._node}"
        yield plain(
            f"The model of {whose} reads it before its next call. It becomes a part of the session.", classes="quiet"
        )
        yield EditBox(id="message", soft_wrap=True, tab_behavior="indent")

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()

    def action_send(self) -> None:
        text = self.query_one(TextArea).text
        self.dismiss(text if text.strip() else None)


class Override(Inject):
    """Answers the reply that is used instead of asking the model; it may be empty."""

    HEADING = "Answer this sub-call by hand"
    KEYS = "Ctrl+S use as the reply   Esc leave"

    def __init__(self, call: str, prompt: str) -> None:
        super().__init__(call)
        self._prompt = prompt

    def body(self) -> ComposeResult:
        shown = visible(self._prompt)
        if len(shown) > 600:
            shown = f"{shown[:400]}\n…\n{shown[-200:]}"
        yield plain(shown, classes="quiet prompt")
        yield EditBox(id="message", soft_wrap=True, tab_behavior="indent")

    def action_send(self) -> None:
        self.dismiss(self.query_one(TextArea).text)
