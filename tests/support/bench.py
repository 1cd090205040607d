"""A task and a model for tests of the laboratory: small, exact, without a network."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rlm_tui.bench.base import Document, Item, Score, digest
from rlm_tui.bench.method import method_of
from rlm_tui.bench.suite import Suite, Work
from rlm_tui.engine.providers.base import ModelInfo, Price, ProviderError, Reply, Request
from rlm_tui.events import Limits, RunConfig, Usage

PRICE = Price(1e-6, 1e-6)


class Sums:
    """Add up the numbers of a short list. `questions` are asked of each window; their answers are all the same."""

    name: ClassVar[str] = "sums"
    summary: ClassVar[str] = "sums of short lists"
    notice: ClassVar[str] = "made for tests"
    answer_types: ClassVar[tuple[str, ...]] = ("NUMERIC", "LABEL")
    axis: ClassVar[str] = "tokens"
    needs: ClassVar[str] = ""
    lengths: tuple[int, ...] = (8, 16)

    def __init__(self, questions: int = 2, windows: int = 2) -> None:
        self.questions, self.windows = questions, windows

    def _text(self, length: int, seed: int, window: int) -> str:
        return "".join(f"number {n * (window + 1) + seed}\n" for n in range(length))

    def items(self, length: int, seed: int, limit: int | None = None) -> list[Item]:
        found = []
        for window in range(self.windows):
            text = self._text(length, seed, window)
            total = sum(int(n) for n in re.findall(r"\d+", text))
            for question in range(self.questions):
                found.append(
                    Item(
                        id=f"{length}.{seed}.{window}.{question}",
                        window=f"{length}.{seed}.{window}",
                        question=f"Question {question}: what is the sum?",
                        gold=(str(total),),
                        answer_type="NUMERIC" if question % 2 == 0 else "LABEL",
                        length=length,
                        document=digest(text),
                    )
                )
        return found[:limit]

    def document(self, item: Item) -> Document:
        length, seed, window = (int(part) for part in item.window.split("."))
        return self._text(length, seed, window)

    def score(self, item: Item, answer: str) -> Score:
        found = re.findall(r"\d+", answer)
        parsed = found[-1] if found else ""
        return Score(float(answer.strip() == item.gold[0]), float(parsed == item.gold[0]), parsed=parsed)


def add_up(prompt: str) -> str:
    """The right answer to a question of `Sums`."""
    return str(sum(int(n) for n in re.findall(r"number (\d+)", prompt)))


LOOK = """```repl
total = sum(int(line.split()[1]) for line in context.splitlines())
print(total)
```"""
ANSWER = """```repl
FINAL(total)
```"""


class Mocked:
    """A provider that answers after `delay` seconds.

    Direct questions are answered by `answer`; an RLM looks in its first turn and answers in its second. `fault` says
    which prompts fail, and how. `prices` and `window` are what the model says of itself.
    """

    def __init__(
        self,
        delay: float = 0.0,
        answer: Callable[[str], str] = add_up,
        *,
        price: Price | None = PRICE,
        window: int | None = None,
        fault: Callable[[str], str | None] = lambda prompt: None,
        turns: Sequence[str] = (LOOK, ANSWER),
    ) -> None:
        self.delay, self.answer, self.price, self.window, self.fault = delay, answer, price, window, fault
        self.turns = turns
        self.asked: Counter[str] = Counter()
        self.flying = self.most_flying = 0
        self.hold: asyncio.Event | None = None

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(model, self.window, self.price)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        self.flying += 1
        self.most_flying = max(self.most_flying, self.flying)
        try:
            prompt = request.messages[-1].content
            question = next(m.content for m in request.messages if m.role == "user")
            self.asked[question] += 1
            if self.hold is not None:
                await self.hold.wait()
            await asyncio.sleep(self.delay)
            kind = self.fault(question)
            if kind is not None:
                raise ProviderError(kind, f"the mock says {kind}")
            if request.messages[0].role == "system":
                turn = sum(message.role == "assistant" for message in request.messages)
                text = self.turns[min(turn, len(self.turns) - 1)]
            else:
                text = self.answer(prompt)
            return Reply(text, "stop", Usage(calls=1, input=100, output=10))
        finally:
            self.flying -= 1

    async def close(self) -> None:
        pass


def works_of(
    task: Any = None,
    models: Iterable[str] = ("mock",),
    methods: Iterable[str] = ("direct",),
    *,
    name: str = "sums",
    limits: Limits | None = None,
    **fields: Any,
) -> list[Work]:
    """The cells of a suite over `Sums`."""
    config = RunConfig(model="", limits=limits or Limits())
    task = task or Sums()
    return Suite(name, "sums", task, config, tuple(models), tuple(method_of(m) for m in methods), **fields).works()


def store_at(folder: Path) -> Path:
    """Where a test's store is."""
    return folder / "sessions.db"
