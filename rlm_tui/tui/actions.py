"""The one list of everything the operator can do: keys, footer, help and command palette are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlm_tui.tui import verbs_diff, verbs_pane, verbs_run, verbs_time
from rlm_tui.tui.view import View

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench

When = Callable[[View], str]
"""Why an action is not possible now, as a sentence; empty when it is possible."""


def _always(view: View) -> str:
    return ""


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
    when: When = _always
    footer: int = 0


# --- conditions


def _has_session(view: View) -> str:
    return "" if view.head.seq else "There is no session yet: ask a question first."


def _steps(view: View) -> str:
    """Stepping forwards: the run when it is held at the head, else the cursor."""
    if view.failure is not None:
        return view.failure
    if not view.live or view.replay:
        return _has_session(view)
    if view.source is None:
        return "Nothing runs yet: ask a question first."
    if view.head.over:
        return "The session has ended. N and the left arrow go back through it."
    return "" if view.head.paused is not None else "The run is not paused: p pauses it at the next safe point."


def _runs(view: View) -> str:
    if view.replay:
        return "This is a saved session: nothing runs."
    if view.source is None:
        return "Nothing runs yet: ask a question first."
    return "" if view.running else "The session has ended."


def _can_pause(view: View) -> str:
    if reason := _runs(view):
        return reason
    if view.head.paused is not None:
        return "It is paused already: n, s, f or c goes on."
    return "It will stop at the next safe point." if view.head.pause_requested else ""


def _can_edit(view: View) -> str:
    if reason := _runs(view):
        return reason
    if not view.live:
        return "This is the past: L returns to the live run."
    paused = view.head.paused
    if paused is None or paused.stop != "before_exec":
        return "A cell can be edited while the run is paused before it runs."
    return ""


def _can_override(view: View) -> str:
    if reason := _runs(view):
        return reason
    paused = view.head.paused
    if not view.live or paused is None or paused.stop != "at_subcall":
        return "A sub-call can be answered by hand while the run is paused at it (s steps there)."
    if paused.call is None:
        return "A child node starts here: step into it and answer its sub-calls, or inject a message."
    return ""


def _can_fork(view: View) -> str:
    if not view.forks:
        return "This session is not in a store, so it can't be forked."
    if view.running:
        return "The run is live: let it end, or end it, before it is forked."
    return _has_session(view)


def _can_compare(view: View) -> str:
    return "The run is live: let it end, or end it, before it is compared." if view.running else _has_session(view)


def _can_break(view: View) -> str:
    return "This is a saved session: nothing runs." if view.replay else ""


def _has_answer(view: View) -> str:
    return "" if view.head.over else "There is no answer yet."


def _has_documents(view: View) -> str:
    return "" if view.documents else "No document is open."


def _many_documents(view: View) -> str:
    return "" if len(view.documents) > 1 else "There is one document only."


def _past(view: View) -> str:
    return "" if not view.live or view.selected is not None else "This is the newest event already."


def _can_play(view: View) -> str:
    if view.live and view.running:
        return "The run is live: n, s and c go on."
    return _has_session(view)


def _asks(view: View) -> str:
    return "" if view.source is None and not view.starting else "This session has its question."


RUN, TIME, LOOK, MOVE, APP = "Run", "Time", "Look", "Move", "Application"

ACTIONS: tuple[Action, ...] = (
    Action("run.ask", ("a",), "Ask", "Ask a question about the open document.", RUN, verbs_run.ask, _asks, 1),
    Action(
        "run.over",
        ("n",),
        "Over",
        "On to the next turn of this node; its sub-calls run through.",
        RUN,
        verbs_run.over,
        _steps,
        1,
    ),
    Action("run.into", ("s",), "Into", "On to the next stop at any depth.", RUN, verbs_run.into, _steps, 2),
    Action("run.finish", ("f",), "Out", "On until this node returns its answer.", RUN, verbs_run.finish, _steps, 3),
    Action(
        "run.continue",
        ("c",),
        "Continue",
        "On to the next breakpoint, limit, or the end.",
        RUN,
        verbs_run.go,
        _steps,
        4,
    ),
    Action("run.pause", ("p",), "Pause", "Stop at the next safe point.", RUN, verbs_run.pause, _can_pause, 5),
    Action(
        "run.inject",
        ("i",),
        "Inject",
        "Write a message that the model reads before its next call.",
        RUN,
        verbs_run.inject,
        _runs,
        6,
    ),
    Action("run.edit", ("E",), "Edit", "Change the cell before it runs.", RUN, verbs_run.edit, _can_edit, 7),
    Action(
        "run.override",
        ("o",),
        "Override",
        "Answer a sub-call by hand instead of asking the model.",
        RUN,
        verbs_run.override,
        _can_override,
        8,
    ),
    Action(
        "run.breakpoints",
        ("b",),
        "Break",
        "List, add and delete breakpoints.",
        RUN,
        verbs_run.breakpoints,
        _can_break,
        9,
    ),
    Action(
        "run.break_here",
        ("B",),
        "Break when…",
        "Add a breakpoint with a condition.",
        RUN,
        verbs_run.add_breakpoint,
        _can_break,
    ),
    Action(
        "run.cancel",
        (),
        "End the run",
        "Cancel what is in flight and end the session; all of it stays saved.",
        RUN,
        verbs_run.cancel,
        _runs,
    ),
    Action(
        "run.answer",
        ("A",),
        "Answer",
        "Show the answer, what it cost, and what was read.",
        RUN,
        verbs_run.answer,
        _has_answer,
        10,
    ),
    Action(
        "run.fork",
        ("r",),
        "Fork",
        "Go on from this turn with other models, another budget or other code; what came before costs nothing.",
        RUN,
        verbs_run.fork,
        _can_fork,
        14,
    ),
    Action(
        "run.again",
        ("R",),
        "Run again",
        "Run the whole question again with other models, budget or depth.",
        RUN,
        verbs_run.rerun,
        _can_fork,
    ),
    Action(
        "run.diff",
        ("d",),
        "Diff",
        "Compare this session with another saved one, side by side.",
        RUN,
        verbs_diff.diff,
        _can_compare,
    ),
    Action(
        "time.turn_back",
        ("N",),
        "Turn back",
        "Back to the previous turn of this node.",
        TIME,
        verbs_time.turn_back,
        _has_session,
        11,
    ),
    Action(
        "time.event_back",
        ("S",),
        "Event back",
        "Back to the previous event that says something.",
        TIME,
        verbs_time.event_back,
        _has_session,
    ),
    Action(
        "time.start",
        ("F",),
        "Start of node",
        "Back to the start of this node.",
        TIME,
        verbs_time.node_start,
        _has_session,
    ),
    Action(
        "time.stop_back", ("C",), "Stop back", "Back to the previous stop.", TIME, verbs_time.stop_back, _has_session
    ),
    Action(
        "time.left", ("left",), "One event back", "One event back, whatever it is.", TIME, verbs_time.left, _has_session
    ),
    Action("time.right", ("right",), "One event on", "One event forward.", TIME, verbs_time.right, _has_session),
    Action(
        "time.home",
        ("home",),
        "First event",
        "Before everything (in a replay or in the past), else the first row.",
        TIME,
        verbs_time.home,
    ),
    Action(
        "time.end",
        ("end",),
        "Last event",
        "The newest event (in a replay or in the past), else the last row.",
        TIME,
        verbs_time.end,
    ),
    Action(
        "time.here", ("t",), "To here", "Go to the moment of the selected row.", TIME, verbs_time.to_here, _has_session
    ),
    Action(
        "time.head",
        ("L",),
        "Newest",
        "Return to the newest event and follow the run.",
        TIME,
        verbs_time.to_head,
        _past,
        12,
    ),
    Action(
        "time.play",
        ("space",),
        "Play",
        "Play the events from the cursor on, or stop playing.",
        TIME,
        verbs_time.play,
        _can_play,
        13,
    ),
    Action(
        "time.next_error",
        ("x",),
        "Next error",
        "Select the next row that failed.",
        TIME,
        verbs_time.next_error,
        _has_session,
    ),
    Action(
        "time.previous_error",
        ("X",),
        "Previous error",
        "Select the previous row that failed.",
        TIME,
        verbs_time.previous_error,
        _has_session,
    ),
    Action(
        "look.read_by",
        ("m",),
        "Who read this",
        "The calls that read the line under the cursor, and their cost.",
        LOOK,
        verbs_pane.read_by,
        _has_documents,
    ),
    Action(
        "look.unread",
        ("u",),
        "Next unread",
        "Go to the next part of the document that no model has read.",
        LOOK,
        verbs_pane.next_unread,
        _has_documents,
    ),
    Action(
        "look.find",
        ("/",),
        "Find",
        "Find text in the document, or filter the tree when it has the keys.",
        LOOK,
        verbs_pane.find,
    ),
    Action("look.find_next", ("ctrl+n",), "Find next", "The next hit.", LOOK, verbs_pane.find_next, _has_documents),
    Action(
        "look.goto",
        ("g",),
        "Go to",
        "Go to a line of the document, or to an event when the timeline has the keys.",
        LOOK,
        verbs_pane.goto,
    ),
    Action(
        "look.next_document",
        ("]",),
        "Next document",
        "Show the next document of the session.",
        LOOK,
        verbs_pane.next_document,
        _many_documents,
    ),
    Action(
        "look.previous_document",
        ("[",),
        "Previous document",
        "Show the previous document of the session.",
        LOOK,
        verbs_pane.previous_document,
        _many_documents,
    ),
    Action(
        "look.copy",
        ("y",),
        "Copy",
        "Copy the selected text, or what the pane shows, to the clipboard.",
        LOOK,
        verbs_pane.copy,
    ),
    Action("look.zoom", ("z",), "Zoom", "Give the whole screen to this pane, or take it back.", LOOK, verbs_pane.zoom),
    Action("pane.next", ("tab",), "Next pane", "Give the keys to the next pane.", LOOK, verbs_pane.next_pane),
    Action(
        "pane.previous",
        ("shift+tab",),
        "Previous pane",
        "Give the keys to the previous pane.",
        LOOK,
        verbs_pane.previous_pane,
    ),
    Action("pane.document", ("1",), "Document", "Go to the document.", LOOK, verbs_pane.go_document),
    Action("pane.tree", ("2",), "Recursion", "Go to the recursion tree.", LOOK, verbs_pane.go_tree),
    Action("pane.code", ("3",), "Code", "Go to the code.", LOOK, verbs_pane.go_code),
    Action("pane.output", ("4",), "Output", "Go to the output.", LOOK, verbs_pane.go_output),
    Action("pane.variables", ("5",), "Variables", "Go to the variables.", LOOK, verbs_pane.go_variables),
    Action("pane.timeline", ("6",), "Timeline", "Go to the timeline.", LOOK, verbs_pane.go_timeline),
    Action("pane.wider", ("ctrl+right",), "Wider", "Make this pane wider.", LOOK, verbs_pane.wider),
    Action("pane.slimmer", ("ctrl+left",), "Slimmer", "Make this pane slimmer.", LOOK, verbs_pane.slimmer),
    Action("pane.taller", ("ctrl+up",), "Taller", "Make this pane taller.", LOOK, verbs_pane.taller),
    Action("pane.shorter", ("ctrl+down",), "Shorter", "Make this pane shorter.", LOOK, verbs_pane.shorter),
    Action("move.up", ("up", "k"), "Up", "One row up.", MOVE, verbs_pane.up),
    Action("move.down", ("down", "j"), "Down", "One row down.", MOVE, verbs_pane.down),
    Action("move.page_up", ("pageup",), "Page up", "One page up.", MOVE, verbs_pane.page_up),
    Action("move.page_down", ("pagedown",), "Page down", "One page down.", MOVE, verbs_pane.page_down),
    Action("move.top", ("ctrl+home",), "Top", "The first row of this pane.", MOVE, verbs_pane.top),
    Action(
        "move.bottom",
        ("ctrl+end", "G"),
        "Bottom",
        "The last row of this pane; output follows from there.",
        MOVE,
        verbs_pane.bottom,
    ),
    Action("move.left", ("<",), "Scroll left", "Scroll this pane to the left.", MOVE, verbs_pane.scroll_left),
    Action("move.right", (">",), "Scroll right", "Scroll this pane to the right.", MOVE, verbs_pane.scroll_right),
    Action(
        "move.enter",
        ("enter",),
        "Open or shut",
        "Shut or open what is below a row; go to the reader under the cursor.",
        MOVE,
        verbs_pane.activate,
    ),
    Action("move.fold_all", ("-",), "Shut all", "Hide what is below every turn.", MOVE, verbs_pane.fold_all),
    Action("move.open_all", ("+",), "Open all", "Show everything in the tree.", MOVE, verbs_pane.open_all),
    Action(
        "app.back",
        ("escape",),
        "Back",
        "Leave the zoom, the filter, the selection, the search, in that order.",
        APP,
        verbs_pane.back,
    ),
    Action("app.palette", ("ctrl+p",), "Commands", "Every action by name.", APP, verbs_pane.palette, _always, 20),
    Action(
        "app.help",
        ("?", "f1"),
        "Help",
        "Keys, conditions, and what the signs mean.",
        APP,
        verbs_pane.show_help,
        _always,
        21,
    ),
    Action("app.screenshot", (), "Screenshot", "Save the screen as an SVG picture.", APP, verbs_pane.screenshot),
    Action("app.quit", ("q",), "Quit", "Leave; the session is saved.", APP, verbs_pane.quit_app, _always, 22),
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def possible(view: View) -> list[Action]:
    """The actions that would do something now."""
    return [action for action in ACTIONS if not action.when(view)]
