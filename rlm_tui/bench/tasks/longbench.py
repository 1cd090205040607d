"""LongBench-v2, from a local file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rlm_tui.bench.base import BenchError, Item, Score, known
from rlm_tui.bench.scores import choice
from rlm_tui.bench.tasks.filed import Filed
from rlm_tui.bench.tasks.files import column, rows, text_column
from rlm_tui.bench.tasks.options import Options

CODE = "Code Repository Understanding"
"""The domain that the RLM paper calls CodeQA."""

_WORDS = {"short": 32_000, "medium": 128_000, "long": 2_000_000}


class LongBenchV2(Filed):
    """Four options, one letter. `domain` chooses one of its domains or "all"; the paper's CodeQA is the default.

    The question ends with the official prompt's form. Official is that form's letter; tolerant also a letter alone, named
    as the answer, or alone in brackets, but no letter out of a sentence.
    """

    name: ClassVar[str] = "longbench-v2"
    summary: ClassVar[str] = "LongBench-v2 multiple choice (CodeQA by default), from a local file"
    notice: ClassVar[str] = "arXiv 2412.15204, Apache-2.0 data: bring your own file. Chance is 25 %. Lengths are words."
    answer_types: ClassVar[tuple[str, ...]] = ("CHOICE",)
    axis: ClassVar[str] = "words"
    needs: ClassVar[str] = "LongBench-v2's data.json (or JSONL, CSV, Parquet)"

    def __init__(self, path: Path, **given: Any) -> None:
        options = Options(self.name, given)
        self._domain = options.text("domain", CODE)
        options.done()
        self._others: set[str] = set()
        super().__init__(path)

    def read(self) -> None:
        for where, row in rows(self.path):
            domain = str(column(row, where, "domain"))
            if self._domain not in (domain, "all"):
                self._others.add(domain)
                continue
            id = str(column(row, where, "_id", "id"))
            window = f"{self.name}/{id}"
            gold = str(column(row, where, "answer")).strip()
            if gold not in ("A", "B", "C", "D"):
                raise BenchError(f"the answer of {where} is {gold!r}; LongBench-v2 has A, B, C or D")
            size = str(column(row, where, "length"))
            if size not in _WORDS:
                raise BenchError(f"the length of {where} is {size!r}; LongBench-v2 has {known(_WORDS)}")
            self.add_window(window, text_column(row, where, "context"))
            choices = "\n".join(f"({one}) {str(column(row, where, f'choice_{one}')).strip()}" for one in "ABCD")
            question = (
                f"What is the correct answer to this question: {text_column(row, where, 'question').strip()}\nChoices:\n{choices}"
                '\n\nFormat your response as follows: "The correct answer is (insert answer here)".'
            )
            difficulty = str(row.get("difficulty", ""))
            self.add(id, window, question, (gold,), "CHOICE", _WORDS[size], where, domain=domain, difficulty=difficulty)

    def nothing(self) -> str:
        others = "; ".join(sorted(self._others))
        return f"it has nothing of the domain {self._domain}, but of {others}" if others else "it is empty"

    def score(self, item: Item, answer: str) -> Score:
        return choice.score(item.gold[0], answer)
