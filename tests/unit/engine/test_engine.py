"""The loop of turns over the real sandbox: answers, limits, sub-calls, children, faults, and what the log says of them."""

import asyncio
import json
from itertools import pairwise

import pytest

from rlm_tui import events as ev
from rlm_tui.engine.answers import fit
from rlm_tui.engine.control import Gate
from rlm_tui.engine.providers.base import ProviderError, Reply
from rlm_tui.events import Limits, MemoryLog, Usage
from rlm_tui.projection.fold import fold
from tests.support.engine import FakeModels, cell, play, until

LOOK = cell("lines = context.splitlines()\nprint(len(lines), lines[0])", "First a look.")
DONE = cell("FINAL(f'{len(lines)} lines')")


async def test_a_session_from_question_to_answer() -> None:
    ran = await play(FakeModels([LOOK, DONE]))
    assert ran.ended.outcome.status == "completed"
    assert ran.ended.outcome.answer == "100 lines"
    kinds = [
        ev.kind_of(entry.event)
        for entry in ran.log.entries
        if not isinstance(entry.event, ev.CellOutput | ev.TextSeen | ev.CallPartial)
    ]
    turn = [
        "call.reserved",
        "attempt.started",
        "call.finished",
        "reply.read",
        "cell.proposed",
        "cell.started",
        "cell.finished",
    ]
    probe = ["session.started", "node.started", "repl.opened", "cell.proposed", "cell.started", "cell.finished"]
    assert kinds == [*probe, *turn, *turn, "final.proposed", "node.ended", "session.ended"]
    assert [entry.seq for entry in ran.log.entries] == list(range(1, len(ran.log.entries) + 1))


async def test_messages_are_append_only_and_alternate() -> None:
    ran = await play(FakeModels([LOOK, cell("print('more')"), DONE]))
    prompts = [call.messages for call in ran.events(ev.CallReserved)]
    for shorter, longer in pairwise(prompts):
        assert longer[: len(shorter)] == shorter
    assert [m.role for m in prompts[-1]] == ["system", "user", "assistant", "user", "assistant", "user"]
    shown = ran.text(prompts[-1][3].body)
    assert shown.startswith("100 the quick brown fox")
    assert "New or changed variables: lines: list[100]" in shown
    assert shown.splitlines()[-1].startswith("[turn 2/30")


async def test_the_reply_is_cut_after_its_first_cell() -> None:
    invented = LOOK + "\nOutput: 7 lines.\n```repl\nFINAL(7)\n```"
    ran = await play(FakeModels([invented, DONE]))
    assert ran.ended.outcome.answer == "100 lines"
    last = ran.events(ev.CallReserved)[-1].messages
    assert "FINAL(7)" not in ran.text(last[2].body)
    assert "Only the first block" in ran.text(last[3].body)


async def test_names_survive_an_error_and_the_model_sees_its_own_frame() -> None:
    ran = await play(FakeModels([cell("kept = len(context)\nprint(missing)"), cell("FINAL(kept)")]))
    assert ran.ended.outcome.answer == str(len("the quick brown fox jumps over the lazy dog\n") * 100)
    error = ran.events(ev.CellFinished)[1].error
    assert (error.type, error.line) == ("NameError", 2)
    assert "missing" in error.text and "rlm_tui" not in error.text


async def test_sub_calls_run_in_parallel_and_are_charged_to_their_cell() -> None:
    batch = cell("found = llm_query_batched([f'part {i}' for i in range(8)])\nprint(found)")
    models = FakeModels([batch, cell("FINAL(found[3])")], leaf=lambda p: p.upper(), delay=0.02)
    ran = await play(models, limits=Limits(concurrency=4))
    assert ran.ended.outcome.answer == "PART 3"
    assert models.most_active == 4
    leaves = [c for c in ran.events(ev.CallReserved) if c.purpose == "leaf"]
    assert [c.call for c in sorted(leaves, key=lambda c: c.ordinal)] == [f"0:c1.{i}" for i in range(1, 9)]
    assert {c.batch for c in leaves} == {1}
    assert ran.ended.by_purpose["leaf"].calls == 8
    turn = ran.state.totals["0:t1"]
    assert turn.calls == 9


async def test_one_failed_slot_leaves_the_others_alone() -> None:
    def leaf(prompt: str) -> str | ProviderError:
        return ProviderError("content_filter", "The provider refused this text.") if "2" in prompt else prompt

    code = "got = llm_query_batched(['1', '2', '3'])\nprint([bool(g) for g in got], str(got[1])[:7])"
    ran = await play(FakeModels([cell(code), cell("FINAL(got[0] + got[2])")], leaf=leaf))
    assert ran.ended.outcome.answer == "13"
    assert "[True, False, True] [ERROR]" in ran.text(ran.events(ev.CellFinished)[1].output)
    assert ran.state.errors == 1


async def test_a_child_node_gets_a_repl_of_its_own_and_its_cost_counts_upwards() -> None:
    root = cell("part = rlm_query('Which word is last?', context[:74])\nprint(part)")
    child = [cell("words = context.split()\nprint(words[-1])"), cell("FINAL(words[-1])")]
    ran = await play(FakeModels([root, cell("FINAL(part)")], child=child), max_depth=2)
    assert ran.ended.outcome.answer == "over"
    started = ran.events(ev.NodeStarted)
    assert [(n.node, n.depth, n.parent) for n in started] == [("0", 0, None), ("0/c1.1", 1, "0")]
    assert ran.state.totals["0"] == ran.ended.usage
    assert ran.state.totals["0/c1.1"].calls == 2
    assert ran.state.children["0:t1"] == ["0/c1.1"]


async def test_recursion_becomes_a_leaf_at_the_limit() -> None:
    ran = await play(FakeModels([cell("a = rlm_query('q', 'some text')\nprint(a)"), cell("FINAL(a)")]), max_depth=1)
    assert ran.ended.outcome.answer == "leaf"
    assert [c.degraded for c in ran.events(ev.CallReserved) if c.purpose == "leaf"] == [True]


async def test_depth_zero_has_no_sub_calls() -> None:
    ran = await play(FakeModels([LOOK, cell("llm_query('x')"), DONE]), max_depth=0)
    assert ran.ended.outcome.answer == "100 lines"
    assert ran.events(ev.CellFinished)[2].error.type == "NameError"
    assert "llm_query" not in ran.text(ran.events(ev.CallReserved)[0].messages[0].body)


async def test_an_answer_before_any_look_is_refused_once() -> None:
    ran = await play(FakeModels(["FINAL(7)", "FINAL(8)"]))
    assert ran.ended.outcome.answer == "8"
    assert len(ran.events(ev.FinalRefused)) == 1


async def test_a_short_context_may_be_answered_at_once() -> None:
    ran = await play(FakeModels(["FINAL(7)"]), context="seven")
    assert ran.ended.outcome.answer == "7" and not ran.events(ev.FinalRefused)


async def test_a_variable_name_is_never_the_answer() -> None:
    ran = await play(FakeModels([LOOK, "FINAL_VAR(nothing)", "FINAL_VAR(lines)"]))
    assert ran.ended.outcome.answer != "lines" and "quick brown" in (ran.ended.outcome.answer or "")
    told = ran.text(ran.events(ev.CallReserved)[2].messages[-1].body)
    assert "lines" in told and "NameError" in told


@pytest.mark.parametrize(
    "way", ["answer['content'] = 'x y'\nanswer['ready'] = True", "FINAL_VAR('a')", "FINAL(a)", "SUBMIT(a)"]
)
async def test_every_way_to_finish_in_code(way: str) -> None:
    ran = await play(FakeModels([LOOK, cell(f"a = 'x y'\n{way}")]))
    assert (ran.ended.outcome.status, ran.ended.outcome.answer) == ("completed", "x y")


async def test_nudges_end_in_a_forced_answer() -> None:
    ran = await play(FakeModels(["Let me think.", "Hm.", "Well."]))
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "nudges")
    assert ran.ended.outcome.answer == "forced answer"


async def test_turns_end_in_a_forced_answer_from_what_is_known() -> None:
    ran = await play(FakeModels([LOOK]), limits=Limits(turns=3))
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "turns")
    prompt = ran.models.requests[-1].messages[0].content
    assert "How many lines" in prompt and "100 the quick brown fox" in prompt and "lines: list[100]" in prompt


async def test_the_call_budget_leaves_the_last_call_for_the_answer() -> None:
    batch = cell("got = llm_query_batched(['a'] * 10)\nprint(sum(bool(g) for g in got))")
    ran = await play(FakeModels([batch]), limits=Limits(calls=5))
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "calls")
    assert ran.ended.usage.calls == 5 == len(ran.models.requests)
    assert "3" in ran.text(ran.events(ev.CellFinished)[1].output)
    assert ran.events(ev.BudgetExhausted)


async def test_dollars_never_pass_the_limit() -> None:
    batch = cell("got = llm_query_batched(['word ' * 200] * 50)\nprint(len(got))")
    turns = [batch.replace("(len(got))", f"(len(got), {n})") for n in range(20)]
    ran = await play(FakeModels(turns, leaf=lambda p: "w " * 300), limits=Limits(usd=0.05, concurrency=16))
    assert ran.ended.usage.cost <= 0.05
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "usd")
    by_model = sum((u for u in ran.ended.by_model.values()), Usage())
    by_kind = sum((u for u in ran.ended.by_purpose.values()), Usage())
    assert by_model.cost == pytest.approx(ran.ended.usage.cost) == by_kind.cost


async def test_an_unknown_price_under_a_dollar_limit_is_refused_with_a_sentence() -> None:
    ran = await play(FakeModels([LOOK, DONE], price=None), limits=Limits(usd=1.0))
    assert ran.ended.outcome.status == "failed" and "--price" in (ran.ended.outcome.error or "")
    ran = await play(FakeModels([LOOK, DONE], price=None))
    assert ran.ended.outcome.status == "completed" and ran.ended.usage.unpriced == 2


async def test_a_transient_fault_is_tried_again_and_every_try_is_in_the_log() -> None:
    models = FakeModels([LOOK, DONE])
    faults = [
        ProviderError("overloaded", "The provider is overloaded.", status=529),
        ProviderError("timeout", "No answer."),
    ]
    choose = models._choose
    models._choose = lambda request: faults.pop() if faults else choose(request)  # type: ignore[method-assign]
    ran = await play(models)
    assert ran.ended.outcome.status == "completed"
    assert [a.attempt for a in ran.events(ev.AttemptStarted)] == [1, 2, 3, 1]
    assert [f.fault.kind for f in ran.events(ev.AttemptFailed)] == ["timeout", "overloaded"]


async def test_a_permanent_fault_ends_the_session_with_its_sentence() -> None:
    ran = await play(FakeModels([ProviderError("auth", "The key was refused: check OPENAI_API_KEY.", status=401)]))
    assert (ran.ended.outcome.status, ran.ended.outcome.error) == (
        "failed",
        "The key was refused: check OPENAI_API_KEY.",
    )
    assert len(ran.models.requests) == 1
    assert ran.state.status == "failed"


async def test_a_reply_cut_by_length_is_repaired() -> None:
    half = Reply("```repl\nfor line in cont", "length", Usage(calls=1))
    ran = await play(FakeModels([half, LOOK, DONE]))
    assert ran.ended.outcome.status == "completed"
    assert ran.events(ev.ReplyRead)[0].action == "repair"


async def test_a_prompt_larger_than_the_window_is_not_sent() -> None:
    code = "try:\n    llm_query('word ' * 50_000)\nexcept Exception as e:\n    print(type(e).__name__, e)"
    ran = await play(
        FakeModels([cell(code + "\nprint(len(context))"), DONE.replace("lines", "context")], window=10_000)
    )
    assert "split it" in ran.text(ran.events(ev.CellFinished)[1].output)
    assert len(ran.models.requests) == 2


async def test_the_same_failing_block_ends_after_four_times() -> None:
    ran = await play(FakeModels([cell("print(nope)")]))
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "errors_in_row")
    assert len([c for c in ran.events(ev.CellFinished) if c.error]) == 4


@pytest.mark.parametrize("schema", ["{'type': 'nope'}", "{'$ref': '#/$defs/Nowhere'}"])
async def test_a_sub_call_with_a_schema_that_is_none_is_not_paid(schema: str) -> None:
    code = f"got = llm_query_batched(['1', '2'], schema={schema})\nprint(len(context), [str(g) for g in got])"
    models = FakeModels([cell(code), cell("FINAL('done')")], leaf=lambda prompt: "5")
    ran = await play(models)
    assert ran.ended.outcome.answer == "done" and ran.ended.usage.calls == 2
    assert models.requests[-1].messages[-1].content.count("[ERROR] the schema") == 2


async def test_schema_gives_a_value_or_an_error() -> None:
    code = "s = {'type': 'object', 'required': ['n']}\ngood = llm_query('1', schema=s)\nprint(good['n'])\nbad = llm_query_batched(['2'], schema=s)\nprint(bool(bad[0]))"
    ran = await play(
        FakeModels([cell(code), cell("FINAL(good)")], leaf=lambda p: '{"n": 5}' if p[0] == "1" else "five")
    )
    assert ran.ended.outcome.value == {"n": 5}
    assert "False" in ran.text(ran.events(ev.CellFinished)[1].output)


@pytest.mark.parametrize(
    "reply",
    [
        '<think>Maybe:\n```json\n{"n": 9}\n```\n</think>\n```json\n{"n": 5}\n```',
        'Or 9?\n</think>\n\n{"n": 5}',
        'Here it is: {"n": 5}. I hope that helps.',
        '```JSON\r\n{"n": 5}\r\n```\r\n',
        '~~~\n{"n": 5}\n~~~',
        '```json\n{"n": 5}',
    ],
)
async def test_a_typed_sub_call_reads_what_models_write_around_json(reply: str) -> None:
    code = "good = llm_query('1', schema={'type': 'object', 'required': ['n']})\nprint(len(context))"
    ran = await play(FakeModels([cell(code), cell("FINAL(good)")], leaf=lambda p: reply))
    assert ran.ended.outcome.value == {"n": 5}


@pytest.mark.parametrize("schema", [{"type": "string"}, {"enum": ["spam", "ham"]}, {"const": "spam"}])
@pytest.mark.parametrize("reply", ["spam", '"spam"', "spam\n"])
async def test_a_text_that_is_asked_for_needs_no_quotes(schema: dict[str, object], reply: str) -> None:
    code = f"good = llm_query('1', schema={schema})\nprint(len(context))"
    ran = await play(FakeModels([cell(code), cell("FINAL(good)")], leaf=lambda p: reply))
    assert ran.ended.outcome.value == "spam"


def test_a_text_fits_as_it_is_before_it_is_read_as_json() -> None:
    text = {"$ref": "#/$defs/Year", "$defs": {"Year": {"type": "string"}}}
    assert fit("1904", "1904", text) == ("1904", "")
    assert fit("1", "1", {"const": "1"}) == ("1", "")
    assert fit("None", None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}) == (None, "")
    assert fit("I can't say.", None, {"required": ["n"]})[1]


async def test_what_a_sub_model_thinks_aloud_is_no_part_of_its_reply() -> None:
    code = "good = llm_query('1')\nprint(len(context))"
    for reply, answer in (
        ("<think>no</think>\nyes", "yes"),
        ("no\n</think>\nyes", "yes"),
        ("a\n<think>", "a\n<think>"),
    ):
        ran = await play(FakeModels([cell(code), cell("FINAL(good)")], leaf=lambda p, reply=reply: reply))  # type: ignore[misc]
        assert ran.ended.outcome.answer == answer


async def test_what_a_model_saw_is_noted_as_spans() -> None:
    text = "".join(f"line {i}: some text that differs from all the others, number {i * 7919}\n" for i in range(500))
    ran = await play(
        FakeModels([cell("print(llm_query('Read: ' + context[2000:4000]))"), cell("FINAL('ok')")]), context=text
    )
    seen = [span for e in ran.events(ev.TextSeen) if e.source == "0:c1.1" for span in e.spans]
    assert [(s.start, s.end) for s in seen] == [(2000, 4000)]
    assert 0 < ran.state.coverage.share("seen") < 1


async def test_what_no_model_answered_was_read_by_none() -> None:
    text = "".join(f"line {i}: some text that differs from all the others, number {i * 7919}\n" for i in range(50))
    refused = ProviderError("connection", "No server answers there.")
    ran = await play(
        FakeModels([cell("print(llm_query('Read: ' + context))"), cell("FINAL('ok')")], leaf=lambda _: refused),
        context=text,
    )
    assert [call.status for call in ran.state.calls.values() if call.purpose == "leaf"] == ["failed"]
    assert not [e for e in ran.events(ev.TextSeen) if e.source == "0:c1.1"]


async def test_stepping_over_stops_before_every_cell() -> None:
    stops: list[tuple[str, int | None]] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = 0
        for _ in range(2):
            seq = await until(log, lambda e: isinstance(e, ev.Paused), after=seq)
            paused = log.entries[seq - 1].event
            assert isinstance(paused, ev.Paused)
            stops.append((paused.stop, paused.turn))
            gate.over()

    await play(FakeModels([LOOK, DONE]), gate=Gate(), operator=operator)
    assert stops == [("before_exec", 1), ("before_exec", 2)]


async def test_edit_and_inject() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, lambda e: isinstance(e, ev.Paused))
        assert gate.held is not None and gate.held.cell is not None
        gate.edit(gate.held.cell, "lines = ['one']\nprint('edited', len(context))", log.put)
        gate.inject("Count only the first line.")
        gate.over()
        await until(log, lambda e: isinstance(e, ev.Paused), after=seq)
        gate.go()

    ran = await play(FakeModels([LOOK, DONE]), gate=Gate(), operator=operator)
    assert ran.ended.outcome.answer == "1 lines"
    heard = ran.models.requests[1].messages[-1].content
    assert "Message from the operator: Count only the first line." in heard
    assert "The operator changed the code" in heard and "edited" in heard
    edited = ran.state.cells["0:c1"]
    assert edited.written is not None and "splitlines" in ran.text(edited.written)


async def test_a_sub_call_is_answered_by_hand_and_costs_nothing() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = 0
        while True:
            seq = await until(log, lambda e: isinstance(e, ev.Paused), after=seq)
            paused = log.entries[seq - 1].event
            assert isinstance(paused, ev.Paused)
            if paused.stop == "at_subcall":
                assert paused.call is not None
                assert gate.held is not None and gate.held.prompt == "q"
                gate.override(paused.call, "by hand")
                gate.go()
                return
            gate.into()

    ran = await play(
        FakeModels([cell("x = llm_query('q')\nprint(x, context[:5])"), cell("FINAL(x)")]),
        gate=Gate(),
        operator=operator,
    )
    assert ran.ended.outcome.answer == "by hand"
    assert [c.source for c in ran.events(ev.CallFinished)] == ["provider", "operator", "provider"]
    assert ran.ended.by_purpose["leaf"] == Usage()


async def test_a_breakpoint_stops_and_says_why() -> None:
    gate = Gate(paused=False)
    gate.set_breakpoint("turn==2")
    reasons: list[str] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, lambda e: isinstance(e, ev.Paused))
        paused = log.entries[seq - 1].event
        assert isinstance(paused, ev.Paused)
        reasons.append(paused.reason)
        gate.go()

    await play(FakeModels([LOOK, DONE]), gate=gate, operator=operator)
    assert reasons == ["bp #1 turn==2"]


async def test_cancel_ends_the_session_and_everything_is_closed_in_the_log() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, lambda e: isinstance(e, ev.AttemptStarted) and e.call.startswith("0:c1."))
        gate.cancel()

    models = FakeModels([cell("llm_query_batched(['a'] * 5)")], leaf=lambda p: "x", delay=0.0)
    slow = models.complete

    async def complete(request, on_text=None):  # type: ignore[no-untyped-def]
        if request.messages[0].role != "system":
            await asyncio.sleep(60)
        return await slow(request, on_text)

    models.complete = complete  # type: ignore[method-assign]
    ran = await play(models, operator=operator)
    assert ran.ended.outcome.status == "cancelled"
    assert ran.state.status == "cancelled" and not ran.state.open_calls and ran.state.reserved == Usage()
    assert {e.fault.kind for e in ran.events(ev.CallFailed)} == {"cancelled"}


async def test_the_state_is_a_pure_function_of_the_events() -> None:
    root = cell("part = rlm_query_batched(['a', 'b'], [context[:500], context[500:900]])\nprint(part)")
    child = [cell("print(context[:50])\nx = llm_query('c')"), cell("FINAL(x)")]
    ran = await play(FakeModels([root, cell("FINAL(part[0])")], child=child), max_depth=2)
    again = fold(ev.Entry(e.seq, e.at, ev.decode(ev.encode(e.event))) for e in ran.log.entries)
    assert again.totals == ran.state.totals and again.nodes == ran.state.nodes and again.calls == ran.state.calls
    assert again.children == ran.state.children and again.spent == ran.ended.usage


async def test_identical_sub_calls_are_paid_once_when_wanted() -> None:
    batch = cell("got = llm_query_batched(['same'] * 4 + ['other'])\nprint(got, len(context))")
    ran = await play(FakeModels([batch, cell("FINAL(got[0])")], delay=0.01), reuse_identical_calls=True)
    assert len([r for r in ran.models.requests if r.messages[0].role == "user"]) == 2
    assert (
        sorted(c.source for c in ran.events(ev.CallFinished) if c.call.startswith("0:c1."))
        == ["provider"] * 2 + ["record"] * 3
    )
    ran = await play(FakeModels([batch, cell("FINAL(got[0])")]))
    assert len([r for r in ran.models.requests if r.messages[0].role == "user"]) == 5


async def test_identical_sub_calls_are_paid_once_across_a_break() -> None:
    asks = cell("got = llm_query('same')\nprint(got, len(context))")
    failing = ProviderError("auth", "The key was withdrawn.")
    first = await play(FakeModels([asks, failing]), reuse_identical_calls=True)
    assert first.ended.outcome.status == "failed"
    models = FakeModels([asks, cell("FINAL(llm_query('same') + llm_query('new'))")])
    again = await play(models, log=first.log, resume=True, reuse_identical_calls=True)
    assert again.ended.outcome.answer == "leafleaf"
    assert [r.messages[0].content for r in models.requests if r.messages[0].role == "user"] == ["new"]


async def test_an_answer_must_fit_the_schema_and_the_model_hears_why() -> None:
    schema = {"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}}
    turns = [LOOK, cell("FINAL('many')"), cell("FINAL({'count': 'x'})"), cell("FINAL('{\"count\": %d}' % len(lines))")]
    ran = await play(FakeModels(turns), answer_schema=schema)
    assert ran.ended.outcome.value == {"count": 100}
    reasons = [e.reason for e in ran.events(ev.FinalRefused)]
    assert "does not fit" in reasons[0] and "at count" in reasons[1]
    assert json.dumps(schema) in ran.models.requests[0].messages[0].content


async def test_an_answer_that_never_fits_ends_in_a_forced_one() -> None:
    ran = await play(FakeModels([LOOK, cell("FINAL('many')")]), answer_schema={"type": "integer"})
    assert (ran.ended.outcome.status, ran.ended.outcome.limit) == ("partial", "validation")


async def test_a_validator_of_the_users_own() -> None:
    ran = await play(
        FakeModels([LOOK, cell("FINAL('99 lines')"), DONE]),
        validator=lambda answer: None if str(answer).startswith("100") else "Count again.",
    )
    assert ran.ended.outcome.answer == "100 lines"
    assert [e.reason for e in ran.events(ev.FinalRefused)] == ["Count again."]


async def test_compaction_keeps_question_summary_variables_and_the_last_exchange() -> None:
    talk = [cell(f"x{i} = len(context)\nprint('word ' * 200)") for i in range(5)]
    models, replies = FakeModels([]), iter([*talk, cell("FINAL(x0)")])
    choose = models._choose
    models._choose = lambda r: next(replies) if r.messages[0].role == "system" else choose(r)  # type: ignore[method-assign]
    ran = await play(models, compact_at=1500)
    done = ran.events(ev.ConversationCompacted)
    assert done and ran.ended.by_purpose["compaction"].calls == len(done)
    later = next(c for c in ran.events(ev.CallReserved) if c.call == f"0:t{done[0].turn}")
    assert [m.role for m in later.messages] == ["system", "user", "assistant", "user"]
    first = ran.text(later.messages[1].body)
    assert "How many lines" in first and "summary of the middle" in first and "x0: int" in first
    assert ran.ended.outcome.status == "completed"


async def test_complaints_about_the_rate_lower_what_is_in_flight() -> None:
    models = FakeModels(
        [
            cell("got = llm_query_batched([str(i) for i in range(24)])\nprint(len(got), context[:3])"),
            cell("FINAL(got[5])"),
        ],
        delay=0.005,
    )
    choose, complaints = models._choose, [4]

    def sometimes(request):  # type: ignore[no-untyped-def]
        if request.messages[0].role == "user" and complaints[0]:
            complaints[0] -= 1
            return ProviderError("rate_limit", "Too many requests.", status=429)
        return choose(request)

    models._choose = sometimes  # type: ignore[method-assign]
    ran = await play(models, limits=Limits(concurrency=8))
    assert ran.ended.outcome.answer == "leaf"
    assert len(ran.events(ev.AttemptFailed)) == 4


async def test_what_failed_tries_were_charged_is_counted() -> None:
    models = FakeModels([LOOK, DONE])
    charged = [ProviderError("empty", "Nothing came back.", usage=Usage(calls=1, input=100, output=5))]
    choose = models._choose
    models._choose = lambda request: charged.pop() if charged else choose(request)  # type: ignore[method-assign]
    ran = await play(models)
    first = ran.events(ev.CallFinished)[0].usage
    words = sum(len(m.content.split()) for m in models.requests[0].messages)
    assert (first.calls, first.input) == (1, words + 100)
    assert ran.ended.usage.calls == 2


async def test_a_repl_that_had_to_be_killed_is_rebuilt_from_the_record() -> None:
    turns = [
        cell("a = llm_query('once')\nn = len(context)\nprint(a)"),
        cell("sum(range(10**13))"),
        cell("FINAL(f'{a} {n}')"),
    ]
    ran = await play(FakeModels(turns, leaf=lambda p: p.upper()), cell_seconds=1.0)
    assert ran.ended.outcome.answer == "ONCE 4400"
    assert len([r for r in ran.models.requests if r.messages[0].role == "user"]) == 1
    killed = next(c for c in ran.events(ev.CellFinished) if c.cell == "0:c2")
    assert killed.rebuilt and killed.error is not None
    assert "REPL was rebuilt" in ran.text(ran.events(ev.CallReserved)[-1].messages[-1].body)
