"""The real OOLONG-synth, and OOLONG-Pairs over its windows, from local files."""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from rlm_tui.bench.base import BenchError, Item, Score
from rlm_tui.bench.scores import oolong, pairs
from rlm_tui.bench.scores.dates import parse_date
from rlm_tui.bench.tasks.aggregate import Line
from rlm_tui.bench.tasks.filed import Filed
from rlm_tui.bench.tasks.files import Row, column, rows, text_column
from rlm_tui.bench.tasks.options import Options
from rlm_tui.bench.tasks.predicates import QUERIES, TREC, qualifying, wording

_TEXT, _LABELLED = "context_window_text", "context_window_text_with_labels"

_LABELLED_LINE = re.compile(r"^Date: (.+?) \|\| User: (\d+) \|\| Instance: (.*) \|\| Label: (.+?)\s*$", re.MULTILINE)
_LINE = re.compile(r"^Date: .+? \|\| User: \d+ \|\| Instance: ", re.MULTILINE)
_LEAK = re.compile(r"\|\| Label:")
_DATE = re.compile(r"^\[?datetime\.date(?:time)?\((\d+), (\d+), (\d+)(?:, 0)*\)\]?$")
_LABEL_LIST = re.compile(r"one of the labels: (.+?)\.?\s*$")

_TYPES = ("NUMERIC", "LABEL", "COMPARISON", "USER", "DATE", "MONTH_YEAR")


class _OolongFile(Filed):
    needs: ClassVar[str] = "a file of oolongbench/oolong-synth (JSONL, JSON, CSV or Parquet)"

    def __init__(self, path: Path, **given: Any) -> None:
        options = Options(self.name, given)
        self._dataset = options.text("dataset", "trec_coarse")
        self._options(options)
        options.done()
        self._others: set[str] = set()
        super().__init__(path)

    def _options(self, options: Options) -> None:
        """The options of one task alone."""

    def _rows(self) -> Iterator[tuple[str, Row]]:
        """The rows of the data set that is wanted, one after the other: all at once they are larger than memory."""
        for where, row in rows(self.path):
            dataset = str(column(row, where, "dataset"))
            if self._dataset in (dataset, "all"):
                yield where, row
            else:
                self._others.add(dataset)

    def nothing(self) -> str:
        others = ", ".join(sorted(self._others)) or "no data set at all"
        return f"it has no rows with dataset {self._dataset}, but {others}"

    def _place(self, row: Row, where: str) -> tuple[str, int]:
        """A row's window and length."""
        try:
            length = int(column(row, where, "context_len"))
        except ValueError:
            raise BenchError(f"context_len of {where} is {row['context_len']!r} and not a number") from None
        return f"{self.name}/{row['dataset']}/{length}/{column(row, where, 'context_window_id')}", length

    def _plain(self, row: Row, where: str) -> str:
        """The text without labels, or a refusal: a document with the labels in it is another task."""
        if _TEXT not in row and _LABELLED in row:
            raise BenchError(
                f"{where} has only the column {_LABELLED}, which gives the answers away; get the file with {_TEXT}, or ask for "
                "--option ablation=labels"
            )
        text = text_column(row, where, _TEXT)
        if _LEAK.search(text):
            raise BenchError(
                f"{_TEXT} of {where} has the labels in it, which gives the answers away; get the original file, or ask for "
                "--option ablation=labels"
            )
        return text


class Oolong(_OolongFile):
    """OOLONG-synth with its official scorer. The paper's cell is the validation split, trec_coarse, 131,072 tokens.

    `dataset` chooses one of its ten, or "all". ``ablation=labels`` feeds the column with the labels, as two published
    comparisons did by mistake; it leaves only the counting and is shown under a name of its own.
    """

    name: ClassVar[str] = "oolong"
    summary: ClassVar[str] = "OOLONG-synth itself, from a local file"
    notice: ClassVar[str] = (
        "arXiv 2511.02817; code MIT, data without a licence: bring your own file. The paper's cell has 2 windows of 25 "
        "questions, which can't tell 44 from 56 points."
    )
    answer_types: ClassVar[tuple[str, ...]] = _TYPES

    def _options(self, options: Options) -> None:
        self._labelled = options.choice("ablation", "none", ("none", "labels")) == "labels"

    def read(self) -> None:
        for where, row in self._rows():
            window, length = self._place(row, where)
            if self._labelled:
                window = window.replace(self.name, f"{self.name}+labelled", 1)
                document = text_column(row, where, _LABELLED)
            else:
                document = self._plain(row, where)
            self.add_window(window, document)
            answer_type = str(column(row, where, "answer_type")).removeprefix("ANSWER_TYPE.")
            if answer_type not in _TYPES:
                raise BenchError(f"{where} has the answer_type {answer_type}, which OOLONG-synth doesn't have")
            id = str(column(row, where, "id")) + ("+labelled" if self._labelled else "")
            group = str(row.get("task_group", ""))
            question = text_column(row, where, "question")
            self.add(id, window, question, golds(row, where), answer_type, length, where, group=group)

    def score(self, item: Item, answer: str) -> Score:
        listed = _LABEL_LIST.search(item.question)
        labels = listed[1].split(", ") if listed else ()
        return oolong.score(item.gold, item.answer_type, answer, labels)


class OolongPairs(_OolongFile):
    """The twenty queries over OOLONG's own windows. The labelled column makes the golds and is never shown to a model."""

    name: ClassVar[str] = "oolong-pairs"
    summary: ClassVar[str] = "OOLONG-Pairs over the real windows, from a local file of OOLONG-synth"
    notice: ClassVar[str] = (
        "arXiv 2512.24601, appendix D.1. Golds and scorer are not public: ours are computed from the file's labels. "
        "'All X after a day' holds for a user without any X."
    )
    answer_types: ClassVar[tuple[str, ...]] = ("PAIRS",)

    def read(self) -> None:
        seen: set[str] = set()
        for where, row in self._rows():
            window, length = self._place(row, where)
            if window in seen:
                continue
            seen.add(window)
            text = self._plain(row, where)
            lines = self._lines(row, where, text)
            self.add_window(window, text)
            for number in QUERIES:
                wanted = qualifying(lines, number, TREC)
                self.add(
                    f"{window.partition('/')[2]}/{number}",
                    window,
                    wording(number, TREC),
                    (pairs.written(wanted),),
                    "PAIRS",
                    length,
                    where,
                    query=number,
                    pairs=len(wanted),
                )

    def _lines(self, row: Row, where: str, text: str) -> list[Line]:
        """The window's lines with their labels."""
        found: list[Line] = []
        for date, user, instance, label in _LABELLED_LINE.findall(text_column(row, where, _LABELLED)):
            day = parse_date(date)
            if day is None or label not in TREC.values():
                wrong = f"the date {date}" if day is None else f"the label {label}"
                raise BenchError(
                    f"{where} has {wrong}; the queries of OOLONG-Pairs are about trec_coarse and its labels"
                )
            found.append(Line(day, int(user), instance, label))
        if not found or len(found) != len(_LINE.findall(text)):
            raise BenchError(
                f"{where} has {len(found)} labelled lines for {len(_LINE.findall(text))} lines of text, so that the pairs can't be told"
            )
        return found

    def score(self, item: Item, answer: str) -> Score:
        return pairs.score(item.gold[0], answer)


def golds(row: Row, where: str) -> tuple[str, ...]:
    """The golds of a row: its answer is a Python list written as text, with dates as ``datetime.date(2023, 3, 5)``."""
    answer = column(row, where, "answer")
    if isinstance(answer, str):
        if date := _DATE.match(answer.strip()):
            return (datetime.date(*(int(part) for part in date.groups())).isoformat(),)
        try:
            answer = ast.literal_eval(answer)
        except (ValueError, SyntaxError):
            raise BenchError(
                f"the answer of {where} is {answer[:60]!r}, which is not a list as OOLONG writes it"
            ) from None
    if not isinstance(answer, list) or not answer:
        raise BenchError(f"the answer of {where} is {str(answer)[:60]!r}, which is not a list as OOLONG writes it")
    return tuple(oolong.as_gold(one) for one in answer)
