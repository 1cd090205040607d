from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from rlm_tui.config.store_url import StorePlace
from rlm_tui.projection.fold import fold
from rlm_tui.store import Store, StoreError, StoreReader, database, migrate
from rlm_tui.store.check import check
from tests.support import postgres
from tests.unit.store import samples
from tests.unit.store.outside import is_file, outside, schema, version

NOW = database.VERSION
FIXTURES = Path(__file__).parents[2] / "fixtures" / "stores"

LATER = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "0003", "0002", None, None
def upgrade() -> None:
    with op.batch_alter_table("session") as batch:
        batch.add_column(sa.Column("colour", sa.String(), nullable=True))
    op.execute("UPDATE session SET colour = 'blue'")
"""
BROKEN = LATER.replace("'blue'\")", "'blue'\")\n    op.execute('INSERT INTO nowhere VALUES (1)')")


def fill(path: Path) -> None:
    with Store.open(path) as store:
        log = store.create("abc")
        log.append_now(samples.started(log, "abc"), samples.node(), samples.ended(log))


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of the next schema version: its migrations."""
    scripts = tmp_path / "100% later"
    shutil.copytree(migrate.SCRIPTS, scripts)
    (scripts / "versions" / "v0003_colour.py").write_text(LATER)
    monkeypatch.setattr(database, "VERSION", NOW + 1)
    monkeypatch.setattr(migrate.upgrade, "__defaults__", (scripts,))
    if postgres.why_not() is None:
        from rlm_tui.store.postgres import migrate as on_server

        monkeypatch.setattr(on_server.upgrade, "__defaults__", (scripts,))
    return scripts


def test_the_migrations_lead_to_the_tables_as_declared(tmp_path: Path) -> None:
    database.open_writable(tmp_path / "created.db").close()
    migrate.upgrade(tmp_path / "migrated.db")
    assert schema(tmp_path / "migrated.db") == schema(tmp_path / "created.db")
    assert version(tmp_path / "migrated.db") == database.VERSION


def test_the_migrations_lead_to_the_tables_as_declared_on_a_server_too(server: postgres.Server) -> None:
    from rlm_tui.store.postgres.migrate import upgrade

    created, migrated = server.place(), server.place()
    database.open_writable(created).close()
    upgrade(migrated, 0)
    assert schema(migrated) == schema(created)
    assert version(migrated) == database.VERSION


def test_there_is_a_migration_to_every_version() -> None:
    names = sorted(p.name[:5] for p in (migrate.SCRIPTS / "versions").glob("v*.py"))
    assert names == [f"v{number:04}" for number in range(1, database.VERSION + 1)]


@pytest.mark.parametrize("opening", [lambda path: Store.open(path).close(), lambda path: StoreReader(path).close()])
def test_an_older_store_is_migrated_after_a_backup(path: Path, later: Path, opening: object, request: object) -> None:
    with pytest.MonkeyPatch.context() as past:
        past.setattr(database, "VERSION", NOW)
        fill(path)
    opening(path)  # type: ignore[operator]
    assert version(path) == NOW + 1
    connection = outside(path)
    assert connection.execute("SELECT id, colour FROM session").fetchall() == [("abc", "blue")]
    with pytest.raises(connection.IntegrityError, match="never changed"):
        connection.execute("UPDATE event SET at = 0")
    connection.close()
    with StoreReader(path) as reader:
        assert len(reader.entries("abc")) == 3
    assert not {"alembic_version", "table alembic_version"} & set(schema(path))
    if not is_file(path):
        return
    copy = path.with_name(f"sessions.db.v{NOW}.bak")
    assert version(copy) == NOW and "colour" not in schema(copy)["session"]
    with Store.open(path) as store:
        assert len(store.reader.entries("abc")) == 3
    assert [p.name for p in path.parent.glob("*.bak")] == [copy.name], "a second opening needs no backup"


def test_a_migration_that_fails_leaves_everything_as_it_was(path: Path, later: Path) -> None:
    (later / "versions" / "v0003_colour.py").write_text(BROKEN)
    with pytest.MonkeyPatch.context() as past:
        past.setattr(database, "VERSION", NOW)
        fill(path)
    before = schema(path)
    for number in (1, 2):
        with pytest.raises(StoreError, match=r"could not be brought up to date .*nowhere.*; it is as it was"):
            Store.open(path)
        assert schema(path) == before and version(path) == NOW
        assert not is_file(path) or len(list(path.parent.glob("*.bak"))) == number
    with pytest.MonkeyPatch.context() as past:
        past.setattr(database, "VERSION", NOW)
        with StoreReader(path) as reader:
            assert len(reader.entries("abc")) == 3


def upgrade_past_the_version(path: StorePlace) -> None:
    """Migrate, as a program does that has just found an old version."""
    if isinstance(path, Path):
        migrate.migrate(path, NOW)
    else:
        from rlm_tui.store.postgres.migrate import upgrade

        upgrade(path, 0)


def test_a_second_program_finds_the_work_done(path: Path, later: Path) -> None:
    with pytest.MonkeyPatch.context() as past:
        past.setattr(database, "VERSION", NOW)
        fill(path)
    upgrade_past_the_version(path)
    after = schema(path)
    upgrade_past_the_version(path)
    assert schema(path) == after and version(path) == NOW + 1


@pytest.mark.parametrize("name", sorted(p.name for p in FIXTURES.glob("v*.db.gz")))
def test_stores_of_every_version_open(file: Path, name: str) -> None:
    file.write_bytes(gzip.decompress((FIXTURES / name).read_bytes()))
    with Store.open(file) as store:
        assert check(store.reader) == []
        finished, interrupted = store.catalog.find("aaa"), store.catalog.find("bbb")
        assert (finished.status, finished.answer, finished.turns, finished.last_seq) == ("completed", "Ada", 2, 21)
        assert (finished.tags, finished.note, finished.score) == (("good",), "a note", 4)
        assert (interrupted.status, interrupted.query) == ("interrupted", "Interrupted?")
        assert fold(store.reader.entries("aaaaaaaaaaaa")).spent == finished.usage
        before = store.catalog.list()
        store.rebuild()
        assert store.catalog.list() == before
        assert store.resume("bbbbbbbbbbbb").append_now(samples.node())[0].seq == 12


def test_there_is_a_store_of_every_version() -> None:
    assert {p.name for p in FIXTURES.glob("v*.db.gz")} == {f"v{n}.db.gz" for n in range(1, database.VERSION + 1)}
