"""The commands that look at saved sessions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlm_tui.cli.program import BAD_INPUT, run_program
from rlm_tui.store import StoreReader


def test_sessions_is_a_table_for_people(saved_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["sessions", "--store", str(saved_store)]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["id", "when", "state"]
    assert row.startswith("7f3a0001") and "gpt-5" in row and "$" in row
    assert head.index("question") == row.index("When does")


def test_sessions_as_json(saved_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["sessions", "--json", "--store", str(saved_store)]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["id"] == "7f3a0001"
    assert row["documents"][0]["characters"] > 0


def test_no_sessions_yet_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RLM_TUI_STORE", raising=False)
    assert run_program(["sessions"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "" and "rlm-tui demo" in shown.err
    assert run_program(["sessions", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_replay_as_text_and_as_events(saved_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["replay", "7f3a", "--headless", "--store", str(saved_store)]) == 0
    assert capsys.readouterr().out.startswith("session   7f3a0001")
    assert run_program(["replay", "last", "--json", "--store", str(saved_store)]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    with StoreReader(saved_store) as reader:
        assert [event["seq"] for event in events] == [entry.seq for entry in reader.entries("7f3a0001")]
    assert events[0]["kind"] == "session.started" == events[0]["event"]["kind"]


def test_replay_at_a_speed_keeps_the_pauses(
    saved_store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("rlm_tui.cli.replay.time.sleep", slept.append)
    assert run_program(["replay", "last", "--headless", "--speed", "10", "--store", str(saved_store)]) == 0
    with StoreReader(saved_store) as reader:
        entries = reader.entries("7f3a0001")
    assert sum(slept) == pytest.approx((entries[-1].at - entries[0].at) / 10, rel=1e-3)


def test_speed_needs_headless(saved_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["replay", "last", "--speed", "2", "--store", str(saved_store)]) == BAD_INPUT
    assert "--headless" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["7f3a.jsonl", "7f3a.jsonl.gz"])
def test_an_exported_session_replays_without_its_store(
    name: str, saved_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    assert run_program(["replay", "last", "--headless", "--store", str(saved_store)]) == 0
    before = capsys.readouterr().out
    assert run_program(["export", "last", str(file), "--store", str(saved_store)]) == 0
    saved_store.unlink()
    assert run_program(["replay", str(file), "--headless", "--store", str(saved_store)]) == 0
    assert capsys.readouterr().out == before


def test_export_does_not_overwrite(saved_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "kept.txt"
    file.write_text("mine")
    assert run_program(["export", "last", str(file), "--store", str(saved_store)]) == BAD_INPUT
    assert file.read_text() == "mine"
    assert "--force" in capsys.readouterr().err
    assert run_program(["export", "last", str(file), "--force", "--store", str(saved_store)]) == 0
    assert file.read_text() != "mine"
