"""Two nodes side by side: their turns by similarity, the sub-calls of these turns by prompt and by place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace

from rlm_tui.projection.compare.align import LIKE, align
from rlm_tui.projection.compare.report import CallPair, Kind, NodePair, TurnPair, TurnSide
from rlm_tui.projection.compare.turns import Session, changed_variables, step_of, turns_of, what_differs
from rlm_tui.projection.state import SessionState


def compare_nodes(left: Session, right: Session, a: str, b: str) -> NodePair:
    """Node `a` of `left` against node `b` of `right`, with everything below them."""
    turns_a, turns_b = turns_of(left, a), turns_of(right, b)
    matches = align([step_of(left, side) for side in turns_a], [step_of(right, side) for side in turns_b])
    pairs = []
    for x, y, alike in matches:
        side_a = turns_a[x] if x is not None else None
        side_b = turns_b[y] if y is not None else None
        calls = _pair_calls(left, right, side_a, side_b)
        pairs.append((side_a, side_b, alike, calls))
    _find_moved(left, right, [calls for *_, calls in pairs])
    turns = tuple(_turn(left, right, *pair) for pair in pairs)
    differs = _node_differs(left.state, right.state, a, b, turns)
    return NodePair("changed" if differs else "same", a, b, differs, turns)


def _turn(
    left: Session, right: Session, a: TurnSide | None, b: TurnSide | None, alike: float, calls: list[CallPair]
) -> TurnPair:
    if a is None or b is None:
        return TurnPair("removed" if b is None else "added", a, b, 0.0, (), tuple(calls))
    differs = what_differs(a, b, left.state, right.state)
    if any(call.kind != "same" for call in calls):
        differs.append("calls")
    variables = changed_variables(a, b, left.state, right.state)
    if variables:
        differs.append("variables")
    kind: Kind = "same"
    if set(differs) - {"words"}:
        kind = "changed" if alike >= LIKE or not a.turn else "replaced"
    return TurnPair(kind, a, b, alike, tuple(differs), tuple(calls), variables)


def _pair_calls(left: Session, right: Session, a: TurnSide | None, b: TurnSide | None) -> list[CallPair]:
    """The sub-calls of two turns: first those that say the same, then those in the same place, then the rest."""
    calls_a = _calls(left.state, a)
    calls_b = _calls(right.state, b)
    same: dict[Hashable, list[str]] = defaultdict(list)
    for key in reversed(calls_b):
        same[_identity(right.state, key)].append(key)
    partner: dict[str, str] = {}
    for key in calls_a:
        waiting = same.get(_identity(left.state, key))
        if waiting:
            partner[key] = waiting.pop()
    taken = set(partner.values())
    places = {_place(right.state, key): key for key in calls_b if key not in taken}
    for key in calls_a:
        if key not in partner and (other := places.pop(_place(left.state, key), None)) is not None:
            partner[key] = other
            taken.add(other)
    pairs = [
        _compare_calls(left, right, key, partner[key]) if key in partner else CallPair("removed", key, None)
        for key in calls_a
    ]
    return pairs + [CallPair("added", None, key) for key in calls_b if key not in taken]


def _compare_calls(left: Session, right: Session, a: str, b: str) -> CallPair:
    if a in left.state.nodes:
        node = compare_nodes(left, right, a, b)
        return CallPair(node.kind, a, b, ("node",) if node.kind != "same" else (), node)
    x, y = left.state.calls[a], right.state.calls[b]
    differs = []
    if [(m.role, m.body) for m in x.messages] != [(m.role, m.body) for m in y.messages]:
        differs.append("prompt")
    if (x.source == "operator") != (y.source == "operator"):
        differs.append("source")
    if x.reply != y.reply:
        differs.append("reply")
    kind_x, kind_y = (call.fault.kind if call.fault is not None else "" for call in (x, y))
    if x.status != y.status or kind_x != kind_y:
        differs.append("status")
    return CallPair("changed" if differs else "same", a, b, tuple(differs))


def _find_moved(left: Session, right: Session, turns: Sequence[list[CallPair]]) -> None:
    """Mark the sub-calls that both sessions made with the same words, but in turns that do not belong together."""
    waiting: dict[Hashable, list[tuple[list[CallPair], int]]] = defaultdict(list)
    for calls in turns:
        for n, call in enumerate(calls):
            if call.kind == "added" and call.b is not None:
                waiting[_identity(right.state, call.b)].append((calls, n))
    if not waiting:
        return
    for calls in turns:
        for n, call in enumerate(calls):
            if call.kind != "removed" or call.a is None:
                continue
            places = waiting.get(_identity(left.state, call.a))
            if places:
                there, at = places.pop(0)
                other = there[at].b
                assert other is not None
                calls[n] = replace(_compare_calls(left, right, call.a, other), kind="moved")
                there[at] = replace(calls[n], node=None)


def _calls(state: SessionState, side: TurnSide | None) -> list[str]:
    return list(state.children.get(side.key, ())) if side is not None else []


def _identity(state: SessionState, key: str) -> Hashable:
    """What a sub-call says: equal for two of them that ask the same."""
    if node := state.nodes.get(key):
        return "node", node.query, node.context
    call = state.calls[key]
    return "call", call.purpose, *((m.role, m.body.sha) for m in call.messages)


def _place(state: SessionState, key: str) -> Hashable:
    """Where a sub-call stands in its turn: of which block which request, and whether it is a node of its own."""
    node = state.nodes.get(key)
    cell = node.cell if node is not None else state.calls[key].cell
    ordinal = node.ordinal if node is not None else state.calls[key].ordinal
    owner = state.cells.get(cell) if cell else None
    block = state.cells_of.get(state.row_of_cell(owner), []).index(owner.id) if owner is not None else 0
    return node is not None, block, ordinal


def _node_differs(
    left: SessionState, right: SessionState, a: str, b: str, turns: Sequence[TurnPair]
) -> tuple[str, ...]:
    x, y = left.nodes[a], right.nodes[b]
    differs = []
    if x.query != y.query:
        differs.append("question")
    if (x.context, x.context_kind, x.context_chars) != (y.context, y.context_kind, y.context_chars):
        differs.append("context")
    if any(turn.kind != "same" for turn in turns):
        differs.append("turns")
    if (x.status, x.limit) != (y.status, y.limit):
        differs.append("status")
    if x.answer != y.answer:
        differs.append("answer")
    return tuple(differs)
