"""``rlm-tui run`` in a real terminal: the picture while it runs, only lines and the answer afterwards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.store import Catalog, StoreReader
from tests.support.openai_server import Answer, FakeOpenAI
from tests.support.terminal import AVAILABLE, Terminal

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed")

CELL = "```repl\nprint(len(context))\ngot = llm_query_batched(['a', 'b', 'c'])\n```"
DONE = "```repl\nFINAL(' and '.join(got))\n```"


def reply(body: dict[str, Any]) -> Answer:
    messages = body["messages"]
    if messages[0]["role"] != "system":
        return Answer("yes", delay=1.5)
    return Answer(CELL if len(messages) == 2 else DONE)


def start(server: FakeOpenAI, folder: Path) -> Terminal:
    (folder / "doc.txt").write_text("A line of text.\n" * 400)
    command = [sys.executable, "-m", "rlm_tui", "run", "doc.txt", "-q", "How?", "--model", "openai/any"]
    command += ["--api-base", server.base_url, "--max-calls", "20", "--store", str(folder / "s.db")]
    return Terminal(command, env={"XDG_CONFIG_HOME": str(folder), "OPENAI_API_KEY": "none-at-all"}, cwd=folder)


def test_a_picture_while_it_runs_and_none_afterwards(tmp_path: Path) -> None:
    with FakeOpenAI(reply) as server, start(server, tmp_path) as terminal:
        during = terminal.wait("waits for 3 sub-calls")
        assert "▸ root: turn 1/30" in during and "read · calls " in during and "of 20" in during
        assert terminal.wait_end() == 0
        after = terminal.screen()
    assert "yes and yes and yes" in after and "completed: 5 calls" in after
    assert "▸ root" not in after and "░" not in after


def test_ctrl_c_leaves_a_session_that_goes_on(tmp_path: Path) -> None:
    with FakeOpenAI(reply) as server:
        with start(server, tmp_path) as terminal:
            terminal.wait("waits for 3 sub-calls")
            terminal.press("C-c")
            assert terminal.wait_end() == 130
            after = terminal.screen()
        assert "cancelled" in after and "saved: rlm-tui replay" in after and "▸ root" not in after
        with StoreReader(tmp_path / "s.db") as reader:
            (row,) = Catalog(reader).list()
        assert row.status == "cancelled"
        asked = len(server.requests)
        command = [sys.executable, "-m", "rlm_tui", "resume", row.id, "--headless", "--store", str(tmp_path / "s.db")]
        env = {"XDG_CONFIG_HOME": str(tmp_path), "OPENAI_API_KEY": "none-at-all"}
        with Terminal(command, env=env, cwd=tmp_path) as terminal:
            assert terminal.wait_end() == 0
            assert "yes and yes and yes" in terminal.screen()
        # The first turn was paid for already; the sub-calls that were cut off are asked again.
        assert len(server.requests) - asked == 3 + 1
