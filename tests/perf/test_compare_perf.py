"""How fast long sessions are compared. Run with ``pytest -m perf -s`` to see the figures."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest

from rlm_tui.projection.compare import Session, code_diff, compare
from rlm_tui.projection.fold import fold
from tests.support.small import Small

pytestmark = pytest.mark.perf

TURNS = 1000
Code = Callable[[int], str]


def usual(turn: int) -> str:
    return (
        f"import re\nhits = [m for m in re.finditer('word{turn}', context)]\nprint(len(hits), {turn})\n"
        f"for h in hits[:10]:\n    print(context[h.start() - {turn}:h.end() + 100])"
    )


def other_word(turn: int) -> str:
    return usual(turn).replace("word", "term")


def shifted(turn: int) -> str:
    return usual(turn + 1)


def one_line(turn: int) -> str:
    return "print(1)"


def every_second(turn: int) -> str:
    return "print(1)" if turn % 2 else "print(2)"


def contrived(turn: int) -> str:
    return "\n".join(f"x{n} = {n} * {turn}" for n in range(60))


def contrived_too(turn: int) -> str:
    return "\n".join(f"x{n} = {n} + {turn}" for n in range(60))


@pytest.mark.parametrize(
    ("a", "b", "kinds"),
    [
        (usual, usual, {"same": TURNS + 1}),
        (usual, other_word, {"same": 1, "changed": TURNS}),
        (usual, shifted, {"same": TURNS, "removed": 1, "added": 1}),
        (one_line, every_second, {"same": TURNS // 2 + 1, "changed": TURNS // 2}),
        (usual, contrived, {"same": 1, "replaced": TURNS}),
        (contrived, contrived_too, {"same": 1, "changed": TURNS}),
    ],
)
def test_a_thousand_turns_are_compared_in_two_seconds(a: Code, b: Code, kinds: dict[str, int]) -> None:
    left, right = (Small(*(code(n) for n in range(1, TURNS + 1))).end() for code in (a, b))
    begin = time.perf_counter()
    sessions = [
        Session(fold(left.entries), lambda ref: left.blobs[ref.sha]),
        Session(fold(right.entries), lambda ref: right.blobs[ref.sha]),
    ]
    comparison = compare(sessions)
    seconds = time.perf_counter() - begin
    root = comparison.pairs[0].root
    assert root is not None
    print(f"\n{a.__name__} / {b.__name__}: {seconds:.2f} s")
    assert Counter(turn.kind for turn in root.turns) == kinds
    assert seconds < 2.0


def test_a_long_piece_of_code_is_compared_in_a_second() -> None:
    begin = time.perf_counter()
    plain = [f"x{n} = {n}" for n in range(2000)]
    assert sum(line.sign != " " for line in code_diff("\n".join(plain), "\n".join(plain[::2]))) == 1000
    code_diff("= , " * 2000, ", = " * 2000)
    code_diff("a\nb\n" * 700, "b\nb\na\n" * 450)
    assert time.perf_counter() - begin < 1.0
