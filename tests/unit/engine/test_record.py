"""Answers from a record: resume after any cut, forks that share a prefix, and re-execution at no cost."""

import pytest

from rlm_tui import events as ev
from rlm_tui.engine.providers.base import ProviderError
from rlm_tui.engine.record import Record
from rlm_tui.events import MemoryLog, Usage
from rlm_tui.projection.fold import fold
from tests.support.engine import FakeModels, Ran, cell, play

ROOT = [
    cell("n = len(context.splitlines())\nprint(n)"),
    cell("parts = llm_query_batched([f'part {i}' for i in range(3)])\nprint(parts)"),
    cell("deep = rlm_query('What?', context[:100])\nprint(deep)"),
    cell("FINAL(f'{n} {parts[0]} {deep}')"),
]
CHILD = [cell("print(context[:10])\nx = llm_query('inner')"), cell("FINAL(x)")]


def models() -> FakeModels:
    return FakeModels(ROOT, child=CHILD, leaf=lambda p: p.upper())


async def whole() -> Ran:
    ran = await play(models(), max_depth=2)
    assert ran.ended.outcome.answer == "100 PART 0 INNER"
    return ran


def cut(ran: Ran, length: int) -> MemoryLog:
    log = MemoryLog()
    log.blobs = dict(ran.log.blobs)
    log.entries = list(ran.log.entries[:length])
    return log


async def test_a_session_cut_off_anywhere_is_finished_without_paying_twice() -> None:
    first = await whole()
    length = len(first.log.entries)
    for at in range(2, length, 5):
        log = cut(first, at)
        finished = sum(isinstance(e.event, ev.CallFinished) for e in log.entries)
        again = await play(models(), max_depth=2, log=log, resume=True)
        assert again.ended.outcome.answer == first.ended.outcome.answer
        assert len(again.models.requests) == len(first.models.requests) - finished, f"cut after event {at}"
        entries = again.log.entries
        assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
        reserved = [e.event.call for e in entries if isinstance(e.event, ev.CallReserved)]
        assert len(reserved) == len(set(reserved))
        state = fold(entries)
        assert state.status == "completed" and state.reserved == Usage() and not state.open_calls
        assert state.spent.calls == first.ended.usage.calls
        ended = [e.event.cell for e in entries if isinstance(e.event, ev.CellFinished)]
        assert len(ended) == len(set(ended))


async def test_an_interrupted_request_is_shown_and_its_second_try_has_its_own_number() -> None:
    first = await whole()
    at = next(e.seq for e in first.log.entries if isinstance(e.event, ev.AttemptStarted) and e.event.call == "0:t2")
    log = cut(first, at)
    again = await play(models(), max_depth=2, log=log, resume=True)
    tries = [
        e.event.attempt for e in again.log.entries if isinstance(e.event, ev.AttemptStarted) and e.event.call == "0:t2"
    ]
    assert tries == [1, 2]
    resumed = next(i for i, e in enumerate(again.log.entries) if isinstance(e.event, ev.SessionResumed))
    at_resume = fold(again.log.entries[: resumed + 1])
    fault = at_resume.calls["0:t2"].fault
    assert fault is not None and "may have been billed" in fault.message


async def test_re_execution_costs_nothing_and_gives_the_same_cells() -> None:
    first = await whole()
    nobody = FakeModels([ProviderError("internal", "nothing may be asked")])
    again = await play(nobody, max_depth=2, record=Record(first.log.entries, first.log.get))
    assert not nobody.requests and again.ended.usage == Usage()
    assert {c.source for c in again.events(ev.CallFinished)} == {"record"}
    for cell_id, before in first.state.cells.items():
        after = again.state.cells[cell_id]
        assert (after.output, after.status, after.variables) == (before.output, before.status, before.variables)


async def test_a_fork_shares_the_prefix_and_then_is_live() -> None:
    first = await whole()
    other = FakeModels([*ROOT[:2], cell("FINAL('shorter')")], child=CHILD, leaf=lambda p: p.upper())
    fork = await play(other, max_depth=2, record=Record(first.log.entries, first.log.get, before=3))
    assert fork.ended.outcome.answer == "shorter"
    assert len(other.requests) == 1
    sources = {c.call: c.source for c in fork.events(ev.CallFinished)}
    assert sources["0:t1"] == sources["0:t2"] == sources["0:c2.1"] == "record" and sources["0:t3"] == "provider"
    assert fork.ended.usage.calls == 1


async def test_another_model_shares_nothing_unless_told_to() -> None:
    first = await whole()
    live = models()
    await play(live, max_depth=2, record=Record(first.log.entries, first.log.get), sub_model="other")
    assert len(live.requests) == 6
    prefix = models()
    record = Record(first.log.entries, first.log.get, before=3, any_model=True)
    await play(prefix, max_depth=2, record=record, sub_model="other")
    assert [r.model for r in prefix.requests] == ["fake", "other", "other", "other", "fake"]


@pytest.mark.parametrize("before", [1, 2, 3, 4])
async def test_the_prefix_ends_where_the_fork_begins(before: int) -> None:
    first = await whole()
    fork = models()
    await play(fork, max_depth=2, record=Record(first.log.entries, first.log.get, before=before))
    saved = {1: 0, 2: 1, 3: 5, 4: 9}[before]
    assert len(fork.requests) == len(first.models.requests) - saved


async def test_an_edit_and_a_message_are_part_of_the_record() -> None:
    first = await whole()
    log = MemoryLog()
    log.blobs = dict(first.log.blobs)
    code = log.put("n = 7\nprint(n)")
    for entry in first.log.entries:
        event = entry.event
        if isinstance(event, ev.CellStarted) and event.cell == "0:c1":
            await log.append(ev.CellEdited(cell="0:c1", code=code), ev.Injected(node="0", text="Mind the header."))
            break
        await log.append(event)
    again = await play(models(), max_depth=2, log=log, resume=True)
    assert again.ended.outcome.answer == "7 PART 0 INNER"
    assert "Mind the header." in again.models.requests[0].messages[-1].content
