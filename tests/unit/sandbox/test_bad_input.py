"""Source that is not a program, and text that is awkward: one sentence, and the REPL goes on."""

from __future__ import annotations

from typing import Any

import pytest

from rlm_tui.engine.sandbox.base import ReplLimits
from rlm_tui.engine.sandbox.factory import PythonReplFactory
from rlm_tui.engine.sandbox.repl import WorkerRepl
from tests.unit.sandbox.conftest import Bench

SOURCES: dict[str, tuple[Any, str]] = {
    "NUL": ("x = 1\x00", "NUL character"),
    "lone surrogate": ("x = '\ud800'", "surrogate"),
    "10 MB": ("x = 1\n" * 1_700_000, "at most 1,000,000"),
    "nested parentheses": ("(" * 100_000 + ")" * 100_000, "too many nested parentheses"),
    "nested lists": ("x = " + "[" * 5_000 + "]" * 5_000, "too many nested parentheses"),
    "nested minus": ("-" * 100_000 + "1", "nested too deeply"),
    "nested attribute": ("x" + ".a" * 50_000, "nested too deeply"),
    "nested blocks": ("\n".join(" " * i + "if 1:" for i in range(120)) + "\n" + " " * 120 + "pass", "indentation"),
    "long sum": ("+".join(["1"] * 50_000), "nested too deeply"),
    "bytes": (b"x = 1", "must be text"),
    "none": (None, "must be text"),
    "prose": ("Let me look at the context first.", "invalid syntax"),
    "half a string": ("print('a", "unterminated string"),
    "bad indentation": ("def f():\nreturn 1", "expected an indented block"),
    "python 2": ("print 'x'", "Missing parentheses"),
    "tabs and spaces": ("if 1:\n\tx = 1\n        y = 2", "tabs and spaces"),
    "assignment to a literal": ("1 = x", "cannot assign to literal"),
    "return outside": ("return 5", "'return' outside function"),
    "nonlocal at the top": ("nonlocal x", "nonlocal declaration not allowed at module level"),
}


@pytest.mark.parametrize(("source", "sentence"), SOURCES.values(), ids=SOURCES)
async def test_is_refused_with_one_sentence(bench: Bench, repl: WorkerRepl, source: Any, sentence: str) -> None:
    await bench.ok(repl, "kept = 1")
    result = await bench.run(repl, source)
    assert result.status == "refused"
    assert result.error is not None
    assert sentence in result.error.message
    assert "\n" not in result.error.message
    assert len(result.error.text) < 1_000
    assert (await bench.ok(repl, "kept")).echo == "1"


async def test_an_empty_cell_is_fine(bench: Bench, repl: WorkerRepl) -> None:
    for code in ("", "\n\n", "# only a comment", "   "):
        assert (await bench.ok(repl, code)).echo is None


async def test_awkward_output_is_data(bench: Bench, repl: WorkerRepl) -> None:
    code = "print('[red]x[/] \\x1b[31m \\x00 \\ud800 \\u202e' + 'y' * 20000)\n'\\ud800\\x00'"
    result = await bench.ok(repl, code)
    assert result.output == "[red]x[/] \x1b[31m \x00 \ud800 \u202e" + "y" * 20000 + "\n"
    assert result.echo == "'\\ud800\\x00'"
    assert "".join(bench.host.printed) == result.output
    assert all(len(piece) <= 16_000 for piece in bench.host.printed)


async def test_awkward_values_finish_and_ask(bench: Bench, repl: WorkerRepl) -> None:
    result = await bench.ok(repl, "FINAL('\\ud800 \\x00')")
    assert result.final is not None and result.final.text == "\ud800 \x00"
    result = await bench.ok(repl, "FINAL({'a': float('nan'), 'b': {1}})")
    assert result.final is not None and result.final.value is None and "nan" in result.final.text
    result = await bench.ok(repl, "FINAL(10 ** 30)")
    assert result.final is not None and (result.final.text, result.final.value) == (str(10**30), None)
    await bench.ok(repl, "llm_query('\\ud800')")
    assert bench.host.calls[-1].prompts[0] == "\ud800"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("llm_query(5)", "llm_query() wants a prompt as str, not int"),
        ("llm_query(['a'])", "use llm_query_batched"),
        ("llm_query_batched('a')", "wants a list of prompts"),
        ("llm_query_batched(['a', 5])", "wants a prompt as str, not int"),
        ("llm_query_batched(['a'] * 1001)", "at most 1,000 prompts"),
        ("llm_query_batched(['a'], contexts=['x', 'y'])", "1 prompts but 2 contexts"),
        ("llm_query('a', model=3)", "wants model as str"),
        ("llm_query('a', schema='x')", "wants schema as a JSON schema dict"),
        ("rlm_query('a', {1: object()})", "wants a context"),
        ("llm_query('x' * 9_000_000)", "at most 8,000,000"),
        ("FINAL()", "FINAL() needs the answer"),
        ("llm_query()", "missing 1 required positional argument: 'prompt'"),
    ],
)
async def test_wrong_arguments_are_named(bench: Bench, repl: WorkerRepl, call: str, sentence: str) -> None:
    assert sentence in await bench.fails(repl, call)
    assert bench.host.calls == []


@pytest.mark.parametrize(
    "context", ["", "\ud800\x00", [], {}, ["a", {"b": [1.5, None, True]}], {"x": "y"}, [10**30], {1: "one"}]
)
async def test_any_json_is_a_context(bench: Bench, context: Any) -> None:
    repl = await bench.open(context)
    assert (await bench.ok(repl, "context")).echo == repr(context)


@pytest.mark.parametrize("context", [5, None, object(), {"a": object()}, [{1, 2}]])
async def test_a_context_that_is_not_json_is_refused_in_a_sentence(factory: PythonReplFactory, context: Any) -> None:
    with pytest.raises(TypeError, match="the context"):
        await factory.open(context, "q", ReplLimits(), names=frozenset())


@pytest.mark.parametrize("code", ["x" + ".a" * 300, "+".join(["1"] * 300), "f(" * 60 + "1" + ")" * 60])
async def test_deep_but_sane_code_is_compiled_quickly(bench: Bench, code: str) -> None:
    repl = await bench.open(seconds=2.0)
    result = await bench.run(repl, code)
    assert result.status in ("ok", "error")
    assert result.error is None or result.error.type in ("NameError",)


async def test_a_stop_of_the_codes_own_making_is_only_a_stop(bench: Bench) -> None:
    repl = await bench.open(seconds=0.3)
    steal = (
        "kept = []\nclass C:\n    def __enter__(self): pass\n"
        "    def __exit__(self, kind, error, trace): kept.append(kind)\nwith C():\n    while True: pass"
    )
    assert (await bench.run(repl, steal)).status == "timeout"
    result = await bench.run(repl, "raise kept[0](['not', 'a', 'reason'])")
    assert (result.status, result.lost) == ("timeout", False)
    assert (await bench.ok(repl, "1 + 1")).echo == "2"


async def test_finalisers_of_generators_act_within_limits(bench: Bench) -> None:
    repl = await bench.open(seconds=0.5)
    bomb = (
        "def g():\n    try:\n        yield\n    finally:\n        llm_query('late')\nllm_query = g()\nnext(llm_query)"
    )
    await bench.ok(repl, bomb)
    await bench.ok(repl, "1")
    assert bench.host.calls == []
