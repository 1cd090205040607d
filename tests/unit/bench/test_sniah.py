"""S-NIAH: where the needle is, how long the prompt is, and what counts as found."""

from __future__ import annotations

import re

import pytest

from rlm_tui.bench.base import Item, text_of
from rlm_tui.bench.tasks import task
from rlm_tui.bench.tasks.sniah import NOISE

NEEDLE = re.compile(r"^One of the special magic numbers for ([a-z]+-[a-z]+) is: (\d{7})\.$", re.MULTILINE)


def prompt(item: Item) -> str:
    return text_of(task("sniah").document(item)) + "\n" + item.question


def test_the_prompt_is_rulers() -> None:
    item = task("sniah").items(512, 0, 1)[0]
    (key, value), *others = NEEDLE.findall(prompt(item))
    assert not others and item.gold == (value,)
    plain = NEEDLE.sub("<NEEDLE>", prompt(item)).replace(f"{NOISE}\n", "")
    assert plain == (
        "A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you about the number "
        f"afterwards.\n<NEEDLE>\nWhat is the special magic number for {key} mentioned in the provided text?"
    )


def test_one_more_line_would_not_fit() -> None:
    """24 tokens a line of noise with GPT's vocabulary; the rest at four characters a token; 128 for the answer."""
    for length in (512, 1 << 13, 1 << 17):
        for item in task("sniah", windows=5).items(length, 0):
            text = prompt(item)
            lines = text.count(NOISE)
            tokens = 24 * lines + len(text.replace(f"{NOISE}\n", "")) / 4 + 128
            assert tokens <= length + 1 and tokens + 24 > length - 2


def test_needles_lie_everywhere() -> None:
    depths = [int(item.meta["depth"]) for item in task("sniah", windows=200).items(4096, 0)]
    assert min(depths) < 5 and max(depths) > 95
    assert sum(depth < 50 for depth in depths) == pytest.approx(100, abs=30)


def test_hay_of_needles_has_one_right_answer() -> None:
    made = task("sniah", haystack="needles")
    for item in made.items(1 << 13, 0, 10):
        found = NEEDLE.findall(text_of(made.document(item)))
        key = re.search(r"number for (\S+) mentioned", item.question)
        assert key and [value for name, value in found if name == key[1]] == [item.gold[0]]
        assert len(found) > 300


def test_what_counts_as_found() -> None:
    made = task("sniah")
    item = made.items(512, 0, 1)[0]
    value = item.gold[0]
    assert made.score(item, f"It's **{value}**, I think.").official == 1.0
    written = f"{int(value):,}"
    assert (made.score(item, written).official, made.score(item, written).tolerant) == (0.0, 1.0)
    assert made.score(item, "1234567" if value != "1234567" else "7654321").tolerant == 0.0
