"""How two pieces of code are aligned, diffed and talked about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.projection.compare.align import Measure, Step, align
from rlm_tui.projection.compare.code_diff import code_diff, word_diff
from rlm_tui.projection.compare.terms import read_code
from rlm_tui.projection.compare.words import SHOWN, listed, quote, say_code, say_text


def step(text: str, sort: str = "turn") -> Step:
    return Step(text, sort, lambda: text)


words = st.lists(st.sampled_from(["a", "b", "context", "(", ")", "=", "\n", "x1", "count"]), max_size=12).map(" ".join)
lists = st.lists(words, max_size=8)


@given(lists, lists)
@settings(deadline=None)
def test_every_step_stands_in_one_match_and_order_is_kept(a: list[str], b: list[str]) -> None:
    matches = align([step(t) for t in a], [step(t) for t in b])
    assert [x for x, _, _ in matches if x is not None] == list(range(len(a)))
    assert [y for _, y, _ in matches if y is not None] == list(range(len(b)))
    for x, y, value in matches:
        assert x is not None or y is not None
        assert 0 <= value <= 1
        if x is not None and y is not None:
            assert (value == 1) == (a[x] == b[y])


@given(lists)
@settings(deadline=None)
def test_a_list_is_aligned_with_itself_one_to_one(a: list[str]) -> None:
    assert align([step(t) for t in a], [step(t) for t in a]) == [(n, n, 1.0) for n in range(len(a))]


@given(words, words)
@settings(deadline=None)
def test_likeness_is_a_share_and_stays_below_one_for_what_is_not_equal(a: str, b: str) -> None:
    value = Measure()(step(a), step(b))
    assert value == 1 if a == b else 0 <= value < 1


def test_steps_of_different_sorts_are_never_paired() -> None:
    assert align([step("same text", "turn")], [step("same text!", "extract")]) == [(0, None, 0.0), (None, 0, 0.0)]


def test_a_contrived_text_is_compared_by_counting() -> None:
    a, b = step("= , " * 140), step(", = " * 140)
    assert Measure()(a, b) > 0.9
    assert Measure(steps=0)(a, b) == pytest.approx(0.9)


texts = st.text(alphabet="ab \n\x0c=é", max_size=60)


@given(texts, texts)
@settings(deadline=None)
def test_both_texts_can_be_read_from_the_diff(a: str, b: str) -> None:
    lines = code_diff(a, b)
    for text, sign, number in ((a, "-", "a"), (b, "+", "b")):
        mine = [line for line in lines if line.sign in (" ", sign)]
        assert "\n".join(line.text for line in mine) == text.removesuffix("\n")
        assert [getattr(line, number) for line in mine] == list(range(1, len(mine) + 1))
    if a == b:
        assert all(line.sign == " " for line in lines)


@given(texts, texts)
@settings(deadline=None)
def test_pieces_of_both_sides_make_up_the_line(a: str, b: str) -> None:
    left, right = word_diff(a, b)
    assert "".join(p.text for p in left) == a and "".join(p.text for p in right) == b
    assert (a == b) == (not any(piece.changed for piece in (*left, *right)))


def test_a_changed_word_is_marked_within_its_line() -> None:
    old, new = code_diff("x = 1\nhits = find('Pierre', 10)\n", "x = 1\nhits = find('Natasha', 10)\n")[1:]
    assert (old.sign, new.sign, old.partial) == ("-", "+", True)
    assert [(p.text, p.changed) for p in old.pieces] == [("hits = find('", False), ("Pierre", True), ("', 10)", False)]
    assert [(p.text, p.changed) for p in new.pieces][1] == ("Natasha", True)


def test_only_the_lines_around_a_difference() -> None:
    a = "\n".join(f"line {n}" for n in range(50))
    lines = code_diff(a, a.replace("line 25", "other"), context=2)
    assert [line.a for line in lines] == [24, 25, 26, None, 27, 28]


def test_very_long_lines_and_texts_are_compared_at_their_ends() -> None:
    left, right = word_diff("x" * 5000 + "A" + "y" * 5000, "x" * 5000 + "B" + "y" * 5000)
    assert [p.text for p in left if p.changed] == ["A"] and [p.text for p in right if p.changed] == ["B"]
    a = ["= ,", ", ="] * 2000
    assert code_diff("\n".join(a), "\n".join(reversed(a)))


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("context.find('x')", "context.find('y')", "A searched for 'x', B for 'y'"),
        ("re.findall('a|b', context)", "1", "A searched for 'a|b', B for nothing"),
        (
            "'a' in context\n'b' in context",
            "'a' in context",
            "A searched for 'a' and 'b'; B left out 'b'",
        ),
        ("'a' in c\n'b' in c", "'b' in c\n'a' in c", "A and B searched for the same in another order"),
        ("print(context[:100])", "print(context[:200])", "A took context[:100], B context[:200]"),
        ("print(1)", "print(context[5:])", "B took context[5:], A no part of the context"),
        ("x = 1", "x = llm_query('p')", "B asked with llm_query, A asked nobody"),
        ("llm_query('p')", "llm_query_batched(['p'])", "A asked with llm_query, B with llm_query_batched"),
        ("FINAL(n)", "n += 1", "A gave its answer, B went on"),
        ("x = 1  # one", "x  = 1\n", "the code differs in comments or layout only"),
        ("x = 1", "x = 2", "A's code has `x = 1`, B's has `x = 2` (line 1)"),
        ("x = 1", "x = 1\ny = 2", "B's code has `y = 2` (line 2), A's does not"),
        ("x = 1\ny = 2", "x = 1", "A's code has `y = 2` (line 2), B's does not"),
        ("not python (", "not python )", "A's code has `not python (`, B's has `not python )` (line 1)"),
        ("not python (\n\n", "not python (", "the code differs in empty lines only"),
        ("", "x = 1", "B ran code (`x = 1`), A none"),
        ("", "", "their code differs, and its text is not kept"),
    ],
)
def test_the_difference_of_code_in_one_clause(a: str, b: str, says: str) -> None:
    assert say_code(a, b) == says


def test_names_of_patterns_are_followed() -> None:
    reading = read_code("names = ['Ann', 'Bob']\nfor name in names:\n    print(name, context.count(name))")
    assert reading is not None and reading.terms == ("'Ann'", "'Bob'")
    assert read_code("(" * 5000) is None
    assert read_code("x = '\0'") is None


@given(st.text(max_size=200), st.text(max_size=200))
@settings(deadline=None)
def test_anything_can_be_talked_about(a: str, b: str) -> None:
    assert "\n" not in say_text(a, b, "A", "B", "printed")
    if a != b:
        assert say_code(a, b)


def test_long_things_are_cut_around_what_differs() -> None:
    text = "x" * 500 + "HERE" + "y" * 500
    quoted = quote(text, 500)
    assert "HERE" in quoted and len(quoted) <= SHOWN + 4 and quoted[1] == "…" == quoted[-2]
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert say_text("one\ntwo", "one", "A", "B", "printed") == "A printed `two` in line 2, B nothing more"
