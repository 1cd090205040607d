"""What a run will have used: a straight line through the turns that are over."""

from __future__ import annotations

import pytest

from rlm_tui.events import Limits
from rlm_tui.projection.fold import fold
from rlm_tui.projection.outlook import outlook
from tests.support.novel import novel
from tests.support.sessions import Script, usage


def run(turns: int, **limits: object) -> Script:
    script = Script()
    script.start([novel(20)], "why", limits=Limits(turns=10, **limits))  # type: ignore[arg-type]
    for turn in range(1, turns + 1):
        cell = script.turn("0", turn, says="on", code="x = 1", usage=usage(900, 100, 0.02))
        script.run(cell)
        script.done(cell, "")
    return script


def test_nothing_is_said_before_two_turns_are_over() -> None:
    assert outlook(fold([]), 1.0) is None
    assert outlook(fold(run(1).entries), 1.0) is None


def test_at_the_last_turn() -> None:
    found = outlook(fold(run(2).entries), 8.0)
    assert found is not None and found.limit is None
    assert (found.turn, found.usage.calls, found.usage.total, found.seconds) == (10, 10, 10_000, 40.0)
    assert found.usage.cost == pytest.approx(0.2)


def test_a_turn_that_is_not_over_does_not_count() -> None:
    script = run(2)
    script.turn("0", 3, says="on", code="x = 1", usage=usage(9000, 1000, 1.0))
    found = outlook(fold(script.entries), 8.0)
    assert found is not None and found.usage.total == 10_000


@pytest.mark.parametrize(
    ("limits", "turn", "limit"),
    [
        ({"usd": 0.09}, 5, "usd"),
        ({"usd": 0.09, "calls": 3}, 4, "calls"),
        ({"usd": 5.0}, 10, None),
        ({"seconds": 12.0}, 4, "seconds"),
    ],
)
def test_a_limit_that_ends_it_sooner(limits: dict[str, float], turn: int, limit: str | None) -> None:
    found = outlook(fold(run(2, **limits).entries), 8.0)
    assert found is not None and (found.turn, found.limit) == (turn, limit)


def test_a_session_that_is_over_has_none() -> None:
    state = fold(run(3).entries)
    state.ended = state.at
    assert outlook(state, 8.0) is None
