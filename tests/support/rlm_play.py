"""What a language model says when it works as an RLM, for a local server: two turns, a batch, a child, an error, an answer.

    with FakeOpenAI(rlm_model()) as server:
        RLM("openai/any", api_base=server.base_url, max_depth=2).completion("How many fruits?", FRUIT)

The model is a pure function of the request, so it may be asked in any order and at any depth.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.support.openai_server import Answer, Reply

FRUIT = "\n".join(
    f"record {i}: {word}" for i, word in enumerate(["apple", "stone", "pear", "chair", "plum", "iron"] * 20)
)
"""120 records, 60 of which name a fruit."""

ROOT = [
    "Let me look first.\n```repl\nlines = context.splitlines()\nprint(len(lines), lines[0])\nwords = sorted({l.split()[-1] for l in lines})\n"
    "print(words)\n```",
    "Now a mistake, to see what happens.\n```repl\nkept = 'kept before the error'\nprint(undefined_name)\n```",
    "I ask about each word at once.\n```repl\nanswers = llm_query_batched(['Is this a fruit? ' + w for w in words])\n"
    "fruits = [w for w, a in zip(words, answers) if a.startswith('yes')]\nprint(kept, fruits)\n```",
    "A second opinion on one part.\n```repl\npart = rlm_query('How many lines has this part?', '\\n'.join(lines[:10]))\nprint(part)\n```",
    "```repl\ncount = sum(l.split()[-1] in fruits for l in lines)\nFINAL(f'{count} fruits; the part has {part}')\n```",
]
CHILD = [
    "```repl\nn = len(context.splitlines())\nprint(n)\n```",
    "```repl\nFINAL(f'{n} lines')\n```",
]
ANSWER = "60 fruits; the part has 10 lines"
"""What `ROOT` comes to over `FRUIT`, with ``max_depth=2``."""


def rlm_model(delay: float = 0.0, pieces: int = 6) -> Callable[[dict[str, Any]], Reply]:
    """The model. `delay` is seconds before each reply, `pieces` the number of chunks of a streamed one."""

    def answer(body: dict[str, Any]) -> Reply:
        messages = body["messages"]
        if messages[0]["role"] != "system":
            prompt = messages[0]["content"]
            fruit = re.search(r"fruit\? (apple|pear|plum)", prompt)
            return Answer("yes" if fruit else "no", delay=delay)
        turns = CHILD if "How many lines has this part?" in messages[1]["content"] else ROOT
        number = sum(m["role"] == "assistant" for m in messages)
        return Answer(turns[min(number, len(turns) - 1)], delay=delay, pieces=pieces)

    return answer
