"""A session without its words: structure, times, tokens and cost stay, what anybody wrote or read goes."""

from __future__ import annotations

from typing import Any

import msgspec

from rlm_tui import events as ev
from rlm_tui.events import Entry, Event

HIDDEN = "…"

_WORDS = {
    "query",
    "text",
    "echo",
    "message",
    "preview",
    "reason",
    "error",
    "notice",
    "condition",
    "advice",
    "path",
    "api_base",
}
"""Fields that hold what somebody wrote, wherever in an event they stand."""

_EMPTIED: dict[str, Any] = {"tools": {}, "answer_schema": None}
"""Fields whose keys and values hold such words."""


def redacted(entry: Entry) -> Entry:
    """The entry with every text that stands in the event itself replaced, and documents without their names."""
    built = msgspec.to_builtins(entry.event)
    if isinstance(entry.event, ev.SessionStarted):
        for number, document in enumerate(built["documents"]):
            document["name"] = f"document {number}"
    if isinstance(entry.event, ev.CellFinished):
        for number, variable in enumerate(built.get("variables", ())):
            variable["name"] = f"variable_{number}"
    event: Event = msgspec.convert(_hide(built), type(entry.event))
    return Entry(entry.seq, entry.at, event)


def _hide(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _EMPTIED[key]
            if key in _EMPTIED
            else HIDDEN
            if key in _WORDS and isinstance(item, str) and item
            else _hide(item)
            for key, item in value.items()
        }
    return [_hide(item) for item in value] if isinstance(value, list | tuple) else value
