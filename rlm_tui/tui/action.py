"""One thing that the operator can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_tui.tui.when import When, always

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench

RUN, TIME, LOOK, MOVE, APP = "Run", "Time", "Look", "Move", "Application"
GROUPS = (RUN, TIME, LOOK, MOVE, APP)
"""Groups of actions, in the order of the help."""


@dataclass(frozen=True, slots=True)
class Action:
    """`id` is what keymaps name; `keys` the keys without a keymap; `title` what footer and palette say; `help` a sentence.

    `footer` orders the footer (0: not in it); what is possible now comes first.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    do: Callable[[Workbench], None]
    when: When = always
    footer: int = 0
