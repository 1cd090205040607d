"""The program without a command in a real terminal, and what is wrong with settings while it runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.terminal import AVAILABLE, Terminal

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed")

COMMAND = [sys.executable, "-m", "rlm_tui"]


def start(folder: Path, *args: str, columns: int = 120, lines: int = 36, **more: str) -> Terminal:
    env = {
        "RLM_TUI_STORE": str(folder / "s.db"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "OPENAI_API_KEY": "",
        "ANTHROPIC_API_KEY": "",
        "GEMINI_API_KEY": "",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "LC_ALL": "C.UTF-8",
        **more,
    }
    return Terminal([*COMMAND, *args], env=env, cwd=folder, columns=columns, lines=lines)


def test_from_nothing_to_an_answer_another_question_and_the_list(tmp_path: Path) -> None:
    (tmp_path / "ships.csv").write_text("name,tons,port\nAda,120,Leith\nBrill,310,Riga\nDove,96,Leith\n")
    with start(tmp_path) as terminal:
        terminal.wait("not a language model")
        terminal.press("o")
        terminal.wait("Files, folders or patterns")
        terminal.type("ships.csv")
        terminal.press("Enter")
        terminal.wait("Ask about this document")
        terminal.type("How many ships are there?")
        terminal.press("Enter")
        terminal.wait("PAUSED")
        terminal.press("c")
        terminal.wait("Enter close")
        terminal.press("Escape")
        terminal.wait(lambda screen: "Enter close" not in screen)
        terminal.press("Q")
        terminal.wait("Another question to this session")
        terminal.type("Which ships are in Leith?")
        terminal.press("Enter")
        terminal.wait("PAUSED")
        terminal.press("c")
        terminal.wait("Enter close")
        terminal.press("Escape")
        terminal.wait(lambda screen: "Enter close" not in screen)
        terminal.press("q")
        screen = terminal.wait("Open before")
        assert "ships.csv" in screen and "1 session" in screen
        terminal.press("l")
        assert "Which ships are in Leith?" in terminal.wait("Preview")
        terminal.press("q")
        terminal.wait("Open before")
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_a_broken_keymap_is_named_and_the_usual_keys_hold(tmp_path: Path) -> None:
    path = tmp_path / "config" / "rlm-tui" / "keymap.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("run.over: s\n")
    with start(tmp_path, "demo") as terminal:
        screen = terminal.wait(lambda screen: "PAUSED" in screen and "belongs to" in screen)
        assert "keymap.yaml" in "".join(screen.split()) or "run.over" in screen
        terminal.press("n")
        terminal.wait("turn 2")
        terminal.press("q")
        terminal.wait("Quit?")
        terminal.press("y")
        assert terminal.wait_end() == 0


def test_a_theme_is_worn_again_when_its_file_changes_and_kept_when_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "config" / "rlm-tui" / "themes" / "mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text('colors:\n  primary: "#112233"\n')
    with start(tmp_path, "open", "--theme", "mine") as terminal:
        terminal.wait("What now?")
        path.write_text('colors:\n  primary: "#12zz"\n')
        terminal.wait("is not a colour")
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_plain_signs_and_no_colours(tmp_path: Path) -> None:
    with start(tmp_path, "open", "--ascii", NO_COLOR="1") as terminal:
        screen = terminal.wait("What now?")
        assert screen.isascii()
        terminal.press("F2")
        screen = terminal.wait("max_depth")
        assert [sign for sign in screen if not sign.isascii()] == []
        terminal.press("q")
        terminal.wait("What now?")
        terminal.press("q")
        assert terminal.wait_end() == 0
