"""Recursion over several levels: who is at which depth, which model answers there, and what it adds up to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from rlm_tui import events as ev
from rlm_tui.engine.providers.base import ModelInfo, Price, Reply, Request
from rlm_tui.events import Limits, Usage
from tests.support.engine import FakeModels, cell, play

TEXT = "a line of some words that fills the page\n" * 400
SPLIT = cell(
    "h = len(context) // 3\ngot = rlm_query_batched(['left', 'right'], [context[:h], context[h:2 * h]])\nprint(got)"
)
TYPED = cell(
    "h = len(context) // 2\ns = {'type': 'object', 'required': ['n'], 'properties': {'n': {'type': 'integer'}}}\n"
    "got = rlm_query('how many', context[:h], schema=s)\nprint(got['n'] + 1)"
)
DONE = cell("FINAL(' '.join(str(g) for g in got))")


@dataclass
class Levels:
    """Plays the same turns at every depth and answers leaves with the name of the model that was asked."""

    turns: Sequence[str]
    requests: list[Request] = field(default_factory=list)

    def resolve(self, model: str) -> "Levels":
        return self

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(model, price=Price(1e-6, 1e-6))

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        self.requests.append(request)
        if request.messages[0].role != "system":
            return Reply(request.model, "stop", Usage(calls=1, input=5, output=1))
        spoken = sum(m.role == "assistant" for m in request.messages)
        return Reply(self.turns[min(spoken, len(self.turns) - 1)], "stop", Usage(calls=1, input=10, output=2))

    async def close(self) -> None:
        pass


async def test_three_levels_of_nodes_with_leaves_below_them() -> None:
    # Depth 0, 1 and 2 have REPLs; `rlm_query` at depth 2 is at the limit and becomes a leaf.
    ran = await play(Levels([SPLIT, DONE]), context=TEXT, max_depth=3)  # type: ignore[arg-type]
    nodes = ran.events(ev.NodeStarted)
    assert sorted(n.depth for n in nodes) == [0, 1, 1, 2, 2, 2, 2]
    leaves = [c for c in ran.events(ev.CallReserved) if c.purpose == "leaf"]
    assert len(leaves) == 8 and all(c.degraded and c.depth == 3 for c in leaves)
    assert ran.ended.outcome.answer == " ".join(["fake"] * 8)
    assert ran.ended.usage.calls == 7 * 2 + 8
    by_kind = sum(ran.ended.by_purpose.values(), Usage())
    assert by_kind.calls == ran.ended.usage.calls and by_kind.cost == pytest.approx(ran.ended.usage.cost)
    by_node = sum(ran.ended.by_node.values(), Usage())
    assert by_node.calls == ran.ended.usage.calls and by_node.cost == pytest.approx(ran.ended.usage.cost)
    assert (ran.ended.by_node["0"].calls, ran.ended.by_node["0/c1.1/c1.1"].calls) == (2, 2 + 2)
    assert ran.state.totals["0/c1.1"].calls == 3 * 2 + 4
    assert {n.node for n in nodes if n.parent == "0/c1.2"} == {"0/c1.2/c1.1", "0/c1.2/c1.2"}
    assert {e.status for e in ran.events(ev.NodeEnded)} == {"completed"}


async def test_each_depth_has_its_model() -> None:
    models = Levels([SPLIT, DONE])
    ran = await play(models, context=TEXT, max_depth=3, sub_model="small", models_at={2: "middle", 3: "tiny"})  # type: ignore[arg-type]
    assert {n.depth: n.model for n in ran.events(ev.NodeStarted)} == {0: "fake", 1: "small", 2: "middle"}
    assert {c.model for c in ran.events(ev.CallReserved) if c.purpose == "leaf"} == {"tiny"}
    assert set(ran.ended.by_model) == {"fake", "small", "middle", "tiny"}
    assert ran.ended.outcome.answer == " ".join(["tiny"] * 8)


async def test_what_a_depth_can_do_is_what_its_prompt_says() -> None:
    models = Levels([SPLIT, DONE])
    await play(models, context=TEXT, max_depth=2)  # type: ignore[arg-type]
    prompts = {r.messages[0].content for r in models.requests if r.messages[0].role == "system"}
    root, child = sorted(prompts, key=len, reverse=True)
    assert "rlm_query_batched(" in root and "rlm_query" not in child and "llm_query_batched(" in child


async def test_children_run_at_once() -> None:
    models = Levels([SPLIT, DONE])
    ran = await play(models, context=TEXT, max_depth=2)  # type: ignore[arg-type]
    order = [
        (ev.kind_of(e.event), e.event.node)
        for e in ran.log.entries
        if isinstance(e.event, ev.NodeStarted | ev.NodeEnded)
    ]
    assert order.index(("node.started", "0/c1.2")) < order.index(("node.ended", "0/c1.1"))


@pytest.mark.parametrize("calls", [4, 9, 15])
async def test_one_budget_holds_for_all_levels(calls: int) -> None:
    models = Levels([SPLIT, DONE])
    ran = await play(models, context=TEXT, max_depth=3, limits=Limits(calls=calls))  # type: ignore[arg-type]
    assert ran.ended.usage.calls <= calls == len(models.requests) or len(models.requests) < calls
    assert ran.ended.outcome.status in ("partial", "completed") and ran.ended.outcome.answer


async def test_a_typed_question_to_a_child_gives_a_value() -> None:
    child = [cell("n = len(context)\nprint(n)"), cell("FINAL('many')"), cell("FINAL({'n': n})")]
    ran = await play(FakeModels([TYPED, cell("FINAL(got['n'])")], child), context=TEXT, max_depth=2)
    assert ran.ended.outcome.answer == str(len(TEXT) // 2)
    assert [e.node for e in ran.events(ev.FinalRefused)] == ["0/c1.1"]
    assert (
        '"required": ["n"]'
        in next(r for r in ran.models.requests if "rlm_query(" not in r.messages[0].content).messages[0].content
    )
