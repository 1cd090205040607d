"""``rlm-tui run``: what goes where, and how it ends."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.cli import progress
from rlm_tui.cli.program import BAD_INPUT, CANCELLED, FAILED, PARTIAL, READER_LEFT, run_program
from rlm_tui.events import BlobRef, CallReserved, Entry
from rlm_tui.projection.fold import fold
from rlm_tui.projection.state import SessionState
from rlm_tui.store import Catalog, MemorySession, Store, StoreReader
from tests.support.ctrl_c import heeding_ctrl_c
from tests.support.openai_server import Answer, FakeOpenAI, Raw, error

SCRIPT = """
price: {input: 1.0, output: 2.0}
turns:
  - |
    Let me ask about both halves.
    ```repl
    # ask about both halves
    half = len(context) // 2
    found = llm_query_batched(["Colour? " + context[:half], "Colour? " + context[half:]])
    print(found)
    ```
  - |
    ```repl
    FINAL(found[1])
    ```
leaves:
  - match: red
    text: it is red
default: nothing
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RLM_TUI_STORE", str(tmp_path / "s.db"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("RLM_TUI_DURABILITY", "normal")
    for name in ("OPENAI_API_KEY", "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "doc.txt").write_text("The house is on the hill.\n" * 40 + "The door is red.\n" * 3)
    (tmp_path / "script.yaml").write_text(SCRIPT)
    return tmp_path


def run(*args: str) -> int:
    return run_program(["run", "doc.txt", "-q", "What colour is the door?", *args])


SCRIPTED = ("--model", "scripted:script.yaml")


def test_the_answer_alone_is_on_stdout(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(*SCRIPTED) == 0
    shown = capfd.readouterr()
    assert shown.out == "it is red\n"
    lines = shown.err.splitlines()
    assert "turn 1: ask about both halves" in lines
    assert any(line.startswith("  2 sub-calls, ") for line in lines)
    assert lines[-2].startswith("completed: 4 calls, ")
    with StoreReader(folder / "s.db") as reader:
        (row,) = Catalog(reader).list()
    assert lines[-1] == f"saved: rlm-tui replay {row.id}"
    assert (row.status, row.answer, row.calls) == ("completed", "it is red", 4)


def test_json_is_one_object(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(*SCRIPTED, "--json") == 0
    report = json.loads(capfd.readouterr().out)
    assert {
        "answer",
        "value",
        "status",
        "limit",
        "error",
        "usage",
        "by_model",
        "by_node",
        "by_kind",
        "session",
        "coverage",
        "documents",
    } == set(report)
    assert (report["answer"], report["status"], report["error"]) == ("it is red", "completed", None)
    assert report["usage"]["calls"] == 4 and report["usage"]["cost"] > 0
    assert report["by_model"]["scripted:script.yaml"]["calls"] == 4 == report["by_node"]["0"]["calls"]
    assert sum(usage["calls"] for usage in report["by_kind"].values()) == 4
    assert 90 <= report["coverage"]["seen_percent"] <= 100
    assert report["documents"][0]["name"] == "doc.txt"


def test_a_forced_answer_that_fails_is_no_sub_call(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with FakeOpenAI([Answer("```repl\n1\n```"), error(401, "no")]) as server:
        own = ("--model", "openai/m", "--api-base", server.base_url)
        assert run(*own, "--max-turns", "1") == PARTIAL
    told = capfd.readouterr().err
    assert "  the call for an answer from what is there failed: " in told and "sub-call failed" not in told


def test_a_price_that_nobody_knows_is_not_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = folder / "script.yaml"
    script.write_text("".join(line for line in script.read_text().splitlines(True) if not line.startswith("price:")))
    assert run(*SCRIPTED, "--json") == 0
    report = json.loads(capfd.readouterr().out)
    sums = [report["usage"], *(one for by in ("by_model", "by_node", "by_kind") for one in report[by].values())]
    for command in (["sessions", "--json"], ["sessions", "show", "last", "--json"], ["rerun", "last", "--json"]):
        assert run_program(command) == 0
        told = json.loads(capfd.readouterr().out)
        row = told[0] if isinstance(told, list) else told
        sums.append(row.get("usage", row))
    assert [(one["cost"], one["calls"]) for one in sums] == [(None, one["unpriced"]) for one in sums]
    assert len(sums) >= 8


def test_settings_without_an_option_of_their_own(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "twice.yaml").write_text(
        "turns:\n  - |\n    ```repl\n    a = [llm_query('the same') for _ in range(3)]\n"
        "    FINAL({'found': len(a)})\n    ```\ndefault: yes\n"
    )
    (folder / "schema.json").write_text('{"type": "object", "properties": {"found": {"type": "integer"}}}')
    twice = ("--model", "scripted:twice.yaml", "--json")
    assert run(*twice) == 0
    assert json.loads(capfd.readouterr().out)["usage"]["calls"] == 4
    assert run(*twice, "--set", "reuse_identical_calls=true", "--set", "temperature=0", "--schema", "schema.json") == 0
    report = json.loads(capfd.readouterr().out)
    assert report["usage"]["calls"] == 2
    assert report["value"] == {"found": 3}
    with StoreReader(folder / "s.db") as reader:
        config = fold(reader.entries(report["session"])).config
    assert config.answer_schema is not None
    assert (config.temperature, config.reuse_identical_calls, config.answer_schema["type"]) == (0.0, True, "object")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["--set", "model=x"], "--set model=… has an option of its own: --model"),
        (["--set", "usd=1"], "--set usd=… has an option of its own: --max-cost"),
        (["--set", "temprature=1"], "did you mean temperature?"),
        (["--set", "concurrency=0"], "limits.concurrency should be greater than 0"),
        (["--set", "tools={}"], "only a Python program can give functions"),
        (["--schema", "missing.json"], "--schema missing.json can't be read (No such file or directory)"),
        (["--schema", "doc.txt"], "--schema doc.txt can't be read (it is no JSON"),
        (["--schema", "odd.json"], "--schema odd.json: the schema is not a JSON schema: at type, 5 is not"),
        (["--schema", "list.json"], "--schema list.json: the schema is not a JSON schema: it must be an object"),
        (["--schema", "odd.json", "--set", 'answer_schema={"type": "string"}'], "exclude each other"),
        (["--set", 'answer_schema={"type": 5}'], "the schema is not a JSON schema"),
    ],
)
def test_settings_that_make_no_sense(
    given: list[str], says: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "odd.json").write_text('{"type": 5}')
    (folder / "list.json").write_text("[]")
    assert run("--model", "scripted:script.yaml", *given) == BAD_INPUT
    out, err = capfd.readouterr()
    assert says in err and err.count("\n") == 1 and out == ""
    assert not (folder / "s.db").exists()


def test_the_explorer_answers_without_a_key(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_program(["run", "doc.txt", "-q", "How many times is the word door mentioned?"]) == 0
    shown = capfd.readouterr()
    assert shown.out.startswith("3\n")
    assert "not a language model" in shown.err


def test_a_limit_gives_a_partial_answer(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "script.yaml").write_text('turns: ["```repl\\nprint(len(context))\\n```"]\ndefault: forty lines\n')
    assert run(*SCRIPTED, "--max-turns", "1") == PARTIAL
    shown = capfd.readouterr()
    assert shown.out.strip() and "partial (turns)" in shown.err


def test_a_failed_run_says_why(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "script.yaml").write_text("turns:\n  - fault: content_filter\n    message: not about doors\n")
    assert run(*SCRIPTED) == FAILED
    shown = capfd.readouterr()
    assert shown.out == "" and "not about doors" in shown.err
    assert shown.err.splitlines()[-1].startswith("rlm-tui: ")
    with StoreReader(folder / "s.db") as reader:
        assert Catalog(reader).list()[0].status == "failed"


def test_a_key_that_is_refused_is_bad_input(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    refusal = Raw(401, json.dumps({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}).encode())
    with FakeOpenAI([refusal]) as server:
        assert run("--model", "openai/mine", "--api-base", server.base_url, "--json") == BAD_INPUT
    shown = capfd.readouterr()
    report = json.loads(shown.out)
    assert report["status"] == "failed" and report["error"] and report["answer"] is None
    assert "Traceback" not in shown.err


def test_a_server_of_your_own_answers(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def reply(body: dict[str, Any]) -> Answer:
        asked = sum(message["role"] == "assistant" for message in body["messages"])
        return Answer("```repl\nprint(context[-20:])\n```" if asked == 0 else "```repl\nFINAL('red')\n```")

    with FakeOpenAI(reply) as server:
        assert run("--model", "openai/mine", "--api-base", server.base_url) == 0
        assert len(server.requests) == 2
    assert capfd.readouterr().out == "red\n"


def test_several_files_are_a_dict(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "other.txt").write_text("Nothing here.\n")
    (folder / "script.yaml").write_text(
        "turns:\n  - |\n    ```repl\n    sorted(context)\n    ```\n  - |\n    ```repl\n    FINAL(sorted(context))\n    ```\n"
    )
    assert run_program(["run", "doc.txt", "other.txt", "-q", "Which?", *SCRIPTED, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["value"] == ["doc.txt", "other.txt"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_cancels_and_saves(number: signal.Signals, folder: Path) -> None:
    (folder / "script.yaml").write_text(
        'turns:\n  - "```repl\\nprint(len(context))\\n```"\n  - text: "```repl\\nFINAL(1)\\n```"\n    delay: 60\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", "run", "doc.txt", "-q", "Why?", *SCRIPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        preexec_fn=heeding_ctrl_c,
    )
    until = time.monotonic() + 60
    while not (folder / "s.db").exists() or _answered(folder / "s.db") < 1:
        assert time.monotonic() < until and process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == CANCELLED, err
    assert out == "" and "Traceback" not in err
    *_, hint, saved = err.splitlines()
    assert saved.startswith("saved: rlm-tui replay ")
    assert hint == f"rlm-tui resume {saved.split()[-1]} goes on with it"
    with StoreReader(folder / "s.db") as reader:
        assert Catalog(reader).list()[0].status == "cancelled"


def test_a_terminal_that_is_closed_cancels_and_saves(folder: Path) -> None:
    (folder / "script.yaml").write_text('turns: [{text: "```repl\\nFINAL(1)\\n```", delay: 60}]\n')
    ours, theirs = pty.openpty()

    def in_the_terminal() -> None:
        heeding_ctrl_c()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [sys.executable, "-m", "rlm_tui", "run", "doc.txt", "-q", "Why?", *SCRIPTED],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=in_the_terminal,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while b"thinks" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(30) == CANCELLED
    with StoreReader(folder / "s.db") as reader:
        assert Catalog(reader).list()[0].status == "cancelled"


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell in which `RUN` is a run that answers, and how its first part ended."""
    run = f"{sys.executable} -m rlm_tui run doc.txt -q Why? {' '.join(SCRIPTED)}"
    line = f"{command.replace('RUN', run)}\nexit ${{PIPESTATUS[0]}}"
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)


def test_a_reader_that_leaves_is_no_failed_run(folder: Path) -> None:
    assert shell("RUN | true").returncode == READER_LEFT
    assert shell("RUN 2>&1 >answer.txt | true").returncode == READER_LEFT


def test_streams_that_are_closed_or_full(folder: Path) -> None:
    assert shell("RUN 2>&-").stdout == "it is red\n"
    assert shell("RUN >&-").returncode == 0
    assert shell("RUN <&- >&- 2>&-").returncode == 0
    if os.path.exists("/dev/full"):
        done = shell("RUN >/dev/full")
        assert done.returncode == FAILED
        assert "the answer can't be written" in done.stderr and "shows it" in done.stderr


def test_ctrl_c_between_taking_and_telling_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What had just been taken from the run was lost, and the events after it were about things never heard of."""
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.default_int_handler)
    (folder / "script.yaml").write_text('turns: [{text: "```repl\\nFINAL(1)\\n```", delay: 0.5}]\n')
    folded, struck = progress.apply, []

    def struck_in_the_middle(state: SessionState, entry: Entry) -> None:
        if not struck and isinstance(entry.event, CallReserved):
            struck.append(entry.seq)
            signal.raise_signal(signal.SIGINT)
        folded(state, entry)

    monkeypatch.setattr(progress, "apply", struck_in_the_middle)
    assert run(*SCRIPTED) == CANCELLED
    assert struck
    with StoreReader(folder / "s.db") as reader:
        assert Catalog(reader).list()[0].status == "cancelled"


def _answered(store: Path) -> int:
    """Calls that have been answered, as far as the store knows; the store may still be in the making."""
    from rlm_tui.store import StoreError

    try:
        with StoreReader(store) as reader:
            return sum(row.calls for row in Catalog(reader).list())
    except StoreError:
        return 0


def test_the_demo_answers_with_evidence(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It shows what a run is made of: a look, a filter, a batch of sub-calls, an answer with its evidence."""
    assert run_program(["demo", "--headless"]) == 0
    answer = capfd.readouterr().out
    assert answer.startswith("Ned Rigg\n")
    assert "Evidence: line " in answer and "found the missing chronometer of the Annabel Grey" in answer
    with StoreReader(folder / "s.db") as reader:
        row = Catalog(reader).list()[0]
        kinds = [type(entry.event).__name__ for entry in reader.entries(row.id)]
    assert row.cost == 0 and row.turns >= 4
    assert kinds.count("CallReserved") - row.turns >= 3


def test_the_demo_takes_no_notice_of_keys(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-key")
    assert run_program(["demo", "--headless"]) == 0
    assert "explorer answers" in capfd.readouterr().err


def test_without_an_answer_it_says_why(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "mute.yaml").write_text(
        "turns:\n  - |\n    ```repl\n    print(len(context))\n    ```\n  - fault: auth\n    message: no\n"
    )
    assert run("--model", "scripted:mute.yaml", "--max-turns", "1") == PARTIAL
    out, err = capfd.readouterr()
    assert out == ""
    last = err.strip().splitlines()[-1]
    assert last.startswith("rlm-tui: ")
    assert "turns" in last


def test_a_session_that_was_cut_off_is_offered_before_another_one_starts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut off is what has no end and no living writer: the end of the first session is taken off its log."""
    assert run(*SCRIPTED) == 0
    with StoreReader(folder / "s.db") as reader:
        first = Catalog(reader).list()[0]
        entries = reader.entries(first.id)[:-2]
        texts = {sha: reader.text(BlobRef(sha, 1)) for (sha,) in reader.query("SELECT DISTINCT sha FROM blob")}
    os.remove(folder / "s.db")
    with Store.open(folder / "s.db") as store:
        store.add(MemorySession(first.id, entries, texts))
    capsys.readouterr()
    said = f"session {first.id} was interrupted: rlm-tui resume {first.id}\n"
    assert run_program(["sessions"]) == 0
    listed = capsys.readouterr()
    assert "interrupted" in listed.out
    assert listed.err == said
    assert run(*SCRIPTED) == 0
    assert said in capsys.readouterr().err
    (folder / "doc.txt").write_text("Another text.\n" * 99)
    assert run(*SCRIPTED) == 0
    assert said not in capsys.readouterr().err
    assert run_program(["resume", first.id, "--headless"]) == 0
    shown = capsys.readouterr()
    assert said not in shown.err
    assert shown.out == "it is red\n"
    assert run_program(["sessions"]) == 0
    assert capsys.readouterr().err == ""
