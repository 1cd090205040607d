"""Events to bytes and back, across versions.

An event is stored as one JSON object whose ``kind`` says its type, together with `SCHEMA`, the version of this
vocabulary that wrote it. Reading an older record first passes it through every upgrade between its version and ours; a
newer record, or a kind that we don't know, is refused with a sentence rather than guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

import msgspec

from rlm_tui.events import call, cell, control, node, operator, session, tool
from rlm_tui.events.base import Event

SCHEMA = 1
"""Version of the vocabulary. Raise it when an old record would no longer decode, and add its upgrade."""

UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""``UPGRADES[n]`` turns the decoded JSON object of a version-n record into one of version n + 1."""

TYPES: tuple[type[Event], ...] = (
    session.SessionStarted,
    session.SessionEnded,
    session.SessionResumed,
    session.SessionAsked,
    node.NodeStarted,
    node.NodeEnded,
    node.ReplOpened,
    node.NodeWarned,
    call.CallReserved,
    call.AttemptStarted,
    call.AttemptFailed,
    call.CallPartial,
    call.CallFinished,
    call.CallFailed,
    call.ReplyRead,
    call.ConversationCompacted,
    cell.CellProposed,
    cell.CellEdited,
    cell.CellStarted,
    cell.CellOutput,
    cell.CellFinished,
    cell.FinalProposed,
    cell.FinalRefused,
    cell.TextSeen,
    tool.ToolCalled,
    tool.ToolReturned,
    control.Paused,
    control.Resumed,
    control.PauseRequested,
    control.Injected,
    control.Overridden,
    control.BreakpointSet,
    control.BreakpointCleared,
    control.LogPoint,
    control.BudgetWarned,
    control.BudgetExhausted,
    operator.Evaluated,
    operator.Interrupted,
    operator.MarkCleared,
    operator.MarkSet,
    operator.NodeRestarted,
    operator.WatchCleared,
    operator.Watched,
    operator.WatchSet,
)

KINDS: dict[str, type[Event]] = {str(t.__struct_config__.tag): t for t in TYPES}


class UnreadableEvent(ValueError):
    """A record can't be turned into an event: damaged, of an unknown kind, or written by a newer version."""


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Union[TYPES])  # noqa: UP007


def kind_of(event: Event) -> str:
    """The event's tag, as in ``call.finished``."""
    return str(event.__struct_config__.tag)


def encode(event: Event) -> bytes:
    """The event as UTF-8 JSON. Its strings must be free of lone surrogates (`clean` sees to that)."""
    return _encoder.encode(event)


def decode(data: bytes | str, schema: int = SCHEMA) -> Event:
    """Read one record written by version `schema`. Raises `UnreadableEvent`."""
    if schema > SCHEMA:
        raise UnreadableEvent(
            f"this event was written by a newer rlm-tui (event version {schema}, this one reads up to {SCHEMA}); upgrade rlm-tui"
        )
    try:
        if schema == SCHEMA:
            event = _decoder.decode(data)
        else:
            record = msgspec.json.decode(data, type=dict[str, Any])
            for version in range(schema, SCHEMA):
                if version in UPGRADES:
                    record = UPGRADES[version](record)
            event = _decoder.decode(msgspec.json.encode(record))
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnreadableEvent(f"this event can't be read: {error}") from None
    assert isinstance(event, Event)
    return event


def clean(text: str) -> str:
    """`text` with lone surrogates made visible, so that it can stand inside an event."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text
