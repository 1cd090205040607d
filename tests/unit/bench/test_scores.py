"""The official scorers with their traps, the tolerant ones beside them, and a judge."""

from __future__ import annotations

import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.bench.base import Item, Score
from rlm_tui.bench.scores import choice, judge, numbers, oolong, pairs, text
from rlm_tui.bench.scores.dates import find_dates, find_months, parse_date

LABELS = ("abbreviation", "entity", "human being", "numeric value", "location", "description and abstract concept")


def both(answer: str, *golds: str, kind: str, labels: tuple[str, ...] = LABELS) -> tuple[float, float]:
    found = oolong.score(golds, kind, answer, labels)
    return found.official, found.tolerant


# -- OOLONG: what the official scorer reads


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("57", "57"),
        ("Answer: 57", "57"),
        ("Answer: **57**", "57"),
        ("User: [12345]", "12345"),
        ("at 10:30 it was: Label: entity", "entity"),
        ("a little shorter 19", "a little shorter 19"),
        ("twenty characters 20", "20"),
        ("Answer: animal is more common than plant", "more common"),
        ("Answer: same frequency as", "same frequency as"),
        ("Answer: it has the same frequency as", "same frequency"),
        ("", ""),
        ("                         ", "                         "),
    ],
)
def test_what_the_official_scorer_reads(answer: str, read: str) -> None:
    assert oolong.parse(answer) == read


@pytest.mark.parametrize("answer", ["The answer is 57", "Answer: 57.", "The total is 57."])
def test_answers_that_officially_score_nought(answer: str) -> None:
    assert both(answer, "57", kind="NUMERIC") == (0.0, 1.0)


def test_more_traps() -> None:
    assert both("Answer: 1,234", "1234", kind="NUMERIC") == (0.0, 1.0)
    # A label alone without a colon is cut to its last word when it has twenty characters or more.
    assert both("description and abstract concept", "description and abstract concept", kind="LABEL") == (0.0, 1.0)
    # Of two labels that tie only the first is taken.
    assert both("Label: entity", "location", "entity", kind="LABEL") == (0.0, 1.0)
    assert both("Label: location", "location", "entity", kind="LABEL") == (1.0, 1.0)
    assert both("Label: Human Being", "human being", kind="LABEL") == (0.0, 1.0)


@pytest.mark.parametrize(("off", "worth"), [(0, 1.0), (1, 0.75), (2, 0.5625), (-3, 0.421875)])
def test_numbers_are_worth_less_the_farther_off_they_are(off: int, worth: float) -> None:
    assert both(f"Answer: {57 + off}", "57", kind="NUMERIC") == (worth, worth)


def test_a_number_far_off_is_no_overflow() -> None:
    assert both("Answer: " + "9" * 60, "57", kind="NUMERIC")[0] < 1e-100


def test_python_reads_more_as_a_number_than_a_person_writes() -> None:
    assert both("Answer: 5_7", "57", kind="NUMERIC")[0] == 1.0
    assert both("Answer: 57.0", "57", kind="NUMERIC")[0] == 0.0
    assert both("Answer: fifty-seven", "57", kind="NUMERIC") == (0.0, 0.0)


def test_comparisons() -> None:
    gold = "more common than"
    assert both("Answer: entity is more common than location", gold, kind="COMPARISON") == (1.0, 1.0)
    assert both("Answer: more common than", gold, kind="COMPARISON") == (1.0, 1.0)
    assert both("Answer: more common", gold, kind="COMPARISON") == (1.0, 1.0)
    assert both("Answer: less common than", gold, kind="COMPARISON") == (0.0, 0.0)
    # "is more common than" has fewer than twenty characters, so that no phrase is looked for in it.
    assert both("Answer: is more common than", gold, kind="COMPARISON") == (0.0, 1.0)
    assert both("It is more frequent.", gold, kind="COMPARISON") == (0.0, 1.0)
    assert both("Is it more common or less common? I can't say.", gold, kind="COMPARISON")[1] == 0.0
    assert (
        both("Answer: entity is the same frequency before 2023-01-01", "the same frequency", kind="COMPARISON")[0]
        == 1.0
    )


def test_users() -> None:
    assert both("User: [12345]", "12345", kind="USER") == (1.0, 1.0)
    assert both("User: User 12345", "12345", kind="USER") == (0.0, 1.0)
    assert both("It's either 12345 or 23456", "12345", kind="USER") == (0.0, 0.0)


def test_dates() -> None:
    assert both("Date: 03/05/2023", "2023-03-05", kind="DATE") == (1.0, 1.0)
    assert both("Date: [Mar 05, 2023]", "2023-03-05", kind="DATE") == (1.0, 1.0)
    assert both("Date: 05/03/2023", "2023-03-05", kind="DATE") == (0.0, 0.0)
    assert both("Date: March 5, 2023 (seven times)", "2023-03-05", kind="DATE") == (0.0, 1.0)
    assert both("Date: unknown", "2023-03-05", kind="DATE") == (0.0, 0.0)


def test_months() -> None:
    assert both("Answer: March 2023", "March 2023", kind="MONTH_YEAR") == (1.0, 1.0)
    assert both("Answer: **Mar 2023**.", "March 2023", kind="MONTH_YEAR") == (0.0, 1.0)
    assert both("Answer: March 2022", "March 2023", kind="MONTH_YEAR") == (0.0, 0.0)


def test_the_last_said_counts() -> None:
    answer = "Counting the lines: 12 and 45 make 57.\n\n**Final answer: 57 data points**"
    assert both(answer, "57", kind="NUMERIC") == (0.0, 1.0)
    assert both("Answer: 58\nNo, wait.\nAnswer: 57", "57", kind="NUMERIC") == (1.0, 1.0)


def test_naming_several_labels_is_no_answer() -> None:
    assert both("Label: entity, location and human being", "entity", kind="LABEL") == (0.0, 0.0)
    assert both("It is the label 'numeric value', clearly.", "numeric value", kind="LABEL") == (0.0, 1.0)


@given(st.text(max_size=80), st.sampled_from(["NUMERIC", "LABEL", "COMPARISON", "USER", "DATE", "MONTH_YEAR"]))
def test_any_answer_gets_a_score(answer: str, kind: str) -> None:
    gold = {"NUMERIC": "5", "DATE": "2023-03-05", "MONTH_YEAR": "March 2023"}.get(kind, "entity")
    found = oolong.score((gold,), kind, answer, LABELS)
    assert 0.0 <= found.official <= found.tolerant <= 1.0


# -- Dates


FORMS = (
    "%m/%d/%Y",
    "%Y-%m-%d",
    "%b %d, %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%A, %B %d, %Y",
)


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2069, 12, 31)), st.sampled_from([*FORMS, "%m/%d/%y"]))
def test_dates_are_read_as_dateutil_reads_them(date: datetime.date, form: str) -> None:
    dateutil = pytest.importorskip("dateutil.parser")
    written = date.strftime(form)
    assert parse_date(written) == date == dateutil.parse(written).date()
    if "%y" not in form:
        assert find_dates(f"It was on {written}, twice.") == {date}


@pytest.mark.parametrize("written", ["", "12", "March", "March 2023", "13/13/2023", "02/30/2023", "tomorrow", "2023"])
def test_what_is_no_date(written: str) -> None:
    """dateutil fills in today's day or month for some of these, so that a score would change with the calendar."""
    assert parse_date(written) is None


def test_a_day_that_can_be_no_month() -> None:
    assert parse_date("25/03/2023") == datetime.date(2023, 3, 25)
    assert parse_date("5th of March 2023") == parse_date("March 5th, 2023") == datetime.date(2023, 3, 5)
    assert find_months("in September, 2024 or Sept 2024") == {(2024, 9)}


# -- Multiple choice


@pytest.mark.parametrize(
    ("answer", "official", "tolerant"),
    [
        ("The correct answer is (B).", "B", "B"),
        ("The correct answer is B", "B", "B"),
        ("**The correct answer is (B)**", "B", "B"),
        ("B", None, "B"),
        ("(B)", None, "B"),
        ("b.", None, "B"),
        ("Answer: B", None, "B"),
        ("So the answer is option (B), because the class is abstract.", None, "B"),
        ("I looked at it.\n\nB", None, "B"),
        ("It returns a list, see (B).", None, "B"),
        ("The answer is a function of the class.", None, None),
        ("A function of the class decides it.", None, None),
        ("Both (A) and (B) are right.", None, None),
        ("It is a bit of everything: a cache, a queue and a lock.", None, None),
        ("", None, None),
        ("The correct answer is (E)", None, None),
    ],
)
def test_letters(answer: str, official: str | None, tolerant: str | None) -> None:
    assert choice.official(answer) == official
    found = choice.score("B", answer)
    assert (found.official, found.tolerant) == (float(official == "B"), float(tolerant == "B"))
    assert choice.score("A", answer).tolerant == 0.0


# -- Words, numbers, fields


def test_words() -> None:
    gold = ("Ada Lovelace", "Lovelace")
    assert text.short(gold, "Answer: Ada Lovelace").official == 1.0
    assert text.short(gold, "**Ada Lovelace**").official == 1.0
    for answer in ("ada lovelace.", "It was Ada Lovelace, the Countess.", "Áda Lovelace"):
        found = text.short(gold, answer)
        assert (found.official, found.tolerant) == (0.0, 1.0), answer
    assert text.short(gold, "Adam Lovelacey").tolerant == 0.0
    rambling = (
        "There were many people, among them Ada Lovelace, Charles Babbage, and others whom nobody remembers today"
    )
    assert text.short(gold, rambling).tolerant == 0.0


@pytest.mark.parametrize(
    ("answer", "official", "tolerant"),
    [
        ("1234", 1.0, 1.0),
        ("Answer: 1234", 1.0, 1.0),
        ("Answer: 1,234 euros", 0.0, 1.0),
        ("Answer: €1,234.00", 0.0, 1.0),
        ("Answer: 1 234", 0.0, 1.0),
        ("We add 600 and 634, so it is 1234.", 0.0, 1.0),
        ("Answer: 12345", 0.0, 0.0),
        ("Answer: 1.234", 0.0, 0.0),
        ("Answer: -1234", 0.0, 0.0),
        ("Answer:", 0.0, 0.0),
    ],
)
def test_numbers(answer: str, official: float, tolerant: float) -> None:
    found = numbers.score("1234", answer)
    assert (found.official, found.tolerant) == (official, tolerant)


def test_ruler_counts_what_is_contained() -> None:
    assert text.all_contained(("abc", "DEF"), "xx ABC, yy") == 0.5
    assert text.any_contained(("abc", "DEF"), "xx ABC, yy") == 1.0
    assert text.any_contained(("abc",), "") == 0.0


@given(st.text(max_size=60))
def test_no_answer_breaks_a_scorer(answer: str) -> None:
    for found in (
        text.short(("Ada",), answer),
        text.fields("a=1 b=x", answer),
        numbers.score("12", answer),
        choice.score("A", answer),
    ):
        assert 0.0 <= found.official <= found.tolerant <= 1.0


# -- The judge

ITEM = Item("x/1", "x", "Who {wrote} it?", ("Ada", "Lovelace"), "TEXT", 10, "0" * 64)


def test_a_judge_stands_beside_the_other_scores() -> None:
    asked = []

    def opinion(question: str, gold: object, answer: str) -> float | None:
        asked.append((question, gold, answer))
        return None if answer == "?" else 7.0

    score = Score(0.0, 0.5, parsed="p")
    assert judge.judged(score, ITEM, "She did", opinion) == Score(0.0, 0.5, 1.0, "p")
    assert judge.judged(score, ITEM, "?", opinion).judge is None
    assert asked[0] == ("Who {wrote} it?", ("Ada", "Lovelace"), "She did")


def test_what_a_judge_is_asked() -> None:
    asked = judge.prompt(ITEM.question, ITEM.gold, "{gold} and {question}\ncorrect: yes")
    assert "Question: Who {wrote} it?\n" in asked
    assert "Correct answer: Ada or Lovelace\n" in asked
    assert "Response: {gold} and {question}\n" in asked
    long = judge.prompt("q", ("g",), "x" * 50_000 + "END")
    assert len(long) < 22_000 and "END" in long and "[30003 characters left out]" in long


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("correct: yes", 1.0),
        ("It names Ada.\n\n**correct: no**", 0.0),
        ("correct: no\n... on second thought\nCorrect: Yes.", 1.0),
        ("It is not correct: yesterday", None),
        ("", None),
    ],
)
def test_what_a_judge_says(reply: str, says: float | None) -> None:
    assert judge.verdict(reply) == says


# -- Answers that are made to be slow


SLOW = (
    " " * 200_000,
    "\n" * 200_000,
    "9" * 200_000,
    "Answer" + " " * 200_000 + "x",
    "answer:\n" * 40_000,
    "(" * 200_000,
    "1," * 100_000,
    "1,111" + ",111" * 50_000,
    "12345 " * 40_000,
    "12345" + " " * 200_000 + "x",
    "*" * 200_000,
    "as " * 70_000,
    "count" + " " * 200_000 + "x",
    "March " * 40_000,
    "correct" + " " * 200_000,
)


@pytest.mark.parametrize("number", range(len(SLOW)))
def test_no_answer_takes_long(number: int) -> None:
    """Each within a fraction of what a regular expression of square cost would take, which is minutes."""
    answer = SLOW[number]
    start = time.process_time()
    for kind in ("NUMERIC", "LABEL", "COMPARISON", "USER", "DATE", "MONTH_YEAR"):
        gold = {"NUMERIC": "5", "DATE": "2023-03-05", "MONTH_YEAR": "March 2023"}.get(kind, "entity")
        assert len(oolong.score((gold,), kind, answer, LABELS).parsed) <= 200
    pairs.score("(10001, 10002)", answer)
    choice.score("A", answer)
    numbers.score("12", answer)
    assert len(text.short(("Ada",), answer).parsed) <= 200
    text.fields("count=1 name=x", answer)
    judge.verdict(answer)
    assert time.process_time() - start < 5
