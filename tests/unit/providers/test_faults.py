"""Classification by itself; the faults as they really arrive are in `test_litellm_faults`."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rlm_tui.engine.providers.base import FAULTS
from rlm_tui.engine.providers.faults import Where, classify, parse_retry_after, sentence

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (None, None),
        ({}, None),
        ({"Retry-After": "2"}, 2.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "later"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert parse_retry_after(headers, NOW) == seconds


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_has_a_sentence(kind):
    text = sentence(kind, Where("the-model"))
    assert text.endswith(".")
    assert "the-model" in text


ODD = st.one_of(st.none(), st.integers(), st.text(), st.floats(), st.booleans(), st.dictionaries(st.text(), st.text()))


@example(text="", fields={"code": float("inf")}, body=None, streaming=False)
@given(
    text=st.text(),
    fields=st.dictionaries(st.sampled_from(["status_code", "code", "headers", "response", "original_exception"]), ODD),
    body=st.one_of(ODD, st.fixed_dictionaries({"error": ODD}), st.fixed_dictionaries({"message": ODD})),
    streaming=st.booleans(),
)
def test_whatever_is_thrown_becomes_one_sentence_of_a_known_kind(text, fields, body, streaming):
    error = RuntimeError(text)
    for name, value in fields.items():
        setattr(error, name, value)
    error.body = body
    fault = classify(error, Where("m"), streaming=streaming, partial="so far")
    assert fault.kind in FAULTS
    assert fault.message.endswith(".")
    assert fault.message.isprintable()
    assert fault.partial == "so far"


def test_causes_are_looked_at():
    class ConnectError(Exception):
        pass

    try:
        try:
            raise ConnectError("All connection attempts failed")
        except ConnectError as inner:
            raise RuntimeError("Connection error.") from inner
    except RuntimeError as error:
        fault = classify(error, Where("m", "http://127.0.0.1:1"))
    assert fault.kind == "connection"
    assert fault.message == (
        "Can't reach http://127.0.0.1:1 for m: check the address and the network (All connection attempts failed)."
    )


def test_a_circle_of_causes_ends():
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert classify(one, Where("m")).kind == "internal"


def test_secrets_are_taken_out_of_every_part():
    error = RuntimeError("wrong key opensesame-123 at opensesame-123")
    fault = classify(error, Where("m", "http://opensesame-123/"), secrets=["opensesame-123"])
    assert "opensesame" not in fault.message


def test_a_missing_package_is_named():
    error = RuntimeError("litellm.APIConnectionError: VertexException - No module named 'google'")
    error.__cause__ = ModuleNotFoundError("No module named 'google'")
    fault = classify(error, Where("vertex_ai/gemini"))
    assert fault.kind == "not_found"
    assert fault.message == ("vertex_ai/gemini needs a Python package that is not installed: No module named 'google'.")
