"""Plays a node's loop around the explorer: its cells run in a plain namespace, its own answers serve the sub-calls."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import traceback
from dataclasses import dataclass, field
from typing import Any

from rlm_tui.engine.providers.base import ChatMessage, Request
from rlm_tui.engine.providers.explorer.provider import ExplorerProvider

SYSTEM = "You work in a Python REPL.\n\nllm_query(prompt)\nllm_query_batched(prompts)\nFINAL(value)\n"


@dataclass
class Played:
    """What a run came to: the answer, the cells, and what each of them printed."""

    answer: str = ""
    cells: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    depth: int = 0

    @property
    def headline(self) -> str:
        return self.answer.strip().split("\n")[0] if self.answer.strip() else ""

    @property
    def knows(self) -> bool:
        return "can't work this out" not in self.answer


def probe(context: Any) -> str:
    text = context if isinstance(context, str) else str(context)
    head = f"type: {type(context).__name__}\ncharacters: {len(text):,}\nlines: {text.count(chr(10)) + 1}\n"
    return head + f"--- first 500 characters ---\n{text[:500]}\n--- last 500 characters ---\n{text[-500:]}"


def ask(provider: ExplorerProvider, messages: list[ChatMessage]) -> str:
    return asyncio.run(provider.complete(Request("explorer", tuple(messages), 4000))).text


def play(question: str, context: Any, *, max_depth: int = 1, depth: int = 0, turns: int = 10) -> Played:
    """Answer a question about a context as the engine would, without the engine."""
    provider, played = ExplorerProvider(), Played(depth=depth)
    inner = depth + 1 < max_depth

    def llm_query(prompt: str, context: Any = None) -> str:
        return ask(provider, [ChatMessage("user", prompt if context is None else f"{prompt}\n\n{context}")])

    def rlm_query_batched(queries: list[str], contexts: list[Any]) -> list[str]:
        return [play(q, c, max_depth=max_depth, depth=depth + 1).answer for q, c in zip(queries, contexts, strict=True)]

    space: dict[str, Any] = {
        "__name__": "__main__",
        "context": context,
        "query": question,
        "llm_query": llm_query,
        "llm_query_batched": lambda prompts, contexts=None: [llm_query(p) for p in prompts],
        "FINAL": lambda value: played.__setattr__("answer", played.answer or str(value)),
    }
    system = SYSTEM
    if inner:
        space["rlm_query_batched"] = rlm_query_batched
        system += "rlm_query(query, context)\nrlm_query_batched(queries, contexts)\n"
    messages = [
        ChatMessage("system", system),
        ChatMessage("user", f"Question:\n{question}\n\nContext:\n{probe(context)}"),
    ]
    for turn in range(1, turns + 1):
        reply = ask(provider, messages)
        block = re.search(r"```repl\n(.*?)\n```", reply, re.S)
        assert block, reply
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(block[1], f"cell {turn}", "exec"), space)
        except Exception as error:
            line = next(
                (
                    f.lineno
                    for f in reversed(traceback.extract_tb(error.__traceback__))
                    if f.filename.startswith("cell")
                ),
                0,
            )
            printed.write(f"Error: {type(error).__name__}: {error} (line {line})\n")
        output = printed.getvalue()
        if len(output) > 8000:
            output = output[:4800] + f"\n… {len(output) - 8000} characters left out …\n" + output[-3200:]
        played.cells.append(block[1])
        played.outputs.append(output)
        if played.answer:
            return played
        messages += [ChatMessage("assistant", reply), ChatMessage("user", f"{output}\n[turn {turn}/30 · left: $1.00]")]
    return played
