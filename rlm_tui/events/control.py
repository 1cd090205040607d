"""Events about the operator's hands and about budgets."""

from __future__ import annotations

from rlm_tui.events.base import Event


class Paused(Event, frozen=True, tag="control.paused"):
    """The run waits for the operator.

    `stop` is ``before_llm``, ``before_exec``, ``at_subcall``, ``after_exec``, ``on_error``, ``on_final`` or ``on_budget``;
    `reason` says why in words (``step over``, ``bp #2 cost>0.20``, ``you paused``).
    """

    stop: str
    node: str
    reason: str
    turn: int | None = None
    cell: str | None = None
    call: str | None = None
    breakpoint: int | None = None


class Resumed(Event, frozen=True, tag="control.resumed"):
    """The operator let it go on.

    `verb` is ``over``, ``into``, ``finish``, ``continue``, ``to`` (until the condition `until` holds), ``restart`` (the node
    in which it was held begins again as `node`) or ``cancel``.
    """

    verb: str
    node: str | None = None
    until: str | None = None


class PauseRequested(Event, frozen=True, tag="control.pause_requested"):
    """The operator asked for a pause at the next safe point."""


class Injected(Event, frozen=True, tag="control.injected"):
    """The operator's message, which the node's model reads before its next reply."""

    node: str
    text: str


class Overridden(Event, frozen=True, tag="control.overridden"):
    """The operator answered a sub-call by hand; the call's `CallFinished` has ``source="operator"``."""

    call: str
    text: str


class BreakpointSet(Event, frozen=True, tag="control.breakpoint_set"):
    """A breakpoint exists from now on, in the words of the condition language."""

    number: int
    condition: str


class BreakpointCleared(Event, frozen=True, tag="control.breakpoint_cleared"):
    """A breakpoint is gone."""

    number: int


class LogPoint(Event, frozen=True, tag="control.logpoint"):
    """A breakpoint of the form ``log "…"`` was passed."""

    number: int
    node: str
    text: str


class BudgetWarned(Event, frozen=True, tag="budget.warned"):
    """80 % of one kind of budget is used; the model is told once."""

    limit: str
    used: float
    allowed: float


class BudgetExhausted(Event, frozen=True, tag="budget.exhausted"):
    """A budget refuses further calls. What follows is the forced answer from the slice held back.

    `used` is what is spent and what running calls have set aside; the rest of what is `allowed` may be too small for a call.
    """

    limit: str
    used: float
    allowed: float
    node: str

    @property
    def sentence(self) -> str:
        """What happened, without a full stop: that nothing is left, or that what is left is too little."""
        return out_of_budget(self.limit, self.used, self.allowed)


def out_of_budget(limit: str, used: float, allowed: float) -> str:
    """Why a budget refuses a call. `used` counts what running calls have set aside."""
    if used >= 0.995 * allowed:
        return f"the {limit} budget is used up ({used:g} of {allowed:g})"
    return f"the {limit} budget has no room for a call beside the last answer ({used:.3g} of {allowed:g} used or set aside)"
