"""What the code read of the documents comes back as spans of characters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.sandbox.conftest import Bench

TEXT = "line one\nline two\nline three\n" * 10
LONG = {"a": "A" * 5_000, "b": "B" * 5_000}


@pytest.mark.parametrize(
    ("context", "code", "spans"),
    [
        (TEXT, "context[5:10]", [(0, 5, 10)]),
        (TEXT, "context[:3], context[-4:]", [(0, 0, 3), (0, 286, 290)]),
        (TEXT, "context[0], context[-1]", [(0, 0, 1), (0, 289, 290)]),
        (TEXT, "context[10:0:-1]", [(0, 1, 11)]),
        (TEXT, "text = context\ntext[20:30]", [(0, 20, 30)]),
        (TEXT, "def f(t, n):\n    return t[n:n + 10]\n[f(context, n) for n in range(0, 50, 10)]", [(0, 0, 50)]),
        (TEXT, "class C:\n    pass\nc = C()\nc.t = str(context)\nc.t[3:4]", [(0, 3, 4)]),
        (TEXT, "for line in context.splitlines(): pass", [(0, 0, 290)]),
        (TEXT, "words = context.split()", [(0, 0, 290)]),
        (TEXT, "n = sum(1 for c in context if c == 'x')", [(0, 0, 290)]),
        (TEXT, "list(enumerate(context))[0]", [(0, 0, 290)]),
        (TEXT, "len(context), context.find('two'), 'x' in context", []),
        (TEXT, "context.upper()[5:10]", []),
        (TEXT, "'other'[1:3]", []),
        (["aaa", "bb", "c"], "context[1]", [(1, 0, 2)]),
        (["aaa", "bb", "c"], "context[-1], context[:2]", [(0, 0, 3), (1, 0, 2), (2, 0, 1)]),
        (["aaa", "bb", "c"], "for doc in context:\n    break", [(0, 0, 3)]),
        (["aaa", "bb", "c"], "[d for d in context]", [(0, 0, 3), (1, 0, 2), (2, 0, 1)]),
        (["a" * 3_000], "context[0][100:200]", [(0, 100, 200)]),
        ([{"k": "v"}], "context[0]['k']", [(0, 0, 10)]),
        (LONG, "context['b'][10:20]", [(1, 10, 20)]),
        (LONG, "doc = context['a']\ndoc[1:2]\ndoc[2:9]", [(0, 1, 9)]),
        (LONG, "for name, text in context.items(): pass", [(0, 0, 5_000), (1, 0, 5_000)]),
        (LONG, "for t in context.values():\n    t[:5]", [(0, 0, 5_000), (1, 0, 5_000)]),
        (LONG, "list(context), len(context['a'])", [(0, 0, 5_000), (1, 0, 5_000)]),
        (LONG, "for name in context:\n    context[name][5:6]", [(0, 5, 6), (1, 5, 6)]),
        ({"x": "short"}, "context['x']", [(0, 0, 5)]),
        ({"x": "short"}, "context.keys()", []),
    ],
)  # fmt: skip
async def test_spans(bench: Bench, context: Any, code: str, spans: list[tuple[int, int, int]]) -> None:
    repl = await bench.open(context)
    result = await bench.ok(repl, code)
    assert [(s.document, s.start, s.end) for s in result.touched] == spans


async def test_spans_are_those_of_the_cell_and_merged(bench: Bench) -> None:
    repl = await bench.open(TEXT)
    await bench.ok(repl, "context[:5]")
    result = await bench.ok(repl, "for i in range(100, 200): context[i:i + 1]\ncontext[150:160]")
    assert [(s.start, s.end) for s in result.touched] == [(100, 200)]


async def test_very_many_spans_are_coarsened_not_lost(bench: Bench) -> None:
    repl = await bench.open("x" * 4_000_000, seconds=30.0)
    result = await bench.ok(repl, "for i in range(0, 4_000_000, 40): context[i:i + 3]")
    assert 0 < len(result.touched) <= 20_000
    assert (result.touched[0].start, result.touched[-1].end) == (0, 3_999_963)


async def test_a_large_context_is_shared_and_right(bench: Bench) -> None:
    text = "abcdefghij" * 400_000
    one, two = await bench.open(text), await bench.open(text)
    assert (await bench.ok(one, "len(context), context[-3:]")).echo == "(4000000, 'hij')"
    assert (await bench.ok(two, "len(context), context[-3:]")).echo == "(4000000, 'hij')"
    assert len(bench.factory._branches) >= 1
