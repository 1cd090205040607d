"""The tree that a condition becomes. Each node can be tested, written out, and says which facts it uses.

A fact that is missing, or of another type than expected, makes its comparison false, ``!=`` and ``!~`` included; `not` then
makes it true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rlm_tui.projection.conditions.values import Number, Regex, Words, quote, texts_of

FactMap = Mapping[str, object]

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


class Expression:
    """A condition or a part of one."""

    __slots__ = ()
    binding = 3
    """How strongly it holds together: `or` 0, `and` 1, `not` 2, the rest 3."""

    def test(self, facts: FactMap) -> bool:
        raise NotImplementedError

    @property
    def names(self) -> frozenset[str]:
        raise NotImplementedError

    def within(self, binding: int) -> str:
        """Written out as a part of something that binds as strongly as `binding`."""
        return str(self) if self.binding > binding else f"({self})"


def number_of(value: object) -> float | None:
    """A fact as a number, if it is one."""
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or (isinstance(value, float) and math.isnan(value))
    ):
        return None
    return value


@dataclass(frozen=True, slots=True)
class Compare(Expression):
    """``cost>0.50``"""

    name: str
    op: str
    number: Number

    def test(self, facts: FactMap) -> bool:
        value = number_of(facts.get(self.name))
        return value is not None and _COMPARE[self.op](value, self.number.value)

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.name,))

    def __str__(self) -> str:
        return f"{self.name}{self.op}{self.number}"


@dataclass(frozen=True, slots=True)
class Match(Expression):
    """``model~haiku``: contains (``~``, ``:``), doesn't (``!~``), is (``==``), isn't (``!=``). Of several texts, any counts."""

    name: str
    op: str
    value: Words | Regex

    def test(self, facts: FactMap) -> bool:
        texts = texts_of(facts.get(self.name))
        if not texts:
            return False
        value = self.value
        if self.op in ("==", "!=") and isinstance(value, Words):
            found = any(value.equals(text) for text in texts)
        else:
            found = any(value.inside(text) for text in texts)
        return found != self.op.startswith("!")

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.name,))

    def __str__(self) -> str:
        return f"{self.name}{self.op}{self.value}"


@dataclass(frozen=True, slots=True)
class Flag(Expression):
    """``error``, ``final``"""

    name: str

    def test(self, facts: FactMap) -> bool:
        return bool(facts.get(self.name))

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.name,))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class AtStop(Expression):
    """``at_subcall``: the run is held there."""

    stop: str

    def test(self, facts: FactMap) -> bool:
        return facts.get("stop") == self.stop

    @property
    def names(self) -> frozenset[str]:
        return frozenset(("stop",))

    def __str__(self) -> str:
        return self.stop


@dataclass(frozen=True, slots=True)
class Reads(Expression):
    """``reads(1.0M..1.5M)``: a span of any document in the fact ``reads`` overlaps these characters."""

    start: Number | None
    end: Number | None

    def test(self, facts: FactMap) -> bool:
        spans = facts.get("reads")
        low = self.start.value if self.start else 0.0
        high = self.end.value if self.end else math.inf
        if not isinstance(spans, (list, tuple)):
            return False
        return any(getattr(span, "start", math.inf) < high and getattr(span, "end", 0) > low for span in spans)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(("reads",))

    def __str__(self) -> str:
        return f"reads({self.start or ''}..{self.end or ''})"


@dataclass(frozen=True, slots=True)
class Changed(Expression):
    """``var hits changed``: the fact ``var`` holds the names of the variables that the cell made or changed."""

    variable: str

    def test(self, facts: FactMap) -> bool:
        changed = facts.get("var")
        return isinstance(changed, (set, frozenset, list, tuple, dict)) and self.variable in changed

    @property
    def names(self) -> frozenset[str]:
        return frozenset(("var",))

    def __str__(self) -> str:
        return f"var {self.variable} changed"


@dataclass(frozen=True, slots=True)
class Every(Expression):
    """``every 5``: each fifth turn of a node."""

    count: int

    def test(self, facts: FactMap) -> bool:
        turn = facts.get("turn")
        return isinstance(turn, int) and turn > 0 and turn % self.count == 0

    @property
    def names(self) -> frozenset[str]:
        return frozenset(("turn",))

    def __str__(self) -> str:
        return f"every {self.count}"


@dataclass(frozen=True, slots=True)
class When(Expression):
    """``since:7d``, ``before:2025-11-01``: when the session began, by its age or by a date in UTC."""

    word: str
    value: float
    is_date: bool
    text: str = field(compare=False)

    def test(self, facts: FactMap) -> bool:
        fact = number_of(facts.get("started" if self.is_date else "age"))
        if fact is None:
            return False
        later = fact >= self.value if self.is_date else fact <= self.value
        return later == (self.word == "since")

    @property
    def names(self) -> frozenset[str]:
        return frozenset(("started" if self.is_date else "age",))

    def __str__(self) -> str:
        return f"{self.word}:{self.text}"


@dataclass(frozen=True, slots=True)
class Anywhere(Expression):
    """``"first meet"``: the fact ``text`` contains it."""

    text: str

    def test(self, facts: FactMap) -> bool:
        words = Words(self.text)
        return any(words.inside(text) for text in texts_of(facts.get("text")))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(("text",))

    def __str__(self) -> str:
        return quote(self.text)


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """``not error``"""

    item: Expression
    binding = 2

    def test(self, facts: FactMap) -> bool:
        return not self.item.test(facts)

    @property
    def names(self) -> frozenset[str]:
        return self.item.names

    def __str__(self) -> str:
        return f"not {self.item.within(1)}"


@dataclass(frozen=True, slots=True)
class And(Expression):
    """All of two or more; none of them is an `And`."""

    items: tuple[Expression, ...]
    binding = 1

    def test(self, facts: FactMap) -> bool:
        return all(item.test(facts) for item in self.items)

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(item.names for item in self.items))

    def __str__(self) -> str:
        return " and ".join(item.within(1) for item in self.items)


@dataclass(frozen=True, slots=True)
class Or(Expression):
    """Any of two or more; none of them is an `Or`."""

    items: tuple[Expression, ...]
    binding = 0

    def test(self, facts: FactMap) -> bool:
        return any(item.test(facts) for item in self.items)

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(item.names for item in self.items))

    def __str__(self) -> str:
        return " or ".join(item.within(0) for item in self.items)
