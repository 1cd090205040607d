"""What the condition language refuses."""

from __future__ import annotations


class ConditionError(ValueError):
    """A condition can't be read. `str()` is one sentence: what is wrong, where, and what is possible.

    `message` is the sentence without the place; `position` a character of `text`, counted from 0; `suggestions` are words
    that may have been meant.
    """

    def __init__(self, message: str, text: str, position: int, suggestions: tuple[str, ...] = ()) -> None:
        self.message = message
        self.text = text
        self.position = max(0, min(position, len(text)))
        self.suggestions = suggestions
        super().__init__(f"{message} (at character {self.position + 1})")
