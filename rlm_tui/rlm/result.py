"""What a completion gives, or why it gives nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rlm_tui.events import Usage

if TYPE_CHECKING:
    from rlm_tui.engine.engine import Ended


@dataclass(frozen=True, slots=True)
class Result:
    """What a completion gave.

    `answer` is text, `value` the same as a JSON value (or an instance of the Pydantic model that was asked for) when it
    was given as one. `status` is ``completed``, ``partial`` (a limit was reached; `limit` names it), ``failed`` or
    ``cancelled``; `error` is one sentence. `usage` is everything the session cost, `by_model`, `by_node` (a node's own
    calls, without those of its children) and `by_kind` (``turn``, ``leaf``, ``extract``) the same sum split up.
    `cost` is in US dollars, ``None`` when a call had no known price. ``rlm-tui replay SESSION_ID`` opens the session.
    """

    answer: str
    value: Any = None
    status: str = "completed"
    limit: str | None = None
    error: str | None = None
    usage: Usage = Usage()
    by_model: Mapping[str, Usage] = field(default_factory=dict)
    by_node: Mapping[str, Usage] = field(default_factory=dict)
    by_kind: Mapping[str, Usage] = field(default_factory=dict)
    session_id: str = ""

    @property
    def cost(self) -> float | None:
        return self.usage.dollars

    def __str__(self) -> str:
        return self.answer


class RLMError(Exception):
    """A completion failed. `result` has what is there all the same."""

    def __init__(self, message: str, result: Result | None = None) -> None:
        super().__init__(message)
        self.result = result


def result_of(session: str, ended: Ended) -> Result:
    outcome = ended.outcome
    return Result(
        answer=outcome.answer or "",
        value=outcome.value,
        status=outcome.status,
        limit=outcome.limit,
        error=outcome.error,
        usage=ended.usage,
        by_model=ended.by_model,
        by_node=ended.by_node,
        by_kind=ended.by_purpose,
        session_id=session,
    )


def checked(result: Result) -> Result:
    if result.status in ("failed", "cancelled") or (result.status == "partial" and not result.answer):
        raise RLMError(result.error or f"the run ended as {result.status} without an answer", result)
    return result
