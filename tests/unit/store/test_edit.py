"""Marking, deleting, checking."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.events import BlobRef
from rlm_tui.store import Store, StoreError, StoreReader
from rlm_tui.store.check import check
from tests.unit.store import samples
from tests.unit.store.outside import is_file, outside


async def two_sessions(store: Store) -> None:
    for session in ("aaa", "bbb"):
        log = store.create(session)
        log.put(f"only in {session}")
        await log.append(samples.started(log, session), samples.node(), *samples.turn(log, 1, f"said by {session}"))
        await log.append(samples.ended(log))
        log.close()


async def test_tags_a_note_and_a_score(store: Store) -> None:
    await two_sessions(store)
    assert store.tag("aaa", "Later", "good") == ("good", "later")
    assert store.tag("aaa", "new", remove=["LATER", "never"]) == ("good", "new")
    store.note("aaa", "look at turn 3 [b]\ud800")
    store.score("aaa", 4)
    row = store.catalog.find("aaa")
    assert (row.tags, row.note, row.score) == (("good", "new"), "look at turn 3 [b]?", 4)
    other = store.catalog.find("bbb")
    assert (other.tags, other.note, other.score) == ((), "", None)
    store.rebuild()
    assert store.catalog.find("aaa") == row
    store.note("aaa", "")
    store.score("aaa", None)
    assert store.catalog.find("aaa").note == "" and store.catalog.find("aaa").score is None


@pytest.mark.parametrize("name", ["", "two words", "a,b", "x" * 41, "tag:x", '"', "(x"])
async def test_what_cannot_be_a_tag(store: Store, name: str) -> None:
    await two_sessions(store)
    with pytest.raises(StoreError, match="can't be a tag: a tag is one word"):
        store.tag("aaa", "fine", name)
    assert store.catalog.find("aaa").tags == ()


@pytest.mark.parametrize("value", [0, 6, -1])
async def test_what_cannot_be_a_score(store: Store, value: int) -> None:
    await two_sessions(store)
    with pytest.raises(StoreError, match="a number from 1 to 5"):
        store.score("aaa", value)


def test_a_mark_needs_a_session(store: Store) -> None:
    for marking in (lambda: store.tag("no", "x"), lambda: store.note("no", "x"), lambda: store.score("no", 1)):
        with pytest.raises(StoreError, match="there is no session no"):
            marking()
    assert store.reader.query("SELECT count(*) FROM mark") == [(0,)]


async def test_a_removed_session_takes_its_own_texts_along(store: Store) -> None:
    await two_sessions(store)
    store.tag("aaa", "x")
    kept = store.reader.entries("bbb")
    assert store.remove("aaa") == 1
    assert [row.id for row in store.catalog.list()] == ["bbb"]
    assert store.reader.entries("aaa") == [] and store.reader.entries("bbb") == kept
    with StoreReader(store.path) as reader:
        assert check(reader) == []
        assert reader.text(BlobRef.of("said by bbb")) == "said by bbb"
        with pytest.raises(KeyError):
            reader.text(BlobRef.of("said by aaa"))
    for table in ("mark", "lease", "removal"):
        assert store.reader.query(f"SELECT count(*) FROM {table} WHERE session = 'aaa'") == [(0,)]
    assert store.free_texts() == 2, "the two texts that no event refers to"
    log = store.create("aaa")
    await log.append(samples.started(log, "aaa"))


async def test_a_running_session_is_not_removed_and_keeps_the_texts_of_others(store: Store) -> None:
    await two_sessions(store)
    running = store.create("run")
    await running.append(samples.node())
    with pytest.raises(StoreError, match="session run is being written by process"):
        store.remove("run")
    assert store.remove("aaa") == 0
    running.close()
    assert store.free_texts() == 3
    with pytest.raises(StoreError, match="there is no session aaa"):
        store.remove("aaa")


async def test_events_stay_when_a_removal_fails(store: Store, path: Path) -> None:
    await two_sessions(store)
    connection = outside(path)
    if is_file(path):
        connection.execute("CREATE TRIGGER no BEFORE DELETE ON session BEGIN SELECT RAISE(ABORT, 'no'); END")
    else:
        connection.execute("CREATE TRIGGER no BEFORE DELETE ON session FOR EACH ROW EXECUTE FUNCTION event_stays()")
    with pytest.raises(StoreError):
        store.remove("aaa")
    assert len(store.reader.entries("aaa")) == 12
    with pytest.raises(connection.IntegrityError, match="never deleted"):
        connection.execute("DELETE FROM event")
    connection.close()


async def test_damage_is_found(store: Store, path: Path) -> None:
    await two_sessions(store)
    assert check(store.reader) == []
    connection = outside(path)
    connection.execute("DROP TRIGGER blob_stays" + ("" if is_file(path) else " ON blob"))
    connection.execute("DROP TRIGGER event_remains" + ("" if is_file(path) else " ON event"))
    said = [BlobRef.of(f"said by {name}").sha for name in ("aaa", "bbb")]
    connection.execute("DELETE FROM blob WHERE sha = ?", (said[0],))
    connection.execute("UPDATE blob SET data = ? WHERE sha = ?", (b"said by xxx", said[1]))
    connection.execute("UPDATE blob SET coding = 'zlib' WHERE sha = ?", (BlobRef.of("prompt 1").sha,))
    with StoreReader(path) as reader:
        problems = check(reader)
    assert problems == [
        f"session aaa, event 3: a text can't be unpacked ({BlobRef.of('prompt 1').sha[:12]}…)",
        f"session aaa, event 6: a text is missing ({said[0][:12]}…)",
        f"session bbb, event 6: a text has changed ({said[1][:12]}…)",
    ]
    connection.execute("DELETE FROM event WHERE session = 'aaa' AND seq = 4")
    connection.close()
    with StoreReader(path) as reader:
        assert "session aaa: event 4 is missing" in check(reader)
