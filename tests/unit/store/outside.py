"""Looking at a store, and meddling with it, past everything that guards it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from rlm_tui.config.store_url import StorePlace, StoreUrl
from rlm_tui.store.connection import Connection, SqliteConnection


def is_file(place: StorePlace) -> bool:
    return isinstance(place, Path)


def outside(place: StorePlace) -> Connection:
    """A connection that commits each statement and checks nothing."""
    if isinstance(place, StoreUrl):
        from rlm_tui.store.postgres.connection import PostgresConnection
        from rlm_tui.store.postgres.database import connect

        return PostgresConnection(connect(place), 0)
    return sqlite3.connect(place, isolation_level=None, factory=SqliteConnection)


def schema(place: StorePlace) -> dict[str, str]:
    """What tables, indexes and triggers there are: their names, and what they are."""
    if isinstance(place, StoreUrl):
        statement = """
            SELECT 'table ' || table_name, string_agg(column_name || ' ' || data_type || ' ' || is_nullable || ' '
                || coalesce(collation_name, ''), ', ' ORDER BY ordinal_position)
            FROM information_schema.columns WHERE table_schema = current_schema() GROUP BY table_name
            UNION ALL SELECT 'index ' || indexname, replace(indexdef, current_schema() || '.', '')
            FROM pg_indexes WHERE schemaname = current_schema()
            UNION ALL SELECT 'trigger ' || tgname, replace(pg_get_triggerdef(oid), current_schema() || '.', '')
            FROM pg_trigger WHERE NOT tgisinternal AND tgfoid IN
                (SELECT oid FROM pg_proc WHERE pronamespace = current_schema()::regnamespace)
            UNION ALL SELECT 'function ' || proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        """
    else:
        statement = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    connection = outside(place)
    found = {name: " ".join(text.split()) for name, text in connection.execute(statement)}
    connection.close()
    return found


def version(place: StorePlace) -> int:
    """The version that the store says it has."""
    ask = "PRAGMA user_version" if is_file(place) else "SELECT version_num FROM rlm_tui_version"
    connection = outside(place)
    number = int(connection.execute(ask).fetchone()[0])
    connection.close()
    return number


def set_version(place: StorePlace, number: int) -> None:
    """Make the store say that it has another version."""
    tell = f"PRAGMA user_version={number}" if is_file(place) else f"UPDATE rlm_tui_version SET version_num = '{number}'"
    connection = outside(place)
    connection.execute(tell)
    connection.close()


def name(place: StorePlace) -> str:
    """The place as an argument of a program."""
    return os.fspath(place)
