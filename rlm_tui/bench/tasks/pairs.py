"""All pairs of users that satisfy a query: work that grows with the square of the document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, overload

from rlm_tui.bench.base import Item, Score
from rlm_tui.bench.scores import pairs
from rlm_tui.bench.tasks import aggregate
from rlm_tui.bench.tasks.aggregate import Line
from rlm_tui.bench.tasks.generated import Generated, Question, Window
from rlm_tui.bench.tasks.labels import SHORTEST, intro, lines_of
from rlm_tui.bench.tasks.options import Options
from rlm_tui.bench.tasks.predicates import (
    ABBREVIATION,
    DESCRIPTION,
    ENTITY,
    HUMAN,
    LOCATION,
    NUMERIC,
    QUERIES,
    qualifying,
    wording,
)

LABELS = {
    DESCRIPTION: "food or drink",
    ENTITY: "animal",
    HUMAN: "person",
    NUMERIC: "man-made object",
    LOCATION: "place",
    ABBREVIATION: "plant",
}
"""Which of our labels stands for which of the queries'. Body parts take part in none."""


class Pairs(Generated):
    """The twenty queries of OOLONG-Pairs over the windows of `labels`; the same length, seed and number is the same text.

    F1 over the pairs. The official figure wants them in the form that the query asks for; the tolerant one takes them
    without brackets and in either order. A query that nothing satisfies is right when nothing is listed.
    """

    name: ClassVar[str] = "pairs"
    summary: ClassVar[str] = "list all pairs of users that satisfy a query (the 20 queries of OOLONG-Pairs)"
    notice: ClassVar[str] = (
        "The queries are OOLONG-Pairs', the texts WordNet's glosses (notice in bench/data/WORDNET-LICENSE.txt): not OOLONG. "
        "There is no public scorer. 'All X after a day' holds for a user without any X."
    )
    answer_types: ClassVar[tuple[str, ...]] = ("PAIRS",)
    shortest: ClassVar[int] = SHORTEST
    # Twice as long has four times as many pairs: at 2^17 tokens a query has up to 200,000, which is 3 MB of answer.
    longest: ClassVar[int] = 1 << 17
    lengths = (1 << 13, 1 << 14, 1 << 15)

    def __init__(self, **given: Any) -> None:
        super().__init__()
        options = Options(self.name, given)
        self.windows = options.whole("windows", 8, 1, 1_000)
        self.questions = options.whole("questions", len(QUERIES), 1, len(QUERIES))
        options.done()

    def make(self, length: int, seed: int, index: int) -> Window:
        lines = lines_of(length, seed, index)
        # Every window begins with another query, so that a limit leaves as many different ones as it can.
        first = index * 7 % len(QUERIES)
        numbers = [*QUERIES][first:] + [*QUERIES][:first]
        return Window(aggregate.render(lines, intro()), _Queries(lines, numbers[: self.questions]))

    def score(self, item: Item, answer: str) -> Score:
        return pairs.score(item.gold[0], answer)


class _Queries(Sequence[Question]):
    """The queries over some lines. Golds are made when they are taken: a long window's are megabytes, and take seconds."""

    def __init__(self, lines: Sequence[Line], numbers: Sequence[int]) -> None:
        self._lines = lines
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Question: ...

    @overload
    def __getitem__(self, place: slice) -> list[Question]: ...

    def __getitem__(self, place: int | slice) -> Question | list[Question]:
        if isinstance(place, slice):
            return [self._question(number) for number in self._numbers[place]]
        return self._question(self._numbers[place])

    def _question(self, number: int) -> Question:
        wanted = qualifying(self._lines, number, LABELS)
        meta = {"query": number, "pairs": len(wanted), "symmetric": number <= 10}
        return Question(wording(number, LABELS, "definitions"), (pairs.written(wanted),), "PAIRS", {**meta})
