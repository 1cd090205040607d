"""What is the server's alone: addresses, passwords, rights, several programs, a server that goes away."""

from __future__ import annotations

import asyncio
import os
import pickle
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rlm_tui.config.settings import SettingsError, load
from rlm_tui.config.store_url import StoreUrl, without_password
from rlm_tui.events import LogError
from rlm_tui.store import Store, StoreError, StoreReader, database, lease, search
from rlm_tui.store.connection import Connection
from tests.support.postgres import PASSWORD, Server
from tests.unit.store import samples
from tests.unit.store.outside import outside, schema

ROOT = Path(__file__).parents[3]


def fill(place: StoreUrl, session: str = "abc") -> None:
    with Store.open(place) as store:
        log = store.create(session)
        log.append_now(samples.started(log, session), samples.node(), samples.ended(log))


def refusal(place: StoreUrl) -> str:
    """What is said when the store is opened to write; the same is said before anything is paid for."""
    with pytest.raises(StoreError) as one:
        database.check_writable(place)
    with pytest.raises(StoreError) as two:
        Store.open(place)
    assert str(one.value) == str(two.value) and "\n" not in str(one.value)
    return str(one.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://ann@host/db", "postgresql+psycopg://ann@host/db"),
        ("postgresql+psycopg://ann:secret@host:5/db", "postgresql+psycopg://ann:…@host:5/db"),
        ("postgresql://ann:se/cr@et@host/db", "postgresql://ann:…@host/db"),
        ("postgresql://host/db?user=ann&password=secret&x=y", "postgresql://host/db?user=ann&password=…&x=y"),
        ("mysql://ann:secret@host/db", "mysql://ann:…@host/db"),
        ("/home/you/a:b@c.db", "/home/you/a:b@c.db"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
    if "://" in url:
        place = StoreUrl(url)
        assert str(place) == f"{place}" == shown and "secret" not in repr(place) and os.fspath(place) == url
        assert pickle.loads(pickle.dumps(place)) == place


def test_a_password_may_come_from_the_environment_but_not_from_a_file(tmp_path: Path) -> None:
    url = "postgresql+psycopg://ann:secret@host/db"
    env = {"RLM_TUI_STORE": url}
    assert load(env=env, folder=tmp_path, user_file=tmp_path / "none").settings.store == url
    (tmp_path / "rlm-tui.toml").write_text(f'store = "{url}"\n')
    with pytest.raises(SettingsError, match="should not hold a password in a file") as problem:
        load(env={}, folder=tmp_path, user_file=tmp_path / "none")
    assert "secret" not in str(problem.value)


def test_nothing_of_a_server_is_loaded_for_a_file(tmp_path: Path) -> None:
    program = f"""
import sys
from rlm_tui.store import Store
Store.open({str(tmp_path / "s.db")!r}).close()
print([m for m in ("psycopg", "sqlalchemy", "rlm_tui.store.postgres") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_driver_the_extra_is_named() -> None:
    program = """
import sys
sys.modules["psycopg"] = None
from rlm_tui.store import Store, StoreError
try:
    Store.open("postgresql+psycopg://ann:secret@host/db")
except StoreError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'rlm-tui[postgres]'" in done.stdout and "secret" not in done.stdout


@pytest.mark.parametrize("url", ["mysql://ann:secret@h/d", "sqlite:///tmp/x.db"])
def test_another_kind_of_server_is_refused(url: str, server: Server) -> None:
    said = refusal(StoreUrl(url))
    assert said.startswith("a store is a file or postgresql+psycopg://") and "secret" not in said


def test_an_address_that_nobody_can_read(server: Server) -> None:
    assert "can't be read; write postgresql+psycopg://USER@" in refusal(StoreUrl("postgresql://a:b:c@[x/d?foo=bar"))


def test_a_server_that_is_not_there(server: Server) -> None:
    said = refusal(StoreUrl("postgresql+psycopg://ann:secret@127.0.0.1:1/db"))
    assert "ann:…@127.0.0.1:1/db can't be reached (Connection refused); start it or check the address" in said


def test_a_password_that_is_wrong_missing_or_right(server: Server) -> None:
    said = refusal(server.by_network("guarded", "wr0ng/one"))
    assert "refuses the user or the password; put the right one into ~/.pgpass" in said and "wr0ng" not in said
    assert "asks for a password; put it into ~/.pgpass or PGPASSWORD" in refusal(server.by_network("guarded"))
    assert "refuses the user or the password" in refusal(server.by_network("stranger"))
    server.sql("DROP DATABASE IF EXISTS owned", "CREATE DATABASE owned OWNER guarded")
    place = server.by_network("guarded", PASSWORD, "owned")
    fill(place)
    with StoreReader(place) as reader:
        assert len(reader.entries("abc")) == 3
        with pytest.raises(StoreError) as problem:
            reader.query("SELECT nonsense")
    assert PASSWORD not in str(problem.value) and "p%40ss" not in str(problem.value)


def test_a_database_that_is_not_there(server: Server) -> None:
    assert "there is no database 'nowhere'" in refusal(server.by_network("tester", database="nowhere"))


def test_a_schema_that_is_not_there(server: Server) -> None:
    assert "none of the search path exists" in refusal(server.address("nowhere"))


def test_a_database_in_another_encoding(server: Server) -> None:
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    assert "is in LATIN1, not in UTF8" in refusal(server.by_network("tester", database="latin"))


def test_a_user_without_rights(server: Server) -> None:
    place = server.place()
    name = server.schema_of(place)
    poor = server.address(name, "poor")
    server.sql(f"GRANT USAGE ON SCHEMA {name} TO poor")
    assert f"may not make tables in the schema {name}" in refusal(poor)
    fill(place)
    assert "lacks a right (permission denied for table rlm_tui_version)" in refusal(poor)
    server.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO poor")
    assert (
        "may not write to it: blob (INSERT), event (INSERT), lease (DELETE), lease (INSERT), lease (UPDATE), "
        "session (INSERT), session (UPDATE) is missing; ask the owner" in refusal(poor)
    )
    with StoreReader(poor) as reader:
        assert len(reader.entries("abc")) == 3


def test_a_server_that_only_reads(server: Server) -> None:
    place = server.place()
    name = server.schema_of(place)
    frozen = StoreUrl(os.fspath(place).replace("%3D" + name, f"%3D{name}%20-cdefault_transaction_read_only%3Don"))
    with pytest.raises(StoreError, match="is read-only"):
        Store.open(frozen)
    fill(place)
    with StoreReader(frozen) as reader:
        assert len(reader.entries("abc")) == 3


def test_another_programs_tables_are_left_alone(server: Server) -> None:
    place = server.place()
    outside(place).execute("CREATE TABLE session (cookie TEXT)")
    before = schema(place)
    assert "is another program's (it has the tables session)" in refusal(place)
    assert schema(place) == before


def test_stores_in_one_database_know_nothing_of_each_other(server: Server) -> None:
    one, two = server.place(), server.place()
    fill(one, "abc")
    with Store.open(two) as store:
        assert store.catalog.list() == []
        # Neither does one that must be alone wait for writers of the other.
        held = outside(one)
        held.begin()
        store.rebuild()


async def test_what_postgres_cannot_hold_is_shown_by_its_picture(server: Server) -> None:
    with Store.open(server.place()) as store:
        log = store.create("abc")
        question = "a\0b"
        await log.append(samples.started(log, "abc", question, "text\0\ud800"), samples.ended(log, "\0"))
        assert store.reader.entries("abc")[0].event.query == question, "the log has it as it is"
        assert store.catalog.find("abc").query == "a\N{SYMBOL FOR NULL}b"
        assert store.reader.text(samples.ref("text\0\ud800")) == "text\0\ud800"


@pytest.mark.parametrize(("durability", "setting"), [("full", "on"), ("normal", "off")])
def test_durability_is_the_servers(server: Server, durability: str, setting: str) -> None:
    connection = database.open_writable(server.place(), durability)
    assert connection.execute("SHOW synchronous_commit").fetchone() == (setting,)
    connection.close()


def test_a_reader_cannot_write(server: Server) -> None:
    place = server.place()
    fill(place)
    with StoreReader(place) as reader, pytest.raises(StoreError, match="is read-only"):
        reader.query("DELETE FROM mark")


WORKER = """
import sys
from rlm_tui.events import LogPoint
from rlm_tui.store import Store
from tests.unit.store import samples
place, name = sys.argv[1:]
with Store.open(place, durability="normal") as store:
    log = store.create(name)
    log.append_now(samples.started(log, name), samples.node())
    print("ready", flush=True)
    sys.stdin.readline()
    # Every program keeps the same texts, in an order of its own.
    order = range(40) if name == "one" else reversed(range(40))
    for number in order:
        log.put(f"a text of all {number} " * 20)
        log.append_now(LogPoint(number=number, node="0", text=name))
    log.append_now(samples.ended(log))
    print("done", flush=True)
    sys.stdin.readline()
"""


def test_two_programs_write_their_sessions_at_once_and_not_each_others(server: Server) -> None:
    place = server.place()
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, os.fspath(place), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for program in programs:
        assert program.stdout is not None and program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
    for program in programs:
        assert program.stdout is not None and program.stdout.readline() == "done\n"
    with Store.open(place) as store:
        assert {row.id: row.last_seq for row in store.catalog.list()} == {"one": 43, "two": 43}
        for name in ("one", "two"):
            assert [entry.seq for entry in store.reader.entries(name)] == list(range(1, 44))
            with pytest.raises(StoreError, match=f"session {name} is being written by process"):
                store.resume(name)
        assert store.reader.query(
            "SELECT count(*) FROM blob WHERE sha IN (SELECT sha FROM blob WHERE chars > 300)"
        ) == [(40,)]
    for program in programs:
        program.communicate("\n")
        assert program.returncode == 0
    with Store.open(place) as store:
        assert store.resume("one").append_now(samples.node())[0].seq == 44


def test_programs_that_wait_for_each_other_try_again(server: Server) -> None:
    """A deadlock, made on purpose: each writes one row and then the other's."""
    place = server.place()
    fill(place, "one")
    fill(place, "two")
    both, done, runs = threading.Barrier(2, timeout=30), threading.Event(), []

    def mark(first: str, second: str) -> None:
        def cross(connection: Connection) -> None:
            if first in runs:
                # Whoever was undone lets the other end, or they could get in each other's way once more.
                assert done.wait(30)
            runs.append(first)
            for session in (first, second):
                connection.execute(
                    "INSERT INTO mark (session, tags, note) VALUES (?, ?, '') ON CONFLICT (session) DO UPDATE SET tags = ?",
                    (session, first, first),
                )
                if session == first and not done.is_set():
                    both.wait()

        with Store.open(place) as store:
            store._writer.call(cross)
            done.set()

    threads = [threading.Thread(target=mark, args=names) for names in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 3, "one of them ran twice"
    rows = outside(place).execute("SELECT session, tags FROM mark ORDER BY session").fetchall()
    assert rows in ([("one", "one"), ("two", "one")], [("one", "two"), ("two", "two")])


async def test_a_server_that_was_restarted_is_found_again(server: Server) -> None:
    with Store.open(server.place()) as store:
        log = store.create("abc")
        first = await log.append(samples.started(log, "abc"))
        assert store.reader.entries("abc") == list(first)
        server.stop()
        try:
            with pytest.raises(LogError, match=r"the server of the store .* can't be reached"):
                await log.append(samples.node())
            with pytest.raises(StoreError, match=r"can't be reached|was lost"):
                store.reader.entries("abc")
        finally:
            server.start()
        (entry,) = await log.append(samples.node())
        assert entry.seq == 2 and store.reader.entries("abc") == [*first, entry]
        server.stop()
        server.start()
        # Nobody noticed this time: the connection is found to be dead when it is used.
        await log.append(samples.node())
        assert log.last_seq == 3
        with pytest.raises(StoreError, match="was lost"):
            store.reader.entries("abc")
        assert len(store.reader.entries("abc")) == 3


async def test_a_process_elsewhere_is_alive_while_it_is_connected(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = server.place()
    there = Store.open(place)
    log = there.create("abc")
    await log.append(samples.started(log, "abc"))
    with Store.open(place) as here:
        # As another machine sees it.
        monkeypatch.setattr(lease, "host", lambda: "elsewhere")
        assert here.catalog.find("abc").status == "running"
        outside(place).execute("UPDATE lease SET pid = pid + 1")
        assert here.catalog.find("abc").status == "interrupted"
    monkeypatch.undo()
    there.close()


WORDS = [
    "Ada",
    "ada's",
    "met",
    "MÉT",
    "Bob",
    "bob_cid",
    "Zoë",
    "straße",
    "STRASSE",
    "1815",
    "1,815",
    "naïve",
    "x.y",
    "漢字",
    "the",
    "the",
    "a",
    "İstanbul",
    "ﬁne",
]


async def test_both_databases_find_the_same_in_the_same_order(server: Server, file: Path) -> None:
    chance = random.Random(7)
    stores = [Store.open(file, durability="normal"), Store.open(server.place(), durability="normal")]
    texts = [" ".join(chance.choices(WORDS, k=chance.randint(1, 60))) for _ in range(120)]
    texts.append("the ada " * 30_000)
    for store in stores:
        for number in range(0, len(texts), 11):
            log = store.create(f"s{number:03}")
            await log.append(samples.started(log, log.session, texts[number]))
            for turn, text in enumerate(texts[number : number + 11], 1):
                await log.append(*samples.turn(log, turn, text))
            log.close()
    searches = [
        *WORDS,
        "ada bob",
        '"the the"',
        '"ada met"',
        '"the a"',
        "nai*",
        '"met bo*"',
        "1* ada",
        "the",
        "_ ada",
        "_",
        "x.y*",
        "ss strasse",
        *(" ".join(chance.sample(WORDS, 2)) for _ in range(30)),
        *(f'"{" ".join(chance.sample(WORDS, 2))}"' for _ in range(30)),
    ]
    for wanted in searches:
        one, two = (store.search(wanted, limit=40) for store in stores)
        assert one == two, wanted
        assert search.sessions(stores[0].reader, wanted) == search.sessions(stores[1].reader, wanted), wanted
    assert sum(bool(stores[0].search(wanted)) for wanted in searches) > 40
    one, two = (store.search("ada", session="s011") for store in stores)
    assert one == two != []
    for store in stores:
        store.remove("s110")
    assert stores[0].search("ada the", limit=500) == stores[1].search("ada the", limit=500) != []
    for store in stores:
        store.close()


async def test_a_text_with_too_many_words_for_the_index_is_found(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rlm_tui.store.postgres import words

    monkeypatch.setattr(words, "LARGEST", 50)
    with Store.open(server.place()) as store:
        log = store.create("abc")
        long = "z" * 3000
        await log.append(
            samples.started(log, "abc", "Where?"), *samples.turn(log, 1, f"the quick brown fox {long} jumps")
        )
        for wanted in ("fox", '"brown fox"', "fo*", long, f"{long[:700]}*"):
            assert [hit.part for hit in store.search(wanted)] == ["reply"], wanted[:20]
        assert store.search('"fox brown"') == [] == store.search(long + "z")


async def test_sessions_are_searched_while_others_write(server: Server) -> None:
    place = server.place()
    with Store.open(place) as one, Store.open(place) as two:
        for number in range(6):
            log = one.create(f"s{number}")
            await log.append(samples.started(log, log.session), *samples.turn(log, 1))
        results = await asyncio.gather(*(asyncio.to_thread(store.search, "met") for store in (one, two) * 3))
        assert all(result == results[0] for result in results) and results[0]
        assert one.reader.query("SELECT count(*), count(DISTINCT (session, seq)) FROM passage") == [(24, 24)]
