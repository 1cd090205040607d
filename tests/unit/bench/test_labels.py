"""Labelled windows: the recipe, the shipped texts, and every gold found again from the labelled document."""

from __future__ import annotations

import calendar
import datetime
import gzip
import hashlib
import math
import random
import re
from collections import Counter
from importlib import resources

import msgspec
import pytest

from rlm_tui.bench.base import Item, text_of
from rlm_tui.bench.data import make_glosses
from rlm_tui.bench.scores import oolong
from rlm_tui.bench.tasks import aggregate, task
from rlm_tui.bench.tasks.labels import pool

LINE = re.compile(
    r"^Date: (\w{3} \d{2}, \d{4}) \|\| User: (\d{5}) \|\| Instance: (.+?) \|\| Label: (.+)$", re.MULTILINE
)

Row = tuple[datetime.date, str, str]


def rows_of(labelled: str) -> list[Row]:
    return [
        (datetime.datetime.strptime(date, "%b %d, %Y").date(), user, label)  # noqa: DTZ007
        for date, user, _, label in LINE.findall(labelled)
    ]


def subset(question: str, rows: list[Row]) -> list[Row]:
    """The rows that the question restricts itself to."""
    if found := re.search(r"associated with user IDs ([\d, ]+)\.", question):
        users = found[1].split(", ")
        return [row for row in rows if row[1] in users]
    if found := re.search(r"occur in (\w+) of any year", question):
        number = list(calendar.month_name).index(found[1])
        return [row for row in rows if row[0].month == number]
    if found := re.search(r"occur between (\w+ \d+, \d+) and (\w+ \d+, \d+), inclusive", question):
        first, last = (datetime.datetime.strptime(one, "%b %d, %Y").date() for one in found.groups())  # noqa: DTZ007
        return [row for row in rows if first <= row[0] <= last]
    return rows


def solve(question: str, everything: list[Row]) -> set[str]:
    """All right answers, worked out from the wording of the question alone."""
    rows = subset(question, everything)
    labels = Counter(label for _, _, label in rows)
    months: dict[tuple[int, int], Counter[str]] = {}
    for date, _, label in rows:
        months.setdefault((date.year, date.month), Counter())[label] += 1

    def at(place: int, counts: Counter[str]) -> set[str]:
        wanted = sorted(counts.values(), reverse=True)[place]
        return {name for name, count in counts.items() if count == wanted}

    if re.search(r"which of the labels is the (most|least) common\?", question):
        return at(0 if "most common?" in question else -1, labels)
    if found := re.search(r"is label '(.+?)' more common, .* as label '(.+?)'\?", question):
        a, b = (labels[name] for name in found.groups())
        return {"more common than" if a > b else "less common than" if a < b else "same frequency as"}
    if found := re.search(r"classified as label '(.+?)'\?", question):
        return {str(labels[found[1]])}
    if "which user is represented" in question:
        return at(1 if "second" in question else 0, Counter(user for _, user, _ in rows))
    if found := re.search(r"which user has the most instances with the label (.+?)\?", question):
        return at(0, Counter(user for _, user, label in rows if label == found[1]))
    if found := re.search(r"more instances with the label (.+?): User (\d+) or User (\d+)\?", question):
        having = Counter(user for _, user, label in rows if label == found[1])
        return {max(found[2], found[3], key=having.__getitem__)}
    dates = Counter(date.isoformat() for date, _, _ in rows)
    if "which date is represented" in question:
        return at(1 if "second" in question else 0, dates)
    if found := re.search(r"how many dates are represented exactly (\d+) times", question):
        return {str(list(dates.values()).count(int(found[1])))}
    if found := re.search(r"was label '(.+?)' .* before (\S+), as compared", question):
        middle = datetime.date.fromisoformat(found[2])
        before, after = [r for r in rows if r[0] < middle], [r for r in rows if r[0] > middle]
        lead = sum(r[2] == found[1] for r in before) / len(before) - sum(r[2] == found[1] for r in after) / len(after)
        same = math.isclose(lead, 0, abs_tol=1e-12)
        return {"the same frequency" if same else "more common" if lead > 0 else "less common"}
    if found := re.search(
        r"how many months does the label '(.+?)' occur more frequently than the label '(.+?)'\?", question
    ):
        return {str(sum(counts[found[1]] > counts[found[2]] for counts in months.values()))}
    if found := re.search(r"how many months is the label '(.+?)' the single", question):
        return {str(sum(at(0, counts) == {found[1]} for counts in months.values()))}
    if found := re.search(
        r"In which month did the label '(.+?)' first occur more often than the label '(.+?)'\?", question
    ):
        year, number = min(when for when, counts in months.items() if counts[found[1]] > counts[found[2]])
        return {f"{calendar.month_name[number]} {year}"}
    raise AssertionError(question)


@pytest.mark.parametrize(("length", "windows"), [(1024, 12), (8192, 4), (32768, 2)])
def test_every_gold_can_be_read_out_of_the_labelled_text(length: int, windows: int) -> None:
    labelled = task("labels", windows=windows, questions=100, ablation="labels")
    items = task("labels", windows=windows, questions=100).items(length, 2)
    assert len(items) > 50 * windows
    firsts = [one for one in labelled.items(length, 2) if one.id.endswith("/0")]
    rows = {one.window.replace("+labelled", ""): rows_of(text_of(labelled.document(one))) for one in firsts}
    for item in items:
        assert solve(item.question, rows[item.window]) == set(item.gold), item


def test_the_labels_are_withheld() -> None:
    made = task("labels")
    items: list[Item] = made.items(8192, 0)
    text = text_of(made.document(items[0]))
    assert "Label:" not in text
    body = [line for line in text.splitlines() if line.startswith("Date: ")]
    assert len(body) == int((0.95 * 8192 - 168 - 250) // 31)
    assert text.startswith(f"The following lines contain {len(body)} definitions")
    assert f"Recall: the preceding lines contain {len(body)} definitions" in text
    for label in pool():
        assert text.count(f"'{label}'") == 2


def test_the_ablation_has_a_name_of_its_own() -> None:
    plain = task("labels").items(2048, 0, 20)
    labelled = task("labels", ablation="labels").items(2048, 0, 20)
    assert [one.question for one in plain] == [one.question for one in labelled]
    assert not {one.id for one in plain} & {one.id for one in labelled}
    assert all(one.id.startswith("labels+labelled/") for one in labelled)


def test_oolongs_number_of_lines() -> None:
    """For trec_coarse, whose lines take 39 tokens: 787 at 32K and 3,182 at 131K."""
    assert aggregate.lines_for(32_768, 39) == 787
    assert aggregate.lines_for(131_072, 39) == 3_182
    assert aggregate.lines_for(100, 39) == 0


def test_a_tenth_as_many_users_have_four_fifths_of_the_lines() -> None:
    lines = aggregate.draw(pool(), 5_000, random.Random(1))
    assert len(lines) == 5_000
    users = Counter(line.user for line in lines)
    often = sum(count for _, count in users.most_common(500))
    assert often / 5_000 == pytest.approx(0.8, abs=0.03)
    assert min(users) >= 10_000 and max(users) <= 99_999
    assert min(line.date for line in lines) >= datetime.date(2022, 2, 16)
    assert max(line.date for line in lines) <= datetime.date(2025, 6, 21)


def test_texts_repeat_only_when_there_are_too_few() -> None:
    few = {"a": [f"a{n}" for n in range(5)], "b": [f"b{n}" for n in range(500)]}
    lines = aggregate.draw(few, 100, random.Random(3))
    texts = Counter(line.text for line in lines)
    assert max(count for text, count in texts.items() if text.startswith("b")) == 1
    assert max(count for text, count in texts.items() if text.startswith("a")) > 1


def test_comparisons_are_asked_only_when_there_is_a_lead() -> None:
    """Fifty-one to forty-nine of a hundred is a lead of two percent, which is not more than two percent."""
    day = datetime.date(2023, 1, 1)
    lines = [aggregate.Line(day, 10_000, "x", "a" if n < 51 else "b") for n in range(100)]
    kinds = [(one.answer_type, one.gold) for one in aggregate.counting(lines)]
    assert kinds == [("LABEL", ("b",)), ("NUMERIC", ("51",)), ("NUMERIC", ("49",))]
    even = [(one.answer_type, one.gold) for one in aggregate.counting(lines[1:])]
    assert ("COMPARISON", ("more common than",)) not in even


def test_ties_for_the_least_common_are_all_gold() -> None:
    day = datetime.date(2023, 1, 1)
    lines = [aggregate.Line(day, 10_000, "x", label) for label in "aaabbcc"]
    least = aggregate.counting(lines)[1]
    assert least.gold == ("b", "c")


# -- The shipped texts


def test_the_shipped_texts() -> None:
    data = resources.files("rlm_tui.bench.data")
    packed = data.joinpath("glosses.tsv.gz").read_bytes()
    assert len(packed) < 140_000
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == SHA
    texts = pool()
    assert {label: len(rows) for label, rows in texts.items()} == dict.fromkeys(
        sorted(make_glosses.LABELS.values()), 900
    )
    every = [text for rows in texts.values() for text in rows]
    assert len(set(every)) == 6_300
    assert all(4 <= len(text.split()) <= 22 for text in every)
    assert all(text.isascii() and "|" not in text and ";" not in text and '"' not in text for text in every)


SHA = "0ffd09eb4cf1d455aae4102193ac5c139d3c35c38b91c91e77898b2662bb82ea"


def test_wordnets_notice_is_shipped_with_them() -> None:
    notice = resources.files("rlm_tui.bench.data").joinpath("WORDNET-LICENSE.txt").read_text(encoding="utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University.  All rights reserved." in notice
    assert "Permission to use, copy, modify and distribute this software" in notice
    assert "WORDNET-LICENSE.txt" in task("labels").notice and "WORDNET-LICENSE.txt" in task("pairs").notice


NOUNS = """\
  1 This software and database is being provided to you, the LICENSEE, by  
  2 Princeton University under the following license.  
00015388 05 n 01 animal 0 000 | a living organism characterized by voluntary movement; "it moved"  
00017222 20 n 01 plant 0 000 | (botany) a living organism lacking the power of locomotion  
00007846 18 n 01 person 0 000 | a human being; "there was too much for one person to do"  
00007847 18 n 01 someone 0 000 | a living organism lacking the power of locomotion  
00007848 18 n 01 cad 0 000 | offensive term for somebody or other  
00007849 18 n 01 cook 0 000 | someone who cooks food (as a trade) , for others .  
00001740 03 n 01 entity 0 000 | that which is perceived or known or inferred
"""


def test_the_script_that_made_them() -> None:
    """First clauses without brackets, of the right length, under one label only, and nothing offensive."""
    found = {label: texts for label, texts in make_glosses.glosses(NOUNS).items() if texts}
    assert found == {
        "animal": ["a living organism characterized by voluntary movement"],
        "person": ["someone who cooks food, for others"],
    }
    assert make_glosses.licence(NOUNS).splitlines()[1] == "Princeton University under the following license."
    many = {"x": [f"x {n}" for n in range(9)], "y": [f"y {n}" for n in range(9)]}
    rows = gzip.decompress(make_glosses.packed(many, 4)).decode().splitlines()
    assert len(rows) == 8 and rows == sorted(rows)
    assert make_glosses.packed(many, 4) == make_glosses.packed(many, 4)


@pytest.mark.parametrize(
    ("right", "low", "high"), [(1.0, 1.0, 1.0), (0.99, 0.6, 0.8), (0.95, 0.35, 0.55), (0.9, 0.2, 0.4)]
)
def test_counts_punish_small_errors_and_comparisons_do_not(right: float, low: float, high: float) -> None:
    """Somebody who counts perfectly, but takes a line for another label now and then, at OOLONG's 32K and six labels.

    This is why results are split by the type of the answer: counting falls to half where comparing stays all right.
    """
    six = {label: texts for label, texts in pool().items() if label != "body part"}
    scores: dict[str, list[float]] = {"NUMERIC": [], "COMPARISON": []}
    for seed in range(30):
        source = random.Random(seed)
        lines = aggregate.draw(six, aggregate.lines_for(32_768, 39), source)
        read = [
            msgspec.structs.replace(line, label=line.label if source.random() < right else source.choice(sorted(six)))
            for line in lines
        ]
        said = {one.text: one.gold[0] for one in aggregate.counting(read)}
        for one in aggregate.counting(lines):
            if one.answer_type in scores and one.text in said:
                scores[one.answer_type].append(oolong.official(one.gold, one.answer_type, f"Answer: {said[one.text]}"))
    assert low <= sum(scores["NUMERIC"]) / len(scores["NUMERIC"]) <= high
    assert sum(scores["COMPARISON"]) / len(scores["COMPARISON"]) > 0.99
