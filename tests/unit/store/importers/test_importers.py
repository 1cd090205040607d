from __future__ import annotations

import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from rlm_tui import events as ev
from rlm_tui.events import Span, Usage
from rlm_tui.projection.fold import fold
from rlm_tui.store import Store, StoreError, open_recording
from rlm_tui.store.blobs import references
from rlm_tui.store.importers import open_log
from rlm_tui.store.importers.scribe import ForeignSession, moment

LOGS = Path(__file__).parent / "logs"
SAMPLES = os.environ.get("RLM_TUI_FOREIGN_LOGS")
"""A folder of logs that other tools really wrote, too large and not ours to keep here."""
DOCUMENT = "".join(
    f"Line {i}: person number {i} met person number {i * 7 % 31} in the year {1800 + i}.\n" for i in range(40)
)


def events_of(session: ForeignSession, kind: type[ev.Event]) -> list[Any]:
    return [entry.event for entry in session.entries() if isinstance(entry.event, kind)]


def check_sound(session: ForeignSession) -> None:
    """The session is one that our own tools can show: numbered, in order of time, complete, with known ids."""
    entries = session.entries()
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert [e.at for e in entries] == sorted(e.at for e in entries)
    assert isinstance(entries[0].event, ev.SessionStarted)
    for entry in entries:
        for ref in references(ev.encode(entry.event)):
            assert ev.BlobRef.of(session.text(ref)) == ref
    state = fold(entries)
    assert state.spent == session.row.usage
    # The transcript's last line tells what the end says.
    assert all(end.usage == state.spent for end in events_of(session, ev.SessionEnded))
    assert not state.open_calls and not state.running_cells
    for node in state.nodes.values():
        assert node.parent is None or node.parent in state.nodes
        assert node.cell is None or node.cell in state.cells
    for cell in state.cells.values():
        assert cell.node in state.nodes and cell.status in ("ok", "error")


def test_rlms() -> None:
    session = open_log(LOGS / "rlms-0.1.3.jsonl.gz")
    check_sound(session)
    state, row = fold(session.entries()), session.row
    assert (row.query, row.answer) == ("MAINTASK: how many lines are there?", "2567 characters, the child says 7")
    assert (row.status, row.model, row.origin) == ("completed", "scripted", "import:rlms")
    assert (row.nodes, row.depth, row.turns, row.cells, row.errors, row.calls) == (2, 1, 7, 7, 1, 10)
    assert row.documents == (("context", len(DOCUMENT)),)
    assert session.text(state.documents[0].body) == DOCUMENT
    assert state.nodes["0/c3.1"].cell == "0:c3"
    assert [c.id for c in state.calls.values() if c.purpose == "leaf"] == ["0:c2.1", "0:c2.2", "0:c2.3"]
    error = state.cells["0:c4"].error
    assert error is not None and (error.type, error.message) == ("ZeroDivisionError", "division by zero")
    variables = {v.name: (v.type, v.preview) for v in state.cells["0:c2"].variables}
    assert variables["a"] == ("str", "person") and variables["b"] == ("list", '["person", "person"]')
    assert not {"context", "context_0"} & set(variables)
    seen = {e.source: e.spans for e in events_of(session, ev.TextSeen)}
    assert seen == {"0:t2": (Span(0, 0, 400),), "0:c2.1": (Span(0, 0, 200),)}
    assert session.missing == ("tokens and cost of the root's own calls",) and session.problems == ()


def test_a_child_of_rlms_reads_only_what_was_there_before_its_reply() -> None:
    session = open_log(LOGS / "rlms-0.1.3.jsonl.gz")
    calls = {e.call: e for e in events_of(session, ev.CallReserved)}
    assert [m.role for m in calls["0/c3.1:t1"].messages] == ["system", "user", "user"]
    assert [m.role for m in calls["0/c3.1:t2"].messages] == ["system", "user", "user", "assistant", "user", "user"]


def test_recursive_llm() -> None:
    session = open_log(LOGS / "recursive-llm-0.5.0.jsonl.gz")
    check_sound(session)
    state, row = fold(session.entries()), session.row
    assert (row.query, row.answer) == ("MAINTASK: how many lines?", "2567 characters, the child says 7")
    assert (row.model, row.sub_model, row.calls) == ("openai/scripted", "openai/small", 10)
    assert (row.nodes, row.depth, row.turns, row.cells, row.errors) == (2, 1, 7, 7, 1)
    assert (row.input, row.output) == (3865, 136)
    assert state.nodes["0/c3.1"].cell == "0:c3" and state.nodes["0/c3.1"].query == "SUBTASK: count"
    assert [c.id for c in state.calls.values() if c.purpose == "leaf"] == ["0:c2.1", "0:c2.2", "0:c2.3"]
    assert session.text(state.cells["0:c4"].code) == "print(1/0)"
    assert state.cells["0:c4"].status == "error"
    seen = {e.source: e.spans for e in events_of(session, ev.TextSeen)}
    assert seen["0:c2.1"] == (Span(0, 0, 200),)


def test_recursive_llm_without_texts() -> None:
    session = open_log(LOGS / "recursive-llm-0.5.0-lengths.jsonl.gz")
    check_sound(session)
    assert (session.row.turns, session.row.cells, session.row.nodes) == (7, 7, 2)
    assert "texts (only their lengths were recorded)" in session.missing
    reply = fold(session.entries()).calls["0:t4"].reply
    assert reply is not None and "characters, not recorded" in session.text(reply)


def test_recursive_llm_with_a_retry_and_a_failure(tmp_path: Path) -> None:
    def step(kind: str, at: float, node: str, parent: str = "", **data: Any) -> dict[str, Any]:
        return {"kind": kind, "elapsed_seconds": at, "depth": 0, "node_id": node, "parent_id": parent, "data": data}

    steps = [
        step("run_start", 0, "rlm-1", query="q", context="c"),
        step("rlm_start", 0, "rlm-1", query="q", context="c"),
        step("model_call_start", 1, "llm-2", "rlm-1", model="m", is_leaf=False, attempt=1, messages=[]),
        step(
            "model_call_error",
            2,
            "llm-2",
            "rlm-1",
            is_leaf=False,
            attempt=1,
            retrying=True,
            error_type="RateLimit",
            error="slow",
        ),
        step("model_retry", 2, "llm-2", "rlm-1"),
        step("model_call_start", 3, "llm-3", "rlm-1", model="m", is_leaf=False, attempt=2, messages=[]),
        step(
            "model_call_error",
            4,
            "llm-3",
            "rlm-1",
            is_leaf=False,
            attempt=2,
            retrying=False,
            error_type="Auth",
            error="no",
        ),
        step("rlm_error", 4, "rlm-1", error_type="Auth", error="no"),
    ]
    record = {
        "termination_reason": "failed",
        "error": {"type": "Auth", "message": "no"},
        "stats": {},
        "trajectory": steps,
    }
    path = tmp_path / "failed.json"
    path.write_text(json.dumps(record, indent=1))
    session = open_log(path)
    state = fold(session.entries())
    assert (state.status, state.error) == ("failed", "Auth: no")
    call = state.calls["0:t1"]
    assert (call.attempts, call.status, call.fault and call.fault.message) == (2, "failed", "Auth: no")
    assert [n.kind for n in state.notes] == ["retry"]


def fast_rlm_lines() -> list[dict[str, Any]]:
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "cached_tokens": 4, "reasoning_tokens": 1, "cost": 0.5}
    probe = "Context type:  <class 'str'>\nContext length: 7\nContext:  the question"
    root, child = "1760000000000-root", "1760000003000-child"
    times = {
        "llm_call_start": "2025-10-09T08:53:21Z",
        "llm_call_end": "2025-10-09T08:53:22Z",
        "execution_start": "2025-10-09T08:53:22.500Z",
        "execution_end": "2025-10-09T08:53:26Z",
    }
    step = {"depth": 0, "run_id": root, "event_type": "execution_result", "usage": usage, "hasError": False}
    below = {**step, "depth": 1, "run_id": child, "parent_run_id": root}
    return [
        {"time": "2025-10-09T08:53:20Z", "run_id": root, "depth": 0, "event_type": "agent_start"},
        {**step, "time": "2025-10-09T08:53:20.500Z", "step": 0, "code": "print(1)", "output": probe, "usage": {}},
        {**below, "time": "2025-10-09T08:53:24Z", "step": 0, "code": "print(1)", "output": probe},
        {**below, "time": "2025-10-09T08:53:25Z", "step": 1, "code": "FINAL(7)", "event_type": "code_generated"},
        {"time": "2025-10-09T08:53:25Z", "run_id": child, "depth": 1, "event_type": "final_result", "result": [7]},
        {
            **step,
            "time": "2025-10-09T08:53:26Z",
            "step": 1,
            "code": "x = await llm_query('?')",
            "output": "[TRUNCATED: Last 2000 chars shown].. Traceback\nValueError: no [b]",
            "hasError": True,
            "reasoning": "I ask.",
            "timestamps": times,
        },
        {**step, "time": "2025-10-09T08:53:30Z", "step": 2, "code": "", "event_type": "code_generated"},
    ]


def write(path: Path, records: list[Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_fast_rlm_with_times_and_without_an_end(tmp_path: Path) -> None:
    session = open_log(write(tmp_path / "run.jsonl", fast_rlm_lines()))
    check_sound(session)
    state, row = fold(session.entries()), session.row
    assert (row.status, row.query, row.answer) == ("interrupted", "the question", None)
    assert row.usage == Usage(calls=3, input=30, cached=12, output=9, reasoning=3, cost=1.5)
    call, cell = state.calls["0:t1"], state.cells["0:c1"]
    assert (call.seconds, cell.seconds, round(cell.started - state.started, 3)) == (1.0, 3.5, 2.5)
    assert call.reply is not None and session.text(call.reply) == "I ask.\n\n```repl\nx = await llm_query('?')\n```"
    assert cell.error is not None and (cell.error.type, cell.error.message) == ("ValueError", "no [b]")
    assert state.nodes["0/c1.1"].status == "completed" and state.nodes["0/c1.1"].cell == "0:c1"
    assert state.calls["0:t2"].action == "nudge"
    answer = state.nodes["0/c1.1"].answer
    assert answer is not None and session.text(answer) == "[7]"
    assert session.missing == ("models", "prompts", "settings", "documents")


def test_damaged_lines_are_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", fast_rlm_lines())
    lines = path.read_text().splitlines()
    lines[2:2] = ['{"time": "2025', "", "[1, 2]", '{"run_id": 5, "event_type": "x", "time": "2025-01-01T00:00:00Z"}']
    path.write_text("\n".join(lines))
    session = open_log(path)
    check_sound(session)
    assert session.problems == (
        "line 3 is damaged and was left out",
        "line 5 is no step of a run and was left out",
        "line 6 is no step of a run and was left out",
    )
    assert "Line 3 is damaged and was left out." in session.note
    assert session.row.usage == open_log(write(tmp_path / "whole.jsonl", fast_rlm_lines())).row.usage


@pytest.mark.parametrize("wrapped", [True, False])
def test_dspy(tmp_path: Path, wrapped: bool) -> None:
    steps = [
        {"reasoning": "Look.", "code": "print(context[:9])", "output": "a context"},
        {"reasoning": "", "code": "1/0", "output": "[Error] ZeroDivisionError: division by zero"},
        {"reasoning": "Done.", "code": "SUBMIT('x')", "output": "FINAL: x"},
    ]
    record = {"question": "What?", "answer": "x", "trajectory": steps, "final_reasoning": "…"} if wrapped else steps
    (tmp_path / "p.json").write_text(json.dumps(record, indent=2))
    session = open_log(tmp_path / "p.json")
    check_sound(session)
    row = session.row
    assert (row.status, row.answer, row.turns, row.cells, row.errors) == ("completed", "x", 3, 3, 1)
    assert (row.calls, row.unpriced, row.query) == (3, 3, "What?" if wrapped else "")
    assert "documents" in session.missing


def test_a_document_that_is_attached_is_covered(tmp_path: Path) -> None:
    steps = [
        {"reasoning": "", "code": "print(context[100:300])", "output": DOCUMENT[100:300]},
        {"code": "", "output": "x"},
    ]
    (tmp_path / "p.json").write_text(json.dumps(steps))
    bare, with_document = open_log(tmp_path / "p.json"), open_log(tmp_path / "p.json", DOCUMENT)
    assert events_of(bare, ev.TextSeen) == []
    (seen,) = events_of(with_document, ev.TextSeen)
    assert (seen.source, seen.spans) == ("0:t2", (Span(0, 100, 300),))
    assert with_document.row.documents == (("context", len(DOCUMENT)),)
    assert "documents" not in with_document.missing and bare.session != with_document.session


def test_importing_twice_makes_no_copy_and_searching_works(store: Store, tmp_path: Path) -> None:
    for log in sorted(LOGS.glob("*.gz")):
        name = store.add(open_log(log))
        copy = tmp_path / log.name
        copy.write_bytes(log.read_bytes())
        os.utime(copy, (1, 1))
        assert store.add(open_log(copy)) == name
    assert store.catalog.sums().sessions == 3
    row = next(row for row in store.catalog.list() if row.origin == "import:rlms")
    assert (
        row.note
        == "Imported from rlms-0.1.3.jsonl.gz (rlms). The log doesn't tell: tokens and cost of the root's own calls."
    )
    assert {hit.session for hit in store.search("zerodivisionerror")} >= {row.id}
    assert open_recording(row.id, store.path).row == row
    assert list(open_recording(row.id, store.path).entries()) == list(open_log(LOGS / "rlms-0.1.3.jsonl.gz").entries())


def test_a_foreign_log_is_replayed_from_where_it_is() -> None:
    recording = open_recording(str(LOGS / "rlms-0.1.3.jsonl.gz"))
    assert recording.row.origin == "import:rlms"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n\n",
        "hello",
        "{}",
        "[]",
        "[1]",
        "null",
        '{"a": 1}\n{"b": 2}',
        '{"trajectory": []}',
        '{"trajectory": 5}',
        "{" * 5000,
    ],
)
def test_an_unknown_format_names_the_known_ones(tmp_path: Path, content: str) -> None:
    path = tmp_path / "what.jsonl"
    path.write_text(content)
    with pytest.raises(StoreError, match=r"what\.jsonl is no session file .*fast-rlm.*rlms.*recursive-llm.*dspy"):
        open_recording(str(path))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["rlms-0.1.3", "recursive-llm-0.5.0", "fast-rlm"])
def test_damage_never_breaks_out(tmp_path: Path, name: str, seed: int) -> None:
    """Values of wrong types and missing keys anywhere: a sentence or a sound session, never another exception."""
    chance = random.Random(seed)
    if name == "fast-rlm":
        records: list[Any] = fast_rlm_lines()
    else:
        with gzip.open(LOGS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
    junk = [None, 5, -1, 1e400, "x", "\ud800", [], {}, [1], {"a": 1}, True, "2025-13-99", float("nan")]

    def spoil(value: Any) -> Any:
        if chance.random() < 0.004:
            return chance.choice(junk)
        if isinstance(value, dict):
            return {key: spoil(item) for key, item in value.items() if chance.random() > 0.004}
        return [spoil(item) for item in value] if isinstance(value, list) else value

    for attempt in range(12):
        path = write(tmp_path / f"{attempt}.jsonl", [spoil(record) for record in records])
        try:
            session = open_log(path)
        except StoreError as error:
            assert str(path) in str(error)
            continue
        entries = session.entries()
        assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
        fold(entries)
        for entry in entries:
            assert ev.decode(ev.encode(entry.event)) == entry.event


def test_points_in_time() -> None:
    assert moment("1970-01-01T00:00:10Z") == 10 == moment("1970-01-01T01:00:10+01:00") == moment("1970-01-01T00:00:10")
    assert moment(1_760_000_000_000) == 1_760_000_000 == moment(1_760_000_000)
    assert moment("yesterday") is None is moment(None) and moment(float("nan")) is None


@pytest.mark.skipif(SAMPLES is None, reason="RLM_TUI_FOREIGN_LOGS names no folder of logs")
def test_the_published_samples_of_fast_rlm() -> None:
    found = {path.name.split("_20")[0]: open_log(path) for path in Path(SAMPLES or "").glob("fast-rlm-*.jsonl")}
    for session in found.values():
        check_sound(session)
        assert session.row.status == "completed" and session.problems == ()
    hotpot = found["fast-rlm-longbench_hotpot_idx140"].row
    assert (hotpot.nodes, hotpot.depth, hotpot.cells, round(hotpot.cost, 4)) == (3, 2, 37, 0.0316)
    assert found["fast-rlm-r_count"].row.nodes == 2
