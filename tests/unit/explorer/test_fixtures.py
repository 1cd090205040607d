"""The explorer against documents of many shapes: right, or it says that it does not know."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.unit.explorer.harness import Played, play

FIXTURES = Path(__file__).parents[2] / "fixtures" / "explorer"
QUESTIONS: dict[str, list[tuple[str, list[str] | None]]] = json.loads(
    (FIXTURES / "questions.json").read_text(encoding="utf-8")
)


def plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)


def is_right(played: Played, gold: list[str] | None) -> bool:
    """Whether the first line gives one of the golds: a number as its first number, words as whole words."""
    if gold is None or not played.knows:
        return gold is None and not played.knows
    head = plain(played.headline)
    if gold[0].startswith("line ") or len(gold[0]) > 24:
        return any(plain(g) in plain(played.answer) for g in gold)
    if all(re.fullmatch(r"-?\d+(\.\d+)?", g) for g in gold):
        first = re.search(r"-?\d+(?:\.\d+)?", head)
        if first is not None and any(abs(float(first.group()) - float(g)) < 1e-4 for g in gold):
            return True
    return any(re.search(rf"(?<!\w){re.escape(plain(g))}(?!\w)", head) for g in gold)


def test_most_answers_are_right_and_few_are_wrong() -> None:
    right = wrong = answerable = confident = 0
    failures: list[str] = []
    for name, asked in QUESTIONS.items():
        text = (FIXTURES / name).read_text(encoding="utf-8")
        for question, gold in asked:
            played = play(question, text)
            good = is_right(played, gold)
            answerable += gold is not None
            right += good and gold is not None
            confident += played.knows
            wrong += played.knows and not good
            if not good:
                failures.append(f"{name}: {question} -> {played.headline[:60]} (wanted {gold})")
    assert right / answerable >= 0.88, failures
    assert wrong / confident <= 0.05, failures


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_no_cell_fails(name: str) -> None:
    question = QUESTIONS[name][0][0]
    played = play(question, (FIXTURES / name).read_text(encoding="utf-8"))
    assert played.answer
    assert not [line for output in played.outputs for line in output.splitlines() if line.startswith("Error: ")]


@pytest.mark.parametrize(
    "context",
    ["", "\n\n", "x", "a,b\n", "{", "[1, 2, 3]", "\x00\x1b[31mred\x1b[0m\n" * 5, "word " * 5000, "| a |\n|---|\n"],
    ids=[
        "empty",
        "blank",
        "one letter",
        "only a header",
        "half a JSON",
        "numbers",
        "escapes",
        "one long line",
        "an empty table",
    ],
)
@pytest.mark.parametrize(
    "question", ["How many rows are there?", "Who wrote it?", "?", "Summarise it.", "Which line says red?"]
)
def test_odd_documents_get_an_answer_of_some_kind(context: str, question: str) -> None:
    assert play(question, context).answer


@pytest.mark.parametrize(
    "context",
    [
        {"a.txt": "Alma was born in Riga.\n", "b.txt": "Bo was born in Lund in 1951.\n"},
        ["one\ntwo\n", "three\n"],
        [{"a": 1}, {"a": 2}],
        {},
        [],
    ],
    ids=["two texts", "a list of texts", "a list of records", "an empty dict", "an empty list"],
)
def test_contexts_that_are_not_one_text(context: Any) -> None:
    assert play("When was Bo born?", context).answer


def test_evidence_names_the_document() -> None:
    played = play(
        "When was Bo born?", {"a.txt": "Alma was born in Riga in 1949.\n", "b.txt": "Bo was born in Lund in 1951.\n"}
    )
    assert played.headline == "1951"
    assert "b.txt, line 1" in played.answer
