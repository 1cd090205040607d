"""What the operator can do to a run besides stepping: look, watch, restart, cancel a call, run to a condition, mark."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from rlm_tui import events as ev
from rlm_tui.engine.control import Gate
from rlm_tui.engine.looking import NotPossible, unquiet, watch_problem
from rlm_tui.engine.providers.base import Reply, Request
from rlm_tui.events import MemoryLog
from rlm_tui.projection.fold import fold
from tests.support.engine import FakeModels, cell, play, until

LOOK = cell("lines = context.splitlines()\nprint(len(lines))")
DONE = cell("FINAL(str(len(lines)))")
CHILDREN = cell("parts = rlm_query_batched(['a', 'b'], [context[:50], context[50:90]])\nprint(parts)")
LONG = "the quick brown fox jumps over the lazy dog\n" * 100


def paused(stop: str = "", node: str = "") -> Any:
    return lambda event: isinstance(event, ev.Paused) and stop in ("", event.stop) and node in ("", event.node)


async def held_at(gate: Gate, log: MemoryLog, turn: int) -> int:
    """Step to the cell of `turn`."""
    seq = await until(log, paused("before_exec"))
    while gate.held is None or gate.held.turn != turn:
        gate.over()
        seq = await until(log, paused("before_exec"), after=seq)
    return seq


# --- looking


@pytest.mark.parametrize(
    "code",
    [
        "hits",
        "len(hits)",
        "hits[0]['a']",
        "[h for h in hits if h]",
        "sorted(hits)[:3]",
        "'a' in text.lower()",
        "x == 1",
    ],
)
def test_what_only_looks(code: str) -> None:
    assert unquiet(code, {"hits": "list", "text": "str", "x": "int"}) == ""


@pytest.mark.parametrize(
    "code",
    [
        "hits.pop()",
        "x = 1",
        "mine(hits)",
        "next(gen)",
        "list(gen)",
        "(y := 1)",
        "counts['new']",
        "hits.sort()",
        "len(1)",
    ],
)
def test_what_might_change_something(code: str) -> None:
    assert unquiet(code, {"gen": "generator", "counts": "defaultdict", "hits": "list", "len": "function"})


async def test_a_look_shows_what_was_printed_and_the_value_and_the_model_is_not_told() -> None:
    seen: list[ev.Evaluated] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        await held_at(gate, log, 2)
        for code in ("len(lines)", "for n in (1, 2):\n    print(n)\nlines[0][:3]", "lines[1000]"):
            seen.append(await asyncio.wrap_future(gate.evaluate(code)))
        gate.go()

    ran = await play(FakeModels([LOOK, DONE]), gate=Gate(), operator=operator)
    assert [ran.text(event.shown) for event in seen[:2]] == ["100", "1\n2\n'the'"]
    assert [event.status for event in seen] == ["ok", "ok", "error"]
    assert "IndexError" in seen[2].preview
    assert ran.events(ev.Evaluated) == seen
    assert not any("IndexError" in m.content for request in ran.models.requests for m in request.messages)
    assert [note.kind for note in ran.state.notes] == ["evaluated"] * 3


async def test_a_look_leaves_no_trace_in_the_repl() -> None:
    copied: list[bool] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        await held_at(gate, log, 2)
        for code in ("lines.clear()", "lines = []", "del lines", "FINAL('mine')", "len(lines)"):
            copied.append((await asyncio.wrap_future(gate.evaluate(code))).copied)
        gate.go()

    ran = await play(FakeModels([LOOK, DONE]), gate=Gate(), operator=operator)
    assert copied == [True, True, True, True, False]
    assert ran.ended.outcome.answer == "100"


async def test_while_a_cell_waits_for_a_sub_call_one_sees_the_names_before_it() -> None:
    shown: list[str] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        await held_at(gate, log, 2)
        gate.into()
        await until(log, paused("at_subcall"))
        event = await asyncio.wrap_future(gate.evaluate("len(lines)"))
        shown.append(log.get(event.shown))
        assert event.copied
        gate.go()

    replies = [LOOK, cell("lines = [llm_query('q')]"), DONE]
    ran = await play(FakeModels(replies), gate=Gate(), operator=operator)
    assert shown == ["100"]
    assert ran.ended.outcome.answer == "1"


async def test_a_look_is_refused_with_a_sentence_when_nothing_can_be_looked_at() -> None:
    gate = Gate()
    early = gate.evaluate("1")
    refused: list[str] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        await held_at(gate, log, 1)
        for code, node in (("1", "0/c9.9"), (" ", None)):
            with pytest.raises(NotPossible) as error:
                await asyncio.wrap_future(gate.evaluate(code, node))
            refused.append(str(error.value))
        gate.go()

    await play(FakeModels([LOOK, DONE]), gate=gate, operator=operator)
    with pytest.raises(NotPossible, match="not held"):
        early.result(0)
    with pytest.raises(NotPossible, match="Nothing runs"):
        gate.evaluate("1").result(0)
    assert "has ended" in refused[0]
    assert "Type an expression" in refused[1]


# --- watching


async def test_a_watch_is_looked_at_when_it_is_set_and_after_every_cell() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await held_at(gate, log, 2)
        first = gate.watch("len(lines)")
        gate.watch("missing")
        seq = await until(log, lambda e: isinstance(e, ev.Watched) and e.values[0].failed)
        gate.over()
        await until(log, paused("before_exec"), after=seq)
        gate.clear_watch(first)
        gate.go()

    more = cell("lines.append('x')")
    ran = await play(FakeModels([LOOK, more, more, DONE]), gate=Gate(), operator=operator)
    watched = ran.events(ev.Watched)
    assert [v.value for e in watched for v in e.values if v.number == 1] == ["100", "101"]
    assert all("NameError" in v.value and v.failed for e in watched for v in e.values if v.number == 2)
    assert [e.cell for e in watched] == [None, None, "0:c2", "0:c3", "0:c4"]
    assert ran.state.watches == {2: "missing"}
    # At the cursor: what was known then, and nothing of what came later.
    middle = next(
        n for n, e in enumerate(ran.log.entries) if isinstance(e.event, ev.Watched) and e.event.cell == "0:c2"
    )
    assert fold(ran.log.entries[: middle + 1]).watched["0"][1].value == "101"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "Type an expression"),
        ("x = 1", "not an expression"),
        ("hits.pop()", ".pop() may change"),
        ("f(x)", "f() may"),
    ],
)
def test_what_can_not_be_watched_is_a_sentence(expression: str, says: str) -> None:
    assert says in watch_problem(expression)
    with pytest.raises(NotPossible, match=r"."):
        Gate().watch(expression)


async def test_a_watch_does_not_touch_what_might_change_by_looking() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await held_at(gate, log, 2)
        gate.watch("list(gen)")
        await until(log, lambda e: isinstance(e, ev.Watched))
        gate.go()

    replies = [cell("gen = (n for n in range(3))\nprint(len(context))"), cell("FINAL(str(list(gen)))")]
    ran = await play(FakeModels(replies), gate=Gate(), operator=operator)
    assert ran.ended.outcome.answer == "[0, 1, 2]"
    assert ran.events(ev.Watched)[0].values[0].failed


async def test_watches_and_breakpoints_go_on_when_a_session_is_continued() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await held_at(gate, log, 2)
        gate.watch("len(lines)")
        gate.set_breakpoint("final")
        await until(log, lambda e: isinstance(e, ev.BreakpointSet))
        gate.cancel()

    async def onwards(gate: Gate, log: MemoryLog) -> None:
        await until(log, paused("on_final"), after=seq)
        gate.go()

    first = await play(FakeModels([LOOK, DONE]), gate=Gate(), operator=operator)
    seq = first.state.seq
    ran = await play(FakeModels([LOOK, DONE]), log=first.log, resume=True, gate=Gate(paused=False), operator=onwards)
    assert ran.ended.outcome.answer == "100"
    assert [e.cell for e in ran.events(ev.Watched)][-1] == "0:c2"


# --- nodes in parallel


async def test_a_step_is_for_one_node_while_the_others_run_freely() -> None:
    """Over and finish stop where that node comes next, and nowhere else; then its parent takes its place."""
    stops: list[tuple[str, str]] = []

    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, paused("before_exec", "0"))
        gate.into()  # after the first reply: into the batch
        while True:
            seq = await until(log, paused(), after=seq)
            held = gate.held
            assert held is not None
            if held.kind == "before_exec" and held.node.startswith("0/"):
                break
            gate.into()
        one = held.node
        for step in (gate.over, gate.finish, gate.over):
            step()
            seq = await until(log, paused(), after=seq)
            assert gate.held is not None
            stops.append((gate.held.kind, gate.held.node.replace(one, "one")))
        gate.go()

    models = FakeModels(
        [CHILDREN, cell("FINAL('done')")], child=[cell("print(context)"), cell("x = 1"), cell("FINAL('child')")]
    )
    ran = await play(models, LONG, gate=Gate(), operator=operator, max_depth=2)
    assert stops == [("before_exec", "one"), ("on_final", "one"), ("before_exec", "0")]
    assert ran.ended.outcome.answer == "done"


@dataclass
class OneWaits(FakeModels):
    """A child, the first or the second, is answered from its turn `from_turn` on only when `go` is set.

    The other one is answered only when that child has asked.
    """

    child_number: int = 1
    from_turn: int = 1
    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        asked = request.messages[1].content if len(request.messages) > 1 else ""
        number = 0 if LONG[:60] in asked else 1 if LONG[:50] in asked else 2
        if number == self.child_number and sum(m.role == "assistant" for m in request.messages) >= self.from_turn - 1:
            self.asked.set()
            await self.go.wait()
        elif number and number != self.child_number:
            await self.asked.wait()
        return await super().complete(request, on_text)


async def test_a_step_can_be_for_another_node_than_the_held_one() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, paused("before_exec", "0"))
        gate.over("0/c1.2")
        await until(log, paused("before_exec", "0/c1.2"), after=seq)
        models.go.set()
        gate.finish("0/c1.1")
        await until(log, lambda e: isinstance(e, ev.Paused) and e.node in ("0/c1.1", "0"), after=seq)
        gate.go()

    children = [cell("print(context)"), cell("FINAL('child')")]
    models = OneWaits([CHILDREN, cell("FINAL('done')")], child=children, child_number=1, from_turn=2)
    ran = await play(models, LONG, gate=Gate(), operator=operator, max_depth=2)
    assert [e.node for e in ran.events(ev.Resumed)][:2] == ["0/c1.2", "0/c1.1"]


async def test_while_one_node_is_held_the_others_wait_at_their_next_stop() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, paused("before_exec", "0"))
        gate.over("0/c1.1")
        seq = await until(log, paused("before_exec", "0/c1.1"), after=seq)
        models.go.set()
        await until(log, lambda e: isinstance(e, ev.CellProposed) and e.node == "0/c1.2" and e.turn == 1)
        assert not any(isinstance(x.event, ev.CellStarted) and x.event.cell == "0/c1.2:c1" for x in log.entries)
        gate.go()

    children = [cell("print(context)"), cell("FINAL('child')")]
    models = OneWaits([CHILDREN, cell("FINAL('done')")], child=children, child_number=2)
    await play(models, LONG, gate=Gate(), operator=operator, max_depth=2)


# --- restarting


async def test_a_node_begins_again_and_its_first_attempt_stays_in_the_record() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, paused("before_exec", "0"))
        gate.over("0/c1.1")
        seq = await until(log, paused("before_exec", "0/c1.1"))
        gate.restart("0/c1.1")
        seq = await until(log, paused("before_exec", "0/c1.1~2"), after=seq)
        gate.restart("0/c1.1~2")
        await until(log, paused("before_exec", "0/c1.1~3"), after=seq)
        gate.go()

    models = FakeModels([CHILDREN, cell("FINAL('done')")], child=[cell("print(context)"), cell("FINAL('child')")])
    ran = await play(models, LONG, gate=Gate(), operator=operator, max_depth=2)
    nodes = ran.state.nodes
    assert ran.ended.outcome.answer == "done"
    assert {key: node.status for key, node in nodes.items()} == {
        "0": "completed",
        "0/c1.1": "superseded",
        "0/c1.2": "completed",
        "0/c1.1~2": "superseded",
        "0/c1.1~3": "completed",
    }
    assert "child" in ran.text(ran.state.cells["0:c1"].output)
    assert [e.again for e in ran.events(ev.NodeRestarted)] == ["0/c1.1~2", "0/c1.1~3"]
    assert not ran.state.running_cells
    assert not ran.state.open_calls
    assert ran.state.spent.calls == ran.ended.usage.calls


async def test_what_is_below_a_restarted_node_goes_with_it() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        gate.over("0/c1.1/c1.1")
        seq = await until(log, paused("before_exec", "0/c1.1/c1.1"))
        gate.restart("0/c1.1")
        await until(log, paused("before_exec", "0/c1.1~2"), after=seq)
        gate.go()

    class Deep(FakeModels):
        def _choose(self, request: Any) -> Any:
            text = request.messages[1].content if len(request.messages) > 1 else ""
            if "deepest" in text and "outer" not in text:
                return cell("FINAL('low ' + context)")
            return super()._choose(request)

    outer = cell("got = rlm_query('deepest', context)\nprint(got)")
    models = Deep(
        [cell("r = rlm_query('outer', context[:40])\nprint(r)"), cell("FINAL(r)")], child=[outer, cell("FINAL(got)")]
    )
    ran = await play(models, LONG, gate=Gate(paused=False), operator=operator, max_depth=3)
    assert ran.state.nodes["0/c1.1/c1.1"].status == "superseded"
    assert ran.ended.outcome.status == "completed"


async def test_a_continued_session_does_not_run_what_was_superseded() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, paused("before_exec", "0"))
        gate.over("0/c1.1")
        seq = await until(log, paused("before_exec", "0/c1.1"))
        gate.restart("0/c1.1")
        await until(log, paused("before_exec", "0/c1.1~2"), after=seq)
        gate.cancel()

    models = FakeModels([CHILDREN, cell("FINAL('done')")], child=[cell("print(context)"), cell("FINAL('child')")])
    first = await play(models, LONG, gate=Gate(), operator=operator, max_depth=2)
    again = FakeModels([CHILDREN, cell("FINAL('done')")], child=[cell("print(context)"), cell("FINAL('child')")])
    ran = await play(again, LONG, log=first.log, resume=True, max_depth=2)
    assert ran.ended.outcome.answer == "done"
    assert ran.state.nodes["0/c1.1"].status == "superseded"
    assert ran.state.nodes["0/c1.1~2"].status == "completed"
    assert sum(isinstance(e.event, ev.NodeStarted) and e.event.node == "0/c1.1" for e in ran.log.entries) == 1


async def test_the_root_and_a_node_that_has_ended_are_not_restarted() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, paused("before_exec", "0"))
        gate.restart("0")
        gate.restart("0/c7.7")
        gate.over()
        await until(log, paused("before_exec", "0"), after=seq)
        gate.go()

    ran = await play(FakeModels([LOOK, DONE]), gate=Gate(), operator=operator)
    assert not ran.events(ev.NodeRestarted)
    assert ran.ended.outcome.answer == "100"


# --- cancelling a call


class Slow(FakeModels):
    """The call with number `slow` never answers."""

    slow = 2

    async def complete(self, request: Any, on_text: Any = None) -> Any:
        if len(self.requests) + 1 == self.slow:
            self.requests.append(request)
            await asyncio.Event().wait()
        return await super().complete(request, on_text)


async def test_pausing_twice_cancels_the_call_in_flight_and_it_is_asked_again() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, lambda e: isinstance(e, ev.AttemptStarted) and e.call == "0:t2")
        gate.pause()
        gate.pause()
        await until(log, paused("before_llm"))
        gate.inject("Hurry up.")
        gate.go()

    ran = await play(Slow([LOOK, DONE]), gate=Gate(paused=False), operator=operator)
    assert ran.ended.outcome.answer == "100"
    assert [e.calls for e in ran.events(ev.Interrupted)] == [("0:t2",)]
    assert [e.call for e in ran.events(ev.CallReserved)] == ["0:t1", "0:t2", "0:t2"]
    assert ran.events(ev.Paused)[-1].reason == "you paused"
    assert "Hurry up." in ran.models.requests[-1].messages[-1].content
    assert ran.state.errors == 0
    assert ran.state.children["0"].count("0:t2") == 1
    assert ran.state.calls["0:t2"].attempts == 2
    # What was cut off may have been billed: it is counted, once.
    assert ran.state.spent.calls == 3
    assert ran.ended.usage == ran.state.spent


async def test_a_cancelled_sub_call_can_be_answered_by_hand() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, lambda e: isinstance(e, ev.AttemptStarted) and e.call == "0:c1.1")
        gate.pause()
        gate.pause()
        await until(log, paused("at_subcall"))
        gate.override("0:c1.1", "by hand")
        gate.go()

    ran = await play(
        Slow([cell("r = llm_query('q')\nprint(r, len(context))"), cell("FINAL(r)")]),
        gate=Gate(paused=False),
        operator=operator,
    )
    assert ran.ended.outcome.answer == "by hand"


async def test_no_budget_refuses_the_answer_of_a_hand() -> None:
    """One call and the last answer are all that is allowed."""

    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, paused("before_exec"))
        gate.into()
        await until(log, paused("at_subcall"))
        gate.override("0:c1.1", "by hand")
        gate.go()

    models = FakeModels([cell("print(context[:5])\nr = llm_query('q')\nFINAL(r)")])
    ran = await play(models, gate=Gate(), operator=operator, limits=ev.Limits(calls=2))
    assert ran.ended.outcome.answer == "by hand"
    assert [call.source for call in ran.events(ev.CallFinished)] == ["provider", "operator"]
    assert ran.ended.usage.calls == 1


async def test_a_session_cancelled_while_a_call_is_cut_off_ends() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, lambda e: isinstance(e, ev.AttemptStarted) and e.call == "0:t2")
        gate.pause()
        gate.pause()
        gate.cancel()

    ran = await play(Slow([LOOK, DONE]), gate=Gate(paused=False), operator=operator)
    assert ran.ended.outcome.status == "cancelled"


# --- running to, marks


async def test_running_to_a_condition_stops_there_once() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        seq = await until(log, paused("before_exec"))
        gate.run_to("turn==3")
        await until(log, paused(), after=seq)
        assert gate.held is not None and gate.held.turn == 3
        gate.go()

    ran = await play(FakeModels([LOOK, LOOK, LOOK, DONE]), gate=Gate(), operator=operator)
    assert [e.until for e in ran.events(ev.Resumed)] == ["turn==3", None]
    assert ran.events(ev.Paused)[-1].reason == "ran to turn==3"
    assert not ran.state.breakpoints


async def test_log_points_write_and_do_not_stop() -> None:
    gate = Gate(paused=False)
    gate.set_breakpoint('log "turn {turn} has cost {cost}"')
    ran = await play(FakeModels([LOOK, DONE]), gate=gate)
    assert not ran.events(ev.Paused)
    assert ran.events(ev.LogPoint)[0].text.startswith("turn 1 has cost")


async def test_finish_goes_on_with_the_parent_when_the_node_fails() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, paused("before_exec", "0"))
        gate.finish("0/c1.1")
        await until(log, lambda e: isinstance(e, ev.Paused) and (e.node, e.turn) == ("0", 2))
        gate.go()

    models = FakeModels(
        [cell("r = rlm_query('a', context[:40])\nprint(r)"), cell("FINAL('done')")], child=["no code here"], extract=""
    )
    await play(models, LONG, gate=Gate(), operator=operator, max_depth=2)


async def test_marks_are_events() -> None:
    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, paused("before_exec"))
        first = gate.mark(3, "here")
        gate.mark(5)
        gate.clear_mark(first)
        gate.go()

    ran = await play(FakeModels([LOOK, DONE]), gate=Gate(), operator=operator)
    assert ran.state.marks == {2: (5, "")}
