"""Why an action is not possible now, as a sentence for the operator; an empty one when it is possible."""

from __future__ import annotations

from collections.abc import Callable

from rlm_tui.tui.view import View

When = Callable[[View], str]
"""Why an action is not possible now; empty when it is."""


def always(view: View) -> str:
    return ""


def has_session(view: View) -> str:
    return "" if view.head.seq else "There is no session yet: ask a question first."


def steps(view: View) -> str:
    """Stepping forwards: the run when it is held at the head, else the cursor."""
    if view.failure is not None:
        return view.failure
    if not view.live or view.replay:
        return has_session(view)
    if view.source is None:
        return "Nothing runs yet: ask a question first."
    if view.head.over:
        return "The session has ended. N and the left arrow go back through it."
    return "" if view.head.paused is not None else "The run is not paused: p pauses it at the next safe point."


def saved(view: View) -> str:
    """Why nothing can be done to the run of a session that is shown from the store; empty for a run of this program."""
    if not view.replay:
        return ""
    if view.process is not None:
        return f"Process {view.process} runs this session: here it is followed, read-only."
    return "This is a saved session: nothing runs."


def runs(view: View) -> str:
    if reason := saved(view):
        return reason
    if view.source is None:
        return "Nothing runs yet: ask a question first."
    return "" if view.running else "The session has ended."


def can_pause(view: View) -> str:
    if reason := runs(view):
        return reason
    if view.head.paused is not None:
        return "It is paused already: n, s, f or c goes on."
    if view.head.pause_requested and not view.head.open_calls:
        return "It will stop at the next safe point."
    return ""


def can_edit(view: View) -> str:
    if reason := runs(view):
        return reason
    if not view.live:
        return "This is the past: L returns to the live run."
    paused = view.head.paused
    if paused is None or paused.stop != "before_exec":
        return "A cell can be edited while the run is paused before it runs."
    return ""


def can_override(view: View) -> str:
    if reason := runs(view):
        return reason
    paused = view.head.paused
    if not view.live or paused is None or paused.stop != "at_subcall":
        return "A sub-call can be answered by hand while the run is paused at it (s steps there)."
    if paused.call is None:
        return "A child node starts here: step into it and answer its sub-calls, or inject a message."
    return ""


def can_fork(view: View) -> str:
    if not view.forks:
        return "This session is not in a store, so it can't be forked."
    return has_session(view)


def can_compare(view: View) -> str:
    return "The run is live: let it end, or end it, before it is compared." if view.running else has_session(view)


def can_break(view: View) -> str:
    return saved(view)


def has_answer(view: View) -> str:
    return "" if view.head.over else "There is no answer yet."


def has_documents(view: View) -> str:
    return "" if view.documents else "No document is open."


def many_documents(view: View) -> str:
    return "" if len(view.documents) > 1 else "There is one document only."


def past(view: View) -> str:
    return "" if not view.live or view.selected is not None else "This is the newest event already."


def can_play(view: View) -> str:
    if view.live and view.running:
        return "The run is live: n, s and c go on."
    return has_session(view)


def asks(view: View) -> str:
    if view.starting:
        return "It is starting."
    if not view.documents:
        return "No document is open: O opens one."
    return "" if view.source is None or view.asks else "This session has its question."


def can_follow_up(view: View) -> str:
    if not (view.asks and view.forks):
        return "This session is not in a store, so it can't be asked another question."
    if view.running or view.process is not None:
        return "The run is live: let it end before it is asked another question."
    if view.head.status not in ("completed", "partial"):
        return "Only a session that has given an answer can be asked another question; r and R run it anew."
    return ""


def has_desk(view: View) -> str:
    return "" if view.asks else "This screen shows one session only."


def can_change_speed(view: View) -> str:
    return can_play(view)
