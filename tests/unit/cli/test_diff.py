"""``rlm-tui diff``: what is printed, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from rlm_tui.cli.program import BAD_INPUT, run_program
from rlm_tui.events import Entry, SessionStarted
from rlm_tui.store import MemorySession, Store
from tests.support.novel import build
from tests.support.sessions import Script
from tests.support.small import Small


def saved(tmp_path: Path, **sessions: Script) -> str:
    """The path of a store with these sessions under these names."""
    path = tmp_path / "sessions.db"
    with Store.open(path, durability="normal") as store:
        for name, script in sessions.items():
            first, *rest = script.entries
            assert isinstance(first.event, SessionStarted)
            entries = [Entry(first.seq, first.at, replace(first.event, session=name)), *rest]
            store.add(MemorySession(name, entries, script.blobs))
    return str(path)


SEARCH = "import re\nhits = re.findall('Pierre', context)\nprint(len(hits))"


def two(tmp_path: Path) -> str:
    a = Small("print(len(context))", SEARCH, "print(1)").end("1805")
    b = Small("print(len(context))", SEARCH.replace("'Pierre'", "'Natasha'"), "print(1)").end("1806")
    return saved(tmp_path, aaa=a, bbb=b)


def test_two_sessions_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["diff", "a", "b", "--store", two(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "First difference, turn 2: A searched for 'Pierre', B for 'Natasha'; before it everything is equal." in text
    assert "    2 - hits = re.findall('Pierre', context)" in text
    assert "    2 + hits = re.findall('Natasha', context)" in text
    assert f"\n{' ' * 27}^^^^^^\n" in text
    assert "answer     A  1805\n           B  1806" in text
    assert "\x1b" not in text


def test_identical_sessions_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = two(tmp_path)
    assert run_program(["diff", "aaa", "aaa", "--store", store]) == 0
    text = capsys.readouterr().out
    assert "Identical: the same code, outputs, sub-calls, variables and answer." in text
    assert "First difference" not in text and "answer     the same: 1805" in text


def test_three_sessions_have_the_first_as_their_base(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b, c = Small("x = 1").end(), Small("x = 1").end(), Small("x = 2").end()
    store = saved(tmp_path, aaa=a, bbb=b, ccc=c)
    assert run_program(["diff", "aaa", "bbb", "ccc", "--store", store]) == 0
    text = capsys.readouterr().out
    assert "B to A: Identical" in text and "C to A: First difference, turn 1: A's code has `x = 1`, C's" in text
    assert any(line.split()[:3] == ["A", "B", "C"] for line in text.splitlines())


def test_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["diff", "a", "b", "--json", "--store", two(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["same"] is False
    assert [side["session"] for side in report["sides"]] == ["aaa", "bbb"]
    (pair,) = report["pairs"]
    assert pair["first"]["place"] == "turn 2" and pair["first"]["a"] == "0:t2"
    assert [turn["kind"] for turn in pair["root"]["turns"]] == ["same", "same", "changed", "same"]
    changed = pair["root"]["turns"][2]
    assert "Pierre" in changed["a"]["text"] and "Natasha" in changed["b"]["text"]
    assert "text" not in pair["root"]["turns"][1]["a"]


def test_long_sessions_are_folded_unless_everything_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = Small(*(f"x{n} = {n}" for n in range(60)), *(f"print({n})" for n in range(60))).end()
    b = Small(*(f"x{n} = {n}" for n in range(60)), *(f"print({n}, 1)" for n in range(60))).end()
    store = saved(tmp_path, aaa=a, bbb=b)
    assert run_program(["diff", "a", "b", "--store", store]) == 0
    text = capsys.readouterr().out
    assert "c0 … t60" in text and "61 equal steps" in text
    assert "… and 21 more rows; --full shows them" in text and text.count("code, t") == 1
    assert run_program(["diff", "a", "b", "--full", "--store", store]) == 0
    text = capsys.readouterr().out
    assert "equal steps" not in text and text.count("code, t") == 60


def test_children_and_sub_calls_of_a_whole_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, _, _ = build()
    store = saved(tmp_path, aaa=script, bbb=Small("print(1)").end())
    assert run_program(["diff", "aaa", "bbb", "--full", "--store", store]) == 0
    text = capsys.readouterr().out
    assert "They were not asked the same: the question and documents differ." in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_texts_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nasty = "print('\x1b[2J\r\u202e')"
    a, b = Small(nasty).end("\x1b]0;title\x07"), Small(nasty + " # \x1b[31m\nx = '\x9b'").end("ok")
    store = saved(tmp_path, aaa=a, bbb=b)
    assert run_program(["diff", "a", "b", "--full", "--store", store]) == 0
    text = capsys.readouterr().out
    assert not any((ord(char) < 32 and char != "\n") or char in "\x9b\u202e" for char in text)
    assert "␛[2J" in text


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "two or three sessions can be compared, not 0"),
        (["aaa"], "not 1"),
        (["aaa"] * 4, "not 4"),
        (["aaa", "zzz"], "no session begins with 'zzz'"),
        (["aaa", "ab"], "no session begins"),
        (["aaa", "gone/file.jsonl"], "there is no file"),
    ],
)
def test_bad_input_is_one_sentence(
    args: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["diff", *args, "--store", two(tmp_path)]) == BAD_INPUT
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and says in shown.err


def test_files_can_be_compared_with_saved_sessions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = two(tmp_path)
    file = str(tmp_path / "b.jsonl.gz")
    assert run_program(["export", "bbb", file, "--store", store]) == 0
    capsys.readouterr()
    assert run_program(["diff", "bbb", file, "--store", store]) == 0
    assert "Identical" in capsys.readouterr().out


def test_the_screen_stands_alone_and_needs_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = two(tmp_path)
    assert run_program(["diff", "aaa", "bbb", "--screen", "--json", "--store", store]) == BAD_INPUT
    assert "leave out --full and --json" in capsys.readouterr().err
    assert run_program(["diff", "aaa", "bbb", "--screen", "--store", store]) == BAD_INPUT
    assert "without --screen the comparison is printed" in capsys.readouterr().err
