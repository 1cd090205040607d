"""The turns of one node of one session, and two of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rlm_tui.events import BlobRef, Usage, Variable
from rlm_tui.projection.compare.align import Step
from rlm_tui.projection.compare.report import TurnSide, VariableChange
from rlm_tui.projection.state import Call, Cell, SessionState

Text = Callable[[BlobRef], str]


@dataclass(frozen=True, slots=True)
class Session:
    """A session to compare: its state (at the end, or anywhere) and how to load its texts (`KeyError` if one is missing)."""

    state: SessionState
    text: Text

    def load(self, *refs: BlobRef | None) -> str:
        """The texts of `refs` one after the other; missing ones are empty."""
        texts = []
        for ref in refs:
            try:
                texts.append(self.text(ref) if ref is not None else "")
            except KeyError:
                texts.append("")
        return "\n".join(texts)


def turns_of(session: Session, node: str) -> list[TurnSide]:
    """What a node did, in order: the probe, its turns, forced answers, summaries."""
    state = session.state
    return [_side(state, node, key) for key in state.children.get(node, ()) if key in state.calls or key in state.cells]


def step_of(session: Session, side: TurnSide) -> Step:
    """A turn as a step to be aligned: by its code, or by its reply where it has none."""
    if side.action == "probe":
        return Step("probe", "probe", lambda: "")
    sort = "turn" if side.turn else side.action
    if side.code:
        return Step(("code", *(ref.sha for ref in side.code)), sort, lambda: session.load(*side.code))
    return Step(("reply", side.reply.sha if side.reply else ""), sort, lambda: session.load(side.reply))


def what_differs(a: TurnSide, b: TurnSide, left: SessionState, right: SessionState) -> list[str]:
    """What differs between two turns themselves (`TurnPair.differs` without sub-calls and variables)."""
    differs = []
    if a.code != b.code:
        differs.append("code")
    if a.action != b.action or a.final != b.final:
        differs.append("action")
    if a.reply != b.reply:
        differs.append("words" if a.code and a.code == b.code else "reply")
    if "code" in differs and "reply" in differs:
        differs.remove("reply")
    if a.error != b.error:
        differs.append("error")
    if a.output != b.output or a.status != b.status or _echo(left, a) != _echo(right, b):
        differs.append("output")
    return differs


def changed_variables(a: TurnSide, b: TurnSide, left: SessionState, right: SessionState) -> tuple[VariableChange, ...]:
    """The variables that either turn made or changed and that are not the same after both."""
    mine, other = _variables(left, a), _variables(right, b)
    touched = {v.name for v in (*mine, *other) if v.changed}
    return compare_variables((v for v in mine if v.name in touched), (v for v in other if v.name in touched))


def compare_variables(mine: Iterable[Variable], other: Iterable[Variable]) -> tuple[VariableChange, ...]:
    """The variables that differ, by name."""
    a, b = ({v.name: _words(v) for v in variables} for variables in (mine, other))
    return tuple(VariableChange(name, a.get(name), b.get(name)) for name in sorted(a | b) if a.get(name) != b.get(name))


def last_variables(state: SessionState, node: str = "0") -> tuple[Variable, ...]:
    """A node's variables at the end."""
    cells = [c for c in state.cells.values() if c.node == node and c.origin != "probe" and c.variables]
    return cells[-1].variables if cells else ()


def _side(state: SessionState, node: str, key: str) -> TurnSide:
    call = state.calls.get(key)
    cells = [state.cells[cell] for cell in state.cells_of.get(key, ())]
    if call is None:
        cells = cells or [state.cells[key]]
    last = cells[-1] if cells else None
    spent = sum(cell.seconds + cell.waited for cell in cells)
    fault = call.fault.message if call is not None and call.fault is not None else None
    return TurnSide(
        key=key,
        node=node,
        turn=(call.turn or 0) if call is not None else 0,
        action=_action(call),
        cells=tuple(cell.id for cell in cells),
        # The probe's code is ours, and not the session's doing.
        code=tuple(cell.code for cell in cells) if call is not None else (),
        output=tuple(cell.output for cell in cells if cell.output is not None),
        reply=call.reply if call is not None else None,
        status=last.status if last is not None else (call.status if call is not None else ""),
        error=_error(last) or fault,
        final=any(cell.final for cell in cells) or (call is not None and call.action == "final"),
        usage=state.totals.get(key, Usage()),
        seconds=spent + (call.seconds if call is not None else 0.0),
    )


def _action(call: Call | None) -> str:
    if call is None:
        return "probe"
    return (call.action or "turn") if call.turn else call.purpose


def _error(cell: Cell | None) -> str | None:
    return f"{cell.error.type}: {cell.error.message}" if cell is not None and cell.error is not None else None


def _echo(state: SessionState, side: TurnSide) -> list[str | None]:
    return [state.cells[cell].echo for cell in side.cells]


def _variables(state: SessionState, side: TurnSide) -> tuple[Variable, ...]:
    return state.cells[side.cells[-1]].variables if side.cells and side.action != "probe" else ()


def _words(variable: Variable) -> str:
    size = f"[{variable.size}]" if variable.size is not None else ""
    return f"{variable.type}{size} {variable.preview}".rstrip()
