"""Telling somebody who looks elsewhere that a run has stopped: the bell, and a note on the desktop where the terminal has it.

A note is an escape sequence, OSC 9 (iTerm2, kitty, WezTerm, Ghostty, Warp) or OSC 777 (foot, rxvt-unicode, Contour). To a
terminal that does not know it, it might be rubbish on the screen: `auto` sends it only to those that say who they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rlm_tui.document.visible import visible

Wish = Literal["auto", "osc9", "osc777", "bell", "off"]
"""The setting `notify`."""

TITLE = "rlm-tui"

LONGEST = 160
"""Characters of a note; a desktop shows less."""

_OSC9_PROGRAMS = ("iTerm.app", "WezTerm", "ghostty", "WarpTerminal")
_OSC9_TERMS = ("xterm-kitty", "xterm-ghostty", "wezterm")
_OSC777_TERMS = ("foot", "rxvt-unicode", "contour")


def form(wish: str, env: Mapping[str, str]) -> str:
    """Which sequence the terminal of this environment gets: ``osc9``, ``osc777``, or none (empty)."""
    if wish in ("osc9", "osc777"):
        return wish
    if wish != "auto" or env.get("TMUX") or env.get("STY"):
        # What a multiplexer shows may be on another terminal by now; it passes the bell on.
        return ""
    if env.get("TERM_PROGRAM") in _OSC9_PROGRAMS or env.get("LC_TERMINAL") == "iTerm2":
        return "osc9"
    # The names have endings: foot-extra, rxvt-unicode-256color.
    term = env.get("TERM", "")
    if term in _OSC9_TERMS:
        return "osc9"
    return "osc777" if term.startswith(_OSC777_TERMS) else ""


def note(words: str, wish: str, env: Mapping[str, str]) -> str:
    """The sequence that shows `words` on the desktop; empty where the terminal has none. Nothing in `words` can end it."""
    kind = form(wish, env)
    if not kind:
        return ""
    body = visible(" ".join(words.split()))[:LONGEST]
    # A body that begins with a digit and a semicolon is something else to some terminals; ours begins with a name.
    sequence = f"\x1b]9;{TITLE}: {body}\a" if kind == "osc9" else f"\x1b]777;notify;{TITLE};{body.replace(';', ',')}\a"
    if env.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return sequence
