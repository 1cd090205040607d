"""A saved session once more: continued after a crash, forked from a turn, run with other models, or checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rlm_tui.document.document import Document
from rlm_tui.engine.dialect import dialect_of
from rlm_tui.engine.engine import Engine, Task
from rlm_tui.engine.parse import read_reply
from rlm_tui.engine.providers.base import ModelInfo, Price, Provider, ProviderError, Reply, Request
from rlm_tui.engine.record import Record
from rlm_tui.engine.sandbox.base import ReplFactory
from rlm_tui.events import (
    BlobRef,
    CallFinished,
    CallReserved,
    CellEdited,
    CellFinished,
    CellProposed,
    Entry,
    MemoryLog,
    RunConfig,
    SessionAsked,
    SessionEnded,
    SessionResumed,
    SessionStarted,
)

Text = Callable[[BlobRef], str]


class AgainError(Exception):
    """A session can't be run again in this way. The message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a new session leaves a saved one.

    Turns of the root before `turn` are taken from the record, at no cost and whatever their model was; ``None`` takes
    what is the same for as long as it is the same. With `code`, turn `turn` keeps its recorded reply, but its first block
    runs `code` instead; a sequence of codes is for its blocks in order.

    With another `node` than the root, `turn` is a turn of that child node, and everything that was recorded before it is
    taken, in whichever node; what was under way then in other nodes is asked anew, and so is all that came later.
    """

    parent: str
    turn: int | None = None
    code: str | Sequence[str] | None = None
    node: str = "0"

    @property
    def origin(self) -> str:
        """What the new session is: a ``fork`` from a turn, or a ``rerun`` of the whole."""
        return "rerun" if self.node == "0" and (self.turn is None or (self.turn == 1 and self.code is None)) else "fork"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a saved session was about. `ended` is how it ended, if it has; `asked` are the questions after the first."""

    started: SessionStarted
    entries: Sequence[Entry]
    documents: Sequence[Document]
    context: Any
    ended: SessionEnded | None = None
    asked: Sequence[SessionAsked] = ()
    texts: Text = field(compare=False, default=lambda ref: "")

    @property
    def final(self) -> bool:
        """Whether it has ended for good; one that was cancelled or failed can go on."""
        return self.ended is not None and self.ended.status not in ("cancelled", "failed")

    def config(self, changes: Mapping[str, Any] | None = None) -> RunConfig:
        """Its configuration with `changes` (fields of `RunConfig`)."""
        return msgspec.structs.replace(self.started.config, **(changes or {}))


def read_saved(entries: Sequence[Entry], text: Text) -> Saved:
    """The question, documents and context of a saved session. Raises `AgainError` when they are not all there."""
    started = next((e.event for e in entries if isinstance(e.event, SessionStarted)), None)
    if started is None:
        raise AgainError("this session has no beginning, so it can only be replayed")
    texts = []
    for ref in started.documents:
        try:
            texts.append(text(ref.body))
        except KeyError:
            raise AgainError(
                f"the text of {ref.name} is not kept with this session, so it can only be replayed"
            ) from None
    values = [json.loads(t) if ref.value else t for ref, t in zip(started.documents, texts, strict=True)]
    names = [ref.name for ref in started.documents]
    context: Any
    if started.context_kind == "dict":
        context = dict(zip(names, values, strict=True))
    else:
        context = values if started.context_kind == "list" else (values[0] if values else "")
    documents = [
        Document.from_text(ref.name, t, format=ref.format) for ref, t in zip(started.documents, texts, strict=True)
    ]
    ended = None
    for entry in entries:
        if isinstance(entry.event, SessionEnded | SessionAsked | SessionResumed):
            ended = entry.event if isinstance(entry.event, SessionEnded) else None
    asked = [e.event for e in entries if isinstance(e.event, SessionAsked)]
    return Saved(started, entries, documents, context, ended, asked, text)


def asked_before(saved: Saved, turn: int | None, node: str = "0") -> list[SessionAsked]:
    """The later questions that belong to the beginning of a session up to `turn` of `node` (``None``: all of them)."""
    found = []
    for entry in saved.entries:
        event = entry.event
        if isinstance(event, CallReserved) and event.node == node and turn is not None and event.turn == turn:
            break
        if isinstance(event, SessionAsked):
            found.append(event)
    return found


def record_of(saved: Saved, fork: Fork | None) -> Record:
    """The recorded answers that a fork may use; without a fork, those of a session that is continued."""
    if fork is None:
        return Record(saved.entries, saved.texts, by_place=True)
    if fork.node != "0":
        return _record_up_to(saved, fork)
    if fork.turn is None:
        return Record(saved.entries, saved.texts)
    last = max(
        (e.event.turn for e in saved.entries if isinstance(e.event, CellProposed) and e.event.node == "0"), default=0
    )
    if not 1 <= fork.turn <= last + 1:
        raise AgainError(f"there is no turn {fork.turn} to start from; this session has turns 1 to {last}")
    if fork.code is None:
        return Record(saved.entries, saved.texts, before=fork.turn, any_model=True)
    record = Record(saved.entries, saved.texts, before=fork.turn + 1, any_model=True)
    _change(record, saved, fork)
    return record


def _record_up_to(saved: Saved, fork: Fork) -> Record:
    """What was recorded before a turn of a child node; with other code for it, also the reply of that turn."""
    if fork.turn is None:
        raise AgainError(f"say from which turn of node {fork.node} to go on")
    end = None
    for number, entry in enumerate(saved.entries):
        event = entry.event
        if isinstance(event, CallReserved) and (event.node, event.turn) == (fork.node, fork.turn):
            end = number
        elif (
            isinstance(event, CellProposed)
            and fork.code is not None
            and (event.node, event.turn) == (fork.node, fork.turn)
        ):
            end = number + 1
            break
    if end is None:
        nodes = {e.event.node for e in saved.entries if isinstance(e.event, CallReserved)}
        if fork.node not in nodes:
            raise AgainError(f"there is no node {fork.node} in this session; `rlm-tui sessions show` names them")
        raise AgainError(f"node {fork.node} has no turn {fork.turn} to start from")
    record = Record(saved.entries[:end], saved.texts, any_model=True)
    if fork.code is not None:
        _change(record, saved, fork)
    return record


def _change(record: Record, saved: Saved, fork: Fork) -> None:
    """Put the code of a fork in place of what its turn had."""
    assert fork.turn is not None and fork.code is not None
    before = blocks_of(saved, fork.turn, fork.node)
    after = [fork.code] if isinstance(fork.code, str) else list(fork.code)
    if len(after) > len(before):
        had = f"{len(before)} blocks" if len(before) != 1 else "1 block"
        raise AgainError(f"turn {fork.turn} had {had} of code, not {len(after)}")
    for (cell, old), new in zip(before, after, strict=False):
        if new.strip("\n") != old.strip("\n") or len(after) == 1:
            record.change(cell, new)


def blocks_of(saved: Saved, turn: int, node: str = "0") -> list[tuple[str, str]]:
    """The blocks of code in a turn of a node: each cell's id with its code as it ran.

    Blocks that were not reached, because one before them failed, come last, as they stand in the reply. Raises `AgainError`
    if there is no code.
    """
    codes: dict[str, str] = {}
    written: list[str] = []
    for entry in saved.entries:
        event = entry.event
        if isinstance(event, CellProposed) and event.node == node and event.turn == turn and event.origin != "probe":
            codes[event.cell] = saved.texts(event.code)
            written.append(codes[event.cell])
        elif isinstance(event, CellEdited) and event.cell in codes:
            codes[event.cell] = saved.texts(event.code)
    if not codes:
        raise AgainError(f"turn {turn} had no code that could be changed")
    number = int(next(iter(codes)).removeprefix(f"{node}:c"))
    replied = _cells_of_reply(saved, turn, node)
    if replied[: len(written)] == written:
        for n, code in enumerate(replied[len(written) :], number + len(written)):
            codes[f"{node}:c{n}"] = code
    return list(codes.items())


def _cells_of_reply(saved: Saved, turn: int, node: str) -> list[str]:
    """The blocks of code in a node's recorded reply of a turn, as many as one turn may run."""
    for entry in saved.entries:
        event = entry.event
        if isinstance(event, CallFinished) and event.call == f"{node}:t{turn}":
            config = saved.started.config
            most, dialect = config.max_cells_per_turn, dialect_of(config.repl)
            return list(read_reply(saved.texts(event.reply), event.finish, max_cells=most, dialect=dialect).cells)
    return []


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that did not give again what it gave: `what` is ``output``, ``status`` or ``variables``, or ``missing``."""

    cell: str
    what: str
    before: str
    after: str


async def verify(saved: Saved, repls: ReplFactory) -> list[Difference]:
    """Run the recorded cells again with the recorded answers, at no cost, and say where something differs."""
    log = MemoryLog()
    for document in saved.documents:
        log.put(document.text)
    task = Task(
        session=saved.started.session,
        query=saved.started.query,
        context=saved.context,
        documents=saved.started.documents,
        config=saved.config(),
        asked=saved.asked,
    )
    record = Record(saved.entries, saved.texts, by_place=True)
    await Engine(task, log, _Nobody(), repls, record=record).run()
    again = {e.event.cell: e.event for e in log.entries if isinstance(e.event, CellFinished)}
    found: list[Difference] = []
    for entry in saved.entries:
        before = entry.event
        if not isinstance(before, CellFinished):
            continue
        after = again.get(before.cell)
        if after is None:
            found.append(Difference(before.cell, "missing", before.status, "did not run again"))
            continue
        if after.status != before.status:
            found.append(Difference(before.cell, "status", before.status, after.status))
        if after.output != before.output:
            found.append(Difference(before.cell, "output", saved.texts(before.output), log.get(after.output)))
        old = {v.name: (v.type, v.size, v.preview) for v in before.variables}
        new = {v.name: (v.type, v.size, v.preview) for v in after.variables}
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                found.append(Difference(before.cell, "variables", f"{name} {old.get(name)}", f"{name} {new.get(name)}"))
    return found


class _Nobody:
    """A provider that answers nothing: whoever reaches it left the record."""

    def resolve(self, model: str) -> Provider:
        return self

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(model, price=Price(0.0, 0.0))

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        raise ProviderError("not_found", "the record has no answer to this call")

    async def close(self) -> None:
        pass
