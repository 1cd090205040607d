"""What a dry run says, and what a cap does to the cells."""

from __future__ import annotations

import msgspec
import pytest

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.direct import prompt_for, text_for_prompt
from rlm_tui.bench.estimate import bounded, estimate, needs
from rlm_tui.bench.suite import Work
from rlm_tui.engine import tokens
from rlm_tui.engine.providers.base import ModelInfo, Price
from rlm_tui.store.results import CellRow
from tests.support.bench import Sums, works_of

PRICE = Price(2e-6, 8e-6)


def infos(model: str) -> ModelInfo:
    return ModelInfo(model, {"small": 100}.get(model, 10_000), None if model == "unknown" else PRICE)


def counted(work: Work) -> int:
    prompt = prompt_for(text_for_prompt(work.case.document()), work.case.question)
    encoding = tokens._encoding("o200k_base")
    assert encoding is not None
    return len(encoding.encode_ordinary(prompt)) + tokens.MESSAGE_OVERHEAD + tokens.REPLY_OVERHEAD


def test_a_direct_prompt_is_counted_to_the_token() -> None:
    # The long ones have more than a million characters, where other counts are made from samples.
    works = works_of(Sums(2, 2), models=("gpt-4o",), lengths=(8, 400, 80_000))
    (found,) = estimate(works, lambda model: ModelInfo(model, None, PRICE))
    exact = sum(map(counted, works))
    assert found.input == exact
    assert found.low == pytest.approx(found.input * PRICE.input)
    assert found.high == pytest.approx(found.low + len(works) * 4096 * PRICE.output)
    assert (found.source, found.cells, found.open, found.over_window) == ("exact", 12, 12, 0)


def test_a_count_with_another_model_s_tokenizer_is_not_called_exact() -> None:
    works = works_of(Sums(1, 1), models=("gpt-4o", "claude-sonnet-4-5", "gemini/gemini-2.5-flash"), lengths=(8,))
    found = {one.model: one.source for one in estimate(works, infos)}
    assert found == {"gpt-4o": "exact", "claude-sonnet-4-5": "about", "gemini/gemini-2.5-flash": "about"}


def test_prompts_over_the_window_cost_nothing_and_are_counted() -> None:
    found = {e.method: e for e in estimate(works_of(Sums(1, 1), models=("small",), lengths=(8, 200)), infos)}
    assert found["direct"].over_window == 1 and found["direct"].input is not None and found["direct"].input < 100


def test_a_recursive_run_is_estimated_from_earlier_ones_or_not_at_all() -> None:
    works = works_of(Sums(2, 1), methods=("rlm:1",), lengths=(8,))
    (found,) = estimate(works, infos)
    assert (found.source, found.low, found.high, found.input) == ("unknown", None, None, None)
    earlier = [
        CellRow(
            key=str(n),
            suite="x",
            task="sums",
            method="rlm:1",
            model="mock",
            length=8,
            status="ok",
            calls=1,
            cost=cost,
            input=100,
        )
        for n, cost in enumerate((0.01, 0.02, 0.09))
    ]
    (found,) = estimate(works, infos, earlier)
    assert found.source == "earlier runs" and found.low == pytest.approx(0.04) and found.input == 200
    assert found.high is not None and 0.1 < found.high <= 0.18
    other = [msgspec.structs.replace(row, length=16) for row in earlier]
    assert estimate(works, infos, other)[0].source == "unknown", "another length says nothing"


def test_only_open_cells_are_estimated() -> None:
    works = works_of(Sums(2, 2))
    (found,) = estimate(works, infos, (), frozenset({works[0].row.key}))
    assert (found.cells, found.open) == (8, 1) and found.input == pytest.approx(counted(works[0]), abs=2)


def test_sample_sizes_are_those_that_are_published() -> None:
    assert [(need.points, need.items) for need in needs()] == [(5, 1254), (10, 312), (20, 77)]


def test_without_a_cap_nothing_is_bounded() -> None:
    works = works_of(models=("unknown",))
    assert bounded(works, infos, cap=None, per_run=None, concurrency=4) == works


def test_a_cap_bounds_direct_calls_by_their_tokens_and_others_by_their_share() -> None:
    works = bounded(
        works_of(Sums(1, 4), methods=("direct", "rlm:0"), lengths=(8,)), infos, cap=4.0, per_run=None, concurrency=2
    )
    for work in works:
        assert work.most is not None
        if work.method.direct:
            assert work.most == pytest.approx(counted(work) * PRICE.input + 4096 * PRICE.output, abs=1e-5)
            assert work.config.limits.usd is None
        else:
            assert work.most == 2.0 == work.config.limits.usd


def test_a_cap_for_one_run_is_its_limit() -> None:
    works = bounded(works_of(methods=("direct", "rlm:1")), infos, cap=None, per_run=0.5, concurrency=2)
    assert {work.config.limits.usd for work in works} == {0.5}
    assert all(work.most is not None and work.most <= 0.5 for work in works)


@pytest.mark.parametrize(
    ("methods", "models", "cap", "per_run", "said"),
    [
        (("direct",), ("mock",), 0.01, None, "cap of .0.01 is below the price of one run: direct with mock may cost"),
        (
            ("rlm:0",),
            ("mock",),
            None,
            0.001,
            "rlm:0: the limit of .0.001 is too low for mock.*raise --max-cost-per-run",
        ),
        (("direct",), ("mock",), None, 0.00001, "below the price of one: the prompt of .* alone costs"),
        (("direct",), ("unknown",), 1.0, None, "price of unknown is not known.*--price IN,OUT"),
    ],
)
def test_a_cap_that_can_t_hold_is_refused(
    methods: tuple[str, ...], models: tuple[str, ...], cap: float | None, per_run: float | None, said: str
) -> None:
    with pytest.raises(BenchError, match=said):
        bounded(works_of(methods=methods, models=models), infos, cap=cap, per_run=per_run, concurrency=1)


def test_an_assumed_price_is_reckoned_with() -> None:
    works = works_of(Sums(1, 1), models=("unknown",), lengths=(8,))
    works = [_assume(work, "assume:1,2") for work in works]
    (found,) = estimate(works, infos)
    assert found.priced and found.low == pytest.approx(counted(works[0]) * 1e-6, abs=2e-6)
    (work,) = bounded(works, infos, cap=1.0, per_run=None, concurrency=1)
    assert work.most == pytest.approx(counted(works[0]) * 1e-6 + 4096 * 2e-6, abs=2e-6)


def _assume(work: Work, rule: str) -> Work:
    from dataclasses import replace

    return replace(work, config=msgspec.structs.replace(work.config, unknown_price=rule))
