from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import typing
from pathlib import Path

import msgspec
import pytest

from rlm_tui import events as ev
from rlm_tui.events import BlobRef, Entry, PauseRequested, encode
from rlm_tui.events.codec import TYPES
from rlm_tui.store import MemorySession, SessionFile, Store, StoreError, open_recording, write_session
from rlm_tui.store.blobs import references
from rlm_tui.store.connection import SqliteConnection
from rlm_tui.store.recording import Recording, open_saved
from rlm_tui.store.row import COLUMNS
from tests.unit.store import samples
from tests.unit.store.outside import is_file

AWKWARD = "\ud800[bold]\x1b[31m\x00 \u2028 \U0001f600 \"['\\"


async def saved(store: Store, session: str = "abc") -> Recording:
    log = store.create(session)
    await log.append(samples.started(log, session), samples.node(), *samples.turn(log, 1, AWKWARD), samples.ended(log))
    log.close()
    return open_saved(session, store.path)


def texts(recording: Recording) -> list[str]:
    from rlm_tui.events import encode
    from rlm_tui.store.blobs import references

    refs = [ref for entry in recording.entries() for ref in references(encode(entry.event))]
    assert refs
    return [recording.text(ref) for ref in refs]


@pytest.mark.parametrize("name", ["one.jsonl", "one.jsonl.gz"])
async def test_a_file_holds_the_whole_session(store: Store, tmp_path: Path, name: str) -> None:
    original = await saved(store)
    write_session(original, tmp_path / name)
    copy = open_recording(str(tmp_path / name))
    assert copy.session == "abc"
    assert list(copy.entries()) == list(original.entries())
    assert list(copy.entries(after=2, limit=3)) == list(original.entries())[2:5]
    assert texts(copy) == texts(original)
    assert AWKWARD in texts(copy)
    assert copy.row == original.row
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    with pytest.raises(KeyError):
        copy.text(BlobRef.of("not there"))


async def test_the_same_session_gives_the_same_bytes(store: Store, tmp_path: Path) -> None:
    recording = await saved(store)
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_session(recording, tmp_path / name)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


async def test_a_file_is_added_to_another_store_once(store: Store, tmp_path: Path) -> None:
    original = await saved(store)
    write_session(original, tmp_path / "one.jsonl")
    with Store.open(tmp_path / "other.db") as other:
        for _ in range(2):
            assert other.add(SessionFile.open(tmp_path / "one.jsonl")) == "abc"
        assert other.catalog.list() == [original.row]
        copy = open_saved("abc", other.path)
        assert list(copy.entries()) == list(original.entries())
        assert texts(copy) == texts(original)


async def test_another_session_of_the_same_id_is_not_overwritten(store: Store, tmp_path: Path) -> None:
    original = await saved(store)
    write_session(original, tmp_path / "one.jsonl")
    with Store.open(tmp_path / "other.db") as other:
        other.create("abc").append_now(PauseRequested())
        with pytest.raises(StoreError, match="another session abc already"):
            other.add(SessionFile.open(tmp_path / "one.jsonl"))
        assert len(other.reader.entries("abc")) == 1


async def test_a_file_with_a_wrong_text_is_not_added(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    write_session(await saved(store), path)
    path.write_bytes(path.read_bytes().replace(b"Ada met Bob", b"Eve met Bob"))
    with Store.open(tmp_path / "other.db") as other:
        with pytest.raises(StoreError, match="a text of session abc is damaged"):
            other.add(SessionFile.open(path))
        assert other.catalog.list() == [] and other.reader.query("SELECT count(*) FROM blob") == [(0,)]


async def test_every_cut_is_noticed(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    write_session(await saved(store), path)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for count in range(len(lines)):
        path.write_bytes(b"".join(lines[:count]))
        with pytest.raises(StoreError, match=r"is cut off|is not a session file"):
            SessionFile.open(path)
    for end in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:end])
        with pytest.raises(StoreError):
            SessionFile.open(path)
    packed = gzip.compress(whole)
    for end in (3, 20, len(packed) // 2, len(packed) - 4):
        path.write_bytes(packed[:end])
        with pytest.raises(StoreError, match="damaged or cut off"):
            SessionFile.open(path)


async def test_a_damaged_bundle_is_no_reason_for_another_store(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    write_session(await saved(store), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StoreError, match=r"export the session again, or fetch a whole copy of the file$"):
        open_recording(str(path))
    sqlite3.connect(tmp_path / "foreign.db").execute("CREATE TABLE t (a)").connection.close()
    with pytest.raises(StoreError, match="is a database of something else; name a session file"):
        open_recording(str(tmp_path / "foreign.db"))


async def test_a_damaged_line_is_named(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    write_session(await saved(store), path)
    lines = path.read_bytes().splitlines(keepends=True)
    for bad, message in (
        (
            b"{nonsense\n",
            "one.jsonl, line 3: the line is damaged, or the file is cut off there; export the session again",
        ),
        (lines[3], "one.jsonl, line 3: event 2 is missing"),
        (b'{"seq":2,"at":0,"schema":1,"event":{"kind":"no.such"}}\n', "line 3: this event can't be read"),
        (b'{"seq":2,"at":0,"schema":9,"event":{"kind":"no.such"}}\n', "line 3: .*newer rlm-tui"),
    ):
        path.write_bytes(b"".join([*lines[:2], bad, *lines[3:]]))
        with pytest.raises(StoreError, match=message):
            SessionFile.open(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", b"{}\n", b"[1]\n", b"\xff\xfe\n", b'{"format":"x","version":1}\n']
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"other\.jsonl"):
        open_recording(str(path))


@pytest.mark.parametrize("text", [b"", b',"text":5', b',"text":null', b',"base64":"???"'])
def test_a_text_that_is_none_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(
        b'{"format":"rlm-tui session","version":1,"session":"a","events":0,"texts":1}\n{"sha":"x","chars":1%s}\n' % text
    )
    with pytest.raises(StoreError, match=r"bad\.jsonl, line 2: "):
        SessionFile.open(path)


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "newer.jsonl"
    path.write_bytes(b'{"format":"rlm-tui session","version":2,"session":"a","events":0,"texts":0}\n')
    with pytest.raises(StoreError, match="newer rlm-tui"):
        SessionFile.open(path)


def test_no_file_and_no_session(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no file"):
        open_recording(str(tmp_path / "none.jsonl"))
    with pytest.raises(StoreError, match="is not a file"):
        open_recording(str(tmp_path))
    with pytest.raises(StoreError, match="no session begins with 'none'"):
        open_recording("none", store.path)


async def test_a_session_is_opened_by_id_last_and_as_a_store_of_its_own(store: Store, tmp_path: Path) -> None:
    await saved(store)
    for target in ("abc", "a", "last"):
        recording = open_recording(target, store.path)
        assert recording.session == "abc" and len(recording.entries()) == 12
        recording.close()
    if is_file(store.path):
        store.close()
        shutil.copyfile(store.path, tmp_path / "bundle.db")
    else:
        write_session(recording, tmp_path / "bundle.db")
    assert open_recording(str(tmp_path / "bundle.db")).session == "abc"
    with Store.open(tmp_path / "bundle.db") as two:
        await saved(two, "abd")
    with pytest.raises(StoreError, match=r"holds several sessions; name one with its id and --store"):
        open_recording(str(tmp_path / "bundle.db"))


async def test_a_place_that_cannot_be_written(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"can't be written .*choose another place"):
        write_session(await saved(store), tmp_path / "none" / "one.jsonl")


async def test_a_session_in_memory_is_a_recording_too(store: Store) -> None:
    original = await saved(store)
    kept = {BlobRef.of(text).sha: text for text in texts(original)}
    copy = MemorySession("abc", original.entries(), kept)
    assert copy.row == original.row and texts(copy) == texts(original)
    assert list(copy.entries(3, 2)) == list(original.entries(3, 2))


async def test_rebuilding_gives_the_same_rows(store: Store) -> None:
    for session in ("abc", "abd"):
        await saved(store, session)
    await samples.play(store.create("running"), "running", turns=3)
    columns = ", ".join(f'"{c}"' for c in COLUMNS)
    query = f"SELECT {columns} FROM session ORDER BY id"
    before = store.reader.query(query)
    assert len(before) == 3
    store._writer.call(lambda connection: connection.execute("UPDATE session SET cost = 99, query = 'x', last_seq = 1"))
    store._writer.call(lambda connection: connection.execute("DELETE FROM session WHERE id = 'abd'"))
    assert store.reader.query(query) != before
    assert store.rebuild() == 3
    assert store.reader.query(query) == before


async def test_a_store_of_its_own_is_one_file(store: Store, tmp_path: Path) -> None:
    original = await saved(store)
    write_session(original, tmp_path / "one.db")
    assert [p.name for p in tmp_path.iterdir() if "one.db" in p.name] == ["one.db"]
    copy = open_recording(str(tmp_path / "one.db"))
    assert copy.row == original.row and list(copy.entries()) == list(original.entries())
    assert texts(copy) == texts(original)
    with Store.open(tmp_path / "one.db") as again:
        again.tag("abc", "mine")
    assert open_recording(str(tmp_path / "one.db")).row.tags == ("mine",)


SECRET = "xyzzy"


def wordy_events() -> list[ev.Event]:
    """One event of every type, with the secret word wherever a text can stand."""

    def fill(kind: object, name: str = "") -> object:
        kind = typing.get_args(kind)[0] if type(None) in typing.get_args(kind) else kind
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin is tuple:
            return (fill(inner[0], name),)
        if origin is dict or kind is dict:
            return {SECRET: SECRET} if name in ("tools", "answer_schema") else {}
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            hints = typing.get_type_hints(kind)
            if kind is BlobRef:
                return BlobRef.of(SECRET)
            return kind(**{f: fill(hints[f], f) for f in kind.__struct_fields__})
        if kind is str:
            plain = (
                "model",
                "sub_model",
                "status",
                "kind",
                "type",
                "role",
                "changed",
                "probe",
                "repl",
                "format",
                "version",
            )
            return "m" if name in plain else SECRET
        return {int: 1, float: 1.0, bool: True}.get(kind)  # type: ignore[call-overload]

    return [fill(kind) for kind in TYPES]  # type: ignore[misc]


def test_nothing_anybody_wrote_is_left_in_a_redacted_file(tmp_path: Path) -> None:
    entries = [Entry(n, 1.0, event) for n, event in enumerate(wordy_events(), 1)]
    recording = MemorySession("abc", entries, {BlobRef.of(SECRET).sha: SECRET})
    write_session(recording, tmp_path / "r.jsonl", redact=True)
    names = {
        "session",
        "parent",
        "node",
        "call",
        "cell",
        "purpose",
        "source",
        "origin",
        "finish",
        "action",
        "verb",
        "stop",
        "topic",
        "tool",
    }
    names |= {"limit", "context_kind", "unknown_price", "rule", "walls", "calls", "again"}
    for line in (tmp_path / "r.jsonl").read_text().splitlines()[1:]:
        event = json.loads(line)["event"]
        assert SECRET not in json.dumps({key: value for key, value in event.items() if key not in names | {"config"}})
        config = event.get("config", {})
        assert SECRET not in json.dumps([config.get("tools"), config.get("answer_schema")])
        assert event.get("config", {}).get("advice") != SECRET and event.get("config", {}).get("api_base") != SECRET
    copy = open_recording(str(tmp_path / "r.jsonl"))
    assert [type(e.event) for e in copy.entries()] == [type(e.event) for e in entries]
    with pytest.raises(KeyError):
        copy.text(BlobRef.of(SECRET))


async def test_a_redacted_session_keeps_its_figures(store: Store, tmp_path: Path) -> None:
    original = await saved(store)
    write_session(original, tmp_path / "r.jsonl.gz", redact=True)
    copy = open_recording(str(tmp_path / "r.jsonl.gz"))
    assert (copy.row.usage, copy.row.turns, copy.row.status) == (original.row.usage, 1, "completed")
    assert (copy.row.query, copy.row.answer, copy.row.documents) == ("…", None, (("document 0", original.row.chars),))
    write_session(original, tmp_path / "r.db", redact=True)
    bundle = open_recording(str(tmp_path / "r.db"))
    assert (bundle.row.usage, bundle.row.query, bundle.row.answer) == (original.row.usage, "…", None)
    words = (tmp_path / "r.db").read_bytes() + b"".join(encode(e.event) for e in copy.entries())
    for sha in {ref.sha for e in original.entries() for ref in references(encode(e.event))}:
        assert sha.encode() not in words, "the hash of a short text tells the text to whoever guesses it"
    with Store.open(tmp_path / "other.db") as other:
        assert other.add(copy) == original.session
        assert other.catalog.list()[0].usage == original.row.usage


async def test_a_bundle_for_which_there_is_no_room_leaves_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(SqliteConnection):
        """Has no room for the copy that VACUUM makes."""

        def execute(self, sql: str, *values: typing.Any) -> sqlite3.Cursor:
            if sql == "VACUUM":
                super().execute(f"PRAGMA max_page_count={super().execute('PRAGMA page_count').fetchone()[0]}")
                sql = "CREATE TABLE more AS SELECT zeroblob(1000000)"
            return super().execute(sql, *values)

    recording = await saved(store)
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **named: real(*args, **named | {"factory": Full}))
    folder = tmp_path / "full"
    folder.mkdir()
    with pytest.raises(StoreError, match="is full; free some space"):
        write_session(recording, folder / "b.db")
    assert list(folder.iterdir()) == []
