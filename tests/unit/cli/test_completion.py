"""Completion, and the program without a command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import CompletionItem, ShellComplete

from rlm_tui.cli import complete
from rlm_tui.cli.completion import SHELLS, VARIABLE
from rlm_tui.cli.program import BAD_INPUT, program, run_program
from rlm_tui.store import Catalog, Store


def offered(*words: str, typed: str = "") -> list[CompletionItem]:
    """What the tab key offers after `words` and the beginning of another one."""
    return ShellComplete(program, {}, "rlm-tui", VARIABLE).get_completions(list(words), typed)


def values(*words: str, typed: str = "") -> list[str]:
    return [item.value for item in offered(*words, typed=typed)]


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


SAVED = "7f3a0001"


@pytest.mark.parametrize(
    "words",
    [
        ["replay"],
        ["resume"],
        ["rerun"],
        ["verify"],
        ["diff"],
        ["reprice"],
        ["coverage"],
        ["export"],
        ["sweep"],
        ["sessions", "show"],
        ["sessions", "rm"],
        ["sessions", "tag"],
        ["sessions", "note"],
        ["sessions", "score"],
        ["sessions", "find", "x", "--in"],
    ],
    ids=" ".join,
)
def test_where_a_session_is_wanted_those_of_the_store_are_offered(
    words: list[str], saved_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLM_TUI_STORE", str(saved_store))
    assert values(*words) == ["last", SAVED]
    assert values(*words, typed="7f") == [SAVED]
    assert SAVED not in values(*words, typed="8")


def test_a_session_is_offered_with_its_state_and_question(saved_store: Path) -> None:
    last, saved = offered("replay", "--store", str(saved_store))
    assert saved.help == last.help.removeprefix("the newest one: ")
    with Store.open(saved_store) as store:
        (row,) = Catalog(store.reader).list()
    assert saved.help.startswith(row.status) and row.query[:30] in saved.help


def test_a_question_can_not_steer_the_terminal_of_whoever_presses_tab(saved_store: Path) -> None:
    """The shell prints what stands beside an id as it is, one offer a line."""
    with Store.open(saved_store) as store:
        (row,) = Catalog(store.reader).list()
    import msgspec

    words = complete._about(msgspec.structs.replace(row, query="a\n\x1b]0;gotcha\x07\tplain,evil\u202e" + "x" * 20_000))
    assert words.isprintable() and len(words) < 100


def test_sessions_that_are_named_already_are_not_offered_again(saved_store: Path) -> None:
    assert values("diff", "--store", str(saved_store), SAVED) == ["last"]


@pytest.mark.parametrize("store", ["", "nothing/here.db", "text.db", "postgresql+psycopg://nobody@127.0.0.1:1/none"])
def test_without_a_store_nothing_is_offered_and_nothing_is_said(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.db").write_text("this is no store")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("RLM_TUI_STORE", store)
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert values("rerun") == []
    assert capfd.readouterr() == ("", "")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_store_that_does_not_answer_is_not_waited_for(saved_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    never = threading.Event()
    monkeypatch.setattr(complete, "WAIT", 0.01)
    monkeypatch.setattr("rlm_tui.store.Catalog.list", lambda *args: never.wait(30) and [])
    assert values("rerun", "--store", str(saved_store)) == []
    never.set()


@pytest.mark.parametrize(
    "words",
    [["open"], ["run"], ["import"], ["open", "x.txt", "--store"], ["replay", "--store", "none.db"], ["export", "7f3a"]],
    ids=" ".join,
)
def test_where_a_file_is_wanted_the_shell_completes_names_of_files(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLM_TUI_STORE", str(tmp_path / "none.db"))
    assert [item.type for item in offered(*words, typed="no")] == ["file"]


@pytest.mark.parametrize(
    ("words", "typed", "wanted"),
    [
        (["open", "x", "--model"], "expl", "explorer"),
        (["run", "x", "--sub-model"], "gpt-5-m", "gpt-5-mini"),
        (["open", "x", "--model-at"], "2=gpt-5-m", "2=gpt-5-mini"),
        (["rerun", "last", "--model"], "claude-haiku-4-5", "claude-haiku-4-5"),
        (["reprice", "last", "--model"], "gpt-5-m", "gpt-5-mini"),
        (["bench", "run", "labels", "--models"], "gpt-5,gpt-5-m", "gpt-5,gpt-5-mini"),
        (["open", "x", "--theme"], "nor", "nordic"),
        (["serve"], "rep", "replay"),
        (["replay", "--sample"], "li", "list"),
    ],
)
def test_names_are_offered_where_an_option_takes_one(words: list[str], typed: str, wanted: str) -> None:
    found = values(*words, typed=typed)
    assert wanted in found and all(value.startswith(typed) for value in found)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_itself_completes_a_session(saved_store: Path, tmp_path: Path) -> None:
    program = tmp_path / "rlm-tui"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m rlm_tui "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(rlm-tui completion bash)"; COMP_WORDS=(rlm-tui replay 7f); COMP_CWORD=2; '
        '_rlm_tui_completion rlm-tui; echo "${COMPREPLY[@]}"'
    )
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "RLM_TUI_STORE": str(saved_store)}
    done = subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, cwd=Path(__file__).parents[3]
    )
    assert done.stdout.strip() == SAVED, done.stderr


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
