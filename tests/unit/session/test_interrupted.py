"""Finding sessions that were cut off, for the documents at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.events import BlobRef, DocumentRef, RunConfig
from rlm_tui.session.interrupted import give_up, unfinished, unfinished_of
from rlm_tui.store import MemorySession, Store, StoreError

ONE, TWO = Document.from_text("one.txt", "first text"), Document.from_text("two.txt", "other text")


def add(store: Store, session: str, *documents: Document, origin: str = "live", end: str | None = None) -> None:
    refs = [DocumentRef(d.name, BlobRef.of(d.text), 1, "prose") for d in documents]
    started = ev.SessionStarted(
        session=session, query=f"q of {session}", documents=tuple(refs), config=RunConfig(model="m"), origin=origin
    )
    events: list[ev.Event] = [started]
    if end is not None:
        events.append(ev.SessionEnded(status=end))
    entries = [ev.Entry(n, 1000.0 + len(store.catalog.list()), event) for n, event in enumerate(events, 1)]
    store.add(MemorySession(session, entries, {BlobRef.of(d.text).sha: d.text for d in documents}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    with Store.open(path) as store:
        add(store, "a1", ONE)
        add(store, "a2", ONE, end="completed")
        add(store, "a3", ONE, origin="import:rlms")
        add(store, "a7", ONE, origin="direct")
        add(store, "a4", TWO)
        add(store, "a5", ONE, TWO)
        add(store, "a6", ONE)
    return path


def test_a_session_is_found_by_the_texts_of_its_documents(path: Path) -> None:
    def found(*documents: Document) -> list[str]:
        return [row.id for row in unfinished_of(path, documents)]

    assert found(ONE) == ["a6", "a1"]
    assert found(Document.from_text("renamed.md", "first text")) == ["a6", "a1"]
    assert found(TWO) == ["a4"]
    # The same length and name are not enough.
    assert found(Document.from_text("one.txt", "first texT")) == []
    assert found(TWO, ONE) == found(ONE, TWO) == ["a5"]
    assert found() == []


def test_a_session_that_is_being_written_is_not_found(path: Path) -> None:
    with Store.open(path) as store:
        log = store.resume("a6")
        assert [row.id for row in unfinished_of(path, [ONE])] == ["a1"]
        with pytest.raises(StoreError, match="being written"), Store.open(path) as other:
            other.resume("a6")
        log.close()


def test_what_is_given_up_is_not_offered_but_can_still_go_on(path: Path) -> None:
    give_up(path, "a6")
    assert [row.id for row in unfinished_of(path, [ONE])] == ["a1"]
    with Store.open(path) as store:
        row = store.catalog.find("a6")
        assert row.status == "cancelled"
        assert [r.id for r in unfinished(store)] == ["a5", "a4", "a1"]
    # Once more changes nothing.
    give_up(path, "a6")
    with Store.open(path) as store:
        assert store.catalog.find("a6").last_seq == row.last_seq


def test_where_there_is_no_store_or_a_foreign_file_nothing_is_offered(tmp_path: Path) -> None:
    assert unfinished_of(tmp_path / "none.db", [ONE]) == []
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "foreign.db").write_text("not a database, but long enough to be mistaken for one" * 20)
    assert unfinished_of(tmp_path / "foreign.db", [ONE]) == []
