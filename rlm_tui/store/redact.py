"""A session without its words: structure, times, tokens and cost stay, what anybody wrote or read goes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from rlm_tui import events as ev
from rlm_tui.events import BlobRef, Entry, Event

if TYPE_CHECKING:
    from rlm_tui.store.recording import Recording
    from rlm_tui.store.row import SessionRow

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
    "until",
    "code",
    "expression",
    "value",
}
"""Fields that hold what somebody wrote, wherever in an event they stand."""

_EMPTIED: dict[str, Any] = {"tools": {}, "answer_schema": None}
"""Fields whose keys and values hold such words."""


_SHA = re.compile(r"[0-9a-f]{64}")


class Redacted:
    """A recording without its words.

    Texts are named by other names than the hashes of what they say: with those, whoever guesses a short text ("yes")
    could make sure. Equal texts still have equal names, within this object.
    """

    redacted = True

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._key = secrets.token_bytes(32)
        self.session = recording.session

    @property
    def row(self) -> SessionRow:
        from rlm_tui.store.recording import row_of

        return row_of(self.session, self.entries(), self.text)

    def entries(self, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        return [redacted(entry, self._key) for entry in self._recording.entries(after, limit)]

    def text(self, ref: BlobRef) -> str:
        raise KeyError(ref.sha)

    def close(self) -> None:
        self._recording.close()


def redacted(entry: Entry, key: bytes) -> Entry:
    """The entry with every text that stands in the event itself replaced, and documents without their names.

    `key` makes the names that texts get instead of their hashes.
    """
    built = msgspec.to_builtins(entry.event)
    if isinstance(entry.event, ev.SessionStarted):
        for number, document in enumerate(built["documents"]):
            document["name"] = f"document {number}"
    if isinstance(entry.event, ev.CellFinished):
        for number, variable in enumerate(built.get("variables", ())):
            variable["name"] = f"variable_{number}"
    if isinstance(entry.event, ev.MarkSet) and entry.event.name:
        built["name"] = HIDDEN
    event: Event = msgspec.convert(_hide(built, key), type(entry.event))
    return Entry(entry.seq, entry.at, event)


def _hide(value: Any, key: bytes) -> Any:
    if isinstance(value, dict):
        return {
            name: _EMPTIED[name]
            if name in _EMPTIED
            else HIDDEN
            if name in _WORDS and isinstance(item, str) and item
            else _hide(item, key)
            for name, item in value.items()
        }
    if not isinstance(value, list | tuple):
        return value
    if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int) and _SHA.fullmatch(value[0]):
        return [hmac.new(key, value[0].encode(), hashlib.sha256).hexdigest(), value[1]]
    return [_hide(item, key) for item in value]
