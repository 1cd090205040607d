"""The ways in which RLM runs are known to go wrong, one by one, and what each of them comes to here.

The list is that of reports from users of other RLM libraries; each test plays the failure through the whole loop.
"""

import asyncio
import json
import time
from collections.abc import Callable

import pytest

from rlm_tui import events as ev
from rlm_tui.engine.answers import reads_like_a_plan
from rlm_tui.engine.control import Gate
from rlm_tui.engine.dialect import JAVASCRIPT
from rlm_tui.engine.providers.base import ProviderError, Reply, Request
from rlm_tui.events import Limits, MemoryLog, Usage
from tests.support.engine import FakeModels, Ran, cell, play, until

LOOK = cell("n = len(context.splitlines())\nprint(n)")
DONE = cell("FINAL(n)")
LONG = "a line of some words that fills the page\n" * 2000


def heard(ran: Ran, turn: int) -> str:
    """What the model read last before `turn`."""
    call = next(c for c in ran.events(ev.CallReserved) if c.call == f"0:t{turn}")
    return ran.text(call.messages[-1].body)


def topics(ran: Ran) -> list[str]:
    return [e.topic for e in ran.events(ev.NodeWarned)]


async def test_answering_without_a_look() -> None:
    ran = await play(FakeModels(["FINAL(7)", LOOK, DONE]))
    assert ran.ended.outcome.answer == "100"
    assert "before any code had looked" in ran.events(ev.FinalRefused)[0].reason


@pytest.mark.parametrize(
    "code",
    [
        "# I cannot see the context yet\nFINAL(7)",
        "FINAL('Based on the context, it is 7')",
        "context = 'nothing'\nFINAL(7)",
    ],
    ids=["comment", "text", "assignment"],
)
async def test_mentioning_the_context_is_no_look(code: str) -> None:
    ran = await play(FakeModels([cell(code), LOOK, DONE]))
    assert ran.ended.outcome.answer == "100"
    assert len(ran.events(ev.FinalRefused)) == 1


def test_mentioning_the_context_is_no_look_in_javascript_either() -> None:
    assert not JAVASCRIPT.uses("context", "// the context\nFINAL('of the context') /* context */")
    assert JAVASCRIPT.uses("context", "print('a'); print(context.length)")
    assert JAVASCRIPT.uses("context", "print(`${context.length}`)")


@pytest.mark.parametrize("value", ["''", "'  '", "None"])
async def test_no_answer_again_and_again_is_not_paid_for_until_the_turns_are_used(value: str) -> None:
    ran = await play(FakeModels([LOOK, cell(f"FINAL({value})")]))
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "validation")
    assert len(ran.events(ev.ReplyRead)) == 5


async def test_the_output_of_a_block_whose_answer_is_refused_is_shown() -> None:
    ran = await play(FakeModels([LOOK, cell("print('seen')\nFINAL('')"), DONE]))
    assert "seen\n" in heard(ran, 3) and "The answer is empty" in heard(ran, 3)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("FINAL(x for x in 'ab')", "list("),
        ("FINAL(map(str, [1]))", "list("),
        ("import re\nFINAL(re.search('fox', context))", "group()"),
        ("FINAL(llm_query_batched(['a'])[0])", "a sub-call that failed"),
        ("FINAL_VAR('n + 1')", "call FINAL(n + 1)"),
        ("FINAL_VAR('str(n)')", "call FINAL(str(n))"),
    ],
)
async def test_what_is_no_answer_is_told_and_what_to_pass_instead(code: str, told: str) -> None:
    failing = ProviderError("bad_request", "no such model")
    ran = await play(FakeModels([LOOK, cell(code), DONE], leaf=lambda prompt: failing))
    assert ran.ended.outcome.answer == "100"
    assert told in heard(ran, 3)


@pytest.mark.parametrize(
    "reply",
    [
        LOOK + "\nOutput:\n7\n\nFINAL(7)",
        LOOK + "\n```output\n7\n```\nSo the answer is 7.\n```repl\nFINAL(7)\n```",
        "FINAL(7)\n" + LOOK,
    ],
    ids=["prose after", "invented output", "final before"],
)
async def test_inventing_output_and_finishing_on_it(reply: str) -> None:
    ran = await play(FakeModels([reply, DONE]))
    assert ran.ended.outcome.answer == "100"
    assert "7" not in ran.text(ran.events(ev.CallReserved)[1].messages[2].body).split("```repl")[-1]


@pytest.mark.parametrize("way", ["FINAL_VAR(best)", cell("FINAL_VAR('best')"), cell("FINAL_VAR(best)")])
async def test_a_final_variable_that_does_not_exist(way: str) -> None:
    ran = await play(FakeModels([LOOK, way, DONE]))
    assert ran.ended.outcome.answer == "100"
    assert "NameError" in heard(ran, 3)


@pytest.mark.parametrize("way", ["FINAL(n)", "FINAL_VAR(n)", "FINAL_VAR('n')", cell("FINAL_VAR('n')")])
async def test_the_name_of_a_variable_is_resolved(way: str) -> None:
    assert (await play(FakeModels([LOOK, way]))).ended.outcome.answer == "100"


@pytest.mark.parametrize(
    ("forced", "answer"),
    [
        ("FINAL(n)", "100"),
        ("FINAL_VAR(n)", "100"),
        ("I ran out of turns.\nFINAL_VAR('n')", "100"),
        (cell("FINAL(n)"), "100"),
        ("FINAL(about a hundred)", "about a hundred"),
        (cell("FINAL('about a hundred')"), "about a hundred"),
        (cell("FINAL({'lines': 100})"), '{"lines": 100}'),
        ("n", "n"),
        ("n = 100", "n = 100"),
        ("<think>Is it FINAL(99)?</think>About a hundred.", "About a hundred."),
        (cell("print(n)"), None),
        (cell("FINAL(llm_query('How many?'))"), None),
        ("FINAL_VAR(best)", None),
    ],
)
async def test_a_forced_answer_is_a_text_or_a_value_and_never_code(forced: str, answer: str | None) -> None:
    ran = await play(FakeModels([LOOK], extract=forced), limits=Limits(turns=1))
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "turns")
    assert (ran.ended.outcome.answer or "").replace("'", '"') == (answer or "")
    assert len(ran.events(ev.CallReserved)) == 2


async def test_an_assumed_price_is_held_back_for_the_forced_answer_too() -> None:
    def leaf(prompt: str) -> Reply:
        return Reply("yes", "stop", Usage(calls=1, input=2, output=256))

    asks = cell("for part in range(20):\n    llm_query(f'part {part}')")
    models = FakeModels([asks], leaf=leaf, price=None)
    ran = await play(models, limits=Limits(usd=0.05), unknown_price="assume:1,10")
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "usd")
    assert ran.ended.outcome.answer == "forced answer"
    assert 0.03 < ran.ended.usage.cost <= 0.05


class Sleepy(FakeModels):
    """Sleeps for an hour over every prompt in which `word` stands. On `clock` the first reply takes 83 seconds."""

    word = "nothing"
    late = 0.0

    def clock(self) -> float:
        return time.monotonic() + self.late

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        if self.word in request.messages[-1].content and not request.messages[-1].content.startswith("Answer now."):
            await asyncio.sleep(3600)
        self.late = 83.0
        return await super().complete(request, on_text)


NEARLY_OVER = Limits(seconds=100.0)
"""For `Sleepy`: after its first reply two seconds are left, and the 15 of the forced answer."""


async def test_a_reply_that_the_time_budget_cuts_short_ends_in_a_forced_answer() -> None:
    models = Sleepy([LOOK, DONE])
    models.word = "[turn 2/30"
    ran = await play(models, limits=NEARLY_OVER, clock=models.clock)
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "seconds")
    assert ran.ended.outcome.answer == "forced answer"
    cut = ran.events(ev.CallFailed)[0]
    assert (cut.call, cut.fault.kind) == ("0:t2", "cancelled") and "time for it ran out" in cut.fault.message
    assert cut.usage.calls == 1 and cut.usage.input > 0 and cut.usage.estimated
    assert ran.state.errors == 0


async def test_sub_calls_that_the_time_budget_cuts_short_leave_the_others_alone() -> None:
    models = Sleepy([cell("got = llm_query_batched(['quick', 'sleep'])\nprint(got[0], got[1])"), DONE])
    models.word = "sleep"
    ran = await play(models, limits=NEARLY_OVER, clock=models.clock)
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "seconds")
    printed = ran.text(ran.events(ev.CellFinished)[1].output)
    assert printed.startswith("leaf [ERROR] the seconds budget")
    assert ran.ended.outcome.answer == "forced answer"


async def test_a_retry_that_the_time_budget_has_no_room_for() -> None:
    busy = ProviderError("rate_limit", "Slow down.", retry_after=30.0)
    ran = await play(FakeModels([LOOK, busy]), limits=Limits(seconds=10.0))
    assert (ran.ended.outcome.status, ran.ended.outcome.answer) == ("partial", "forced answer")
    assert ran.events(ev.AttemptFailed)[0].fault.kind == "rate_limit"
    assert ran.events(ev.CallFailed)[0].fault.message.endswith("no room in the seconds budget to try again.")


async def test_a_block_computes_no_longer_than_the_time_budget() -> None:
    endless = cell("found = 17\nprint('so far')\nwhile True:\n    pass")
    models = Sleepy([endless])
    ran = await play(models, limits=NEARLY_OVER, clock=models.clock)
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "seconds")
    assert ran.events(ev.CellFinished)[-1].seconds < ran.state.config.cell_seconds / 2
    forced = ran.text(ran.events(ev.CallReserved)[-1].messages[0].body)
    assert "so far" in forced and "found: int" in forced


async def test_a_plan_as_the_answer_is_pointed_out() -> None:
    plan = "I need to count the lines first."
    ran = await play(FakeModels([LOOK, cell(f"FINAL({plan!r})")]))
    assert ran.ended.outcome.answer == plan
    assert topics(ran) == ["plan"] and "reads like a plan" in ran.state.notes[-1].text
    assert topics(await play(FakeModels([LOOK, DONE]))) == []


@pytest.mark.parametrize(
    "text",
    [
        "I'll look at it",
        "I\u2019m going to",
        "First, I will read",
        "Let me check",
        "Next we count",
        "My plan is",
        "Plan: a",
    ],
)
def test_what_reads_like_a_plan(text: str) -> None:
    assert reads_like_a_plan(text)


@pytest.mark.parametrize(
    "text", ["Ishmael", "First Lord of the Admiralty", "Illinois", "I", "12", "Let there be light", ""]
)
def test_what_does_not_read_like_a_plan(text: str) -> None:
    assert not reads_like_a_plan(text)


async def test_the_same_cell_with_the_same_output_again_and_again() -> None:
    ran = await play(FakeModels([LOOK]))
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "repeats")
    assert len([c for c in ran.events(ev.CellFinished) if c.cell != "0:c0"]) == 4
    assert "same block" not in heard(ran, 2) and "same block with the same output" in heard(ran, 3)
    assert ran.ended.outcome.answer == "forced answer"


async def test_the_same_cell_with_another_output_is_no_repetition() -> None:
    count = cell("k = globals().get('k', len(context)) + 1\nprint(k)")
    turns = [count] * 6 + [cell("FINAL(k)")]
    ran = await play(FakeModels(turns))
    assert ran.ended.outcome.status == "completed"


async def test_a_printed_final_finishes_nothing() -> None:
    ran = await play(FakeModels([LOOK, cell("print(f'FINAL({n})')"), DONE]))
    assert ran.ended.outcome.status == "completed" and ran.ended.outcome.answer == "100"
    assert len(ran.events(ev.FinalProposed)) == 1
    assert topics(ran) == ["printed_final"] and "was printed, not called" in heard(ran, 3)


async def test_a_final_in_the_document_is_only_text() -> None:
    text = "The code says FINAL(42) here.\n" * 200
    ran = await play(FakeModels([cell("print(context[:60])"), cell("FINAL('ok')")]), context=text)
    assert ran.ended.outcome.answer == "ok" and topics(ran) == []


async def test_thousands_of_thin_sub_calls_meet_a_limit_and_the_rest_survives() -> None:
    many = cell("got = llm_query_batched([str(i) for i in range(30)])\nprint(sum(bool(g) for g in got), got[-1])")
    ran = await play(FakeModels([many, cell("FINAL(got[0])")]), limits=Limits(subcalls_per_cell=10))
    assert ran.ended.outcome.answer == "leaf"
    assert "10 [ERROR] one cell may make at most 10 sub-calls; use fewer, fuller prompts" in heard(ran, 2)
    assert ran.ended.by_purpose["leaf"].calls == 10


async def test_a_breakpoint_asks_before_a_cell_makes_many_calls() -> None:
    gate = Gate(paused=False)
    gate.set_breakpoint("planned>20")
    at: list[tuple[str, int]] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, lambda e: isinstance(e, ev.Paused))
        paused = log.entries[seq - 1].event
        assert isinstance(paused, ev.Paused)
        at.append((paused.stop, sum(isinstance(e.event, ev.CallReserved) for e in log.entries)))
        gate.go()

    code = "few = llm_query_batched(['a'] * 5)\ngot = llm_query_batched([str(i) for i in range(30)])\nprint(len(got))"
    ran = await play(FakeModels([cell(code), cell("FINAL(len(got))")]), gate=gate, operator=operator)
    assert at == [("at_subcall", 1 + 5)]
    assert ran.ended.outcome.answer == "30" and len(ran.events(ev.Paused)) == 1


async def test_a_breakpoint_asks_before_a_cell_spends_much_at_once() -> None:
    gate = Gate(paused=False)
    gate.set_breakpoint("planned.cost>0.009")
    held: list[tuple[int, int | None, float | None]] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, lambda e: isinstance(e, ev.Paused))
        assert gate.held is not None
        held.append((gate.held.batch, gate.held.planned, gate.held.cost))
        gate.go()

    # A token in is a millionth of a dollar, one out two; a reply was one token long before.
    code = "few = llm_query_batched(['a'] * 5)\ngot = llm_query_batched(['b' * 4000] * 10)\nprint(len(got))"
    ran = await play(FakeModels([cell(code), cell("FINAL(len(got))")]), gate=gate, operator=operator)
    assert held == [(10, 15, pytest.approx(10 * 1000e-6 + 10 * 2e-6))]
    assert ran.ended.outcome.answer == "10" and len(ran.events(ev.Paused)) == 1


async def test_what_has_no_known_price_stops_at_no_price() -> None:
    gate = Gate(paused=False)
    gate.set_breakpoint("planned.cost>0")
    models = FakeModels([cell("got = llm_query_batched(['b' * 4000] * 10)\nprint(got)"), cell("FINAL(1)")], price=None)
    ran = await play(models, gate=gate)
    assert ran.ended.outcome.answer == "1" and not ran.events(ev.Paused)


async def test_the_whole_context_in_one_sub_call_is_refused_before_the_request() -> None:
    code = "got = llm_query_batched(['Sum up:', 'What is 1 + 1?'], [context, None])\nprint(got[0], '|', got[1])"
    ran = await play(FakeModels([cell(code), cell("FINAL(got[1])")], window=4_000), context=LONG)
    assert ran.ended.outcome.answer == "leaf"
    refused = ran.events(ev.CallFailed)[0].fault
    assert refused.kind == "context_length"
    assert "reads at most 4,000" in refused.message and "split it over several calls" in refused.message
    assert len(ran.models.requests) == 3


async def test_a_child_that_gets_nearly_all_is_pointed_out_and_one_that_gets_a_part_is_not() -> None:
    child = [cell("print(len(context))"), cell("FINAL('done')")]
    thick = cell("a = rlm_query('Sum up', context[:70_000])\nprint(a)")
    ran = await play(FakeModels([thick, cell("FINAL(a)")], child=child), context=LONG, max_depth=2)
    assert topics(ran) == ["thick_child"]
    assert "got 85% of your context" in heard(ran, 2) and "Split the context" in heard(ran, 2)
    assert ran.ended.usage.calls == 4  # No extra call to confirm anything.
    thin = cell("a = rlm_query('Sum up', context[:30_000])\nprint(a)")
    ran = await play(FakeModels([thin, cell("FINAL(a)")], child=child), context=LONG, max_depth=2)
    assert topics(ran) == []


async def test_an_answer_that_was_changed_leaves_its_predecessors_in_sight() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, lambda e: isinstance(e, ev.Paused))
        gate.inject("Are you sure?")
        gate.go()
        await until(log, lambda e: isinstance(e, ev.SessionEnded), after=seq)

    gate = Gate(paused=False)
    gate.set_breakpoint("on_final && turn==2")
    ran = await play(FakeModels([LOOK, DONE, cell("FINAL(n + 1)")]), gate=gate, operator=operator)
    assert ran.ended.outcome.answer == "101"
    assert [ran.text(ref) for ref in ran.state.candidates] == ["100", "101"]


async def test_printing_the_whole_context_shows_its_ends_and_says_how_much_is_missing() -> None:
    ran = await play(FakeModels([cell("print(context)"), cell("FINAL('ok')")]), context=LONG)
    shown = heard(ran, 2)
    assert f"[{len(LONG) - 1 - 8000:,} characters left out]" in shown
    assert len(shown) < 8_300


@pytest.mark.parametrize("text", ["", "```repl\nfor line in con"], ids=["nothing but thoughts", "half a block"])
async def test_a_reply_used_up_by_thinking_is_asked_for_again(text: str) -> None:
    ran = await play(FakeModels([Reply(text, "length", Usage(calls=1, output=4096, reasoning=4096)), LOOK, DONE]))
    assert ran.ended.outcome.answer == "100"
    assert ran.events(ev.ReplyRead)[0].action == "repair"


async def test_a_sub_call_cut_by_its_length_is_pointed_out() -> None:
    models = FakeModels([cell("a = llm_query('q')\nprint(a, len(context))"), cell("FINAL(a)")])
    models.leaf = lambda p: Reply("half of", "length", Usage(calls=1))
    ran = await play(models)
    assert topics(ran) == ["cut_replies"] and "may be incomplete" in heard(ran, 2)


async def test_an_error_is_never_an_answer_of_a_sub_call() -> None:
    models = FakeModels([cell("a = llm_query('q')\nprint('got', a)"), LOOK, DONE])
    models.leaf = lambda p: ProviderError("auth", "The key was refused.")
    ran = await play(models)
    assert "SubcallError" in heard(ran, 2) and "got" not in ran.text(ran.events(ev.CellFinished)[1].output)


async def test_limits_on_the_rate_are_tries_of_one_call() -> None:
    complaints = [3]

    def leaf(prompt: str) -> str | ProviderError:
        if complaints[0]:
            complaints[0] -= 1
            return ProviderError("rate_limit", "Too many requests.", status=429, retry_after=0.0)
        return prompt

    batch = cell("got = llm_query_batched([str(i) for i in range(8)])\nprint(got, context[:1])")
    ran = await play(FakeModels([batch, cell("FINAL(got[7])")], leaf=leaf))
    assert ran.ended.outcome.answer == "7"
    assert ran.ended.by_purpose["leaf"].calls == 8 and len(ran.events(ev.AttemptFailed)) == 3


async def test_what_children_cost_is_part_of_what_their_parent_costs() -> None:
    root = cell("a = rlm_query_batched(['x', 'y'], [context[:500], context[500:900]])\nprint(a)")
    child = [cell("print(llm_query(context[:9]))"), cell("FINAL('ok')")]
    ran = await play(FakeModels([root, cell("FINAL(a[0])")], child=child), max_depth=2)
    totals = ran.state.totals
    assert totals["0"] == ran.ended.usage
    assert totals["0:t1"].calls == 1 + totals["0/c1.1"].calls + totals["0/c1.2"].calls == 1 + 2 * 3


async def test_cancelling_leaves_no_request_running_and_counts_what_was_sent() -> None:
    models = FakeModels([cell("llm_query_batched(['a'] * 6)")], delay=0.0)
    whole = models.complete

    async def complete(request, on_text=None):  # type: ignore[no-untyped-def]
        if request.messages[0].role == "user":
            models.active += 1
            try:
                await asyncio.sleep(60)
            finally:
                models.active -= 1
        return await whole(request, on_text)

    models.complete = complete  # type: ignore[method-assign]

    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, lambda e: isinstance(e, ev.AttemptStarted) and e.call == "0:c1.6")
        gate.cancel()

    ran = await play(models, operator=operator)
    assert ran.ended.outcome.status == "cancelled" and models.active == 0
    cut = ran.events(ev.CallFailed)
    assert len(cut) == 6 and all(c.usage.calls == 1 and c.usage.estimated for c in cut)


async def test_no_key_reaches_the_log() -> None:
    key = "sk-proj-abcdefghijklmnop1234567890"
    ran = await play(FakeModels([ProviderError("auth", f"Bad key {key}.", status=401)]))
    said = json.dumps([ev.encode(e.event).decode() for e in ran.log.entries])
    assert ran.ended.outcome.status == "failed"
    assert key not in said
