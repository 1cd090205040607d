"""The list of sessions from the command line: filters, pages, search, marks, deleting, upkeep."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rlm_tui import events as ev
from rlm_tui.cli.program import BAD_INPUT, FAILED, run_program
from rlm_tui.cli.sessions.listing import condition_of
from rlm_tui.events import Entry
from rlm_tui.store import Catalog, MemorySession, Store, StoreReader
from tests.support.novel import build

CLI = pytest.CaptureFixture[str]


@pytest.fixture
def many(saved_store: Path) -> Path:
    """The hand-made session, and four more whose question, model and time differ."""
    script, _, _ = build()
    first = script.entries[0]
    assert isinstance(first.event, ev.SessionStarted)
    with Store.open(saved_store, durability="normal") as store:
        for n in range(4):
            config = msgspec.structs.replace(first.event.config, model=f"model-{n}")
            started = msgspec.structs.replace(
                first.event, session=f"aaaa000{n}", query=f"Question number {n} of the café?", config=config
            )
            entries = [Entry(e.seq, e.at + 100 * (n + 1), started if e.seq == 1 else e.event) for e in script.entries]
            store.add(MemorySession(f"aaaa000{n}", entries, script.blobs))
    return saved_store


def run(capsys: CLI, *args: str, code: int = 0) -> Any:
    """What the command prints as JSON."""
    assert run_program([*args, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def ids(capsys: CLI, store: Path, *words: str) -> list[str]:
    return [row["id"] for row in run(capsys, "sessions", *words, "--store", str(store))]


def test_a_filter_keeps_those_it_holds_for(many: Path, capsys: CLI) -> None:
    assert ids(capsys, many) == ["aaaa0003", "aaaa0002", "aaaa0001", "aaaa0000", "7f3a0001"]
    assert ids(capsys, many, "model:model-2") == ["aaaa0002"]
    assert ids(capsys, many, "cost>0.1", "not", "model~model", "status:completed") == ["7f3a0001"]
    assert ids(capsys, many, "cost>100") == []


def test_quotes_that_the_shell_took_come_back(many: Path, capsys: CLI) -> None:
    # The shell turns  text:"number 2"  into one word with a blank in it, and  "model:a cost>1"  as well.
    assert ids(capsys, many, "text:number 2") == ["aaaa0002"]
    assert ids(capsys, many, "model:model text:number or errors>50") == [f"aaaa000{n}" for n in (3, 2, 1, 0)]
    assert str(condition_of(('text:a "b" c',))) == str(condition_of(('text:"a \\"b\\" c"',)))


def test_words_are_found_by_the_index_as_words(many: Path, capsys: CLI) -> None:
    assert ids(capsys, many, "text:CAFE") == [f"aaaa000{n}" for n in (3, 2, 1, 0)]
    assert ids(capsys, many, 'text:"number  1 of"', "or", 'text:"meet Natasha here"')[-1] == "7f3a0001"
    assert ids(capsys, many, "text!~number") == ["7f3a0001"]
    assert ids(capsys, many, "text:umber") == []
    assert len(ids(capsys, many, "text~/.umber [01]/")) == 2


def test_a_session_that_the_index_does_not_know_is_read(many: Path, capsys: CLI) -> None:
    from rlm_tui.projection.conditions import parse

    with Store.open(many) as store:
        store.index_texts()
    with sqlite3.connect(many) as connection:
        connection.execute("DELETE FROM indexed WHERE session = 'aaaa0001'")
        connection.execute("DELETE FROM passage WHERE session = 'aaaa0001'")
    with StoreReader(many) as reader:
        found = Catalog(reader).list(where=parse("text:café"))
    assert [row.id for row in found] == [f"aaaa000{n}" for n in (3, 2, 1, 0)]


def test_pages(many: Path, capsys: CLI) -> None:
    assert ids(capsys, many, "--limit", "2", "--page", "2") == ["aaaa0001", "aaaa0000"]
    assert ids(capsys, many, "--limit", "2", "--page", "2", "model:model or cost>0") == ["aaaa0001", "aaaa0000"]
    assert run_program(["sessions", "cost>0", "--limit", "2", "--store", str(many)]) == 0
    assert "rlm-tui sessions 'cost>0' --limit 2 --page 2" in capsys.readouterr().err
    assert run_program(["sessions", "--limit", "5", "--store", str(many)]) == 0
    assert capsys.readouterr().err == ""
    assert run_program(["sessions", "--page", "9", "--store", str(many)]) == 0
    assert capsys.readouterr().err == "There is no page 9.\n"


def test_a_filter_that_is_none_is_one_sentence(many: Path, capsys: CLI) -> None:
    assert run_program(["sessions", "modle:gpt", "--store", str(many)]) == BAD_INPUT
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "did you mean model" in shown


def test_find_shows_where_it_stands(many: Path, capsys: CLI) -> None:
    hits = run(capsys, "sessions", "find", "bows", "yellow", "--in", "7f3a", "--store", str(many))
    assert {hit["session"] for hit in hits} == {"7f3a0001"} and "answer" in {hit["part"] for hit in hits}
    assert run_program(["sessions", "find", "girl in yellow", "--store", str(many)]) == 0
    assert "girl in yellow" in capsys.readouterr().out
    assert run_program(["sessions", "find", "--store", str(many), "--", "--"]) == BAD_INPUT
    assert "no word to look for" in capsys.readouterr().err


def test_show(many: Path, capsys: CLI) -> None:
    shown = run(capsys, "sessions", "show", "7f3a", "--store", str(many))
    assert shown["answer"] == "Chapter 7: he bows to the girl in yellow."
    assert shown["by_model"]["gpt-5"]["calls"] == 5 and shown["documents"][0]["seen_percent"] == 100
    assert run_program(["sessions", "show", "7f3a", "--store", str(many)]) == 0
    text = capsys.readouterr().out
    assert "When does Pierre first meet Natasha?" in text and text.endswith("yellow.\n")


def test_an_id_that_could_be_several_names_them(many: Path, capsys: CLI) -> None:
    assert run_program(["sessions", "show", "aaaa", "--store", str(many)]) == BAD_INPUT
    assert "aaaa0000" in capsys.readouterr().err


def test_tags_notes_and_scores(many: Path, capsys: CLI) -> None:
    store = ("--store", str(many))
    assert run(capsys, "sessions", "tag", "7f3a", "Good", "x", *store)["tags"] == ["good", "x"]
    assert run(capsys, "sessions", "tag", "7f3a", "--remove", "x", *store)["tags"] == ["good"]
    assert run(capsys, "sessions", "note", "7f3a", "see chapter 7", *store)["note"] == "see chapter 7"
    assert run(capsys, "sessions", "score", "7f3a", "4", *store)["score"] == 4
    assert ids(capsys, many, "tag:good", "note~chapter", "score>=4") == ["7f3a0001"]
    assert run(capsys, "sessions", "note", "7f3a", "", *store)["note"] == ""
    assert run(capsys, "sessions", "score", "7f3a", "none", *store)["score"] is None
    for bad in (["score", "7f3a", "6"], ["tag", "7f3a", "two words"], ["note", "zzz", "x"]):
        assert run_program(["sessions", *bad, *store]) == BAD_INPUT
        assert capsys.readouterr().err.count("\n") == 1


def test_rm_asks_and_frees_what_nobody_uses(many: Path, capsys: CLI, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ("--store", str(many))
    assert run_program(["sessions", "rm", "7f3a", *store]) == BAD_INPUT
    assert "--yes" in capsys.readouterr().err
    assert run_program(["sessions", "rm", "7f3a", "zzz", "--yes", *store]) == BAD_INPUT
    assert len(ids(capsys, many)) == 5
    for answer, left in (("n", 5), ("y", 4)):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("click.confirm", lambda *a, answer=answer, **k: answer == "y")
        assert run_program(["sessions", "rm", "7f3a", *store]) == 0
        assert len(ids(capsys, many)) == left
    removed = run(capsys, "sessions", "rm", "aaaa0000", "aaaa0001", "aaaa0002", "aaaa0003", "--yes", *store)
    assert len(removed["removed"]) == 4 and removed["texts_freed"] > 10
    with sqlite3.connect(many) as connection:
        assert connection.execute("SELECT count(*) FROM blob").fetchone() == (0,)


def test_rebuild_makes_the_same_list_again(many: Path, capsys: CLI) -> None:
    run(capsys, "sessions", "tag", "7f3a", "kept", "--store", str(many))
    before = run(capsys, "sessions", "--store", str(many))
    with sqlite3.connect(many) as connection:
        connection.execute("UPDATE session SET cost = 99, query = 'wrong' WHERE id = '7f3a0001'")
        connection.execute("DELETE FROM session WHERE id = 'aaaa0002'")
    assert run(capsys, "sessions", "--store", str(many)) != before
    assert run(capsys, "sessions", "rebuild", "--store", str(many))["sessions"] == 5
    assert run(capsys, "sessions", "--store", str(many)) == before
    assert ids(capsys, many, "text:café") == [f"aaaa000{n}" for n in (3, 2, 1, 0)]


def test_check_names_what_is_damaged(many: Path, capsys: CLI) -> None:
    assert run(capsys, "sessions", "check", "--store", str(many))["problems"] == []
    with sqlite3.connect(many) as connection:
        connection.execute("DELETE FROM blob WHERE sha = (SELECT min(sha) FROM blob)")
    (first, *_) = run(capsys, "sessions", "check", "--store", str(many), code=FAILED)["problems"]
    assert "is missing" in first


@pytest.mark.parametrize("command", ["tag x y", "rm x --yes", "rebuild", "check", "find x", "show x", "score x 3"])
def test_a_store_that_is_not_there_is_not_made(command: str, tmp_path: Path, capsys: CLI) -> None:
    path = tmp_path / "none.db"
    assert run_program(["sessions", *command.split(), "--store", str(path)]) == BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1
    assert not path.exists()
