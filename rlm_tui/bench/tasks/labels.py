"""Counting by meaning: an OOLONG-like task over WordNet's glosses, which may be shipped."""

from __future__ import annotations

import functools
import gzip
import random
from importlib import resources
from typing import Any, ClassVar

from rlm_tui.bench.base import Item, Score
from rlm_tui.bench.scores import oolong
from rlm_tui.bench.tasks import aggregate
from rlm_tui.bench.tasks.aggregate import Line
from rlm_tui.bench.tasks.generated import Generated, Window
from rlm_tui.bench.tasks.options import Options

TOKENS_A_LINE = 31
"""What a line takes with GPT's vocabulary: 30.4."""

SHORTEST = 1 << 10


@functools.cache
def pool() -> dict[str, tuple[str, ...]]:
    """The glosses by label."""
    packed = resources.files("rlm_tui.bench.data").joinpath("glosses.tsv.gz").read_bytes()
    found: dict[str, list[str]] = {}
    for row in gzip.decompress(packed).decode().splitlines():
        label, _, text = row.partition("\t")
        found.setdefault(label, []).append(text)
    return {label: tuple(texts) for label, texts in found.items()}


def intro() -> str:
    """What the lines are said to contain. It names the labels, but no line's label."""
    labels = [f"'{label}'" for label in pool()]
    return (
        "definitions from a dictionary, one per line. Each definition is of something that can be described as one of "
        f"{len(labels)} categories: {', '.join(labels[:-1])}, or {labels[-1]}."
    )


def lines_of(length: int, seed: int, index: int) -> list[Line]:
    """The lines of a window, the same for `labels` and `pairs`."""
    source = random.Random(f"labels/{length}/{seed}/{index}")
    return aggregate.draw(pool(), aggregate.lines_for(length, TOKENS_A_LINE), source)


class Labels(Generated):
    """How many, which most, who, when: the label of every line has to be read out of its meaning first.

    The scores are OOLONG's, official and tolerant. `ablation=labels` writes the labels into the document, which leaves
    only the counting; its items have another name and are never to be compared with the others.
    """

    name: ClassVar[str] = "labels"
    summary: ClassVar[str] = "count, compare and date labelled definitions, the labels withheld (OOLONG-like)"
    notice: ClassVar[str] = (
        "OOLONG-like, not OOLONG: WordNet 3.0 noun glosses by lexicographer file (Copyright 2006 Princeton University, "
        "notice in bench/data/WORDNET-LICENSE.txt). Counts punish small errors: always read it by answer type."
    )
    answer_types: ClassVar[tuple[str, ...]] = ("NUMERIC", "LABEL", "COMPARISON", "USER", "DATE", "MONTH_YEAR")
    shortest: ClassVar[int] = SHORTEST
    lengths = (1 << 13, 1 << 14, 1 << 15, 1 << 17)

    def __init__(self, **given: Any) -> None:
        super().__init__()
        options = Options(self.name, given)
        self.windows = options.whole("windows", 10, 1, 1_000)
        self.questions = options.whole("questions", 10, 1, 100)
        self._labelled = options.choice("ablation", "none", ("none", "labels")) == "labels"
        self.variant = "labelled" if self._labelled else ""
        options.done()

    def make(self, length: int, seed: int, index: int) -> Window:
        lines = lines_of(length, seed, index)
        source = random.Random(f"labels/questions/{length}/{seed}/{index}")
        document = aggregate.render(lines, intro(), labelled=self._labelled)
        return Window(document, aggregate.questions(lines, source)[: self.questions])

    def score(self, item: Item, answer: str) -> Score:
        return oolong.score(item.gold, item.answer_type, answer, tuple(pool()))
