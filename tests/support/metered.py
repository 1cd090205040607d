"""A model for several processes: it keeps an account of what it was asked in a file that all of them write to."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from rlm_tui.engine.providers.base import ModelInfo, Reply, Request
from rlm_tui.events import Usage
from tests.support.bench import PRICE, add_up


class Metered:
    """Answers questions of `Sums` after `delay` seconds, and can be sent to another process."""

    def __init__(self, account: Path, delay: float = 0.0) -> None:
        self.account, self.delay = account, delay

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(model, None, PRICE)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        prompt = request.messages[-1].content
        # One short write at the end of a file is whole, whoever else writes.
        line = f"{os.getpid()} {add_up(prompt)} {prompt.splitlines()[-1]}\n".encode()
        file = os.open(self.account, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(file, line)
        finally:
            os.close(file)
        await asyncio.sleep(self.delay)
        return Reply(add_up(prompt), "stop", Usage(calls=1, input=100, output=10))

    async def close(self) -> None:
        pass

    def paid(self) -> Counter[str]:
        """How often each question was asked."""
        if not self.account.exists():
            return Counter()
        return Counter(line.partition(" ")[2] for line in self.account.read_text().splitlines())

    def asked_by(self) -> set[int]:
        """The processes that asked."""
        return {int(line.split()[0]) for line in self.account.read_text().splitlines()}
