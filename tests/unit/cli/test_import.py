"""``rlm-tui import`` and ``rlm-tui coverage``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.cli.program import BAD_INPUT, run_program

LOGS = Path(__file__).parents[1] / "store" / "importers" / "logs"
CLI = pytest.CaptureFixture[str]


def run(capsys: CLI, *args: str | Path, code: int = 0) -> Any:
    assert run_program([*map(str, args), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_logs_of_other_tools(tmp_path: Path, capsys: CLI) -> None:
    store, logs = tmp_path / "s.db", sorted(LOGS.glob("*.gz"))
    reports = run(capsys, "import", *logs, "--store", store)
    assert [report["tool"] for report in reports] == ["recursive-llm", "recursive-llm", "rlms"]
    assert all(report["new"] and report["missing"] for report in reports)
    again = run(capsys, "import", *logs, "--store", store)
    assert [report["session"] for report in again] == [report["session"] for report in reports]
    assert not any(report["new"] for report in again)
    rows = run(capsys, "sessions", "origin:import", "--store", store)
    assert {row["id"] for row in rows} == {report["session"] for report in reports}
    assert run_program(["replay", reports[-1]["session"], "--headless", "--store", str(store)]) == 0
    assert "MAINTASK" in capsys.readouterr().out


def test_one_bad_file_does_not_keep_the_others_out(tmp_path: Path, capsys: CLI) -> None:
    store, bad = tmp_path / "s.db", tmp_path / "bad.jsonl"
    bad.write_text('{"hello": 1}\n')
    assert run_program(["import", str(bad), str(LOGS / "rlms-0.1.3.jsonl.gz"), "--store", str(store)]) == BAD_INPUT
    shown = capsys.readouterr()
    assert "58 events" in shown.out
    assert shown.err.count("\n") == 1 and all(
        name in shown.err for name in ("fast-rlm", "rlms", "recursive-llm", "dspy")
    )


def test_damaged_lines_are_named(tmp_path: Path, capsys: CLI) -> None:
    log = tmp_path / "log.jsonl"
    record = {"type": "iteration", "iteration": 1, "prompt": [], "response": "x", "code_blocks": []}
    log.write_text(json.dumps(record) + "\n{broken\n" + json.dumps(record) + "\n" + json.dumps(record))
    assert run_program(["import", str(log), "--store", str(tmp_path / "s.db")]) == 0
    assert "line 2 is damaged and was left out" in capsys.readouterr().out


def test_a_document_is_attached_and_covered(tmp_path: Path, capsys: CLI) -> None:
    store, text = tmp_path / "s.db", "".join(f"Line {n} of a text that is read.\n" for n in range(200))
    (tmp_path / "doc.txt").write_text(text)
    steps = [{"code": "print(context[:900])", "output": text[:900]}, {"code": "SUBMIT('It is 4711.')", "output": "x"}]
    (tmp_path / "p.json").write_text(json.dumps({"trajectory": steps, "answer": "It is 4711."}))
    (report,) = run(capsys, "import", tmp_path / "p.json", "--document", tmp_path / "doc.txt", "--store", store)
    found = run(capsys, "coverage", report["session"], "--store", store)
    (document,) = found["documents"]
    assert document["seen"]["chars"] == 900
    assert document["seen"]["unread"] == [{"start": 900, "end": len(text), "first_line": 29, "last_line": 200}]
    assert [(r["what"], r["strength"]) for r in document["readings"]] == [("turn 2", "seen")]
    assert [item["text"] for item in found["unsupported"]] == ["4711"]
    assert run_program(["coverage", report["session"], "--store", str(store)]) == 0
    shown = capsys.readouterr().out
    assert "no model saw 1 region" in shown and "lines 29-200" in shown and "number '4711'" in shown


def test_running_it_anew_needs_a_model(tmp_path: Path, capsys: CLI) -> None:
    store = tmp_path / "s.db"
    steps = [{"reasoning": "look", "code": "print(len(context))", "output": "0"}]
    (tmp_path / "p.json").write_text(json.dumps({"question": "How many?", "trajectory": steps, "answer": "0"}))
    (report,) = run(capsys, "import", tmp_path / "p.json", "--store", store)
    assert run_program(["rerun", report["session"], "--store", str(store)]) == BAD_INPUT
    assert "doesn't tell its models; say which to use (--model" in capsys.readouterr().err
    rows = run(capsys, "rerun", report["session"], "--model", "explorer", "--store", store)
    assert [row["origin"] for row in rows] == ["import:dspy", "rerun"]


def test_a_document_goes_with_foreign_logs_only(saved_store: Path, tmp_path: Path, capsys: CLI) -> None:
    own, text = tmp_path / "own.jsonl", tmp_path / "doc.txt"
    text.write_text("a text")
    assert run_program(["export", "last", str(own), "--store", str(saved_store)]) == 0
    capsys.readouterr()
    store = tmp_path / "other.db"
    assert run_program(["import", str(own), "--document", str(text), "--store", str(store)]) == BAD_INPUT
    assert "leave --document out" in capsys.readouterr().err
    (report,) = run(capsys, "import", own, "--store", store)
    assert (report["session"], report["tool"], report["new"]) == ("7f3a0001", "rlm-tui", True)


def test_coverage_of_a_session_of_our_own(saved_store: Path, capsys: CLI) -> None:
    found = run(capsys, "coverage", "last", "--store", saved_store)
    (document,) = found["documents"]
    assert document["seen"]["percent"] == 100 and document["seen"]["again"] == 5500 and document["kept"]
    assert {r["source"] for r in document["readings"] if r["strength"] == "touched"} == {"0:c1", "0:c2", "0:c3", "0:c5"}
    assert found["unsupported"] == [] and document["handed"] == 0
    assert run_program(["coverage", "last", "--store", str(saved_store)]) == 0
    assert "and 2 more (--all)" in capsys.readouterr().out


@pytest.mark.skipif("RLM_TUI_FOREIGN_LOGS" not in os.environ, reason="RLM_TUI_FOREIGN_LOGS names no folder of logs")
def test_logs_from_the_wild(tmp_path: Path, capsys: CLI) -> None:
    logs = sorted(Path(os.environ["RLM_TUI_FOREIGN_LOGS"]).glob("*.json*"))
    reports = run(capsys, "import", *logs, "--store", tmp_path / "s.db")
    assert len(reports) == len(logs) > 0
    for report in reports:
        assert report["events"] > 3
        run(capsys, "coverage", report["session"], "--store", tmp_path / "s.db")
