"""``rlm-tui export``: formats, names, redaction, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlm_tui.cli.program import BAD_INPUT, run_program

CLI = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("format", "name", "begins"),
    [
        ("jsonl", "7f3a0001.jsonl", b'{"format":"rlm-tui session"'),
        ("md", "7f3a0001.md", b"# When does Pierre"),
        ("html", "7f3a0001.html", b"<!DOCTYPE html>"),
        ("rlms", "7f3a0001.rlms.jsonl", b'{"type":"metadata"'),
        ("bundle", "7f3a0001.db", b"SQLite format 3"),
    ],
)
def test_the_id_names_the_file(format: str, name: str, begins: bytes, saved_store: Path, tmp_path: Path) -> None:
    assert run_program(["export", "last", "--format", format, "--store", str(saved_store)]) == 0
    assert (tmp_path / name).read_bytes().startswith(begins)
    named = tmp_path / f"other{name[8:]}"
    assert run_program(["export", "last", str(named), "--store", str(saved_store)]) == 0
    assert named.read_bytes()[:40] == (tmp_path / name).read_bytes()[:40]
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("name", ["s.db", "s.bundle", "s.jsonl"])
def test_what_is_written_to_be_replayed_is_replayed(name: str, saved_store: Path, capsys: CLI) -> None:
    format = ["--format", "bundle"] if name == "s.bundle" else []
    assert run_program(["replay", "last", "--headless", "--store", str(saved_store)]) == 0
    before = capsys.readouterr().out
    assert run_program(["export", "last", name, *format, "--store", str(saved_store)]) == 0
    saved_store.unlink()
    capsys.readouterr()
    assert run_program(["replay", f"./{name}", "--headless"]) == 0
    assert capsys.readouterr().out == before


@pytest.mark.parametrize("format", ["jsonl", "md", "html", "rlms", "bundle"])
def test_redacted_files_have_no_words(format: str, saved_store: Path, tmp_path: Path) -> None:
    file = tmp_path / "out"
    args = ["export", "last", str(file), "--format", format, "--redact", "--store", str(saved_store)]
    assert run_program(args) == 0
    text = file.read_bytes().decode("utf-8", "replace")
    assert not any(word in text for word in ("Pierre", "Natasha", "yellow", "countess", "CHAPTER", "war_and_peace"))


def test_the_standard_output(saved_store: Path, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    store = ("--store", str(saved_store))
    assert run_program(["export", "last", "-", *store]) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    assert json.loads(lines[0])["session"] == "7f3a0001"
    assert run_program(["export", "last", "-", "--format", "bundle", *store]) == BAD_INPUT
    assert b"a bundle is a file" in capfdbinary.readouterr().err


def test_an_imported_file_is_exported_without_a_store(tmp_path: Path) -> None:
    log = Path(__file__).parents[1] / "store" / "importers" / "logs" / "rlms-0.1.3.jsonl.gz"
    assert run_program(["export", str(log), "page.html"]) == 0
    assert "MAINTASK" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("format", ["jsonl", "html"])
def test_a_place_that_can_not_be_written_is_one_sentence(format: str, saved_store: Path, capsys: CLI) -> None:
    args = ["export", "last", "nowhere/page", "--format", format, "--store", str(saved_store)]
    assert run_program(args) == BAD_INPUT
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "can't be written" in shown
