"""One RLM of the recursion tree: its message list, its REPL, and the loop of turns (engine contract §1-§7)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rlm_tui.document.probe import probe
from rlm_tui.engine import compaction, prompts, tokens
from rlm_tui.engine.answers import Answers, reads_like_a_plan, spelled
from rlm_tui.engine.caller import Order
from rlm_tui.engine.cells import Cells
from rlm_tui.engine.control import Stop
from rlm_tui.engine.conversation import Conversation
from rlm_tui.engine.dialect import dialect_of
from rlm_tui.engine.errors import CallError, Stopped
from rlm_tui.engine.forced import ForcedAnswers
from rlm_tui.engine.ledger import OverBudget, UnknownPrice
from rlm_tui.engine.parse import read_reply
from rlm_tui.engine.patience import Patience
from rlm_tui.engine.providers.base import ChatMessage, Reply
from rlm_tui.engine.sandbox.base import Context, ReplError
from rlm_tui.engine.shared import Outcome, Place, Shared
from rlm_tui.engine.subcalls import SubCalls, as_text
from rlm_tui.engine.waiting import to_the_end
from rlm_tui.engine.works import CutOff
from rlm_tui.events import (
    BlobRef,
    BudgetExhausted,
    ConversationCompacted,
    Event,
    FinalProposed,
    FinalRefused,
    NodeEnded,
    NodeStarted,
    NodeWarned,
    ReplyRead,
    SessionAsked,
    clean,
)


class NodeRun:
    """Runs one node from its question to its answer, and on through the questions that were `asked` after it."""

    def __init__(
        self, shared: Shared, place: Place, query: str, context: Context, asked: Sequence[SessionAsked] = ()
    ) -> None:
        self.config = shared.config
        self.journal = shared.journal
        self.caller = shared.caller
        self.gate = shared.gate
        self.reading = shared.reading
        self.id = place.id
        self.depth = place.depth
        self.turn = 0
        self.tools = shared.tools
        self._shared = shared
        self._place = place
        self._query = query
        self._context = context
        self._model = place.model or self.config.model_at(place.depth)
        self._dialect = dialect_of(self.config.repl)
        self._asked = asked
        self._limits = self.config.limits
        self._turns_before = 0
        self._now = ""
        self._recalled = False
        self._talk: Conversation
        self._cells = Cells(shared, place, lambda cell: SubCalls(self, cell))
        self._forced = ForcedAnswers(shared, place.id, place.depth, self._model, self._cells)
        self._patience = Patience(self._limits)
        root = place.depth == 0
        self.context_chars = len(as_text(context))
        self._answers = Answers(
            self.context_chars, self.config.answer_schema if root else place.schema, shared.validator if root else None
        )
        self._draft: str | None = None

    @property
    def has_children(self) -> bool:
        """Whether `rlm_query` makes child nodes here, rather than leaf calls."""
        return self.config.max_depth - self.depth >= 2

    @property
    def _turns_here(self) -> int:
        """Turns that were taken for the present question."""
        return self.turn - self._turns_before

    @property
    def tool_lines(self) -> dict[str, str]:
        """The tools that exist here, as the model is told of them. Child nodes have those that are listed for them."""
        listed, children = self.config.tools, self.config.tools_for_children
        return {name: about for name, about in listed.items() if self.depth == 0 or name in children}

    def recorded_tool(self, call: str, tool: str, arguments: BlobRef) -> tuple[str | None, str | None] | None:
        """What a tool call gave in the record, if it is there (see `Record.returned`)."""
        record = self._shared.record
        return record.returned(call, tool, arguments) if record is not None else None

    def budget(self) -> dict[str, float]:
        """What `budget()` answers in the REPL."""
        return {**self._shared.ledger.left(), "turns": float(self._limits.turns - self._turns_here)}

    def within(self, seconds: float) -> float:
        """`seconds`, or what is left of the time budget."""
        return self._shared.ledger.within(seconds)

    async def run(self) -> Outcome:
        """Work until there is an answer or a limit. Only cancellation and a failing log come out as exceptions."""
        await self._start()
        outcome = Outcome("failed", error="the node ended without a result")
        try:
            await self._cells.open(self._context, self._query, self.tool_lines)
            outcome = await self._work()
        except (CallError, UnknownPrice, ReplError) as error:
            outcome = Outcome("failed", error=str(error))
        except asyncio.CancelledError:
            again = self.gate.superseded(self.id)
            if again is not None:
                outcome = Outcome("superseded", error=f"the operator had it begin again as {again}")
            else:
                outcome = Outcome("cancelled", error="the operator cancelled the run")
            raise
        finally:
            await to_the_end(self._end(outcome))
        return outcome

    async def child(
        self,
        cell: str,
        ordinal: int,
        batch: int | None,
        query: str,
        context: Context,
        model: str | None,
        schema: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Make a child node for sub-call `ordinal` of `cell` and run it; again, when the operator wants it again. Its answer
        must fit `schema`, if there is one.

        Raises `OverBudget` when no budget is left for it; it was not started then.
        """
        place = Place(
            id=f"{self.id}/{cell.rsplit(':', 1)[1]}.{ordinal}",
            depth=self.depth + 1,
            parent=self.id,
            cell=cell,
            ordinal=ordinal,
            batch=batch,
            model=model,
            schema=schema,
        )
        record = self._shared.record
        if record is not None:
            place = replace(place, id=record.latest(place.id))
        part = self.caller.forced_slice(model or self.config.model_at(place.depth), query)
        while True:
            known = record is not None and record.knows(place.id)
            self._shared.ledger.hold_back(part, place.id, force=known)
            try:
                return await self.gate.works.guard(place.id, NodeRun(self._shared, place, query, context).run())
            except CutOff:
                place = replace(place, id=self.gate.superseded(place.id) or place.id)
            finally:
                self._shared.ledger.let_go(place.id)

    # --- beginning and end

    async def _start(self) -> None:
        text = as_text(self._context) if self.depth else ""
        self.journal.hold(
            NodeStarted(
                node=self.id,
                depth=self.depth,
                model=self._model,
                query=clean(self._query),
                context_kind=type(self._context).__name__,
                context_chars=self.context_chars,
                parent=self._place.parent,
                cell=self._place.cell,
                ordinal=self._place.ordinal,
                batch=self._place.batch,
                context=self.journal.keep(text) if self.depth else None,
            )
        )
        if self.depth:
            for seen in await self.reading.seen(self.id, self.id, text):
                await self.journal.write(seen)
                if len(seen.spans) == 1 and seen.spans[0].end - seen.spans[0].start == len(text):
                    self._cells.lies_at(seen.spans[0])

    async def _end(self, outcome: Outcome) -> None:
        await self._cells.close()
        # The end of the root shares its commit with that of the session, which follows at once.
        self.journal.hold(self._ended(outcome))
        if self.depth:
            await self.journal.settle()
        self.gate.ended(self.id)

    def _ended(self, outcome: Outcome) -> NodeEnded:
        return NodeEnded(
            node=self.id,
            status=outcome.status,
            answer=self.journal.keep(outcome.answer) if outcome.answer is not None else None,
            limit=outcome.limit,
            error=clean(outcome.error) if outcome.error else None,
        )

    def _look(self) -> str:
        name = "" if self.depth else self._shared.name
        return probe(
            self._context, self.config.probe, name=name, tokens=lambda text: tokens.count(text, self._model)[0]
        )

    # --- the loop

    async def _work(self) -> Outcome:
        window = self.caller.info(self.config.leaf_model(self.depth)).window
        system = prompts.system_prompt(
            self.depth,
            self.config.max_depth,
            self._limits,
            max_output_chars=self.config.max_output_chars,
            window_chars=int(window * 2.5) if window else None,
            advice=self.config.advice,
            tools=self.tool_lines,
            dialect=self._dialect,
            schema=self._answers.schema,
        )
        first = prompts.first_message(self._query, await self._cells.probe(self._look))
        self._talk = Conversation(system, first, self._limits, self._shared.ledger.left)
        outcome = await self._answer()
        for asked in self._asked:
            # Between two questions the session had ended.
            ends = (self._ended(outcome), self._shared.session_ended(outcome), asked)
            await self.journal.write(*ends)
            await self._ask_again(asked, outcome)
            outcome = await self._answer()
        return outcome

    async def _ask_again(self, asked: SessionAsked, outcome: Outcome) -> None:
        """Turn to the next question: its limits, its schema, its words for the model and for the REPL."""
        self._query, self._draft = asked.query, None
        if asked.limits is not None:
            self._limits = self._shared.ledger.limits = asked.limits
        self._shared.ledger.hold_back(self.caller.forced_slice(self._model, asked.query))
        self._turns_before = self.turn
        self._patience = Patience(self._limits)
        form = prompts.ANY_FORM if self._answers.schema is not None else ""
        if asked.answer_schema is not None:
            form = prompts.answer_form(asked.answer_schema)
        self._answers = Answers(self.context_chars, asked.answer_schema, self._shared.validator, looked=True)
        await self._cells.assign(f"query = {json.dumps(asked.query)}")
        output = self._cells.reports[-1] if self._cells.reports else ""
        self._talk.go_on(prompts.follow_up(asked.query, outcome.answer, output, form), self._limits)
        self._now = prompts.question_now(asked.query, form)

    async def _answer(self) -> Outcome:
        """Take turns until there is an answer to the present question, or a limit."""
        try:
            while True:
                outcome = await self._turn()
                if outcome is not None:
                    return outcome
        except Stopped as stopped:
            return await self._finalise(stopped)
        except OverBudget as error:
            exhausted = BudgetExhausted(limit=error.limit, used=error.used, allowed=error.allowed, node=self.id)
            await self.journal.write(exhausted)
            await self.gate.reach(Stop("on_budget", self.id, self.turn))
            return await self._finalise(Stopped(error.limit, f"The {error.limit} budget is used up."))

    async def _turn(self) -> Outcome | None:
        if self._turns_here >= self._limits.turns:
            raise Stopped("turns", f"All {self._limits.turns} turns are used.")
        self.turn += 1
        call = f"{self.id}:t{self.turn}"
        reply = await self._reply(call)
        names = frozenset(v.name for v in self._cells.variables)
        reading = read_reply(
            reply.text, reply.finish, max_cells=self.config.max_cells_per_turn, variables=names, dialect=self._dialect
        )
        read = ReplyRead(
            node=self.id,
            turn=self.turn,
            call=call,
            action=reading.action,
            kept=self.journal.keep(reading.kept),
            rule=reading.rule,
            notice=reading.notice,
        )
        self._talk.replied(reading.kept)
        if reading.action == "cell":
            self._patience.code()
            return await self._run_cells(reading.cells, reading.notice, read)
        await self.journal.write(read)
        if reading.action == "final":
            assert reading.answer is not None
            return await self._accept(reading.answer, None, "prose", None)
        self._patience.no_code()
        self._say(reading.notice)
        return None

    async def _reply(self, call: str) -> Reply:
        """The model's reply; what the operator cancelled is asked again after the next stop, with what was said there."""
        while True:
            await self.gate.reach(Stop("before_llm", self.id, self.turn, call=call))
            await self._compact()
            self._hear(call)
            try:
                return await self.gate.works.guard(call, self._ask(call))
            except CutOff:
                continue

    async def _compact(self) -> None:
        """Summarise the middle of the conversation when the next prompt would be too long (off by default)."""
        limit, messages = self.config.compact_at, self._talk.messages
        if limit is None or not compaction.worth_it(messages):
            return
        if tokens.count_messages(messages, self._model)[0] <= limit:
            return
        call = f"{self.id}:s{self.turn}"
        reply = await self.caller.ask(
            Order(
                call=call,
                node=self.id,
                depth=self.depth,
                purpose="compaction",
                model=self._model,
                messages=(ChatMessage("user", compaction.request(messages, self._now)),),
                max_output_tokens=compaction.SUMMARY_TOKENS,
            )
        )
        shorter = compaction.compacted(messages, reply.text, self._cells.variables, self._now)
        self._talk.adopt(shorter)
        dropped = len(messages) - len(shorter)
        await self.journal.write(ConversationCompacted(node=self.id, turn=self.turn, call=call, dropped=dropped))

    async def _ask(self, call: str) -> Reply:
        record = self._shared.record
        self._recalled = record is not None and record.find(call, self._model, self._talk.messages) is not None
        return await self.caller.ask(
            Order(
                call=call,
                node=self.id,
                depth=self.depth,
                purpose="turn",
                model=self._model,
                messages=self._talk.messages,
                max_output_tokens=self.config.max_output_tokens,
                turn=self.turn,
                fresh=self._talk.fresh,
            )
        )

    async def _run_cells(self, cells: Sequence[str], notice: str, read: ReplyRead) -> Outcome | None:
        reports = []
        for number, code in enumerate(cells):
            # How the reply was read and its first block share a commit.
            ran = await self._cells.run(code, self.turn, (read,) if number == 0 else ())
            result = ran.result
            reports.append(ran.report)
            if result.status == "ok" and (result.touched or self._dialect.uses("context", ran.code)):
                self._answers.looked = True
            if result.final is not None:
                final = result.final
                return await self._accept(final.text, final.value, final.source, ran.cell, reports)
            hint = self._patience.ran(ran.code, result.error, f"{result.output}\0{result.echo}")
            if hint:
                reports.append(hint)
            if result.error is not None:
                break
        self._say("\n\n".join([*reports, *([notice] if notice else [])]))
        return None

    # --- answers

    async def _accept(
        self, text: str, value: Any, source: str, cell: str | None, reports: Sequence[str] = ()
    ) -> Outcome | None:
        """The outcome, if the answer is one. If it is not, the model is told why, after the `reports` of its blocks."""
        seen = [report for report in reports if report != prompts.NO_OUTPUT]
        record = self._shared.record
        verdict = record.verdict(self.id, self.turn) if record is not None and self._recalled else None
        value, refusal = self._answers.check(text, value, verdict)
        if refusal:
            await self.journal.write(FinalRefused(node=self.id, reason=refusal, answer=self.journal.keep(text)))
            self._draft = text or self._draft
            self._say("\n\n".join([*seen, refusal]))
            return None
        text = spelled(text, value, self._answers.schema)
        kept = self.journal.keep(text)
        proposed: tuple[Event, ...] = (FinalProposed(node=self.id, source=source, answer=kept, cell=cell),)
        if reads_like_a_plan(text):
            warned = f"The answer reads like a plan, not like an answer: {' '.join(text.split())[:80]}"
            proposed += (NodeWarned(node=self.id, topic="plan", text=clean(warned), cell=cell),)
        self.journal.hold(*proposed)
        if self.gate.asks:
            await self.journal.settle()
        await self.gate.reach(Stop("on_final", self.id, self.turn, cell))
        waiting = self.gate.take_messages(self.id)
        if waiting:
            # The operator spoke while the answer was on the table: the model hears it before anything is final.
            self._draft = text
            said = f"Your answer was: {prompts.cut(text, 2000)}"
            self._say("\n\n".join([*seen, said, prompts.operator_note(waiting)]))
            return None
        return Outcome("completed", text, value)

    async def _finalise(self, stopped: Stopped) -> Outcome:
        """The forced answer at a limit."""
        return await self._forced.ask(self._query, stopped, self.turn, self._draft, self._answers.schema)

    def _hear(self, call: str) -> None:
        """Put the operator's messages into the prompt; a recorded prompt is taken word for word."""
        record = self._shared.record
        texts = self.gate.take_messages(self.id)
        if record is not None:
            texts = [*record.injected.pop((self.id, self.turn), []), *texts]
        self._talk.add_operator(texts)
        recorded = record.prompt(call, self._talk.messages) if record is not None else None
        if recorded is not None:
            self._talk.adopt(recorded)

    def _say(self, text: str) -> None:
        self._talk.say(text, self._turns_here + 1)
