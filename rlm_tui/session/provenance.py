"""Where an answer comes from: what of the documents was read, by whom, and what in the answer nothing backs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rlm_tui.document.document import Document
from rlm_tui.document.quotes import Unsupported, unsupported
from rlm_tui.events import BlobRef, Span
from rlm_tui.projection.coverage import STRENGTHS, Intervals, Strength
from rlm_tui.projection.state import Call, SessionState

Text = Callable[[BlobRef], str]

SMALLEST = 64
"""Characters from which on an unread region is one: shorter gaps are mostly the seams between readings."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a document was read at one strength. Figures are characters.

    `again` is how many characters were read more than once, `surplus` what all readings after the first add up to.
    """

    chars: int
    part: float
    again: int
    surplus: int
    unread: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a document: characters from `start` to before `end`, and its first and last line counted from 1.

    The lines are 0 where the document's text is not kept with the session.
    """

    start: int
    end: int
    first_line: int
    last_line: int

    @property
    def chars(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Reading:
    """A call that carried text of the document to a model, a cell whose code went over it, or (`handed`) a child node that
    got it as its context.
    """

    source: str
    what: str
    strength: Strength
    model: str
    spans: tuple[Region, ...]
    handed: bool = False


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """One document of a session, and who read what of it.

    `kept` says whether its text is there. Text that became the context of a child node counts as seen (it was handed to a
    model, in a variable); `handed` is how many of the seen characters stood in no prompt.
    """

    name: str
    chars: int
    lines: int
    kept: bool
    touched: Share
    seen: Share
    handed: int
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """All documents, and the quotes and numbers of the answer that stand in nothing the session read or computed."""

    documents: tuple[DocumentReading, ...]
    answer: str | None
    unsupported: tuple[Unsupported, ...]


def provenance(state: SessionState, documents: Sequence[Document], text: Text, smallest: int = SMALLEST) -> Provenance:
    """What `state` says about its documents and its answer. `smallest` is the shortest unread region to name."""
    found = tuple(_document(state, number, documents, smallest) for number in range(len(state.documents)))
    answer = _load(state.answer, text)
    missing = tuple(unsupported(answer, sources(state, documents, text))) if answer else ()
    return Provenance(found, answer, missing)


def sources(state: SessionState, documents: Sequence[Document], text: Text) -> Iterator[str]:
    """Everything an answer can rest on: the question, the documents, what cells printed, what sub-calls replied."""
    yield state.query
    for document in documents:
        yield document.text
    for cell in state.cells.values():
        yield _load(cell.output, text) or ""
        yield cell.echo or ""
    for call in state.calls.values():
        if call.purpose == "leaf":
            yield _load(call.reply, text) or ""
    for node in state.nodes.values():
        if node.parent is not None:
            yield _load(node.answer, text) or ""


def words_of(state: SessionState, source: str) -> str:
    """What a reader is called: ``turn 3``, ``sub-call 0:c3.1``, ``cell 0:c2``, with the node's path below the root."""
    call = state.calls.get(source)
    if source in state.nodes:
        return f"the context of node {source}"
    if call is None:
        cell = state.cells.get(source)
        return "the probe" if cell is not None and cell.origin == "probe" else f"cell {source}"
    return call_words(call)


def call_words(call: Call) -> str:
    """The same of a call."""
    at = "" if call.node == "0" else f"{call.node} "
    if call.purpose == "turn":
        return f"{at}turn {call.turn}"
    if call.purpose == "leaf":
        return f"sub-call {call.id}"
    return f"{at}{'forced answer' if call.purpose == 'extract' else call.purpose}"


def _document(state: SessionState, number: int, documents: Sequence[Document], smallest: int) -> DocumentReading:
    ref = state.documents[number]
    document = documents[number] if number < len(documents) else None
    kept = document is not None and document.chars == ref.body.chars
    place = _Place(document if kept else None)
    shares = {strength: _share(state, number, strength, place, smallest) for strength in STRENGTHS}
    by_source: dict[tuple[str, Strength], list[Span]] = {}
    prompted = Intervals()
    for reader in state.coverage.readers_of(number, 0, ref.body.chars):
        if reader.strength == "seen" and reader.source not in state.nodes:
            prompted.add(reader.span.start, reader.span.end)
        by_source.setdefault((reader.source, reader.strength), []).append(reader.span)
    readings = tuple(
        Reading(
            source,
            words_of(state, source),
            strength,
            _model(state, source),
            tuple(place.regions(spans)),
            source in state.nodes,
        )
        for (source, strength), spans in by_source.items()
    )
    seen = shares["seen"]
    handed = seen.chars - prompted.size
    return DocumentReading(ref.name, ref.body.chars, ref.lines, kept, shares["touched"], seen, handed, readings)


def _share(state: SessionState, number: int, strength: Strength, place: _Place, smallest: int) -> Share:
    coverage = state.coverage
    again, surplus = coverage.duplicated(strength, number)
    unread = tuple(place.regions(coverage.unread(number, strength, smallest)))
    return Share(coverage.read_chars(strength, number), coverage.share(strength, number), again, surplus, unread)


class _Place:
    """Spans as regions with their lines, where there is a text to count lines in."""

    def __init__(self, document: Document | None) -> None:
        self._document = document
        if document is not None:
            document.index()

    def regions(self, spans: Iterable[Span]) -> Iterator[Region]:
        for span in spans:
            first = last = 0
            if self._document is not None:
                first = self._document.line_of(span.start) + 1
                last = self._document.line_of(max(span.start, span.end - 1)) + 1
            yield Region(span.start, span.end, first, last)


def _model(state: SessionState, source: str) -> str:
    found = state.calls.get(source) or state.nodes.get(source)
    return "" if found is None else found.model


def _load(ref: BlobRef | None, text: Text) -> str | None:
    if ref is None:
        return None
    try:
        return text(ref)
    except KeyError:
        return None
