"""What a debugger does besides stepping, and how one finds one's way."""

from __future__ import annotations

from rlm_tui.tui import verbs_debug, when_debug
from rlm_tui.tui.action import LOOK, RUN, TIME, Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "run.evaluate",
        ("e",),
        "Evaluate",
        "Look at names of the selected node while the run is paused; nothing is changed, and no model is told.",
        RUN,
        verbs_debug.look,
        when_debug.can_look,
        footer=9,
    ),
    Action(
        "run.watch",
        ("w",),
        "Watch",
        "Expressions that are looked at after every cell; their values stand below the variables.",
        RUN,
        verbs_debug.watch,
        when_debug.can_watch,
    ),
    Action(
        "run.again",
        ("R",),
        "Run again",
        "Begin the selected child node again while it runs; else run the whole question again.",
        RUN,
        verbs_debug.again,
        when_debug.can_run_again,
    ),
    Action(
        "time.here",
        ("t",),
        "To here",
        "Go to the moment of the selected row; with none selected, run to a turn or a condition.",
        TIME,
        verbs_debug.to_here,
        when_debug.can_mark,
    ),
    Action(
        "time.marks",
        ("M",),
        "Marks",
        "Mark this moment with a name, go to a mark, or delete one.",
        TIME,
        verbs_debug.marks,
        when_debug.can_mark,
    ),
    Action(
        "pane.jump", ("ctrl+o",), "Jump", "Show a letter on every pane and go there with it.", LOOK, verbs_debug.jump
    ),
)
