"""A session as plain text: what happened, in the order in which it happened.

Every text from documents and models is made visible, so the lines can go to a terminal, a file or a mail as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from rlm_tui import events as ev
from rlm_tui.document.visible import visible
from rlm_tui.events import BlobRef, Entry, Usage

Text = Callable[[BlobRef], str]

MISSING = "[this text is not kept with the session]"
_FENCED = re.compile(r"(?ms)^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[ \t]*$|\Z)")

ENDS = {
    "completed": "completed",
    "partial": "partial answer",
    "failed": "failed",
    "cancelled": "cancelled",
    "superseded": "superseded",
}


def transcript(entries: Iterable[Entry], text: Text) -> Iterator[str]:
    """The lines of a session's transcript.

    A heading begins with the number of its event in brackets and the seconds since the start; what belongs to it is
    indented. `text` loads a body by reference and may raise `KeyError`.
    """
    writer = _Writer(text)
    for entry in entries:
        yield from writer.lines(entry)
    yield from writer.rest()


def dollars(usage: Usage) -> str:
    """The exact price of `usage`: ``$0.0042``; a ``?`` where calls without a known price are part of it."""
    if usage.unpriced and not usage.cost:
        return "$?"
    figure = f"{usage.cost:.6f}".rstrip("0")
    whole, _, part = figure.partition(".")
    return f"${whole}.{part:0<2}{'+?' if usage.unpriced else ''}"


def tokens(usage: Usage) -> str:
    """``1,210 tokens in (200 cached), 96 out``, with ``~`` before figures that were counted by us."""
    sign = "~" if usage.estimated else ""
    cached = f" ({sign}{usage.cached:,} cached)" if usage.cached else ""
    return f"{sign}{usage.input:,} tokens in{cached}, {sign}{usage.output:,} out"


def counted(number: int, noun: str) -> str:
    """``1 call``, ``14 calls``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


class _Writer:
    """Turns entries into lines; remembers what is under way, so that an interrupted session shows it at its end."""

    def __init__(self, text: Text) -> None:
        self._load = text
        self._start = 0.0
        self._last = 0
        self._ended = False
        self._spent = ev.Usage()
        self._calls: dict[str, ev.CallReserved] = {}
        self._open_cells: dict[str, list[str]] = {}
        self._nodes: dict[str, ev.NodeStarted] = {}

    def lines(self, entry: Entry) -> Iterator[str]:
        self._last = entry.seq
        match entry.event:
            case ev.SessionStarted() as e:
                self._start = entry.at
                yield from self._opening(e, entry.at)
            case ev.SessionResumed() as e:
                yield self._head(
                    entry, f"resumed by a new process{f' (version {visible(e.version)})' if e.version else ''}"
                )
            case ev.SessionAsked() as e:
                self._ended = False
                yield ""
                yield self._head(entry, f"you asked another question: {_line(e.query)}")
            case ev.SessionEnded() as e:
                yield from self._ending(entry, e)
            case ev.NodeStarted() | ev.NodeEnded() as e:
                yield from self._node(entry, e)
            case ev.CallReserved() as e:
                self._calls[e.call] = e
            case ev.AttemptFailed() | ev.CallFinished() | ev.CallFailed() | ev.ReplyRead() as e:
                yield from self._call(entry, e)
            case ev.CellProposed() | ev.CellEdited() | ev.CellStarted() | ev.CellOutput() | ev.CellFinished() as e:
                yield from self._cell(entry, e)
            case ev.FinalProposed() as e:
                yield self._head(entry, f"{_at(e.node)}answer by {e.source}")
                yield from self._body(self._text(e.answer))
            case ev.FinalRefused() as e:
                yield self._head(entry, f"{_at(e.node)}answer refused: {_line(e.reason)}")
            case ev.ToolCalled() | ev.ToolReturned() as e:
                yield from self._tool(entry, e)
            case other:
                if words := _control(other):
                    yield self._head(entry, words)

    def rest(self) -> Iterator[str]:
        """What was under way when the log ends without an end of the session."""
        if self._ended or not self._last:
            return
        yield ""
        yield f"The log ends with event {self._last:,}; the session has no end."
        for call in self._calls.values():
            yield f"{_name(call)} was under way; it may have been billed."
        for cell, pieces in self._open_cells.items():
            yield f"cell {cell} was running; it had printed:"
            yield from self._body("".join(pieces) or "nothing")

    # --- one kind of thing each

    def _opening(self, e: ev.SessionStarted, at: float) -> Iterator[str]:
        when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        yield f"session   {e.session}, {when}, version {visible(e.version) or 'unknown'}"
        if e.parent:
            yield f"          {e.origin} of {e.parent} after event {e.parent_seq}"
        yield f"question  {_line(e.query)}"
        for n, document in enumerate(e.documents):
            label = "documents " if n == 0 and len(e.documents) > 1 else "document  " if n == 0 else " " * 10
            size = f"{document.body.chars:,} characters, {counted(document.lines, 'line')}, {document.format}"
            yield f"{label}{_line(document.name)}: {size}"
        config = e.config
        sub = f", sub-calls {_line(config.sub_model)}" if config.sub_model else ""
        yield f"model     {_line(config.model)}{sub}, depth {config.max_depth}"
        yield f"limits    {_limits(config.limits)}"

    def _ending(self, entry: Entry, e: ev.SessionEnded) -> Iterator[str]:
        self._ended = True
        limit = f" ({e.limit})" if e.limit else ""
        error = f": {_line(e.error)}" if e.error else ""
        yield ""
        yield self._head(entry, f"{ENDS.get(e.status, e.status)}{limit}{error}")
        # The end of a session that an earlier version imported says nothing of what it cost.
        usage = e.usage if e.usage.calls else self._spent
        yield f"    {counted(usage.calls, 'call')}, {tokens(usage)}, {dollars(usage)}"
        if e.answer is not None:
            yield "answer"
            yield from self._body(self._text(e.answer))

    def _node(self, entry: Entry, e: ev.NodeStarted | ev.NodeEnded) -> Iterator[str]:
        if isinstance(e, ev.NodeStarted):
            self._nodes[e.node] = e
            if e.depth:
                yield self._head(entry, f"{_at(e.node)}a node of its own, depth {e.depth}, {_line(e.model)}")
                yield from self._body(f"{e.query}\n({e.context_chars:,} characters of context)")
            return
        started = self._nodes.get(e.node)
        if started is not None and started.depth:
            error = f": {_line(e.error)}" if e.error else ""
            yield self._head(entry, f"{_at(e.node)}returns, {ENDS.get(e.status, e.status)}{error}")
            if e.answer is not None:
                yield from self._body(self._text(e.answer))

    def _call(
        self, entry: Entry, e: ev.AttemptFailed | ev.CallFinished | ev.CallFailed | ev.ReplyRead
    ) -> Iterator[str]:
        if isinstance(e, ev.ReplyRead):
            if e.notice:
                yield self._head(entry, f"{_at(e.node)}the model is told")
                yield from self._body(e.notice)
            return
        call = self._calls.get(e.call)
        name = _name(call) if call else f"call {e.call}"
        if isinstance(e, ev.AttemptFailed):
            if e.retry_in is not None:
                again = f"again in {e.retry_in:.1f} s"
                yield self._head(entry, f"{name}, attempt {e.attempt} failed ({_line(e.fault.message)}); {again}")
            return
        self._calls.pop(e.call, None)
        self._spent += e.usage
        model = _line(call.model) if call else "?"
        if isinstance(e, ev.CallFailed):
            yield self._head(entry, f"{name}, {model} failed: {_line(e.fault.message)}")
            return
        who = "answered by you" if e.source == "operator" else f"{model}{' (from the record)' * (e.source == 'record')}"
        reply = self._text(e.reply)
        yield self._head(entry, f"{name}, {who}, {tokens(e.usage)}, {dollars(e.usage)}, {e.seconds:.2f} s")
        if call is not None and call.purpose == "turn":
            reply = re.sub(r"\n{3,}", "\n\n", _FENCED.sub("", reply)).strip()
        if reply:
            yield from self._body(reply)

    def _cell(
        self,
        entry: Entry,
        e: ev.CellProposed | ev.CellEdited | ev.CellStarted | ev.CellOutput | ev.CellFinished,
    ) -> Iterator[str]:
        if isinstance(e, ev.CellProposed):
            title = "the probe" if e.origin == "probe" else f"cell {e.cell}"
            yield self._head(entry, f"{_at(e.node)}{title}")
            yield from self._code(e.code)
        elif isinstance(e, ev.CellEdited):
            yield self._head(entry, f"cell {e.cell} as you changed it")
            yield from self._code(e.code)
        elif isinstance(e, ev.CellStarted):
            self._open_cells[e.cell] = []
        elif isinstance(e, ev.CellOutput):
            self._open_cells.setdefault(e.cell, []).append(e.text)
        else:
            self._open_cells.pop(e.cell, None)
            rebuilt = ", in a rebuilt REPL" if e.rebuilt else ""
            waited = f", {e.waited:.2f} s waiting" if e.waited >= 0.005 else ""
            yield self._head(entry, f"cell {e.cell} {e.status}, {e.seconds:.2f} s{waited}{rebuilt}")
            yield from self._body(self._text(e.output))
            if e.echo is not None:
                yield from self._body(e.echo)
            if e.error is not None:
                yield from self._body(e.error.text or f"{e.error.type}: {e.error.message}")

    def _tool(self, entry: Entry, e: ev.ToolCalled | ev.ToolReturned) -> Iterator[str]:
        if isinstance(e, ev.ToolCalled):
            yield self._head(entry, f"{_at(e.node)}{e.call} calls the tool {_line(e.tool)}")
            yield from self._body(self._text(e.arguments))
        elif e.value is not None:
            yield self._head(entry, f"{_at(e.node)}{e.call} returned, {e.seconds:.2f} s")
            yield from self._body(self._text(e.value))
        else:
            yield self._head(entry, f"{_at(e.node)}{e.call} failed: {_line(e.error or '')}")

    # --- pieces

    def _head(self, entry: Entry, words: str) -> str:
        return f"[{entry.seq}] +{max(0.0, entry.at - self._start):.2f}s  {words}"

    def _text(self, ref: BlobRef) -> str:
        try:
            return self._load(ref)
        except KeyError:
            return MISSING

    def _body(self, text: str, indent: str = "    ") -> Iterator[str]:
        lines = visible(text).split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        for line in lines:
            yield f"{indent}{line}".rstrip()

    def _code(self, ref: BlobRef) -> Iterator[str]:
        lines = visible(self._text(ref)).rstrip("\n").split("\n")
        width = len(str(len(lines)))
        for number, line in enumerate(lines, 1):
            yield f"    {number:>{width}}  {line}".rstrip()


def _line(text: str) -> str:
    return visible(" ".join(text.split()))


def _at(node: str) -> str:
    """The node's path in front of what it does, where it isn't the root."""
    return "" if node == "0" else f"{node}  "


def _name(call: ev.CallReserved) -> str:
    node = _at(call.node)
    if call.purpose == "turn":
        return f"{node}turn {call.turn}"
    if call.purpose == "leaf":
        return f"{node}sub-call {call.call}{' (rlm_query at the depth limit)' if call.degraded else ''}"
    return f"{node}{'forced answer' if call.purpose == 'extract' else call.purpose} {call.call}"


def _limits(limits: ev.Limits) -> str:
    figures = (
        (None if limits.usd is None else f"${limits.usd:g}"),
        (None if limits.calls is None else counted(limits.calls, "call")),
        (None if limits.total_tokens is None else counted(limits.total_tokens, "token")),
        (None if limits.input_tokens is None else f"{limits.input_tokens:,} tokens in"),
        (None if limits.output_tokens is None else f"{limits.output_tokens:,} tokens out"),
        (None if limits.seconds is None else f"{limits.seconds:g} s"),
        f"{counted(limits.turns, 'turn')} a node",
    )
    return ", ".join(figure for figure in figures if figure)


def _control(event: ev.Event) -> str:
    match event:
        case ev.Paused(stop=stop, node=node, reason=reason):
            return f"{_at(node)}paused, {stop.replace('_', ' ')}: {_line(reason)}"
        case ev.Resumed(verb=verb, until=until):
            return f"you let it go on: {verb}{f' {_line(until)}' if until else ''}"
        case ev.PauseRequested():
            return "you asked for a pause"
        case ev.Injected(node=node, text=text):
            return f"{_at(node)}you told the model: {_line(text)}"
        case ev.Overridden(call=call):
            return f"you answered sub-call {call} by hand"
        case ev.BreakpointSet(number=number, condition=condition):
            return f"breakpoint #{number} set: {_line(condition)}"
        case ev.BreakpointCleared(number=number):
            return f"breakpoint #{number} cleared"
        case ev.Evaluated(node=node, code=code, preview=preview):
            return f"{_at(node)}you looked at {_line(code)}: {_line(preview)}"
        case ev.WatchSet(expression=expression):
            return f"you watch {_line(expression)}"
        case ev.WatchCleared():
            return "you let go of a watch"
        case ev.Interrupted(calls=calls):
            return f"you cancelled {', '.join(calls)}; asked again when the run goes on"
        case ev.NodeRestarted(node=node, again=again):
            return f"{_at(node)}you had it begin again as {again}"
        case ev.MarkSet(at=at, name=name):
            return f"you marked event {at}{f': {_line(name)}' if name else ''}"
        case ev.LogPoint(number=number, text=text):
            return f"breakpoint #{number} says: {_line(text)}"
        case ev.ReplOpened(node=node, walls=walls):
            return f"{_at(node)}walls around its code: {_line(walls)}"
        case ev.NodeWarned(node=node, text=text):
            return f"{_at(node)}warning: {_line(text)}"
        case ev.BudgetWarned(limit=limit, used=used, allowed=allowed):
            return f"80% of the budget is used: {limit} {used:g} of {allowed:g}"
        case ev.BudgetExhausted():
            return event.sentence
        case _:
            return ""
