"""The program in a real terminal, from the shell's prompt to its exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlm_tui.events import CallReserved, SessionEnded, encode
from rlm_tui.store import Catalog, StoreError, StoreReader
from tests.support.terminal import AVAILABLE, Terminal

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed")

COMMAND = [sys.executable, "-m", "rlm_tui"]

SLOW = """
turns:
  - "```repl\\n# look\\nprint(context[:50])\\n```"
  - "```repl\\n# ask about every line\\nfound = llm_query_batched([line for line in context.splitlines()])\\n```"
leaves:
  - match: "[02468]$"
    text: even
  - match: "[13579]$"
    text: odd
    delay: 600
default: nothing
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ships.csv").write_text(
        "name,tons,port\nAda,120,Leith\nBrill,310,Riga\nConcord,142,Blyth\nDove,96,Leith\nEllen,88,Hull\n"
    )
    (tmp_path / "lines.txt").write_text("\n".join(f"This is line number {n}" for n in range(20)) + "\n")
    (tmp_path / "slow.yaml").write_text(SLOW)
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return {
        "RLM_TUI_STORE": str(folder / "s.db"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "OPENAI_API_KEY": "",
        "ANTHROPIC_API_KEY": "",
        "GEMINI_API_KEY": "",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "LC_ALL": "C.UTF-8",
    }


def start(folder: Path, *args: str, columns: int = 120, lines: int = 36) -> Terminal:
    return Terminal([*COMMAND, *args], env=environment(folder), cwd=folder, columns=columns, lines=lines)


def step_to_the_end(terminal: Terminal) -> str:
    """Press `n` at each stop until the run is over; returns the screen then."""
    for turn in range(1, 20):
        screen = terminal.wait(lambda screen, turn=turn: "DONE" in screen or f"turn {turn} PAUSED" in screen)
        if "DONE" in screen:
            return screen
        terminal.press("n")
    raise AssertionError(f"it did not end:\n{terminal.screen()}")


def quit_(terminal: Terminal) -> None:
    """Close the answer and leave."""
    terminal.press("Escape")
    terminal.wait(lambda screen: "Enter close" not in screen)
    terminal.press("q")
    assert terminal.wait_end() == 0


def test_open_step_to_the_answer_and_leave(folder: Path) -> None:
    with start(folder, "open", "ships.csv", "-q", "Which ship has the most tons?") as terminal:
        screen = terminal.wait(lambda screen: "PAUSED before exec" in screen and "not a language model" in screen)
        assert "ships.csv" in screen
        step_to_the_end(terminal)
        screen = terminal.wait("Brill")
        assert "Evidence" in screen and "$0.00" in screen
        quit_(terminal)
    with StoreReader(folder / "s.db") as reader:
        (row,) = Catalog(reader).list()
        events = [entry.event for entry in reader.entries(row.id)]
    assert row.status == "completed" and row.answer is not None and "Brill" in row.answer
    assert sum(type(event).__name__ == "Paused" for event in events) >= 2


def test_open_asks_for_the_question(folder: Path) -> None:
    with start(folder, "open", "ships.csv", "--run") as terminal:
        terminal.wait("Ask about this document")
        terminal.type("How many ships come from Leith?")
        terminal.press("Enter")
        screen = terminal.wait(lambda screen: "DONE" in screen and "Evidence" in screen)
        assert "How many ships come from Leith?" in screen
        quit_(terminal)


def test_a_small_terminal_is_enough(folder: Path) -> None:
    with start(folder, "open", "ships.csv", "-q", "Which ship has the most tons?", columns=80, lines=24) as terminal:
        terminal.wait("PAUSED")
        step_to_the_end(terminal)
        terminal.wait("Brill")
        quit_(terminal)


def test_the_demo_to_its_answer(folder: Path) -> None:
    with start(folder, "demo") as terminal:
        terminal.wait("PAUSED before exec")
        terminal.press("c")
        screen = terminal.wait(lambda screen: "DONE" in screen and "Ned Rigg" in screen)
        assert "harbour.txt" in screen
        quit_(terminal)
    with start(folder, "replay", "last") as terminal:
        screen = terminal.wait("REPLAY")
        assert "harbour.txt" in screen
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_two_saved_sessions_are_compared_and_the_comparison_written(folder: Path) -> None:
    for question in ("Which ship has the most tons?", "How many ships come from Leith?"):
        run(folder, "run", "ships.csv", "-q", question)
    with StoreReader(folder / "s.db") as reader:
        second, first = (row.id for row in Catalog(reader).list())
    text = run(folder, "diff", first[:8], second[:8])
    assert "irst difference" in text and first[:7] in text and second[:7] in text
    with start(folder, "diff", first, second, "--screen") as terminal:
        screen = terminal.wait(lambda screen: "Code of t" in screen and "differs" in screen)
        assert "First difference, turn" in screen and "≠ root explorer" in screen
        terminal.press("5")
        terminal.wait("Reply of t")
        terminal.press("Home")
        terminal.wait(lambda screen: "Brill (tons: 310)" in screen and "Answer of root" in screen)
        terminal.resize(80, 24)
        terminal.wait(
            lambda screen: len(screen.splitlines()) == 24 and "Answer of root" in screen and "≠ root" in screen
        )
        terminal.press("x")
        terminal.wait("Write the comparison")
        terminal.press("Enter")
        terminal.wait("Written to")
        terminal.press("q")
        assert terminal.wait_end() == 0
    (written,) = folder.glob("diff-*.md")
    assert "Brill (tons: 310)" in written.read_text()


def test_ctrl_c_in_a_terminal_cancels_a_headless_run(folder: Path) -> None:
    """The terminal sends the signal to every process of the run; the session is saved all the same."""
    with start(folder, "run", "lines.txt", "-q", "Which?", "--model", "scripted:slow.yaml") as terminal:
        wait_for_calls(folder / "s.db", 3)
        terminal.press("C-c")
        assert terminal.wait_end() == 130
        assert "saved: rlm-tui replay" in terminal.screen()
        assert "Traceback" not in terminal.screen()
    with StoreReader(folder / "s.db") as reader:
        assert Catalog(reader).list()[0].status == "cancelled"


def wait_for_calls(store: Path, calls: int) -> None:
    """Wait until the store's session has answered `calls` calls."""
    until = time.monotonic() + 60
    while True:
        try:
            with StoreReader(store) as reader:
                if sum(row.calls for row in Catalog(reader).list()) >= calls:
                    return
        except StoreError:
            pass  # It is still being made.
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("screen", [True, False], ids=["workbench", "headless"])
def test_kill_loses_nothing_that_was_acknowledged(screen: bool, folder: Path) -> None:
    args = ["lines.txt", "-q", "Which lines?", "--model", "scripted:slow.yaml"]
    with start(folder, *(["open", *args, "--run"] if screen else ["run", *args])) as terminal:
        if screen:
            terminal.wait("SUB-CALLS")
        wait_for_calls(folder / "s.db", 5)
        with StoreReader(folder / "s.db") as reader:
            row = Catalog(reader).list()[0]
            assert row.status == "running"
            acknowledged = [encode(entry.event) for entry in reader.entries(row.id)]
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait_end()
        screen_of_death = terminal.screen()
    assert "137" in screen_of_death
    listing = run(folder, "sessions")
    assert "interrupted" in listing and row.id[:8] in listing
    events = run(folder, "replay", row.id, "--json").splitlines()
    assert len(events) >= len(acknowledged)
    for kept, line in zip(acknowledged, events, strict=False):
        assert f'"event":{kept.decode()}}}' in line
    text = run(folder, "replay", "last", "--headless")
    assert f"The log ends with event {len(events)}; the session has no end." in text
    with StoreReader(folder / "s.db") as reader:
        saved = [entry.event for entry in reader.entries(row.id)]
    assert not any(isinstance(event, SessionEnded) for event in saved)
    asked = sum(isinstance(event, CallReserved) for event in saved)
    under_way = text.count("was under way; it may have been billed")
    assert 0 < under_way < asked


def run(folder: Path, *args: str) -> str:
    done = subprocess.run(
        [*COMMAND, *args], cwd=folder, env=os.environ | environment(folder), capture_output=True, text=True, check=True
    )
    return done.stdout
