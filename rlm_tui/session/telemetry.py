"""The collector that this process sends its sessions' spans to, if the user named one: as with logging, there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlm_tui.events import Entry, MemoryLog

if TYPE_CHECKING:
    from rlm_tui.session.adapters.live_otel import Telemetry
    from rlm_tui.store import SessionLog

_wanted: tuple[str, bool] | None = None
_telemetry: Telemetry | None = None


def begin(url: str, *, bodies: bool = False) -> None:
    """Send the spans of all sessions from now on to the collector at `url`, with texts if `bodies`.

    Raises `rlm_tui.session.adapters.live_otel.OtelError`.
    """
    global _telemetry, _wanted
    from rlm_tui.session.adapters.live_otel import Telemetry

    if _telemetry is not None:
        end()
    _telemetry, _wanted = Telemetry(url, bodies=bodies), (url, bodies)


def wanted() -> tuple[str, bool] | None:
    """What `begin` was called with, for the processes that work for this one."""
    return _wanted


def attach(log: SessionLog | MemoryLog, before: Sequence[Entry] = ()) -> None:
    """Have the session of `log` told, if there is a collector. `before` are its events so far, when it goes on."""
    if _telemetry is not None:
        log.listeners.append(_telemetry.watch(log.get, before))


def end() -> str:
    """Send what waits and stop; returns a sentence if something could not be delivered."""
    global _telemetry, _wanted
    telemetry, _telemetry, _wanted = _telemetry, None, None
    return telemetry.close() if telemetry is not None else ""
