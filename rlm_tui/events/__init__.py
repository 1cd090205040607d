"""The vocabulary of a session: immutable, typed facts, one file a family."""

from rlm_tui.events.base import Event
from rlm_tui.events.call import (
    AttemptFailed,
    AttemptStarted,
    CallFailed,
    CallFinished,
    CallPartial,
    CallReserved,
    ConversationCompacted,
    ReplyRead,
)
from rlm_tui.events.cell import (
    CellEdited,
    CellFinished,
    CellOutput,
    CellProposed,
    CellStarted,
    FinalProposed,
    FinalRefused,
    TextSeen,
)
from rlm_tui.events.codec import clean, decode, encode, kind_of
from rlm_tui.events.config import Limits, RunConfig
from rlm_tui.events.control import (
    BreakpointCleared,
    BreakpointSet,
    BudgetExhausted,
    BudgetWarned,
    Injected,
    LogPoint,
    Overridden,
    Paused,
    PauseRequested,
    Resumed,
)
from rlm_tui.events.log import Entry, Log, LogError, MemoryLog
from rlm_tui.events.node import NodeEnded, NodeStarted, NodeWarned
from rlm_tui.events.refs import BlobRef, CellError, DocumentRef, Fault, Message, Span, Usage, Variable
from rlm_tui.events.session import SessionAsked, SessionEnded, SessionResumed, SessionStarted
from rlm_tui.events.tool import ToolCalled, ToolReturned

__all__ = [
    "AttemptFailed",
    "AttemptStarted",
    "BlobRef",
    "BreakpointCleared",
    "BreakpointSet",
    "BudgetExhausted",
    "BudgetWarned",
    "CallFailed",
    "CallFinished",
    "CallPartial",
    "CallReserved",
    "CellEdited",
    "CellError",
    "CellFinished",
    "CellOutput",
    "CellProposed",
    "CellStarted",
    "ConversationCompacted",
    "DocumentRef",
    "Entry",
    "Event",
    "Fault",
    "FinalProposed",
    "FinalRefused",
    "Injected",
    "Limits",
    "Log",
    "LogError",
    "LogPoint",
    "MemoryLog",
    "Message",
    "NodeEnded",
    "NodeStarted",
    "NodeWarned",
    "Overridden",
    "PauseRequested",
    "Paused",
    "ReplyRead",
    "Resumed",
    "RunConfig",
    "SessionAsked",
    "SessionEnded",
    "SessionResumed",
    "SessionStarted",
    "Span",
    "TextSeen",
    "ToolCalled",
    "ToolReturned",
    "Usage",
    "Variable",
    "clean",
    "decode",
    "encode",
    "kind_of",
]
