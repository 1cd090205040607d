"""Names that were lost come back by running the recorded cells with recorded answers; values can be looked at."""

from __future__ import annotations

import pytest

from rlm_tui.engine.sandbox.base import HostCall, Recorded, ReplLimits, Slot
from rlm_tui.engine.sandbox.factory import HOST_NAMES, PythonReplFactory
from rlm_tui.engine.sandbox.repl import WorkerRepl
from tests.unit.sandbox.conftest import Bench

CELLS = [
    "import random, re, time, datetime\nseen = {w for w in re.findall(r'\\w+', context)}\ndraws = [random.random() for _ in range(5)]",
    "answers = [llm_query('a'), *llm_query_batched(['b', 'FAIL'])]\nwhen = time.time(), datetime.datetime.now().isoformat()[:13]",
    "def f(x):\n    return x * 2\nclass C:\n    n = f(3)\ntry:\n    llm_query('FAIL')\nexcept SubcallError as e:\n    said = str(e)\nkept = 1\nkept / 0",
    "order = list(seen), list({'b', 'a', 'c', 'd'}), hash('text'), __import__ if False else None",
]
LOOK = "(sorted(seen), draws, [str(a) for a in answers], f(2), C.n, said, kept, order[:2])"


def recording(cells: list[str], answers: list[list[list[Slot]]]) -> list[Recorded]:
    return [Recorded(code, given, started=1_700_000_000.0) for code, given in zip(cells, answers, strict=True)]


async def test_restoring_gives_the_same_names_at_no_cost(bench: Bench) -> None:
    repl = await bench.open()
    answers: list[list[list[Slot]]] = []
    cells = [*CELLS[:3], CELLS[3].replace("__import__ if False else None", "None")]
    for code in cells:
        bench.host.calls.clear()
        await bench.run(repl, code)
        answers.append([list(await bench.host.call(c)) for c in list(bench.host.calls)])
    before = await repl.evaluate(LOOK)
    assert "NameError" not in before
    bench.host.calls.clear()
    await repl.restore(recording(cells, answers))
    assert await repl.evaluate(LOOK) == before
    assert bench.host.calls == []
    assert (await repl.evaluate("int(when[0]), when[1]")).startswith("(1700000000, '2023-11-1")


async def test_restoring_in_another_process_gives_the_same_order_of_sets(bench: Bench) -> None:
    other = PythonReplFactory()
    try:
        one = await bench.open()
        two = await other.open("x", "q", ReplLimits(), names=HOST_NAMES)
        look = "[list({w for w in 'the quick brown fox jumps over'.split()}), hash('x')]"
        assert await one.evaluate(look) == await two.evaluate(look)
    finally:
        await other.close()


async def test_a_cell_that_has_to_be_killed_again_is_left_out(bench: Bench) -> None:
    repl = await bench.open(seconds=0.4)
    await repl.restore([Recorded("a = 1"), Recorded("b = sum(range(10**13))"), Recorded("c = 3")])
    assert await repl.evaluate("a, c, 'b' in globals()") == "(1, 3, False)"


async def test_after_a_kill_the_engine_can_restore(bench: Bench) -> None:
    repl = await bench.open(seconds=0.4)
    await bench.ok(repl, "a = [1, 2]")
    assert (await bench.run(repl, "sum(range(10**13))")).lost
    await repl.restore([Recorded("a = [1, 2]")])
    assert await repl.evaluate("a") == "[1, 2]"


async def test_missing_answers_are_errors_not_requests(bench: Bench) -> None:
    repl = await bench.open()
    await repl.restore([Recorded("rs = llm_query_batched(['a', 'b'])", [[Slot(value="only one")]])])
    assert await repl.evaluate("[bool(r) for r in rs]") == "[True, False]"
    assert bench.host.calls == []


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("x", "41"), ("x + 1", "42"), ("[i for i in range(3)]", "[0, 1, 2]"), ("context[:5]", "'alpha'"),
        ("nope", "NameError: name 'nope' is not defined"), ("1 +", "SyntaxError: invalid syntax"), ("None", "None"),
        ("print('p')", "p"), ("open('x')", "there are no files here"), ("llm_query('x')", "no requests are made while a value"),
        ("while True: pass", "Timeout"),
    ],
)  # fmt: skip
async def test_evaluate_shows_a_value_or_an_error(bench: Bench, expression: str, shown: str) -> None:
    repl = await bench.open(seconds=0.5)
    await bench.ok(repl, "x = 41")
    assert shown in await repl.evaluate(expression)
    assert bench.host.calls == []
    result = await bench.ok(repl, "x")
    assert (result.echo, [v.changed for v in result.variables]) == ("41", [""])


async def test_looking_touches_nothing_and_finishes_nothing(bench: Bench, repl: WorkerRepl) -> None:
    await repl.evaluate("FINAL(context[:10])")
    result = await bench.ok(repl, "y = 1")
    assert (result.touched, result.final) == ((), None)


async def test_workers_started_one_by_one_do_the_same() -> None:
    factory = PythonReplFactory(forks=False)
    try:
        big = {"a": "x" * 9_000_000, "b": "é😀" * 10}
        repl = await factory.open(big, "q", ReplLimits(), names=HOST_NAMES)

        class Host:
            async def call(self, request: HostCall) -> list[Slot]:
                return [Slot(value="v")]

            def output(self, text: str) -> None: ...

        result = await repl.run("len(context['a']), context['b'][:2], llm_query('p')", Host())
        assert result.echo == "(9000000, 'é😀', 'v')"
        assert factory.walls() in ("full", "process only") or factory.walls().startswith("partial")
    finally:
        await factory.close()


async def test_a_zygote_that_was_ended_from_outside_is_replaced() -> None:
    factory = PythonReplFactory()
    try:
        await factory.warm()
        zygote = factory._zygote
        assert zygote is not None and zygote._process is not None
        zygote._process.kill()
        repl = await factory.open("text", "q", ReplLimits(), names=HOST_NAMES)
        assert await repl.evaluate("context") == "'text'"
    finally:
        await factory.close()


async def test_closing_leaves_no_process_and_no_directory_behind() -> None:
    import os

    factory = PythonReplFactory()
    repls = [await factory.open("x" * size, "q", ReplLimits(), names=HOST_NAMES) for size in (10, 2_000_000)]
    pids = [repl._worker.process.pid for repl in repls if repl._worker is not None]  # type: ignore[attr-defined]
    zygote = factory._zygote
    assert len(pids) == 2 and zygote is not None and zygote._process is not None
    await factory.close()
    await factory.close()
    assert zygote._process.poll() is not None
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    result = await repls[0].run("1", None)  # type: ignore[arg-type]
    assert result.status == "died"
