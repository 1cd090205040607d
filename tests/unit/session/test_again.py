"""Saved sessions once more, through the store: crash and resume, fork, rerun, verify."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.engine.control import Gate
from rlm_tui.engine.providers.base import ProviderError
from rlm_tui.engine.sandbox.factory import PythonReplFactory
from rlm_tui.events import RunConfig
from rlm_tui.session.again import AgainError, Fork, read_saved, verify
from rlm_tui.session.setup import Setup, run_session
from rlm_tui.store import MemorySession, Store, StoreReader
from tests.support.engine import FakeModels, cell

TEXT = "".join(f"line {i}: {i * i}\n" for i in range(200))
TURNS = [
    cell("n = len(context.splitlines())\nprint(n)"),
    cell("a = llm_query('sum up')\nprint(a)"),
    cell("FINAL(f'{n} {a}')"),
]


def setup(path: Path, models: FakeModels, **more: Any) -> Setup:
    config = more.pop("config", RunConfig(model="fake"))
    return Setup(
        "How many?",
        config,
        [Document.from_text("doc", TEXT)],
        store=path,
        custom={"fake": models, "other": models},
        durability="normal",
        **more,
    )


async def first(path: Path) -> tuple[str, list[ev.Entry]]:
    session, ended = await run_session(setup(path, FakeModels(TURNS, leaf=lambda p: "short")))
    assert ended.outcome.answer == "200 short"
    with StoreReader(path) as reader:
        return session, reader.entries(session)


async def test_a_fork_from_a_turn_keeps_the_prefix_and_knows_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    parent, entries = await first(path)
    models = FakeModels([*TURNS[:2], cell("FINAL('other end')")])
    session, ended = await run_session(setup(path, models, fork=Fork(parent, 3)))
    assert ended.outcome.answer == "other end" and len(models.requests) == 1
    with StoreReader(path) as reader:
        started = reader.entries(session)[0].event
    assert isinstance(started, ev.SessionStarted)
    assert (started.origin, started.parent) == ("fork", parent)
    assert started.parent_seq is not None and 0 < started.parent_seq < len(entries)


async def test_an_edited_turn_keeps_its_reply_and_runs_the_new_code(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    parent, _ = await first(path)
    models = FakeModels(TURNS, leaf=lambda p: "short")
    _, ended = await run_session(setup(path, models, fork=Fork(parent, 1, "n = 5 if context else 0\nprint(n)")))
    assert ended.outcome.answer == "5 short"
    assert len(models.requests) == 3


async def test_a_rerun_with_another_model_is_live_from_its_first_call(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    parent, _ = await first(path)
    models = FakeModels(TURNS)
    session, _ = await run_session(setup(path, models, fork=Fork(parent), config=RunConfig(model="other")))
    assert [r.model for r in models.requests] == ["other"] * 4
    with Store.open(path) as store:
        row = store.catalog.get(session)
    assert row is not None and row.parent == parent


async def test_the_same_again_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    parent, _ = await first(path)
    models = FakeModels([])
    _, ended = await run_session(setup(path, models, fork=Fork(parent)))
    assert ended.outcome.answer == "200 short" and not models.requests and ended.usage.cost == 0


@pytest.mark.parametrize("turn", [0, 9])
async def test_a_turn_that_does_not_exist_is_refused(tmp_path: Path, turn: int) -> None:
    path = tmp_path / "s.db"
    parent, _ = await first(path)
    with pytest.raises(AgainError, match="turns 1 to 3"):
        await run_session(setup(path, FakeModels([]), fork=Fork(parent, turn)))


async def test_a_session_cut_off_by_its_process_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    models = FakeModels(TURNS, leaf=lambda p: "short")

    class Dies(BaseException):
        pass

    def die(entry: ev.Entry) -> None:
        if isinstance(entry.event, ev.CellFinished) and entry.event.cell == "0:c1":
            asyncio.get_running_loop().call_soon(lambda: task.cancel())

    from rlm_tui.session import setup as room

    # Stop without a word, as a killed process would: nothing after the cut reaches the log.
    store = Store.open(path, durability="normal")
    log = store.create()
    log.listeners.append(die)
    append = log.append

    async def cut(*events: ev.Event) -> Any:
        if any(isinstance(e, ev.CallReserved) and e.call == "0:t2" for e in events):
            raise Dies
        return await append(*events)

    log.append = cut  # type: ignore[method-assign]
    log.listeners.clear()
    task = asyncio.ensure_future(asyncio.sleep(0))
    with pytest.raises(Dies):
        await room.run_on(store, log, log.session, setup(path, models))
    store.close()
    assert len(models.requests) == 1

    again = FakeModels(TURNS, leaf=lambda p: "short")
    session, ended = await run_session(setup(path, again, resume=log.session))
    assert session == log.session and ended.outcome.answer == "200 short"
    assert len(again.requests) == 3
    with StoreReader(path) as reader:
        entries = reader.entries(session)
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert sum(isinstance(e.event, ev.SessionEnded) for e in entries) == 1


async def test_an_ended_session_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    session, _ = await first(path)
    with pytest.raises(AgainError, match="rlm-tui rerun"):
        await run_session(setup(path, FakeModels([]), resume=session))


async def test_verify_finds_nothing_where_nothing_differs_and_names_what_does(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    _, entries = await first(path)
    with StoreReader(path) as reader:
        saved = read_saved(entries, reader.text)
        repls = PythonReplFactory()
        try:
            assert await verify(saved, repls) == []
            wrong = ev.BlobRef.of("201\n")

            def tamper(entry: ev.Entry) -> ev.Entry:
                event = entry.event
                if isinstance(event, ev.CellFinished) and event.cell == "0:c1":
                    import msgspec

                    return ev.Entry(entry.seq, entry.at, msgspec.structs.replace(event, output=wrong))
                return entry

            texts = lambda ref: "201\n" if ref == wrong else reader.text(ref)  # noqa: E731
            found = await verify(read_saved([tamper(e) for e in entries], texts), repls)
        finally:
            await repls.close()
    assert [(d.cell, d.what, d.before, d.after) for d in found] == [("0:c1", "output", "201\n", "200\n")]


@pytest.mark.parametrize("context", ["plain text", ["a", "b"], {"x": "text", "y": {"n": [1, 2]}}, [1, {"k": "v"}]])
async def test_a_context_of_any_kind_comes_back_as_it_was(tmp_path: Path, context: Any) -> None:
    path = tmp_path / "s.db"
    models = FakeModels([cell("print(context)"), cell("FINAL('ok')")])
    from rlm_tui.session.setup import documents_of

    given = Setup("q?", RunConfig(model="fake"), documents_of(context), context, store=path, custom={"fake": models})
    session, _ = await run_session(given)
    with StoreReader(path) as reader:
        assert read_saved(reader.entries(session), reader.text).context == context


async def test_what_the_operator_did_after_the_point_of_a_fork_is_not_done_again(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    parent, _ = await first(path)
    models = FakeModels(TURNS, leaf=lambda p: "short")
    edited, _ = await run_session(setup(path, models, fork=Fork(parent, 1, "n = 5 if context else 0")))
    again, ended = await run_session(setup(path, FakeModels(TURNS, leaf=lambda p: "short"), fork=Fork(edited, 1)))
    assert ended.outcome.answer == "200 short"
    kept, ended = await run_session(setup(path, FakeModels(TURNS, leaf=lambda p: "short"), fork=Fork(edited, 2)))
    assert ended.outcome.answer == "5 short"
    with Store.open(path) as store:
        rows = {name: store.catalog.get(name) for name in (again, kept)}
    assert [row.origin for row in rows.values() if row is not None] == ["rerun", "fork"]


async def test_from_the_first_turn_that_is_not_recorded_everything_is_asked_live(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    parent, _ = await first(path)
    models = FakeModels(TURNS, leaf=lambda p: "short")
    # The sub-model is the same and is asked the same, but after another model's turns.
    config = RunConfig(model="other", sub_model="fake")
    await run_session(setup(path, models, fork=Fork(parent), config=config))
    assert [request.model for request in models.requests] == ["other", "other", "fake", "other"]


COUNTING = [
    cell("print(len(context), budget()['calls'], round(budget()['usd'], 6))"),
    cell("a = llm_query_batched(['sum up', 'and again', 'boom'])\nprint(budget())"),
    cell("print(budget())\nFINAL('done')"),
]


def leaf(prompt: str) -> str | ProviderError:
    return ProviderError("bad_request", "no", usage=ev.Usage(calls=1, input=7)) if prompt == "boom" else "short"


async def test_budgets_that_the_code_prints_are_the_same_when_it_is_verified(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    config = RunConfig(model="fake", limits=ev.Limits(usd=1.0, total_tokens=50_000))
    session, ended = await run_session(setup(path, FakeModels(COUNTING, leaf=leaf), config=config))
    assert ended.outcome.answer == "done"
    with StoreReader(path) as reader:
        saved = read_saved(reader.entries(session), reader.text)
        outputs = [reader.text(e.event.output) for e in saved.entries if isinstance(e.event, ev.CellFinished)]
        repls = PythonReplFactory()
        try:
            assert await verify(saved, repls) == []
        finally:
            await repls.close()
    assert len(set(outputs[1:])) == 3, "each cell prints another budget"


async def test_budgets_that_the_code_prints_are_the_same_after_a_resume(tmp_path: Path) -> None:
    """The session was cut off in its third cell, which runs again: it prints what is left after all that was paid."""
    path, whole = tmp_path / "s.db", tmp_path / "whole.db"
    config = RunConfig(model="fake", limits=ev.Limits(usd=1.0, total_tokens=50_000))
    session, _ = await run_session(setup(whole, FakeModels(COUNTING, leaf=leaf), config=config))
    with Store.open(whole) as store, Store.open(path) as cut:
        entries = store.reader.entries(session)
        end = next(e.seq for e in entries if isinstance(e.event, ev.CellStarted) and e.event.cell == "0:c2")
        shas = [row[0] for row in store.reader.query("SELECT DISTINCT sha FROM blob")]
        texts = {sha: store.reader.text(ev.BlobRef(sha, 1)) for sha in shas}
        cut.add(MemorySession(session, entries[:end], texts))
        before = [texts[e.event.output.sha] for e in entries if isinstance(e.event, ev.CellFinished)]
    models = FakeModels(COUNTING, leaf=leaf)
    _, ended = await run_session(setup(path, models, resume=session))
    with StoreReader(path) as reader:
        entries = reader.entries(session)
        after = [reader.text(e.event.output) for e in entries if isinstance(e.event, ev.CellFinished)]
    assert after == before
    assert len(models.requests) == 4
    assert ended.usage == sum(
        (e.event.usage for e in entries if hasattr(e.event, "usage") and hasattr(e.event, "call")), ev.Usage()
    )


TREE = [
    cell("n = len(context.splitlines())"),
    cell("a = rlm_query('child one?', 'abc')\nb = rlm_query('child two?', 'def')"),
    cell("FINAL(f'{n} {a} {b}')"),
]
CHILD = [cell("print('one')"), cell("x = llm_query('deep')\nprint(x)"), cell("FINAL(x)")]


async def tree(path: Path) -> tuple[str, list[ev.Entry]]:
    config = RunConfig(model="fake", max_depth=2)
    models = FakeModels(TREE, child=CHILD, leaf=lambda p: "short")
    session, ended = await run_session(setup(path, models, config=config))
    assert ended.outcome.answer == "200 short short"
    with StoreReader(path) as reader:
        return session, reader.entries(session)


async def test_a_fork_from_a_turn_of_a_child_takes_all_that_came_before(tmp_path: Path) -> None:
    """The first child's turns before the third are recorded; from there it, its parent and its sibling ask anew."""
    path = tmp_path / "s.db"
    parent, entries = await tree(path)
    models = FakeModels(TREE, child=[*CHILD[:2], cell("FINAL(x.upper())")], leaf=lambda p: "short")
    config = RunConfig(model="other", max_depth=2)
    session, ended = await run_session(setup(path, models, config=config, fork=Fork(parent, 3, node="0/c2.1")))
    assert ended.outcome.answer == "200 SHORT SHORT"
    with StoreReader(path) as reader:
        again = reader.entries(session)
    started = again[0].event
    assert isinstance(started, ev.SessionStarted) and started.origin == "fork"
    shared = next(
        e.seq for e in entries if isinstance(e.event, ev.CallReserved) and (e.event.node, e.event.turn) == ("0/c2.1", 3)
    )
    assert started.parent_seq == shared - 1
    asked = [e.event.call for e in again if isinstance(e.event, ev.CallFinished) and e.event.source == "provider"]
    assert asked == ["0/c2.1:t3", "0/c2.2:t1", "0/c2.2:t2", "0/c2.2:c2.1", "0/c2.2:t3", "0:t3"]
    assert len(models.requests) == len(asked)


async def test_a_childs_turn_with_other_code_keeps_its_reply(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    parent, _ = await tree(path)
    models = FakeModels(TREE, child=CHILD, leaf=lambda p: "short")
    fork = Fork(parent, 2, "x = 'by hand'", "0/c2.1")
    session, ended = await run_session(setup(path, models, config=RunConfig(model="fake", max_depth=2), fork=fork))
    assert ended.outcome.answer == "200 by hand short"
    with StoreReader(path) as reader:
        edited = [e.event for e in reader.entries(session) if isinstance(e.event, ev.CellEdited)]
    assert [event.cell for event in edited] == ["0/c2.1:c2"]


async def test_a_fork_in_a_child_is_held_there_and_not_where_its_parent_was_let_run(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    parent, _ = await tree(path)
    gate = Gate(paused=True, node="0/c2.1")
    models = FakeModels(TREE, child=CHILD, leaf=lambda p: "short")
    fork = Fork(parent, 3, node="0/c2.1")
    held: list[ev.Paused] = []

    def listen(entry: ev.Entry) -> None:
        if isinstance(entry.event, ev.Paused):
            held.append(entry.event)
            gate.go()

    await run_session(setup(path, models, config=RunConfig(model="fake", max_depth=2), fork=fork), gate, listen)
    assert [(event.stop, event.node, event.turn) for event in held] == [("before_exec", "0/c2.1", 3)]


@pytest.mark.parametrize(("node", "turn", "says"), [("0/c9.1", 1, "no node 0/c9.1"), ("0/c2.1", 9, "has no turn 9")])
async def test_a_place_in_a_child_that_does_not_exist_is_refused(
    tmp_path: Path, node: str, turn: int, says: str
) -> None:
    path = tmp_path / "s.db"
    parent, _ = await tree(path)
    with pytest.raises(AgainError, match=says):
        await run_session(setup(path, FakeModels(TREE), fork=Fork(parent, turn, node=node)))
