"""The one list of everything the operator can do: keys, footer, help and command palette are made from it."""

from __future__ import annotations

from rlm_tui.tui import actions_pane, actions_run, actions_time
from rlm_tui.tui.action import Action
from rlm_tui.tui.view import View

ACTIONS: tuple[Action, ...] = (*actions_run.ACTIONS, *actions_time.ACTIONS, *actions_pane.ACTIONS)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def possible(view: View) -> list[Action]:
    """The actions that would do something now."""
    return [action for action in ACTIONS if not action.when(view)]
