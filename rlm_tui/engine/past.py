"""What a continued session has already written, so that catching up with it writes nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rlm_tui.events import (
    AttemptFailed,
    AttemptStarted,
    BudgetExhausted,
    BudgetWarned,
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
    ReplOpened,
    ReplyRead,
    SessionAsked,
    SessionEnded,
    SessionResumed,
    SessionStarted,
    TextSeen,
    ToolCalled,
    ToolReturned,
    kind_of,
)

_ENDS = (NodeEnded, SessionEnded)
_REPEATED = (FinalProposed, FinalRefused, NodeWarned, BudgetExhausted, *_ENDS, BudgetWarned, SessionAsked)


class Past:
    """The events of a log by what they are about.

    What was cut off (a crash, a cancellation, a failure of the root) does not count as written: it will come again.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._names: set[tuple[object, ...]] = set()
        self._finished: set[str] = set()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._seen: Counter[tuple[str, str]] = Counter()
        for entry in entries:
            event = entry.event
            if isinstance(event, SessionResumed) or cut_off(event):
                continue
            if isinstance(event, CellFinished):
                self._finished.add(event.cell)
            if isinstance(event, _REPEATED):
                self._counts[_place(event)] += 1
            elif (name := _name(event)) is not None:
                self._names.add(name)

    def holds(self, event: Event) -> bool:
        """Whether the log has this event already."""
        if isinstance(event, CellOutput):
            return event.cell in self._finished
        if isinstance(event, _REPEATED):
            place = _place(event)
            self._seen[place] += 1
            return self._seen[place] <= self._counts[place]
        return (name := _name(event)) is not None and name in self._names


def cut_off(event: Event) -> bool:
    """Whether an event ends something that a continued session takes up again."""
    match event:
        case CallFailed(fault=fault, call=call):
            return fault.kind == "cancelled" or call.startswith("0:t")
        case NodeEnded(status=status, node=node):
            return status == "cancelled" or (status == "failed" and node == "0")
        case SessionEnded(status=status):
            return status in ("cancelled", "failed")
        case _:
            return False


def _place(event: Event) -> tuple[str, str]:
    """What events of one kind are counted by, where there can be several."""
    return kind_of(event), str(getattr(event, "node", "") or getattr(event, "limit", ""))


def _name(event: Event) -> tuple[object, ...] | None:
    """What an event is about, when there can be only one such event in a session."""
    kind = kind_of(event)
    match event:
        case SessionStarted():
            return (kind,)
        case NodeStarted():
            return (kind, event.node)
        case ReplOpened():
            return (kind, event.node, event.walls)
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
