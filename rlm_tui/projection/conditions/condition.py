"""A condition as others use it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rlm_tui.projection.conditions.expressions import Expression, number_of
from rlm_tui.projection.conditions.names import FACTS
from rlm_tui.projection.conditions.values import quote, texts_of

SLOT = re.compile(r"\{([A-Za-z_][\w.]*)\}")
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition. `expression` is its tree (``None``: always true), `log` the message of a log point.

    Two conditions that mean the same tree are equal; ``parse(str(condition)) == condition``.
    """

    expression: Expression | None
    log: str | None = None

    def test(self, facts: Mapping[str, object]) -> bool:
        """Whether it holds. Facts that are missing make their comparisons false; nothing is raised for odd values."""
        return self.expression is None or self.expression.test(facts)

    @property
    def names(self) -> frozenset[str]:
        """The facts that `test` looks at (the message of a log point may show others)."""
        return self.expression.names if self.expression else frozenset()

    def message(self, facts: Mapping[str, object]) -> str:
        """The log point's message with ``{fact}`` filled in; a fact that is missing shows as ``?``. Empty without one."""
        return SLOT.sub(lambda match: show(match.group(1).lower(), facts), self.log or "")

    def __str__(self) -> str:
        if self.log is None:
            return str(self.expression) if self.expression else ""
        message = f"log {quote(self.log)}"
        return f"{self.expression.within(0)} {message}" if self.expression else message


def show(name: str, facts: Mapping[str, object]) -> str:
    """A fact as a message shows it."""
    value = facts.get(name)
    number = number_of(value)
    kind = FACTS[name].kind if name in FACTS else "text"
    if number is None:
        if isinstance(value, bool):
            return "yes" if value else "no"
        text = ", ".join(sorted(texts_of(value))) if not isinstance(value, str) else value
        text = " ".join(text.split())
        return "?" if value is None else text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    if kind == "money":
        return f"${number:.4f}"
    if kind == "share":
        return f"{number:.0%}"
    if kind == "seconds":
        return f"{number:.1f}s"
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"
