"""The sessions that are shipped: each opens, folds, and shows what its description promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.cli.program import BAD_INPUT, run_program
from rlm_tui.cli.samples import samples
from rlm_tui.projection.fold import fold
from rlm_tui.projection.state import SessionState
from rlm_tui.session.provenance import provenance
from rlm_tui.session.replay import SavedSession, open_saved
from rlm_tui.store.blobs import references

NAMES = sorted(samples())
CLI = pytest.CaptureFixture[str]


def opened(name: str) -> tuple[SavedSession, SessionState]:
    saved = open_saved(str(samples()[name]))
    return saved, fold(saved.entries)


def test_there_is_one_of_each_kind() -> None:
    assert {"explorer", "depth", "retry", "folder"} <= set(NAMES)
    assert opened("depth")[1].depth == 1 and len(opened("depth")[1].nodes) == 5
    assert len(opened("folder")[1].documents) == 3
    _, retry = opened("retry")
    assert any(call.attempts > 1 for call in retry.calls.values())
    assert any(cell.error is not None for cell in retry.cells.values())


@pytest.mark.parametrize("name", NAMES)
def test_each_opens_and_folds(name: str) -> None:
    path = samples()[name]
    assert path.stat().st_size < 200_000
    saved, state = opened(name)
    assert state.status in ("completed", "partial") and state.answer is not None
    assert not state.open_calls and not state.running_cells
    for entry in saved.entries:
        for ref in references(ev.encode(entry.event)):
            assert ev.BlobRef.of(saved.text(ref)) == ref
    ended = saved.entries[-1].event
    assert isinstance(ended, ev.SessionEnded) and ended.usage == state.spent
    assert all(document.path is None for document in state.documents)
    found = provenance(state, saved.documents, saved.text)
    assert all(document.kept and document.touched.chars > 0 for document in found.documents)


@pytest.mark.parametrize("name", NAMES)
def test_each_replays(name: str, capsys: CLI) -> None:
    assert run_program(["replay", "--sample", name, "--headless"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"session   sample-{name}") and "\nanswer\n" in text


def test_the_list(capsys: CLI) -> None:
    assert run_program(["replay", "--sample", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["sample", *NAMES]


@pytest.mark.parametrize("args", [["--sample", "none"], ["--sample", "depth", "last"], []])
def test_what_is_not_there_is_one_sentence(args: list[str], capsys: CLI) -> None:
    assert run_program(["replay", *args, "--headless"]) == BAD_INPUT
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and ("explorer" in shown or "--sample NAME" in shown)


def test_the_description_names_each(pytestconfig: pytest.Config) -> None:
    folder = pytestconfig.rootpath / "sessions"
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in NAMES)
    for script in Path(folder / "scripts").glob("*.yaml"):
        assert f"(scripts/{script.name})" in text


def test_what_a_child_node_is_given_is_told_apart_from_prompts(capsys: CLI) -> None:
    saved, state = opened("depth")
    (document,) = provenance(state, saved.documents, saved.text).documents
    assert document.seen.part > 0.99 and document.handed > 0.9 * document.chars
    assert run_program(["coverage", str(samples()["depth"])]) == 0
    shown = capsys.readouterr().out
    assert "handed to a child node as its variable" in shown
    assert "the context of node 0/c1.1 (scripted:sessions/scripts/depth.yaml) held 41,820 characters" in shown
