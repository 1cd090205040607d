"""Two or three sessions against the first of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from rlm_tui.events import DocumentRef, RunConfig, Span
from rlm_tui.projection.compare.divergence import find_divergence
from rlm_tui.projection.compare.nodes import compare_nodes
from rlm_tui.projection.compare.report import Comparison, CoverageChange, Figure, Pair, Setting, Side
from rlm_tui.projection.compare.turns import Session, compare_variables, last_variables
from rlm_tui.projection.state import SessionState

NAMES = "ABC"
ROOT = "0"


def compare(sessions: Sequence[Session]) -> Comparison:
    """Compare two or three sessions; the first is the base. Raises `ValueError` for any other number of them.

    A pure function of the states: the same for finished sessions, running ones, and any moment in between.
    """
    if not 2 <= len(sessions) <= len(NAMES):
        raise ValueError(f"two or three sessions can be compared, not {len(sessions)}")
    sides = tuple(_side(name, session) for name, session in zip(NAMES, sessions, strict=False))
    pairs = tuple(_pair(sessions[0], session, sides, number) for number, session in enumerate(sessions) if number)
    return Comparison(sides, tuple(_figures(sessions)), pairs)


def _pair(left: Session, right: Session, sides: Sequence[Side], number: int) -> Pair:
    a, b = left.state, right.state
    settings = tuple(_settings(a, b))
    asked_same = not any(setting.name in ("question", "documents") for setting in settings)
    root = compare_nodes(left, right, ROOT, ROOT) if ROOT in a.nodes and ROOT in b.nodes else None
    first, words = None, None
    if root is not None:
        first, words = find_divergence(root, left, right, sides[0].name, sides[number].name)
    same_answer = a.answer == b.answer
    did_same = root.kind == "same" if root is not None else ROOT not in a.nodes and ROOT not in b.nodes
    return Pair(
        side=number,
        same=asked_same and did_same and same_answer and (a.status, a.limit) == (b.status, b.limit),
        same_answer=same_answer,
        words=words,
        settings=settings,
        root=root,
        first=first,
        variables=compare_variables(last_variables(a), last_variables(b)),
        coverage=tuple(_coverage(a, b)),
    )


def _side(name: str, session: Session) -> Side:
    state = session.state
    return Side(
        name=name,
        session=state.session,
        query=state.query,
        documents=tuple(document.name for document in state.documents),
        model=state.config.model,
        sub_model=state.config.sub_model,
        status=state.status,
        limit=state.limit,
        error=state.error,
        origin=state.origin,
        parent=state.parent,
        answer=session.load(state.answer) if state.answer is not None else None,
        usage=state.spent,
        seconds=_seconds(state),
    )


def _figures(sessions: Sequence[Session]) -> Iterator[Figure]:
    states = [session.state for session in sessions]

    def figure(name: str, unit: str, values: Sequence[float | None]) -> Figure:
        return Figure(name, unit, tuple(values))

    yield figure("cost", "usd", [s.spent.dollars for s in states])
    yield figure("tokens in", "tokens", [s.spent.input for s in states])
    yield figure("cached", "tokens", [s.spent.cached for s in states])
    yield figure("tokens out", "tokens", [s.spent.output for s in states])
    yield figure("time", "seconds", [_seconds(s) for s in states])
    yield figure("calls", "count", [len(s.calls) for s in states])
    yield figure("turns", "count", [sum(1 for call in s.calls.values() if call.turn) for s in states])
    yield figure("nodes", "count", [len(s.nodes) for s in states])
    yield figure("errors", "count", [s.errors for s in states])
    yield figure("seen by a model", "share", [s.coverage.share("seen") for s in states])
    yield figure("touched by code", "share", [s.coverage.share("touched") for s in states])


def _seconds(state: SessionState) -> float:
    return max(0.0, (state.ended or state.at) - state.started)


def _settings(a: SessionState, b: SessionState) -> Iterator[Setting]:
    if a.query != b.query:
        yield Setting("question", a.query, b.query)
    if [d.body for d in a.documents] != [d.body for d in b.documents] or a.context_kind != b.context_kind:
        yield Setting("documents", _documents(a), _documents(b))
    old, new = _flat(a.config), _flat(b.config)
    for name in old:
        if old[name] != new[name]:
            yield Setting(name, _shown(old[name]), _shown(new[name]))


def _documents(state: SessionState) -> str:
    return ", ".join(_document(document) for document in state.documents) or "none"


def _document(document: DocumentRef) -> str:
    return f"{document.name} ({document.body.chars:,} characters, {document.body.sha[:8]})"


def _flat(config: RunConfig) -> dict[str, Any]:
    values = msgspec.structs.asdict(config)
    limits = msgspec.structs.asdict(values.pop("limits"))
    return values | {f"limits.{name}": value for name, value in limits.items()}


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def _coverage(a: SessionState, b: SessionState) -> Iterator[CoverageChange]:
    numbers = {document.body: n for n, document in reversed(list(enumerate(b.documents)))}
    for n, document in enumerate(a.documents):
        other = numbers.get(document.body)
        if other is None:
            continue
        mine, theirs = a.coverage.read_spans(n), b.coverage.read_spans(other)
        both = _overlap(mine, theirs)
        size_a, size_b = (sum(span.end - span.start for span in spans) for spans in (mine, theirs))
        yield CoverageChange(document.name, document.body.chars, both, size_a - both, size_b - both)


def _overlap(mine: Sequence[Span], theirs: Sequence[Span]) -> int:
    """Characters in both of two sorted lists of spans."""
    total, at = 0, 0
    for span in mine:
        while at < len(theirs) and theirs[at].end <= span.start:
            at += 1
        n = at
        while n < len(theirs) and theirs[n].start < span.end:
            total += min(span.end, theirs[n].end) - max(span.start, theirs[n].start)
            n += 1
    return total


__all__ = ["Session", "compare"]
