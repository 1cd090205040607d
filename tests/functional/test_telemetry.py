"""Spans on their way to a collector while sessions run."""

from __future__ import annotations

import importlib.util
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.cli.program import BAD_INPUT, run_program
from rlm_tui.session.adapters.live_otel import OtelError, Telemetry, endpoint
from rlm_tui.session.adapters.spans import all_spans
from rlm_tui.store.recording import open_saved
from tests.support.collector import Collector, collector

CLI = pytest.CaptureFixture[str]
KEY = "sk-not-for-anyone-0123456789"

needs_otel = pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry") is None or importlib.util.find_spec("opentelemetry.sdk") is None,
    reason="needs the extra [otel]",
)


@pytest.fixture
def here() -> Iterator[Collector]:
    with collector() as running:
        yield running


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.txt"
    path.write_text("".join(f"shelf {n} holds {n * 3} jars\n" for n in range(200)))
    return path


def run(capsys: CLI, text: Path, store: Path, *args: str) -> tuple[int, str]:
    code = run_program(
        ["run", str(text), "-q", "How many lines are there?", "--model", "explorer", "--store", str(store), *args]
    )
    return code, capsys.readouterr().err


def values(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@needs_otel
def test_a_run_s_spans_arrive_and_are_those_of_its_record(
    here: Collector, text: Path, tmp_path: Path, capsys: CLI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-scope=lab")
    store = tmp_path / "s.db"
    code, err = run(capsys, text, store, "--otel", here.url)
    assert code == 0 and "could not be delivered" not in err
    assert {path for path, _ in here.requests} == {"/v1/traces"} and here.requests[0][1]["x-scope"] == "lab"
    assert {about["service.name"] for about, _ in here.spans} == {"rlm-tui"}
    saved = open_saved("last", store)
    recorded = {span.id: span for span in all_spans(saved.entries())}
    arrived = {span.span_id.hex(): span for _, span in here.spans}
    assert arrived.keys() == recorded.keys() and len(here.spans) == len(recorded), "each once"
    for id, span in arrived.items():
        assert span.trace_id.hex() == recorded[id].trace and span.parent_span_id.hex() == (recorded[id].parent or "")
        assert (span.start_time_unix_nano, span.end_time_unix_nano) == (recorded[id].start, recorded[id].end)
        assert values(span).keys() == recorded[id].attributes.keys()
    assert KEY.encode() not in here.raw and b"jars" not in here.raw and b"How many lines" not in here.raw


@needs_otel
def test_texts_are_sent_when_they_are_asked_for(here: Collector, text: Path, tmp_path: Path, capsys: CLI) -> None:
    code, _ = run(capsys, text, tmp_path / "s.db", "--otel", here.url, "--otel-bodies")
    assert code == 0
    (root,) = [span for _, span in here.spans if not span.parent_span_id]
    told = json.loads(values(root)["gen_ai.input.messages"])
    assert told == [{"role": "user", "parts": [{"type": "text", "content": "How many lines are there?"}]}]
    assert any("gen_ai.tool.call.arguments" in values(span) for _, span in here.spans)


@needs_otel
def test_every_run_of_a_table_is_a_trace(here: Collector, tmp_path: Path, capsys: CLI) -> None:
    code = run_program(["bench", "run", "sniah", "--lengths", "1024", "--limit", "3", "--methods", "direct,rlm:0",
                        "--store", str(tmp_path / "s.db"), "--otel", here.url])  # fmt: skip
    assert code == 0, capsys.readouterr().err
    assert len({span.trace_id for _, span in here.spans}) == 6
    roots = [values(span) for _, span in here.spans if not span.parent_span_id]
    assert sorted(root["rlm.session.origin"] for root in roots) == ["direct"] * 3 + ["live"] * 3


@needs_otel
def test_a_run_does_not_mind_that_no_collector_is_there(text: Path, tmp_path: Path, capsys: CLI) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.monotonic()
    code, err = run(capsys, text, tmp_path / "s.db", "--otel", f"http://me:secret@127.0.0.1:{port}")
    assert code == 0 and time.monotonic() - begun < 20
    assert f"spans could not be delivered to http://127.0.0.1:{port}/v1/traces" in err and "secret" not in err


@needs_otel
def test_a_collector_that_refuses_is_told_of(here: Collector, text: Path, tmp_path: Path, capsys: CLI) -> None:
    here.status = 401
    code, err = run(capsys, text, tmp_path / "s.db", "--otel", here.url)
    assert code == 0 and "spans could not be delivered" in err


@pytest.mark.parametrize("url", ["localhost:4318", "ftp://here", "http://", "http://h:port"])
def test_what_is_no_address_is_refused(url: str, text: Path, tmp_path: Path, capsys: CLI) -> None:
    code, err = run(capsys, text, tmp_path / "s.db", "--otel", url)
    assert code == BAD_INPUT and "--otel takes the address of a collector" in err
    with pytest.raises(OtelError):
        endpoint(url)


def test_bodies_without_a_collector_are_refused(text: Path, tmp_path: Path, capsys: CLI) -> None:
    code, err = run(capsys, text, tmp_path / "s.db", "--otel-bodies")
    assert code == BAD_INPUT and "give --otel URL as well" in err


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
        ("https://eu.cloud/api/public/otel/v1/traces", "https://eu.cloud/api/public/otel/v1/traces"),
    ],
)
def test_a_bare_address_means_its_traces(url: str, where: str) -> None:
    assert endpoint(url) == where


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None)
    with pytest.raises(OtelError, match=r"pip install 'rlm-tui\[otel\]'"):
        Telemetry("http://localhost:4318")
