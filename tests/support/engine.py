"""Runs the engine against replies written in the test, over the real sandbox and a log in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rlm_tui.document.coverage import Matcher
from rlm_tui.document.document import Document
from rlm_tui.engine.control import Gate
from rlm_tui.engine.engine import Ended, Engine, Task, context_documents
from rlm_tui.engine.providers.base import ModelInfo, Price, ProviderError, Reply, Request
from rlm_tui.engine.providers.retry import RetryPolicy
from rlm_tui.engine.record import Record
from rlm_tui.engine.sandbox.languages import factory_for
from rlm_tui.events import Event, Limits, MemoryLog, RunConfig, Usage
from rlm_tui.projection.state import SessionState

Answer = str | Reply | ProviderError
Leaf = Callable[[str], Answer]


def cell(code: str, say: str = "") -> str:
    """A reply with one block of code."""
    return f"{say}\n```repl\n{code}\n```"


@dataclass
class FakeModels:
    """Plays written replies: `turns` for the root in order (the last one again and again), `child` for deeper nodes,
    `leaf` for sub-calls. Counts tokens as words, so that sums can be checked by hand."""

    turns: Sequence[Answer]
    child: Sequence[Answer] = ()
    leaf: Leaf = lambda prompt: "leaf"
    extract: Answer = "forced answer"
    price: Price | None = field(default_factory=lambda: Price(1e-6, 2e-6))
    window: int | None = None
    delay: float = 0.0
    requests: list[Request] = field(default_factory=list)
    active: int = 0
    most_active: int = 0

    def resolve(self, model: str) -> FakeModels:
        return self

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(model, window=self.window, price=self.price)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        self.requests.append(request)
        self.active += 1
        self.most_active = max(self.active, self.most_active)
        try:
            if self.delay:
                await asyncio.sleep(self.delay)
            answer = self._choose(request)
        finally:
            self.active -= 1
        if isinstance(answer, ProviderError):
            raise answer
        if isinstance(answer, Reply):
            return answer
        if on_text is not None:
            for piece in answer.splitlines(keepends=True):
                on_text(piece)
        words = sum(len(m.content.split()) for m in request.messages)
        return Reply(answer, "stop", Usage(calls=1, input=words, output=len(answer.split())))

    def _choose(self, request: Request) -> Answer:
        if request.messages[0].role != "system":
            text = request.messages[0].content
            if text.startswith("Summarise this part"):
                return "summary of the middle"
            return self.extract if text.startswith("Answer now.") else self.leaf(text)
        number = sum(m.role == "assistant" for m in request.messages)
        replies = self.turns if "rlm_query(" in request.messages[0].content or not self.child else self.child
        return replies[min(number, len(replies) - 1)]

    async def close(self) -> None:
        pass


@dataclass
class Ran:
    """What a run left behind."""

    ended: Ended
    log: MemoryLog
    state: SessionState
    models: FakeModels

    def events(self, kind: type[Event]) -> list[Any]:
        return [entry.event for entry in self.log.entries if isinstance(entry.event, kind)]

    def text(self, ref: Any) -> str:
        return self.log.get(ref)


async def play(
    models: FakeModels,
    context: Any = "the quick brown fox jumps over the lazy dog\n" * 100,
    query: str = "How many lines are there?",
    *,
    gate: Gate | None = None,
    operator: Callable[[Gate, MemoryLog], Any] | None = None,
    limits: Limits | None = None,
    log: MemoryLog | None = None,
    record: Record | None = None,
    resume: bool = False,
    validator: Any = None,
    tools: Any = None,
    config_tools: dict[str, str] | None = None,
    clock: Callable[[], float] = time.monotonic,
    **config: Any,
) -> Ran:
    """Run a session to its end. `operator` is a coroutine function that holds the gate while the engine runs.

    With `resume`, the run goes on where the events of `log` end.
    """
    log = log or MemoryLog()
    past = list(log.entries) if resume else []
    if resume:
        record = Record(past, log.get, by_place=True)
    documents = [Document.from_text(name, text) for name, text in context_documents(context)]
    task = Task(
        session="test",
        query=query,
        context=context,
        documents=[d.reference() for d in documents],
        config=RunConfig(model="fake", limits=limits or Limits(), tools=config_tools or {}, **config),
        finder=Matcher(documents),
        validator=validator,
        tools=tools or {},
    )
    for document in documents:
        log.put(document.text)
    repls = factory_for(task.config.repl)
    gate = gate or Gate(paused=False)
    retries = RetryPolicy(base=0.0, cap=0.0)
    engine = Engine(task, log, models, repls, gate, retries=retries, record=record, past=past, clock=clock)
    try:
        hands = asyncio.create_task(operator(gate, log)) if operator else None
        ended = await engine.run()
        if hands is not None:
            await asyncio.wait_for(hands, 10)
    finally:
        await repls.close()
    return Ran(ended, log, engine.state, models)


async def until(log: MemoryLog, wanted: Callable[[Event], bool], *, after: int = 0, seconds: float = 20.0) -> int:
    """Wait until an event after number `after` satisfies `wanted`; returns its number."""
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def look(entry: Any) -> None:
        if entry.seq > after and wanted(entry.event) and not found.done():
            found.set_result(entry.seq)

    for entry in list(log.entries):
        look(entry)
    log.listeners.append(look)
    try:
        return await asyncio.wait_for(found, seconds)
    finally:
        log.listeners.remove(look)
