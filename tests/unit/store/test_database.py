from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlm_tui.config.paths import store_path
from rlm_tui.store import Store, StoreError, StoreReader, database, tables
from rlm_tui.store.log import INSERT
from rlm_tui.store.row import COLUMNS
from tests.unit.store import samples
from tests.unit.store.outside import is_file, name, schema, set_version
from tests.unit.store.unprivileged import unprivileged


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may look into."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def fill(path: Path) -> None:
    with Store.open(path) as store:
        log = store.create("abc")
        log.append_now(samples.started(log, "abc"), samples.node(), samples.ended(log))


def test_every_connection_is_set_up(file: Path) -> None:
    connection = database.open_writable(file)
    values = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "user_version", "application_id")
    }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "user_version": database.VERSION,
        "application_id": database.APPLICATION,
    }
    connection.close()
    connection = database.open_writable(file, "normal")
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 1
    connection.close()


def test_the_plain_sql_names_the_columns_of_the_tables(file: Path) -> None:
    database.open_writable(file).close()
    connection = sqlite3.connect(file)
    made = {
        name: [column[1] for column in connection.execute(f'PRAGMA table_info("{name}")')]
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    }
    declared = {name: [c.name for c in table.columns] for name, table in tables.Base.metadata.tables.items()}
    assert {name: made[name] for name in declared} == declared
    assert made["session"] == list(COLUMNS)
    assert f"event ({', '.join(made['event'])})" in INSERT
    connection.close()


def test_the_schema_file_is_made_from_the_tables() -> None:
    assert tables.SCHEMA.read_text("utf-8") == tables.schema(), "run python -m rlm_tui.store.tables"
    assert tables.POSTGRESQL_SCHEMA.read_text("utf-8") == tables.schema(tables.postgres())


def test_the_tables_keep_out_of_a_host_programs_way() -> None:
    from sqlmodel import SQLModel

    assert not {"event", "session", "blob"} & set(SQLModel.metadata.tables)


def test_creating_appending_and_reading_load_neither_sqlmodel_nor_alembic(path: Path) -> None:
    program = f"""
import sys
from rlm_tui.config.paths import store_path
from rlm_tui.events import PauseRequested
from rlm_tui.store import Catalog, Store, StoreReader
with Store.open({name(path)!r}) as store:
    log = store.create("abc")
    log.append_now(PauseRequested())
with StoreReader(store_path({name(path)!r})) as reader:
    assert Catalog(reader).find("last").id == "abc"
    assert len(reader.entries("abc")) == 1
print([m for m in ("sqlmodel", "sqlalchemy", "alembic", "pydantic", "platformdirs", "textual") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_package_is_free() -> None:
    program = "import sys; before = set(sys.modules); import rlm_tui.store; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {m for m in eval(done.stdout) if not m.startswith("rlm_tui")}
    assert not loaded & {"sqlite3", "msgspec", "asyncio"}


def test_two_programs_create_the_same_store_at_once(path: Path) -> None:
    problems: list[BaseException] = []
    barrier = threading.Barrier(6)

    def create() -> None:
        barrier.wait()
        try:
            database.open_writable(path).close()
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_any_folder_name_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c#d%20e&é'\"\n;x"
    folder.mkdir()
    fill(folder / "100%.db")
    with StoreReader(folder / "100%.db") as reader:
        assert len(reader.entries("abc")) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == [folder.name]


def test_a_newer_store_is_refused(path: Path) -> None:
    fill(path)
    set_version(path, 999)
    for opening in (Store.open, StoreReader):
        with pytest.raises(StoreError, match=r"newer rlm-tui \(store version 999.*upgrade rlm-tui"):
            opening(path)


@pytest.mark.parametrize(
    "content", [b"hello, this is text\n" * 100, b"\x00" * 4096, b"SQLite format 3\x00" + b"\xff" * 4000]
)
def test_another_file_is_refused_and_left_alone(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for opening in (Store.open, StoreReader):
        with pytest.raises(StoreError, match=r"is not a store of rlm-tui; choose another place with --store"):
            opening(file)
    assert file.read_bytes() == content


def test_another_programs_database_is_refused_and_left_alone(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.commit()
    connection.close()
    before = file.read_bytes()
    for opening in (Store.open, StoreReader):
        with pytest.raises(StoreError, match="is not a store of rlm-tui"):
            opening(file)
    assert file.read_bytes() == before


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"the folder .*nowhere does not exist; make it first, or choose another"):
        Store.open(tmp_path / "nowhere" / "sessions.db")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file is not a folder"):
        Store.open(tmp_path / "file" / "sessions.db")


def test_the_default_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RLM_TUI_STORE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with Store.open() as store:
        assert store.path.exists()
        assert store.path.parent.stat().st_mode & 0o777 == 0o700


def test_reading_where_nothing_is_makes_nothing(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        StoreReader(path)
    assert not path.exists() if is_file(path) else schema(path) == {}


def test_an_unknown_durability(path: Path) -> None:
    with pytest.raises(StoreError, match="'full' or 'normal', not 'maybe'"):
        Store.open(path, durability="maybe")


def test_a_read_only_file_is_refused_for_writing_and_open_for_reading(open_folder: Path) -> None:
    path = open_folder / "sessions.db"
    fill(path)
    path.chmod(0o444)
    assert unprivileged(lambda: Store.open(path)) == (
        f"StoreError: the store {path} is read-only; choose another place with --store PATH or RLM_TUI_STORE"
    )
    assert unprivileged(lambda: len(StoreReader(path).entries("abc"))) == "3"


def test_a_folder_without_write_permission(open_folder: Path) -> None:
    problem = unprivileged(lambda: Store.open(open_folder / "sessions.db"))
    assert problem.startswith(f"StoreError: the folder {open_folder} can't be written to; choose")


def test_an_unreadable_store(open_folder: Path) -> None:
    path = open_folder / "sessions.db"
    fill(path)
    path.chmod(0o000)
    problem = unprivileged(lambda: StoreReader(path))
    assert re.fullmatch(
        rf"StoreError: the store {path} can't be (opened|used).*; .*--store PATH or RLM_TUI_STORE", problem
    )


def test_events_that_only_the_log_file_holds_are_read_from_a_read_only_medium(open_folder: Path) -> None:
    path, live = open_folder / "sessions.db", open_folder / "live"
    live.mkdir()
    store = Store.open(live / "sessions.db")
    log = store.create("abc")
    log.append_now(samples.started(log, "abc"), samples.node())
    for suffix in ("", "-wal"):
        shutil.copyfile(live / f"sessions.db{suffix}", f"{path}{suffix}")
        os.chmod(f"{path}{suffix}", 0o444)
    assert path.with_name("sessions.db-wal").stat().st_size > 0
    store.close()
    assert unprivileged(lambda: [e.seq for e in StoreReader(path).entries("abc")]) == "[1, 2]"
    assert sorted(p.name for p in open_folder.iterdir()) == ["live", "sessions.db", "sessions.db-wal"]


def test_looking_whether_a_store_can_be_written_changes_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database.check_writable(file)
    assert not file.exists()
    monkeypatch.setenv("XDG_DATA_HOME", str(file.parent / "a" / "b"))
    monkeypatch.delenv("RLM_TUI_STORE", raising=False)
    database.check_writable(store_path())
    assert not (file.parent / "a").exists()
    fill(file)
    before = file.read_bytes()
    database.check_writable(file)
    assert file.read_bytes() == before
    with pytest.raises(StoreError, match="does not exist; make it first"):
        database.check_writable(file.parent / "no" / "x.db")
    file.write_text("text " * 100)
    with pytest.raises(StoreError, match="is not a store"):
        database.check_writable(file)


def test_looking_at_a_store_that_cannot_be_written(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = open_folder / "sessions.db"
    assert "can't be written to" in unprivileged(lambda: database.check_writable(path))
    monkeypatch.setenv("XDG_DATA_HOME", str(open_folder / "data"))
    monkeypatch.delenv("RLM_TUI_STORE", raising=False)
    assert f"can't be made in {open_folder}" in unprivileged(lambda: database.check_writable(store_path()))
    assert f"can't be made ({os.strerror(13)})" in unprivileged(Store.open)
    fill(path)
    path.chmod(0o444)
    assert "is read-only" in unprivileged(lambda: database.check_writable(path))
