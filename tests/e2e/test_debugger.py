"""A whole session of a debugger in a real terminal: every verb that changes a run, a kill, and what is left of it."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.store import Catalog, StoreReader
from tests.e2e.test_terminal import folder, start
from tests.support.terminal import AVAILABLE, Terminal

__all__ = ["folder"]

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed")

PLAY = """
turns:
  - "I look.\\n```repl\\nlines = context.splitlines()\\nprint(len(lines))\\n```"
  - "I ask.\\n```repl\\nfound = llm_query_batched(lines[:4])\\nprint(found)\\n```"
  - "```repl\\nFINAL(str(len(lines)))\\n```"
leaves:
  - match: "[02468]$"
    text: even ❤️
  - match: "[13579]$"
    text: odd
    delay: 600
default: nothing
"""


def leave(terminal: Terminal) -> None:
    """Close a dialog. The terminal needs a moment to tell escape from the beginning of another key."""
    terminal.press("Escape")
    terminal.wait(lambda screen: "Esc close" not in screen and "Esc leave" not in screen)


def opened(folder: Path, **size: int) -> Terminal:
    (folder / "play.yaml").write_text(PLAY)
    return start(folder, "open", "lines.txt", "-q", "How many?", "--model", "scripted:play.yaml", **size)


def recorded(folder: Path) -> tuple[str, list[ev.Event]]:
    with StoreReader(folder / "s.db") as reader:
        (row,) = Catalog(reader).list()
        return row.id, [entry.event for entry in reader.entries(row.id)]


def test_every_verb_then_kill_resume_replay_and_leave(folder: Path) -> None:
    with opened(folder) as terminal:
        terminal.wait("turn 1 PAUSED")
        # edit, then step over it
        terminal.press("E")
        terminal.wait("Ctrl+S")
        terminal.type("# mine")
        terminal.press("Enter")
        terminal.wait("# mine")
        terminal.press("C-s")
        terminal.wait("edited by you")
        # inject
        terminal.press("i")
        terminal.wait("Message to the model")
        terminal.type("Hurry up.")
        terminal.wait("Hurry up.")
        terminal.press("C-s")
        terminal.wait(lambda screen: "Message to the model" not in screen)
        terminal.press("n")
        terminal.wait("turn 2 PAUSED")
        # look, watch, mark, jump
        terminal.press("e")
        terminal.wait("Evaluate in the root")
        terminal.type("lines.clear()")
        terminal.press("Enter")
        terminal.wait("thrown away")
        terminal.type("len(lines)")
        terminal.press("Enter")
        terminal.wait(lambda screen: re.search(r"│ +20 ", screen) is not None)
        leave(terminal)
        terminal.press("w")
        terminal.wait("Nothing is watched")
        terminal.type("len(lines)")
        terminal.wait("len(lines)")
        terminal.press("Enter")
        terminal.wait("#1  len(lines)")
        leave(terminal)
        terminal.wait(lambda screen: re.search(r"len\(lines\) +20", screen) is not None)
        terminal.press("M")
        terminal.wait("No moment is marked")
        terminal.type("here")
        terminal.wait("here")
        terminal.press("Enter")
        terminal.wait(lambda screen: re.search(r"#2 +event \d+ +here", screen) is not None)
        leave(terminal)
        terminal.press("C-o")
        terminal.wait(lambda screen: re.search(r" {12}s {12}", screen) is not None)
        terminal.press("g")
        terminal.wait(lambda screen: re.search(r" {12}s {12}", screen) is None)
        # continue into calls that do not answer; pause, and cancel them
        terminal.press("c")
        terminal.wait("SUB-CALLS ×2")
        terminal.press("p")
        terminal.wait("stopping at the next stop")
        terminal.press("p")
        terminal.wait("PAUSED at a sub-call")
        terminal.press("o")
        terminal.wait("Answer this sub-call by hand")
        terminal.type("odd, by hand")
        terminal.wait("odd, by hand")
        terminal.press("C-s")
        terminal.wait(lambda screen: "Answer this sub-call" not in screen)
        # resize to the small screen and back, and kill it
        terminal.resize(80, 24)
        terminal.wait(lambda screen: "3 Code" in screen and "4 Output" in screen and "PAUSED" in screen)
        terminal.resize(120, 36)
        terminal.wait("6 Timeline")
        session, _ = recorded(folder)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait_end()
    play = (folder / "play.yaml").read_text().replace("delay: 600", "delay: 0")
    (folder / "play.yaml").write_text(play)
    with start(folder, "resume", session) as terminal:
        terminal.wait(lambda screen: "PAUSED" in screen or "DONE" in screen)
        deadline = time.monotonic() + 60
        while "DONE" not in (screen := terminal.screen()):
            assert time.monotonic() < deadline, screen
            if "PAUSED" in screen:
                terminal.press("c")
            time.sleep(0.1)
        terminal.wait("Enter close")
        terminal.press("Escape")
        terminal.wait(lambda screen: "Enter close" not in screen)
        terminal.press("q")
        assert terminal.wait_end() == 0
    _, events = recorded(folder)
    kinds = {type(event) for event in events}
    assert {ev.CellEdited, ev.Injected, ev.Evaluated, ev.WatchSet, ev.Watched, ev.MarkSet, ev.Interrupted} <= kinds
    assert isinstance(events[-1], ev.SessionEnded) and events[-1].status == "completed"
    with start(folder, "replay", session) as terminal:
        terminal.wait("REPLAY DONE")
        terminal.press("M")
        terminal.wait("here")
        terminal.press("Down")
        time.sleep(0.5)  # Nothing on the screen's text tells that the list has the keys now.
        terminal.press("Enter")
        screen = terminal.wait("REPLAY event")
        assert "turn 2" in screen
        assert re.search(r"len\(lines\) +20", screen)
        terminal.press("q")
        assert terminal.wait_end() == 0


@pytest.mark.parametrize("columns", [80, 120])
def test_a_sign_in_emoji_form_shifts_no_row(columns: int, folder: Path) -> None:
    with opened(folder, columns=columns, lines=24 if columns == 80 else 36) as terminal:
        terminal.wait("PAUSED")
        terminal.press("c")
        screen = terminal.wait(lambda screen: "even" in screen)
        rows = [line.rstrip().replace("\ufe0e", "") for line in screen.splitlines() if "even" in line]
        assert rows and all(len(row) == columns for row in rows), "\n".join(rows)
        terminal.press("C-c")
        terminal.press("C-c")
        assert terminal.wait_end() == 0
