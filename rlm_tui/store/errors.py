"""What can go wrong with a store, each in one sentence that says what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from rlm_tui.config.store_url import StorePlace, StoreUrl

ELSEWHERE = "choose another place with --store PATH or RLM_TUI_STORE"


AGAIN = "export the session again, or fetch a whole copy of the file"


class StoreError(Exception):
    """A store or a session can't be used. The message is one sentence for the user."""


class NoStoreYet(StoreError):
    """There is no store at this place yet, but there may be one."""


def explain(error: BaseException, path: StorePlace) -> str:
    """One sentence for what the database or the system said about the store at `path`."""
    if isinstance(error, StoreError):
        return str(error)
    if isinstance(path, StoreUrl):
        from rlm_tui.store.postgres import errors

        return errors.explain(error, path)
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL"):
        return f"the disk that holds the store {path} is full; free some space and try again (nothing was half-written)"
    if name.startswith("SQLITE_READONLY_DBMOVED"):
        return moved(path)
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return f"the store {path} is read-only; {ELSEWHERE}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"the store {path} is kept locked by another program; close that program and try again"
    if name.startswith("SQLITE_NOTADB"):
        return not_a_store(path)
    if name.startswith("SQLITE_CORRUPT"):
        return f"the store {path} is damaged ({error}); keep a copy of it, and {ELSEWHERE} to go on"
    if name.startswith("SQLITE_CANTOPEN"):
        return f"the store {path} can't be opened; check that its folder exists and may be read, or {ELSEWHERE}"
    if name.startswith("SQLITE_IOERR"):
        return f"the store {path} can't be read or written ({error}); check the disk, or {ELSEWHERE}"
    if isinstance(error, OSError):
        return f"the store {path} can't be used ({error.strerror or error}); {ELSEWHERE}"
    if isinstance(error, sqlite3.Error):
        return f"the store {path} refused: {error}"
    return f"the store {path} can't be used: {error}"


def not_a_store(path: Path) -> str:
    """The sentence for a file that is something else."""
    return f"{path} is not a store of rlm-tui; {ELSEWHERE}"


def moved(path: StorePlace) -> str:
    """The sentence for a store whose file has gone from its place while it was open."""
    return f"the store {path} was moved or deleted while it was open; put it back, or start again"
