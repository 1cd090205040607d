"""``rlm-tui export`` and ``rlm-tui bench export`` in the words of other tools."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.bench.live import set_up
from rlm_tui.bench.method import method_of
from rlm_tui.bench.runner import Runner
from rlm_tui.bench.suite import Suite
from rlm_tui.bench.tasks import task
from rlm_tui.cli.program import BAD_INPUT, run_program
from rlm_tui.events import RunConfig
from rlm_tui.projection.fold import fold
from rlm_tui.session.adapters.spans import Spans, all_spans
from rlm_tui.store import Store
from rlm_tui.store.recording import open_file, open_saved
from tests.support.bench import store_at

CLI = pytest.CaptureFixture[str]
SESSIONS = Path(__file__).parents[3] / "sessions"
WORDS = ("Pierre", "Natasha", "yellow", "countess", "CHAPTER", "war_and_peace")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with the table of a task: two items, two methods, the built-in engine."""
    path = store_at(tmp_path_factory.mktemp("table"))
    suite = Suite(
        "sniah", "sniah", task("sniah"), RunConfig(model="explorer"), ("explorer",),
        (method_of("direct"), method_of("rlm:1")), lengths=(2048,), limit=2,
    )  # fmt: skip
    with Store.open(path, durability="normal") as store:
        summary = asyncio.run(Runner(store, set_up(store, suite.works()).open).run())
        assert summary.done == 4
    yield path


def exported(capsys: CLI, *args: str) -> str:
    assert run_program(["export", *args]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


# --- rollouts


def test_a_rollout_is_the_root_s_conversation_with_its_reward(table: Path, tmp_path: Path) -> None:
    assert run_program(["bench", "export", "--format", "verifiers", "-o", "r.jsonl", "--store", str(table)]) == 0
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert len(lines) == 4 and sorted(line["example_id"] for line in lines) == [0, 0, 1, 1]
    for line in lines:
        with Store.open(table) as store:
            row = next(row for row in store.results.cells("sniah") if row.session == line["info"]["session"])
        assert line["reward"] == row.official == line["metrics"]["official"] == line["official"]
        assert len(line["answer"]) == 7 and line["answer"].isdecimal(), "the gold, made again from the seed"
        assert line["is_completed"] and not line["is_truncated"] and line["error"] is None
        assert line["completion"][-1]["role"] == "assistant"
        assert (line["prompt"][0]["role"], line["info"]["method"]) in (("user", "direct"), ("system", "rlm:1"))
        if row.method == "rlm:1":
            roles = [message["role"] for message in line["completion"]]
            assert roles == ["assistant", "user"] * (len(roles) // 2) + ["assistant"]
            assert line["answer"] in line["info"]["final_answer"]
        assert line["token_usage"]["input_tokens"] > 0 and line["timing"]["generation_ms"] > 0


def test_a_session_that_was_in_no_table_has_no_reward(saved_store: Path, capsys: CLI) -> None:
    (line,) = exported(capsys, "last", "-", "--verifiers", "--store", str(saved_store)).splitlines()
    record = json.loads(line)
    assert record["reward"] is None and "answer" not in record and record["info"]["final_answer"]


# --- inspect


def test_a_table_is_one_log_with_a_sample_for_each_session(table: Path, tmp_path: Path) -> None:
    assert run_program(["bench", "export", "--format", "inspect", "-o", "t.json", "--store", str(table)]) == 0
    log = json.loads((tmp_path / "t.json").read_text())
    assert (log["version"], log["status"], log["eval"]["model"], log["eval"]["task"]) == (
        2,
        "success",
        "explorer",
        "sniah",
    )
    assert log["results"]["total_samples"] == len(log["samples"]) == 4
    (official,) = [one for one in log["results"]["scores"] if one["name"] == "official"]
    assert official["metrics"]["mean"]["value"] == 0.5, "direct never finds it, the RLM always does"
    assert sorted({sample["epoch"] for sample in log["samples"]}) == [1, 2]
    for sample in log["samples"]:
        texts = json.dumps(sample["messages"]) + json.dumps(sample["events"])
        used = {
            name for name in sample["attachments"] if f"attachment://{name}" in texts + json.dumps(sample["output"])
        }
        assert used == set(sample["attachments"]), "nothing is attached that nobody refers to"


def test_inspect_reads_the_log(table: Path, tmp_path: Path) -> None:
    logs = pytest.importorskip("inspect_ai.log", reason="needs inspect_ai")
    assert run_program(["bench", "export", "--format", "inspect", "-o", "t.json", "--store", str(table)]) == 0
    log = logs.read_eval_log(str(tmp_path / "t.json"), resolve_attachments=True)
    assert len(log.samples) == 4 and log.results.scores[0].metrics["mean"].value == 0.5
    events = [event for sample in log.samples for event in sample.events]
    assert {event.event for event in events} == {"span_begin", "span_end", "model", "tool"}
    assert all(not str(getattr(event, "result", "")).startswith("attachment:") for event in events)


# --- spans


def recorded() -> list[Path]:
    return sorted(SESSIONS.glob("*.jsonl*"))


@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.name)
def test_the_spans_of_a_session_are_one_tree_and_add_up(path: Path) -> None:
    recording = open_file(path)
    spans = all_spans(recording.entries())
    state = fold(recording.entries())
    by_id = {span.id: span for span in spans}
    assert len(by_id) == len(spans) and len({span.trace for span in spans}) == 1
    roots = [span for span in spans if span.parent is None]
    assert [span.name for span in roots] == ["invoke_agent rlm-tui"]
    assert all(span.parent in by_id for span in spans if span.parent is not None)
    for span in spans:
        if span.parent is not None:
            assert by_id[span.parent].start <= span.start <= span.end <= by_id[span.parent].end + 1000
    chats = [span for span in spans if span.attributes.get("gen_ai.operation.name") == "chat"]
    assert len(chats) == len(state.calls)
    assert sum(int(str(span.attributes["gen_ai.usage.input_tokens"])) for span in chats) == state.spent.input
    assert sum(float(str(span.attributes.get("gen_ai.usage.cost", 0))) for span in chats) == pytest.approx(
        state.spent.cost
    )
    assert len([span for span in spans if span.name.startswith("execute_tool")]) >= len(state.cells)


def test_a_session_that_was_cut_off_ends_with_an_error() -> None:
    recording = open_file(recorded()[0])
    entries = list(recording.entries())
    spans = Spans()
    for entry in entries[: len(entries) // 2]:
        spans.feed(entry)
    rest = spans.finish()
    assert (
        rest[-1].parent is None
        and rest[-1].error == "interrupted"
        and rest[-1].attributes["error.type"] == "interrupted"
    )


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


def test_spans_in_a_file_have_no_texts_unless_they_are_asked_for(saved_store: Path, capsys: CLI) -> None:
    text = exported(capsys, "last", "-", "--otel", "--store", str(saved_store))
    assert not any(word in text for word in WORDS)
    (resource,) = json.loads(text)["resourceSpans"]
    assert {"key": "service.name", "value": {"stringValue": "rlm-tui"}} in resource["resource"]["attributes"]
    spans = resource["scopeSpans"][0]["spans"]
    chat = next(span for span in spans if span["name"].startswith("chat "))
    assert chat["kind"] == 3 and len(chat["traceId"]) == 32 and len(chat["spanId"]) == 16
    assert {"gen_ai.provider.name", "gen_ai.request.model", "gen_ai.usage.output_tokens"} <= set(attributes(chat))
    assert "gen_ai.input.messages" not in attributes(chat)
    text = exported(capsys, "last", "-", "--otel", "--bodies", "--store", str(saved_store))
    assert "Pierre" in text and "gen_ai.input.messages" in text and "gen_ai.tool.call.arguments" in text


@pytest.mark.parametrize("format", ["inspect", "verifiers", "otel"])
def test_redacted_files_have_no_words(format: str, saved_store: Path, capsys: CLI) -> None:
    text = exported(capsys, "last", "-", "--format", format, "--redact", "--store", str(saved_store))
    assert text and not any(word in text for word in WORDS)


@pytest.mark.parametrize("format", ["inspect", "verifiers", "otel"])
def test_the_file_s_name_says_the_format(format: str, saved_store: Path, tmp_path: Path) -> None:
    assert run_program(["export", "last", f"--{format}", "--store", str(saved_store)]) == 0
    (written,) = tmp_path.glob(f"*.{format}.json*")
    assert (
        run_program(
            ["export", "last", f"b.{format}.json{'l' if format == 'verifiers' else ''}", "--store", str(saved_store)]
        )
        == 0
    )
    assert len(list(tmp_path.glob(f"b.{format}.json*"))) == 1 and written.stat().st_size > 100


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--otel", "--format", "md"], "--format md and --otel exclude each other"),
        (["--inspect", "--bodies"], "--bodies puts texts into the spans of --otel"),
        (["--otel", "--bodies", "--redact"], "--bodies puts texts into the spans of --otel"),
    ],
)
def test_contradictions_are_refused(args: list[str], said: str, saved_store: Path, capsys: CLI) -> None:
    assert run_program(["export", "last", "x", *args, "--store", str(saved_store)]) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_a_table_s_sessions_are_for_a_file(table: Path, capsys: CLI) -> None:
    assert run_program(["bench", "export", "--format", "inspect", "--store", str(table)]) == BAD_INPUT
    assert "name one with -o" in capsys.readouterr().err
    assert open_saved("last", table).session
