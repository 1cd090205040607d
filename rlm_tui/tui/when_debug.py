"""Why a debugger's verb is not possible now, as a sentence for the operator; an empty one when it is possible."""

from __future__ import annotations

from rlm_tui.projection.state import Node
from rlm_tui.tui.view import View
from rlm_tui.tui.when import can_fork, has_session, runs


def can_look(view: View) -> str:
    if view.state.looks:
        return ""
    if view.replay and view.process is None:
        return "This is a saved session: nothing runs, and nothing was looked at up to here."
    if reason := runs(view):
        return reason
    if not view.live:
        return "This is the past: L returns to the live run."
    return "" if view.head.paused is not None else "The run is not paused: p pauses it at the next safe point."


def can_watch(view: View) -> str:
    return "" if view.state.watches else runs(view)


def can_mark(view: View) -> str:
    return has_session(view)


def restartable(view: View) -> Node | None:
    """The selected child node, if it runs."""
    node = view.node
    if not view.running or not view.live or node is None or node.parent is None or node.status != "running":
        return None
    return node


def can_run_again(view: View) -> str:
    if not view.running:
        return can_fork(view)
    if restartable(view) is not None:
        return ""
    node = view.node
    if node is None or node.parent is None:
        return "The root is the whole run: let it end, or end it, then R runs the question again."
    return "This node has given its answer already: when the run has ended, r forks from a turn before it."
