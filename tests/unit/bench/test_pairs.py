"""Pairs: the wording of the paper, golds against every pair looked at one by one, and F1."""

from __future__ import annotations

import datetime
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.bench.base import text_of
from rlm_tui.bench.scores import pairs as scores
from rlm_tui.bench.tasks import task
from rlm_tui.bench.tasks.aggregate import Line
from rlm_tui.bench.tasks.labels import lines_of
from rlm_tui.bench.tasks.pairs import LABELS
from rlm_tui.bench.tasks.predicates import QUERIES, TREC, qualifying, wording

SUFFIX = (
    " Each of the questions can be labelled as one of the labels (the data does not provide the labels, you need to figure out "
    "the label from the semantics of the question): description and abstract concept, entity, human being, numeric value, "
    "location, abbreviation. In your answer, list all pairs in the format (user_id_1, user_id_2), separated by newlines."
)

WHERE = {
    1: "where both users have at least one instance with a numeric value or location.",
    3: "where both users have at least one instance with a description and abstract concept or abbreviation.",
    4: "where both users have at least one instance with a human being or location, and all instances that are a human being "
    "for both users must be after January 6, 2023.",
    5: "where both users have at least one instance with an entity or numeric value, and all instances that are an entity for "
    "both users must be before March 15, 2023.",
    10: "where both users have at least one instance with a numeric value or abbreviation, and all instances that are an "
    "abbreviation for both users must be before May 20, 2023.",
    11: "such that one user has at least one instance with entity and one with abbreviation, and the other user has exactly one "
    "instance with entity.",
    15: "such that one user has at least one instance with entity, at least one instance with location, and at least one "
    "instance with abbreviation, and the other user has exactly one instance with numeric value.",
    19: "such that one user has at least two instances with location and at least one instance with entity, and the other user "
    "has exactly one instance with description and abstract concept and exactly one instance with abbreviation.",
}


@pytest.mark.parametrize("number", WHERE)
def test_the_papers_wording(number: int) -> None:
    begin = "In the above data, list all pairs of user IDs (no duplicate pairs, list lower ID first) "
    assert wording(number, TREC) == begin + WHERE[number] + SUFFIX


def both_ways(number: int, a: list[Line], b: list[Line]) -> bool:
    """The query by its words, over one pair of users: an oracle that knows nothing of `Side`."""
    n = {role: [sum(line.label == TREC[role] for line in user) for user in (a, b)] for role in TREC}
    days = {role: [line.date for line in (*a, *b) if line.label == TREC[role]] for role in TREC}
    day = datetime.date
    de, en, hu, nu, lo, ab = (n[role] for role in ("DE", "EN", "HU", "NU", "LO", "AB"))

    def either(x: list[int], y: list[int]) -> bool:
        return all(x[i] + y[i] >= 1 for i in (0, 1))

    symmetric = {
        1: lambda: either(nu, lo),
        2: lambda: either(en, hu),
        3: lambda: either(de, ab),
        4: lambda: either(hu, lo) and all(x > day(2023, 1, 6) for x in days["HU"]),
        5: lambda: either(en, nu) and all(x < day(2023, 3, 15) for x in days["EN"]),
        6: lambda: either(lo, ab),
        7: lambda: either(de, nu) and all(x > day(2023, 2, 1) for x in days["NU"]),
        8: lambda: either(hu, de),
        9: lambda: either(en, lo) and all(x > day(2023, 4, 10) for x in days["LO"]),
        10: lambda: either(nu, ab) and all(x < day(2023, 5, 20) for x in days["AB"]),
    }
    if number in symmetric:
        return symmetric[number]()

    def one_way(i: int, j: int) -> bool:
        return {
            11: en[i] >= 1 and ab[i] >= 1 and en[j] == 1,
            12: nu[i] >= 2 and lo[j] >= 1 and hu[j] >= 1,
            13: de[i] == 1 and ab[j] >= 1 and en[j] >= 1,
            14: hu[i] >= 1 and nu[i] >= 1 and lo[j] == 2,
            15: en[i] >= 1 and lo[i] >= 1 and ab[i] >= 1 and nu[j] == 1,
            16: de[i] >= 1 and hu[i] >= 1 and en[j] >= 2 and ab[j] == 1,
            17: nu[i] == 1 and lo[j] >= 1 and de[j] >= 1,
            18: ab[i] >= 1 and hu[i] == 1 and en[j] >= 1 and nu[j] >= 1,
            19: lo[i] >= 2 and en[i] >= 1 and de[j] == 1 and ab[j] == 1,
            20: nu[i] >= 1 and hu[i] >= 1 and lo[j] >= 1 and en[j] >= 1 and ab[j] == 1,
        }[number]

    return one_way(0, 1) or one_way(1, 0)


lines = st.builds(
    Line,
    date=st.dates(datetime.date(2022, 12, 1), datetime.date(2023, 6, 30)),
    user=st.integers(10_000, 10_005),
    text=st.just("x"),
    label=st.sampled_from(sorted(TREC.values())),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(lines, max_size=24))
def test_all_twenty_queries_against_every_pair(some: list[Line]) -> None:
    users = sorted({line.user for line in some})
    of = {user: [line for line in some if line.user == user] for user in users}
    for number in QUERIES:
        wanted = {(a, b) for a, b in itertools.combinations(users, 2) if both_ways(number, of[a], of[b])}
        assert qualifying(some, number, TREC) == wanted, number


def test_all_twenty_queries_on_real_windows() -> None:
    """The same with our labels in the queries' roles, over a window long enough that every query finds something."""
    renamed = {LABELS[role]: TREC[role] for role in TREC}
    window = [Line(line.date, line.user, "", renamed.get(line.label, "none")) for line in lines_of(8192, 0, 0)]
    users = sorted({line.user for line in window})
    of = {user: [line for line in window if line.user == user] for user in users}
    for item in task("pairs", windows=1).items(8192, 0):
        number = int(item.meta["query"])
        wanted = [(a, b) for a, b in itertools.combinations(users, 2) if both_ways(number, of[a], of[b])]
        assert item.gold == ("\n".join(f"({a}, {b})" for a, b in wanted),)
        assert item.meta["pairs"] == len(wanted) > 0


def test_all_after_a_day_holds_without_any() -> None:
    day = datetime.date(2022, 1, 1)
    some = [Line(day, 10_001, "", "location"), Line(day, 10_002, "", "location"), Line(day, 10_003, "", "human being")]
    assert qualifying(some, 4, TREC) == {(10_001, 10_002)}


def test_pairs_are_over_the_documents_of_labels() -> None:
    labels, found = task("labels").items(4096, 5, 1)[0], task("pairs").items(4096, 5, 1)[0]
    assert labels.document == found.document
    assert text_of(task("labels").document(labels)) == text_of(task("pairs").document(found))


def test_the_queries_name_our_labels_and_kind() -> None:
    for item in task("pairs").items(4096, 0):
        assert "Each of the definitions can be labelled as one of" in item.question
        assert not any(re.search(rf"(with|or|an?) {name}\b", item.question) for name in TREC.values())
        assert "food or drink, animal, person, man-made object, place, plant." in item.question


def test_a_limit_leaves_different_queries() -> None:
    assert len({item.meta["query"] for item in task("pairs").items(4096, 0, 8)}) == 8


# -- F1


def test_f1_by_hand() -> None:
    gold = "(1, 2)\n(1, 3)\n(2, 3)\n(2, 4)"
    assert scores.score(gold, gold).official == 1.0
    # Two of three found ones are right, two of four are found: 2 * 2 / (3 + 4).
    found = scores.score(gold, "Here:\n(1, 2)\n(1,3)\n(3, 4)")
    assert found.official == pytest.approx(4 / 7)
    assert found.parsed == "3 pairs, 2 of 4 right ones"
    assert scores.score(gold, "").official == 0.0
    assert scores.score("", "There are no such pairs.").official == 1.0
    assert scores.score("", "(1, 2)").official == 0.0


def test_the_form_that_was_asked_for_is_official_and_others_are_tolerated() -> None:
    gold = "(10001, 20002)\n(10001, 30003)"
    for answer in (
        "10001, 20002\n10001, 30003",
        "(20002, 10001)\n(30003, 10001)",
        "[10001 20002]\n10001-30003",
        "- 10001 and 20002\n- 10001 & 30003",
    ):
        found = scores.score(gold, answer)
        assert (found.official, found.tolerant) == (0.0, 1.0), answer


def test_a_user_alone_is_no_pair() -> None:
    assert scores.loose("(10001, 10001)\n2 pairs of 10001") == set()


@given(
    st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))), st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)))
)
def test_f1_is_the_harmonic_mean(found: set[tuple[int, int]], wanted: set[tuple[int, int]]) -> None:
    value = scores.f1(found, wanted)
    right = len(found & wanted)
    if right:
        precision, recall = right / len(found), right / len(wanted)
        assert value == pytest.approx(2 * precision * recall / (precision + recall))
    else:
        assert value == float(not found and not wanted)


def test_twenty_thousand_pairs_are_scored_quickly() -> None:
    gold = scores.written({(10_000 + a, 20_000 + b) for a in range(150) for b in range(140)})
    assert scores.score(gold, gold).official == 1.0
