"""A session whose REPL speaks JavaScript: what the model is told, what runs, and how it ends."""

from __future__ import annotations

import pytest

from rlm_tui import events as ev
from rlm_tui.engine.dialect import JAVASCRIPT
from rlm_tui.engine.parse import read_reply
from rlm_tui.engine.sandbox import javascript
from rlm_tui.engine.tools import tools_of
from tests.support.engine import FakeModels, play

pytestmark = pytest.mark.skipif(not javascript.available(), reason="quickjs-ng is not installed")

LOOK = "```js\nconst lines = context.trim().split('\\n');\nprint(lines.length)\n```"


async def test_a_session_in_javascript() -> None:
    ask = (
        "```repl\nconst found = llm_query_batched(lines.slice(0, 3).map(l => 'Which animal? ' + l));\nprint(found)\n```"
    )
    done = "```javascript\nFINAL({lines: lines.length, first: found[0]})\n```"
    ran = await play(FakeModels([LOOK, ask, done], leaf=lambda prompt: "fox"), repl="javascript")
    assert ran.ended.outcome.value == {"lines": 100, "first": "fox"}
    assert [c.error for c in ran.events(ev.CellFinished)] == [None] * 4
    leaves = [c for c in ran.events(ev.CallReserved) if c.purpose == "leaf"]
    assert len(leaves) == 3 and leaves[0].batch is not None


async def test_the_model_is_told_that_it_is_javascript() -> None:
    models = FakeModels([LOOK, "```repl\nFINAL(lines.length)\n```"])
    await play(models, repl="javascript")
    system = models.requests[0].messages[0].content
    assert "JavaScript REPL" in system and "Python" not in system
    assert "answer.ready = true" in system


async def test_functions_of_the_user() -> None:
    def price(item: str, amount: int = 1) -> float:
        """The price of some items."""
        return 2.5 * amount

    tools = tools_of([price])
    models = FakeModels([LOOK, "```repl\nprint(price('tea', 2)); FINAL(price('cake'))\n```"])
    told = {name: tool.about for name, tool in tools.items()}
    ran = await play(models, repl="javascript", tools=tools, config_tools=told)
    assert ran.ended.outcome.value == 2.5
    assert len(ran.events(ev.ToolCalled)) == 2


async def test_an_error_teaches_and_the_names_stay() -> None:
    wrong = "```repl\nlines.nope.length\n```"
    models = FakeModels([LOOK, wrong, "```repl\nFINAL(lines.length)\n```"])
    ran = await play(models, repl="javascript")
    assert ran.ended.outcome.value == 100
    assert "TypeError" in models.requests[2].messages[-1].content


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("```js\nprint(1)\n```", "cell"),
        ("```repl\nprint(1)\n```", "cell"),
        ("```\nprint(1)\n```", "cell"),
        ("```python\nprint(1)\n```", "nudge"),
        ("const n = context.length; print(n)", "cell"),
        ("await llm_query('x')", "cell"),
        ("let me look at the context first", "nudge"),
        ("FINAL(42)", "final"),
        ("FINAL(lines.length)", "cell"),
        ("FINAL_VAR(lines)", "cell"),
        ("```js\nprint(`a\nb`)\n```\nThen I will stop.", "cell"),
    ],
)
def test_replies(reply: str, action: str) -> None:
    assert read_reply(reply, dialect=JAVASCRIPT).action == action


def test_javascript_is_prose_for_python() -> None:
    assert read_reply("```js\nprint(1)\n```").action == "nudge"
