"""Conditions about any text of a session, answered by the index for searching instead of by reading everything."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlm_tui.projection.conditions import Condition
from rlm_tui.projection.conditions.expressions import And, Anywhere, Expression, FactMap, Match, Not, Or
from rlm_tui.projection.conditions.values import Words
from rlm_tui.store import search
from rlm_tui.store.reader import StoreReader

_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Scripts that put no spaces between words: the index has whole sentences of them as one word."""

_BEHIND = (
    "SELECT s.id FROM session s LEFT JOIN indexed i ON i.session = s.id WHERE coalesce(i.seq, 0) < s.last_seq LIMIT ?"
)
_MOST_BEHIND = 1000


@dataclass(frozen=True, slots=True)
class Found(Expression):
    """The session is one of those that were found. Those that the index doesn't know yet are read."""

    wanted: Expression
    sessions: frozenset[str]
    behind: frozenset[str]

    def test(self, facts: FactMap) -> bool:
        session = facts.get("id")
        return session in self.sessions or (session in self.behind and self.wanted.test(facts))

    @property
    def names(self) -> frozenset[str]:
        return self.wanted.names

    def __str__(self) -> str:
        return str(self.wanted)


def indexed(condition: Condition, reader: StoreReader) -> Condition:
    """The same condition, with ``text:"some words"`` answered by the index where that is possible.

    The words have to stand in this order next to each other, the last one by its beginning; white space, punctuation,
    case and accents make no difference. Without an index, or with one that is far behind, nothing is replaced, and the
    texts are read and compared letter by letter.
    """
    if condition.expression is None or "text" not in condition.names:
        return condition
    if not reader.has_table(search.TABLE):
        return condition
    behind = frozenset(session for (session,) in reader.query(_BEHIND, _MOST_BEHIND))
    if len(behind) == _MOST_BEHIND:
        return condition
    return Condition(_replace(condition.expression, reader, behind), condition.log)


def _replace(expression: Expression, reader: StoreReader, behind: frozenset[str]) -> Expression:
    if isinstance(expression, And):
        return And(tuple(_replace(item, reader, behind) for item in expression.items))
    if isinstance(expression, Or):
        return Or(tuple(_replace(item, reader, behind) for item in expression.items))
    if isinstance(expression, Not):
        return Not(_replace(expression.item, reader, behind))
    words = _words(expression)
    if words is None:
        return expression
    plain = Match("text", "~", Words(words))
    found = Found(plain, frozenset(search.sessions(reader, f'"{words}*"')), behind)
    return Not(found) if isinstance(expression, Match) and expression.op == "!~" else found


def _words(expression: Expression) -> str | None:
    """What is looked for, if the index can find it."""
    if isinstance(expression, Anywhere):
        text = expression.text
    elif isinstance(expression, Match) and expression.name == "text" and expression.op in ("~", "!~"):
        if not isinstance(expression.value, Words):
            return None
        text = expression.value.text
    else:
        return None
    text = text.replace('"', " ").rstrip("*")
    return text if re.search(r"\w\W*\Z", text) and not _UNSPACED.search(text) else None
