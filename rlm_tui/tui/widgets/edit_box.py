"""Where text is typed: what stands in it may come from a document or a model, so it is shown as `visible` has it.

The text itself stays as it is, with every character that is only shown by its stand-in.
"""

from __future__ import annotations

from typing import Any

from rich.highlighter import Highlighter
from rich.text import Text
from textual.widgets import Input, TextArea

from rlm_tui.document.visible import visible


class EditBox(TextArea):
    """Several lines."""

    def get_line(self, line_index: int) -> Text:
        """The line as it is drawn: as many characters as it has. Tabs are widened by the box itself."""
        pieces = self.document.get_line(line_index).split("\t")
        return Text("\t".join(visible(piece, 0) for piece in pieces), end="", no_wrap=True)


class Field(Input):
    """One line."""

    def __init__(self, value: str | None = None, **options: Any) -> None:
        super().__init__(value, highlighter=_Visible(), **options)


class _Visible(Highlighter):
    """Not a matter of colour: the one place at which an `Input` lets its text be drawn as something else."""

    def __call__(self, text: str | Text) -> Text:
        plain = text.plain if isinstance(text, Text) else text
        return Text(visible(plain, 0).replace("\n", "␊"), no_wrap=True, overflow="ignore", end="")

    def highlight(self, text: Text) -> None:
        """Nothing is coloured."""
