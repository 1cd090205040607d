"""Where a run is held by a condition, and where a condition only writes a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rlm_tui.projection.conditions import Condition

GROWING = frozenset({"cost", "calls", "tokens", "tokens.in", "tokens.out", "seconds", "errors", "nodes", "coverage"})
"""Facts that only grow: a condition over nothing else (and ``budget.*``) stops once, when it becomes true."""


@dataclass(slots=True)
class Breakpoint:
    """A condition that stops the run, or writes a line to the log (`Condition.log`)."""

    number: int
    text: str
    condition: Condition
    was: bool = False
    passed: tuple[str, int | None] | None = None
    hits: int = 0

    def fires(self, node: str, turn: int | None, facts: Mapping[str, object]) -> bool:
        """Whether it stops a run that has come to a stop of `turn` of `node` with these facts: once a turn."""
        now = self.condition.test(facts)
        was, self.was = self.was, now
        if not now:
            return False
        names = self.condition.names
        if names and all(name in GROWING or name.startswith("budget.") for name in names):
            return not was
        place = (node, turn)
        if self.passed == place:
            return False
        self.passed = place
        return True
