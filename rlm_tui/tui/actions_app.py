"""What can be done beyond the session on the screen."""

from __future__ import annotations

from rlm_tui.tui import verbs_app, verbs_bench, when
from rlm_tui.tui.action import APP, RUN, TIME, Action

ACTIONS: tuple[Action, ...] = (
    Action(
        "run.ask",
        ("a",),
        "Ask",
        "A new question about the open documents, with models and budget of its own.",
        RUN,
        verbs_app.ask,
        when.asks,
        footer=8,
    ),
    Action(
        "run.follow_up",
        ("Q",),
        "Ask on",
        "Another question to this session once it has answered: the same REPL, with all its variables.",
        RUN,
        verbs_app.follow_up,
        when.can_follow_up,
        footer=13,
    ),
    Action(
        "time.faster",
        (".",),
        "Faster",
        "Play the record at the next higher speed.",
        TIME,
        verbs_app.faster,
        when.can_play,
    ),
    Action(
        "time.slower",
        ("comma",),
        "Slower",
        "Play the record at the next lower speed.",
        TIME,
        verbs_app.slower,
        when.can_play,
    ),
    Action(
        "app.open",
        ("O",),
        "Open",
        "Open other files; a run that is live goes on in the background.",
        APP,
        verbs_app.open_file,
        when.has_desk,
    ),
    Action(
        "app.sessions",
        ("l",),
        "Sessions",
        "The saved sessions, with forks below the session they were made from; enter shows another one.",
        APP,
        verbs_app.sessions,
        when.has_desk,
    ),
    Action(
        "app.results",
        (),
        "Results",
        "What the runs of `rlm-tui bench` and `sweep` gave; enter shows the session of one.",
        APP,
        verbs_bench.results,
    ),
    Action(
        "app.settings",
        ("f2",),
        "Settings",
        "Every setting, its value and where it comes from; change it, and see which keys of providers are missing.",
        APP,
        verbs_app.settings,
        when.has_desk,
    ),
)
