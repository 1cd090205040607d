"""Money for a whole table: nothing starts unless what it may cost at most is still there."""

from __future__ import annotations

import asyncio
import math

from rlm_tui.engine.ledger import Ledger, OverBudget
from rlm_tui.engine.providers.base import Price
from rlm_tui.events import Limits, Usage


class PurseEmpty(Exception):
    """What is left is less than one more run may cost, and nothing that runs can give anything back."""


class Purse:
    """A ledger that runs wait at. `cap` is in US dollars (``None``: no limit), `spent` what is gone already.

    Before a run the most that it may cost is set aside, afterwards that is exchanged for what it really cost; so the sum
    stays within the cap as long as runs stay within theirs.
    """

    def __init__(self, cap: float | None, spent: float = 0.0) -> None:
        self.cap = cap
        limits = Limits(calls=None, usd=cap)
        self._ledger = Ledger(limits, finalise=Usage(), settled=Usage(cost=spent))
        self._in_flight: set[str] = set()
        self._changed = asyncio.Condition()

    @property
    def spent(self) -> float:
        """What all runs so far have cost."""
        return self._ledger.settled.cost

    @property
    def reserved(self) -> float:
        """What is set aside for those in flight."""
        return self._ledger.reserved.cost

    def try_reserve(self, key: str, amount: float) -> bool:
        """Set `amount` aside for the run `key`, if there is that much now."""
        try:
            self._ledger.reserve(key, 1, 0, Price(amount, 0.0))
        except OverBudget:
            return False
        self._in_flight.add(key)
        return True

    @property
    def left(self) -> float:
        """What is neither spent nor set aside; without end where there is no cap."""
        # A little less, so that rounding does not make it more than there is.
        return math.inf if self.cap is None else max(0.0, self.cap - self.spent - self.reserved) * (1 - 1e-9)

    async def reserve(self, key: str, amount: float, least: float | None = None) -> float:
        """Set `amount` aside for the run `key`, and return it; waits while others may give some back.

        With `least` a run takes what is left when nobody can give anything back, if it is that much; and half of its
        amount is enough not to wait for others. Raises `PurseEmpty`.
        """
        async with self._changed:
            while not self.try_reserve(key, amount):
                some = self.left
                enough = least is not None and some >= (max(least, amount / 2) if self._in_flight else least)
                if enough and self.try_reserve(key, some):
                    return some
                if not self._in_flight:
                    raise PurseEmpty(
                        f"${self.cap or 0.0:g} for all runs: ${self.spent:.4f} are spent, and the next run may cost "
                        f"${amount:.4f}"
                    )
                await self._changed.wait()
            return amount

    async def settle(self, key: str, cost: float) -> None:
        """The run `key` has ended and cost so much."""
        async with self._changed:
            self._in_flight.discard(key)
            self._ledger.settle(key, Usage(cost=cost))
            self._changed.notify_all()
