"""Budgets: what is reserved, what is settled, and that no limit is ever passed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.engine.ledger import FLOOR, LAST_SECONDS, Ledger, OverBudget, UnknownPrice
from rlm_tui.engine.providers.base import Price
from rlm_tui.events import Limits, Usage

PRICE = Price(1e-6, 2e-6)
UNLIMITED = Limits(calls=None)


def test_a_reservation_is_exchanged_for_what_it_took() -> None:
    ledger = Ledger(UNLIMITED)
    grant = ledger.reserve("a", 1000, 500, PRICE)
    assert grant.estimate.cost == pytest.approx(0.002)
    assert ledger.reserved.calls == 1
    ledger.settle("a", Usage(calls=1, input=1000, output=10, cost=0.00102))
    assert ledger.reserved == Usage()
    assert ledger.settled.cost == pytest.approx(0.00102)


def test_the_slice_for_the_forced_answer_is_held_back() -> None:
    ledger = Ledger(Limits(calls=3))
    for name in "ab":
        ledger.reserve(name, 10, 10, None)
        ledger.settle(name, Usage(calls=1))
    with pytest.raises(OverBudget) as refused:
        ledger.reserve("c", 10, 10, None)
    assert refused.value.limit == "calls"
    ledger.reserve("x", 10, 10, None, final="0")


def test_output_shrinks_to_fit_before_a_call_is_refused() -> None:
    ledger = Ledger(Limits(calls=None, output_tokens=1500), finalise=Usage(output=500))
    assert ledger.reserve("a", 10, 4096, PRICE).max_output_tokens == 512
    with pytest.raises(OverBudget):
        ledger.reserve("b", 10, 4096, PRICE) and ledger.reserve("c", 10, FLOOR, PRICE)


def test_an_unknown_price_is_refused_only_under_a_dollar_limit() -> None:
    assert Ledger(UNLIMITED).price_of(None, "m") is None
    with pytest.raises(UnknownPrice, match="--price"):
        Ledger(Limits(usd=1.0)).price_of(None, "m")
    assert Ledger(Limits(usd=1.0), unknown_price="allow").price_of(None, "m") is None
    assumed = Ledger(Limits(usd=1.0), unknown_price="assume:1,2").price_of(None, "m")
    assert assumed == Price(1e-6, 2e-6)


def test_unpriced_calls_are_counted_as_such() -> None:
    assert Ledger(UNLIMITED).reserve("a", 1, 1, None).estimate.unpriced == 1


def test_cached_and_reasoning_tokens_have_their_own_prices() -> None:
    price = Price(1.0, 2.0, cached=0.1, cache_write=1.25, reasoning=3.0)
    usage = Usage(calls=1, input=100, cached=50, cache_write=10, output=20, reasoning=5)
    assert price.cost(usage) == pytest.approx(40 * 1.0 + 50 * 0.1 + 10 * 1.25 + 15 * 2.0 + 5 * 3.0)


def test_the_most_that_a_call_can_cost() -> None:
    price = Price(input=1.0, output=10.0, cached=0.1, cache_write=1.25, reasoning=20.0)
    assert price.most(4, 3) == 4 * 1.25 + 3 * 20.0
    assert Price(1.0, 10.0, cached=0.1).most(4, 3) == 4 * 1.0 + 3 * 10.0


def test_time_leaves_room_for_the_forced_answer() -> None:
    now = 0.0
    ledger = Ledger(Limits(calls=None, seconds=100.0), clock=lambda: now)
    now = 84.0
    ledger.reserve("a", 1, 1, None)
    now = 86.0
    with pytest.raises(OverBudget):
        ledger.reserve("b", 1, 1, None)
    ledger.reserve("x", 1, 1, None, final="0")
    assert (ledger.seconds_left(), ledger.seconds_left(final=True)) == (0.0, 14.0)


def test_forced_answers_at_the_same_time_have_room_for_each() -> None:
    part = Usage(calls=1, input=10, output=10)
    ledger = Ledger(Limits(calls=None, total_tokens=65), finalise=part)
    ledger.hold_back(part, "a", force=False)
    ledger.hold_back(part, "b", force=False)
    ledger.reserve("a:x1", 10, 10, None, final="a")
    ledger.reserve("b:x1", 10, 10, None, final="b")
    ledger.settle("a:x1", Usage(calls=1, input=10, output=10))
    ledger.let_go("a")
    ledger.reserve("0:x1", 10, 10, None, final="0")
    assert ledger.reserved.total == 40


def test_another_try_needs_room_in_every_budget() -> None:
    ledger = Ledger(Limits(calls=None, total_tokens=100, seconds=100.0), clock=lambda: 0.0, finalise=Usage(calls=1))
    ledger.reserve("a", 30, 30, None)
    ledger.extend("a", Usage(), 84.0)
    with pytest.raises(OverBudget, match="seconds"):
        ledger.extend("a", Usage(), 86.0)
    ledger.extend("a", Usage(input=40), 1.0)
    with pytest.raises(OverBudget, match="total_tokens"):
        ledger.extend("a", Usage(input=1), 1.0)


def test_code_may_run_for_what_is_left_of_the_time() -> None:
    now = 0.0
    ledger = Ledger(Limits(seconds=100.0), clock=lambda: now)
    assert ledger.within(60.0) == 60.0
    now = 80.0
    assert ledger.within(60.0) == 5.0
    now = 99.0
    assert ledger.within(60.0) == LAST_SECONDS
    assert Ledger(Limits()).within(60.0) == 60.0


def test_a_warning_comes_once() -> None:
    ledger = Ledger(Limits(calls=10))
    ledger.settle("a", Usage(calls=8))
    assert [w[0] for w in ledger.warnings()] == ["calls"]
    ledger.settle("b", Usage(calls=1))
    assert ledger.warnings() == []


def test_no_warning_comes_after_the_budget_was_refused() -> None:
    """Calls in flight settle later; that most of the budget is used is no news then."""
    ledger = Ledger(Limits(calls=10))
    for n in range(9):
        ledger.reserve(str(n), 1, 1, None)
    with pytest.raises(OverBudget, match=r"no room for a call beside the last answer \(9 of 10 used or set aside\)"):
        ledger.reserve("x", 1, 1, None)
    for n in range(9):
        ledger.settle(str(n), Usage(calls=1))
    assert ledger.warnings() == []


def test_a_call_too_large_for_the_budget_leaves_the_warning_for_later() -> None:
    ledger = Ledger(Limits(calls=None, usd=1.0))
    with pytest.raises(OverBudget, match="usd budget has no room"):
        ledger.reserve("a", 2_000_000, 100, PRICE)
    ledger.settle("b", Usage(calls=1, cost=0.85))
    assert [w[0] for w in ledger.warnings()] == ["usd"]


def test_a_budget_of_nothing_is_not_used_up_by_nothing() -> None:
    ledger = Ledger(Limits(usd=0.0))
    ledger.settle("a", Usage(calls=1))
    assert ledger.warnings() == []


def test_what_is_left_counts_reservations() -> None:
    ledger = Ledger(Limits(calls=10, usd=1.0))
    ledger.reserve("a", 1000, 1000, PRICE)
    left = ledger.left()
    assert left["calls"] == 9
    assert left["usd"] == pytest.approx(0.997)


STEP = st.tuples(
    st.integers(0, 5000), st.integers(FLOOR, 5000), st.floats(0, 1), st.floats(0, 1), st.booleans(), st.integers(0, 3)
)


@given(
    st.lists(STEP, max_size=60),
    st.floats(0.0001, 0.05),
    st.integers(1, 30),
    st.integers(100, 60_000),
)
def test_settled_never_passes_a_limit_while_actual_stays_within_the_estimate(
    steps: list[tuple[int, int, float, float, bool, int]], usd: float, calls: int, total: int
) -> None:
    ledger = Ledger(
        Limits(calls=calls, usd=usd, total_tokens=total), finalise=Usage(calls=1, input=50, output=50, cost=0.0001)
    )
    running: list[tuple[str, Usage, float, float]] = []
    done = Usage()
    for number, (input_tokens, output, in_share, out_share, fails, settle) in enumerate(steps):
        try:
            grant = ledger.reserve(str(number), input_tokens, output, PRICE)
        except OverBudget:
            pass
        else:
            share = 0.0 if fails else out_share
            running.append((str(number), grant.estimate, in_share, share))
        for _ in range(min(settle, len(running))):
            call, estimate, a, b = running.pop(0)
            used = Usage(calls=1, input=int(estimate.input * a), output=int(estimate.output * b))
            actual = Usage(calls=1, input=used.input, output=used.output, cost=PRICE.cost(used))
            ledger.settle(call, actual)
            done = done + actual
        assert ledger.settled == done
        assert done.cost <= usd and done.calls <= calls and done.total <= total
    for call, *_ in running:
        ledger.release(call)
    assert ledger.reserved == Usage()
