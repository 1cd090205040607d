"""A needle in a haystack, after RULER's niah_single_1."""

from __future__ import annotations

import random
from typing import Any, ClassVar

from rlm_tui.bench.base import Item, Score
from rlm_tui.bench.data.words import ADJECTIVES, NOUNS
from rlm_tui.bench.scores.text import all_contained
from rlm_tui.bench.tasks.generated import Generated, Question, Window
from rlm_tui.bench.tasks.options import Options

NOISE = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."
"""The line of RULER's haystack `noise`."""

_NEEDLE = "One of the special magic numbers for {key} is: {value}."
_BEFORE = (
    "A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you about the "
    "number afterwards.\n"
)
_AFTER = "What is the special magic number for {key} mentioned in the provided text?"

_ANSWER_TOKENS = 128
"""What RULER leaves for the answer."""

_LINE_TOKENS = {"noise": 24, "needles": 21}
"""Tokens of a line of haystack: exact for GPT's vocabularies with `noise`, about right with `needles`."""


class Sniah(Generated):
    """RULER's recipe (arXiv 2404.06654): the haystack is as long as fits into the length with the prompt and the answer.

    With ``haystack=needles`` the hay is needles for other keys (RULER's niah_multikey_2), which can't be found by looking
    for what is unlike the rest. Every item is a window of its own. Official: the number is found in the answer;
    tolerant: also when it is written with separators.
    """

    name: ClassVar[str] = "sniah"
    summary: ClassVar[str] = "find one number in repeated text (S-NIAH, RULER niah_single_1)"
    notice: ClassVar[str] = (
        "RULER's recipe (Apache-2.0) in our own code; the key words are our own list; lengths are counted by rule, exact "
        "for GPT vocabularies with haystack=noise."
    )
    answer_types: ClassVar[tuple[str, ...]] = ("NUMBER",)
    shortest: ClassVar[int] = 512
    lengths = (1 << 13, 1 << 15, 1 << 17, 1 << 18)

    def __init__(self, **given: Any) -> None:
        super().__init__()
        options = Options(self.name, given)
        self.windows = options.whole("windows", 50, 1, 10_000)
        self._haystack = options.choice("haystack", "noise", ("noise", "needles"))
        self.variant = "" if self._haystack == "noise" else self._haystack
        options.done()

    def make(self, length: int, seed: int, index: int) -> Window:
        source = random.Random(f"{self.name}/{self.variant}/{length}/{seed}/{index}")
        key, value = _key(source), _value(source)
        needle, question = _NEEDLE.format(key=key, value=value), _AFTER.format(key=key)
        around = (len(_BEFORE) + len(needle) + len(question)) // 4 + 1
        lines = (length - _ANSWER_TOKENS - around) // _LINE_TOKENS[self._haystack]
        if self._haystack == "noise":
            hay = [NOISE] * lines
        else:
            hay = []
            while len(hay) < lines:
                # A straw with the needle's key would make a second right answer.
                if (other := _key(source)) != key:
                    hay.append(_NEEDLE.format(key=other, value=_value(source)))
        place = source.randrange(lines)
        hay.insert(place, needle)
        depth = round(100 * place / max(1, lines - 1))
        return Window(_BEFORE + "\n".join(hay), [Question(question, (value,), "NUMBER", {"depth": depth})])

    def score(self, item: Item, answer: str) -> Score:
        official = all_contained(item.gold, answer)
        patient = all_contained(item.gold, answer.replace(",", "").replace(" ", "").replace("_", ""))
        return Score(
            official=official, tolerant=max(official, patient), parsed=item.gold[0] if official else answer[:40]
        )


def _key(source: random.Random) -> str:
    return f"{source.choice(ADJECTIVES)}-{source.choice(NOUNS)}"


def _value(source: random.Random) -> str:
    return str(source.randint(10**6, 10**7 - 1))
