"""The one list of everything the operator can do: keys, footer, help and command palette are made from it."""

from __future__ import annotations

from rlm_tui.tui import actions_app, actions_debug, actions_pane, actions_run, actions_time
from rlm_tui.tui.action import GROUPS, Action
from rlm_tui.tui.view import View

_ROOMS = (actions_run, actions_debug, actions_time, actions_pane, actions_app)

ACTIONS: tuple[Action, ...] = tuple(
    sorted((action for room in _ROOMS for action in room.ACTIONS), key=lambda action: GROUPS.index(action.group))
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def possible(view: View) -> list[Action]:
    """The actions that would do something now."""
    return [action for action in ACTIONS if not action.when(view)]
