"""Statistics against closed forms and against counting every possibility."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.bench import stats
from rlm_tui.bench.stats import Pair, compare


def pairs(differences: list[float], per_window: int = 1) -> list[Pair]:
    return [Pair(f"i{n}", f"w{n // per_window}", 0.0, one) for n, one in enumerate(differences)]


# -- The bootstrap


@pytest.mark.parametrize(
    "clusters",
    [
        [(1.0, 1), (0.0, 1), (-0.5, 1)],
        [(2.0, 3), (-1.0, 1), (0.5, 2)],
        [(0.0, 5), (1.0, 1), (3.0, 4), (-2.0, 2)],
    ],
)
def test_the_bootstrap_draws_every_sample_as_often_as_it_should(clusters: list[tuple[float, int]]) -> None:
    """Three or four windows have 27 or 256 samples, all equally likely: the oracle makes them all."""
    every = [
        math.fsum(total for total, _ in drawn) / sum(number for _, number in drawn)
        for drawn in itertools.product(clusters, repeat=len(clusters))
    ]
    wanted = Counter(round(one, 9) for one in every)
    resamples = 40_000
    found = Counter(round(one, 9) for one in stats.bootstrap(clusters, resamples, seed=3))
    assert set(found) == set(wanted)
    for value, times in wanted.items():
        share = times / len(every)
        assert abs(found[value] / resamples - share) < 4.5 * math.sqrt(share * (1 - share) / resamples)


def test_no_value_is_favoured_by_where_it_stands() -> None:
    """65,536 words don't divide by 40,000: without throwing words away the first values would come twice as often."""
    count = 40_000
    draws = stats._draws([float(n) for n in range(count)], random.Random(1))
    early = sum(one < count / 2 for one in itertools.islice(draws, 200_000))
    assert abs(early / 200_000 - 0.5) < 0.006


def test_a_value_of_nought_is_drawn_like_any_other() -> None:
    draws = stats._draws([0.0, 1.0], random.Random(1))
    assert abs(sum(itertools.islice(draws, 100_000)) / 100_000 - 0.5) < 0.01


def test_more_windows_than_a_word_can_name() -> None:
    assert stats.bootstrap([(1.0, 1)] * 70_000, resamples=2) == [1.0, 1.0]


def test_the_interval_is_the_normal_one_when_there_are_many_windows() -> None:
    values = [statistics.NormalDist(0.1, 1).inv_cdf((n + 0.5) / 400) for n in range(400)]
    found = compare(pairs(values))
    error = statistics.pstdev(values) / math.sqrt(400)
    assert found.difference == pytest.approx(0.1, abs=1e-9)
    assert found.low == pytest.approx(0.1 - 1.96 * error, abs=0.006)
    assert found.high == pytest.approx(0.1 + 1.96 * error, abs=0.006)
    z = 0.1 / error
    assert found.p == pytest.approx(2 * statistics.NormalDist().cdf(-z), abs=0.01)


def test_questions_of_one_window_come_together() -> None:
    """Twenty windows that are wholly right or wrong: the interval is that of 20 draws, not of 400."""
    shared = compare(pairs([1.0] * 200 + [0.0] * 200, per_window=20))
    alone = compare(pairs([1.0] * 200 + [0.0] * 200))
    assert shared.windows == 20 and alone.windows == 400
    assert shared.difference == alone.difference == 0.5
    assert shared.high - shared.low == pytest.approx(math.sqrt(20) * (alone.high - alone.low), rel=0.1)


def test_intervals_over_windows_hold_what_they_promise_and_those_over_questions_do_not() -> None:
    """Three hundred studies of 20 windows with 10 questions each, whose true difference is 0 and whose windows differ."""
    source = random.Random(5)
    held = {"windows": 0, "questions": 0}
    for study in range(300):
        some = []
        for window in range(20):
            shift = source.gauss(0, 0.3)
            some += [Pair(f"{window}/{n}", f"{window}", 0.0, shift + source.gauss(0, 0.3)) for n in range(10)]
        alone = [Pair(one.item, one.item, one.a, one.b) for one in some]
        for name, pairs_ in (("windows", some), ("questions", alone)):
            found = compare(pairs_, resamples=300, seed=study)
            held[name] += found.low <= 0 <= found.high
    assert held["windows"] / 300 > 0.88
    assert held["questions"] / 300 < 0.75


def test_few_windows_are_said_and_items_drawn() -> None:
    found = compare(pairs([1.0, 0.0] * 25, per_window=25))
    assert not found.clustered
    assert found.windows == 2
    assert "the 50 questions share only 2 windows" in found.warning
    assert (found.low, found.high) == pytest.approx((0.36, 0.64), abs=0.03)


def test_eight_windows_are_enough() -> None:
    found = compare(pairs([1.0, 0.0, 0.5, 0.5] * 8, per_window=4))
    assert found.windows == 8 and found.clustered and not found.warning


def test_one_item_alone() -> None:
    found = compare(pairs([1.0]))
    assert (found.difference, found.low, found.high) == (1.0, 1.0, 1.0)
    assert found.warning.startswith("the one question is of only 1 window:")


def test_the_same_scores_give_the_same_figures() -> None:
    some = pairs([0.1 * (n % 7) - 0.2 for n in range(60)], per_window=3)
    assert compare(some) == compare(some)
    assert compare(some) != compare(some, seed=1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40))
def test_what_always_holds(rows: list[tuple[int, float, float]]) -> None:
    some = [Pair(f"{n}", f"{window}", a, b) for n, (window, a, b) in enumerate(rows)]
    found = compare(some, resamples=300)
    turned = compare([Pair(one.item, one.window, one.b, one.a) for one in some], resamples=300)
    assert found.low - 1e-9 <= found.high
    assert found.low >= -1 - 1e-9 and found.high <= 1 + 1e-9
    assert found.difference == pytest.approx(found.b - found.a)
    assert 0 < found.p <= 1
    # The same windows are drawn, so the other way round is the mirror image.
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))
    assert turned.p == found.p


def test_p_is_never_nought() -> None:
    assert compare(pairs([1.0] * 20), resamples=999).p == pytest.approx(0.002)


def test_p_is_not_below_what_so_few_windows_can_show() -> None:
    # Exactly McNemar's, where every window has one question.
    eight = compare(pairs([1.0] * 8))
    assert eight.clustered and eight.p == pytest.approx(2 / 2**8) == eight.mcnemar
    assert compare(pairs([1.0] * 3 + [0.0] * 97)).p == pytest.approx(2 / 2**3)
    assert compare(pairs([0.3])).p == 1.0
    assert compare(pairs([1.0] * 80, per_window=10)).p == pytest.approx(2 / 2**8), "windows count, not questions"


def test_a_bound_of_nought_is_nought() -> None:
    assert compare(pairs([0.0] * 30 + [1.0])).low == 0.0


def test_no_difference_at_all() -> None:
    assert compare(pairs([0.0] * 20)).p == 1.0


@pytest.mark.parametrize(
    ("some", "says"),
    [
        ([], "no item was run with both"),
        ([Pair("x", "w", 0, 1), Pair("x", "w", 1, 1)], "item x is there twice"),
        ([Pair("x", "w", 0, math.nan)], "a score of item x is not a number"),
    ],
)
def test_what_compare_refuses(some: list[Pair], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        compare(some)


# -- McNemar, Wilson, Holm


@pytest.mark.parametrize(("b", "c"), list(itertools.product(range(7), repeat=2)))
def test_mcnemar_against_every_way_to_split(b: int, c: int) -> None:
    """Every one of the 2^n ways in which n items can fall, those at least as uneven counted."""
    ways = [sum(way) for way in itertools.product((0, 1), repeat=b + c)]
    uneven = sum(abs(2 * way - (b + c)) >= abs(b - c) for way in ways)
    assert stats.mcnemar(b, c) == pytest.approx(uneven / len(ways))


def test_mcnemar_of_four_right_against_none() -> None:
    assert stats.mcnemar(4, 0) == 0.125


def test_mcnemar_of_many() -> None:
    assert stats.mcnemar(5000, 5000) == 1.0
    assert stats.mcnemar(6000, 5000) < 1e-20


def test_mcnemar_comes_with_the_comparison_only_for_right_and_wrong() -> None:
    found = compare([Pair(f"{n}", f"{n}", a, b) for n, (a, b) in enumerate([(1, 0), (0, 1), (0, 1), (1, 1), (0, 0)])])
    assert (found.only_a, found.only_b, found.mcnemar) == (1, 2, 1.0)
    found = compare(pairs([0.5, 1.0]))
    assert (found.only_a, found.only_b, found.mcnemar) == (None, None, None)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_inverts_the_score_test(case: tuple[int, int]) -> None:
    """The ends are the rates that are just not rejected: |rate - end| is z standard errors at the end."""
    successes, trials = case
    found = stats.wilson(successes, trials)
    rate, z = successes / trials, statistics.NormalDist().inv_cdf(0.975)
    for end in (found.low, found.high):
        assert 0 <= end <= 1
        if 0 < end < 1:
            assert abs(rate - end) == pytest.approx(z * math.sqrt(end * (1 - end) / trials), rel=1e-6)


def test_wilson_at_the_ends() -> None:
    assert stats.wilson(0, 5).low == 0.0
    assert stats.wilson(0, 5).high == pytest.approx(0.4345, abs=1e-4)
    assert stats.wilson(5, 5).high == 1.0
    assert stats.wilson(0, 0) == stats.Interval(0.0, 1.0)
    with pytest.raises(ValueError, match="6 successes of 5 trials"):
        stats.wilson(6, 5)


def test_holm_by_hand() -> None:
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_what_stepping_down_rejects(ps: list[float]) -> None:
    for alpha in (0.01, 0.05, 0.2):
        rejected = set()
        for step, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
            if ps[place] * (len(ps) - step) > alpha:
                break
            rejected.add(place)
        assert {place for place, p in enumerate(stats.holm(ps)) if p <= alpha} == rejected


# -- Sample sizes


@pytest.mark.parametrize(("difference", "items"), [(0.05, 1254), (0.10, 312), (0.20, 77), (0.30, 33)])
def test_items_needed(difference: float, items: int) -> None:
    assert stats.needed(difference) == items
    assert stats.detectable(items) <= difference < stats.detectable(items - 1)


def test_the_items_needed_have_the_power_that_was_asked_for() -> None:
    """The oracle sums McNemar's chance to reject over every number of discordant items."""
    items, share, difference = stats.needed(0.3), 0.4, 0.3
    better = (share + difference) / 2 / share
    power = 0.0
    for discordant in range(items + 1):
        chance = math.comb(items, discordant) * share**discordant * (1 - share) ** (items - discordant)
        for right in range(discordant + 1):
            z = (2 * right - discordant) / math.sqrt(discordant) if discordant else 0.0
            if z >= 1.96:
                power += chance * math.comb(discordant, right) * better**right * (1 - better) ** (discordant - right)
    assert power == pytest.approx(0.8, abs=0.06)


def test_the_papers_fifty_questions_can_not_show_twelve_points() -> None:
    assert stats.detectable(50) > 0.125
    assert stats.needed(0.125) > 50


def test_needed_refuses_what_can_not_be() -> None:
    with pytest.raises(ValueError, match=r"a difference of 0\.5 needs a discordant share from 0\.5 to 1"):
        stats.needed(0.5)
    with pytest.raises(ValueError, match="the difference is between 0 and 1, not 0"):
        stats.needed(0)


# -- Spreads and seeds


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_percentiles_are_those_of_the_library(values: list[float]) -> None:
    library = statistics.quantiles(values, n=100, method="inclusive")
    for percent in (10, 50, 90, 99):
        assert stats.percentile(values, percent) == pytest.approx(library[percent - 1], abs=1e-6)


def test_a_spread() -> None:
    found = stats.spread([3.0, 1.0, 2.0, 94.0])
    assert (found.count, found.p50, found.largest, found.mean, found.total) == (4, 2.5, 94.0, 25.0, 100.0)
    assert stats.spread([2.0]).deviation == 0.0
    with pytest.raises(ValueError, match="no percentile of nothing"):
        stats.spread([])


def test_between_seeds_takes_only_items_that_every_seed_has() -> None:
    scores = {"a": {0: 1.0, 1: 0.0}, "b": {0: 1.0, 1: 1.0}, "c": {0: 0.0}}
    assert stats.between_seeds(scores) == pytest.approx(statistics.stdev([1.0, 0.5]))
    assert stats.between_seeds({"a": {0: 1.0}}) is None
    assert stats.between_seeds({}) is None


def test_pairs_are_of_what_both_were_run_on() -> None:
    a = stats.averaged({"x": {0: 1.0, 1: 0.0}, "y": {0: 1.0}, "z": {}})
    assert a == {"x": 0.5, "y": 1.0}
    assert stats.pair_up(a, {"x": 1.0, "q": 0.0}, {"x": "w", "y": "w", "q": "w"}) == [Pair("x", "w", 0.5, 1.0)]


@pytest.mark.perf
def test_ten_thousand_resamples_of_a_thousand_items_take_less_than_a_second() -> None:
    import time

    some = pairs([math.sin(n) for n in range(1000)])
    best = math.inf
    for _ in range(3):
        start = time.perf_counter()
        compare(some)
        best = min(best, time.perf_counter() - start)
    assert best < 1.0
