from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.events import Span
from rlm_tui.projection.coverage import Counts, Coverage, Intervals

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=15)


@settings(max_examples=400)
@given(RANGES, st.integers(0, 40), st.integers(0, 45))
def test_intervals_against_a_set(ranges: list[tuple[int, int]], low: int, high: int) -> None:
    intervals, model = Intervals(), set[int]()
    for start, end in ranges:
        before = len(model)
        model |= set(range(start, end))
        assert intervals.add(start, end) == len(model) - before
    items = intervals.items()
    assert {n for a, b in items for n in range(a, b)} == model
    assert all(b < c for (_, b), (c, _) in itertools.pairwise(items))
    assert intervals.size == len(model)
    gaps = intervals.gaps(high, low)
    assert {n for a, b in gaps for n in range(a, b)} == set(range(low, high)) - model
    assert intervals.overlap(low, high) == len(model & set(range(low, high)))
    assert all(intervals.covers(n) == (n in model) for n in range(45))


@settings(max_examples=300)
@given(RANGES)
def test_counts_against_a_list(ranges: list[tuple[int, int]]) -> None:
    counts, model = Counts(), [0] * 50
    for start, end in ranges:
        counts.add(start, end)
        for n in range(start, end):
            model[n] += 1
    shown = [0] * 50
    for start, end, count in counts.steps():
        assert count > 0
        shown[start:end] = [count] * (end - start)
    assert shown == model


def read() -> Coverage:
    coverage = Coverage([100, 50])
    coverage.add("seen", "0:c1.1", [Span(0, 0, 10), Span(0, 5, 20)])
    coverage.add("seen", "0:t2", [Span(0, 10, 30), Span(1, 40, 60)])
    coverage.add("touched", "0:c1", [Span(0, 0, 100)])
    return coverage


def test_how_much_was_read() -> None:
    coverage = read()
    assert coverage.read_chars("seen") == 40
    assert coverage.share("seen", 0) == pytest.approx(0.3)
    assert coverage.share("touched", 0) == 1.0
    assert coverage.share("touched") == pytest.approx(100 / 150)
    assert coverage.duplicated("seen") == (10, 10)
    assert Coverage([0]).share() == 0.0


def test_a_reading_counts_a_character_once() -> None:
    coverage = Coverage([100])
    assert coverage.add("seen", "x", [Span(0, 0, 10), Span(0, 5, 20)]) == 20
    assert coverage.duplicated() == (0, 0)
    assert coverage.add("seen", "y", [Span(0, 15, 25)]) == 5


def test_unread_regions() -> None:
    coverage = read()
    assert coverage.unread(0) == [Span(0, 30, 100)]
    assert coverage.unread(1) == [Span(1, 0, 40)]
    assert coverage.unread(1, minimum=41) == []
    coverage.add("seen", "z", [Span(0, 50, 60)])
    assert coverage.next_unread(0, 0) == Span(0, 30, 50)
    assert coverage.next_unread(0, 31) == Span(0, 60, 100)
    assert coverage.next_unread(0, 61) == Span(0, 30, 50), "it wraps"
    assert coverage.next_unread(0, 0, "touched") is None


def test_heat_and_shares() -> None:
    coverage = read()
    assert coverage.heat(0, 10) == [1, 2, 1, 0, 0, 0, 0, 0, 0, 0]
    assert coverage.heat(0, 3) == [2, 0, 0]
    assert coverage.heat(1, 5) == [0, 0, 0, 0, 1]
    assert coverage.heat(0, 400)[118:121] == [1, 1, 0], "more buckets than characters"
    assert coverage.shares(0, 4) == pytest.approx([1.0, 0.2, 0.0, 0.0])
    assert Coverage([0]).heat(0, 3) == [0, 0, 0]


@settings(max_examples=300)
@given(RANGES, st.integers(0, 40), st.integers(1, 45))
def test_readings_are_as_many_as_readers(ranges: list[tuple[int, int]], start: int, length: int) -> None:
    coverage = Coverage([60])
    for number, (low, high) in enumerate(ranges):
        coverage.add("seen", f"c{number}", [Span(0, low, high)])
    end = start + length
    assert coverage.readings(0, start, end) == len(coverage.readers_of(0, start, end, "seen"))
    assert coverage.copy().readings(0, start, end) == coverage.readings(0, start, end)
    assert coverage.readings(0, start, start) == 0


def test_who_read_what() -> None:
    coverage = read()
    assert [r.source for r in coverage.readers_of(0, 12, 13)] == ["0:c1.1", "0:t2", "0:c1"]
    assert [r.source for r in coverage.readers_of(0, 20, 21, "seen")] == ["0:t2"]
    assert coverage.readers_of(1, 0, 40) == []
    assert coverage.spans_of("0:t2") == [Span(0, 10, 30), Span(1, 40, 50)]
    assert coverage.spans_of("nobody") == []


def test_spans_outside_are_cut_or_left_out() -> None:
    coverage = Coverage([10])
    assert coverage.add("seen", "x", [Span(0, -5, 3), Span(0, 8, 99), Span(3, 0, 5), Span(0, 7, 7)]) == 5


def test_copies_are_independent_both_ways() -> None:
    first = read()
    second = first.copy()
    first.add("seen", "later", [Span(0, 90, 100)])
    assert second.readers_of(0, 90, 100, "seen") == []
    second.add("seen", "other", [Span(0, 80, 85)])
    assert [r.source for r in first.readers_of(0, 80, 100, "seen")] == ["later"]
    assert [r.source for r in second.readers_of(0, 80, 100, "seen")] == ["other"]
    assert first.spans_of("other") == [] and second.spans_of("later") == []
    assert first.read_chars() == 50 and second.read_chars() == 45


def test_ten_thousand_spans_are_quick() -> None:
    coverage = Coverage([10_000_000])
    started = time.process_time()
    for n in range(10_000):
        coverage.add("seen", f"c{n}", [Span(0, n * 7919 % 9_999_000, n * 7919 % 9_999_000 + 700)])
    for _ in range(10):
        coverage.heat(0, 120)
        coverage.copy()
        coverage.readers_of(0, 5_000_000, 5_000_080)
    assert time.process_time() - started < 2.0
