import random

import pytest

from rlm_tui.engine.providers.base import FAULTS, ProviderError
from rlm_tui.engine.providers.retry import RetryPolicy


def fault(kind="server", retry_after=None):
    return ProviderError(kind, "no luck", retry_after=retry_after)


def test_full_jitter_doubles_its_ceiling_up_to_the_cap():
    class Top(random.Random):
        def uniform(self, a, b):
            assert a == 0.0
            return b

    policy = RetryPolicy(attempts=9)
    assert [policy.delay(n, fault(), Top()) for n in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]


def test_the_jitter_repeats_with_the_same_generator():
    policy = RetryPolicy()
    a = [policy.delay(n, fault(), random.Random(7)) for n in (1, 2, 3)]
    assert a == [policy.delay(n, fault(), random.Random(7)) for n in (1, 2, 3)]
    assert all(0 <= d <= 0.5 * 2**i for i, d in enumerate(a))


def test_four_tries_and_no_more():
    policy = RetryPolicy()
    assert policy.delay(3, fault()) is not None
    assert policy.delay(4, fault()) is None
    assert policy.gives_up_because(4, fault()) == "4 tries failed"


@pytest.mark.parametrize("kind", [kind for kind, transient in FAULTS.items() if not transient])
def test_permanent_kinds_are_never_tried_again(kind):
    assert RetryPolicy().delay(1, fault(kind, retry_after=1)) is None


@pytest.mark.parametrize("kind", [kind for kind, transient in FAULTS.items() if transient])
def test_transient_kinds_are(kind):
    assert RetryPolicy().delay(1, fault(kind)) is not None


def test_a_reply_that_cannot_be_read_is_asked_for_once_more():
    assert RetryPolicy().delay(2, fault("bad_response")) is None
    assert RetryPolicy().delay(2, fault("empty")) is None


def test_retry_after_is_obeyed_up_to_a_minute():
    policy = RetryPolicy()
    assert policy.delay(1, fault("rate_limit", 30.0)) == 30.0
    assert policy.delay(1, fault("rate_limit", 60.0)) == 60.0
    assert policy.delay(1, fault("rate_limit", 61.0)) is None
    assert policy.gives_up_because(1, fault("rate_limit", 300.0)) == "the provider asks to wait 300 s, more than 60 s"
