"""A dialog that lists things, adds one with a look at it while it is typed, and deletes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rlm_tui.document.visible import visible
from rlm_tui.tui.screens.dialog import Dialog, T, plain
from rlm_tui.tui.widgets.edit_box import Field


class Listing(Dialog[T]):
    """Adds and deletes at once; there is nothing to confirm.

    Subclasses say what is listed (`items`: a number and its text), what is wrong with what is typed (`problem`), and what
    `add`, `delete` and `chosen` (Enter on the list) do. `EMPTY` stands for an empty list, `HINT` in the empty field.
    """

    KEYS = "Enter add   Del delete   Tab switch   Esc close"
    EMPTY: ClassVar[str] = ""
    HINT: ClassVar[str] = ""
    EXAMPLES: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("delete,backspace", "remove", show=False),
        Binding("up,down", "to_list", show=False),
    ]

    def __init__(self, *, adding: bool = False) -> None:
        super().__init__()
        self._adding = adding
        self._shown: dict[int, str] = {}

    def items(self) -> Mapping[int, str]:
        """Numbers and texts."""
        raise NotImplementedError

    def problem(self, text: str) -> str:
        """What is wrong with `text`, as a sentence; empty when it is right."""
        return ""

    def add(self, text: str) -> None:
        """Add what was typed; it is right."""
        raise NotImplementedError

    def delete(self, number: int) -> None:
        """Delete what is selected."""
        raise NotImplementedError

    def chosen(self, number: int) -> None:
        """Enter was pressed on an item."""

    @property
    def hint(self) -> str:
        """What stands in the empty field."""
        return self.HINT

    def body(self) -> ComposeResult:
        yield OptionList(id="points", markup=False)
        yield plain(self.EMPTY, id="none", classes="quiet")
        yield Field(placeholder=self.hint, id="condition")
        yield plain("", id="problem", classes="bad")
        if self.EXAMPLES:
            yield VerticalScroll(plain(self.EXAMPLES, classes="quiet"), id="examples", can_focus=False)

    def on_mount(self) -> None:
        self._list()
        if self._adding or not self._shown:
            self.query_one(Input).focus()
        else:
            self.query_one(OptionList).focus()
        # The run answers on its own time: what was added shows when its event has come back.
        self.set_interval(0.1, self._list)

    def _list(self) -> None:
        items = dict(self.items())
        points = self.query_one(OptionList)
        if items == self._shown and points.option_count == len(items):
            points.display = bool(items)
            self.query_one("#none").display = not items
            return
        self._shown = items
        at = points.highlighted
        points.clear_options()
        points.add_options([Option(Content(f"#{n}  {visible(text)}"), id=str(n)) for n, text in items.items()])
        if items:
            points.highlighted = min(at or 0, len(items) - 1)
        points.display = bool(items)
        self.query_one("#none").display = not items

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say(self.problem(event.value) if event.value.strip() else "")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        problem = self.problem(event.value)
        self._say(problem)
        if not problem:
            self.add(event.value.strip())
            if event.input.value == event.value:  # Else somebody has typed on.
                event.input.value = ""
            self._list()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id is not None:
            self.chosen(int(event.option_id))

    def _say(self, words: str) -> None:
        self.query_one("#problem", Static).update(Content(visible(words)))

    def action_to_list(self) -> None:
        """From the field to the list."""
        if self._shown:
            self.query_one(OptionList).focus()

    def action_remove(self) -> None:
        points = self.query_one(OptionList)
        if points.has_focus and points.highlighted is not None:
            name = points.get_option_at_index(points.highlighted).id
            if name is not None:
                self.delete(int(name))
                self._list()
