from __future__ import annotations

import json
import random
import threading
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rlm_tui.document.coverage import Matcher, merge
from rlm_tui.document.document import Document
from rlm_tui.document.loader import load
from rlm_tui.events import Span


def words(seed: int, chars: int) -> str:
    draw = random.Random(seed)
    out: list[str] = []
    while sum(map(len, out)) + len(out) < chars:
        out += ["".join(draw.choices("abcdefgh", k=draw.randint(2, 9))) for _ in range(50)]
    return " ".join(out)[:chars]


def matcher(*texts: str, **options: int) -> Matcher:
    return Matcher([Document.from_text(f"d{n}", text) for n, text in enumerate(texts)], **options)


DOC = words(1, 20_000)


def test_exact_spans() -> None:
    text = "Answer this:\n" + DOC[1000:3000] + "\n# and\n" + DOC[17:80] + "\nthanks"
    assert matcher(DOC).match(text) == (Span(0, 17, 80), Span(0, 1000, 3000))


def test_a_run_of_63_is_found_wherever_it_begins() -> None:
    m = matcher(DOC)
    for start in range(100, 200):
        assert m.match("#" + DOC[start : start + 63] + "#") == (Span(0, start, start + 63),)


def test_several_documents_and_what_stands_in_none() -> None:
    other = words(2, 5000)
    m = matcher(DOC, other)
    assert m.match(other[100:300] + "|" + DOC[5:105]) == (Span(0, 5, 105), Span(1, 100, 300))
    assert m.match(words(3, 5000)) == ()


def test_excerpts_side_by_side() -> None:
    spans = [(100, 163), (4000, 4070), (900, 963), (12_000, 12_100)]
    found = matcher(DOC).match("".join(DOC[a:b] for a, b in spans))
    for a, b in spans:
        assert any(span.start <= a and b <= span.end for span in found)


def test_numbered_lines() -> None:
    lines = [DOC[n : n + 80] for n in range(0, 8000, 80)]
    found = matcher(DOC).match("\n".join(f"{n}: {line}" for n, line in enumerate(lines)))
    assert found == (Span(0, 0, 8000),)


def test_text_inside_a_repr_or_json_counts() -> None:
    doc = "\n".join(f'{n} it\'s "so" and naïve {words(n, 30)}' for n in range(100))
    m = matcher(doc)
    for printed in (repr(doc[50:1000]), json.dumps(doc[50:1000])):
        assert Span(0, 50, 1000) in m.match(printed) or m.match(printed)[0].end - m.match(printed)[0].start >= 949


def test_repeated_text_goes_on_where_the_last_match_ended() -> None:
    block = "exactly the same line of text, over and over again\n"
    doc = words(5, 500) + block * 4 + words(6, 500) + block * 4 + words(7, 500)
    text = doc[300:700] + "\n----\n" + doc[700:1000]
    assert matcher(doc).match(text) == (Span(0, 300, 1000),)


def test_a_document_of_one_repeated_line_does_not_explode() -> None:
    block = "the same line again and again, forty chars\n"
    m = matcher(block * 20_000)
    assert m.match(block * 100) == (Span(0, 0, len(block) * 100),)
    assert len(m._first) == len(block)
    assert sum(map(len, m._more.values())) <= 7 * len(block)


def test_large_documents_get_a_longer_stride_and_a_bounded_index() -> None:
    m = matcher(DOC, most_windows=100)
    assert m.stride == 200 and m.certain == 231
    for start in (0, 33, 777, 19_700):
        assert m.match("#" + DOC[start : start + 231] + "#") == (Span(0, start, start + 231),)
    assert len(m._first) <= 100


def test_short_documents_and_empty_ones() -> None:
    assert matcher("too short", "").match("too short") == ()
    assert matcher().match("x" * 100) == ()


def test_built_in_pieces() -> None:
    m = matcher(words(4, 200_000))
    steps = 1
    while not m.build(0.0):
        steps += 1
    assert steps > 5 and m.complete


def test_on_disk(tmp_path: Path) -> None:
    text = DOC.replace("a", "ä") * 4
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    (document,) = load([path], map_above=10)
    assert not document.in_memory
    assert Matcher([document]).match("#" + text[500:5000] + "#") == (Span(0, 500, 5000),)
    document.close()


def test_from_several_threads() -> None:
    m = matcher(DOC)
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(m.match(DOC[50:500]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [(Span(0, 50, 500),)] * 8


@st.composite
def doc_and_text(draw: st.DrawFn) -> tuple[list[str], str]:
    alphabet = draw(st.sampled_from(["ab", "abcdefgh \n", "é漢 "]))
    seeds = st.integers(0, 50)
    docs = []
    for _ in range(draw(st.integers(1, 2))):
        source = random.Random(draw(seeds))
        doc = "".join(source.choices(alphabet, k=draw(st.integers(0, 400))))
        docs.append(doc * draw(st.integers(1, 2)))
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        doc = draw(st.sampled_from(docs))
        start = draw(st.integers(0, max(0, len(doc) - 1)))
        parts.append(doc[start : start + draw(st.integers(0, 150))])
        parts.append(draw(st.text(alphabet + "#", max_size=4)))
    return docs, "".join(parts)


@settings(max_examples=300, deadline=None)
@given(doc_and_text())
@example((["a" * 200], "a" * 100))
def test_against_a_brute_force_oracle(case: tuple[list[str], str]) -> None:
    docs, text = case
    matches = matcher(*docs).matches(text)
    attributed = bytearray(len(text))
    for match in matches:
        span = match.span
        assert text[match.start : match.end] == docs[span.document][span.start : span.end]
        assert match.end - match.start == span.end - span.start >= 32
        attributed[match.start : match.end] = b"\x01" * (match.end - match.start)
    for at in range(len(text) - 62):
        if any(text[at : at + 63] in doc for doc in docs):
            assert all(attributed[at : at + 63]), (at, text[at : at + 63])


def test_merge() -> None:
    assert merge([Span(0, 5, 9), Span(0, 1, 5), Span(1, 2, 3), Span(0, 2, 3), Span(0, 11, 11)]) == (
        Span(0, 1, 9),
        Span(1, 2, 3),
    )


@pytest.mark.parametrize("text", ["", "x", "x" * 31])
def test_short_texts(text: str) -> None:
    assert matcher(DOC).match(text) == ()
