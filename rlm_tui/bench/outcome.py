"""What came of a run: whether it counts, what it is worth, what it took."""

from __future__ import annotations

import msgspec

from rlm_tui.bench.base import Score
from rlm_tui.engine.engine import Ended
from rlm_tui.engine.shared import Outcome
from rlm_tui.events import CallFailed, Entry
from rlm_tui.store.results import OK, CellRow
from rlm_tui.store.row import SessionRow

ANSWER_CHARS = 2000
"""How much of an answer the table keeps; the session has all of it."""

_FAULTS = {
    "context_length": "over_window",
    "refusal": "refused",
    "content_filter": "refused",
    "timeout": "timeout",
}
_TIME = "seconds"
_MONEY = frozenset({"usd", "calls", "input_tokens", "output_tokens", "total_tokens"})

HOPELESS = frozenset({"auth", "not_found", "quota"})
"""Faults that the next cell of the same model will have as well."""


class Faults:
    """A listener that remembers the last fault of the root's own calls."""

    def __init__(self) -> None:
        self.last: str | None = None

    def __call__(self, entry: Entry) -> None:
        event = entry.event
        if isinstance(event, CallFailed) and "/" not in event.call:
            self.last = event.fault.kind


def status_of(outcome: Outcome, fault: str | None, *, timed_out: bool = False) -> str:
    """Whether a run counts.

    One that used up its turns and then gave the answer that was forced from it has answered: that is how the method
    works. One that was cut short by money, tokens, calls or time has not, whatever it said last.
    """
    if timed_out or outcome.limit == _TIME:
        return "timeout"
    if outcome.limit in _MONEY:
        return "budget"
    if outcome.answer is not None and outcome.status in ("completed", "partial"):
        return OK
    return _FAULTS.get(fault or "", "error")


def finished(
    row: CellRow, ended: Ended, session: SessionRow, score: Score | None, status: str, *, at: float, seconds: float
) -> CellRow:
    """The row of a cell with its outcome. What doesn't count is worth 0, whatever it said."""
    outcome, usage = ended.outcome, ended.usage
    counts = status == OK
    official = (score.official if counts else 0.0) if score is not None else None
    tolerant = (score.tolerant if counts else 0.0) if score is not None else None
    return msgspec.structs.replace(
        row,
        status=status,
        session=session.id,
        ended=at,
        seconds=seconds,
        official=official,
        tolerant=tolerant,
        judge=score.judge if score is not None and counts else None,
        parsed=_plain(score.parsed)[:ANSWER_CHARS] if score is not None else "",
        answer=_plain(outcome.answer)[:ANSWER_CHARS] if outcome.answer is not None else None,
        limit=outcome.limit,
        error=_plain(outcome.error) if outcome.error and not counts else None,
        calls=usage.calls,
        turns=session.turns,
        depth=session.depth,
        input=usage.input,
        cached=usage.cached,
        output=usage.output,
        reasoning=usage.reasoning,
        cost=usage.dollars,
    )


def failed(row: CellRow, session: str, error: str, scored: bool, *, at: float, seconds: float) -> CellRow:
    """The row of a cell that could not even begin."""
    zero = 0.0 if scored else None
    return msgspec.structs.replace(
        row,
        status="error",
        session=session,
        ended=at,
        seconds=seconds,
        official=zero,
        tolerant=zero,
        error=_plain(error),
        cost=0.0,
    )


def _plain(text: str) -> str:
    """The text as SQLite takes it: without lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
