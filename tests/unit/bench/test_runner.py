"""Running cells: what is saved, what is run again, what counts, and that money is never overdrawn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.bench.direct import SPARE
from rlm_tui.bench.estimate import bounded, estimate
from rlm_tui.bench.live import LiveBench, set_up
from rlm_tui.bench.purse import Purse, PurseEmpty
from rlm_tui.bench.runner import Runner, Summary
from rlm_tui.bench.suite import Work
from rlm_tui.engine import tokens
from rlm_tui.engine.providers.base import ModelInfo, Price, Reply, Request
from rlm_tui.events import Limits, Usage
from rlm_tui.projection.fold import fold
from rlm_tui.session.configure import least_cost
from rlm_tui.store import Store, StoreError
from rlm_tui.store.results import CellRow
from tests.support.bench import PRICE, Mocked, Sums, add_up, store_at, works_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(store_at(tmp_path), durability="normal") as opened:
        yield opened


async def run(store: Store, works: list[Work], mock: Mocked, retry: tuple[str, ...] = (), **how: Any) -> Summary:
    table = set_up(store, works, retry)
    models = {work.row.model for work in works}
    return await Runner(store, table.open, custom=dict.fromkeys(models, mock), **how).run()


def by_key(store: Store) -> dict[str, CellRow]:
    return {row.key: row for row in store.results.cells("sums")}


async def test_every_cell_is_a_saved_session_with_its_score(store: Store) -> None:
    mock = Mocked()
    works = works_of(methods=("direct", "rlm:0"), limit=2)
    summary = await run(store, works, mock, tags=("bench",))
    assert (summary.done, summary.left, summary.failed) == (8, 0, 0)
    rows = store.results.cells("sums")
    assert {row.status for row in rows} == {"ok"} and {row.official for row in rows} == {1.0}
    assert {(row.method, row.calls, row.turns) for row in rows} == {("direct", 1, 1), ("rlm:0", 2, 2)}
    for row in rows:
        session = store.catalog.find(str(row.session))
        assert session.status == "completed" and session.tags == ("bench",) and session.query == row.question
        assert session.origin == ("direct" if row.method == "direct" else "live")
        state = fold(store.reader.entries(session.id))
        assert state.spent.input == row.input and state.spent.cost == pytest.approx(row.cost)
        assert state.answer is not None and store.reader.text(state.answer) == row.answer


async def test_a_second_run_runs_only_what_is_missing(store: Store) -> None:
    mock = Mocked()
    await run(store, works_of(limit=2), mock)
    before = mock.asked.total()
    assert (await run(store, works_of(limit=2), mock)).done == 0 and mock.asked.total() == before
    assert (await run(store, works_of(limit=2, seeds=(1, 2)), mock)).done == 4
    assert (await run(store, works_of(limit=2, models=("mock", "other"), seeds=(1, 2)), mock)).done == 8
    assert (await run(store, works_of(limit=2, grid=[{}, {"temperature": 0.5}]), mock)).done == 4
    assert (await run(store, works_of(limit=2, limits=Limits(usd=9.0)), mock)).done == 0, "a limit is no parameter"
    rows = store.results.cells("sums")
    assert len(rows) == 4 + 4 + 8 + 4 and all(row.attempts == 1 for row in rows)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("bad_request", "error"),
        ("refusal", "refused"),
        ("content_filter", "refused"),
        ("context_length", "over_window"),
    ],
)
async def test_a_failure_counts_nothing_and_is_named(store: Store, fault: str, status: str) -> None:
    await run(store, works_of(limit=1, methods=("direct", "rlm:0")), Mocked(fault=lambda prompt: fault))
    rows = store.results.cells("sums")
    assert {row.status for row in rows} == {status}
    assert {(row.official, row.tolerant) for row in rows} == {(0.0, 0.0)}
    assert all(row.error for row in rows)


async def test_a_prompt_that_does_not_fit_is_over_the_window_and_one_that_was_cut_is_not(store: Store) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return add_up(prompt)

    works = works_of(Sums(questions=1, windows=1), lengths=(800,), methods=("direct", "direct-truncate"))
    works = [msgspec_replace(work, max_output_tokens=100) for work in works]
    await run(store, works, Mocked(answer=answer, window=1000))
    rows = {row.method: row for row in store.results.cells("sums")}
    assert (rows["direct"].status, rows["direct"].official, rows["direct"].calls) == ("over_window", 0.0, 0)
    assert rows["direct-truncate"].status == "ok" and rows["direct-truncate"].official == 0.0
    (prompt,) = asked
    assert prompt.startswith("number 0\n") and "number 799\n" in prompt and "number 400\n" not in prompt
    assert re.search(r"\[… [\d,]+ characters left out …\]", prompt) and prompt.endswith("what is the sum?")


async def test_a_cut_leaves_a_document_even_where_the_window_is_smaller_than_the_longest_reply(store: Store) -> None:
    asked: dict[str, str] = {}

    def answer(prompt: str) -> str:
        asked["cut" if "left out" in prompt else "whole"] = prompt
        return add_up(prompt)

    # The longest reply has 4,096 tokens.
    works = works_of(Sums(questions=1, windows=1), lengths=(100, 800), methods=("direct-truncate",))
    await run(store, works, Mocked(answer=answer, window=1000))
    rows = {row.length: row for row in store.results.cells("sums")}
    assert rows[100].official == 1.0, "what fits is not cut"
    assert "number 0\n" in asked["cut"] and "number 799\n" in asked["cut"]
    (found,) = estimate(works, lambda model: ModelInfo(model, 1000, PRICE))
    sent = sum(tokens.count(prompt, "mock")[0] for prompt in asked.values())
    assert found.input == pytest.approx(sent, abs=SPARE)


def msgspec_replace(work: Work, **fields: Any) -> Work:
    return replace(work, config=msgspec.structs.replace(work.config, **fields))


async def test_time_that_is_up_is_a_timeout(store: Store) -> None:
    mock = Mocked(delay=30.0)
    await run(store, works_of(limit=1, lengths=(8,)), mock, seconds=0.2)
    (row,) = store.results.cells("sums")
    assert (row.status, row.official) == ("timeout", 0.0)


async def test_an_answer_forced_at_the_last_turn_counts_and_one_forced_by_money_does_not(store: Store) -> None:
    # The forced answer is asked for without a system message, so the mock answers it like a direct question.
    def answer(prompt: str) -> str:
        return "28"

    turns = ("```repl\nprint(len(context))\n```",)
    works = works_of(Sums(1, 1), lengths=(8,), methods=("rlm:0",), limits=Limits(turns=2))
    await run(store, works, Mocked(turns=turns, answer=answer))
    (row,) = store.results.cells("sums")
    assert (row.status, row.limit, row.official) == ("ok", "turns", 1.0)
    works = works_of(Sums(1, 1), lengths=(8,), methods=("rlm:0",), limits=Limits(calls=3), name="short")
    await run(store, works, Mocked(turns=turns, answer=answer))
    (row,) = store.results.cells("short")
    assert (row.status, row.limit, row.official, row.answer) == ("budget", "calls", 0.0, "28")


async def test_failed_cells_run_again_only_when_asked(store: Store) -> None:
    broken = Mocked(fault=lambda prompt: "bad_request" if "Question 0" in prompt else None)
    await run(store, works_of(limit=2), broken)
    assert (await run(store, works_of(limit=2), Mocked())).done == 0
    assert (await run(store, works_of(limit=2), Mocked(), retry=("timeout",))).done == 0
    assert (await run(store, works_of(limit=2), Mocked(), retry=("error",))).done == 2
    rows = store.results.cells("sums")
    assert {row.official for row in rows} == {1.0} and sorted(row.attempts for row in rows) == [1, 1, 2, 2]
    assert sorted(attempt.status for attempt in store.results.attempts("sums")) == ["error"] * 2 + ["ok"] * 4


async def test_as_many_as_allowed_run_at_once(store: Store) -> None:
    mock = Mocked()
    mock.hold = asyncio.Event()
    task = asyncio.create_task(run(store, works_of(Sums(5, 4), lengths=(8,)), mock, concurrency=7))
    while mock.flying < 7:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert mock.flying == 7
    mock.hold.set()
    assert (await task).done == 20 and mock.most_flying == 7


async def test_two_programs_over_one_store_never_run_the_same_cell(store: Store, tmp_path: Path) -> None:
    mock = Mocked(delay=0.01)
    works = works_of(Sums(5, 4), lengths=(8,))
    with Store.open(store_at(tmp_path), durability="normal") as other:
        first, second = await asyncio.gather(run(store, works, mock), run(other, works, mock))
    assert first.done + second.done == 20 and mock.asked.total() == 20


async def test_a_stopped_run_keeps_what_is_done_and_goes_on_later(store: Store) -> None:
    mock = Mocked(delay=0.01)
    works = works_of(Sums(5, 4), lengths=(8,))
    set_up(store, works)
    done: list[str] = []
    runner = Runner(store, works, custom={"mock": mock}, concurrency=3)

    def changed(row: CellRow) -> None:
        if row.done:
            done.append(row.key)
        if len(done) == 5:
            mock.delay = 60.0
            asyncio.get_running_loop().call_later(0.05, runner.stop)

    runner.on_change = changed
    summary = await runner.run()
    assert summary.stopped and summary.done == len(done) < 20
    states = [row.status for row in store.results.cells("sums")]
    assert states.count("ok") == len(done) and states.count("pending") == 20 - len(done)
    cut = [attempt for attempt in store.results.attempts("sums") if attempt.status == "cancelled"]
    assert cut and all(store.catalog.find(attempt.session).status == "cancelled" for attempt in cut)
    mock.delay = 0.0
    again = await run(store, works, mock)
    assert again.done == 20 - len(done)
    assert {row.status for row in store.results.cells("sums")} == {"ok"}


# --- money


@pytest.mark.parametrize("at_once", [1, 2])
async def test_a_cap_without_one_for_a_run_is_used_to_its_end(store: Store, at_once: int) -> None:
    # A run costs $0.00022, and one turn with an answer may cost some $0.009: the share of one of two is all that is there.
    cap = 0.0212
    works = works_of(Sums(questions=20, windows=1), lengths=(8,), methods=("rlm:0",))
    bound = bounded(works, lambda model: ModelInfo(model, None, PRICE), cap=cap, per_run=None, concurrency=at_once)
    summary = await run(store, bound, Mocked(), purse=Purse(cap), concurrency=at_once)
    assert (summary.done, summary.failed, summary.left) == (20, 0, 0)
    again = works_of(Sums(questions=22, windows=1), lengths=(8,), methods=("rlm:0",))
    bound = bounded(again, lambda model: ModelInfo(model, None, PRICE), cap=cap, per_run=None, concurrency=at_once)
    summary = await run(store, bound, Mocked(), purse=Purse(cap, summary.cost), concurrency=at_once)
    assert summary.done == 2, "the same cap goes on"


async def test_a_run_that_got_too_little_of_the_table_s_money_stays_open(store: Store) -> None:
    works = works_of(Sums(questions=3, windows=1), lengths=(8,), methods=("rlm:0",))
    price = Price(1e-6, 1e-6)
    least = least_cost(works[0].config, price)
    works = [
        replace(msgspec_replace(work, limits=Limits(usd=2 * least)), most=2 * least, least=least) for work in works
    ]

    # Turns without end: each run spends what it is given.
    class Greedy(Mocked):
        async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
            reply = await super().complete(request, on_text)
            return replace(reply, usage=Usage(calls=1, input=1000, output=10))

    mock = Greedy(turns=[f"```repl\nn{n} = {n} * 7\nprint(n{n})\n```" for n in range(100)], price=price)
    summary = await run(store, works, mock, purse=Purse(3 * least), concurrency=1)
    assert least < summary.cost <= 3 * least
    rows = sorted(store.results.cells("sums"), key=lambda row: row.status)
    assert [row.status for row in rows] == ["budget", "pending", "pending"], (
        "its own limit counts, what was left does not"
    )
    assert summary.left == 2 and any("which was too little" in why for why in summary.why)
    assert store.results.spent("sums") == pytest.approx(summary.cost), "what the open one took is not forgotten"


async def test_a_cap_holds_for_all_runs_together_and_earlier_ones_count(store: Store) -> None:
    # A run costs $0.00011, and $0.0002 at most is said of it.
    mock = Mocked(delay=0.002)
    works = [replace(work, most=0.0002) for work in works_of(Sums(10, 4), lengths=(8,))]
    set_up(store, works)
    runner = Runner(store, works, custom={"mock": mock}, concurrency=10, purse=Purse(0.002))
    summary = await runner.run()
    assert 0.0018 <= store.results.spent("sums") <= 0.002
    assert summary.left == 40 - summary.done and "the next run may cost $0.0002" in summary.why[0]
    table = set_up(store, works)
    assert table.spent == pytest.approx(0.00011 * summary.done)
    stuck = await Runner(store, table.open, custom={"mock": mock}, purse=Purse(0.002, table.spent)).run()
    assert stuck.done == 0 and stuck.left == len(table.open)
    rest = await Runner(store, table.open, custom={"mock": mock}, purse=Purse(1.0, table.spent)).run()
    assert rest.left == 0 and store.results.spent("sums") == pytest.approx(40 * 0.00011)


async def test_a_run_waits_for_what_others_give_back() -> None:
    purse = Purse(1.0)
    await purse.reserve("a", 0.6)
    waiting = asyncio.create_task(purse.reserve("b", 0.6))
    await asyncio.sleep(0.01)
    assert not waiting.done() and purse.reserved == pytest.approx(0.6)
    await purse.settle("a", 0.3)
    await asyncio.wait_for(waiting, 1)
    assert purse.spent == pytest.approx(0.3) and purse.reserved == pytest.approx(0.6)


async def test_a_model_whose_key_is_wrong_is_left_alone_and_the_others_go_on(store: Store) -> None:
    works = works_of(Sums(5, 2), models=("mock", "other"), lengths=(8,))
    table = set_up(store, works)
    broken = Mocked(fault=lambda prompt: "auth")
    summary = await Runner(store, table.open, custom={"mock": broken, "other": Mocked()}, concurrency=1).run()
    rows = store.results.cells("sums")
    assert sum(row.status == "ok" for row in rows) == 10 == sum(row.model == "other" for row in rows)
    assert sum(row.status == "error" for row in rows) == 3 and sum(row.status == "pending" for row in rows) == 7
    assert summary.left == 7 and "mock was left alone after 3 failures" in summary.why[0]


async def test_a_document_that_can_t_be_made_is_one_failed_cell(store: Store) -> None:
    class Broken(Sums):
        def document(self, item: Any) -> str:
            if item.window.endswith(".0"):
                raise ValueError("the file has gone")
            return super().document(item)  # type: ignore[return-value]

    summary = await run(store, works_of(Broken(1, 2), lengths=(8,)), Mocked())
    assert sorted((row.status, row.error) for row in store.results.cells("sums")) == [
        ("error", "the file has gone"),
        ("ok", None),
    ]
    assert summary.failed == 1


async def test_the_price_of_an_unknown_model_is_unknown_not_zero(store: Store) -> None:
    await run(store, works_of(limit=1, lengths=(8,)), Mocked(price=None))
    (row,) = store.results.cells("sums")
    assert row.status == "ok" and row.cost is None


def test_a_runner_in_a_thread_tells_what_changed_and_can_be_stopped(store: Store) -> None:
    works = works_of(Sums(5, 4), lengths=(8,))
    table = set_up(store, works)
    mock = Mocked(delay=0.01, price=Price(1e-6, 1e-6))
    live = LiveBench(store, table.open, custom={"mock": mock}, concurrency=2).start()
    rows: list[CellRow] = []
    while sum(row.done for row in rows) < 3:
        rows += live.drain()
    live.stop()
    assert live.wait(10) and live.failure is None
    rows += live.drain()
    assert live.summary is not None and live.summary.stopped
    assert sum(row.done for row in rows) == live.summary.done == sum(r.done for r in store.results.cells("sums"))


async def test_a_judge_is_asked_once_about_every_answer_and_paid_from_the_same_purse(store: Store) -> None:
    from rlm_tui.bench.judging import judge_cells, to_judge

    works = works_of(Sums(2, 2), lengths=(8,))
    await run(store, works, Mocked(fault=lambda prompt: "refusal" if "Question 1" in prompt else None))
    assert len(to_judge(store, works)) == 2, "what gave no answer is not judged"
    prompts: list[str] = []

    def opinion(prompt: str) -> str:
        prompts.append(prompt)
        return "It says the same.\ncorrect: yes" if "28" in prompt else "I can't tell."

    mock, spent = Mocked(answer=opinion), store.results.spent("sums")
    found = await judge_cells(store, works, "judge", purse=Purse(1.0, spent), custom={"judge": mock})
    assert (found.done, found.unclear, found.left) == (1, 1, 0) and len(prompts) == 2
    assert "Question 0: what is the sum?" in prompts[0]
    verdicts = sorted((row.judge is not None, row.judge) for row in store.results.cells("sums") if row.status == "ok")
    assert verdicts == [(False, None), (True, 1.0)]
    assert store.results.spent("sums") == pytest.approx(spent + 2 * 0.00011)
    judges = [a for a in store.results.attempts("sums") if a.key.endswith(":judge")]
    assert {store.catalog.find(a.session).tags for a in judges} == {("bench", "judge")}
    again = await judge_cells(store, works, "judge", purse=Purse(1.0), custom={"judge": mock})
    assert again.done + again.unclear == 1, "a verdict that was read is not asked for again"
    empty = await judge_cells(store, works, "judge", purse=Purse(0.0001), custom={"judge": mock})
    assert empty.left == 1 and "may cost" in empty.why


async def test_a_store_that_fails_ends_the_run_with_its_sentence_and_hangs_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = works_of(Sums(5, 4), lengths=(8,))
    todo = set_up(store, works).open
    whole, calls = store.results.ado, 0

    async def full(*steps: Any) -> list[Any]:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise StoreError("the disk is full")
        return await whole(*steps)

    monkeypatch.setattr(store.results, "ado", full)
    with pytest.raises(StoreError, match="the disk is full"):
        await asyncio.wait_for(Runner(store, todo, custom={"mock": Mocked(delay=0.01)}).run(), 20)
    monkeypatch.undo()
    done = [row for row in store.results.cells("sums") if row.done]
    assert all(row.official == 1.0 for row in done)


def test_a_direct_session_that_was_cut_off_is_not_offered_as_one_to_resume(store: Store) -> None:
    from rlm_tui.events import RunConfig, SessionStarted
    from rlm_tui.session.again import AgainError
    from rlm_tui.session.fork import load_saved, resume_setup, unfinished

    log = store.create("abcdef")
    log.append_now(SessionStarted("abcdef", "Why?", (), RunConfig(model="m"), origin="direct"))
    log.close()
    assert store.catalog.find("abcdef").status == "interrupted" and unfinished(store) == []
    with pytest.raises(AgainError, match="a single direct call"):
        resume_setup(load_saved(store, "abcdef"))


@given(
    st.floats(0.5, 5.0),
    st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(0.0, 1.0)), min_size=1, max_size=30),
    st.integers(1, 6),
)
def test_a_purse_is_never_overdrawn_however_runs_come_and_go(
    cap: float, runs: list[tuple[float, float]], at_once: int
) -> None:
    async def main() -> None:
        purse, queue, left = Purse(cap), list(enumerate(runs)), []

        async def worker() -> None:
            while queue:
                number, (most, share) = queue.pop()
                try:
                    await purse.reserve(str(number), most)
                except PurseEmpty:
                    left.append(most)
                    return
                assert purse.spent + purse.reserved <= cap + 1e-9
                await asyncio.sleep(0)
                await purse.settle(str(number), most * share)

        await asyncio.gather(*(worker() for _ in range(at_once)))
        assert purse.spent <= cap + 1e-9 and purse.reserved == pytest.approx(0.0)
        assert all(purse.spent + most > cap - 1e-9 for most in left[-1:]), (
            "nothing is left out that there was money for"
        )

    asyncio.run(main())
