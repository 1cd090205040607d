"""Our tasks and methods inside ``inspect_ai``: a task, a solver and a scorer, found there as ``rlm_tui/…`` (extra `inspect`).

``inspect eval rlm_tui/rlm_bench -T suite=sniah -T lengths=8192 -T method=rlm:1 --model openai/gpt-5-mini``

Models are asked through Inspect, so that its limits, caches and counts hold; each sample is also a session in our store,
whose id is in the sample's metadata. Samples hold no documents: the solver makes them again, or reads them from their paths.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from inspect_ai import Task as InspectTask
from inspect_ai import task as inspect_task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from rlm_tui.bench.base import BenchError, Document, Item, Task
from rlm_tui.bench.direct import run_direct
from rlm_tui.bench.method import method_of
from rlm_tui.bench.tasks import task as our_task
from rlm_tui.document.coverage import Matcher
from rlm_tui.document.loader import load
from rlm_tui.engine.engine import Ended
from rlm_tui.engine.providers.base import ModelInfo, ProviderError, Reply, Request
from rlm_tui.engine.providers.registry import Providers
from rlm_tui.engine.sandbox.languages import factory_for
from rlm_tui.events import Limits, RunConfig, Usage
from rlm_tui.session.setup import Setup, Shared, documents_of, run_on
from rlm_tui.store import Store

_ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
_FINISH = {"max_tokens": "length", "model_length": "length"}


class InspectModel:
    """A provider that asks `model`, whichever model a session names."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def info(self, model: str) -> ModelInfo:
        """Prices and windows are Inspect's business."""
        return ModelInfo(model)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        """Ask. Raises `ProviderError` when the reply was refused or is none."""
        messages: list[ChatMessage] = [_ROLES[one.role](content=one.content) for one in request.messages]
        config = GenerateConfig(max_tokens=request.max_output_tokens, temperature=request.temperature)
        output = await self._model.generate(messages, config=config)
        if output.error:
            raise ProviderError("server", f"Inspect's model {self._model} failed: {output.error}")
        if not output.choices:
            raise ProviderError("empty", f"Inspect's model {self._model} gave no reply")
        return Reply(output.completion, _FINISH.get(output.stop_reason, output.stop_reason), _usage(output))

    async def close(self) -> None:
        """The model is Inspect's."""


def _usage(output: ModelOutput) -> Usage:
    used = output.usage
    if used is None:
        return Usage(calls=1, estimated=True)
    cached, written = used.input_tokens_cache_read or 0, used.input_tokens_cache_write or 0
    return Usage(
        calls=1,
        input=used.input_tokens + cached + written,
        cached=cached,
        cache_write=written,
        output=used.output_tokens,
        reasoning=used.reasoning_tokens or 0,
    )


@cache
def _made(suite: str, data: str | None) -> Task:
    return our_task(suite, Path(data).expanduser() if data is not None else None)


@inspect_task
def rlm_bench(
    suite: str = "sniah",
    lengths: str | int = "",
    limit: int | None = None,
    method: str = "rlm:1",
    data: str | None = None,
    data_seed: int = 0,
    store: str | None = None,
) -> InspectTask:
    """A task of ours (`rlm-tui bench list`) with one of our methods. `lengths` is a list with commas, `data` the file of a
    task that reads one, `store` where the sessions are saved. Raises `BenchError`.
    """
    made = _made(suite, data)
    axis = [int(word) for word in str(lengths).split(",") if word.strip()] or list(made.lengths)
    samples = []
    for length in axis:
        for item in made.items(length, data_seed, limit):
            about = {"suite": suite, "data": data, "window": item.window, "length": item.length}
            samples.append(
                Sample(
                    id=item.id,
                    input=item.question,
                    target=list(item.gold),
                    metadata={**about, "answer_type": item.answer_type, "item": msgspec.to_builtins(item)},
                )
            )
    return InspectTask(
        name=f"rlm_{suite}".replace("-", "_"),
        dataset=MemoryDataset(samples, name=suite),
        solver=rlm_session(method=method, store=store),
        scorer=rlm_official(),
    )


@solver
def rlm_session(method: str = "rlm:1", store: str | None = None, max_turns: int = 30) -> Solver:
    """Answer a sample by a session of ours. A sample that isn't of `rlm_bench` names its text in the metadata: `document`
    is a path, a list of paths, or a pattern. Raises `BenchError`.
    """
    how = method_of(method)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        documents, context = await asyncio.to_thread(_document, state)
        model = get_model()
        config = RunConfig(model=str(model), max_depth=how.depth or 0, limits=Limits(turns=max_turns))
        setup = Setup(state.input_text, config, documents, context, custom={"*": InspectModel(model)})
        with Store.open(store) as opened:
            log = opened.create()
            models, repls = Providers(custom=setup.custom), factory_for(config.repl)
            try:
                shared = Shared(models, repls, Matcher(documents))
                ended: Ended
                if how.direct:
                    ended = await run_direct(log, log.session, setup, shared, truncate=how.truncate)
                else:
                    ended = await run_on(opened, log, log.session, setup, shared=shared)
            finally:
                await repls.close()
                await models.close()
        answer = ended.outcome.answer or ""
        state.metadata |= {"session": log.session, "session_status": ended.outcome.status}
        state.output = ModelOutput.from_content(str(model), answer)
        state.messages.append(state.output.message)
        return state

    return solve


def _document(state: TaskState) -> tuple[list[Any], Document]:
    """The documents of a sample, and the context they make."""
    if "item" in state.metadata:
        item = msgspec.convert(state.metadata["item"], Item)
        context = _made(state.metadata["suite"], state.metadata["data"]).document(item)
        return documents_of(context), context
    named = state.metadata.get("document")
    if not named:
        raise BenchError(f"the sample {state.sample_id} names no text; put its path into the metadata as document")
    loaded = list(load([Path(one) for one in ([named] if isinstance(named, str) else named)]))
    return loaded, loaded[0].text if len(loaded) == 1 else {one.name: one.text for one in loaded}


@scorer(metrics=[mean(), stderr(cluster="window")])
def rlm_official() -> Scorer:
    """Our official score, with the tolerant one in its metadata; the standard error is that over windows. For samples of
    `rlm_bench`.
    """

    async def score(state: TaskState, target: Target) -> Score:
        item = msgspec.convert(state.metadata["item"], Item)
        found = _made(state.metadata["suite"], state.metadata["data"]).score(item, state.output.completion)
        return Score(value=found.official, answer=found.parsed, metadata={"tolerant": found.tolerant})

    return score
