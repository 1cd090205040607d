from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

from rlm_tui.events import SessionStarted, Span, TextSeen
from rlm_tui.projection.fold import fold
from rlm_tui.store import Store
from rlm_tui.store.export_rlms import write_rlms
from rlm_tui.store.importers import open_log
from rlm_tui.store.importers.scribe import ForeignSession
from rlm_tui.store.recording import open_saved
from tests.unit.store import samples

LOG = Path(__file__).parent / "importers" / "logs" / "rlms-0.1.3.jsonl.gz"


def seen(session: ForeignSession) -> dict[str, tuple[Span, ...]]:
    return {e.event.source: e.event.spans for e in session.entries() if isinstance(e.event, TextSeen)}


def keys(value: object, path: str = "") -> set[str]:
    """Where which keys stand, lists without their numbers, free-form mappings without their content."""
    if isinstance(value, dict):
        inside = [] if path.endswith(("locals", "_kwargs", "summaries")) else value.items()
        return {f"{path}.{key}" for key, _ in inside} | {k for key, item in inside for k in keys(item, f"{path}.{key}")}
    return {key for item in value for key in keys(item, path)} if isinstance(value, list) else set()


def test_what_rlms_wrote_comes_out_as_it_went_in(tmp_path: Path) -> None:
    original = open_log(LOG)
    out = io.BytesIO()
    write_rlms(original, out)
    (tmp_path / "again.jsonl").write_bytes(out.getvalue())
    again = open_log(tmp_path / "again.jsonl")
    one, two = fold(original.entries()), fold(again.entries())
    assert (
        list(one.calls) == list(two.calls) and list(one.cells) == list(two.cells) and list(one.nodes) == list(two.nodes)
    )
    for name, call in one.calls.items():
        other = two.calls[name]
        assert (call.model, call.messages, call.reply) == (other.model, other.messages, other.reply)
    for name, cell in one.cells.items():
        assert (cell.code, cell.status) == (two.cells[name].code, two.cells[name].status)
    assert again.row.answer == original.row.answer and again.row.query == original.row.query
    assert again.row.documents == original.row.documents
    assert seen(again) == seen(original) != {}


def test_the_lines_have_the_keys_that_rlms_writes() -> None:
    out = io.BytesIO()
    write_rlms(open_log(LOG), out)
    ours = [json.loads(line) for line in out.getvalue().splitlines()]
    with gzip.open(LOG, "rt", encoding="utf-8") as file:
        theirs = [json.loads(line) for line in file]
    assert len(ours) == len(theirs)
    for mine, real in zip(ours, theirs, strict=True):
        missing = keys(real) - keys(mine)
        # Of a child's settings we have only its model.
        assert not {key for key in missing if "run_metadata" not in key}


async def test_a_session_of_ours(store: Store) -> None:
    await samples.play(store.create("abc"), "abc", turns=2)
    recording = open_saved("abc", store.path)
    assert isinstance(recording.entries()[0].event, SessionStarted)
    out = io.BytesIO()
    write_rlms(recording, out)
    metadata, *turns = [json.loads(line) for line in out.getvalue().splitlines()]
    assert metadata["root_model"] == "scripted" and [turn["iteration"] for turn in turns] == [1, 2]
    assert turns[0]["code_blocks"][0]["code"] == "print(context)\n"
    assert turns[0]["code_blocks"][0]["result"]["locals"]["context"] == samples.DOCUMENT
    assert turns[1]["prompt"] == [{"role": "user", "content": "prompt 2"}]
