"""One line of the list of sessions, folded from the events: constant work for each event.

The sums agree with those of `rlm_tui.projection.SessionState`; a test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from rlm_tui import events as ev
from rlm_tui.events import BlobRef, Entry, Usage

ANSWER_CHARS = 300
"""How much of the answer the row shows."""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session at a glance.

    `created`, `updated` and `ended` are seconds since the epoch. `documents` are (name, characters). `status` is
    ``running`` while a process writes it, ``interrupted`` if that process is gone without an end, else as in
    `rlm_tui.events.SessionEnded`. `errors` counts failed calls and cells; `turns` replies that were read. `tags`,
    `note` and `score` are the user's.
    """

    id: str
    created: float = 0.0
    updated: float = 0.0
    ended: float | None = None
    query: str = ""
    documents: tuple[tuple[str, int], ...] = ()
    chars: int = 0
    model: str = ""
    sub_model: str | None = None
    origin: str = "live"
    parent: str | None = None
    parent_seq: int | None = None
    status: str = "running"
    answer: str | None = None
    limit: str | None = None
    error: str | None = None
    calls: int = 0
    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    cost: float = 0.0
    unpriced: int = 0
    estimated: bool = False
    turns: int = 0
    cells: int = 0
    nodes: int = 0
    depth: int = 0
    errors: int = 0
    last_seq: int = 0
    tags: tuple[str, ...] = ()
    note: str = ""
    score: int | None = None

    @property
    def usage(self) -> Usage:
        """The sums as one value."""
        return Usage(
            calls=self.calls,
            input=self.input,
            cached=self.cached,
            cache_write=self.cache_write,
            output=self.output,
            reasoning=self.reasoning,
            cost=self.cost,
            unpriced=self.unpriced,
            estimated=self.estimated,
        )


COLUMNS = tuple(f for f in SessionRow.__struct_fields__ if f not in ("tags", "note", "score"))
"""The columns of the table ``session``, in the order of the fields."""

SELECT = (
    "SELECT "
    + ", ".join(f's."{column}"' for column in COLUMNS)
    + ", coalesce(m.tags, ''), coalesce(m.note, ''), m.score, l.pid, l.host, l.start"
    + " FROM session s LEFT JOIN mark m ON m.session = s.id LEFT JOIN lease l ON l.session = s.id"
)
WRITE = (
    "INSERT INTO session ("
    + ", ".join(f'"{column}"' for column in COLUMNS)
    + ") VALUES ("
    + ", ".join("?" for _ in COLUMNS)
    + ") ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f'"{column}" = excluded."{column}"' for column in COLUMNS if column != "id")
)
"""Not ``INSERT OR REPLACE``: that would move the row, and write every index of it, at each commit."""

Text = Callable[[BlobRef], str]


def to_sql(row: SessionRow) -> tuple[Any, ...]:
    """The values for `WRITE`."""
    values = [getattr(row, column) for column in COLUMNS]
    values[COLUMNS.index("documents")] = json.dumps(row.documents, ensure_ascii=False)
    return tuple(values)


def from_sql(values: tuple[Any, ...], alive: Callable[[int, str, str], bool]) -> SessionRow:
    """A row of `SELECT`. `alive` says whether the process that holds the lease still runs."""
    fields = dict(zip(COLUMNS, values, strict=False))
    tags, note, score, pid, host, start = values[len(COLUMNS) :]
    fields["documents"] = tuple((str(name), int(chars)) for name, chars in json.loads(fields["documents"]))
    fields["estimated"] = bool(fields["estimated"])
    if fields["status"] == "running" and (pid is None or not alive(pid, host, start)):
        fields["status"] = "interrupted"
    return SessionRow(**fields, tags=tuple(tags.split()), note=note, score=score)


def fold(row: SessionRow, entry: Entry, text: Text) -> SessionRow:
    """The row after `entry`. `text` is asked for the answer at the end, once."""
    event, at = entry.event, entry.at
    changes: dict[str, Any] = {"updated": at, "last_seq": entry.seq}
    if isinstance(event, ev.CallFinished | ev.CallFailed):
        changes |= _spend(row, event.usage)
        if isinstance(event, ev.CallFailed):
            changes["errors"] = row.errors + 1
    elif isinstance(event, ev.CellFinished):
        changes["cells"] = row.cells + 1
        if event.error is not None:
            changes["errors"] = row.errors + 1
    elif isinstance(event, ev.ReplyRead):
        changes["turns"] = row.turns + 1
    elif isinstance(event, ev.NodeStarted):
        changes |= {"nodes": row.nodes + 1, "depth": max(row.depth, event.depth)}
    elif isinstance(event, ev.SessionStarted):
        changes |= {
            "created": at,
            "status": "running",
            "query": event.query,
            "documents": tuple((d.name, d.body.chars) for d in event.documents),
            "chars": sum(d.body.chars for d in event.documents),
            "model": event.config.model,
            "sub_model": event.config.sub_model,
            "origin": event.origin,
            "parent": event.parent,
            "parent_seq": event.parent_seq,
        }
    elif isinstance(event, ev.SessionResumed):
        changes |= {"status": "running", "ended": None, "limit": None, "error": None}
    elif isinstance(event, ev.SessionAsked):
        # The row is about the question that was asked last; the sums are the whole session's.
        changes |= {"status": "running", "ended": None, "limit": None, "error": None, "answer": None}
        changes["query"] = event.query
    elif isinstance(event, ev.SessionEnded):
        changes |= {"status": event.status, "ended": at, "limit": event.limit, "error": event.error}
        changes["answer"] = _head(event.answer, text)
    elif entry.seq == 1:
        changes["created"] = at
    return replace(row, **changes)


def _spend(row: SessionRow, usage: Usage) -> dict[str, Any]:
    total = row.usage + usage
    return {name: getattr(total, name) for name in Usage.__struct_fields__}


def _head(ref: BlobRef | None, text: Text) -> str | None:
    if ref is None:
        return None
    try:
        return text(ref)[:ANSWER_CHARS].encode("utf-8", "backslashreplace").decode("utf-8")
    except (KeyError, ValueError):
        return None
