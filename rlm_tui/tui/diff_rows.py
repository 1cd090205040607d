"""A pair of sessions as the rows of two aligned trees, and the texts of a row: pure functions of the comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rlm_tui.document.visible import visible
from rlm_tui.projection.compare import CallPair, Line, NodePair, Pair, Session, TurnPair, TurnSide, code_diff
from rlm_tui.projection.compare.turns import last_variables
from rlm_tui.tui.figures import price
from rlm_tui.tui.gist import gist
from rlm_tui.tui.text import wrap

TABS = ("code", "prompt", "output", "variables", "answer")
"""What can be shown of the selected rows."""

LONGEST = 500_000
"""Characters of a text that are compared on the screen."""

NUMBER = 5
"""Columns of the line numbers."""

_CARRIED = frozenset({"calls", "node", "turns"})
"""A row that differs in these only stands above the difference; it isn't the difference itself."""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row of both trees. `a` and `b` are keys of rows in `SessionState`, ``None`` where a session has none.

    A row is that of the root (neither `turn` nor `call`), of a turn, or of a sub-call.
    """

    level: int
    kind: str
    a: str | None
    b: str | None
    differs: tuple[str, ...] = ()
    turn: TurnPair | None = None
    call: CallPair | None = None

    @property
    def is_difference(self) -> bool:
        """Whether something differs here, and not only below."""
        if self.kind == "same" or (self.turn is None and self.call is None):
            return False
        return self.kind != "changed" or not set(self.differs) <= _CARRIED


def rows_of(pair: Pair) -> list[DiffRow]:
    """All rows, the root's first; empty when a session has not begun."""
    if pair.root is None:
        return []
    root = pair.root
    return [DiffRow(0, root.kind, root.a, root.b, root.differs), *_node(root, 1)]


def _node(node: NodePair, level: int) -> Iterator[DiffRow]:
    for turn in node.turns:
        a, b = (side.key if side is not None else None for side in (turn.a, turn.b))
        yield DiffRow(level, turn.kind, a, b, turn.differs, turn)
        for call in turn.calls:
            yield DiffRow(level + 1, call.kind, call.a, call.b, call.differs, None, call)
            if call.node is not None:
                yield from _node(call.node, level + 2)


# --- a row in words


def name_of(session: Session, key: str) -> str:
    """What a row is called: ``root``, ``t3``, ``.2``."""
    if key == "0":
        return "root"
    if key in session.state.nodes:
        return f".{session.state.nodes[key].ordinal or ''}"
    call = session.state.calls.get(key)
    if call is not None and not call.turn and call.ordinal is not None:
        return f".{call.ordinal}"
    return key.rpartition(":")[2]


def words_of(session: Session, row: DiffRow, key: str, side: TurnSide | None) -> str:
    """A few words about a row, as one visible line."""
    if row.turn is not None and side is not None:
        words = gist(session.load(*side.code)) if side.code else side.action
    elif key in session.state.nodes:
        node = session.state.nodes[key]
        words = node.model if key == "0" else node.query
    else:
        messages = session.state.calls[key].messages if key in session.state.calls else ()
        words = session.load(messages[-1].body) if messages else ""
    return visible(" ".join(words[:400].split()))


def cost_of(session: Session, key: str) -> str:
    """What a row and everything below it cost."""
    usage = session.state.spent if key == "0" else session.state.totals.get(key)
    return price(usage) if usage is not None else ""


# --- the texts of a row


def texts_of(row: DiffRow, tab: str, left: Session, right: Session) -> tuple[str, str]:
    """What a tab shows of a row, for both sessions; empty where there is nothing."""
    turn = row.turn
    return (
        _text(left, row.a, turn.a if turn is not None else None, tab),
        _text(right, row.b, turn.b if turn is not None else None, tab),
    )


def _text(session: Session, key: str | None, side: TurnSide | None, tab: str) -> str:
    if key is None:
        return ""
    state = session.state
    node, call = state.nodes.get(key), state.calls.get(key)
    if tab == "code":
        return session.load(*side.code) if side is not None and side.code else ""
    if tab == "prompt":
        if node is not None:
            return node.query
        return "\n".join(f"[{m.role}]\n{session.load(m.body)}" for m in call.messages) if call is not None else ""
    if tab == "output":
        return _output(session, side) if side is not None else ""
    if tab == "variables":
        return _variables(session, key, side)
    if node is not None:
        answer = state.answer if key == "0" else node.answer
        return session.load(answer) if answer is not None else ""
    return session.load(call.reply) if call is not None and call.reply is not None else ""


def _output(session: Session, side: TurnSide) -> str:
    echoes = [session.state.cells[cell].echo or "" for cell in side.cells]
    parts = [session.load(*side.output) if side.output else "", *echoes, side.error or ""]
    return "\n".join(part.strip("\n") for part in parts if part.strip("\n"))


def _variables(session: Session, key: str, side: TurnSide | None) -> str:
    state = session.state
    if key in state.nodes:
        variables = last_variables(state, key)
    else:
        variables = state.cells[side.cells[-1]].variables if side is not None and side.cells else ()
    lines = []
    for variable in sorted(variables, key=lambda v: v.name):
        size = f"[{variable.size}]" if variable.size is not None else ""
        lines.append(" ".join(f"{variable.name}  {variable.type}{size}  {variable.preview}".split("\n")))
    return "\n".join(lines)


# --- lines of a difference


def lines_of(a: str, b: str) -> tuple[Line, ...]:
    """The difference of two texts; of very long ones, that of their beginnings."""
    return code_diff(a[:LONGEST], b[:LONGEST])


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a line that fits into a column; `first` says that it is the line's first part."""

    line: Line
    start: int
    end: int
    first: bool


Both = tuple[Cut | None, Cut | None]
"""What stands left and right in a row of the split view; in the unified one, everything stands left."""


def unified(lines: Sequence[Line], width: int) -> list[Both]:
    """The lines one below the other, wrapped to `width` columns."""
    return [(cut, None) for line in lines for cut in _cuts(line, width)]


def split(lines: Sequence[Line], width: int) -> list[Both]:
    """The lines of both versions side by side, each wrapped to `width` columns."""
    rows: list[Both] = []
    for equal, group in groupby(lines, key=lambda line: line.sign == " "):
        block = list(group)
        if equal:
            for line in block:
                rows += [(cut, cut) for cut in _cuts(line, width)]
            continue
        minus, plus = ([line for line in block if line.sign == sign] for sign in "-+")
        for left, right in _beside(minus, plus):
            cuts = [_cuts(line, width) if line is not None else [] for line in (left, right)]
            for n in range(max(map(len, cuts))):
                first, second = (side[n] if n < len(side) else None for side in cuts)
                rows.append((first, second))
    return rows


def _beside(minus: Sequence[Line], plus: Sequence[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    """Lines that correspond stand beside one another, and so do those that have no partner."""
    x = y = 0
    while x < len(minus) or y < len(plus):
        left = minus[x] if x < len(minus) else None
        right = plus[y] if y < len(plus) else None
        if left is not None and right is not None and left.partial != right.partial:
            if left.partial:
                left = None
            else:
                right = None
        x, y = x + (left is not None), y + (right is not None)
        yield left, right


def shown(line: Line) -> str:
    """A line as visible text."""
    return "".join(visible(piece.text) for piece in line.pieces)


def _cuts(line: Line, width: int) -> list[Cut]:
    return [Cut(line, start, end, n == 0) for n, (start, end) in enumerate(wrap(shown(line), width))]
