from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from rlm_tui.document.visible import visible
from rlm_tui.events import Usage
from rlm_tui.tui.figures import clock, count, dollars, duration, percent, price
from rlm_tui.tui.gist import gist
from rlm_tui.tui.glyphs import ASCII, UNICODE
from rlm_tui.tui.text import fit, rows_of, shorten, shorten_left, wrap

TEXT = st.text(st.characters(codec="utf-8"), max_size=200).map(lambda t: visible(t.replace("\n", " "), 0))


@given(TEXT, st.integers(1, 60))
def test_wrapped_pieces_join_to_the_text_and_fit(text: str, width: int) -> None:
    pieces = wrap(text, width)
    assert "".join(text[start:end] for start, end in pieces) == text
    assert len(pieces) == rows_of(text, width) >= 1
    for start, end in pieces:
        piece = text[start:end]
        if len(piece.rstrip(" ")) > 1:
            assert cell_len(piece.rstrip(" ")) <= max(width, 2)


def test_wrapping_prefers_spaces() -> None:
    text = "the quick brown fox"
    assert [text[a:b] for a, b in wrap(text, 10)] == ["the quick ", "brown fox"]


@given(TEXT, st.integers(1, 60))
def test_fit_is_exact_and_shorten_is_at_most(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(shorten(text, width)) <= max(width, 0)
    assert cell_len(shorten_left(text, width)) <= width


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$0.00"),
        (0.00001, "<$0.0001"),
        (0.00061, "$0.0006"),
        (0.008, "$0.008"),
        (0.00999, "$0.01"),
        (0.214, "$0.21"),
        (1234.5, "$1,234"),
    ],
)
def test_dollars(amount: float, shown: str) -> None:
    assert dollars(amount) == shown


def test_an_unknown_price_is_never_nothing() -> None:
    assert price(Usage(calls=2, unpriced=2)) == "?"
    assert price(Usage(calls=2, cost=0.5, unpriced=1)) == "$0.50+?"
    assert price(Usage(calls=2)) == "$0.00"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (9949, "9.9k"),
        (9950, "10k"),
        (182_400, "182k"),
        (999_600, "1.0M"),
        (3.2e6, "3.2M"),
        (2e9, "2.0G"),
    ],
)
def test_counts(number: float, shown: str) -> None:
    assert count(number) == shown


def test_times_and_shares() -> None:
    assert [clock(s) for s in (0, 41.9, 725, 3723)] == ["0:00", "0:41", "12:05", "1:02:03"]
    assert [duration(s) for s in (0.0121, 0.4, 41, 125)] == ["12 ms", "0.4 s", "41 s", "2:05"]
    assert [percent(a, 1000) for a in (0, 1, 410, 999, 1000)] == ["0%", "<1%", "41%", "99%", "100%"]


@given(st.floats(-1, 2), st.integers(1, 40))
def test_bars_are_as_wide_as_asked(share: float, width: int) -> None:
    for glyphs in (UNICODE, ASCII):
        full, rest = glyphs.bar(share, width)
        assert len(full) + len(rest) == width
        assert bool(full) == (share > 0)


def test_ascii_is_ascii() -> None:
    for field in ASCII.__dataclass_fields__:
        assert getattr(ASCII, field).isascii()
    assert len(ASCII.heat) == len(UNICODE.heat)


def test_gist_is_the_comment_or_the_first_thing_done() -> None:
    assert gist("# look for names\nimport re") == "look for names"
    assert gist("import re\nfrom x import y\n\nhits = re.findall('a',   context)") == "hits = re.findall('a', context)"
    assert gist("import re") == ""
