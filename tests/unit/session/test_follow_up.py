"""Another question to a session that has ended: the same REPL, the same conversation, the same log."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pydantic
import pytest

from rlm_tui import RLM
from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.engine.providers.base import ProviderError
from rlm_tui.events import Entry, Limits, RunConfig
from rlm_tui.projection.facts import facts_at
from rlm_tui.projection.fold import fold
from rlm_tui.session.again import AgainError, Fork
from rlm_tui.session.live import LiveSession
from rlm_tui.session.setup import Setup, run_session
from rlm_tui.store import Store, StoreReader
from tests.support.engine import FakeModels, cell

TEXT = "".join(f"line {i}: {i * i}\n" for i in range(200))
FIRST = [
    cell("n = len(context.splitlines())\nprint(n)"),
    cell("a = llm_query('sum up')\nprint(a)"),
    cell("print('done')\nFINAL(f'{n} {a}')"),
]
SECOND = [cell("print(query)\nm = n * 2"), cell("FINAL(f'{m} and {a}')")]


def setup(path: Path, models: FakeModels, **more: Any) -> Setup:
    config = more.pop("config", RunConfig(model="fake"))
    query = more.pop("query", "How many?")
    custom = {"fake": models, "other": models}
    documents = [Document.from_text("doc", TEXT)]
    return Setup(query, config, documents, store=path, custom=custom, durability="normal", **more)


async def first(path: Path, turns: Sequence[Any] = FIRST, **more: Any) -> str:
    session, _ = await run_session(setup(path, FakeModels(turns, leaf=lambda p: "short"), **more))
    return session


async def ask(path: Path, session: str, turns: Sequence[Any], **more: Any) -> tuple[Any, FakeModels]:
    models = FakeModels(turns)
    query = more.pop("query", "And twice that?")
    _, ended = await run_session(setup(path, models, resume=session, follow_up=True, query=query, **more))
    return ended, models


def entries_of(path: Path, session: str) -> list[Entry]:
    with StoreReader(path) as reader:
        return reader.entries(session)


async def test_the_repl_is_as_it_was_and_only_the_new_turns_are_paid(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    session = await first(path)
    before = entries_of(path, session)
    ended, models = await ask(path, session, [*FIRST, *SECOND])
    assert ended.outcome.answer == "400 and short"
    assert len(models.requests) == 2 and ended.usage.calls == 4 + 2
    after = entries_of(path, session)
    assert after[: len(before)] == before and [e.seq for e in after] == list(range(1, len(after) + 1))
    kinds = [ev.kind_of(e.event) for e in after[len(before) :]]
    assert (kinds[0], kinds[-2:]) == ("session.asked", ["node.ended", "session.ended"])
    assert not {"session.started", "session.resumed", "node.started"} & set(kinds)
    printed = next(e.event for e in after if isinstance(e.event, ev.CellFinished) and e.event.cell == "0:c4")
    with StoreReader(path) as reader:
        assert reader.text(printed.output) == "And twice that?\n"


async def test_the_conversation_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    session = await first(path)
    calls = [e.event for e in entries_of(path, session) if isinstance(e.event, ev.CallReserved) and e.event.turn]
    _, models = await ask(path, session, [*FIRST, *SECOND])
    asked = models.requests[0].messages
    assert [m.role for m in asked] == ["system", *["user", "assistant"] * 3, "user"]
    assert [ev.BlobRef.of(m.content) for m in asked[: len(calls[-1].messages)]] == [m.body for m in calls[-1].messages]
    assert asked[-2].content.endswith("FINAL(f'{n} {a}')\n```")
    for part in ("Output:\ndone", "handed over: 200 short", "Question:\nAnd twice that?", "[turn 1/30"):
        assert part in asked[-1].content


async def test_the_state_says_what_was_asked_and_the_sum_is_of_all(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    session = await first(path)
    await ask(path, session, [*FIRST, *SECOND])
    entries = entries_of(path, session)
    asked = next(n for n, e in enumerate(entries) if isinstance(e.event, ev.SessionAsked))
    during = fold(entries[: asked + 1])
    assert (during.status, during.over, during.answer, during.query) == ("running", False, None, "And twice that?")
    assert during.nodes["0"].status == "running"
    state = fold(entries)
    assert state.questions == ["How many?", "And twice that?"] and state.status == "completed" and state.over
    assert state.spent.calls == 6 == state.totals["0"].calls and not state.open_calls
    assert [n.text for n in state.notes if n.kind == "asked"] == ["And twice that?"]
    assert state.seconds <= state.at - state.started
    with Store.open(path) as store:
        row = store.catalog.get(session)
    assert row is not None
    assert (row.status, row.query, row.answer, row.calls) == ("completed", "And twice that?", "400 and short", 6)
    assert row.last_seq == len(entries)


async def test_a_third_question_and_a_fork_that_begins_in_the_second(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    session = await first(path)
    await ask(path, session, [*FIRST, *SECOND])
    ended, models = await ask(path, session, [*FIRST, *SECOND, cell("FINAL(m + n)")], query="The sum?")
    assert ended.outcome.answer == "600" and len(models.requests) == 1
    models = FakeModels([*FIRST, SECOND[0], cell("FINAL('another ' + str(m))")])
    forked, ended = await run_session(setup(path, models, fork=Fork(session, 5)))
    assert ended.outcome.answer == "another 400" and len(models.requests) == 1
    state = fold(entries_of(path, forked))
    assert state.questions == ["How many?", "And twice that?"] and state.status == "completed"


async def test_limits_of_a_node_count_from_the_question(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    look = [cell(f"print(len(context), {n})") for n in range(9)]
    session = await first(path, look, config=RunConfig(model="fake", limits=Limits(turns=3)))
    assert fold(entries_of(path, session)).limit == "turns"
    ended, models = await ask(path, session, [*look[:3], cell("print(1)"), cell("FINAL('now')")])
    assert (ended.outcome.status, ended.outcome.answer, len(models.requests)) == ("completed", "now", 2)
    entries = entries_of(path, session)
    turn = next(n for n, e in enumerate(entries, 1) if isinstance(e.event, ev.CallReserved) and e.event.call == "0:t4")
    state = fold(entries[:turn])
    assert (state.nodes["0"].turn, state.last_turn(state.nodes["0"])) == (4, 6)
    facts = facts_at(state, str, kind="before_exec", node="0", turn=4)
    assert (facts["turn"], facts["budget.turns"]) == (4, 1 / 3)
    roles = [m.role for m in models.requests[0].messages]
    assert all(a != b for a, b in pairwise(roles))
    assert "handed over: forced answer" in models.requests[0].messages[-1].content
    ended, _ = await ask(path, session, look, query="More?")
    assert (ended.outcome.status, ended.outcome.limit) == ("partial", "turns")
    calls = [e.event.call for e in entries_of(path, session) if isinstance(e.event, ev.CallReserved)]
    assert calls.count("0:x1") == 1 and calls.count("0:x2") == 1


async def test_a_budget_that_is_used_up_can_be_raised(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    batch = [cell("got = llm_query_batched(['a'] * 9)\nprint(sum(bool(g) for g in got))"), cell("print(len(context))")]
    session = await first(path, batch, config=RunConfig(model="fake", limits=Limits(calls=5)))
    assert fold(entries_of(path, session)).limit == "calls"
    ended, models = await ask(path, session, [batch[0], *SECOND])
    assert (ended.outcome.status, ended.outcome.limit) == ("partial", "calls") and not models.requests
    more = Limits(calls=12)
    turns = [batch[0], cell("FINAL(sum(bool(g) for g in got))")]
    ended, models = await ask(path, session, turns, query="How many came back?", limits=more)
    assert (ended.outcome.status, ended.outcome.answer) == ("completed", "3"), ended.outcome
    state = fold(entries_of(path, session))
    assert state.config.limits == more and state.spent.calls <= 12


async def test_the_second_answer_has_a_schema_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    config = RunConfig(model="fake", answer_schema={"type": "integer"})
    session = await first(path, [FIRST[0], cell("FINAL(n)")], config=config)
    ended, _ = await ask(path, session, [FIRST[0], cell("FINAL('as a text')")])
    assert ended.outcome.status == "completed" and ended.outcome.answer != ""
    turns = [FIRST[0], cell("FINAL(n)"), cell("FINAL('as a text')"), cell("FINAL('no')"), cell("FINAL([1])")]
    ended, _ = await ask(path, session, turns, answer_schema={"type": "array"}, query="A list?")
    assert ended.outcome.value == [1]


async def test_the_model_is_told_what_form_the_second_answer_has(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    config = RunConfig(model="fake", answer_schema={"type": "integer"})
    session = await first(path, [FIRST[0], cell("FINAL(n)")], config=config)
    turns = [FIRST[0], cell("FINAL(n)"), cell("FINAL([1])")]
    _, models = await ask(path, session, turns, answer_schema={"type": "array"}, query="A list?")
    assert '{"type": "array"}' in models.requests[0].messages[-1].content
    _, models = await ask(path, session, [*turns, cell("FINAL('words')")], query="In words?")
    assert "any form" in models.requests[0].messages[-1].content
    assert models.requests[0].messages[-1].content.endswith("calls]")


async def test_a_follow_up_has_the_validator_and_the_pydantic_model_of_its_own(tmp_path: Path) -> None:
    class Year(pydantic.BaseModel):
        year: int

        @pydantic.field_validator("year")
        @classmethod
        def past(cls, year: int) -> int:
            if year > 2000:
                raise ValueError("it was before 2000")
            return year

    models = FakeModels([*FIRST, cell("FINAL({'year': 2024})"), cell("FINAL({'year': 1904})")], leaf=lambda p: "short")
    rlm = RLM("any", provider=models, store=tmp_path / "s.db")
    result = await rlm.acompletion("How many?", TEXT)
    again = await rlm.session(result.session_id).aask("When?", schema=Year)
    assert again.value == Year(year=1904)
    assert "it was before 2000" in models.requests[-1].messages[-1].content


async def test_a_follow_up_survives_compaction(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    config = RunConfig(model="fake", compact_at=1500)
    session = await first(path, config=config)
    talk = [cell(f"x{i} = 1\nprint('word ' * 200, {i})") for i in range(5)]
    models, replies = FakeModels([]), iter([*talk, cell("FINAL('yes')")])
    choose = models._choose
    models._choose = lambda r: next(replies) if r.messages[0].role == "system" else choose(r)  # type: ignore[method-assign]
    more = {"resume": session, "follow_up": True, "query": "Is it twice that?"}
    _, ended = await run_session(setup(path, models, config=config, **more))
    assert ended.outcome.answer == "yes" and ended.by_purpose["compaction"].calls
    assert all(sum(m.content.count("Is it twice that?") for m in r.messages) for r in models.requests)


async def test_what_a_validator_said_is_taken_from_the_record(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    turns = [FIRST[0], cell("FINAL('no')"), cell("FINAL('yes')")]
    session = await first(path, turns, validator=lambda a: None if a == "yes" else "Say yes.")
    ended, models = await ask(path, session, [*turns, cell("FINAL('anything')")])
    assert ended.outcome.answer == "anything" and len(models.requests) == 1


@pytest.mark.parametrize("query", ["", "  "])
async def test_an_empty_question(tmp_path: Path, query: str) -> None:
    path = tmp_path / "s.db"
    session = await first(path)
    count = len(entries_of(path, session))
    with pytest.raises(AgainError, match="empty"):
        await ask(path, session, FIRST, query=query)
    assert len(entries_of(path, session)) == count


async def test_a_question_that_no_model_can_answer_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    session = await first(path)
    before = entries_of(path, session)
    gone = Setup("And twice that?", RunConfig(model="fake"), store=path, resume=session, follow_up=True)
    with pytest.raises(ProviderError, match="Unknown model 'fake'"):
        await run_session(gone)
    assert entries_of(path, session) == before


async def test_a_session_that_failed_is_resumed_and_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    refused = [FIRST[0], ProviderError("auth", "The key was refused.")]
    session = await first(path, refused)
    assert fold(entries_of(path, session)).status == "failed"
    with pytest.raises(AgainError, match=r"failed, so it .*resume it first"):
        await ask(path, session, FIRST)
    models = FakeModels(FIRST, leaf=lambda p: "short")
    _, ended = await run_session(setup(path, models, resume=session))
    assert ended.outcome.answer == "200 short" and len(models.requests) == 3
    state = fold(entries_of(path, session))
    assert state.status == "completed" and state.nodes["0"].status == "completed" and state.error is None
    ended, models = await ask(path, session, [*FIRST, *SECOND])
    assert ended.outcome.answer == "400 and short" and len(models.requests) == 2


async def test_a_session_that_was_cancelled_is_resumed_without_paying_twice(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    live = LiveSession(setup(path, FakeModels(FIRST, leaf=lambda p: "short")))
    live.gate.set_breakpoint("turn==3")
    live.gate.go()
    live.start()
    while not any(isinstance(e.event, ev.Paused) for e in live.drain()):
        assert not live.wait(0.01)
    live.gate.cancel()
    assert live.wait(20)
    live.close()
    assert fold(entries_of(path, live.session)).status == "cancelled"
    models = FakeModels(FIRST, leaf=lambda p: "short")
    _, ended = await run_session(setup(path, models, resume=live.session))
    assert ended.outcome.answer == "200 short" and len(models.requests) == 1
    state = fold(entries_of(path, live.session))
    assert state.status == "completed" and state.nodes["0"].status == "completed"


async def test_in_the_app(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    session = await first(path)
    models = FakeModels([*FIRST, *SECOND])
    live = LiveSession(setup(path, models, resume=session, follow_up=True, query="And twice that?"))
    live.gate.go()
    live.start()
    assert live.wait(30) and live.failure is None
    state = fold(live.drain())
    live.close()
    assert live.session == session and state.query == "And twice that?" and state.status == "completed"
    assert live.ended is not None and live.ended.outcome.answer == "400 and short"


def test_from_python(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    models = FakeModels([*FIRST, *SECOND], leaf=lambda p: "short")
    rlm = RLM("any", provider=models, store=path)
    result = rlm.completion("How many?", TEXT)
    session = rlm.session(result.session_id)
    again = session.ask("And twice that?")
    assert (str(again), again.status, again.session_id) == ("400 and short", "completed", result.session_id)
    assert again.usage.calls == 6 and len(models.requests) == 6


async def test_from_python_inside_a_loop(tmp_path: Path) -> None:
    models = FakeModels([*FIRST, *SECOND], leaf=lambda p: "short")
    rlm = RLM("any", provider=models, store=tmp_path / "s.db")
    result = await rlm.acompletion("How many?", TEXT)
    assert (await rlm.session(result.session_id).aask("And twice that?")).answer == "400 and short"


def test_from_python_without_a_store() -> None:
    with pytest.raises(ValueError, match="store=False keeps no sessions"):
        RLM("any", store=False).session("abc")


async def test_a_follow_up_in_javascript(tmp_path: Path) -> None:
    from rlm_tui.engine.sandbox.javascript import available

    if not available():
        pytest.skip("quickjs-ng is not installed")
    path = tmp_path / "s.db"
    turns = [cell("const n = context.split('\\n').length - 1; print(n)"), cell("FINAL(n)")]
    config = RunConfig(model="fake", repl="javascript")
    session = await first(path, turns, config=config)
    more = [cell("print(query)"), cell("FINAL(`${n * 2}: ${query}`)")]
    ended, _ = await ask(path, session, [*turns, *more], config=config)
    assert ended.outcome.answer == "400: And twice that?"


async def test_the_old_end_is_not_seen_as_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    session = await first(path)
    live = LiveSession(setup(path, FakeModels([*FIRST, *SECOND]), resume=session, follow_up=True, query="Twice?"))
    live.start()
    drained: list[Entry] = []
    while not drained:
        assert not live.wait(0.01)
        drained = live.drain()
    live.close()
    assert any(isinstance(e.event, ev.SessionAsked) for e in drained)
