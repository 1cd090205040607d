"""Pane 3: the cell of the selected row, what the operator changed in it, and what it will cost or what it did."""

from __future__ import annotations

from typing import ClassVar

from rlm_tui.document.visible import visible
from rlm_tui.events import Variable
from rlm_tui.projection import fold
from rlm_tui.projection.fold import Changed
from rlm_tui.projection.state import Call, Cell
from rlm_tui.tui.figures import count, dollars, duration, plural, price
from rlm_tui.tui.forecast import Forecast, average_subcall, forecast
from rlm_tui.tui.rows import one_line
from rlm_tui.tui.syntax import highlight
from rlm_tui.tui.text import width_of, wrap
from rlm_tui.tui.transcript import code_in
from rlm_tui.tui.view import SELECTION, View
from rlm_tui.tui.widgets.line_view import LineView, Parts


def chars(number: int) -> str:
    """The noun after a number of characters."""
    return "char" if number == 1 else "chars"


class Code(LineView):
    """Rows are: the code with line numbers, an empty row, and remarks wrapped to the width."""

    PARTS: ClassVar[Changed] = frozenset({fold.CODE, fold.OUTPUT, fold.TREE, fold.GAUGES, SELECTION})

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[tuple[tuple[str, str], ...], ...] = ()
        self._remarks: list[tuple[str, str]] = []
        self._wrapped: list[tuple[str, str]] = []
        self._marks: dict[int, tuple[str, str]] = {}
        self._shown: object = None

    def sync(self, view: View, changed: Changed) -> None:
        cell, call = view.cell, view.call
        key: tuple[object, ...]
        if call is not None and call.purpose == "leaf":
            key = (call, _at(view, call))
        else:
            state = view.state
            key = (cell, call, state.paused, state.breakpoints.copy(), state.by_purpose.get("leaf"), view.held)
        if key == self._shown and fold.EVERYTHING - changed:
            return
        fresh = self._shown is None or not isinstance(self._shown, tuple) or self._shown[0] is not key[0]
        self._shown = key
        self._marks = {}
        if call is not None and call.purpose == "leaf":
            self._show_leaf(view, call)
        elif cell is not None:
            self._show_cell(view, cell)
        elif call is not None:
            self._show_call(view, call)
        else:
            self._show_nothing(view)
        self._wrap()
        self.changed_rows()
        if fresh:
            self.to_start()

    # --- what is shown

    def _show_cell(self, view: View, cell: Cell) -> None:
        code = view.text(cell.code)
        self._lines = highlight(code, view.state.config.repl)
        glyphs = view.glyphs
        words = "probe" if cell.origin == "probe" else f"turn {cell.turn}"
        where = "" if cell.node == "0" else f" of {cell.node}"
        state = {"proposed": "unexecuted", "running": "running", "ok": ""}.get(cell.status, cell.status)
        notes = [note for note in (state, f"{glyphs.edited} edited by you" if cell.written else "") if note]
        tail = f" {glyphs.rule} {f' {glyphs.dot} '.join(notes)}" if notes else ""
        self.caption(f"3 Code {words}{where}{tail}", self._keys(view, cell))
        self._remarks = []
        if cell.error is not None:
            if cell.error.line:
                self._marks[cell.error.line] = (glyphs.bad, "bad")
            self._remarks.append(("bad", one_line(f"{cell.error.type}: {cell.error.message}")))
        if cell.status == "proposed":
            paused = view.state.paused
            if paused is not None and paused.cell == cell.id:
                self._marks[_first_line(code)] = (glyphs.here, "held")
            self._forecast(view, cell, forecast(code, _variables_before(view, cell)))
        elif cell.status == "running":
            self._remarks.append(("running", f"{glyphs.running} running"))
            self._next_prompt(view, cell)
        elif cell.origin != "probe":
            self._remarks.append(("muted", _what_it_did(view, cell)))
        if cell.written is not None:
            self._remarks += [("", ""), ("operator", f"{glyphs.edited} the model wrote:")]
            self._remarks += [("muted", visible(line)) for line in view.text(cell.written).split("\n")]

    def _keys(self, view: View, cell: Cell) -> str:
        if not view.held:
            return ""
        paused = view.state.paused
        if paused is not None and paused.stop == "before_exec" and paused.cell == cell.id:
            return "E edit  i inject  n run it"
        if paused is not None and paused.stop == "at_subcall" and paused.cell == cell.id and paused.call is not None:
            return "o answer by hand  n over"
        return "i inject  n over  c go"

    def _next_prompt(self, view: View, cell: Cell) -> None:
        """What the sub-call would send at which this cell is held: the log has it only once it is sent."""
        held = view.gate.held if view.held and view.gate is not None else None
        if held is None or held.kind != "at_subcall" or held.cell != cell.id:
            return
        many = held.planned if held.planned is not None and held.planned > 1 else 0
        if held.call is not None:
            what = f"sub-call {held.call.rsplit('.', 1)[-1]}" + (f" of {many}" if many else "")
        else:
            what = f"one of {many} child nodes" if many else "a child node"
        mean = average_subcall(view.state)
        tag = f" {view.glyphs.dot} {view.glyphs.about} {price(mean)} each" if mean is not None else ""
        if held.cost is not None:
            whose = f" for {held.batch} at once" if held.batch > 1 else ""
            tag = f" {view.glyphs.dot} {view.glyphs.about} {dollars(held.cost)}{whose}"
        self._remarks.append(("rule", f"held before {what}"))
        self._remarks.append(("cost", f"{count(len(held.prompt))} {chars(len(held.prompt))}{tag}"))
        self._remarks += [("text", line) for line in visible(held.prompt[:20_000]).split("\n")]

    def _forecast(self, view: View, cell: Cell, found: Forecast) -> None:
        glyphs = view.glyphs
        self._remarks.append(("rule", "if you continue"))
        if found.broken:
            self._remarks.append(("bad", "This is not valid Python: it will fail, and the model will be told."))
            return
        if found.nothing:
            self._remarks.append(("muted", "No sub-calls in this code. Running it costs nothing."))
            return
        if found.calls:
            words = plural(found.calls, "sub-call")
            if found.nodes:
                words += f" ({plural(found.nodes, 'child node')})"
            mean = average_subcall(view.state)
            if mean is not None:
                words += f" {glyphs.dot} {glyphs.about} {count((mean.input + mean.output) * found.calls)} tok"
                total = price(mean) if mean.unpriced else dollars(mean.cost * found.calls)
                words += f" {glyphs.dot} {glyphs.about} {total} at the average so far"
            else:
                words += f" {glyphs.dot} their price shows with the first of them"
            self._remarks.append(("text", words))
        for name in found.unknown:
            self._remarks.append(("text", f"{name}: how often shows only at run time"))

    def _show_call(self, view: View, call: Call) -> None:
        """A turn without a cell: the reply that is coming in, or one without code."""
        glyphs = view.glyphs
        coming = call.status not in ("done", "failed")
        code = code_in(call.partial) if coming else ""
        self._lines = highlight(code, view.state.config.repl) if code else ()
        words = f"{glyphs.rule} being written" if coming else ""
        self.caption(f"3 Code {'turn ' + str(call.turn) if call.turn else call.purpose} {words}".rstrip())
        if code:
            self._remarks = []
        elif coming and view.cut_off:
            self._remarks = [("warn", "The session was interrupted here; this request may have been billed.")]
        elif coming:
            self._remarks = [("muted", f"The model is thinking{glyphs.cut}")]
        elif call.fault is not None:
            self._remarks = [("bad", one_line(call.fault.message))]
        else:
            self._remarks = [("muted", "This reply has no code.")]
            if call.notice:
                self._remarks.append(("warn", one_line(f"The model was told: {call.notice}")))

    def _show_leaf(self, view: View, call: Call) -> None:
        """A sub-call has no code: its prompt and its reply stand here instead."""
        self._lines = ()
        glyphs = view.glyphs
        usage = call.usage
        cost = f" {glyphs.dot} {price(usage)}" if usage.calls else ""
        self.caption(
            f"3 Sub-call {call.ordinal} {glyphs.rule} {visible(call.model)}{cost}",
            "o answer by hand" if _at(view, call) else "",
        )
        remarks: list[tuple[str, str]] = []
        for message in call.messages:
            remarks.append(
                (
                    "rule",
                    f"prompt {glyphs.dot} {message.role} {glyphs.dot} {count(message.body.chars)} {chars(message.body.chars)}",
                )
            )
            remarks += [("text", line) for line in visible(view.text(message.body)[:20_000]).split("\n")]
            if message.body.chars > 20_000:
                remarks.append(("muted", f"{glyphs.cut} {count(message.body.chars - 20_000)} characters more"))
        who = " by you" if call.source == "operator" else ""
        took = f" {glyphs.dot} {duration(call.seconds)}" if call.seconds else ""
        remarks.append(("rule", f"reply{who}{took}"))
        if call.fault is not None:
            remarks.append(("bad", visible(call.fault.message)))
        elif call.reply is not None:
            remarks += [("sub", line) for line in visible(view.text(call.reply)).split("\n")]
        else:
            remarks.append(("muted", f"waiting{glyphs.cut}"))
        self._remarks = remarks

    def _show_nothing(self, view: View) -> None:
        self._lines = ()
        self.caption("3 Code")
        if view.source is None and not view.starting:
            self._remarks = [("muted", "The code that the model writes appears here, before it runs.")]
        else:
            self._remarks = [("muted", "No code yet.")]

    # --- rows

    @property
    def marks_cursor(self) -> bool:
        return bool(self._lines) or self.has_focus

    def _wrap(self) -> None:
        self._wrapped = []
        width = max(8, self.view_width - 2)
        if self._lines and self._remarks:
            self._wrapped.append(("", ""))
        for style, text in self._remarks:
            if style == "rule":
                self._wrapped.append((style, text))
                continue
            self._wrapped += [(style, text[start:end]) for start, end in wrap(text, width)]

    def rewidth(self, width: int) -> None:
        self._wrap()

    def count(self) -> int:
        return len(self._lines) + len(self._wrapped)

    @property
    def content_width(self) -> int:
        return max((sum(width_of(text) for text, _ in line) for line in self._lines), default=0) + 6

    def parts(self, row: int, width: int) -> Parts:
        palette = self.palette
        if row >= len(self._lines):
            style, text = self._wrapped[row - len(self._lines)]
            if style == "rule":
                rule = self.glyphs.rule
                return [
                    (f" {rule} {text} ", palette["muted"]),
                    (rule * max(0, width - width_of(text) - 5), palette["faint"]),
                ]
            return [(f" {text}", palette[style or "text"])]
        digits = len(str(len(self._lines)))
        mark, mark_style = self._marks.get(row + 1, (" ", "text"))
        parts: Parts = [(mark, palette[mark_style]), (f"{row + 1:>{digits}}  ", palette["line_number"])]
        return parts + [(text, palette[style]) for text, style in self._lines[row]]


def _at(view: View, call: Call) -> bool:
    paused = view.state.paused
    return view.held and paused is not None and paused.call == call.id and paused.stop == "at_subcall"


def _first_line(code: str) -> int:
    for number, line in enumerate(code.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            return number
    return 1


def _variables_before(view: View, cell: Cell) -> tuple[Variable, ...]:
    """What the REPL of the cell's node held when the cell before this one had ended, and the context if that is a text."""
    state, node = view.state, view.state.nodes.get(cell.node)
    given = (Variable("context", "str", node.context_chars),) if node is not None and node.context_kind == "str" else ()
    for key in reversed(state.order):
        other = state.cells.get(key)
        if other is not None and other.node == cell.node and other.ended is not None and other.id != cell.id:
            return (*given, *other.variables)
    return given


def _what_it_did(view: View, cell: Cell) -> str:
    words = [f"ran {duration(cell.seconds)}"]
    if cell.waited:
        words.append(f"waited {duration(cell.waited)} for sub-calls")
    below = [view.state.calls.get(key) for key in view.state.children.get(view.state.row_of_cell(cell), ())]
    made = sum(1 for call in below if call is not None and call.cell == cell.id)
    if made:
        words.append(plural(made, "sub-call"))
    if cell.rebuilt:
        words.append("REPL rebuilt from the record")
    return f" {view.glyphs.dot} ".join(words)
