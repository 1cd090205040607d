"""Who writes a session: at most one process at a time, and a dead one doesn't count."""

from __future__ import annotations

import functools
import os
import platform
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlm_tui.store.errors import StoreError

if TYPE_CHECKING:
    from rlm_tui.store.connection import Alive, Connection


@functools.cache
def host() -> str:
    """The name of this machine."""
    return platform.node()


def started(pid: int) -> str:
    """A mark that distinguishes `pid` from a later process of the same number; empty where the system gives none."""
    fields = _stat(pid)
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")[:8]
    except OSError:
        return ""
    return f"{boot}:{fields[19]}" if len(fields) > 19 else ""


@functools.cache
def own_start(pid: int) -> str:
    """`started` for this process, which asks for it with every session."""
    return started(pid)


def alive(pid: int, on: str, start: str) -> bool:
    """Whether the process that took a lease still runs. One on another machine is taken to be alive."""
    if on != host() or os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if _stat(pid)[:1] in (["Z"], ["X"]):
        # It has ended, and only its parent has not noticed yet.
        return False
    return not start or started(pid) == start


def _stat(pid: int) -> list[str]:
    """What Linux says about a process, from its state on; empty elsewhere."""
    try:
        # The name before it may hold spaces and parentheses.
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []


_TAKE = (
    "INSERT INTO lease (session, token, pid, host, start, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session) DO UPDATE SET"
    " token = excluded.token, pid = excluded.pid, host = excluded.host, start = excluded.start, at = excluded.at"
    " WHERE lease.token = ?"
)


def take(connection: Connection, session: str, force: bool = False) -> str:
    """Become the writer of `session`, inside the caller's transaction; returns the token to give it back with.

    Raises `StoreError` if another living process has it, unless `force`.
    """
    token, pid = secrets.token_hex(8), os.getpid()
    mine = (session, token, pid, host(), own_start(pid), time.time())
    while True:
        held = connection.execute("SELECT pid, host, start, token FROM lease WHERE session = ?", (session,)).fetchone()
        if held and not force and connection.living()(*held[:3]):
            holder, on, *_ = held
            place = "" if on == host() else f" on {on}"
            raise StoreError(f"session {session} is being written by process {holder}{place}; end that one first")
        if connection.execute(_TAKE, (*mine, held[3] if held else "")).rowcount:
            return token
        # Another program took it between the two statements, which a server allows: look who.


def give_back(connection: Connection, session: str, token: str) -> None:
    """Stop being the writer of `session`."""
    connection.execute("DELETE FROM lease WHERE session = ? AND token = ?", (session, token))


def writer(query: Callable[..., Sequence[tuple[Any, ...]]], living: Alive, session: str) -> int | None:
    """The number of the living process that has the lease of `session`; ``None`` if nobody writes it.

    `query` runs a statement (`rlm_tui.store.reader.StoreReader.query`), `living` says whether a process still runs.
    """
    held = query("SELECT pid, host, start FROM lease WHERE session = ?", session)
    return int(held[0][0]) if held and living(*held[0]) else None
