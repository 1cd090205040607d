from __future__ import annotations

import pytest

from rlm_tui.events import Variable
from rlm_tui.tui.forecast import forecast

HOLDS = (Variable("chunks", "list", 6), Variable("prompts", "list", 3), Variable("n", "int"))


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
