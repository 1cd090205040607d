"""A benchmark watched in a real terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_tui.store import StoreReader
from rlm_tui.store.results import cells
from tests.support.terminal import AVAILABLE, Terminal

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed")

COMMAND = [sys.executable, "-m", "rlm_tui"]


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


def start(folder: Path, *args: str) -> Terminal:
    return Terminal([*COMMAND, "bench", *args], env=environment(folder), cwd=folder)


RUN = ("run", "sniah", "--lengths", "1k", "--limit", "3", "--methods", "rlm:0")


def test_watch_a_run_open_a_cell_come_back_and_leave(tmp_path: Path) -> None:
    with start(tmp_path, *RUN, "--models", "explorer", "--tui") as terminal:
        terminal.wait("3 of 3 done")
        terminal.press("Down", "Enter")
        terminal.wait("Recursion")
        terminal.press("q")
        terminal.wait("3 of 3 done")
        terminal.press("q")
        assert terminal.wait_end() == 0
        assert "sniah: scores" in terminal.screen()


def test_leaving_early_stops_the_run_and_the_rest_is_run_later(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text("default: '57'\ndelay: 30\n")
    args = ("run", "sniah", "--lengths", "1k", "--limit", "3", "--methods", "direct", "--models", "scripted:slow.yaml")
    with start(tmp_path, *args, "--tui") as terminal:
        terminal.wait("3 running")
        terminal.press("q")
        assert terminal.wait_end() == 130
    with StoreReader(tmp_path / "s.db") as reader:
        assert {row.status for row in cells(reader, "sniah")} == {"pending"}
    (tmp_path / "slow.yaml").write_text("default: '57'\n")
    done = subprocess.run(
        [*COMMAND, "bench", *args, "--json"], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={"PATH": "/usr/bin:/bin", **environment(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0 and {row["status"] for row in json.loads(done.stdout)["cells"]} == {"ok"}
