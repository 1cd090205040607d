"""The second language behind the same protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from rlm_tui.engine.sandbox import javascript
from rlm_tui.engine.sandbox.base import Final, Recorded, ReplLimits
from rlm_tui.engine.sandbox.process import StartError
from rlm_tui.engine.sandbox.repl import WorkerRepl
from tests.unit.sandbox.conftest import Bench

needs_engine = pytest.mark.skipif(not javascript.available(), reason="quickjs-ng is not installed")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def js_factory() -> AsyncIterator[javascript.JavaScriptReplFactory]:
    factory = javascript.JavaScriptReplFactory()
    yield factory
    await factory.close()


@pytest_asyncio.fixture(loop_scope="session")
async def js(js_factory: javascript.JavaScriptReplFactory) -> AsyncIterator[Bench]:
    bench = Bench(js_factory)
    yield bench
    for repl in bench.opened:
        await repl.close()


@pytest_asyncio.fixture(loop_scope="session")
async def repl(js: Bench) -> WorkerRepl:
    return await js.open(seconds=1.0)


@needs_engine
@pytest.mark.parametrize(
    ("code", "echo"),
    [
        ("1 + 1", "2"),
        ("const x = [1, 2, {a: 'b'}];\nx", '[1, 2, {a: "b"}]'),
        ("context.length + ' ' + context.slice(0, 5)", '"680 alpha"'),
        ("query", '"what?"'),
        ("llm_query('hi')", '"re:hi"'),
        ("await llm_query('hi')", '"re:hi"'),
        ("const r = await Promise.all(['a', 'b'].map(async p => await llm_query(p)));\nr", '["re:a", "re:b"]'),
        ("llm_query_batched(['a', 'FAIL'])", '["re:a", "[ERROR] no luck at all"]'),
        ("try { llm_query('FAIL') } catch (e) { e.name + ' ' + e }", '"SubcallError [ERROR] no luck at all"'),
        ("budget().calls", "7"),
        ("class P { constructor(n) { this.n = n } }\nnew P(3).n", "3"),
        ("context.split('\\n').filter(l => /beta/.test(l)).length", "40"),
        ("async function f() { return 5 }\nawait f()", "5"),
        ("new Map([[1, 'a']])", 'Map {1 => "a"}'),
        ("undefined", "None"),
    ],
)
async def test_cells(js: Bench, repl: WorkerRepl, code: str, echo: str) -> None:
    assert ((await js.ok(repl, code)).echo or "None") == echo


@needs_engine
async def test_names_persist_and_may_be_declared_again(js: Bench, repl: WorkerRepl) -> None:
    await js.ok(repl, "const a = 1; let b = 2\nlet c = 3")
    result = await js.ok(repl, "const c = 4\nconsole.log('c is', c, [c])\nfunction g() { return c * 2 }")
    assert result.output == "c is 4 [4]\n"
    assert (await js.ok(repl, "g()")).echo == "8"
    assert {v.name for v in result.variables} >= {"a", "c", "g"}


@needs_engine
async def test_names_awaited_at_the_top_level_persist(js: Bench, repl: WorkerRepl) -> None:
    await js.ok(repl, "const first = await llm_query('x')\nlet {length} = first\nprint(first)")
    assert (await js.ok(repl, "[first, length]")).echo == '["re:x", 4]'


@needs_engine
async def test_answers(js: Bench, repl: WorkerRepl) -> None:
    assert (await js.ok(repl, "FINAL({a: [1]}); FINAL(2)")).final == Final("FINAL", "{a: [1]}", {"a": [1]})
    assert (await js.ok(repl, "const v = 'text'; FINAL_VAR('v')")).final == Final("FINAL_VAR", "text", "text")
    assert (await js.ok(repl, "answer.content = 'c'; answer.ready = true")).final == Final("answer", "c", "c")
    assert "there is no variable 'nope'; your variables: v" in await js.fails(repl, "FINAL_VAR('nope')")


@needs_engine
async def test_errors_teach(js: Bench, repl: WorkerRepl) -> None:
    text = await js.fails(repl, "let ok = 1\nnull.x")
    assert text.startswith("TypeError: ") and "line 2: null.x" in text
    assert (await js.ok(repl, "ok")).echo == "1"
    assert "SyntaxError" in await js.fails(repl, "let = = 5", "refused")
    assert "not defined" in await js.fails(repl, "nope")


@needs_engine
@pytest.mark.parametrize("code", ["while (true) {}", "/(a+)+$/.test('a'.repeat(40) + 'b')"])
async def test_runaways_are_killed_in_time(js: Bench, repl: WorkerRepl, code: str) -> None:
    result = await js.run(repl, code)
    assert (result.status, result.lost) == ("timeout", True)
    await repl.restore([Recorded("var kept = 1")])
    assert await repl.evaluate("kept") == "1"


@needs_engine
@pytest.mark.parametrize(
    "code",
    [
        "'x'.repeat(2 ** 29 - 1).split('')",
        "function f() { return f() + 1 }\nf()",
        "let a = []; while (true) a.push('x'.repeat(1e6) + a.length)",
    ],
)
async def test_memory_and_recursion_end_cleanly_or_say_that_names_are_lost(js: Bench, code: str) -> None:
    repl = await js.open(seconds=3.0, memory_mb=128)
    result = await js.run(repl, code)
    assert result.status in ("error", "memory", "timeout", "died")
    assert (await js.ok(repl, "1")).echo == "1"


@needs_engine
@pytest.mark.parametrize(
    "code",
    [
        "std.open('/etc/passwd')",
        "os.getenv('HOME')",
        "require('fs')",
        "process.env",
        "fetch('http://127.0.0.1')",
        "__host('print', '[]')",
    ],
)
async def test_nothing_leads_out(js: Bench, repl: WorkerRepl, code: str) -> None:
    await js.fails(repl, code)


@needs_engine
@pytest.mark.parametrize("context", [{"a": "x", "b": [1, None]}, ["p", "q"], "é😀"])
async def test_contexts(js: Bench, context: Any) -> None:
    import json

    repl = await js.open(context)
    assert json.loads(json.loads((await js.ok(repl, "JSON.stringify(context)")).echo or "")) == context


@needs_engine
async def test_only_the_names_that_exist_here(js: Bench) -> None:
    repl = await js.open(names=frozenset({"llm_query"}))
    assert (await js.ok(repl, "[typeof llm_query, typeof rlm_query, typeof recursive_llm]")).echo == (
        '["function", "undefined", "undefined"]'
    )


async def test_a_missing_engine_is_said_in_one_sentence(
    js_factory: javascript.JavaScriptReplFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(javascript, "available", lambda: False)
    with pytest.raises(StartError, match=r"rlm-tui\[javascript\]"):
        await js_factory.open("x", "q", ReplLimits(), names=frozenset())
