"""What a run will have used if it goes on as it did so far: a straight line, and nothing where there is none to draw."""

from __future__ import annotations

from dataclasses import dataclass

from rlm_tui.events import Usage
from rlm_tui.projection.state import SessionState


@dataclass(frozen=True, slots=True)
class Outlook:
    """At the end of root turn `turn`: its last one by the limit on turns, or the one in which `limit` would be used up.

    `usage` is what will have been used by then, at the mean of the turns that are over; `seconds` what it will have taken.
    A run that finds its answer sooner uses less.
    """

    turn: int
    usage: Usage
    seconds: float
    limit: str | None = None


LEAST_TURNS = 2
"""Turns that must be over: one says nothing about the next."""


def outlook(state: SessionState, seconds: float) -> Outlook | None:
    """The outlook of a run that has taken `seconds` so far; ``None`` when it has ended, or too little is known."""
    root = state.nodes.get("0")
    if state.over or root is None:
        return None
    over = {
        cell.turn for cell in state.cells.values() if cell.node == "0" and cell.turn > 0 and cell.ended is not None
    } - {cell.turn for cell in state.cells.values() if cell.node == "0" and cell.ended is None}
    turns, last = len(over), state.last_turn(root)
    if turns < LEAST_TURNS or root.turn > last:
        return None
    used = state.spent
    if root.turn not in over:
        used = _minus(used, state.totals.get(f"0:t{root.turn}", Usage()))
    turn, limit = last, None
    for kind, rate, allowed in (
        ("usd", used.cost / turns, state.config.limits.usd),
        ("calls", used.calls / turns, state.config.limits.calls),
        ("input_tokens", used.input / turns, state.config.limits.input_tokens),
        ("output_tokens", used.output / turns, state.config.limits.output_tokens),
        ("total_tokens", used.total / turns, state.config.limits.total_tokens),
        ("seconds", seconds / turns, state.config.limits.seconds),
    ):
        if allowed is not None and rate > 0 and rate * turn > allowed:
            turn, limit = max(root.turn, int(allowed / rate) + 1), kind
    factor = turn / turns
    return Outlook(turn, _times(used, factor), seconds * factor, limit)


def _minus(one: Usage, other: Usage) -> Usage:
    return Usage(
        calls=one.calls - other.calls,
        input=one.input - other.input,
        output=one.output - other.output,
        cost=max(0.0, one.cost - other.cost),
        unpriced=one.unpriced - other.unpriced,
        estimated=one.estimated,
    )


def _times(usage: Usage, factor: float) -> Usage:
    return Usage(
        calls=round(usage.calls * factor),
        input=round(usage.input * factor),
        output=round(usage.output * factor),
        cost=usage.cost * factor,
        unpriced=round(usage.unpriced * factor),
        estimated=usage.estimated,
    )
