"""Bringing an older store up to date. Loads Alembic, so it is imported only when that is due."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from rlm_tui.store.database import BUSY_SECONDS
from rlm_tui.store.errors import StoreError, explain

SCRIPTS = Path(__file__).parent / "migrations"


def migrate(path: Path, version: int) -> Path:
    """Migrate the store at `path`, which is of schema `version`; returns where the backup of it is.

    The backup is made first, beside the store. All steps are one transaction that ends by setting ``user_version``, so
    that a migration which fails or is interrupted leaves the store as it was. Raises `StoreError`.
    """
    copy = back_up(path, version)
    try:
        upgrade(path)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise StoreError(
            f"the store {path} could not be brought up to date ({reason}); it is as it was, and a copy of it is in {copy}"
        ) from error
    return copy


def back_up(path: Path, version: int) -> Path:
    """Copy the store to ``NAME.vVERSION.bak`` (with a number when that exists already), as one consistent state."""
    copy, number = path.with_name(f"{path.name}.v{version}.bak"), 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}.v{version}.{number}.bak")
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
        try:
            connection.execute("VACUUM INTO ?", (str(copy),))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(
            f"the store {path} needs an update, and the backup before it failed: {explain(error, copy)}"
        ) from error
    return copy


def upgrade(path: Path, scripts: Path = SCRIPTS) -> None:
    """Run every migration after the store's version, in one transaction. Another program may be doing the same."""
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _run(connection, scripts)
            connection.commit()
    finally:
        engine.dispose()
        raw.close()


def _run(connection: Connection, scripts: Path) -> None:
    # Our own version number is the truth; Alembic's table exists only while it works.
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    if version:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{version:04}')")
    run(connection, scripts, "alembic_version")
    reached = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    connection.exec_driver_sql("DROP TABLE alembic_version")
    connection.exec_driver_sql(f"PRAGMA user_version={int(reached)}")


def run(connection: Connection, scripts: Path, versions: str) -> None:
    """Run the migrations after the version that the table `versions` holds, inside the connection's transaction."""
    config = Config()
    # The percent sign is special in Alembic's configuration.
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["versions"] = versions
    command.upgrade(config, "head")
