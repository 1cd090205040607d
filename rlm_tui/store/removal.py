"""Deleting sessions, and the texts that nobody refers to any more.

The log is append-only: single events never go, only whole sessions, in one transaction.
"""

from __future__ import annotations

from rlm_tui.store import search
from rlm_tui.store.blobs import references
from rlm_tui.store.connection import Connection
from rlm_tui.store.errors import StoreError

PAYLOADS = "SELECT CAST(payload AS BLOB) FROM event"


def remove(connection: Connection, session: str) -> int:
    """Delete `session`, inside the caller's transaction; returns how many texts went with it.

    Raises `StoreError` if there is no such session or a living process writes it.
    """
    if connection.execute("SELECT 1 FROM event WHERE session = ? LIMIT 1", (session,)).fetchone() is None:
        raise StoreError(f"there is no session {session}; `rlm-tui sessions` lists them")
    held = connection.execute("SELECT pid, host, start FROM lease WHERE session = ?", (session,)).fetchone()
    if held and connection.living()(*held):
        raise StoreError(f"session {session} is being written by process {held[0]}; end that one first")
    candidates = _referred(connection, " WHERE session = ?", session)
    search.forget(connection, session)
    connection.execute("INSERT INTO removal (session) VALUES (?) ON CONFLICT (session) DO NOTHING", (session,))
    for table in ("event", "mark", "lease", "removal"):
        connection.execute(f"DELETE FROM {table} WHERE session = ?", (session,))
    connection.execute("DELETE FROM session WHERE id = ?", (session,))
    return _free(connection, candidates)


def free_texts(connection: Connection) -> int:
    """Delete every text that no event refers to, inside the caller's transaction; returns how many."""
    return _free(connection, {sha for (sha,) in connection.execute("SELECT sha FROM blob WHERE part = 0")})


def _free(connection: Connection, candidates: set[str]) -> int:
    # A running session may have put a text whose event is still to come. What is left over now goes next time.
    living = connection.living()
    if any(living(*held) for held in connection.execute("SELECT pid, host, start FROM lease")):
        return 0
    candidates = candidates - _referred(connection, "") if candidates else candidates
    connection.executemany("DELETE FROM blob WHERE sha = ?", [(sha,) for sha in candidates])
    return len(candidates)


def _referred(connection: Connection, where: str, *values: str) -> set[str]:
    return {ref.sha for (payload,) in connection.execute(PAYLOADS + where, values) for ref in references(payload)}
