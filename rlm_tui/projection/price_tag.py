"""What sub-calls will cost before they are made, about: shown where a run is held before them, and a fact for breakpoints."""

from __future__ import annotations

from rlm_tui.projection.state import SessionState

CHARS_PER_TOKEN = 4.0
"""About as many characters as a token of common text has."""

REPLY_TOKENS = 200.0
"""About how long a sub-call's reply is, as long as there was none in the session."""


def price_tag(
    calls: int, chars: int, rates: tuple[float, float] | None, reply_tokens: float | None = None
) -> float | None:
    """US dollars that `calls` sub-calls cost, about, whose prompts have `chars` characters together.

    `rates` are US dollars per token, in and out; ``None`` for a price that is not known, and so is the result.
    `reply_tokens` is how long a reply is likely to be (`usual_reply`).
    """
    if rates is None:
        return None
    reply = REPLY_TOKENS if reply_tokens is None else reply_tokens
    return chars / CHARS_PER_TOKEN * rates[0] + calls * reply * rates[1]


def usual_reply(state: SessionState) -> float | None:
    """The mean length of the sub-calls' replies so far, in tokens; ``None`` before the first."""
    total = state.by_purpose.get("leaf")
    return total.output / total.calls if total is not None and total.calls else None
