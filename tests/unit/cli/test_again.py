"""The commands that run a saved session once more: resume, rerun, verify, reprice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from rlm_tui.cli.program import BAD_INPUT, FAILED, run_program
from rlm_tui.events import BlobRef, CallReserved, CellFinished, Entry, SessionStarted
from rlm_tui.store import MemorySession, Store, StoreReader
from tests.support.small import Small

SCRIPT = """
price: {input: 1, output: 2}
turns:
  - "```repl\\nn = len(context.split())\\nprint(n)\\n```"
  - "```repl\\na = llm_query('sum up')\\nprint(a)\\n```"
  - "```repl\\nFINAL(f'{n} ANSWER')\\n```"
default: short
"""
FILES = ("one", "two")


def recorded(path: Path, session: str) -> tuple[list[Entry], dict[str, str]]:
    """A session's events, and its texts by SHA."""
    with StoreReader(path) as reader:
        entries = reader.entries(session)
        shas = [row[0] for row in reader.query("SELECT DISTINCT sha FROM blob")]
        return entries, {sha: reader.text(BlobRef(sha, 1)) for sha in shas}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two scripts and a store: the session that the first one gave, and the same cut off in turn 2."""
    folder = tmp_path_factory.mktemp("again")
    for name in FILES:
        (folder / f"{name}.yaml").write_text(SCRIPT.replace("ANSWER", name))
    (folder / "a.txt").write_text("One two three.\n")
    store = folder / "s.db"
    command = ["run", str(folder / "a.txt"), "-q", "How many?", "--model", f"scripted:{folder / 'one.yaml'}"]
    assert run_program([*command, "--store", str(store)]) == 0
    with Store.open(store, durability="normal") as opened:
        (row,) = opened.catalog.list()
        entries, texts = recorded(store, row.id)
        at = next(e.seq for e in entries if isinstance(e.event, CallReserved) and e.event.call == "0:c2.1")
        started = entries[0].event
        assert isinstance(started, SessionStarted)
        cut = [Entry(1, entries[0].at, replace(started, session="cutoff")), *entries[1:at]]
        opened.add(MemorySession("cutoff", cut, texts))
        whole = [Entry(1, entries[0].at, replace(started, session="whole")), *entries[1:]]
        opened.add(MemorySession("whole", whole, texts))
        opened.remove(row.id)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of all that, for one test."""
    for file in made.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def run(folder: Path, *args: str) -> int:
    return run_program([*args, "--store", str(folder / "s.db")])


def model(folder: Path, name: str) -> str:
    return f"scripted:{folder / name}.yaml"


# --- resume


def test_a_session_that_was_cut_off_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "resume", "last", "--headless") == 0
    shown = capsys.readouterr()
    assert shown.out == "3 one\n"
    # What had happened before is not told again.
    assert "turn 1" not in shown.err and "turn 3" in shown.err
    entries, _ = recorded(folder / "s.db", "cutoff")
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    calls = [e.event.call for e in entries if isinstance(e.event, CallReserved)]
    assert calls == ["0:t1", "0:t2", "0:c2.1", "0:t3"]
    assert run(folder, "resume", "last", "--headless") == BAD_INPUT
    assert "no session in" in capsys.readouterr().err


def test_functions_of_ones_own_are_given_again(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    half = 'print("imported")\n\ndef half(n: int) -> int:\n    "Half of it."\n    print("halving")\n    return n // 2\n'
    (folder / "own_functions.py").write_text(half)
    first = 'turns:\n  - "```repl\\nh = half(len(context))\\nprint(h)\\n```"\n  - '
    (folder / "tool.yaml").write_text(first + "{fault: auth, message: The key is wrong.}\n")
    ask = ["run", "a.txt", "-q", "Half?", "--model", "scripted:tool.yaml", "--tool", "own_functions:half"]
    assert run(folder, *ask) == FAILED
    with StoreReader(folder / "s.db") as reader:
        session = reader.query("SELECT id FROM session WHERE status = 'failed'")[0][0]
    said = capsys.readouterr()
    assert said.out == "", "what a tool prints is not the answer"
    assert "imported" in said.err
    assert "halving" in said.err
    assert run(folder, "resume", session, "--headless") == BAD_INPUT
    assert "functions of yours that are not given now (half): add --tool MODULE:FUNCTION" in capsys.readouterr().err
    (folder / "tool.yaml").write_text(first + '"```repl\\nFINAL(h)\\n```"\n')
    for again in (["resume", session, "--headless"], ["rerun", session, "--yes", "--from", "2"]):
        assert run(folder, *again, "--tool", "own_functions:half") == 0
        assert "7" in capsys.readouterr().out


def test_last_names_one_that_was_stopped_where_none_was_cut_off(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "resume", "last", "--headless") == 0
    (folder / "bad.yaml").write_text("turns:\n  - {fault: auth, message: The key is wrong.}\n")
    ask = ["run", str(folder / "a.txt"), "-q", "Any?", "--model", f"scripted:{folder / 'bad.yaml'}"]
    assert run(folder, *ask) == BAD_INPUT
    capsys.readouterr()
    assert run(folder, "resume", "last", "--headless") == BAD_INPUT
    assert " failed: `rlm-tui resume " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["resume"], "Missing argument 'ID|last'; see `rlm-tui resume --help`"),
        (["run", "--zq"], "No such option '--zq'; see `rlm-tui run --help`"),
        (["coverage", "a", "b"], "Got unexpected extra argument (b); see `rlm-tui coverage --help`"),
    ],
)
def test_a_command_line_that_is_not_understood_says_where_to_look(
    args: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(args) == BAD_INPUT
    assert capsys.readouterr().err == f"rlm-tui: {says}\n"


def test_a_resumed_session_reports_as_a_run_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "resume", "cut", "--headless", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["answer"], report["session"], report["usage"]["calls"]) == ("3 one", "cutoff", 4)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["whole", "--headless"], "session whole has ended (completed); `rlm-tui rerun` runs it again"),
        (["nothing", "--headless"], "no session begins with 'nothing'"),
        (["cutoff"], "rlm-tui resume cutoff --headless goes on without one"),
        (["cutoff", "--json"], "--json goes with --headless"),
    ],
)
def test_what_cannot_be_resumed(args: list[str], says: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "resume", *args) == BAD_INPUT
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_a_running_session_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store.open(folder / "s.db", durability="normal") as store:
        log = store.resume("cutoff")
        assert run(folder, "resume", "cutoff", "--headless") == BAD_INPUT
        log.close()
    assert "is running in another process" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["resume", "rerun", "verify"])
def test_looking_for_a_session_makes_no_store(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, command, "last") == BAD_INPUT
    assert not (tmp_path / "s.db").exists()
    assert capsys.readouterr().err.count("\n") == 1


# --- rerun


def test_several_models_make_a_group(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = [arg for name in FILES for arg in ("--model", model(folder, name))]
    assert run(folder, "rerun", "whole", *models, "--json") == 0
    shown = capsys.readouterr()
    parent, *children = json.loads(shown.out)
    assert parent["session"] == "whole" and parent["parent"] is None
    assert [child["parent"] for child in children] == ["whole", "whole"]
    assert [child["answer"] for child in children] == ["3 one", "3 two"]
    assert [child["recorded"] for child in children] == [0, 0]
    assert f"{model(folder, 'two')}: turn 1" in shown.err.replace("\n", "\n")
    ids = [child["session"] for child in children]
    assert run(folder, "diff", "whole", *ids) == 0
    assert "C to A: First difference, turn 3: A's code has" in capsys.readouterr().out


def test_a_group_can_run_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = [arg for name in FILES for arg in ("--model", model(folder, name))]
    assert run(folder, "rerun", "whole", *models, "--parallel") == 0
    shown = capsys.readouterr()
    head, *rows = shown.out.splitlines()
    assert head.split()[:4] == ["id", "state", "turns", "calls"]
    assert [row.split()[0] for row in rows] == ["parent", "rerun", "rerun"]
    assert "3 one" in rows[1] and "3 two" in rows[2] and "$" in rows[1]
    assert "compare: rlm-tui diff whole " in shown.err


def test_turns_before_the_point_come_from_the_record(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "rerun", "whole", "--from", "3", "--model", model(folder, "two"), "--json") == 0
    child = json.loads(capsys.readouterr().out)[1]
    assert (child["origin"], child["answer"], child["calls"], child["recorded"]) == ("fork", "3 two", 4, 3)
    assert child["usage"]["calls"] == 1


@pytest.mark.parametrize(
    ("args", "recorded_calls"),
    [
        ([], 0),
        (["--set", "temperature=0.5"], 0),
        (["--set", "limits.turns=9", "--set", "usd=1"], 4),
        # Whatever the other sub-model says, the turns are the same: it says the same here.
        (["--sub-model", "two"], 3),
    ],
)
def test_what_is_asked_anew(
    args: list[str], recorded_calls: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = [model(folder, arg) if arg == "two" else arg for arg in args]
    assert run(folder, "rerun", "whole", *args, "--json") == 0
    child = json.loads(capsys.readouterr().out)[1]
    assert (child["origin"], child["recorded"]) == ("rerun", recorded_calls)


def test_code_can_be_changed_in_the_editor(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/n.=.len/n=7+len/")
    assert run(folder, "rerun", "whole", "--edit", "1", "--json") == 0
    child = json.loads(capsys.readouterr().out)[1]
    assert (child["origin"], child["answer"]) == ("fork", "10 one")
    monkeypatch.setenv("EDITOR", "true")
    assert run(folder, "rerun", "whole", "--edit", "1") == BAD_INPUT
    assert "was not changed" in capsys.readouterr().err
    monkeypatch.setenv("EDITOR", "/there/is/no/editor")
    assert run(folder, "rerun", "whole", "--edit", "1") == BAD_INPUT
    assert "set $EDITOR" in capsys.readouterr().err


BLOCKS = """
price: {input: 1, output: 2}
turns:
  - |
    ```repl
    n = len(context.split())
    ```
    ```repl
    n = n / 0
    ```
    ```repl
    FINAL(f'{n} in the third block')
    ```
  - "```repl\\nFINAL('second turn')\\n```"
default: short
"""


def test_every_block_of_a_turn_can_be_changed_in_the_editor(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those that were not reached: the second one failed."""
    monkeypatch.delenv("VISUAL", raising=False)
    (folder / "blocks.yaml").write_text(BLOCKS)
    blocks = f"scripted:{folder / 'blocks.yaml'}"
    assert run(folder, "rerun", "whole", "--model", blocks, "--set", "max_cells_per_turn=3", "--json") == 0
    child = json.loads(capsys.readouterr().out)[1]
    assert child["answer"] == "second turn"

    def edited(sed: str) -> str | None:
        monkeypatch.setenv("EDITOR", f"sed -i {sed}")
        if run(folder, "rerun", child["session"], "--edit", "1", "--json") == BAD_INPUT:
            return None
        return str(json.loads(capsys.readouterr().out)[1]["answer"])

    assert edited("'s/n = n \\/ 0/n = n * 100/'") == "300 in the third block"
    assert (
        edited("-e 's/n = len.*/n = 8/' -e 's/n = n .*//' -e 's/in the third/from the edited/'")
        == "8 from the edited block"
    )
    # Only the last block: the one before it fails as it did.
    assert edited("s/third/3rd/") == "second turn"
    assert edited("'/--- block 2/d'") is None
    assert "leave the lines that begin them as they are (# --- block 1 of 3 ---)" in capsys.readouterr().err


def test_a_group_of_models_goes_on_from_an_edited_turn(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/n.=.len/n=7+len/")
    models = [arg for name in FILES for arg in ("--model", model(folder, name))]
    assert run(folder, "rerun", "whole", *models, "--edit", "1", "--json") == 0
    parent, *children = json.loads(capsys.readouterr().out)
    assert [child["answer"] for child in children] == ["10 one", "10 two"]
    assert {child["parent"] for child in children} == {parent["session"]}
    assert run(folder, "diff", *(row["session"] for row in (parent, *children))) == 0
    shown = capsys.readouterr().out
    assert "10 one" in shown
    assert "10 two" in shown
    assert run(folder, "sessions", f"id:{children[0]['session']}", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["origin"] == "fork"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--set", "temprature=1"], "there is no setting 'temprature'; did you mean temperature?"),
        (["--set", "temperature"], "should be like temperature=0.2"),
        (["--set", "turns=many"], "limits.turns should be a whole number, not 'many'"),
        (["--set", "turns=0"], "limits.turns should be greater than 0, not 0"),
        (["--from", "9"], "there is no turn 9 to start from; this session has turns 1 to 3"),
        (["--from", "0"], "--from"),
        (["--edit", "9"], "turn 9 had no code"),
        (["--edit", "2", "--from", "1"], "--edit says where to start"),
        (["--model", "nope"], "Unknown model 'nope'"),
        (["--model", "explorer", "--set", "calls=1"], "the limit of 1 call leaves none to look with"),
        (["--model", "a", "--set", "model=b"], "exclude each other"),
        (["--node", "0/c2.1"], "say from which turn of node 0/c2.1 to go on: --from TURN"),
        (["--node", "0/c9.1", "--from", "1"], "there is no node 0/c9.1 in this session"),
    ],
)
def test_what_cannot_be_run_again(args: list[str], says: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "rerun", "whole", *args) == BAD_INPUT
    shown = capsys.readouterr()
    assert says in shown.err and shown.err.count("\n") == 1 and shown.out == ""
    with StoreReader(folder / "s.db") as reader:
        assert reader.query("SELECT count(*) FROM session") == [(2,)]


def test_a_failed_child_is_exit_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.yaml").write_text("turns:\n  - fault: auth\n")
    assert run(folder, "rerun", "whole", "--model", model(folder, "bad")) == FAILED
    assert "failed" in capsys.readouterr().out


# --- verify and reprice


def test_a_session_that_gives_the_same_again_is_identical(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, cells in (("whole", 4), ("cutoff", 2)):
        assert run(folder, "verify", name) == 0
        assert capsys.readouterr().out.startswith(f"identical: {cells} cells ran again")
    assert run(folder, "verify", "whole", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "session": "whole",
        "cells": 4,
        "identical": True,
        "differences": [],
    }


def test_a_difference_is_said_and_is_exit_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries, texts = recorded(folder / "s.db", "whole")
    wrong = BlobRef.of("4\n")
    texts[wrong.sha] = "4\n"
    forged = [
        Entry(e.seq, e.at, replace(e.event, output=wrong))
        if isinstance(e.event, CellFinished) and e.event.cell == "0:c1"
        else e
        for e in entries
    ]
    assert isinstance(forged[0].event, SessionStarted)
    forged[0] = Entry(1, forged[0].at, replace(forged[0].event, session="forged"))
    with Store.open(folder / "s.db", durability="normal") as store:
        store.add(MemorySession("forged", forged, texts))
    assert run(folder, "verify", "forged") == FAILED
    assert capsys.readouterr().out == (
        "cell 0:c1, output: recorded printed `4`, now `3`\n1 difference in 1 of 4 cells\n"
    )


def test_prices_of_others_for_the_recorded_tokens(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ("reprice", "whole", "--model", "gpt-5-mini", "--model", "explorer", "--model", "gpt-5-mni")
    assert run(folder, *args, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    tokens = report["recorded"]
    assert tokens["cost"] == pytest.approx((tokens["input"] + 2 * tokens["output"]) / 1e6)
    mini, explorer, unknown = report["models"]
    assert mini["total"] == pytest.approx((0.25 * tokens["input"] + 2 * tokens["output"]) / 1e6)
    assert mini["root"] > mini["below"] > 0
    assert explorer["total"] == 0 and unknown["total"] is None
    assert run(folder, *args) == 0
    shown = capsys.readouterr()
    assert [line.split()[0] for line in shown.out.splitlines()[2:]] == [
        "recorded",
        "gpt-5-mini",
        "explorer",
        "gpt-5-mni",
    ]
    assert shown.out.splitlines()[-1].split()[1:] == ["?", "?", "?", "?"]
    assert "did you mean gpt-5-mini" in shown.err


def test_reprice_wants_models(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "reprice", "whole") == BAD_INPUT
    assert "--model" in capsys.readouterr().err


def test_a_session_of_another_tool_or_without_its_texts_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = Small("print(1)").end()
    first = foreign.entries[0]
    assert isinstance(first.event, SessionStarted)
    foreign.entries[0] = Entry(1, first.at, replace(first.event, session="foreign", origin="import:rlms"))
    with Store.open(folder / "s.db", durability="normal") as store:
        store.add(MemorySession("foreign", foreign.entries, foreign.blobs))
    assert run(folder, "verify", "foreign") == BAD_INPUT
    assert "another tool" in capsys.readouterr().err
    assert run(folder, "resume", "foreign", "--headless") == BAD_INPUT
    assert "foreign" in capsys.readouterr().err
