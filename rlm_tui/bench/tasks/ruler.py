"""RULER's JSON Lines, as its scripts write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from rlm_tui.bench.base import BenchError, Item, Score
from rlm_tui.bench.scores.text import all_contained, any_contained, plain
from rlm_tui.bench.tasks.filed import Filed, as_words
from rlm_tui.bench.tasks.files import column, rows, text_column
from rlm_tui.bench.tasks.options import Options

_GROUPS = ("niah", "vt", "cwe", "fwe", "qa")
_OPENINGS = re.compile(r"(?:^|\n|(?<=[.!?] ))(?=(?:Question:|What (?:is|are) (?:all )?the special magic))")


class Ruler(Filed):
    """RULER's ``validation.jsonl``, of one task or of a folder of them; the folder's name says which task it is.

    The prompt's last question is asked, what stands before it is the document. Official: the share of golds found in the
    answer, for `qa` whether one of them is.
    """

    name: ClassVar[str] = "ruler"
    summary: ClassVar[str] = "RULER's own files (JSONL)"
    notice: ClassVar[str] = "arXiv 2404.06654, Apache-2.0. Lengths are the file's, by the tokenizer that made it."
    answer_types: ClassVar[tuple[str, ...]] = tuple(group.upper() for group in _GROUPS)
    needs: ClassVar[str] = "a file or folder that RULER's prepare.py wrote (JSONL)"

    def __init__(self, path: Path, **given: Any) -> None:
        options = Options(self.name, given)
        self._group = options.choice("group", "", ("", *_GROUPS))
        options.done()
        super().__init__(path)

    def read(self) -> None:
        found: list[tuple[str, str, dict[str, Any]]] = []
        files = sorted(self.path.rglob("*.jsonl")) if self.path.is_dir() else [self.path]
        for file in files:
            found += [(file.stem if file.stem != "validation" else file.parent.name, *each) for each in rows(file)]
        # The axis is what was asked of RULER, a round number; the lengths of its prompts lie just below it.
        for number, (name, where, row) in enumerate(found):
            group = self._group or next((group for group in _GROUPS if name.startswith(group)), "")
            if not group:
                raise BenchError(
                    f"the name {name} doesn't say which of RULER's tasks {where} is of; name it with --option group=qa (or "
                    "niah, vt, cwe, fwe)"
                )
            document, question = _split(text_column(row, where, "input"), where)
            question += str(row.get("answer_prefix") or "")
            index = row.get("index", number)
            window = f"{self.name}/{name}/{number}/{index}"
            self.add_window(window, document)
            length = _axis(column(row, where, "length", "max_length"), where)
            gold = as_words(column(row, where, "outputs", "output", "answers"))
            if not gold or not all(gold):
                raise BenchError(f"{where} has an empty output")
            self.add(window.partition("/")[2], window, question, gold, group.upper(), length, where, task=name)

    def score(self, item: Item, answer: str) -> Score:
        share = any_contained if item.answer_type == "QA" else all_contained
        official = share(item.gold, answer)
        patient = share([plain(gold) or gold for gold in item.gold], plain(answer))
        return Score(official=official, tolerant=max(official, patient), parsed=answer.strip()[:80])


def _split(text: str, where: str) -> tuple[str, str]:
    """A prompt as document and question: the last question's opening, else the last line."""
    places = [match.end() for match in _OPENINGS.finditer(text)]
    place = places[-1] if places else text.rstrip().rfind("\n") + 1
    document, question = text[:place].rstrip(), text[place:].strip()
    if not document or not question:
        raise BenchError(f"the input of {where} can't be told apart into a text and a question about it")
    return document, question


def _axis(value: Any, where: str) -> int:
    """The power of two that a prompt of so many tokens was made for."""
    try:
        length = int(value)
    except (TypeError, ValueError):
        raise BenchError(f"the length of {where} is {value!r} and not a number") from None
    if length < 1:
        raise BenchError(f"the length of {where} is {length}; it should be a number of tokens")
    return 1 << (length - 1).bit_length()
