"""Windows of labelled lines, and the questions that are asked about them, after OOLONG-synth (arXiv 2511.02817, tables 15-17).

The wording and the recipe are OOLONG's, so that a prompt that works there works here. Where its generator is known to go
wrong (it counts dates among the fifty most frequent only, and takes one user where it means ten or more) ours does what
the question says.
"""

from __future__ import annotations

import datetime
import itertools
import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rlm_tui.bench.scores.dates import MONTHS
from rlm_tui.bench.tasks.generated import Question

_FIRST_DAY = datetime.date(2022, 2, 16)
_DAYS = (datetime.date(2025, 6, 21) - _FIRST_DAY).days + 1

_LEAD = 0.02
"""A most common label, or a comparison, is asked for only if it leads by more than this share of the lines."""

_MOST_USERS = 10


class Line(msgspec.Struct, frozen=True):
    """One line of a window with the label that the document does not say."""

    date: datetime.date
    user: int
    text: str
    label: str


def lines_for(tokens: int, tokens_a_line: int) -> int:
    """How many lines a window of so many tokens has: OOLONG's rule, which leaves room for header, question and answer."""
    return max(0, int((0.95 * tokens - 168 - 250) // tokens_a_line))


def draw(pool: Mapping[str, Sequence[str]], count: int, source: random.Random) -> list[Line]:
    """`count` lines: labels by a random softmax, dates evenly, four fifths of the lines by a tenth as many users.

    The texts of a label are drawn without repeats as long as the pool has enough of them.
    """
    labels = list(pool)
    source.shuffle(labels)
    temperature = source.randint(2, 6)
    weights = [math.exp(source.randint(1, 30) ** (1 / temperature)) for _ in labels]
    counts = [round(count * weight / sum(weights)) for weight in weights]
    most = max(range(len(labels)), key=counts.__getitem__)
    counts[most] += count - sum(counts)
    rows: list[tuple[str, str]] = []
    for label, times in zip(labels, counts, strict=True):
        texts = pool[label]
        chosen = source.sample(texts, times) if times <= len(texts) else [source.choice(texts) for _ in range(times)]
        rows += [(label, text) for text in chosen]
    source.shuffle(rows)
    common = source.sample(range(10_000, 100_000), max(count // 10, 1))
    often = frozenset(common)
    return [
        Line(_FIRST_DAY + datetime.timedelta(days=source.randrange(_DAYS)), _user(common, often, source), text, label)
        for label, text in rows
    ]


def _user(common: list[int], often: frozenset[int], source: random.Random) -> int:
    """One of the common users four times out of five, else any other one. `often` is `common` to be looked up in."""
    if source.random() < 0.8:
        return source.choice(common)
    while (user := source.randrange(10_000, 100_000)) in often:
        pass
    return user


def render(lines: Sequence[Line], intro: str, *, labelled: bool = False) -> str:
    """The document: what is to come, the lines, and the same again. `labelled` adds the labels, for an ablation only."""
    head = (
        f"The following lines contain {len(lines)} {intro}\n\nYou will be asked to answer questions about the aggregate label "
        f"statistics across all {len(lines)} examples in this dataset. Do not try to guess, estimate, or approximate the "
        "result. Calculate the exact answer given these datapoints.\n\n"
    )
    body = "".join(
        f"Date: {day(line.date)} || User: {line.user} || Instance: {line.text}"
        + (f" || Label: {line.label}\n" if labelled else "\n")
        for line in lines
    )
    return head + body + head.replace("The following", "Recall: the preceding", 1)


def day(date: datetime.date) -> str:
    """A date as in the lines, such as ``Mar 05, 2023``, in English whatever the machine's language is."""
    return f"{MONTHS[date.month - 1][:3].title()} {date.day:02d}, {date.year}"


def month(number: int) -> str:
    """A month's name."""
    return MONTHS[number - 1].title()


def questions(lines: Sequence[Line], source: random.Random) -> list[Question]:
    """All questions about a window, of every kind in turn, so that the first few are of different kinds."""
    groups: dict[str, list[Question]] = {}
    for question in itertools.chain(counting(lines), _users(lines, source), _timeline(lines, source)):
        groups.setdefault(f"{question.meta['group']} {question.answer_type}", []).append(question)
    for group in groups.values():
        source.shuffle(group)
    order = list(groups)
    source.shuffle(order)
    turns = itertools.zip_longest(*(groups[name] for name in order))
    return [question for turn in turns for question in turn if question is not None]


def _question(text: str, gold: Iterable[object], answer_type: str, group: str, subset: bool = False) -> Question:
    return Question(text, tuple(str(one) for one in gold), answer_type, {"group": group, "subset": subset})


def counting(lines: Sequence[Line], where: str = "", group: str = "counting") -> list[Question]:
    """How often which label comes, over all lines, or over those that `where` says were chosen."""
    before = where or "In the above data,"
    counts = Counter(line.label for line in lines)
    if not counts:
        return []
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    names = sorted(counts)
    form = f"Give your final answer in the form 'Label: answer' where answer is one of the labels: {', '.join(names)}."
    found: list[Question] = []

    def add(text: str, gold: Iterable[object], answer_type: str) -> None:
        found.append(_question(f"{before} {text}", gold, answer_type, group, bool(where)))

    if len(ranked) > 1:
        if ranked[0][1] - ranked[1][1] > _LEAD * len(lines):
            add(f"which of the labels is the most common? {form}", [ranked[0][0]], "LABEL")
        least = [name for name in names if counts[name] == ranked[-1][1]]
        add(f"which of the labels is the least common? {form}", least, "LABEL")
    for a, b in itertools.combinations(names, 2):
        lead = counts[a] - counts[b]
        if not lead or abs(lead) > _LEAD * len(lines):
            text = (
                f"is label '{a}' more common, less common, or the same frequency as label '{b}'? Give your final answer in the "
                f"form 'Answer: {a} is [X] {b}', where [X] is 'more common than', 'less common than', or 'same frequency as'."
            )
            gold = "more common than" if lead > 0 else "less common than" if lead < 0 else "same frequency as"
            add(text, [gold], "COMPARISON")
    for name in names:
        text = f"how many data points should be classified as label '{name}'? Give your final answer in the form 'Answer: number'."
        add(text, [counts[name]], "NUMERIC")
    return found


_USER_FORM = "Give your final answer in the form 'User: [X]', where [X] is the user ID."


def _users(lines: Sequence[Line], source: random.Random) -> list[Question]:
    found: list[Question] = []
    counts = Counter(line.user for line in lines)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    for place, words in ((0, "most often"), (1, "the second most often")):
        if _stands_alone(ranked, place):
            text = f"In the above data, which user is represented {words}? {_USER_FORM}"
            found.append(_question(text, [ranked[place][0]], "USER", "user"))
    often = [user for user, _ in ranked[: 5 * _MOST_USERS]]
    some = sorted(source.sample(often, min(source.randint(3, _MOST_USERS), len(often))))
    listed = ", ".join(map(str, some))
    where = (
        f"For the following question, only consider the subset of instances that are associated with user IDs {listed}. Among "
        "instances associated with these users,"
    )
    found += counting([line for line in lines if line.user in some], where, "user")
    for label in sorted({line.label for line in lines}):
        having = Counter(line.user for line in lines if line.label == label)
        leaders = sorted(having.items(), key=lambda pair: (-pair[1], pair[0]))
        if _stands_alone(leaders, 0):
            text = f"In the above data, which user has the most instances with the label {label}? {_USER_FORM}"
            found.append(_question(text, [leaders[0][0]], "USER", "user"))
        apart = [(a, b) for a, b in itertools.combinations(leaders[:_MOST_USERS], 2) if a[1] > b[1] + 1]
        if apart:
            more, fewer = source.choice(apart)
            first, second = sorted((more[0], fewer[0]))
            text = (
                f"In the above data, which user has more instances with the label {label}: User {first} or User {second}? "
                f"{_USER_FORM}"
            )
            found.append(_question(text, [more[0]], "USER", "user"))
    return found


def _stands_alone(ranked: Sequence[tuple[object, int]], place: int) -> bool:
    """Whether the count at `place` is nobody else's, and whether there is anybody else."""
    if place >= len(ranked) or len(ranked) < 2:
        return False
    around = {other for other in (place - 1, place + 1) if 0 <= other < len(ranked)}
    return all(ranked[other][1] != ranked[place][1] for other in around)


def _timeline(lines: Sequence[Line], source: random.Random) -> list[Question]:
    found: list[Question] = []
    counts = Counter(line.date for line in lines)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    for place, words in ((0, "most often"), (1, "the second most often")):
        if _stands_alone(ranked, place):
            text = (
                f"In the above data, which date is represented {words}? Give your final answer in the form 'Date: [X]', where [X] "
                "is the date in the format MM/DD/YYYY."
            )
            found.append(_question(text, [ranked[place][0].isoformat()], "DATE", "timeline"))
    times = source.choice(sorted(set(counts.values())))
    text = (
        f"In the above data, how many dates are represented exactly {times} times? Give your final answer in the form "
        f"'Answer: [X]', where [X] is the number of dates represented exactly {times} times."
    )
    found.append(_question(text, [sum(count == times for count in counts.values())], "NUMERIC", "timeline"))
    found += _before_and_after(lines, source)
    found += _ranges(lines, source)
    found += _months(lines)
    return found


def _before_and_after(lines: Sequence[Line], source: random.Random) -> list[Question]:
    """Whether a label is a larger share of the lines before a day than of those after it."""
    ordered = sorted(line.date for line in lines)
    middle = ordered[source.randint(int(len(lines) * 0.15), int(len(lines) * 0.75))]
    before = [line.label for line in lines if line.date < middle]
    after = [line.label for line in lines if line.date > middle]
    if not before or not after:
        return []
    found: list[Question] = []
    for label in sorted(set(before)):
        # Whole numbers, for two equal shares may differ as fractions of floating point.
        lead = before.count(label) * len(after) - after.count(label) * len(before)
        if not lead or abs(lead) > _LEAD * len(before) * len(after):
            text = (
                f"In the above data, was label '{label}' more common, less common, or the same frequency before {middle}, as "
                f"compared to after {middle}? Give your final answer in the form 'Answer: {label} is [X] before {middle}', where "
                "[X] is 'more common', 'less common', or 'the same frequency'."
            )
            gold = "more common" if lead > 0 else "less common" if lead < 0 else "the same frequency"
            found.append(_question(text, [gold], "COMPARISON", "timeline"))
    return found


def _ranges(lines: Sequence[Line], source: random.Random) -> list[Question]:
    """Counting in one month of any year, and between two days."""
    number = source.choice(sorted({line.date.month for line in lines}))
    where = (
        f"For the following question, only consider the subset of instances that occur in {month(number)} of any year. Among "
        f"instances occurring in {month(number)},"
    )
    found = counting([line for line in lines if line.date.month == number], where, "timeline")
    ordered = sorted(line.date for line in lines)
    start = source.randint(int(len(lines) * 0.1), int(len(lines) * 0.5))
    first, last = ordered[start], ordered[source.randint(start, int((len(lines) - 1) * 0.9))]
    where = (
        f"For the following question, only consider the subset of instances that occur between {day(first)} and {day(last)}, "
        "inclusive. Among instances occurring in this date range,"
    )
    return found + counting([line for line in lines if first <= line.date <= last], where, "timeline")


def _months(lines: Sequence[Line]) -> list[Question]:
    """In how many months, and in which one first, a label is more frequent than another or than all."""
    by_month: dict[tuple[int, int], Counter[str]] = {}
    for line in sorted(lines, key=lambda line: line.date):
        by_month.setdefault((line.date.year, line.date.month), Counter())[line.label] += 1
    labels = sorted({line.label for line in lines})
    found: list[Question] = []
    for a, b in itertools.permutations(labels, 2):
        ahead = [when for when, counts in by_month.items() if counts[a] > counts[b]]
        text = (
            f"For how many months does the label '{a}' occur more frequently than the label '{b}'? Disregard months where there "
            f"is a tie. Give your final answer in the form 'Answer: [X]', where [X] is the number of months where '{a}' occurs "
            f"more often than '{b}'."
        )
        found.append(_question(text, [len(ahead)], "NUMERIC", "timeline"))
        if ahead:
            year, number = ahead[0]
            text = (
                f"In which month did the label '{a}' first occur more often than the label '{b}'? Give your final answer in the "
                "form 'Answer: [month] [year]', where [month] is the name of the month and [year] is the four-digit year where "
                f"'{a}' first occurred more often than '{b}'."
            )
            found.append(_question(text, [f"{month(number)} {year}"], "MONTH_YEAR", "timeline"))
    for a in labels:
        alone = sum(all(counts[a] > counts[b] for b in labels if b != a) for counts in by_month.values())
        text = (
            f"For how many months is the label '{a}' the single most frequently occurring label? Disregard months where there is "
            "a tie for the most common label. Give your final answer in the form 'Answer: [X]', where [X] is the number of months "
            f"where '{a}' is the most common label."
        )
        found.append(_question(text, [alone], "NUMERIC", "timeline"))
    return found
