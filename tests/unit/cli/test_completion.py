"""Completion, and the program without a command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rlm_tui.cli.completion import SHELLS, VARIABLE
from rlm_tui.cli.program import BAD_INPUT, run_program


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert script.startswith("# ") and VARIABLE in script


def test_an_unknown_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["completion", "csh"]) == BAD_INPUT
    assert "csh" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "number", "wanted"),
    [("rlm-tui re", 1, {"replay", "resume", "rerun", "reprice"}), ("rlm-tui open --mod", 2, {"--model", "--model-at"})],
)
def test_what_the_shell_is_told(words: str, number: int, wanted: set[str]) -> None:
    env = {**os.environ, VARIABLE: "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    code = "import sys; from rlm_tui.cli import main; sys.argv = ['rlm-tui']; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == wanted


def test_without_a_command_and_a_terminal_it_is_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program([]) == 0
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["-q", "why?"], ["--model", "gpt-5"], ["--max-cost", "1"]])
def test_what_is_said_about_a_run_needs_a_file(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["open", *words]) == BAD_INPUT
    assert "name the FILE" in capsys.readouterr().err


def test_without_a_file_and_a_terminal_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["open"]) == BAD_INPUT
    assert "needs a terminal" in capsys.readouterr().err
