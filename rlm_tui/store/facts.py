"""What a condition can ask about a saved session (`rlm_tui.projection.conditions`), as ``cost>0.1 tag:good since:7d``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from rlm_tui import events as ev
from rlm_tui.events import BlobRef
from rlm_tui.store.errors import StoreError
from rlm_tui.store.reader import StoreReader
from rlm_tui.store.row import SessionRow


class SessionFacts(Mapping[str, object]):
    """The facts of one session. Its texts are read only when a condition asks for them."""

    def __init__(self, row: SessionRow, reader: StoreReader, now: float) -> None:
        self._row = row
        self._reader = reader
        self._now = now

    def __getitem__(self, name: str) -> object:
        return _FACTS[name](self)

    def __iter__(self) -> Iterator[str]:
        return iter(_FACTS)

    def __len__(self) -> int:
        return len(_FACTS)

    def texts(self, *parts: str) -> list[str]:
        """The texts of some parts: ``code``, ``output``, ``reply``, ``answer``, ``prompt``."""
        refs = dict.fromkeys(ref for part in parts for ref in self._refs.get(part, ()))
        found = []
        for ref in refs:
            try:
                found.append(self._reader.text(ref))
            except (KeyError, StoreError):
                continue
        return found

    def models(self) -> list[str]:
        """Every model that was called, and those of the configuration."""
        asked = (m for m in (self._row.model, self._row.sub_model) if m)
        return list(dict.fromkeys([*asked, *self._called]))

    @cached_property
    def _refs(self) -> dict[str, list[BlobRef]]:
        refs: dict[str, list[BlobRef]] = {"code": [], "output": [], "reply": [], "answer": [], "prompt": []}
        for event in self._events("cell.%", "call.%", "session.%"):
            if isinstance(event, ev.CellProposed | ev.CellEdited):
                refs["code"].append(event.code)
            elif isinstance(event, ev.CellFinished):
                refs["output"].append(event.output)
            elif isinstance(event, ev.CallFinished):
                refs["reply"].append(event.reply)
            elif isinstance(event, ev.CallReserved):
                refs["prompt"] += [message.body for message in event.messages]
            elif isinstance(event, ev.SessionEnded) and event.answer is not None:
                refs["answer"].append(event.answer)
        return refs

    @cached_property
    def _called(self) -> list[str]:
        return [event.model for event in self._events("call.reserved") if isinstance(event, ev.CallReserved)]

    def _events(self, *kinds: str) -> Iterator[ev.Event]:
        where = " OR ".join("kind LIKE ?" for _ in kinds)
        sql = f"SELECT schema, CAST(payload AS BLOB) FROM event WHERE session = ? AND ({where}) ORDER BY seq"
        for schema, payload in self._reader.query(sql, self._row.id, *kinds):
            try:
                yield ev.decode(payload, schema)
            except ValueError:
                continue


_FACTS: dict[str, Callable[[SessionFacts], object]] = {
    "id": lambda f: f._row.id,
    "query": lambda f: f._row.query,
    "document": lambda f: [name for name, _ in f._row.documents],
    "model": lambda f: f.models(),
    "origin": lambda f: f._row.origin,
    "status": lambda f: f._row.status,
    "limit": lambda f: f._row.limit,
    "error": lambda f: f._row.error or f._row.errors > 0,
    "final": lambda f: f._row.answer is not None,
    "calls": lambda f: f._row.calls,
    "turns": lambda f: f._row.turns,
    "turn": lambda f: f._row.turns,
    "nodes": lambda f: f._row.nodes,
    "depth": lambda f: f._row.depth,
    "errors": lambda f: f._row.errors,
    "events": lambda f: f._row.last_seq,
    "tokens": lambda f: f._row.input + f._row.output,
    "tokens.in": lambda f: f._row.input,
    "tokens.out": lambda f: f._row.output,
    "cost": lambda f: f._row.cost,
    "seconds": lambda f: (f._row.ended or f._row.updated) - f._row.created,
    "started": lambda f: f._row.created,
    "age": lambda f: f._now - f._row.created,
    "tag": lambda f: f._row.tags,
    "note": lambda f: f._row.note,
    "score": lambda f: f._row.score,
    "code": lambda f: f.texts("code"),
    "output": lambda f: f.texts("output"),
    "reply": lambda f: f.texts("reply"),
    "prompt": lambda f: f.texts("prompt"),
    "answer": lambda f: f.texts("answer"),
    "text": lambda f: [f._row.query, *f.texts("code", "output", "reply", "answer")],
}
