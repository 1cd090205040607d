"""The report in Markdown: question, answer, what it cost, what was read, and every turn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rlm_tui.document.document import Document
from rlm_tui.document.visible import visible
from rlm_tui.events import BlobRef, Usage
from rlm_tui.projection.state import Call, Cell, Node, SessionState
from rlm_tui.session.provenance import Provenance, call_words, provenance
from rlm_tui.session.report.data import settings
from rlm_tui.session.report.texts import Text
from rlm_tui.session.transcript import ENDS, MISSING, counted, dollars, tokens

LONGEST = 4_000
"""Characters of an output, a prompt or a reply at most; the middle of a longer one is left out. Code is whole."""

REGIONS = 10

_FENCED = re.compile(r"(?ms)^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[ \t]*$|\Z)")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def markdown(state: SessionState, documents: Sequence[Document], text: Text, *, note: str = "") -> Iterator[str]:
    """The lines of the report. Texts of documents and models are quoted in it so that none of them is markup.

    `note` is what the user, or the import of a foreign log, noted about the session.
    """
    writer = _Writer(state, text)
    yield from writer.opening(note)
    yield from writer.reading(provenance(state, documents, text))
    yield from writer.costs()
    if "0" in state.nodes:
        yield from ("", "## The run", "")
        yield from writer.node(state.nodes["0"], 3)


class _Writer:
    def __init__(self, state: SessionState, text: Text) -> None:
        self.state = state
        self._load = text

    def opening(self, note: str) -> Iterator[str]:
        state = self.state
        yield f"# {_plain(state.query) or 'A session without a question'}"
        yield from (f"\nAsked before: {_plain(question)}" for question in state.questions[:-1])
        yield ""
        status = ENDS.get(state.status, state.status) if state.over else "interrupted"
        limit = f" ({state.limit})" if state.limit else ""
        yield f"**{status}{limit}** · session `{state.session}` · {counted(state.seq, 'event')} · origin {_plain(state.origin)}"
        for remark in (note, state.error):
            if remark:
                yield from ("", f"> {_plain(remark)}")
        yield from ("", "## Answer", "")
        if state.answer is None:
            yield "There is no answer."
        else:
            yield from _fence(self.text(state.answer), "")

    def reading(self, found: Provenance) -> Iterator[str]:
        if found.answer is not None and found.unsupported:
            yield from ("", "Quotes and numbers of the answer that stand in nothing that was read or computed:", "")
            for item in found.unsupported:
                yield f"* {item.kind} {_plain(item.text)}"
        if not found.documents:
            return
        yield from ("", "## What was read", "")
        yield "| document | characters | lines | seen by a model | touched by code | seen more than once |"
        yield "|---|--:|--:|--:|--:|--:|"
        for document in found.documents:
            seen, touched = document.seen, document.touched
            yield (
                f"| {_plain(document.name)} | {document.chars:,} | {document.lines:,} | {seen.part:.1%} "
                f"| {touched.part:.1%} | {seen.again:,} characters |"
            )
        for document in found.documents:
            unread = document.seen.unread
            if not unread:
                continue
            yield from ("", f"No model saw of {_plain(document.name)}:", "")
            for region in unread[:REGIONS]:
                lines = f"lines {region.first_line:,} to {region.last_line:,}, " if region.first_line else ""
                yield f"* {lines}characters {region.start:,} to {region.end:,}"
            if len(unread) > REGIONS:
                yield f"* and {len(unread) - REGIONS:,} more regions"

    def costs(self) -> Iterator[str]:
        state = self.state
        seconds = (state.ended or state.at) - state.started
        yield from ("", "## What it took", "")
        yield f"{counted(state.spent.calls, 'call')}, {tokens(state.spent)}, {dollars(state.spent)}, {seconds:.1f} s,"
        yield f"{counted(len(state.nodes), 'node')}, depth {state.depth}, {counted(state.errors, 'error')}."
        for title, sums in (("model", state.by_model), ("purpose", state.by_purpose)):
            if sums:
                yield from (
                    "",
                    f"| {title} | calls | tokens in | cached | tokens out | cost |",
                    "|---|--:|--:|--:|--:|--:|",
                )
                for name, usage in sums.items():
                    yield f"| {_plain(name)} | {_cells(usage)} |"
        yield from ("", "| setting | value |", "|---|---|")
        for name, value in settings(state):
            yield f"| {_plain(name)} | {_plain(value)} |"

    def node(self, node: Node, level: int) -> Iterator[str]:
        state = self.state
        for key in state.children.get(node.id, ()):
            if cell := state.cells.get(key):
                yield from self.heading(level, "The probe")
                yield from self.cell(cell, level)
            elif call := state.calls.get(key):
                yield from self.call(call, level)
        notes = [note for note in state.notes if note.node == node.id]
        if notes:
            yield from ("", "On the way:", "")
        yield from (f"* {_plain(note.kind)}: {_plain(note.text)}" for note in notes)

    def call(self, call: Call, level: int) -> Iterator[str]:
        yield from self.heading(level, _capital(call_words(call)))
        yield self.figures(call)
        if call.fault is not None:
            yield from ("", f"> {_plain(call.fault.message)}")
        reply = self.text(call.reply) if call.reply is not None else ""
        cells = self.state.cells_of.get(call.id, ())
        said = _FENCED.sub("", reply).strip() if cells else reply
        if said:
            yield ""
            yield from _fence(_cut(said), "")
        for key in cells:
            yield from self.cell(self.state.cells[key], level)
        if call.notice:
            yield from ("", f"The model is told: {_plain(call.notice)}")
        for key in self.state.children.get(call.id, ()):
            yield from self.below(key, level + 1)

    def below(self, key: str, level: int) -> Iterator[str]:
        state = self.state
        if node := state.nodes.get(key):
            yield from self.heading(level, f"Node {node.id}, depth {node.depth}")
            yield f"Asked {_plain(node.model)} about {node.context_chars:,} characters: {_plain(node.query)}"
            yield from self.node(node, level + 1)
            if node.answer is not None:
                yield from ("", f"Node {node.id} returns:", "")
                yield from _fence(_cut(self.text(node.answer)), "")
        elif call := state.calls.get(key):
            yield from self.heading(level, _capital(call_words(call)))
            yield self.figures(call)
            for message in call.messages:
                yield from ("", f"{_capital(message.role)}:", "")
                yield from _fence(_cut(self.text(message.body)), "")
            if call.fault is not None:
                yield from ("", f"> {_plain(call.fault.message)}")
            if call.reply is not None:
                yield from ("", "Reply:", "")
                yield from _fence(_cut(self.text(call.reply)), "")

    def cell(self, cell: Cell, level: int) -> Iterator[str]:
        yield ""
        yield from _fence(self.text(cell.code), "python")
        waited = f", {cell.waited:.2f} s waiting" if cell.waited >= 0.005 else ""
        edited = ", as you changed it" if cell.written is not None else ""
        yield from ("", f"Cell {cell.id}: {cell.status}, {cell.seconds:.2f} s{waited}{edited}")
        output = self.text(cell.output) if cell.output is not None else "".join(cell.pieces)
        if output.strip():
            yield ""
            yield from _fence(_cut(output), "text")
        if cell.echo:
            yield ""
            yield from _fence(_cut(cell.echo), "text")
        if cell.error is not None:
            yield ""
            yield from _fence(_cut(cell.error.text or f"{cell.error.type}: {cell.error.message}"), "text")

    def figures(self, call: Call) -> str:
        source = {"record": ", from the record", "operator": ", answered by hand"}.get(call.source, "")
        tries = f", {call.attempts} attempts" if call.attempts > 1 else ""
        usage = f"{tokens(call.usage)}, {dollars(call.usage)}"
        return f"{_plain(call.model)}{source}, {usage}, {call.seconds:.2f} s{tries}"

    def heading(self, level: int, words: str) -> Iterator[str]:
        # Markdown has six levels; what stands deeper is told apart by its name.
        yield from ("", f"{'#' * min(level, 6)} {_plain(words)}", "")

    def text(self, ref: BlobRef) -> str:
        try:
            return self._load(ref)
        except KeyError:
            return MISSING


def _plain(text: str) -> str:
    """One line in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", visible(" ".join(text.split())))


def _fence(text: str, language: str) -> Iterator[str]:
    """A block that no line of `text` can end."""
    text = visible(text).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    mark = "`" * max(3, longest + 1)
    yield f"{mark}{language}"
    yield from text.split("\n")
    yield mark


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    head, tail = LONGEST * 3 // 5, LONGEST * 2 // 5
    return f"{text[:head]}\n[… {len(text) - head - tail:,} characters left out …]\n{text[-tail:]}"


def _cells(usage: Usage) -> str:
    sign = "~" if usage.estimated else ""
    return f"{usage.calls:,} | {sign}{usage.input:,} | {usage.cached:,} | {sign}{usage.output:,} | {dollars(usage)}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
