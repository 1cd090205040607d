"""Budgets that hold (engine contract §8): what is spent, what is set aside, and who may still start a call.

Before a call its worst case is reserved under one lock; afterwards the reservation is exchanged for what it really took.
So `settled` never exceeds a limit while actual amounts stay within their estimates, however many calls run at once.
For every node that runs a slice is held back: the price of the forced answer that ends it at a limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from rlm_tui.engine.providers.base import Price
from rlm_tui.events import Limits, Usage
from rlm_tui.events.control import out_of_budget

FLOOR = 256
"""A call's output may be shrunk to fit a budget, but not below this many tokens."""

EXTRACT_TOKENS = 1024
"""How long a forced answer may be; its price is held back as long as its node runs."""

FORCED_PROMPT_TOKENS = 6000
"""How long the prompt of a forced answer can be, in tokens, besides the question (see `prompts.forced_answer`)."""

LAST_SECONDS = 0.5
"""Code may run this long in any case, also when the time budget is all but used up: it may hold the answer."""

WARN_AT = 0.8
"""The share of a budget at which the model is told once."""


class OverBudget(Exception):
    """A budget refuses a call. `limit` names it; `used` and `allowed` are in its unit (tokens, US dollars, seconds)."""

    def __init__(self, limit: str, used: float, allowed: float) -> None:
        super().__init__(out_of_budget(limit, used, allowed))
        self.limit = limit
        self.used = used
        self.allowed = allowed


class UnknownPrice(Exception):
    """A model has no known price while a dollar limit is set, and the user did not say what to assume."""


def no_price(model: str) -> str:
    """What is said about a model without a price under a limit in dollars."""
    return (
        f"The price of {model} is not known, so a limit in dollars can't hold: give --price IN,OUT "
        "(US dollars per million tokens), or --unknown-price allow to run it uncounted; in Python, "
        "config={'unknown_price': 'assume:IN,OUT'} or 'allow'."
    )


def assumed(unknown_price: str) -> Price | None:
    """The price that `RunConfig.unknown_price` gives to models without one, if it gives any."""
    if not unknown_price.startswith("assume:"):
        return None
    per_in, per_out = unknown_price.removeprefix("assume:").split(",")
    return Price(float(per_in) / 1e6, float(per_out) / 1e6)


@dataclass(frozen=True, slots=True)
class Grant:
    """Permission for one call: how much it may generate, and what was set aside for it."""

    max_output_tokens: int
    estimate: Usage


class Ledger:
    """One session's budgets. `clock` gives seconds that count (it stands while the operator holds the run); `settled`
    is what a continued session had spent before, and `ahead` the part of it, by call, that the run has yet to come to again.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        unknown_price: str = "refuse",
        clock: Callable[[], float] = time.monotonic,
        finalise: Usage | None = None,
        settled: Usage | None = None,
        ahead: Mapping[str, Usage] | None = None,
    ) -> None:
        self.limits = limits
        self.settled = settled or Usage()
        self._unknown_price = unknown_price
        self._clock = clock
        self._started = clock()
        self._lock = threading.Lock()
        self._open: dict[str, Usage] = {}
        self._ahead = dict(ahead or {})
        self._reserved = Usage()
        self._slices: dict[str, Usage] = {"0": finalise or Usage(calls=1)}
        self._warned: set[str] = set()

    @property
    def reserved(self) -> Usage:
        """What running calls have set aside."""
        return self._reserved

    @property
    def seconds(self) -> float:
        """Seconds used so far."""
        return self._clock() - self._started

    def hold_back(self, finalise: Usage, node: str = "0", *, force: bool = True) -> None:
        """Hold back the slice for the forced answer of `node`.

        Unless `force`, raises `OverBudget` when there is no room for the slice and one more call: the node should not
        start then.
        """
        with self._lock:
            if not force and (refusal := self._refusal(finalise + Usage(calls=1), None)) is not None:
                raise self._told(refusal)
            self._slices[node] = finalise

    def let_go(self, node: str) -> None:
        """`node` has ended: what is left of its slice is free again."""
        with self._lock:
            self._slices.pop(node, None)

    def price_of(self, price: Price | None, model: str) -> Price | None:
        """The price to reckon with. Raises `UnknownPrice` when a dollar limit is set and the policy is ``refuse``."""
        known = price or assumed(self._unknown_price)
        if known is not None:
            return known
        if self.limits.usd is not None and self._unknown_price == "refuse":
            raise UnknownPrice(no_price(model))
        return None

    def reserve(
        self, call: str, input_tokens: int, max_output_tokens: int, price: Price | None, *, final: str | None = None
    ) -> Grant:
        """Set aside what a call can cost at most. Raises `OverBudget`, naming the limit that refuses.

        `final` names the node whose forced answer this is, which may use the slice that was held back for it.
        """
        with self._lock:
            output = max_output_tokens
            while True:
                estimate = self._estimate(input_tokens, output, price)
                refusal = self._refusal(estimate, final)
                if refusal is None:
                    if final is not None:
                        # Set aside as this call now: held back as well, it would count twice for all other nodes.
                        self._slices.pop(final, None)
                    self._open[call] = estimate
                    self._reserved = self._reserved + estimate
                    return Grant(output, estimate)
                if output <= FLOOR or refusal.limit in ("calls", "seconds", "input_tokens"):
                    raise self._told(refusal)
                output = max(FLOOR, output // 2)

    def extend(self, call: str, lost: Usage, pause: float = 0.0, *, final: str | None = None) -> None:
        """Allow another try after `pause` seconds, and reserve once more for a call whose last one was charged `lost`.

        Raises `OverBudget` when there is no room for it. `final` as in `reserve`.
        """
        with self._lock:
            estimate = self._open[call]
            more = msgspec.structs.replace(lost, calls=0)
            left = self.seconds_left(final=final is not None)
            refusal = self._refusal(more, final)
            if refusal is None and left is not None and pause >= left:
                refusal = OverBudget("seconds", self.seconds, self.limits.seconds or 0.0)
            if refusal is not None:
                raise self._told(refusal)
            self._open[call] = estimate + more
            self._reserved = self._reserved + more

    def settle(self, call: str, usage: Usage) -> None:
        """Exchange a reservation for what the call took. Unknown calls are settled too (a call answered by hand)."""
        with self._lock:
            self._open.pop(call, None)
            total = Usage()
            for estimate in self._open.values():
                total = total + estimate
            self._reserved = total
            self.settled = self.settled + usage

    def release(self, call: str) -> None:
        """Give a reservation back: the call was never sent."""
        self.settle(call, Usage())

    def recall(self, call: str, usage: Usage) -> None:
        """A call is answered from the record of the same session: what it took counts from here on, as it did then."""
        with self._lock:
            if self._ahead.pop(call, None) is None:
                self.settled = self.settled + usage

    def seconds_left(self, *, final: bool = False) -> float | None:
        """Seconds until the time budget ends, without the slice for the forced answer (with it, for a `final` call);
        ``None`` if unlimited.
        """
        if self.limits.seconds is None:
            return None
        return max(0.0, self.limits.seconds - (0.0 if final else self._time_slice()) - self.seconds)

    def within(self, seconds: float) -> float:
        """How long code of the session or the user's may run: `seconds`, or what is left of the time budget."""
        left = self.seconds_left()
        return seconds if left is None else min(seconds, max(round(left, 2), LAST_SECONDS))

    def used(self) -> dict[str, tuple[float, float]]:
        """``{kind: (used, allowed)}`` for every budget that is set."""
        limits, settled = self.limits, self.settled
        kinds: dict[str, tuple[float, float | None]] = {
            "calls": (settled.calls, limits.calls),
            "input_tokens": (settled.input, limits.input_tokens),
            "output_tokens": (settled.output, limits.output_tokens),
            "total_tokens": (settled.total, limits.total_tokens),
            "usd": (settled.cost, limits.usd),
            "seconds": (self.seconds, limits.seconds),
        }
        return {kind: (used, allowed) for kind, (used, allowed) in kinds.items() if allowed is not None}

    def warnings(self) -> list[tuple[str, float, float]]:
        """The budgets that passed 80 % since the last time this was asked: (kind, used, allowed)."""
        new = []
        for kind, (used, allowed) in self.used().items():
            if kind not in self._warned and used and used >= WARN_AT * allowed:
                self._warned.add(kind)
                new.append((kind, used, allowed))
        return new

    def _told(self, refusal: OverBudget) -> OverBudget:
        """`refusal`, which says more than a warning that calls in flight might still bring: that one is dropped."""
        if refusal.used >= WARN_AT * refusal.allowed:
            self._warned.add(refusal.limit)
        return refusal

    def left(self) -> dict[str, float]:
        """What is left of every budget that is set, for `budget()` in the REPL."""
        reserved, ahead = self._reserved, sum(self._ahead.values(), Usage())
        taken = {
            "calls": reserved.calls - ahead.calls,
            "input_tokens": reserved.input - ahead.input,
            "output_tokens": reserved.output - ahead.output,
            "total_tokens": reserved.total - ahead.total,
            "usd": reserved.cost - ahead.cost,
            "seconds": 0.0,
        }
        return {kind: max(0.0, allowed - used - taken[kind]) for kind, (used, allowed) in self.used().items()}

    def _estimate(self, input_tokens: int, output: int, price: Price | None) -> Usage:
        plain = Usage(calls=1, input=input_tokens, output=output)
        if price is None:
            return msgspec.structs.replace(plain, unpriced=1)
        return msgspec.structs.replace(plain, cost=price.most(input_tokens, output))

    def _time_slice(self) -> float:
        return min(20.0, 0.15 * (self.limits.seconds or 0.0))

    def _refusal(self, estimate: Usage, final: str | None) -> OverBudget | None:
        limits = self.limits
        held = sum((part for node, part in self._slices.items() if node != final), Usage())
        total = self.settled + self._reserved + estimate + held
        now = self.settled + self._reserved
        for kind, used, wanted, allowed in (
            ("calls", now.calls, total.calls, limits.calls),
            ("input_tokens", now.input, total.input, limits.input_tokens),
            ("output_tokens", now.output, total.output, limits.output_tokens),
            ("total_tokens", now.total, total.total, limits.total_tokens),
            ("usd", now.cost, total.cost, limits.usd),
        ):
            if allowed is not None and wanted > allowed * (1 + 1e-12):
                return OverBudget(kind, used, allowed)
        if limits.seconds is not None:
            allowed_time = limits.seconds - (0.0 if final is not None else self._time_slice())
            if self.seconds >= allowed_time:
                return OverBudget("seconds", self.seconds, limits.seconds)
        return None
