"""What a cell gives back: names, echo, output, errors, requests, answers."""

from __future__ import annotations

from rlm_tui.engine.sandbox.base import Final
from rlm_tui.engine.sandbox.repl import WorkerRepl
from tests.unit.sandbox.conftest import Bench


async def test_names_persist_and_the_last_expression_is_echoed_once(bench: Bench, repl: WorkerRepl) -> None:
    assert (await bench.ok(repl, "x = 20\nx")).echo == "20"
    result = await bench.ok(repl, "print(x); x + 1")
    assert (result.output, result.echo) == ("20\n", "21")


async def test_names_persist_after_an_exception(bench: Bench, repl: WorkerRepl) -> None:
    text = await bench.fails(repl, "kept = 1\nkept / 0\nlost = 2")
    assert "line 2, in <module>\n    kept / 0\nZeroDivisionError: division by zero" in text
    assert (await bench.ok(repl, "kept")).echo == "1"
    assert "lost" in await bench.fails(repl, "lost")


async def test_requests_reach_the_host_with_their_line(bench: Bench, repl: WorkerRepl) -> None:
    result = await bench.ok(repl, "a = 1\nllm_query('hello', context='text', model='m', schema={'type': 'object'})")
    assert result.echo == "'re:hello'"
    (call,) = bench.host.calls
    assert (call.name, list(call.prompts), list(call.contexts), call.model, call.schema, call.line) == (
        "llm_query", ["hello"], ["text"], "m", {"type": "object"}, 2,
    )  # fmt: skip


async def test_a_failed_slot_is_falsy_and_the_others_survive(bench: Bench, repl: WorkerRepl) -> None:
    code = (
        "rs = llm_query_batched(['a', 'FAIL', 'c'])\n[bool(r) for r in rs], str(rs[1]), isinstance(rs[1], SubcallError)"
    )
    assert (await bench.ok(repl, code)).echo == "([True, False, True], '[ERROR] no luck at all', True)"
    assert "SubcallError: [ERROR] no luck at all" in await bench.fails(repl, "llm_query('FAIL')")


async def test_the_first_answer_counts(bench: Bench, repl: WorkerRepl) -> None:
    result = await bench.ok(repl, "FINAL([1, 'a'])\nFINAL('second')\nprint('ran to the end')")
    assert result.final == Final("FINAL", "[1, 'a']", [1, "a"])
    assert result.output == "ran to the end\n"
    assert any("ignored" in notice for notice in result.notices)


async def test_final_var_of_an_unknown_name_never_gives_the_name(bench: Bench, repl: WorkerRepl) -> None:
    text = await bench.fails(repl, "found = 3\nFINAL_VAR('fond')")
    assert "no variable 'fond'; your variables: found" in text
    assert (await bench.ok(repl, "FINAL_VAR('found')")).final == Final("FINAL_VAR", "3", 3)


async def test_answer_captures_its_content_at_the_first_flip(bench: Bench, repl: WorkerRepl) -> None:
    code = "answer['content'] = 'first'; answer['ready'] = True; answer['content'] = 'later'"
    assert (await bench.ok(repl, code)).final == Final("answer", "first", "first")


async def test_the_scaffold_is_restored_before_the_next_cell(bench: Bench, repl: WorkerRepl) -> None:
    result = await bench.ok(repl, "context = 'mine'\nllm_query = None")
    assert len(result.notices) == 2
    assert (await bench.ok(repl, "context[:5], llm_query('x')")).echo == "('alpha', 're:x')"


async def test_names_say_what_exists(bench: Bench) -> None:
    repl = await bench.open(names=frozenset({"llm_query"}))
    assert (
        await bench.ok(repl, "'rlm_query' in globals(), 'recursive_llm' in globals(), 'llm_query' in globals()")
    ).echo == ("(False, False, True)")


async def test_after_a_kill_the_result_says_that_the_names_are_lost(bench: Bench) -> None:
    repl = await bench.open(seconds=0.3)
    result = await bench.run(repl, "sum(range(10**13))")
    assert (result.status, result.lost) == ("timeout", True)
    assert (await bench.ok(repl, "1 + 1")).echo == "2"
