"""Going on from here in another way: other models, another budget, other code."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from rlm_tui.events import RunConfig
from rlm_tui.tui.forking import ForkWish
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.screens.edit import problem
from rlm_tui.tui.view import View


class ForkDialog(Dialog[ForkWish]):
    """Answers the wish; ``None`` for leaving things as they are."""

    KEYS = "Ctrl+S start, paused   Tab next   Esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
    ]

    def __init__(self, view: View, turn: int, code: str) -> None:
        super().__init__()
        self._view, self._turn, self._code = view, turn, code

    @property
    def heading(self) -> str:
        return f"Fork at turn {self._turn}" if self._turn > 1 or self._code else "Run again from the start"

    def body(self) -> ComposeResult:
        config = self._view.head.config
        taken = self._turn - 1
        kept = (
            "Nothing is taken from the record."
            if not taken
            else f"Turns 1 to {taken} come from the record and cost nothing."
        )
        if taken == 1:
            kept = "Turn 1 comes from the record and costs nothing."
        yield plain(f"{kept} The new session stands beside this one.", classes="quiet")
        yield self._row("model", config.model, "the root's model")
        yield self._row("sub-model", config.sub_model or "", "the same as the root's")
        usd = config.limits.usd
        yield self._row("dollars", "" if usd is None else f"{usd:g}", "no limit")
        yield self._row("depth", str(config.max_depth), "0 to 16")
        if self._code:
            yield plain(f"The cell of turn {self._turn}, to change or to leave:", classes="quiet")
            yield TextArea(self._code, id="fork-code", show_line_numbers=True, tab_behavior="focus", soft_wrap=False)
        yield plain("", id="problem", classes="bad")

    def _row(self, name: str, value: str, hint: str) -> Horizontal:
        field = Input(value, placeholder=hint, id=f"fork-{name}", compact=True, select_on_focus=False)
        return Horizontal(plain(f"{name:<10}", classes="label"), field, classes="field")

    def on_mount(self) -> None:
        self.query_one("#fork-model", Input).focus()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_start()

    def _value(self, name: str) -> str:
        return self.query_one(f"#fork-{name}", Input).value.strip()

    def action_start(self) -> None:
        """Check the fields, and answer."""
        code = self.query_one("#fork-code", TextArea).text if self._code else ""
        changed = code if code != self._code else None
        try:
            config = self._config()
        except ValueError as error:
            self._say(str(error))
            return
        if changed is not None and (wrong := problem(changed)):
            self._say(wrong)
            return
        head = self._view.head
        self.dismiss(ForkWish(head.session, self._turn, head.query, tuple(self._view.documents), config, changed))

    def _config(self) -> RunConfig:
        old = self._view.head.config
        model, sub = self._value("model"), self._value("sub-model")
        if not model:
            raise ValueError("The root needs a model, such as gpt-5-mini, ollama/qwen3 or explorer.")
        return replace(
            old,
            model=model,
            sub_model=sub or None,
            max_depth=_depth(self._value("depth")),
            limits=replace(old.limits, usd=_dollars(self._value("dollars"))),
        )

    def _say(self, words: str) -> None:
        self.query_one("#problem", Static).update(Content(words))


def _dollars(text: str) -> float | None:
    if not text:
        return None
    try:
        amount = float(text.removeprefix("$"))
    except ValueError:
        amount = -1.0
    if not 0 <= amount < 1e9:
        raise ValueError(f"Dollars should be a number such as 0.50, or nothing for no limit, not {text!r}.")
    return amount


def _depth(text: str) -> int:
    if not text.isdigit() or int(text) > 16:
        raise ValueError(f"The depth should be a whole number from 0 to 16, not {text!r}.")
    return int(text)
