"""What sub-calls will cost, before they are made."""

import pytest

from rlm_tui.events import Usage
from rlm_tui.projection.price_tag import REPLY_TOKENS, price_tag, usual_reply
from rlm_tui.projection.state import SessionState


def test_prompts_and_replies_are_reckoned_apart() -> None:
    assert price_tag(10, 4_000, (1e-6, 0.0)) == pytest.approx(1e-3)
    assert price_tag(10, 4_000, (0.0, 1e-6)) == pytest.approx(10 * REPLY_TOKENS * 1e-6)
    assert price_tag(10, 4_000, (1e-6, 2e-6), reply_tokens=5) == pytest.approx(1e-3 + 1e-4)
    assert price_tag(0, 0, (1.0, 1.0)) == 0.0


def test_what_has_no_price_has_no_tag_and_what_is_free_costs_nothing() -> None:
    assert price_tag(10, 4_000, None) is None
    assert price_tag(10, 4_000, (0.0, 0.0)) == 0.0


def test_a_reply_is_as_long_as_those_before() -> None:
    state = SessionState()
    assert usual_reply(state) is None
    state.by_purpose["leaf"] = Usage(calls=4, output=10)
    assert usual_reply(state) == 2.5
