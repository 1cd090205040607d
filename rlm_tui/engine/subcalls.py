"""What running code asks of the engine: sub-model calls, child nodes, and what is left to spend."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rlm_tui.engine.answers import check_schema, fit
from rlm_tui.engine.caller import Order
from rlm_tui.engine.control import Stop
from rlm_tui.engine.errors import CallError
from rlm_tui.engine.ledger import OverBudget, UnknownPrice
from rlm_tui.engine.parse import after_thoughts
from rlm_tui.engine.prompts import schema_request
from rlm_tui.engine.providers.base import ChatMessage, ProviderError
from rlm_tui.engine.sandbox.base import CellResult, HostCall, Slot
from rlm_tui.engine.tools import ToolFailed
from rlm_tui.engine.works import CutOff
from rlm_tui.events import BudgetExhausted, CellOutput, ToolCalled, ToolReturned, clean
from rlm_tui.projection.price_tag import price_tag, usual_reply

if TYPE_CHECKING:
    from rlm_tui.engine.node import NodeRun

OUTPUT_PIECE = 16_000
"""Longest text of one `CellOutput` event, in characters."""

OUTPUT_DELAY = 0.02
"""Printed text waits this long, in seconds, for more of it to share a commit."""

THICK = 0.6
"""A child that gets at least this share of its parent's context does its parent's work; the model is told."""

THICK_FROM = 20_000
"""Below this many characters of context nothing is said about shares: short texts are read whole."""

OUTPUT_LOGGED = 200_000
"""Live output beyond this many characters a cell is not logged piece by piece; the finished cell has all that is kept."""


class SubCalls:
    """The `ReplHost` of one cell. Remembers the answers it gave, so that the cell can be run again from the record."""

    def __init__(self, node: NodeRun, cell: str) -> None:
        self._node = node
        self._cell = cell
        self._ordinal = 0
        self._batch = 0
        self._functions = 0
        self._logged = 0
        self._output: list[str] = []
        self._later: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self.answers: list[Sequence[Slot]] = []
        self.exhausted: str | None = None
        self._thick = 0
        self._share = 0.0
        self._cut = 0

    async def call(self, request: HostCall) -> Sequence[Slot]:
        """Answer one request of the cell (see `rlm_tui.engine.sandbox.base.ReplHost`)."""
        if request.name == "budget":
            slots: Sequence[Slot] = [Slot(value=self._node.budget())]
        elif request.name == "tool":
            slots = [await self._tool(request)]
        else:
            slots = await self._prompts(request)
        self.answers.append(slots)
        return slots

    def output(self, text: str) -> None:
        """Log printed text while the cell runs."""
        if self._logged >= OUTPUT_LOGGED:
            return
        self._logged += len(text)
        self._output.append(text)
        if self._later is None and (self._writing is None or self._writing.done()):
            # Short cells end before anybody could read their first words: they need no commit for them.
            self._later = asyncio.get_running_loop().call_later(OUTPUT_DELAY, self._begin)

    async def flush(self) -> None:
        """The cell is over: what is still waiting need not be written any more, as the finished cell has all of it."""
        self._output.clear()
        if self._later is not None:
            self._later.cancel()
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    def warnings(self, result: CellResult) -> list[tuple[str, str]]:
        """What often goes wrong and did so in this cell, as (topic, sentence) of `rlm_tui.events.NodeWarned`."""
        found = []
        if self._thick:
            found.append(
                (
                    "thick_child",
                    f"{_nodes(self._thick)} got {self._share:.0%} of your context: a child that has all of your work "
                    "to do is no help. Split the context and give each child a part.",
                )
            )
        if self._cut:
            found.append(
                (
                    "cut_replies",
                    f"{self._cut} {'reply' if self._cut == 1 else 'replies'} of sub-calls ended at the limit on their "
                    "length and may be incomplete: ask for shorter answers, or split the prompts.",
                )
            )
        if result.final is None and _PRINTED.search(result.output):
            found.append(("printed_final", "FINAL(…) was printed, not called, so nothing was finished."))
        return found

    def _begin(self) -> None:
        self._later = None
        self._writing = asyncio.create_task(self._write_output())

    async def _write_output(self) -> None:
        while self._output:
            text, self._output = clean("".join(self._output)), []
            pieces = [text[i : i + OUTPUT_PIECE] for i in range(0, len(text), OUTPUT_PIECE)]
            await self._node.journal.write(*(CellOutput(cell=self._cell, text=piece) for piece in pieces))

    async def _tool(self, request: HostCall) -> Slot:
        """Call one of the user's functions, or take what it gave when it was called before."""
        node, journal = self._node, self._node.journal
        self._functions += 1
        call = f"{self._cell}.f{self._functions}"
        given = {"args": list(request.args), "kwargs": dict(request.kwargs)}
        arguments = journal.keep(json.dumps(given, ensure_ascii=False))
        called = ToolCalled(call=call, node=node.id, cell=self._cell, tool=request.tool, arguments=arguments)
        await journal.write(called)
        known = node.recorded_tool(call, request.tool, arguments)
        started = time.monotonic()
        text, failure = known if known is not None else await self._call_tool(request)
        returned = ToolReturned(
            call=call,
            node=node.id,
            tool=request.tool,
            value=journal.keep(text) if text is not None else None,
            error=clean(failure) if failure is not None else None,
            seconds=time.monotonic() - started,
        )
        await journal.write(returned)
        return Slot(error=failure) if text is None else Slot(value=json.loads(text))

    async def _call_tool(self, request: HostCall) -> tuple[str | None, str | None]:
        tool = self._node.tools.get(request.tool)
        if tool is None:
            return None, f"{request.tool} is not here in this run: give the tool again"
        try:
            value = await tool.call(request.args, request.kwargs, self._node.within(self._node.config.tool_seconds))
        except ToolFailed as error:
            return None, str(error)
        return json.dumps(value, ensure_ascii=False), None

    async def _prompts(self, request: HostCall) -> Sequence[Slot]:
        child = request.name.startswith("rlm_query")
        batch = None
        if request.name.endswith("_batched"):
            self._batch += 1
            batch = self._batch
        limit = self._node.config.limits.subcalls_per_cell
        # A loop asks for one at a time, so what a cell plans is what it has asked for so far.
        asked = _Asked(self._ordinal + len(request.prompts), len(request.prompts), self._tag(request, child))
        unusable = _unusable(request.schema)
        jobs = []
        for prompt, context in zip(request.prompts, request.contexts, strict=True):
            self._ordinal += 1
            if unusable:
                jobs.append(_failed(unusable))
            elif self._ordinal > limit:
                jobs.append(_failed(f"one cell may make at most {limit} sub-calls; use fewer, fuller prompts"))
            elif child and self._node.has_children:
                jobs.append(self._child(self._ordinal, batch, prompt, context, request, asked))
            else:
                jobs.append(self._leaf(self._ordinal, batch, prompt, context, request, asked, degraded=child))
        return await _all(jobs)

    def _tag(self, request: HostCall, child: bool) -> float | None:
        """About what these sub-calls will cost; what a child node will ask for, nobody knows."""
        node = self._node
        if child and node.has_children:
            return None
        try:
            price = node.caller.info(request.model or node.config.leaf_model(node.depth)).price
        except ProviderError:
            return None
        chars = sum(len(prompt) for prompt in request.prompts)
        chars += sum(len(c if isinstance(c, str) else as_text(c)) for c in request.contexts if c is not None)
        rates = (price.input, price.output) if price is not None else None
        return price_tag(len(request.prompts), chars, rates, usual_reply(node.journal.state))

    async def _leaf(
        self,
        ordinal: int,
        batch: int | None,
        prompt: str,
        context: Any,
        request: HostCall,
        asked: _Asked,
        *,
        degraded: bool,
    ) -> Slot:
        node = self._node
        call = f"{self._cell}.{ordinal}"
        text = prompt if context is None else f"{prompt}\n\n{as_text(context)}"
        if request.schema is not None:
            text += "\n\n" + schema_request(json.dumps(request.schema))
        stop = Stop(
            "at_subcall",
            node.id,
            node.turn,
            self._cell,
            call,
            planned=asked.planned,
            batch=asked.batch,
            cost=asked.cost,
            prompt=text,
        )
        await node.gate.reach(stop)
        order = Order(
            call=call,
            node=node.id,
            depth=node.depth + 1,
            purpose="leaf",
            model=request.model or node.config.leaf_model(node.depth),
            messages=(ChatMessage("user", text),),
            max_output_tokens=node.config.max_output_tokens,
            cell=self._cell,
            ordinal=ordinal,
            batch=batch,
            degraded=degraded,
            fresh=text,
            answer=node.gate.take_answer(call),
        )
        try:
            while True:
                try:
                    reply = await node.gate.works.guard(call, node.caller.ask(order))
                    break
                except CutOff:
                    # Cancelled by the operator, who may now answer it by hand.
                    await node.gate.reach(stop)
                    order = replace(order, answer=node.gate.take_answer(call))
        except (CallError, UnknownPrice) as error:
            return Slot(error=str(error))
        except OverBudget as error:
            await self._over(error)
            return Slot(error=f"{error}: no more sub-calls; finish with what you have")
        self._cut += reply.finish == "length"
        said, _ = after_thoughts(reply.text, prefaced=False)
        if request.schema is None:
            return Slot(value=said)
        return parse_json(said, request.schema)

    async def _child(
        self, ordinal: int, batch: int | None, query: str, context: Any, request: HostCall, asked: _Asked
    ) -> Slot:
        node = self._node
        share = len(as_text(context or "")) / max(node.context_chars, THICK_FROM)
        if share >= THICK:
            self._thick, self._share = self._thick + 1, max(self._share, share)
        place = (node.id, node.turn, self._cell, None)
        await node.gate.reach(Stop("at_subcall", *place, planned=asked.planned, batch=asked.batch, prompt=query))
        try:
            outcome = await node.child(
                self._cell, ordinal, batch, query, "" if context is None else context, request.model, request.schema
            )
        except OverBudget as error:
            await self._over(error)
            return Slot(error=f"{error}: no more sub-calls; finish with what you have")
        if outcome.status in ("completed", "partial") and outcome.answer is not None:
            if request.schema is None:
                return Slot(value=outcome.answer)
            return parse_json(outcome.answer, request.schema, outcome.value)
        return Slot(error=outcome.error or f"the child node ended as {outcome.status} without an answer")

    async def _over(self, error: OverBudget) -> None:
        if self.exhausted is None:
            self.exhausted = error.limit
            await self._node.journal.write(
                BudgetExhausted(limit=error.limit, used=error.used, allowed=error.allowed, node=self._node.id)
            )


@dataclass(frozen=True, slots=True)
class _Asked:
    """How many sub-calls the cell has asked for, how many of them at once, and what those will cost."""

    planned: int
    batch: int
    cost: float | None


_PRINTED = re.compile(r"^(?:FINAL|FINAL_VAR|SUBMIT)\(.*\)\s*$", re.MULTILINE)


def _nodes(number: int) -> str:
    return "A child node" if number == 1 else f"{number} child nodes"


def _unusable(schema: Any) -> str:
    """What is wrong with a schema that code gave, before a reply is paid that nothing could fit."""
    if schema is None:
        return ""
    try:
        check_schema(schema)
    except ValueError as error:
        return str(error)
    return ""


async def _failed(sentence: str) -> Slot:
    return Slot(error=sentence)


async def _all(jobs: Sequence[Any]) -> list[Slot]:
    """Run jobs at once and keep their order; a cancellation stops every one of them before it goes on."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def as_text(context: Any) -> str:
    """A context as a prompt holds it: a text as it is, anything else as JSON."""
    return context if isinstance(context, str) else json.dumps(context, ensure_ascii=False)


def parse_json(text: str, schema: Any, value: Any = None) -> Slot:
    """The JSON value in a model's reply, if it fits `schema`; an error slot that says what is wrong otherwise."""
    value, wrong = fit(text, value, schema)
    return Slot(error=f"{wrong} The reply was: {text[:200]!r}") if wrong else Slot(value=value)
