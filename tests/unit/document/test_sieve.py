"""The sieve lets everything through that is in the index, and what `Scan` finds is what looking at each window finds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.document.sieve import PIECE, WINDOW, Scan, Sieve

ALPHABETS = ("ab", "abcdefgh \n", "é漢\U0001f600 ", "\ud800a\udfff", "\U0010ffff\x00")


def check(doc: str, text: str, stride: int, asks: random.Random) -> int:
    index = {doc[at : at + WINDOW] for at in range(0, len(doc) - WINDOW + 1, stride)}
    sieve = Sieve(*asks.choice([(), (len(index),), (1,)]))
    sieve.add(doc, stride)
    there = [at for at in range(len(text) - WINDOW + 1) if text[at : at + WINDOW] in index]
    for start in range(0, len(text), PIECE):
        flags = sieve.flags(text[start : start + PIECE + WINDOW - 1])
        assert all(flags[at - start] for at in there if start <= at < start + PIECE)
    scan, at, found = Scan(text, index, sieve), 0, []
    while (hit := scan.next(at, len(text) - WINDOW + 1)) is not None:
        found.append(hit)
        at = hit + 1
    assert found == there
    for _ in range(20):
        # In any order, on a scan that knows some pieces already, and on a fresh one.
        at, stop = sorted((asks.randrange(len(text) + 1), asks.randrange(len(text) + 1)))
        stop = min(stop, len(text) - WINDOW + 1)
        expected = next((i for i in there if at <= i < stop), None)
        assert scan.next(at, stop) == expected
        assert Scan(text, index, sieve).next(at, stop) == expected
    return len(there)


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("stride", [32, 94])
def test_texts_of_several_pieces(alphabet: str, stride: int) -> None:
    draw = random.Random(stride)
    doc = "".join(draw.choices(alphabet, k=5000))
    foreign = "".join(draw.choices(alphabet, k=2 * PIECE))
    border = doc[100:700]
    text = foreign[: PIECE - 300] + border + foreign[PIECE:] + doc[1000:3000] + foreign[:100]
    assert check(doc, text, stride, draw) > 5


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ALPHABETS), st.integers(0, 1000), st.integers(0, 400), st.integers(0, 600))
def test_small_texts(alphabet: str, seed: int, doc_size: int, text_size: int) -> None:
    draw = random.Random(seed)
    doc = "".join(draw.choices(alphabet, k=doc_size))
    text = doc[doc_size // 3 :] + "".join(draw.choices(alphabet, k=text_size)) + doc[: doc_size // 2]
    check(doc, text, 32, draw)


def test_most_of_what_is_foreign_is_held_back() -> None:
    draw = random.Random(7)
    words = ["".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 9))) for _ in range(2000)]
    doc, foreign = (" ".join(draw.choices(words, k=100_000)) for _ in range(2))
    sieve = Sieve()
    sieve.add(doc, WINDOW)
    flags = sieve.flags(foreign[:PIECE])
    assert sum(flags) < 0.02 * len(flags)


def test_a_small_index_has_a_small_table_and_few_foreign_windows_pass() -> None:
    asks = random.Random(1)
    words = ["".join(asks.choices("abcdefghijklmnop", k=6)) for _ in range(20_000)]
    doc, foreign = " ".join(words[:7_000]), " ".join(words[13_000:])[: PIECE + WINDOW - 1]
    sieve = Sieve(len(doc) // WINDOW)
    sieve.add(doc, WINDOW)
    assert len(sieve._there) <= 1 << 17
    flags = sieve.flags(foreign)
    assert sum(flags) / len(flags) < 0.03
