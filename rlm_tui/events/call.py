"""Events about requests to model providers."""

from __future__ import annotations

from rlm_tui.events.base import Event
from rlm_tui.events.refs import BlobRef, Fault, Message, Usage


class CallReserved(Event, frozen=True, tag="call.reserved"):
    """A request is about to be sent and its price is set aside. Committed before the request.

    `purpose` is ``turn``, ``leaf``, ``extract`` or ``compaction``. `messages` is the whole prompt by reference.
    `estimate` is what was reserved (its `cost` is meaningless when `estimate.unpriced`). `degraded` marks an `rlm_query`
    that became a leaf at the depth limit. `turn` is set for turns; `cell`, `ordinal`, `batch` for calls made by code.
    """

    call: str
    node: str
    purpose: str
    model: str
    messages: tuple[Message, ...]
    max_output_tokens: int
    estimate: Usage
    turn: int | None = None
    cell: str | None = None
    ordinal: int | None = None
    batch: int | None = None
    degraded: bool = False
    depth: int = 0


class AttemptStarted(Event, frozen=True, tag="attempt.started"):
    """Try number `attempt` (from 1) of a call goes out. `attempt` > 1 is a retry."""

    call: str
    attempt: int


class AttemptFailed(Event, frozen=True, tag="attempt.failed"):
    """A try failed; `retry_in` is the pause in seconds before the next one, ``None`` if there is none."""

    call: str
    attempt: int
    fault: Fault
    retry_in: float | None = None


class CallPartial(Event, frozen=True, tag="call.partial"):
    """Text that a streamed reply grew by (every 250 ms or 4 kB; the finished call replaces it)."""

    call: str
    text: str


class CallFinished(Event, frozen=True, tag="call.finished"):
    """A reply arrived. Committed before it is used.

    `finish` is the provider's reason (``stop``, ``length`` …) or ``unknown`` when the stream ended without one.
    `source` is ``provider``, ``record`` (answered from an identical recorded call) or ``operator`` (overridden by hand).
    `seconds` is the whole call's time, `first_text` the time to the first piece of text.
    """

    call: str
    reply: BlobRef
    usage: Usage
    finish: str = "stop"
    source: str = "provider"
    seconds: float = 0.0
    first_text: float | None = None


class CallFailed(Event, frozen=True, tag="call.failed"):
    """The call has no reply. What the provider charged all the same is in `usage`; `partial` is the text so far."""

    call: str
    fault: Fault
    usage: Usage = Usage()
    partial: BlobRef | None = None
    seconds: float = 0.0


class ReplyRead(Event, frozen=True, tag="reply.read"):
    """What the engine made of a node's reply (engine contract §3).

    `action` is ``cell``, ``final``, ``nudge``, ``repair`` or ``refused``; `kept` is the reply as it enters the history;
    `notice` what the model is told about it, if anything; `rule` the number of the rule that decided.
    """

    node: str
    turn: int
    call: str
    action: str
    kept: BlobRef
    rule: int
    notice: str = ""


class ConversationCompacted(Event, frozen=True, tag="conversation.compacted"):
    """The middle of a node's conversation was replaced by a summary (`call` made it). `dropped` counts its messages."""

    node: str
    turn: int
    call: str
    dropped: int
