"""What a comparison says, as plain frozen values that a screen or a printer can show.

Sessions are called ``A``, ``B``, ``C``. A is the base: each of the others is compared with it. Long texts are named by
their references, so a comparison of long sessions stays small; `rlm_tui.projection.compare.code_diff` shows two of them
word by word. Texts come from documents and models: whoever prints them makes them visible first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rlm_tui.events import BlobRef, Usage

Kind = Literal["same", "changed", "replaced", "removed", "added", "moved"]
"""How two rows stand to each other.

``same``: nothing differs. ``changed``: they are the same step, and something differs. ``replaced``: they stand in the same
place and have little in common. ``removed``: only the base has it. ``added``: only the other one has it. ``moved``: a sub-call
that both have, under different turns.
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of every session, in the order of `Comparison.sides`.

    `unit` is ``usd``, ``tokens``, ``seconds``, ``count`` or ``share`` (0 to 1). ``None`` stands for what isn't known, as
    the cost of calls without a price.
    """

    name: str
    unit: str
    values: tuple[float | None, ...]

    def change(self, side: int) -> float | None:
        """By which part of the base's number that of session `side` is greater (0.5 is half as much again)."""
        base, value = self.values[0], self.values[side]
        return None if base is None or value is None or base <= 0 else value / base - 1


@dataclass(frozen=True, slots=True)
class Side:
    """One session at a glance. `status` and `limit` are as in `rlm_tui.events.SessionEnded`; `seconds` its length."""

    name: str
    session: str
    query: str
    documents: tuple[str, ...]
    model: str
    sub_model: str | None
    status: str
    limit: str | None
    error: str | None
    origin: str
    parent: str | None
    answer: str | None
    usage: Usage
    seconds: float


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that was different before the first call: ``question``, ``documents``, ``model``, ``limits.usd`` …"""

    name: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class VariableChange:
    """A variable that differs: how each session has it, as ``list[17] ['Pierre', …]``; ``None`` where it doesn't exist."""

    name: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class CoverageChange:
    """What was read (at strength ``seen``) of a document that both have, in characters."""

    document: str
    size: int
    both: int
    only_a: int
    only_b: int


@dataclass(frozen=True, slots=True)
class TurnSide:
    """One session's half of a turn.

    `key` is the row's key in `SessionState` (``0:t3``; ``0:c0`` for the probe, ``0:x1`` for a forced answer) and `turn` its
    number (0 for what is no turn). `action` is as in `rlm_tui.events.ReplyRead`, or ``probe``, ``extract``,
    ``compaction``, ``leaf``. `cells` are ids of cells and `code` and `output` their texts. `error` is the last cell's, as
    ``NameError: name 'x' is not defined``. `usage` and `seconds` cover the sub-calls as well.
    """

    key: str
    node: str
    turn: int
    action: str
    cells: tuple[str, ...]
    code: tuple[BlobRef, ...]
    output: tuple[BlobRef, ...]
    reply: BlobRef | None
    status: str
    error: str | None
    final: bool
    usage: Usage
    seconds: float


@dataclass(frozen=True, slots=True)
class CallPair:
    """A sub-call of each session: keys of calls, or of child nodes (then `node` compares them).

    `differs` names what does: ``prompt``, ``reply``, ``status``, ``source`` (somebody else answered), ``node``. A ``moved``
    one stands under both turns; its `node` is set under the base's only.
    """

    kind: Kind
    a: str | None
    b: str | None
    differs: tuple[str, ...] = ()
    node: NodePair | None = None


@dataclass(frozen=True, slots=True)
class TurnPair:
    """A turn of each session. `similarity` of their code is 0 to 1.

    `differs` names what does: ``code``, ``action``, ``reply`` (where there is no code), ``words`` (the reply around equal
    code), ``calls``, ``error``, ``output``, ``variables`` (those that the turn made or changed). Turns that differ in their
    words only are still ``same``.
    """

    kind: Kind
    a: TurnSide | None
    b: TurnSide | None
    similarity: float = 1.0
    differs: tuple[str, ...] = ()
    calls: tuple[CallPair, ...] = ()
    variables: tuple[VariableChange, ...] = ()


@dataclass(frozen=True, slots=True)
class NodePair:
    """A node of each session and its turns, in an order that keeps that of both.

    `differs` names what does: ``question``, ``context``, ``turns``, ``status``, ``answer``.
    """

    kind: Kind
    a: str
    b: str
    differs: tuple[str, ...]
    turns: tuple[TurnPair, ...]


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where two sessions part first.

    `sentence` says it whole. `place` is ``turn 3``; `what` is what happened there and `before` what can be said of
    everything up to there. `a` and `b` are keys of rows (a turn, a sub-call, a node), ``None`` where a session has none.
    """

    place: str
    what: str
    before: str
    a: str | None
    b: str | None

    @property
    def sentence(self) -> str:
        """``turn 3: A searched for 'x', B for 'y'; before it everything is equal``."""
        return f"{self.place}: {self.what}" + (f"; {self.before}" if self.before else "")


@dataclass(frozen=True, slots=True)
class Pair:
    """The base compared with session number `side` of `Comparison.sides`.

    `same` holds when question, documents, code, outputs, sub-calls, variables, status and answer are all equal (models,
    limits, time, cost and the words around the code may differ); `first` is ``None`` then. `words` is the place where the
    words around the code differ first, if they do. `variables` are those of the root at the end that differ.
    """

    side: int
    same: bool
    same_answer: bool
    words: str | None
    settings: tuple[Setting, ...]
    root: NodePair | None
    first: Divergence | None
    variables: tuple[VariableChange, ...]
    coverage: tuple[CoverageChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two or three sessions: each at a glance, their numbers, and each of the others against the first."""

    sides: tuple[Side, ...]
    figures: tuple[Figure, ...]
    pairs: tuple[Pair, ...]

    @property
    def same(self) -> bool:
        """Whether all of them did the same."""
        return all(pair.same for pair in self.pairs)
