"""What the page knows about a session, as values that JSON has. Times are seconds since the session's start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from rlm_tui.document.document import Document
from rlm_tui.events import CellError, Limits, Usage
from rlm_tui.projection.coverage import Strength
from rlm_tui.projection.state import Call, Cell, Node, SessionState
from rlm_tui.session.provenance import Provenance, Region, Share, provenance
from rlm_tui.session.report.texts import Text, Texts

LONGEST_DOCUMENT = 5_000_000
"""Characters up to which a document's text is part of the page."""

BARS = 400
"""Parts in which a document's heat is shown."""

Record = dict[str, Any]


class PageData:
    """Builds the page's data: `session` is the structure, `texts` what it refers to by number.

    `note` is what the user, or the import of a foreign log, noted about the session.
    """

    def __init__(
        self, state: SessionState, documents: Sequence[Document], text: Text, *, note: str = "", redacted: bool = False
    ) -> None:
        self.state = state
        self.documents = documents
        self.texts = Texts(text)
        self.found = provenance(state, documents, text)
        self.session = self._session(self.found, redacted)
        self.session["note"] = note
        self.session["places"] = self.texts.places

    # ---------------------------------------------------------------- the session

    def _session(self, found: Provenance, redacted: bool) -> Record:
        state = self.state
        config = state.config
        return {
            "id": state.session,
            "query": state.query,
            "before": state.questions[:-1],
            "status": state.status if state.over else "interrupted",
            "limit": state.limit,
            "error": state.error,
            "answer": self.texts.number(state.answer),
            "unsupported": [[item.kind, item.text, item.start, item.end] for item in found.unsupported],
            "checked": bool(found.documents) and all(document.kept for document in found.documents),
            "when": datetime.fromtimestamp(state.started, UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "seconds": _seconds((state.ended or state.at) - state.started),
            "origin": state.origin,
            "parent": state.parent,
            "parentSeq": state.parent_seq,
            "model": config.model,
            "subModel": config.sub_model,
            "depth": state.depth,
            "errors": state.errors,
            "events": state.seq,
            "redacted": redacted,
            "usage": usage(state.spent),
            "byModel": [[name, usage(spent)] for name, spent in state.by_model.items()],
            "byPurpose": [[name, usage(spent)] for name, spent in state.by_purpose.items()],
            "settings": list(settings(state)),
            "documents": [self._document(number, found) for number in range(len(state.documents))],
            "rows": list(self._rows()),
            "notes": [[note.seq, note.kind, note.node, note.text] for note in state.notes],
        }

    def _document(self, number: int, found: Provenance) -> Record:
        ref, reading = self.state.documents[number], found.documents[number]
        text = None
        if reading.kept and ref.body.chars <= LONGEST_DOCUMENT:
            text = self.texts.number(ref.body, None)
        coverage = self.state.coverage
        return {
            "name": ref.name,
            "chars": ref.body.chars,
            "lines": ref.lines,
            "format": ref.format,
            "text": text,
            "seen": _share(reading.seen),
            "touched": _share(reading.touched),
            "handed": reading.handed,
            "heat": {strength: coverage.heat(number, BARS, strength) for strength in _STRENGTHS},
            "spans": {
                strength: [[span.start, span.end] for span in coverage.read_spans(number, strength)]
                for strength in _STRENGTHS
            },
            "readings": [
                [r.source, r.what, r.strength, [[span.start, span.end] for span in r.spans]] for r in reading.readings
            ],
        }

    # ---------------------------------------------------------------- the tree

    def _rows(self) -> Iterator[Record]:
        """The rows of the recursion tree, each after the one above it."""
        stack: list[tuple[str, int, int]] = [("0", 0, -1)] if "0" in self.state.nodes else []
        number = 0
        while stack:
            key, level, parent = stack.pop()
            record = self._row(key)
            if record is None:
                continue
            yield {"key": key, "level": level, "parent": parent, **record}
            stack += [(child, level + 1, number) for child in reversed(self.state.children.get(key, ()))]
            number += 1

    def _row(self, key: str) -> Record | None:
        state = self.state
        total = usage(state.totals.get(key, Usage()))
        if node := state.nodes.get(key):
            return {"kind": "node", "usage": total, **self._node(node)}
        if call := state.calls.get(key):
            cells = [self._cell(state.cells[cell]) for cell in state.cells_of.get(key, ())]
            return {"kind": call.purpose, "usage": total, "cells": cells, **self._call(call)}
        if cell := state.cells.get(key):
            return {"kind": "probe", "usage": total, "cells": [self._cell(cell)], **self._times(cell)}
        return None

    def _times(self, thing: Node | Call | Cell) -> Record:
        began = thing.started or self.state.started
        ended = thing.ended if thing.ended is not None else self.state.at
        return {"start": _seconds(began - self.state.started), "end": _seconds(max(began, ended) - self.state.started)}

    def _node(self, node: Node) -> Record:
        return {
            "name": "root" if node.parent is None else f"node {node.id}",
            "status": node.status,
            "model": node.model,
            "depth": node.depth,
            "query": node.query,
            "context": node.context_chars,
            "answer": self.texts.number(node.answer),
            "limit": node.limit,
            "error": node.error,
            "turns": node.turn,
            **self._times(node),
        }

    def _call(self, call: Call) -> Record:
        where = self.state.coverage.spans_of(call.id)
        return {
            "turn": call.turn,
            "ordinal": call.ordinal,
            "batch": call.batch,
            "degraded": call.degraded,
            "status": call.status,
            "model": call.model,
            "source": call.source,
            "attempts": call.attempts,
            "finish": call.finish,
            "action": call.action,
            "notice": call.notice,
            "fault": None if call.fault is None else [call.fault.kind, call.fault.message],
            "messages": [[message.role, self.texts.number(message.body)] for message in call.messages],
            "reply": self.texts.number(call.reply),
            "read": [[span.document, span.start, span.end] for span in where],
            **self._times(call),
        }

    def _cell(self, cell: Cell) -> Record:
        return {
            "id": cell.id,
            "status": cell.status,
            "code": self.texts.number(cell.code),
            "written": self.texts.number(cell.written),
            "output": self.texts.number(cell.output),
            "printed": "".join(cell.pieces),
            "echo": cell.echo,
            "error": _error(cell.error),
            "seconds": _seconds(cell.seconds),
            "waited": _seconds(cell.waited),
            "variables": [[v.name, v.type, v.size, v.preview, v.changed] for v in cell.variables],
            "touched": [[span.document, span.start, span.end] for span in cell.touched],
            "rebuilt": cell.rebuilt,
            "final": cell.final,
            **self._times(cell),
        }


_LIMITS = {
    "usd": "US dollars",
    "errors_in_row": "errors in a row",
    "nudges": "reminders",
    "subcalls_per_cell": "sub-calls of a cell",
    "concurrency": "calls at once",
    "seconds": "seconds",
}

_STRENGTHS: tuple[Strength, ...] = ("seen", "touched")


def usage(spent: Usage) -> Record:
    """A usage with the figures that aren't 0."""
    return {name: value for name, value in msgspec.to_builtins(spent).items() if value}


def settings(state: SessionState) -> Iterator[tuple[str, str]]:
    """What the session was run with, where it says something."""
    config = state.config
    yield "model", config.model
    if config.sub_model:
        yield "model of sub-calls", config.sub_model
    for depth, model in sorted(config.models_at.items()):
        yield f"model at depth {depth}", model
    yield "depth", f"at most {config.max_depth}"
    plain = Limits()
    for name in Limits.__struct_fields__:
        value = getattr(config.limits, name)
        if value is not None and (value != getattr(plain, name) or name == "turns"):
            yield f"limit of {_LIMITS.get(name, name.replace('_', ' '))}", f"{value:,g}"
    if config.temperature is not None:
        yield "temperature", f"{config.temperature:g}"
    for name, value in config.model_options.items():
        yield name, str(value)


def _share(share: Share) -> Record:
    return {
        "chars": share.chars,
        "part": round(share.part, 6),
        "again": share.again,
        "surplus": share.surplus,
        "unread": [_region(region) for region in share.unread],
    }


def _region(region: Region) -> list[int]:
    return [region.start, region.end, region.first_line, region.last_line]


def _error(error: CellError | None) -> Record | None:
    return (
        None
        if error is None
        else {"type": error.type, "message": error.message, "line": error.line, "text": error.text}
    )


def _seconds(seconds: float) -> float:
    return round(max(0.0, seconds), 3)
