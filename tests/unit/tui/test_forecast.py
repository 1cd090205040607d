from __future__ import annotations

import pytest

from rlm_tui.events import Variable
from rlm_tui.tui.forecast import forecast

HOLDS = (Variable("chunks", "list", 6), Variable("prompts", "list", 3), Variable("n", "int"))
HOLDS += (Variable("size", "int", preview="500"), Variable("context", "str", 6_200))


@pytest.mark.parametrize(
    ("code", "calls", "unknown"),
    [
        ("x = 1", 0, ()),
        ("a = llm_query('x') + llm_query('y')", 2, ()),
        ("llm_query_batched(prompts)", 3, ()),
        ("llm_query_batched(prompts=prompts)", 3, ()),
        ("llm_query_batched(['a', 'b'])", 2, ()),
        ("llm_query_batched([f'{c}' for c in chunks])", 6, ()),
        ("llm_query_batched([c for c in chunks if c])", 0, ("llm_query_batched",)),
        ("llm_query_batched(chunks[:4])", 4, ()),
        ("llm_query_batched([c for c in chunks[-2:]])", 2, ()),
        ("llm_query_batched(chunks[:n])", 0, ("llm_query_batched",)),
        ("llm_query_batched(chunks[::0])", 0, ("llm_query_batched",)),
        ("p = [c for c in chunks]\nllm_query_batched(p)", 6, ()),
        ("prompts = make()\nllm_query_batched(prompts)", 0, ("llm_query_batched",)),
        ("for c in chunks:\n    llm_query(c)", 6, ()),
        ("for c in chunks:\n    if llm_query(c):\n        break", 0, ("llm_query",)),
        ("for i in range(4):\n    for c in chunks:\n        llm_query(c)", 24, ()),
        ("[llm_query(c) for c in chunks]", 6, ()),
        ("{c: llm_query(c) for c in chunks}", 6, ()),
        ("while True:\n    llm_query('x')", 0, ("llm_query",)),
        ("if x:\n    llm_query('x')\nelse:\n    pass", 0, ("llm_query",)),
        ("def ask(c):\n    return llm_query(c)\nask(1)", 0, ("llm_query",)),
        ("llm_query_batched([context[i:i+500] for i in range(0, 6000, 500)])", 12, ()),
        ("llm_query_batched([context[i:i+size] for i in range(0, len(context), size)])", 13, ()),
        ("k = len(context) // 4\nparts = [context[i:i+k] for i in range(0, 4*k, k)]\nllm_query_batched(parts)", 4, ()),
        ("for i in range(2, 5 - 1):\n    llm_query(i)", 2, ()),
        ("for i in range(0, 9, 0):\n    llm_query(i)", 0, ("llm_query",)),
        ("size = find()\nfor i in range(size):\n    llm_query(i)", 0, ("llm_query",)),
        ("p = []\nfor c in make():\n    p.append(c)\nllm_query_batched(p)", 0, ("llm_query_batched",)),
        ("chunks.pop()\nllm_query_batched(chunks)", 0, ("llm_query_batched",)),
        ("del chunks[:2]\nllm_query_batched(chunks)", 0, ("llm_query_batched",)),
        ("x = a and llm_query('b')", 0, ("llm_query",)),
    ],
)
def test_only_what_is_certain_is_counted(code: str, calls: int, unknown: tuple[str, ...]) -> None:
    found = forecast(code, HOLDS)
    assert (found.calls, found.unknown) == (calls, unknown)


def test_child_nodes_are_told_apart() -> None:
    found = forecast("rlm_query('a')\nllm_query('b')\nrlm_query_batched(prompts)", HOLDS)
    assert (found.calls, found.nodes) == (5, 4)


def test_code_that_cannot_be_parsed() -> None:
    assert forecast("for").broken
    assert not forecast("await_me = 1").broken
