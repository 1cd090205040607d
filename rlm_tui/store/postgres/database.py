"""Opening a store in PostgreSQL: the address, the rights, the schema's version, and every refusal in one sentence.

A store fills one schema of a database, the first of the search path (``public``, unless the address or the server says
otherwise: ``?options=-csearch_path%3Dname``). Its version stands in the table of Alembic's, ``rlm_tui_version``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rlm_tui.config.store_url import EXAMPLE, SCHEMES, StoreUrl
from rlm_tui.store import database
from rlm_tui.store.errors import ELSEWHERE, NoStoreYet, StoreError

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError as missing:
    raise StoreError(
        "a store in PostgreSQL needs its driver, which is not installed; pip install 'rlm-tui[postgres]', "
        f"or {ELSEWHERE}"
    ) from missing

from rlm_tui.store.postgres.connection import LOCKS, PostgresConnection, own_name
from rlm_tui.store.postgres.errors import bad_address, explain

SCHEMA = Path(database.__file__).with_name("schema_postgresql.sql")
TABLES = ("event", "blob", "session", "lease", "mark", "removal", "bench_cell", "bench_attempt", "passage", "indexed")
VERSION_TABLE = "rlm_tui_version"

_PATIENCE = {
    "connect_timeout": 10,
    "tcp_user_timeout": 30_000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""How long a server may be silent, unless the address says otherwise: without these, for hours."""

_ALWAYS = (
    "SET client_min_messages = warning; "
    # So that the server notices within a minute that a machine is gone, and its sessions are free again.
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"
)
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')"
_STATE = (
    "SELECT current_schema(), coalesce(current_schema()::regnamespace::oid::bigint, 0), current_setting('server_encoding'),"
    " to_regclass(format('%I.%I', coalesce(current_schema(), ''), '{table}')) IS NOT NULL,"
    " coalesce((SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class"
    " WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname IN ({names})), ''),"
    " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false), pg_is_in_recovery()"
).format(table=VERSION_TABLE, names=", ".join(f"'{name}'" for name in TABLES))


class State(NamedTuple):
    """What is in the schema: its name and number, the version (0: no store), and whether tables may be made."""

    schema: str
    number: int
    version: int
    may_create: bool
    frozen: bool


def open_writable(place: StoreUrl, durability: str) -> PostgresConnection:
    """A connection that may write, with the schema in place. Raises `StoreError`."""
    raw = connect(place)
    try:
        if durability == "full":
            raw.execute(_DURABLE)
        else:
            raw.execute("SET synchronous_commit = off")
        raw.execute(f"SET lock_timeout = '{database.BUSY_SECONDS:g}s'; {_ALWAYS}".encode())
        state = state_of(raw, place)
        _check_rights(raw, state, place)
        if state.version < database.VERSION:
            _make_ready(raw, state, place)
        return PostgresConnection(raw, state.number)
    except psycopg.Error as error:
        raw.close()
        raise StoreError(explain(error, place)) from error
    except BaseException:
        raw.close()
        raise


def check_writable(place: StoreUrl) -> None:
    """Raise `StoreError` if a store at `place` could not be opened for writing. Makes and changes nothing."""
    raw = connect(place)
    try:
        state = state_of(raw, place)
        _check_rights(raw, state, place)
        if state.version < database.VERSION and not state.may_create:
            raise StoreError(_may_not_create(state, place))
    except psycopg.Error as error:
        raise StoreError(explain(error, place)) from error
    finally:
        raw.close()


def open_readable(place: StoreUrl) -> PostgresConnection:
    """A connection that only reads. Raises `StoreError`."""
    raw = connect(place)
    try:
        raw.execute((_ALWAYS + "; SET default_transaction_read_only = on").encode())
        state = state_of(raw, place)
        if state.version == 0:
            raise NoStoreYet(f"there is no store at {place} yet; a first session makes one, or {ELSEWHERE}")
        if state.version < database.VERSION:
            raw.close()
            # An older store is brought up to date first, which needs the right to write to it.
            open_writable(place, "full").close()
            return open_readable(place)
        return PostgresConnection(raw, state.number)
    except psycopg.Error as error:
        raw.close()
        raise StoreError(explain(error, place)) from error
    except BaseException:
        raw.close()
        raise


def connect(place: StoreUrl) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection as the driver gives it, in autocommit. Raises `StoreError`."""
    if place.scheme.lower() not in SCHEMES:
        raise StoreError(f"a store is a file or {EXAMPLE}, not {place}; {ELSEWHERE}")
    try:
        given: dict[str, Any] = dict(conninfo_to_dict(conninfo(place)))
    except psycopg.Error:
        raise StoreError(bad_address(place)) from None
    for name, value in _PATIENCE.items():
        given.setdefault(name, value)
    given |= {"application_name": own_name(), "client_encoding": "UTF8"}
    try:
        return psycopg.connect(**given, autocommit=True, cursor_factory=psycopg.RawCursor)
    except psycopg.Error as error:
        raise StoreError(explain(error, place)) from None


def conninfo(place: StoreUrl) -> str:
    """The address as libpq reads it: without the name of the driver."""
    return f"postgresql://{os.fspath(place).partition('://')[2]}"


def state_of(raw: psycopg.Connection[tuple[Any, ...]], place: StoreUrl) -> State:
    """What is there. Raises `StoreError` for what isn't ours or is newer than we are."""
    found = raw.execute(_STATE.encode()).fetchone()
    assert found is not None
    schema, oid, encoding, ours, tables, may_create, recovery = found
    if schema is None:
        raise StoreError(
            f"the store {place} has no schema to be in: none of the search path exists; make it, or {ELSEWHERE}"
        )
    if encoding != "UTF8":
        raise StoreError(f"the database of the store {place} is in {encoding}, not in UTF8; {ELSEWHERE}")
    version = 0
    if ours:
        row = raw.execute(f"SELECT version_num FROM {VERSION_TABLE}".encode()).fetchone()
        version = int(row[0]) if row else 0
    elif tables:
        raise StoreError(
            f"the schema {schema} of {place} is another program's (it has the tables {tables}); "
            f"choose another database or schema with --store or RLM_TUI_STORE"
        )
    if version > database.VERSION:
        raise StoreError(
            f"the store {place} was written by a newer rlm-tui (store version {version}, this one knows up to "
            f"{database.VERSION}); upgrade rlm-tui, or {ELSEWHERE}"
        )
    # Locks are named by signed numbers of 32 bits.
    return State(schema, oid - (1 << 32) if oid >= 1 << 31 else oid, version, may_create, recovery)


def statements() -> Iterator[str]:
    """The statements of the schema, which blank lines part."""
    for block in SCHEMA.read_text("utf-8").split("\n\n"):
        if not block.startswith("--"):
            yield block.strip().removesuffix(";")


def _make_ready(raw: psycopg.Connection[tuple[Any, ...]], state: State, place: StoreUrl) -> None:
    """Create or migrate what is missing, alone: two programs may be doing this at once."""
    if not state.may_create:
        raise StoreError(_may_not_create(state, place))
    if state.version:
        from rlm_tui.store.postgres.migrate import migrate

        migrate(place, state)
        return
    with raw.transaction():
        raw.execute(f"SELECT pg_advisory_xact_lock({LOCKS}, {state.number})".encode())
        if state_of(raw, place).version:
            return
        for statement in statements():
            raw.execute(statement.encode())
        raw.execute(
            f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY)".encode()
        )
        raw.execute(f"INSERT INTO {VERSION_TABLE} VALUES ('{database.VERSION:04}')".encode())


def _check_rights(raw: psycopg.Connection[tuple[Any, ...]], state: State, place: StoreUrl) -> None:
    """Find out now what may not be written to, before anything is paid for."""
    if state.frozen:
        raise StoreError(f"the store {place} is read-only (the server is a standby); {ELSEWHERE}")
    found = raw.execute(
        b"SELECT string_agg(t.relname || ' (' || p.name || ')', ', ' ORDER BY t.relname, p.name) FROM pg_class t"
        b" JOIN (VALUES ('event', 'SELECT'), ('event', 'INSERT'), ('blob', 'SELECT'), ('blob', 'INSERT'),"
        b" ('session', 'INSERT'), ('session', 'UPDATE'), ('lease', 'INSERT'), ('lease', 'UPDATE'), ('lease', 'DELETE'))"
        b" p(relation, name) ON p.relation = t.relname"
        b" WHERE t.relnamespace = $1 AND t.relkind = 'r' AND NOT has_table_privilege(t.oid, p.name)",
        (state.number & 0xFFFFFFFF,),
    ).fetchone()
    if found is not None and found[0]:
        raise StoreError(
            f"the user of the store {place} may not write to it: {found[0]} is missing; ask the owner of the database "
            f"for these rights, or {ELSEWHERE}"
        )


def _may_not_create(state: State, place: StoreUrl) -> str:
    return (
        f"the user of the store {place} may not make tables in the schema {state.schema}; ask the owner of the database "
        f"for the right (GRANT CREATE ON SCHEMA), or {ELSEWHERE}"
    )
