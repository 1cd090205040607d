"""What a continued session has already written, so that catching up with it writes nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rlm_tui.events import (
    AttemptFailed,
    AttemptStarted,
    CallFailed,
    CallFinished,
    CallReserved,
    CellEdited,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    ConversationCompacted,
    Entry,
    Event,
    FinalProposed,
    FinalRefused,
    NodeEnded,
    NodeStarted,
    NodeWarned,
    ReplyRead,
    SessionResumed,
    SessionStarted,
    TextSeen,
    ToolCalled,
    ToolReturned,
    kind_of,
)

_REPEATED = (FinalProposed, FinalRefused, NodeWarned)


class Past:
    """The events of a log by what they are about.

    An answer that was cut off (a crash, a cancellation) does not count as written: it will come again.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._names: set[tuple[object, ...]] = set()
        self._finished: set[str] = set()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._seen: Counter[tuple[str, str]] = Counter()
        for entry in entries:
            event = entry.event
            if isinstance(event, SessionResumed) or (isinstance(event, CallFailed) and event.fault.kind == "cancelled"):
                continue
            if isinstance(event, CellFinished):
                self._finished.add(event.cell)
            if isinstance(event, _REPEATED):
                self._counts[kind_of(event), event.node] += 1
            elif (name := _name(event)) is not None:
                self._names.add(name)

    def holds(self, event: Event) -> bool:
        """Whether the log has this event already."""
        if isinstance(event, CellOutput):
            return event.cell in self._finished
        if isinstance(event, _REPEATED):
            place = (kind_of(event), event.node)
            self._seen[place] += 1
            return self._seen[place] <= self._counts[place]
        return (name := _name(event)) is not None and name in self._names


def _name(event: Event) -> tuple[object, ...] | None:
    """What an event is about, when there can be only one such event in a session."""
    kind = kind_of(event)
    match event:
        case SessionStarted():
            return (kind,)
        case NodeStarted() | NodeEnded():
            return (kind, event.node)
        case AttemptStarted() | AttemptFailed():
            return (kind, event.call, event.attempt)
        case CallReserved() | ReplyRead() | ConversationCompacted() | ToolCalled() | ToolReturned():
            return (kind, event.call)
        case CallFinished() | CallFailed():
            return ("call.ended", event.call)
        case CellProposed() | CellStarted() | CellFinished() | CellEdited():
            return (kind, event.cell)
        case TextSeen():
            return (kind, event.source)
        case _:
            return None
