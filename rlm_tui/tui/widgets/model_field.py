"""A line to type the name of a model into, or several: completion while typing, price and problems below."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester

from rlm_tui.tui.model_names import ModelNames
from rlm_tui.tui.widgets.edit_box import Field


class _Completion(Suggester):
    """Completes the last name of the line."""

    def __init__(self, names: ModelNames) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        head, last = split_last(value)
        found = self._names.complete(last)
        return head + last + found[len(last) :] if found is not None and len(found) > len(last) else None


class ModelField(Field):
    """The right arrow takes the completion, up and down go through the alternatives. `several` allows more than one name."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "alternative(1)", show=False),
        Binding("up", "alternative(-1)", show=False),
    ]

    class Edited(Message):
        """The name under the cursor is another one, or the field got the keys."""

        def __init__(self, field: ModelField) -> None:
            super().__init__()
            self.field = field

    def __init__(self, value: str, names: ModelNames | None, *, hint: str, id: str) -> None:
        # The first value is watched as it is set.
        self._names = names
        self._typed = value
        self._step = -1
        self._taking = False
        super().__init__(
            value,
            placeholder=hint,
            id=id,
            compact=True,
            select_on_focus=False,
            suggester=_Completion(names) if names is not None else None,
        )

    @property
    def last_name(self) -> str:
        """The name that is being typed."""
        return split_last(self.value)[1].strip()

    def on_focus(self, event: events.Focus) -> None:
        self.post_message(self.Edited(self))

    def watch_value(self, value: str) -> None:
        if not self._taking:
            self._typed, self._step = value, -1
        self.post_message(self.Edited(self))

    def action_alternative(self, step: int) -> None:
        """Put the next name that what was typed may become into the line."""
        if self._names is None:
            return
        head, last = split_last(self._typed)
        found = [about.name for about in self._names.completions(last)]
        if not found:
            return
        self._step = (self._step + step) % len(found) if self._step >= 0 or step > 0 else len(found) - 1
        self._taking = True
        self.value = head + found[self._step]
        self._taking = False
        self.cursor_position = len(self.value)


def split_last(line: str) -> tuple[str, str]:
    """The line up to its last name, and that name: ``a, b`` is ``a, `` and ``b``."""
    at = max(line.rfind(","), line.rstrip().rfind(" ") if line.rstrip() != line else line.rfind(" ")) + 1
    while at < len(line) and line[at] == " ":
        at += 1
    return line[:at], line[at:]
