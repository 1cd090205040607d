from __future__ import annotations

import time

import pytest

from rlm_tui.document.quotes import unsupported

TEXT = """Pierre came up to her and bowed awkwardly. "What manners!" said the countess.
There were 12,345 soldiers, 3.14159 leagues away, on 1812-09-07. It’s a well–known fact. Total: 0.50"""


def found(answer: str, *texts: str) -> list[tuple[str, str]]:
    items = unsupported(answer, texts or (TEXT,))
    assert all(answer[item.start : item.end] == item.text for item in items)
    return [(item.kind, item.text) for item in items]


@pytest.mark.parametrize(
    "answer",
    [
        'He "came up to her and bowed", she said “what manners!”.',
        "It says «pierre   CAME up\nto her».",
        'He "came up to her … said the countess".',
        "12345 soldiers; 12,345 of them; about 3.14 leagues; 0.5 in total; year 1812",
        'Well: "It\'s a well-known fact".',
        "1. first point\n2. second point",
        "It's Pierre's and the others' turn",
        "",
    ],
)
def test_supported(answer: str) -> None:
    assert found(answer) == []


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        ('She said "good evening to you".', "quote", "good evening to you"),
        ("«nie gesagt»", "quote", "nie gesagt"),
        ("There were 1,234 soldiers", "number", "1,234"),
        ("There were 345 soldiers", "number", "345"),
        ("3.15 leagues", "number", "3.15"),
        ("about 99% of them", "number", "99"),
        ("14 leagues", "number", "14"),
        ("0.05 in total", "number", "0.05"),
    ],
)
def test_unsupported(answer: str, kind: str, text: str) -> None:
    assert found(answer) == [(kind, text)]


def test_several_sources() -> None:
    assert found("41 and 'the blue door' and 7", "41 hits", "by the blue door") == [("number", "7")]


def test_positions_are_in_order() -> None:
    assert [t for _, t in found('777 "not there at all" 888')] == ["777", "not there at all", "888"]


def test_trailing_zeros_make_no_difference() -> None:
    assert found("5 and 5.0 and 5.00", "it is 5.000") == []
    assert found("5", "it is 5.75") == [("number", "5")]


def test_a_small_number_in_a_text_full_of_digits_is_quick() -> None:
    digits = "1234567890" * 400_000
    started = time.process_time()
    assert found("It is 7.", digits) == [("number", "7")]
    assert time.process_time() - started < 2


def test_where_a_thing_stands_needs_no_support():
    answer = "Ned Rigg\n\nEvidence: line 2032: «he found it»; see lines 3, 7 and 12 to 15, and page 4. In 2033 he left."
    assert [item.text for item in unsupported(answer, ["then he found it"])] == ["2033"]
