"""Looking into a node's REPL: what was looked at so far, and a field for more."""

from __future__ import annotations

import ast
from concurrent.futures import Future
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static, TextArea

from rlm_tui.document.visible import visible
from rlm_tui.events import Evaluated
from rlm_tui.tui.palette import PLAIN, Palette
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.view import View

MOST_LINES = 200
"""Lines of one value that are shown; the record keeps all of it."""


class Expression(TextArea):
    """Enter evaluates what is complete on one line, or after an empty one; up and down go through what was typed."""

    class Entered(Message):
        """The code is to be evaluated."""

        def __init__(self, code: str) -> None:
            super().__init__()
            self.code = code

    def __init__(self, known: list[str]) -> None:
        super().__init__(id="expression", soft_wrap=True, tab_behavior="focus")
        self._known = known
        self._at = len(known)

    def enter(self) -> None:
        """Evaluate what is written."""
        code = self.text.strip("\n")
        if code.strip():
            self._known.append(code)
            self._at = len(self._known)
            self.text = ""
            self.post_message(self.Entered(code))

    def _recall(self, step: int) -> bool:
        if "\n" in self.text or not 0 <= self._at + step <= len(self._known):
            return False
        self._at += step
        self.text = self._known[self._at] if self._at < len(self._known) else ""
        self.move_cursor(self.document.end)
        return True

    async def _on_key(self, event: events.Key) -> None:
        text = self.text
        if (event.key == "enter" and _complete(text)) or (
            event.key in ("up", "down") and self._recall(-1 if event.key == "up" else 1)
        ):
            event.prevent_default()
            event.stop()
            if event.key == "enter":
                self.enter()
            return
        await super()._on_key(event)


class Look(Dialog[None]):
    """Shows the looks up to the cursor; new ones can be taken where the run is held. Nothing is changed by them."""

    HEADING = "Evaluate"
    KEYS = "Enter evaluate   Ctrl+S several lines   ↑ again   Esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        # Without priority: what was typed before these keys is in the field by then.
        Binding("escape", "leave", show=False),
        Binding("ctrl+s", "enter", show=False),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
        Binding("pagedown", "scroll(1)", show=False, priority=True),
    ]

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view
        node = view.node
        paused = view.head.paused
        self._node = node.id if node is not None and node.status == "running" else paused.node if paused else "0"
        self._waiting: list[tuple[str, Future[Evaluated]]] = []
        self._refused: list[tuple[int, str, str]] = []
        self._drawn: object = None

    @property
    def keys(self) -> str:
        return self.KEYS if self._view.held else "PgUp PgDn scroll   Esc close"

    @property
    def heading(self) -> str:
        if not self._view.held:
            return f"{self.HEADING} {self._view.glyphs.rule} what was looked at"
        whose = "the root" if self._node == "0" else f"node {self._node}"
        return f"{self.HEADING} in {whose}"

    def body(self) -> ComposeResult:
        if self._view.held:
            yield plain("An expression or statements. Nothing is changed, and no model is told.", classes="quiet")
        yield VerticalScroll(Static("", id="seen", markup=False), id="looks", can_focus=False)
        if self._view.held:
            yield Expression([look.code for look in self._view.state.looks])

    def on_mount(self) -> None:
        if self._view.held:
            self.query_one(Expression).focus()
        self._draw()
        self.set_interval(0.05, self._draw)

    def on_expression_entered(self, message: Expression.Entered) -> None:
        if self._view.gate is not None:
            self._waiting.append((message.code, self._view.gate.evaluate(message.code, self._node)))
            self._draw()

    def action_enter(self) -> None:
        for field in self.query(Expression):
            field.enter()

    def action_scroll(self, step: int) -> None:
        looks = self.query_one("#looks")
        looks.scroll_relative(y=step * max(1, looks.size.height - 1), animate=False)

    # --- drawing

    def _draw(self) -> None:
        still = []
        for code, future in self._waiting:
            if not future.done():
                still.append((code, future))
            elif (error := future.exception()) is not None:
                self._refused.append((len(self._view.state.looks), code, str(error)))
        self._waiting = still
        looks = self._view.state.looks
        key = (len(looks), len(self._refused), tuple(code for code, _ in still))
        if key == self._drawn:
            return
        self._drawn = key
        self.query_one("#seen", Static).update(self._text(looks))
        self.query_one("#looks").scroll_end(animate=False)

    def _text(self, looks: list[Evaluated]) -> Text:
        found = getattr(self.app, "palette", PLAIN)
        palette = found if isinstance(found, Palette) else PLAIN
        glyphs = self._view.glyphs
        text = Text()
        refused = list(self._refused)
        for number, look in enumerate([*looks, None]):
            while refused and (refused[0][0] <= number or look is None):
                _, code, why = refused.pop(0)
                _code(text, code, "", palette)
                text.append(f"{visible(why)}\n", palette["warn"])
            if look is None:
                break
            where = "" if look.node == "0" else f"  {glyphs.dot} node {look.node}"
            _code(text, look.code, where, palette)
            lines = visible(self._view.text(look.shown)).split("\n")
            shown = "\n".join(lines[:MOST_LINES])
            text.append(f"{shown}\n", palette["printed" if look.status == "ok" else "bad"])
            if len(lines) > MOST_LINES:
                text.append(f"{glyphs.cut} {len(lines) - MOST_LINES:,} more lines\n", palette["muted"])
            if look.copied:
                text.append("in a copy of the REPL, thrown away\n", palette["muted"])
        for code, _ in self._waiting:
            _code(text, code, "", palette)
            text.append(f"{glyphs.cut}\n", palette["running"])
        text.rstrip()
        return text


def _code(text: Text, code: str, where: str, palette: Palette) -> None:
    for number, line in enumerate(visible(code).split("\n")):
        text.append(">>> " if number == 0 else "... ", palette["muted"])
        text.append(line, palette["title"])
        text.append(f"{where if number == 0 else ''}\n", palette["muted"])


def _complete(code: str) -> bool:
    """Whether Enter should evaluate: one line that can be read, or several and an empty one."""
    if "\n" in code:
        return code.endswith("\n")
    try:
        ast.parse(code.strip())
    except SyntaxError:
        return not code.rstrip().endswith((":", "\\", "(", "[", "{", ","))
    except (ValueError, RecursionError, MemoryError):
        return True
    return bool(code.strip())
