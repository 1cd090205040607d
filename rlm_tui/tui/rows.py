"""The rows of the recursion tree: which ones there are, and what each says. Pure functions of the state."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from rlm_tui.document.visible import visible
from rlm_tui.events import Usage
from rlm_tui.projection.state import Call, Cell, Node, SessionState
from rlm_tui.tui.figures import count
from rlm_tui.tui.gist import gist
from rlm_tui.tui.status import STOPS
from rlm_tui.tui.view import View

Flat = list[tuple[str, int]]
"""Keys of the rows from top to bottom, each with its level."""


def flatten(state: SessionState, shut: Collection[str], match: Callable[[str], bool] | None = None) -> Flat:
    """The rows that are not hidden below a shut one. With `match`, the rows it holds for and the ones above them."""
    if not state.nodes:
        return []
    flat: Flat = []
    stack: list[tuple[str, int]] = [("0", 0)]
    children = state.children
    while stack:
        key, level = stack.pop()
        flat.append((key, level))
        below = children.get(key)
        if below and (match is not None or key not in shut):
            stack.extend((child, level + 1) for child in reversed(below))
    return flat if match is None else _matching(flat, match)


def _matching(flat: Flat, match: Callable[[str], bool]) -> Flat:
    kept: Flat = []
    above = -1
    for key, level in reversed(flat):
        if match(key) or level < above:
            kept.append((key, level))
            above = level
        elif level <= above:
            above = level
    kept.reverse()
    return kept


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says. `mark` is a sign with the style `style`; `detail` follows the name in a quieter style."""

    mark: str
    style: str
    name: str
    detail: str = ""
    detail_style: str = "muted"
    usage: Usage = Usage()
    share: float = 0.0


def row(view: View, key: str) -> Row:
    """The row with this key."""
    state = view.state
    usage = state.totals.get(key, Usage())
    share = _share(state, key, usage)
    if node := state.nodes.get(key):
        mark, style = _node_mark(view, node)
        return Row(mark, style, _node_name(node), *_node_detail(view, node), usage=usage, share=share)
    if call := state.calls.get(key):
        mark, style = _call_mark(view, call)
        if call.purpose == "turn":
            return Row(mark, style, f"turn {call.turn}", *_turn_detail(view, call), usage=usage, share=share)
        return Row(mark, style, _call_name(call), *_call_detail(view, call), usage=usage, share=share)
    if cell := state.cells.get(key):
        mark, style = _cell_mark(view, cell)
        return Row(mark, style, "probe", "shape of the context" if cell.node == "0" else "", usage=usage)
    return Row(" ", "muted", key)


def searchable(view: View, key: str) -> str:
    """What a filter of the tree looks at: name, detail and model of a row, in lower case."""
    found = row(view, key)
    call = view.state.calls.get(key)
    return f"{found.name} {found.detail} {call.model if call else ''}".lower()


def _share(state: SessionState, key: str, usage: Usage) -> float:
    """How much of what its parent cost is this row's; by tokens when nothing has a price."""
    parent = parent_of(state, key)
    whole = state.totals.get(parent, Usage()) if parent else state.spent
    if whole.cost > 0:
        return usage.cost / whole.cost
    return usage.total / whole.total if whole.total else 0.0


def parent_of(state: SessionState, key: str) -> str | None:
    """Key of the row above, ``None`` for the root."""
    cell: Cell | None
    if call := state.calls.get(key):
        cell = state.cells.get(call.cell) if call.cell else None
        return state.row_of_cell(cell) if cell else call.node
    if node := state.nodes.get(key):
        cell = state.cells.get(node.cell) if node.cell else None
        return state.row_of_cell(cell) if cell else node.parent
    if probe := state.cells.get(key):
        return probe.node
    return None


def _held_between(state: SessionState, node: Node) -> bool:
    """Whether the run is held at something of this node that has no row of its own: a turn whose model was not called yet."""
    paused = state.paused
    if paused is None or paused.node != node.id or node.status != "running":
        return False
    row = view_row_of_pause(state)
    return row not in state.calls and row not in state.cells


def _node_mark(view: View, node: Node) -> tuple[str, str]:
    glyphs = view.glyphs
    if (paused := view.state.paused) is not None and _held_between(view.state, node):
        return (glyphs.stop, "breakpoint") if paused.breakpoint else (glyphs.here, "held")
    if node.status == "running":
        return (glyphs.running, "running") if not view.state.over else (glyphs.stop, "muted")
    if node.status == "completed":
        return glyphs.ok, "ok"
    if node.status == "partial":
        return glyphs.partial, "warn"
    return (glyphs.stop, "muted") if node.status in ("cancelled", "superseded") else (glyphs.bad, "bad")


def _node_name(node: Node) -> str:
    if node.parent is None:
        return "root"
    again = node.id.rpartition("/")[2].partition("~")[2]
    return f"node {node.ordinal if node.ordinal is not None else node.id}" + (f" try {again}" if again else "")


def _node_detail(view: View, node: Node) -> tuple[str, str]:
    if (paused := view.state.paused) is not None and _held_between(view.state, node):
        return f"PAUSED {view.glyphs.dot} {STOPS.get(paused.stop, paused.stop)}", "held"
    turns = f" {node.turn}t" if node.turn else ""
    words = f"d{node.depth} {node.model}{turns}"
    if node.status == "superseded":
        words = f"superseded {view.glyphs.dot} {words}"
    if node.parent is not None:
        words += f" {view.glyphs.dot} {node.query}"
    return one_line(words), "muted"


def _call_mark(view: View, call: Call) -> tuple[str, str]:
    glyphs, state = view.glyphs, view.state
    paused = state.paused
    if paused is not None and call.id in (paused.call, view_row_of_pause(state)):
        return (glyphs.stop, "breakpoint") if paused.breakpoint else (glyphs.here, "held")
    if call.status == "retrying":
        return glyphs.warn, "warn"
    if call.status == "failed":
        return glyphs.bad, "bad"
    if call.status != "done":
        return glyphs.running, "running"
    cells = state.cells_of.get(call.id)
    if cells:
        return _cell_mark(view, state.cells[cells[-1]])
    if call.action in ("nudge", "repair", "refused"):
        return glyphs.warn, "warn"
    return glyphs.ok, "operator" if call.source == "operator" else "ok"


def _cell_mark(view: View, cell: Cell) -> tuple[str, str]:
    glyphs = view.glyphs
    if cell.status == "proposed":
        return glyphs.waiting, "muted"
    if cell.status == "running":
        return glyphs.running, "running"
    return (glyphs.ok, "ok") if cell.status == "ok" else (glyphs.bad, "bad")


def view_row_of_pause(state: SessionState) -> str:
    """Key of the row at which the run is held; empty when it is not."""
    paused = state.paused
    if paused is None:
        return ""
    if paused.call and paused.call in state.calls:
        return paused.call
    # A sub-call that is not sent yet has no row: the turn stands for it whose cell asks for it.
    if paused.cell and (cell := state.cells.get(paused.cell)):
        return state.row_of_cell(cell)
    return f"{paused.node}:t{paused.turn}" if paused.turn else paused.node


def _turn_detail(view: View, call: Call) -> tuple[str, str]:
    state = view.state
    paused = state.paused
    if paused is not None and view_row_of_pause(state) == call.id:
        held = state.cells_of.get(call.id)
        why = gist(view.text(state.cells[held[-1]].code)) if held else STOPS.get(paused.stop, paused.stop)
        return f"PAUSED {view.glyphs.dot} {one_line(why)}", "held"
    if call.status == "failed" and call.fault is not None:
        return one_line(call.fault.kind), "bad"
    if call.status == "retrying" and call.fault is not None:
        return f"retry {call.attempts + 1}: {call.fault.kind}", "warn"
    if call.status != "done" and view.cut_off:
        return "interrupted, may have been billed", "warn"
    if call.status != "done":
        return "thinking" + view.glyphs.cut, "running"
    cells = state.cells_of.get(call.id, ())
    if not cells:
        words = {
            "final": "answers in prose",
            "nudge": "no code: nudged",
            "repair": "asked to repeat",
            "refused": "refused",
        }
        return words.get(call.action, ""), "warn" if call.action != "final" else "answer"
    cell = state.cells[cells[-1]]
    edited = f"{view.glyphs.edited} " if cell.written else ""
    if cell.error is not None:
        return one_line(f"{edited}{cell.error.type}: {cell.error.message}"), "bad"
    if cell.final:
        node = state.nodes.get(cell.node)
        given = view.text(
            node.answer if node is not None and node.answer else state.proposed if cell.node == "0" else None
        )
        return f"{edited}FINAL {one_line(given[:200])}".rstrip(), "answer"
    return edited + one_line(gist(view.text(cell.code))), "operator" if edited else "muted"


def _call_name(call: Call) -> str:
    if call.purpose == "extract":
        return "forced answer"
    if call.purpose == "compaction":
        return "compaction"
    return f"sub {call.ordinal}" if call.ordinal is not None else "sub-call"


def _call_detail(view: View, call: Call) -> tuple[str, str]:
    words = "(depth limit)" if call.degraded else ""
    if call.status == "failed" and call.fault is not None:
        return f"{words} {call.fault.kind}".strip(), "bad"
    if call.status == "retrying" and call.fault is not None:
        return f"{words} retry {call.attempts + 1}: {call.fault.kind}".strip(), "warn"
    if call.source == "operator":
        return f"{words} by you".strip(), "operator"
    if call.source == "record":
        words += " from the record"
    if where := span_words(view, call.id):
        words += f" {where}"
    if call.reply is not None:
        words += f" {one_line(view.text(call.reply)[:200])}"
    return words.strip(), "muted"


def span_words(view: View, key: str) -> str:
    """Where in the documents a call read: ``[1.0M-1.5M]``, or ``[7 parts 2.1k]`` when that says little; else empty."""
    spans = view.state.coverage.spans_of(key)
    if not spans:
        return ""
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    chars = sum(span.end - span.start for span in spans)
    if len({span.document for span in spans}) > 1 or chars < (end - start) * 0.7:
        return f"[{len(spans)} parts {count(chars)}]"
    return f"[{count(start)}-{count(end)}]"


def one_line(text: str) -> str:
    """`text` made visible, its lines and runs of spaces drawn together."""
    return visible(" ".join(text.split()))
