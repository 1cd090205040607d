"""Which terminal gets which note, and that nothing in the words of a note can steer it."""

from __future__ import annotations

import pytest

from rlm_tui.tui.attention import form, note


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, ""),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "linux"}, ""),
        ({"TERM": "screen-256color", "STY": "1.x"}, ""),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, ""),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"}, ""),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "osc9"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "osc9"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "osc9"),
        ({"TERM": "xterm-ghostty"}, "osc9"),
        ({"TERM": "xterm-kitty"}, "osc9"),
        ({"TERM": "foot"}, "osc777"),
        ({"TERM": "rxvt-unicode-256color"}, "osc777"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux,1,0"}, ""),
    ],
)
def test_only_terminals_that_say_who_they_are_get_a_note_unasked(env: dict[str, str], wanted: str) -> None:
    assert form("auto", env) == wanted
    assert bool(note("done", "auto", env)) == bool(wanted)


@pytest.mark.parametrize("wish", ["bell", "off"])
def test_who_wants_no_note_gets_none(wish: str) -> None:
    assert note("done", wish, {"TERM": "xterm-kitty"}) == ""


def test_the_forms_of_a_note() -> None:
    assert note("it is done", "osc9", {}) == "\x1b]9;rlm-tui: it is done\a"
    assert note("done; at last", "osc777", {}) == "\x1b]777;notify;rlm-tui;done, at last\a"


def test_tmux_hands_a_note_on_that_was_asked_for() -> None:
    assert note("done", "osc9", {"TMUX": "x"}) == "\x1bPtmux;\x1b\x1b]9;rlm-tui: done\a\x1b\\"


@pytest.mark.parametrize("wish", ["osc9", "osc777"])
def test_a_question_can_not_end_the_note_and_go_on_as_an_escape_sequence(wish: str) -> None:
    sent = note("a\a\x1b\\\x1b]52;c;eA==\a\x9c\x07\nb\u202e\ud800" + "x" * 20_000, wish, {})
    inner = sent.removeprefix("\x1b]").removesuffix("\a")
    assert inner.isprintable() and len(sent) < 250
