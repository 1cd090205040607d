"""When to try a failed call again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from rlm_tui.engine.providers.base import ProviderError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounded retries with full jitter: the pause before try n+1 is drawn from 0 to ``min(cap, base · 2^(n-1))`` seconds.

    A provider's Retry-After is obeyed up to `max_retry_after` seconds; one that asks for more is not asked again.
    `tries` lowers the number of tries for kinds that a second look rarely cures and that may be billed each time.
    """

    attempts: int = 4
    base: float = 0.5
    cap: float = 8.0
    max_retry_after: float = 60.0
    tries: dict[str, int] = field(default_factory=lambda: {"bad_response": 2, "empty": 2})

    def delay(self, attempt: int, error: ProviderError, rng: random.Random | None = None) -> float | None:
        """Seconds to wait after try number `attempt` (from 1) failed with `error`, or ``None`` to give up.

        `rng` makes the jitter repeatable.
        """
        if self.gives_up_because(attempt, error):
            return None
        ceiling = min(self.cap, self.base * 2 ** (attempt - 1))
        jitter = (rng or random).uniform(0.0, ceiling)
        return max(jitter, error.retry_after or 0.0)

    def gives_up_because(self, attempt: int, error: ProviderError) -> str:
        """Why there is no further try, as a clause for a message; empty if there is one."""
        if not error.transient:
            return "trying again can't help"
        allowed = min(self.attempts, self.tries.get(error.kind, self.attempts))
        if attempt >= allowed:
            return f"{attempt} {'try' if attempt == 1 else 'tries'} failed"
        if error.retry_after is not None and error.retry_after > self.max_retry_after:
            return f"the provider asks to wait {error.retry_after:.0f} s, more than {self.max_retry_after:.0f} s"
        return ""
