"""The tables of a store. This metadata is the truth about its schema; ``schema.sql`` is made from it, and for PostgreSQL
``schema_postgresql.sql``.

``event`` and ``blob`` are the log itself: append-only, guarded by triggers. ``session`` is a projection that
`rlm_tui.store.rebuild` makes again from them; ``lease`` says who is writing a session at the moment; ``mark`` holds what
the user noted about a session; ``removal`` opens one session's events for deletion, for the length of a transaction.
``bench_cell`` and ``bench_attempt`` are the results of the laboratory, which no log holds: they are kept when everything
that is derived is made again.

Importing this module loads SQLModel, which takes longer than the first frame of the screen may. So only migrations do;
creating, appending and reading use ``schema.sql`` and plain SQL, which tests compare with these tables. After a change:
``python -m rlm_tui.store.tables``, and a migration.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import registry
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import Field, SQLModel


class Base(SQLModel, registry=registry()):
    """Parent of the tables. Its registry is our own: a host program may have a table called ``session`` too."""


class EventRecord(Base, table=True):
    """One event: `seq` counts from 1 without gaps within its session, `at` is seconds since the epoch."""

    __tablename__ = "event"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    at: float
    kind: str
    version: int = Field(sa_column=Column("schema", Integer, nullable=False))
    payload: str = Field(sa_type=Text)


class BlobRecord(Base, table=True):
    """One piece of a text, at most `rlm_tui.store.blobs.PIECE` characters.

    `chars` is the length of this piece; `coding` is ``raw`` (UTF-8 with surrogates passed) or ``zlib`` of that.
    """

    __tablename__ = "blob"

    sha: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    parts: int
    chars: int
    coding: str
    data: bytes = Field(sa_type=LargeBinary)


class SessionRecord(Base, table=True):
    """What the list of sessions shows (`rlm_tui.store.row.SessionRow`). `documents` is JSON: ``[[name, chars], …]``."""

    __tablename__ = "session"

    id: str = Field(primary_key=True)
    created: float = Field(index=True)
    updated: float
    ended: float | None
    query: str
    documents: str
    chars: int
    model: str
    sub_model: str | None
    origin: str
    parent: str | None
    parent_seq: int | None
    status: str
    answer: str | None
    limit: str | None
    error: str | None
    calls: int
    input: int
    cached: int
    cache_write: int
    output: int
    reasoning: int
    cost: float
    unpriced: int
    estimated: bool
    turns: int
    cells: int
    nodes: int
    depth: int
    errors: int
    last_seq: int


class LeaseRecord(Base, table=True):
    """The process that writes a session: `pid` on `host`, which started at `start`; `token` is the writer's own."""

    __tablename__ = "lease"

    session: str = Field(primary_key=True)
    token: str
    pid: int
    host: str
    start: str
    at: float


class MarkRecord(Base, table=True):
    """What the user noted about a session: `tags` (words with spaces between), `note`, `score` from 1 to 5."""

    __tablename__ = "mark"

    session: str = Field(primary_key=True)
    tags: str = ""
    note: str = ""
    score: int | None = None


class RemovalRecord(Base, table=True):
    """A session whose events may be deleted. A row lives only inside the transaction that deletes them."""

    __tablename__ = "removal"

    session: str = Field(primary_key=True)


class CellRecord(Base, table=True):
    """One cell of the laboratory's table (`rlm_tui.store.results.CellRow`): an item asked of a model by a method.

    `key` is what makes it the same cell. `parameters` is JSON. Sums are those of its last attempt, `attempts` counts them;
    `pid`, `host` and `start` say which process runs it.
    """

    __tablename__ = "bench_cell"

    key: str = Field(primary_key=True)
    suite: str = Field(index=True)
    task: str
    item: str
    window: str
    length: int
    answer_type: str
    document: str
    question: str = Field(sa_type=Text)
    method: str
    model: str
    parameters: str = Field(sa_type=Text)
    seed: int
    status: str
    attempts: int
    session: str | None
    started: float | None
    ended: float | None
    seconds: float | None
    official: float | None
    tolerant: float | None
    judge: float | None
    parsed: str
    answer: str | None = Field(sa_type=Text)
    limit: str | None
    error: str | None
    calls: int
    turns: int
    depth: int
    input: int
    cached: int
    output: int
    reasoning: int
    cost: float | None
    pid: int | None
    host: str | None
    start: str | None


class AttemptRecord(Base, table=True):
    """One run of a cell, kept also when a later one took its place. `cost` is what it cost, ``None`` if unknown."""

    __tablename__ = "bench_attempt"

    key: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    suite: str = Field(index=True)
    session: str
    status: str
    started: float
    ended: float | None
    official: float | None
    error: str | None
    cost: float | None


TRIGGERS = (
    """CREATE TRIGGER event_follows BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event WHERE session = NEW.session)
BEGIN SELECT RAISE(ABORT, 'an event must follow the last one of its session'); END""",
    """CREATE TRIGGER event_stays BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END""",
    """CREATE TRIGGER event_remains BEFORE DELETE ON event
WHEN NOT EXISTS (SELECT 1 FROM removal WHERE session = OLD.session)
BEGIN SELECT RAISE(ABORT, 'events are never deleted one by one'); END""",
    """CREATE TRIGGER blob_stays BEFORE UPDATE ON blob
BEGIN SELECT RAISE(ABORT, 'texts are never changed'); END""",
)
"""What the log's guarantees rest on. (``INSERT OR REPLACE`` of an event is stopped by ``event_follows``.)"""


def _guard(name: str, when: str, table: str, holds: str, message: str, each: str = "ROW") -> tuple[str, str]:
    """A function that refuses what `holds` says, as an integrity error, and the trigger that asks it."""
    row = "NEW" if "INSERT" in when else "OLD"
    return (
        f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF {holds} THEN
        RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN {row if each == "ROW" else "NULL"};
END $$""",
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()",
    )


POSTGRESQL_TRIGGERS = (
    # Texts are compressed already.
    "ALTER TABLE blob ALTER COLUMN data SET STORAGE EXTERNAL",
    *_guard(
        "event_follows",
        "INSERT",
        "event",
        "NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq), 0) + 1 FROM event WHERE session = NEW.session)",
        "an event must follow the last one of its session",
    ),
    *_guard("event_stays", "UPDATE", "event", "true", "events are never changed"),
    *_guard(
        "event_remains",
        "DELETE",
        "event",
        "NOT EXISTS (SELECT 1 FROM removal WHERE session = OLD.session)",
        "events are never deleted one by one",
    ),
    *_guard("events_remain", "TRUNCATE", "event", "true", "events are never deleted one by one", "STATEMENT"),
    *_guard("blob_stays", "UPDATE", "blob", "true", "texts are never changed"),
)
"""The same for PostgreSQL, which also has to be kept from emptying the table."""


class _Types(PGTypeCompiler):
    """Columns as wide as SQLite's, and texts in the order of their characters, whatever the database's language."""

    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:
        return "BIGINT"

    def visit_VARCHAR(self, type_: Any, **kw: Any) -> str:
        return 'TEXT COLLATE "C"'

    visit_TEXT = visit_VARCHAR


SCHEMA = Path(__file__).with_name("schema.sql")
POSTGRESQL_SCHEMA = Path(__file__).with_name("schema_postgresql.sql")


def ddl(dialect: Dialect | None = None) -> list[str]:
    """The statements that make an empty store, in order. `dialect` is SQLite's unless another is given."""
    dialect = dialect or sqlite.dialect()
    statements: list[str] = []
    tables: list[Table] = Base.metadata.sorted_tables
    for table in tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes: list[Any] = sorted(table.indexes, key=lambda index: str(index.name))
        statements.extend(str(CreateIndex(index).compile(dialect=dialect)).strip() for index in indexes)
    return [*statements, *(TRIGGERS if dialect.name == "sqlite" else POSTGRESQL_TRIGGERS)]


def postgres() -> Dialect:
    """PostgreSQL as our tables want it."""
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    dialect.type_compiler_instance = _Types(dialect)
    return dialect


def schema(dialect: Dialect | None = None) -> str:
    """What ``schema.sql`` has to hold, or ``schema_postgresql.sql``."""
    lines = "\n\n".join(f"{statement.replace(chr(9), '    ')};" for statement in ddl(dialect)).splitlines()
    return "-- Made from rlm_tui/store/tables.py.\n\n" + "\n".join(line.rstrip() for line in lines) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema(), encoding="utf-8")
    POSTGRESQL_SCHEMA.write_text(schema(postgres()), encoding="utf-8")
