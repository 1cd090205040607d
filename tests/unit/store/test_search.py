from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.store import Store, StoreError, StoreReader, search
from rlm_tui.store.search import Hit
from tests.unit.store import samples
from tests.unit.store.outside import is_file


async def record(store: Store, session: str, question: str, reply: str, answer: str) -> None:
    log = store.create(session)
    await log.append(samples.started(log, session, question), *samples.turn(log, 1, reply), samples.ended(log, answer))
    log.close()


def shown(hit: Hit) -> tuple[str, str, str]:
    return hit.session, hit.part, hit.snippet[hit.start : hit.end]


async def test_every_part_is_found(store: Store) -> None:
    await record(store, "aaa", "Where did Zoë live?", "I look for the *lighthouse* first.", "In a café on the quay")
    for wanted, expected in {
        "zoe": ("aaa", "question", "Zoë"),
        "LIGHTHOUSE": ("aaa", "reply", "lighthouse"),
        "cafe": ("aaa", "answer", "café"),
        '"on the quay"': ("aaa", "answer", "on the quay"),
        "context": ("aaa", "code", "context"),
        "1815": ("aaa", "output", "1815"),
        "light*": ("aaa", "reply", "light"),
    }.items():
        hits = store.search(wanted)
        assert shown(hits[0]) == expected, wanted
    assert store.search("quay")[0].snippet == "In a café on the quay"
    assert store.search("house") == [] == store.search('"the on quay"')


async def test_all_words_must_be_there_and_the_best_comes_first(store: Store) -> None:
    await record(store, "aaa", "What of the spy?", "A spy came. " + "words " * 300, "no")
    await record(store, "bbb", "What of the moon?", "Spy, spy and spy again.", "no")
    assert [h.session for h in store.search("spy") if h.part == "reply"] == ["bbb", "aaa"]
    assert {h.session for h in store.search("spy what")} == {"aaa"}
    assert [h.session for h in store.search("spy", session="bbb")] == ["bbb"]
    assert len(store.search("spy", limit=1)) == 1
    assert search.sessions(store.reader, "spy") == {"aaa", "bbb"}


async def test_what_came_later_is_found_too(store: Store) -> None:
    log = store.create("aaa")
    await log.append(samples.started(log, "aaa", "First question"))
    assert len(store.search("first")) == 1 and store.search("second") == []
    await log.append(*samples.turn(log, 1, "the second one"))
    assert len(store.search("second")) == 1 and len(store.search("first")) == 1
    edited = log.put("print('edited here')")
    await log.append(ev.CellEdited(cell="0:c1", code=edited))
    hit = store.search("edited")[0]
    assert (hit.part, hit.seq, hit.text) == ("code", log.last_seq, edited)


async def test_many_events_are_taken_in_step_by_step(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "STEP", 7)
    for session in ("aaa", "bbb", "ccc"):
        await record(store, session, f"question {session}", "a reply", f"answer {session}")
    assert {h.session for h in store.search("reply")} == {"aaa", "bbb", "ccc"}
    assert store.reader.query("SELECT count(*) FROM passage")[0][0] == 3 * 5


@pytest.mark.parametrize(
    "wanted",
    ['"', '" OR 1', "a AND", "NEAR(a b)", "body:x", "-x", "^a", "a*b*", "col : x", "{a}", "'; DROP", "x\0y", "\ud800z"],
)
async def test_nothing_in_a_search_is_an_operator(store: Store, wanted: str) -> None:
    await record(store, "aaa", "question", "reply", "answer")
    try:
        store.search(wanted)
    except StoreError as error:
        assert "there is no word to look for" in str(error)


@pytest.mark.parametrize("wanted", ["", "  ", '""', "***", "+-", '"..."'])
def test_a_search_for_nothing(store: Store, wanted: str) -> None:
    with pytest.raises(StoreError, match="there is no word to look for"):
        store.search(wanted)


async def test_a_snippet_is_one_line_around_the_place(store: Store) -> None:
    text = "x " * 60_000 + "before\n\tthe NEEDLE\n\nafter" + " y" * 500
    await record(store, "aaa", "q", text, "a")
    hit = store.search("needle")[0]
    assert hit.snippet[hit.start : hit.end] == "NEEDLE"
    assert hit.snippet.startswith("…") and hit.snippet.endswith("…") and "\n" not in hit.snippet
    assert "before the NEEDLE after" in hit.snippet and len(hit.snippet) < 150


async def test_a_removed_session_is_forgotten(store: Store) -> None:
    await record(store, "aaa", "lantern question", "lantern", "lantern answer")
    await record(store, "bbb", "other", "lantern", "other")
    assert len(store.search("lantern")) == 4
    store.remove("aaa")
    assert {h.session for h in store.search("lantern")} == {"bbb"}
    assert store.reader.query("SELECT count(*) FROM passage WHERE session = 'aaa'") == [(0,)]
    if is_file(store.path):
        store._writer.call(lambda c: c.execute("INSERT INTO passage_text (passage_text) VALUES ('integrity-check')"))
        assert store.reader.query("SELECT count(*) FROM passage_text WHERE passage_text MATCH 'lantern'") == [(1,)]


def test_a_store_without_an_index_says_so(path: Path) -> None:
    Store.open(path).close()
    with StoreReader(path) as reader, pytest.raises(StoreError, match="no index for searching"):
        search.find(reader, "word")
