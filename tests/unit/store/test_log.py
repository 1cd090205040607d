from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from rlm_tui import events as ev
from rlm_tui.events import Entry, LogError, MemoryLog
from rlm_tui.store import Store, StoreError, StoreReader
from rlm_tui.store.log import SessionLog
from tests.unit.store import samples
from tests.unit.store.outside import is_file, outside


async def test_what_was_appended_is_read_back_equal(store: Store) -> None:
    log = store.create()
    entries = await samples.play(log, log.session)
    assert store.reader.entries(log.session) == entries
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert store.reader.entries(log.session, after=3, limit=2) == entries[3:5]
    assert log.last_seq == len(entries)


async def test_it_behaves_like_the_log_in_memory(store: Store) -> None:
    memory, log = MemoryLog(), store.create("aaa")
    heard: list[Entry] = []
    log.listeners.append(heard.append)
    await samples.play(memory, "aaa")
    await samples.play(log, "aaa")
    assert [(e.seq, e.event) for e in heard] == [(e.seq, e.event) for e in memory.entries]
    assert {sha: log.get(ev.BlobRef(sha, len(text))) for sha, text in memory.blobs.items()} == memory.blobs


async def test_another_process_sees_an_event_once_append_has_returned(store: Store, path: Path) -> None:
    log = store.create()
    await log.append(samples.started(log, log.session))
    with StoreReader(path) as other:
        assert len(other.entries(log.session)) == 1
        await log.append(samples.node())
        assert len(other.entries(log.session)) == 2


async def test_texts_are_durable_with_the_next_append_and_readable_before(store: Store, path: Path) -> None:
    log = store.create()
    ref = log.put("a reply")
    assert log.get(ref) == "a reply"
    await log.append(samples.node())
    with StoreReader(path) as other:
        assert other.text(ref) == "a reply"


async def test_an_append_of_nothing_writes_the_texts(store: Store, path: Path) -> None:
    log = store.create()
    ref = log.put("a reply")
    assert await log.append() == ()
    with StoreReader(path) as other:
        assert other.text(ref) == "a reply"


@pytest.mark.parametrize(
    "text", ["", "x", "é" * 5000, "\ud800 alone \udfff", "\ud83d\ude00", "\x00\x1b[31m[b]\r\n", "😀" * 3]
)
async def test_any_text_survives(store: Store, path: Path, text: str) -> None:
    log = store.create()
    ref = log.put(text)
    await log.append(samples.node())
    with StoreReader(path) as other:
        assert other.text(ref) == text


async def test_a_lone_surrogate_in_an_event_is_made_visible(store: Store) -> None:
    log = store.create()
    heard: list[Entry] = []
    log.listeners.append(heard.append)
    entries = await log.append(
        ev.LogPoint(number=1, node="0", text="a\ud800b"), samples.started(log, "x", query="\udfff")
    )
    assert isinstance(entries[0].event, ev.LogPoint) and entries[0].event.text == "a\\ud800b"
    assert tuple(store.reader.entries(log.session)) == entries == tuple(heard)
    assert store.catalog.find("last").query == "\\udfff"


def test_an_unknown_text_is_a_key_error(store: Store) -> None:
    with pytest.raises(KeyError):
        store.create().get(samples.ref("never put"))


async def test_many_tasks_append_at_once(store: Store) -> None:
    log = store.create()
    heard: list[int] = []
    log.listeners.append(lambda entry: heard.append(entry.seq))

    async def work(number: int) -> None:
        for i in range(20):
            entries = await log.append(ev.LogPoint(number=number, node="0", text=str(i)), ev.PauseRequested())
            assert entries[1].seq == entries[0].seq + 1

    await asyncio.gather(*(work(n) for n in range(10)))
    saved = store.reader.entries(log.session)
    assert [e.seq for e in saved] == list(range(1, 401)) == heard
    for number in range(10):
        mine = [e.event.text for e in saved if isinstance(e.event, ev.LogPoint) and e.event.number == number]
        assert mine == [str(i) for i in range(20)]


def test_several_loops_in_several_threads(store: Store) -> None:
    logs = [store.create() for _ in range(4)]

    def run(log: SessionLog) -> None:
        asyncio.run(samples.play(log, log.session, turns=5))

    threads = [threading.Thread(target=run, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lengths = {len(store.reader.entries(log.session)) for log in logs}
    assert lengths == {2 + 5 * 9 + 1}


def test_without_a_loop(store: Store) -> None:
    log = store.create()
    heard: list[Entry] = []
    log.listeners.append(heard.append)
    entries = log.append_now(samples.started(log, log.session), samples.node())
    assert store.reader.entries(log.session) == list(entries) == heard


async def test_a_cancelled_append_leaves_the_log_usable(store: Store) -> None:
    log = store.create()
    task = asyncio.create_task(log.append(samples.node()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    entries = await log.append(samples.node())
    assert [e.seq for e in store.reader.entries(log.session)] == list(range(1, entries[-1].seq + 1))


async def test_the_row_agrees_with_the_projection(store: Store) -> None:
    from rlm_tui.projection.fold import fold

    log = store.create()
    entries = await samples.play(log, log.session, turns=3)
    state, row = fold(entries), store.catalog.find(log.session)
    assert row == log.row
    assert row.usage == state.spent
    assert (row.status, row.errors, row.depth, row.nodes, row.last_seq, row.ended, row.created) == (
        state.status,
        state.errors,
        state.depth,
        len(state.nodes),
        state.seq,
        state.ended,
        state.started,
    )
    assert (row.turns, row.cells, row.answer, row.documents) == (3, 3, "Ada", (("met.txt", len(samples.DOCUMENT)),))
    assert (row.model, row.sub_model, row.query) == ("scripted", "small", "Who met Bob?")


async def test_a_closed_log_takes_nothing(store: Store) -> None:
    log = store.create()
    await log.append(samples.node())
    log.close()
    with pytest.raises(LogError, match="closed"):
        await log.append(samples.node())


async def test_a_closed_store_takes_nothing(path: Path) -> None:
    store = Store.open(path)
    log = store.create()
    store.close()
    store.close()
    with pytest.raises(LogError, match="closed"):
        await log.append(samples.node())


async def test_texts_stay_readable_after_the_store_is_closed(path: Path) -> None:
    with Store.open(path) as store:
        log = store.create("abc")
        long, short = log.put("é" * 40_000_000), log.put("a reply")
        await log.append(samples.node())
    assert log.get(short) == "a reply"
    assert len(log.get(long)) == 40_000_000, "too long for the memory of recent texts"
    with pytest.raises(KeyError):
        log.get(samples.ref("never put"))


async def test_a_session_is_continued_after_its_last_event(path: Path) -> None:
    with Store.open(path) as store:
        log = store.create("abc")
        await log.append(samples.started(log, "abc"), samples.node(), *samples.turn(log, 1))
        row = log.row
    with Store.open(path) as store:
        log = store.resume("abc")
        assert log.row == row
        (entry,) = await log.append(ev.SessionResumed())
        assert entry.seq == 12
        await log.append(*samples.turn(log, 2), samples.ended(log))
        assert store.catalog.find("abc").turns == 2


def test_an_unknown_session_is_not_continued(store: Store) -> None:
    with pytest.raises(StoreError, match="no session nope"):
        store.resume("nope")


async def test_a_taken_id_is_refused(store: Store) -> None:
    log = store.create("abc")
    await log.append(samples.node())
    with pytest.raises(StoreError, match="already"):
        store.create("abc")


async def test_a_session_has_one_writer(store: Store) -> None:
    log = store.create("abc")
    await log.append(samples.node())
    with pytest.raises(StoreError, match="is being written by process"):
        store.resume("abc")
    log.close()
    again = store.resume("abc")
    (entry,) = await again.append(samples.node())
    assert entry.seq == 2


async def test_two_logs_of_one_session_never_mix(store: Store) -> None:
    log = store.create("abc")
    await log.append(samples.node())
    other = store.resume("abc", force=True)
    await other.append(samples.node())
    with pytest.raises(LogError, match="another process writes session abc"):
        await log.append(samples.node())
    (entry,) = await other.append(samples.node())
    assert entry.seq == 3


async def test_events_can_neither_be_changed_nor_deleted_nor_left_out(store: Store, path: Path) -> None:
    log = store.create("abc")
    await log.append(samples.node(), samples.node())
    connection = outside(path)
    row = "'abc', {}, 0.0, 'x', 1, '{{}}'"
    for statement in (
        "UPDATE event SET at = 0",
        "DELETE FROM event WHERE seq = 2",
        "UPDATE blob SET coding = 'raw'",
        f"INSERT INTO event VALUES ({row.format(4)})",
        f"INSERT INTO event VALUES ({row.format(2)})",
        f"INSERT OR REPLACE INTO event VALUES ({row.format(1)})"
        if is_file(path)
        else f"INSERT INTO event VALUES ({row.format(2)}) ON CONFLICT (session, seq) DO UPDATE SET at = 1",
        "DELETE FROM event" if is_file(path) else "TRUNCATE event",
        f"INSERT INTO event VALUES ({row.format(0)})",
    ):
        if "blob" in statement:
            log.put("something")
            await log.append()
        with pytest.raises(connection.IntegrityError):
            connection.execute(statement)
    connection.close()
    assert [e.seq for e in store.reader.entries("abc")] == [1, 2]
