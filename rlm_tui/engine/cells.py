"""The cells of one node: its REPL, what ran in it and can be run again, and the variables it holds (engine contract §4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rlm_tui.engine import prompts
from rlm_tui.engine.control import Stop
from rlm_tui.engine.looking import Inside
from rlm_tui.engine.sandbox.base import CellResult, Context, Recorded, Repl, ReplLimits
from rlm_tui.engine.shared import Place, Shared
from rlm_tui.engine.subcalls import SubCalls, as_text
from rlm_tui.events import (
    CellEdited,
    CellFinished,
    CellProposed,
    CellStarted,
    Event,
    NodeWarned,
    ReplOpened,
    Span,
    Variable,
    clean,
)

MEMORY_PER_TEXT = 24
"""Bytes of memory a cell may use for each character of its context, where that is more than `RunConfig.cell_memory_mb`:
a list of its lines, a copy in lower case and a joined one together take about that much."""

PROBE_CODE = "# Before the first turn the engine looks at the context and tells the model what it found."


@dataclass(frozen=True, slots=True)
class Ran:
    """A cell that ran: its name, the code as it ran in the end, what came of it, and what the model is told of that."""

    cell: str
    code: str
    result: CellResult
    report: str


class Cells:
    """Runs the code of the node at `place`, every step an event. `host` makes what answers the requests of a cell.

    `variables` are the names that the last cell left, `reports` what the model was told of each cell.
    """

    def __init__(self, shared: Shared, place: Place, host: Callable[[str], SubCalls]) -> None:
        self._shared = shared
        self._place = place
        self._host = host
        self._journal = shared.journal
        self._gate = shared.gate
        self._recorded: list[Recorded] = []
        self._count = 0
        self._at: Span | None = None
        self._repl: Repl
        self._inside: Inside | None = None
        self.variables: tuple[Variable, ...] = ()
        self.reports: list[str] = []

    async def open(self, context: Context, query: str, tools: Mapping[str, str]) -> None:
        """Get the REPL. Raises `ReplError` when there is none to be had."""
        config, depth = self._shared.config, self._place.depth
        names = {"budget", *(f"tool:{name}" for name in tools)}
        if config.max_depth - depth >= 1:
            names |= {"llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched"}
        limits = ReplLimits(
            seconds=config.cell_seconds,
            memory_mb=max(config.cell_memory_mb, MEMORY_PER_TEXT * len(as_text(context)) // 1_000_000),
            calls=config.limits.subcalls_per_cell,
        )

        async def another() -> Repl:
            return await self._shared.repls.open(context, query, limits, names=frozenset(names), depth=depth)

        self._repl = await another()
        self._inside = Inside(self._repl, another, self._recorded, config.repl)
        self._gate.opened(self._place.id, self._inside)

    async def close(self) -> None:
        """End the REPL, if there is one."""
        if self._inside is not None:
            await self._repl.close()

    def lies_at(self, span: Span) -> None:
        """The node's context is this part of the session's documents: what is read of it counts there."""
        self._at = span

    async def probe(self, look: Callable[[], str]) -> str:
        """Cell 0: what the engine itself finds in the context before the first turn."""
        cell = f"{self._place.id}:c0"
        self._journal.hold(
            ReplOpened(node=self._place.id, walls=self._shared.repls.walls()),
            CellProposed(cell=cell, node=self._place.id, turn=0, code=self._journal.keep(PROBE_CODE), origin="probe"),
            CellStarted(cell=cell),
        )
        found = look()
        kept = self._journal.keep(found)
        self._journal.hold(CellFinished(cell=cell, status="ok", output=kept, shown=kept))
        if self._gate.asks:
            await self._journal.settle()
        return found

    async def assign(self, code: str) -> None:
        """Run a line of the engine's own between two questions. It is part of what rebuilds the REPL, and no cell."""
        await self._repl.run(code, self._host(f"{self._place.id}:c{self._count}"))
        self._recorded.append(Recorded(code))

    async def run(self, code: str, turn: int, before: Sequence[Event] = ()) -> Ran:
        """Run the next cell, past the stops before and after it. Events `before` it share its first commit."""
        self._count += 1
        node, cell = self._place.id, f"{self._place.id}:c{self._count}"
        proposed = CellProposed(cell=cell, node=node, turn=turn, code=self._journal.keep(code))
        await self._journal.write(*before, proposed)
        await self._gate.reach(Stop("before_exec", node, turn, cell, code=code))
        edited = await self._edited(cell)
        notices: tuple[str, ...] = ()
        if edited is not None:
            code = edited
            notices = (f"The operator changed the code of this block before it ran. What ran:\n```repl\n{code}\n```",)
        self._journal.hold(CellStarted(cell=cell))
        host = self._host(cell)
        began = time.time()
        result = await self._execute(code, host, self._seconds(cell))
        if result.lost:
            await self._repl.restore(self._recorded)
            notices += ("The REPL was rebuilt: names from earlier blocks are back, those of this block are lost.",)
        elif result.status != "refused":
            self._recorded.append(Recorded(code, tuple(host.answers), began))
        for topic, words in host.warnings(result):
            await self._journal.write(NodeWarned(node=node, topic=topic, text=clean(words), cell=cell))
            notices += (words,)
        result = replace(result, notices=(*result.notices, *notices), touched=self._own(result.touched))
        report = prompts.cell_report(result, self._shared.config.max_output_chars)
        self.reports.append(report)
        self._ended(cell, result, report)
        if self._gate.asks:
            await self._journal.settle()
        await self._gate.after_cell(node, cell)
        kind = "on_error" if result.error is not None else "after_exec"
        await self._gate.reach(Stop(kind, node, turn, cell))
        if host.exhausted is not None and result.final is None:
            await self._gate.reach(Stop("on_budget", node, turn, cell))
        return Ran(cell, code, result, report)

    def _seconds(self, cell: str) -> float:
        """How long `cell` may compute: no longer than the time budget, or than it did when it was stopped before."""
        seconds = self._shared.config.cell_seconds
        record = self._shared.record
        if record is not None and record.covers(cell=cell):
            known = record.cells[cell]
            return min(seconds, known.seconds) if known.status == "timeout" else seconds
        return self._shared.ledger.within(seconds)

    async def _execute(self, code: str, host: SubCalls, seconds: float) -> CellResult:
        assert self._inside is not None
        self._inside.busy = True
        try:
            result = await self._repl.run(code, host, seconds)
        finally:
            self._inside.busy = False
            await host.flush()
        return result

    def _ended(self, cell: str, result: CellResult, report: str) -> None:
        assert self._inside is not None
        self.variables = self._inside.variables = result.variables or self.variables
        self._journal.hold(
            CellFinished(
                cell=cell,
                status=result.status,
                output=self._journal.keep(result.output),
                shown=self._journal.keep(report),
                echo=clean(result.echo) if result.echo is not None else None,
                error=result.error,
                seconds=result.seconds,
                waited=result.waited,
                variables=result.variables,
                touched=result.touched,
                rebuilt=result.lost,
            )
        )

    async def _edited(self, cell: str) -> str | None:
        """The operator's code for `cell`: from now, or from the record."""
        edited = self._gate.take_edit(cell)
        record = self._shared.record
        if edited is None and record is not None and cell in record.edits:
            edited = record.edits[cell]
            await self._journal.write(CellEdited(cell=cell, code=self._journal.keep(edited)))
        return edited

    def _own(self, touched: tuple[Span, ...]) -> tuple[Span, ...]:
        """Spans of this node's context as spans of the session's documents, where that is known."""
        if self._place.depth == 0:
            return touched
        if self._at is None:
            return ()
        at = self._at
        return tuple(Span(at.document, at.start + s.start, min(at.start + s.end, at.end)) for s in touched)
