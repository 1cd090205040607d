"""Bringing a store in PostgreSQL up to date. Loads Alembic, so it is imported only when that is due."""

from __future__ import annotations

from pathlib import Path

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from rlm_tui.config.store_url import StoreUrl
from rlm_tui.store.errors import StoreError
from rlm_tui.store.migrate import SCRIPTS, run
from rlm_tui.store.postgres.connection import LOCKS
from rlm_tui.store.postgres.database import VERSION_TABLE, State, conninfo


def migrate(place: StoreUrl, state: State) -> None:
    """Migrate the store, in one transaction: if that fails or is interrupted, the store is as it was.

    No copy is made first: that is for who looks after the server. Raises `StoreError`.
    """
    try:
        upgrade(place, state.number)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        for password in place.passwords:
            reason = reason.replace(password, "…")
        raise StoreError(f"the store {place} could not be brought up to date ({reason}); it is as it was") from None


def upgrade(place: StoreUrl, number: int, scripts: Path = SCRIPTS) -> None:
    """Run every migration after the store's version. Another program may be doing the same."""
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo(place)), poolclass=NullPool
    )
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCKS}, {number})")
            run(connection, scripts, VERSION_TABLE)
    finally:
        engine.dispose()
