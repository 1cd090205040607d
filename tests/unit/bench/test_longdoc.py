"""The user's own texts and questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlm_tui.bench.base import BenchError
from rlm_tui.bench.tasks import task

QUESTIONS = """\
- question: Who wrote the notes?
  answer: [Ada Lovelace, Lovelace]
  document: book.txt
- id: pages
  question: How many pages are there?
  answer: 1204
  type: number
  document: book.txt
- question: "Which one?\\n(A) x\\n(B) y"
  answer: B
  type: choice
  document: other.txt
- question: Which colours?
  answer: [red, blue]
  type: contains
  document: other.txt
- question: Count and name?
  answer: count=3 name=x
  type: fields
  document: other.txt
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "book.txt").write_text("The notes. " * 100, encoding="utf-8")
    (tmp_path / "other.txt").write_text("Red and blue. " * 10, encoding="utf-8")
    (tmp_path / "q.yaml").write_text(QUESTIONS, encoding="utf-8")
    return tmp_path


def test_questions_about_texts(folder: Path) -> None:
    made = task("longdoc", folder / "q.yaml")
    assert made.lengths == (35, 275)
    about_other, about_book = made.items(35, 0), made.items(275, 0)
    assert [item.id for item in about_book] == ["longdoc/1", "longdoc/pages"]
    assert {item.window for item in about_book} == {"longdoc/book.txt"}
    assert made.document(about_book[0]) == "The notes. " * 100
    assert [item.answer_type for item in about_book + about_other] == ["TEXT", "NUMBER", "CHOICE", "CONTAINS", "FIELDS"]
    answers = ("Lovelace", "Answer: 1204", "The correct answer is (B)", "blue, then red", "count=3 name=x")
    for item, answer in zip(about_book + about_other, answers, strict=True):
        assert made.score(item, answer).official == 1.0, item
        assert made.score(item, "").official == made.score(item, "no").tolerant == 0.0
    assert made.score(about_book[1], "About 1,204 pages").tolerant == 1.0


def test_the_same_in_other_formats(folder: Path) -> None:
    row = {"question": "Who?", "answer": "Ada", "document": "book.txt"}
    (folder / "q.jsonl").write_text(json.dumps(row), encoding="utf-8")
    (folder / "q.json").write_text(json.dumps({"questions": [row]}), encoding="utf-8")
    (folder / "q.csv").write_text("question,answer,document\nWho?,Ada,book.txt\n", encoding="utf-8")
    found = {task("longdoc", folder / name).items(275, 0)[0].gold for name in ("q.jsonl", "q.json", "q.csv")}
    assert found == {("Ada",)}


def test_one_document_for_all(folder: Path) -> None:
    (folder / "q.csv").write_text("question,answer\nWho?,Ada\n", encoding="utf-8")
    assert task("longdoc", folder / "q.csv", document="book.txt").items(275, 0)
    with pytest.raises(BenchError, match="names no document; add a column document, or give one for all"):
        task("longdoc", folder / "q.csv")


def test_a_folder_of_texts_is_a_list(folder: Path) -> None:
    (folder / "q.csv").write_text("question,answer,document\nWho?,Ada,*.txt\n", encoding="utf-8")
    made = task("longdoc", folder / "q.csv")
    document = made.document(made.items(made.lengths[0], 0)[0])
    assert document == ["The notes. " * 100, "Red and blue. " * 10]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("question: x\n  document: book.txt", "has no column answer, answers or gold"),
        ("question: x\n  answer: ''\n  document: book.txt", "the answer of q.yaml, row 1 is empty"),
        ("question: x\n  answer: yes\n  document: book.txt", "is a truth value to YAML; put it into quotes"),
        ("question: x\n  answer: many\n  type: number\n  document: book.txt", "'many', but its type is number"),
        ("question: x\n  answer: E\n  type: choice\n  document: book.txt", "'E', but its type is choice"),
        ("question: x\n  answer: three\n  type: fields\n  document: book.txt", "write name=value name=value"),
        (
            "question: x\n  answer: y\n  type: essay\n  document: book.txt",
            "the type of q.yaml, row 1 is 'essay'; it can be text",
        ),
        ("question: x\n  answer: y\n  document: none.txt", "the document of q.yaml, row 1 can't be read"),
        ("answer: y\n  document: book.txt", "has no column question"),
    ],
)
def test_what_is_refused(folder: Path, row: str, says: str) -> None:
    (folder / "q.yaml").write_text(f"- {row}\n", encoding="utf-8")
    with pytest.raises(BenchError, match=says) as caught:
        task("longdoc", folder / "q.yaml")
    assert "\n" not in str(caught.value)
