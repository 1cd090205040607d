"""Bringing an older store up to date. Loads Alembic, so it is imported only when that is due."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from rlm_tui.store.errors import StoreError, explain


def migrate(path: Path, version: int) -> Path:
    """Migrate the store at `path`, which is of schema `version`; returns where the backup of it is.

    The backup is made first, beside the store. Each step is one transaction that ends by setting ``user_version``, so a
    migration that fails or is interrupted leaves the step before. Raises `StoreError`.
    """
    copy = back_up(path, version)
    try:
        upgrade(path, version)
    except Exception as error:
        raise StoreError(
            f"the store {path} could not be brought up to date ({error}); a copy of it is in {copy}"
        ) from error
    return copy


def back_up(path: Path, version: int) -> Path:
    """Copy the store to ``NAME.vVERSION.bak`` (with a number when that exists already), as one consistent state."""
    copy, number = path.with_name(f"{path.name}.v{version}.bak"), 1
    while copy.exists():
        number += 1
        copy = path.with_name(f"{path.name}.v{version}.{number}.bak")
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("VACUUM INTO ?", (str(copy),))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(
            f"the store {path} needs an update, and the backup before it failed: {explain(error, copy)}"
        ) from error
    return copy


def upgrade(path: Path, version: int, to: str = "head") -> None:
    """Run the migrations after `version` (0: all of them) on the store at `path`."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=15)
    try:
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["engine"] = engine
        config.attributes["version"] = version
        command.upgrade(config, to)
        engine.dispose()
    finally:
        connection.close()
