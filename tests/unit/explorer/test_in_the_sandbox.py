"""What the explorer writes passes the language policy and runs in the real REPL."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from rlm_tui.engine.providers.base import ChatMessage, Request
from rlm_tui.engine.providers.explorer.provider import ExplorerProvider
from rlm_tui.engine.sandbox.base import HostCall, ReplLimits, Slot
from rlm_tui.engine.sandbox.factory import PythonReplFactory
from tests.unit.explorer.harness import SYSTEM, probe

FIXTURES = Path(__file__).parents[2] / "fixtures" / "explorer"
QUESTIONS = json.loads((FIXTURES / "questions.json").read_text(encoding="utf-8"))
NAMES = frozenset({"llm_query", "llm_query_batched"})


class Host:
    """Answers sub-calls with the explorer itself."""

    async def call(self, request: HostCall) -> Sequence[Slot]:
        provider = ExplorerProvider()
        replies = [
            await provider.complete(Request("explorer", (ChatMessage("user", p),), 4000)) for p in request.prompts
        ]
        return [Slot(value=reply.text) for reply in replies]

    def output(self, text: str) -> None:
        return None


@pytest.mark.parametrize("name", sorted(QUESTIONS))
async def test_its_cells_run_in_the_repl(name: str) -> None:
    factory = PythonReplFactory()
    text, question = (FIXTURES / name).read_text(encoding="utf-8"), QUESTIONS[name][-1][0]
    repl = await factory.open(text, question, ReplLimits(), names=NAMES)
    messages = [
        ChatMessage("system", SYSTEM),
        ChatMessage("user", f"Question:\n{question}\n\nContext:\n{probe(text)}"),
    ]
    try:
        for _ in range(8):
            reply = (await ExplorerProvider().complete(Request("explorer", tuple(messages), 4000))).text
            block = re.search(r"```repl\n(.*?)\n```", reply, re.S)
            assert block
            result = await repl.run(block[1], Host())
            assert result.error is None, (result.error, block[1])
            if result.final is not None:
                assert result.final.text
                return
            messages += [ChatMessage("assistant", reply), ChatMessage("user", result.output)]
        pytest.fail("it never finished")
    finally:
        await repl.close()
        await factory.close()
