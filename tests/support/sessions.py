"""Sessions made by hand: events with fixed times, for tests of the screen that need neither engine nor store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.engine.control import Stop
from rlm_tui.events import BlobRef, Entry, Event, Message, Span, Usage, Variable

BEGIN = 1_700_000_000.0
"""Every session starts at this moment (seconds since the epoch)."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = BEGIN) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class RecordingGate:
    """Stands in for the Gate: remembers what the operator did, in order."""

    def __init__(self) -> None:
        self.did: list[tuple[object, ...]] = []
        self.held: Stop | None = None
        self.looked: Future[ev.Evaluated] = Future()
        self._number = 0

    def over(self, node: str | None = None) -> None:
        self.did.append(("over", node))

    def into(self) -> None:
        self.did.append(("into",))

    def finish(self, node: str | None = None) -> None:
        self.did.append(("finish", node))

    def go(self) -> None:
        self.did.append(("go",))

    def pause(self) -> None:
        self.did.append(("pause",))

    def cancel(self) -> None:
        self.did.append(("cancel",))

    def inject(self, text: str, node: str | None = None) -> None:
        self.did.append(("inject", text, node))

    def edit(self, cell: str, code: str, keep: object) -> None:
        self.did.append(("edit", cell, code))

    def override(self, call: str, text: str) -> None:
        self.did.append(("override", call, text))

    def run_to(self, condition: str) -> None:
        self.did.append(("run_to", condition))

    def restart(self, node: str) -> None:
        self.did.append(("restart", node))

    def watch(self, expression: str) -> int:
        self.did.append(("watch", expression))
        return 1

    def clear_watch(self, number: int) -> None:
        self.did.append(("clear_watch", number))

    def mark(self, at: int, name: str = "") -> int:
        self.did.append(("mark", at, name))
        return 1

    def clear_mark(self, number: int) -> None:
        self.did.append(("clear_mark", number))

    def evaluate(self, code: str, node: str | None = None) -> Future[ev.Evaluated]:
        self.did.append(("evaluate", code, node))
        return self.looked

    def set_breakpoint(self, condition: str) -> int:
        self._number += 1
        self.did.append(("set_breakpoint", condition))
        return self._number

    def clear_breakpoint(self, number: int) -> None:
        self.did.append(("clear_breakpoint", number))


class HandMade:
    """An `EventSource` over entries given by hand. `feed` lets more of them come."""

    def __init__(
        self, entries: Iterable[Entry], blobs: dict[str, str], documents: Sequence[Document], *, live: bool = False
    ) -> None:
        self.session = "7f3a0001"
        self.gate = RecordingGate() if live else None
        self.failure: str | None = None
        self.closed = False
        self._waiting = list(entries)
        self._blobs = blobs
        self.documents = documents

    def feed(self, entries: Iterable[Entry]) -> None:
        self._waiting += entries

    def drain(self) -> list[Entry]:
        entries, self._waiting = self._waiting, []
        return entries

    def text(self, ref: BlobRef) -> str:
        return self._blobs[ref.sha]

    def keep(self, text: str) -> BlobRef:
        ref = BlobRef.of(text)
        self._blobs[ref.sha] = text
        return ref

    def close(self) -> None:
        self.closed = True


class Script:
    """Writes a session line by line. `at` moves the clock."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.blobs: dict[str, str] = {}
        self.now = BEGIN

    def put(self, text: str) -> BlobRef:
        ref = BlobRef.of(text)
        self.blobs[ref.sha] = text
        return ref

    def add(self, *events: Event, after: float = 0.01) -> None:
        for event in events:
            self.now += after
            self.entries.append(Entry(len(self.entries) + 1, self.now, event))

    def source(self, documents: Sequence[Document], *, upto: int | None = None, live: bool = False) -> HandMade:
        return HandMade(self.entries[:upto], self.blobs, documents, live=live)

    # --- the usual groups of events

    def start(
        self,
        documents: Sequence[Document],
        query: str,
        *,
        model: str = "gpt-5",
        sub_model: str | None = "gpt-5-mini",
        limits: ev.Limits | None = None,
        max_depth: int = 2,
    ) -> None:
        config = ev.RunConfig(
            model=model, sub_model=sub_model, max_depth=max_depth, limits=limits or ev.Limits(calls=50, usd=1.0)
        )
        for document in documents:
            self.put(document.text)
        refs = tuple(document.reference() for document in documents)
        kind = "str" if len(documents) == 1 else "dict"
        self.add(ev.SessionStarted(session="7f3a0001", query=query, documents=refs, config=config, context_kind=kind))
        self.node("0", 0, model, query, chars=sum(d.chars for d in documents), kind=kind)

    def node(
        self,
        node: str,
        depth: int,
        model: str,
        query: str,
        *,
        chars: int,
        kind: str = "str",
        cell: str | None = None,
        ordinal: int | None = None,
    ) -> None:
        parent = node.rsplit("/", 1)[0] if "/" in node else None
        self.add(
            ev.NodeStarted(
                node=node,
                depth=depth,
                model=model,
                query=query,
                context_kind=kind,
                context_chars=chars,
                parent=parent,
                cell=cell,
                ordinal=ordinal,
            )
        )

    def probe(self, node: str, output: str, variables: tuple[Variable, ...] = ()) -> None:
        cell = f"{node}:c0"
        self.add(ev.ReplOpened(node=node, walls="full"))
        self.add(ev.CellProposed(cell=cell, node=node, turn=0, code=self.put("describe(context)"), origin="probe"))
        self.add(ev.CellStarted(cell=cell))
        self.add(ev.CellFinished(cell=cell, status="ok", output=self.put(output), variables=variables, seconds=0.01))

    def ask(
        self,
        call: str,
        node: str,
        *,
        purpose: str,
        model: str,
        prompt: str,
        depth: int,
        usage: Usage,
        turn: int | None = None,
        cell: str | None = None,
        ordinal: int | None = None,
        batch: int | None = None,
        spans: tuple[Span, ...] = (),
    ) -> None:
        message = Message("user", self.put(prompt))
        self.add(
            ev.CallReserved(
                call=call,
                node=node,
                purpose=purpose,
                model=model,
                messages=(message,),
                max_output_tokens=1000,
                estimate=Usage(calls=1, input=usage.input, output=1000, cost=usage.cost * 1.5, unpriced=usage.unpriced),
                turn=turn,
                cell=cell,
                ordinal=ordinal,
                batch=batch,
                depth=depth,
            )
        )
        if spans:
            self.add(ev.TextSeen(source=call, node=node, spans=spans))
        self.add(ev.AttemptStarted(call=call, attempt=1))

    def reply(self, call: str, text: str, usage: Usage, *, seconds: float = 1.4, source: str = "provider") -> None:
        self.add(
            ev.CallFinished(call=call, reply=self.put(text), usage=usage, seconds=seconds, source=source),
            after=seconds,
        )

    def turn(
        self,
        node: str,
        turn: int,
        *,
        says: str,
        code: str,
        usage: Usage,
        model: str = "gpt-5",
        depth: int = 0,
        spans: tuple[Span, ...] = (),
        seconds: float = 1.4,
    ) -> str:
        """A reply with a cell, up to where the cell waits to run. Returns the cell's id."""
        call = f"{node}:t{turn}"
        text = f"{says}\n\n```repl\n{code}\n```"
        self.ask(call, node, purpose="turn", model=model, prompt="…", depth=depth, usage=usage, turn=turn, spans=spans)
        self.reply(call, text, usage, seconds=seconds)
        self.add(ev.ReplyRead(node=node, turn=turn, call=call, action="cell", kept=self.put(text), rule=2))
        cell = f"{node}:c{turn}"
        self.add(ev.CellProposed(cell=cell, node=node, turn=turn, code=self.put(code)))
        return cell

    def run(self, cell: str) -> None:
        self.add(ev.CellStarted(cell=cell))

    def printed(self, cell: str, text: str) -> None:
        self.add(ev.CellOutput(cell=cell, text=text))

    def done(
        self,
        cell: str,
        output: str = "",
        *,
        status: str = "ok",
        error: ev.CellError | None = None,
        echo: str | None = None,
        variables: tuple[Variable, ...] = (),
        touched: tuple[Span, ...] = (),
        seconds: float = 0.2,
        waited: float = 0.0,
    ) -> None:
        self.add(
            ev.CellFinished(
                cell=cell,
                status=status,
                output=self.put(output),
                error=error,
                echo=echo,
                variables=variables,
                touched=touched,
                seconds=seconds,
                waited=waited,
            ),
            after=seconds,
        )


def usage(input: int, output: int, cost: float, cached: int = 0, unpriced: int = 0) -> Usage:
    """The usage of one call."""
    return Usage(calls=1, input=input, output=output, cost=cost, cached=cached, unpriced=unpriced)
