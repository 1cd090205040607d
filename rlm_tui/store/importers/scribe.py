"""What the importers write with: events at their times, put in order and numbered at the end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from rlm_tui import events as ev
from rlm_tui.document.coverage import Matcher, merge
from rlm_tui.document.document import Document
from rlm_tui.events import BlobRef, CellError, Entry, Event, Message, RunConfig, Usage, clean
from rlm_tui.store.recording import MemorySession
from rlm_tui.version import VERSION

UNKNOWN = "unknown"
"""The model of a log that doesn't name it."""

_ERROR = re.compile(r"^\s*(?:\w+\.)*(\w*(?:Error|Exception|Interrupt|Timeout))\b:?\s*(.*)$", re.MULTILINE)


class ForeignSession(MemorySession):
    """A session that another tool recorded.

    `tool` wrote the file called `name`; `missing` says what such a log doesn't tell; `problems` what was left out.
    """

    def __init__(
        self,
        session: str,
        entries: Iterable[Entry],
        texts: dict[str, str],
        tool: str,
        name: str,
        missing: tuple[str, ...],
        problems: tuple[str, ...],
    ) -> None:
        super().__init__(session, entries, texts)
        self.tool = tool
        self.name = name
        self.missing = missing
        self.problems = problems

    @property
    def note(self) -> str:
        """What the list of sessions notes about it."""
        note = f"Imported from {self.name} ({self.tool})."
        if self.missing:
            note += f" The log doesn't tell: {', '.join(self.missing)}."
        return note + "".join(f" {problem[0].upper()}{problem[1:]}." for problem in self.problems)


class Scribe:
    """Collects what a log tells."""

    def __init__(self, tool: str, session: str, name: str, written: float, document: str | None) -> None:
        self.tool = tool
        self.name = name
        self.written = written
        self.document = document
        self.problems: list[str] = []
        self.missing: list[str] = []
        self._session = session
        self._events: list[tuple[float, Event]] = []
        self._texts: dict[str, str] = {}
        self._began: dict[str, float] = {}
        self._start: ev.SessionStarted | None = None
        self._end: ev.SessionEnded | None = None

    def put(self, text: str) -> BlobRef:
        """Keep a text."""
        ref = BlobRef.of(text)
        self._texts[ref.sha] = text
        return ref

    def add(self, at: float, *events: Event) -> None:
        """Events that happened at `at` (seconds since the epoch), in this order."""
        self._events += [(at, event) for event in events]

    def start(self, query: str, config: RunConfig, context: Any = None) -> None:
        """The session's first event. `context` is what the log says the documents were, if it does."""
        documents, kind = self._documents(self.document if self.document is not None else context)
        self._start = ev.SessionStarted(
            session=self._session,
            query=clean(query),
            documents=documents,
            config=config,
            context_kind=kind,
            version=VERSION,
            origin=f"import:{self.tool}",
        )

    def end(self, status: str, answer: str | None = None, limit: str | None = None, error: str | None = None) -> None:
        """The session's last event; without it the session is shown as interrupted."""
        ref = None if answer is None else self.put(answer)
        self._end = ev.SessionEnded(status=status, answer=ref, limit=limit, error=error and clean(error))

    def begin_cell(self, cell: str, node: str, turn: int, code: str, at: float) -> None:
        """A cell began at `at`. What happens inside it is told before its end."""
        ref = self.put(code)
        origin = "probe" if turn == 0 else "model"
        self.add(
            at, ev.CellProposed(cell=cell, node=node, turn=turn, code=ref, origin=origin), ev.CellStarted(cell=cell)
        )
        self._began[cell] = at

    def end_cell(
        self, cell: str, output: str, at: float, failed: bool = False, variables: tuple[ev.Variable, ...] = ()
    ) -> None:
        """The cell ended at `at`; `failed` says that it raised."""
        finished = ev.CellFinished(
            cell=cell,
            status="error" if failed else "ok",
            output=self.put(output),
            error=error_in(output) if failed else None,
            seconds=max(0.0, at - self._began[cell]),
            variables=variables,
        )
        self.add(at, finished)

    def session(self) -> ForeignSession:
        """All of it, in order of time."""
        if self._start is None:
            raise ValueError("there is no run in it")
        # Events of one moment stay in the order they were told in.
        self._events.sort(key=lambda item: item[0])
        first = self._events[0][0] if self._events else self.written
        last = self._events[-1][0] if self._events else self.written
        ordered: list[tuple[float, Event]] = [(first, self._start), *self._events]
        if self._end is not None:
            paid = [event.usage for _, event in self._events if isinstance(event, ev.CallFinished | ev.CallFailed)]
            ordered.append((last, msgspec.structs.replace(self._end, usage=sum(paid, Usage()))))
        if self._start.documents:
            ordered = list(self._with_coverage(ordered, self._start.documents))
        entries = [Entry(seq, at, event) for seq, (at, event) in enumerate(ordered, 1)]
        return ForeignSession(
            self._session,
            entries,
            self._texts,
            self.tool,
            self.name,
            tuple(self.missing),
            tuple(self.problems),
        )

    def _with_coverage(
        self, ordered: Iterable[tuple[float, Event]], documents: tuple[ev.DocumentRef, ...]
    ) -> Iterator[tuple[float, Event]]:
        """The events, and after each request what of the documents was in it (engine contract §10).

        Where a log has no prompts, a node's model is taken to have read what its cells printed.
        """
        finder = Matcher([Document.from_text(d.name, self._texts[d.body.sha]) for d in documents])
        printed: dict[str, list[BlobRef]] = {}
        nodes: dict[str, str] = {}
        read: dict[str, set[str]] = {}
        for at, event in ordered:
            yield at, event
            if isinstance(event, ev.CellProposed):
                nodes[event.cell] = event.node
            elif isinstance(event, ev.CellFinished):
                printed.setdefault(nodes.get(event.cell, "0"), []).append(event.output)
            elif isinstance(event, ev.CallReserved):
                turn = event.purpose == "turn"
                refs = [message.body for message in event.messages]
                if turn:
                    refs = refs or printed.pop(event.node, [])
                    known = read.setdefault(event.node, set())
                    refs = [ref for ref in refs if ref.sha not in known]
                    known.update(ref.sha for ref in refs)
                spans = merge(span for ref in refs for span in finder.match(self._texts[ref.sha]))
                if spans:
                    yield at, ev.TextSeen(source=event.call, node=event.node, spans=spans)

    def _documents(self, context: Any) -> tuple[tuple[ev.DocumentRef, ...], str]:
        if isinstance(context, str):
            return (self._document("context", context),), "str"
        if isinstance(context, dict):
            return tuple(self._document(str(name), text(value)) for name, value in context.items()), "dict"
        if isinstance(context, list):
            return tuple(self._document(f"context[{i}]", text(value)) for i, value in enumerate(context)), "list"
        return (), "str"

    def _document(self, name: str, body: str) -> ev.DocumentRef:
        lines = body.count("\n") + (1 if body and not body.endswith("\n") else 0)
        return ev.DocumentRef(clean(name), self.put(body), lines)


def text(value: Any) -> str:
    """A value of a log as text: a string as it is, nothing as nothing, everything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def number(value: Any) -> float:
    """A number of a log; 0 for what is none."""
    return float(value) if isinstance(value, int | float) and value == value and abs(value) < 1e300 else 0.0


def count(value: Any) -> int:
    """A count of a log, never negative."""
    return max(0, int(number(value)))


def moment(value: Any) -> float | None:
    """A point in time as a log writes it: ISO 8601 (UTC if it doesn't say), seconds or milliseconds since the epoch."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    seconds = number(value)
    return (seconds / 1000 if seconds > 1e11 else seconds) if seconds > 0 else None


def messages(scribe: Scribe, prompt: Any) -> tuple[Message, ...]:
    """A prompt: a list of ``{role, content}``, or one text."""
    if not isinstance(prompt, list):
        return (Message("user", scribe.put(text(prompt))),) if prompt else ()
    found = []
    for item in prompt:
        role, content = (item.get("role"), item.get("content")) if isinstance(item, dict) else ("user", item)
        found.append(Message(role if role in ("system", "user", "assistant") else "user", scribe.put(text(content))))
    return tuple(found)


def error_in(output: str) -> CellError:
    """The last exception that an output tells of."""
    found = _ERROR.findall(output)
    kind, message = found[-1] if found else ("Error", output.strip().rpartition("\n")[2])
    return CellError(kind, clean(message[:500]), text=clean(output[-2000:]))


def fenced(reasoning: str, code: str) -> str:
    """A reply put together again from its two halves."""
    block = f"```repl\n{code}\n```" if code else ""
    return "\n\n".join(part for part in (reasoning.strip(), block) if part)


def unknown_usage() -> Usage:
    """A call of unknown tokens and price."""
    return Usage(calls=1, unpriced=1)
