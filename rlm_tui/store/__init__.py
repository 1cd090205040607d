"""Sessions in a database, SQLite or PostgreSQL: an append-only event log, content-addressed texts, and projections of them.

Importing this package loads nothing; its names are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlm_tui.store.catalog import Catalog, Sums
    from rlm_tui.store.errors import StoreError
    from rlm_tui.store.export import SessionFile, write_session
    from rlm_tui.store.importers import open_log
    from rlm_tui.store.importers.scribe import ForeignSession
    from rlm_tui.store.log import SessionLog
    from rlm_tui.store.reader import StoreReader
    from rlm_tui.store.recording import MemorySession, Recording, StoredSession, open_recording
    from rlm_tui.store.row import SessionRow
    from rlm_tui.store.search import Hit
    from rlm_tui.store.store import Store, new_id

_HOMES = {
    "Catalog": "catalog",
    "ForeignSession": "importers.scribe",
    "Hit": "search",
    "MemorySession": "recording",
    "Recording": "recording",
    "StoredSession": "recording",
    "SessionFile": "export",
    "SessionLog": "log",
    "SessionRow": "row",
    "Store": "store",
    "StoreError": "errors",
    "StoreReader": "reader",
    "Sums": "catalog",
    "new_id": "store",
    "open_log": "importers",
    "open_recording": "recording",
    "write_session": "export",
}

__all__ = [
    "Catalog",
    "ForeignSession",
    "Hit",
    "MemorySession",
    "Recording",
    "StoredSession",
    "SessionFile",
    "SessionLog",
    "SessionRow",
    "Store",
    "StoreError",
    "StoreReader",
    "Sums",
    "new_id",
    "open_log",
    "open_recording",
    "write_session",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
