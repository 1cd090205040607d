"""What one node said, ran and printed, turn by turn, as blocks of lines. Only what changed is made anew."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from rlm_tui.document.visible import visible
from rlm_tui.projection.state import Call, Cell, Node, Note, SessionState
from rlm_tui.tui.figures import count, duration, percent, price
from rlm_tui.tui.text import wrap
from rlm_tui.tui.view import View

WRAP_UP_TO = 20_000
"""A block with more lines than this is not wrapped; one scrolls sideways instead."""

SUB_LINES = 3
"""Lines of a sub-call's reply that are shown; the whole of it is shown when the sub-call is selected."""

_FENCE = re.compile(r"(?m)^[ \t]*(`{3,}|~{3,})[^\n`]*\n.*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.DOTALL)
_NOTES = {
    "injected": ("you", "operator"),
    "overridden": ("you", "operator"),
    "refused": ("refused", "warn"),
    "retry": ("retry", "warn"),
    "budget": ("budget", "warn"),
    "log": ("log", "muted"),
    "resumed": ("resumed", "muted"),
    "evaluated": ("you", "operator"),
    "interrupted": ("you", "operator"),
    "restarted": ("you", "operator"),
}


@dataclass(slots=True)
class Block:
    """Lines of one kind. `label` stands before the first of them; `turn` is the key of the tree row they belong to."""

    label: str
    style: str
    lines: Sequence[str]
    turn: str = ""
    rule: bool = False
    width: int = -1
    starts: list[int] | None = None

    def rows(self, width: int) -> int:
        """Rows on a screen of `width` columns."""
        self._measure(width)
        return len(self.lines) if self.starts is None else self.starts[-1]

    def at(self, row: int, width: int) -> tuple[str, bool]:
        """The text of a row, and whether it is the first of the block."""
        self._measure(width)
        if self.starts is None:
            return self.lines[row], row == 0
        line = bisect_right(self.starts, row) - 1
        start, end = wrap(self.lines[line], width)[row - self.starts[line]]
        return self.lines[line][start:end], row == 0

    def _measure(self, width: int) -> None:
        if self.width == width:
            return
        self.width = width
        if (
            self.rule
            or len(self.lines) > WRAP_UP_TO
            or all(len(line) <= width and line.isascii() for line in self.lines)
        ):
            self.starts = None
        else:
            self.starts = [0, *accumulate(len(wrap(line, width)) for line in self.lines)]


@dataclass(slots=True)
class _Section:
    """The blocks of one turn, and the values they were made of."""

    values: tuple[object, ...]
    blocks: list[Block]


@dataclass(slots=True)
class _Printed:
    """Output of a running cell, split into lines as it comes."""

    pieces: int = 0
    lines: list[str] = field(default_factory=list)
    tail: str = ""


class Transcript:
    """The blocks of one node at the cursor."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.node = ""
        self._sections: dict[str, _Section] = {}
        self._printed: dict[str, _Printed] = {}
        self._seen: object = None

    def update(self, view: View, node: Node | None) -> bool:
        """Bring the blocks up to date. Returns whether any differ."""
        state = view.state
        name = node.id if node is not None else ""
        if name != self.node or state is not self._seen:
            # A cell that was rewound has printed less than we know of.
            self._sections.clear()
            self._printed.clear()
            self.node, self._seen = name, state
        old = len(self.blocks)
        if node is None:
            self.blocks = []
            return old > 0
        different = False
        blocks: list[Block] = []
        notes = _notes_by_turn(view, name)
        keys = state.children.get(name, [])
        for key in keys:
            values = _values(state, key, notes.get(key, ()))
            known = self._sections.get(key)
            if known is None or not _same(known.values, values):
                known = _Section(values, self._make(view, key, notes.get(key, ())))
                self._sections[key] = known
                different = True
            blocks += known.blocks
        if "" in notes:
            blocks[:0] = [_note(note) for note in notes[""]]
        if node.error and node.status != "superseded":
            blocks.append(Block("error", "bad", _lines(node.error)))
        if node.answer is not None:
            blocks.append(Block("answer", "answer", _lines(view.text(node.answer))))
        different = different or len(blocks) != old
        self.blocks = blocks
        return different

    def _make(self, view: View, key: str, notes: Sequence[Note]) -> list[Block]:
        state = view.state
        blocks: list[Block] = []
        if call := state.calls.get(key):
            blocks += _head(view, call)
        else:
            blocks.append(Block("", "muted", ["probe"], rule=True))
        cells = state.cells_of.get(key, [key] if key in state.cells else [])
        # Retries happen while the turn goes on; what the operator says comes after it.
        blocks += [_note(note) for note in notes if note.kind == "retry"]
        for cell_key in cells:
            cell = state.cells[cell_key]
            for child in state.children.get(key, ()):
                below = state.calls.get(child) or state.nodes.get(child)
                if below is not None and below.cell == cell_key:
                    blocks.append(_sub(view, below))
                    blocks[-1].turn = child
            blocks += self._cell(view, cell)
        blocks += [_note(note) for note in notes if note.kind != "retry"]
        for block in blocks:
            block.turn = block.turn or key
        return blocks

    def _cell(self, view: View, cell: Cell) -> list[Block]:
        blocks: list[Block] = []
        if cell.output is not None:
            text = view.text(cell.output)
            self._printed.pop(cell.id, None)
            if text:
                blocks.append(Block("output", "printed", _lines(text)))
        elif cell.pieces:
            known = self._printed.setdefault(cell.id, _Printed())
            new = known.tail + "".join(cell.pieces[known.pieces :])
            known.pieces = len(cell.pieces)
            *whole, known.tail = new.split("\n")
            known.lines += [visible(line) for line in whole]
            # The list is shared with the block and goes on growing; the block is measured anew each time.
            blocks.append(
                Block("output", "printed", [*known.lines, visible(known.tail)] if known.tail else known.lines)
            )
        if cell.echo is not None:
            blocks.append(Block("value", "printed", _lines(cell.echo)))
        if cell.error is not None:
            blocks.append(Block("error", "bad", _lines(cell.error.text or f"{cell.error.type}: {cell.error.message}")))
        elif cell.status not in ("proposed", "running", "ok"):
            blocks.append(Block("error", "bad", [cell.status]))
        elif cell.status == "ok" and not blocks and cell.origin != "probe":
            blocks.append(Block("output", "muted", ["no output"]))
        return blocks


def _values(state: SessionState, key: str, notes: Sequence[Note]) -> tuple[object, ...]:
    values: list[object] = [state.calls.get(key), state.cells.get(key)]
    values += [state.cells[cell] for cell in state.cells_of.get(key, ())]
    values += [state.calls.get(child) or state.nodes.get(child) for child in state.children.get(key, ())]
    values += notes
    return tuple(values)


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _notes_by_turn(view: View, node: str) -> dict[str, list[Note]]:
    """Notes of a node under the key of the turn during which they were made; before the first turn under ``""``."""
    state = view.state
    mine = [note for note in state.notes if note.node == node]
    if not mine:
        return {}
    keys = [key for key in state.children.get(node, ()) if key in view.places]
    places = [view.places[key] for key in keys]
    found: dict[str, list[Note]] = {}
    for note in mine:
        at = bisect_right(places, note.seq) - 1
        found.setdefault(keys[at] if at >= 0 else "", []).append(note)
    return found


def _head(view: View, call: Call) -> list[Block]:
    glyphs = view.glyphs
    name = f"turn {call.turn}" if call.purpose == "turn" else call.purpose
    words = [name, visible(call.model)]
    if call.usage.calls:
        usage = call.usage
        cached = f" ({percent(usage.cached, usage.input)} cached)" if usage.cached else ""
        words.append(f"{count(usage.input)}{cached} {glyphs.arrow} {count(usage.output)} tok")
        if call.seconds:
            words.append(duration(call.seconds))
        words.append(price(usage))
    blocks = [Block("", "muted", [f" {glyphs.dot} ".join(words)], rule=True)]
    reply = call.partial if call.partial else view.text(call.reply)
    said = prose(reply)
    if said:
        blocks.append(Block("model", "model", _lines(said)))
    if call.notice:
        blocks.append(Block("told", "warn", _lines(call.notice)))
    if call.status == "failed" and call.fault is not None:
        blocks.append(Block("error", "bad", _lines(call.fault.message)))
    return blocks


def _sub(view: View, below: Call | Node) -> Block:
    name = f"sub {below.ordinal}" if isinstance(below, Call) else f"node {below.ordinal}"
    if isinstance(below, Call):
        if below.status == "failed":
            return Block(name, "bad", _lines(below.fault.message if below.fault else "failed"))
        if below.status != "done":
            waiting = "trying again" if below.status == "retrying" else "asked"
            return Block(name, "muted", [f"{waiting}{view.glyphs.cut}"])
        lines = _lines(view.text(below.reply))
    else:
        if below.answer is None:
            words = below.error or (f"running{view.glyphs.cut}" if below.status == "running" else below.status)
            return Block(name, "muted" if below.status == "running" else "bad", [visible(words)])
        lines = _lines(view.text(below.answer))
    if len(lines) > SUB_LINES:
        lines = [*lines[:SUB_LINES], f"{view.glyphs.cut} {len(lines) - SUB_LINES} more lines"]
    return Block(name, "operator" if isinstance(below, Call) and below.source == "operator" else "sub", lines)


def _note(note: Note) -> Block:
    label, style = _NOTES.get(note.kind, (note.kind, "muted"))
    return Block(label, style, _lines(note.text))


def prose(reply: str) -> str:
    """A reply without its code blocks: the code has a pane of its own."""
    return re.sub(r"\n{3,}", "\n\n", _FENCE.sub("", reply)).strip()


def code_in(reply: str) -> str:
    """The first code block of a reply, complete or not; empty when there is none."""
    match = re.search(r"(?m)^[ \t]*(`{3,}|~{3,})[ \t]*(?:repl|python3?|py)?[ \t]*\n", reply)
    if not match:
        return ""
    end = reply.find(match.group(1), match.end())
    return reply[match.end() : end if end >= 0 else len(reply)]


def _lines(text: str) -> list[str]:
    lines = visible(text).split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines
