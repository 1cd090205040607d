"""The user's own text and questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rlm_tui.bench.base import BenchError, Document, Item, Score, known, text_of
from rlm_tui.bench.scores import choice, numbers, pairs, text
from rlm_tui.bench.tasks.filed import Filed, as_words
from rlm_tui.bench.tasks.files import column, rows, text_column
from rlm_tui.bench.tasks.options import Options

_TYPES = ("text", "number", "choice", "contains", "fields", "pairs")


class LongDoc(Filed):
    """Questions in YAML, JSON Lines, JSON or CSV, each with a `question`, an `answer`, and a `document` to be asked about.

    A document's path is relative to the questions' file; the option `document` is the one of all questions that name none.
    An `answer` may be a list of right ones. `type` says how to compare: ``text`` (the same words; the default), ``number``,
    ``choice`` (a letter A to D), ``contains`` (all the answers stand in the reply), ``fields`` (``name=value`` …) and
    ``pairs``. An `id` is optional; the line's number stands in for it.
    """

    name: ClassVar[str] = "longdoc"
    summary: ClassVar[str] = "your own texts and questions (YAML, JSONL, JSON or CSV)"
    notice: ClassVar[str] = (
        "Your data and licence. Questions about one text share a window: use eight texts or more to compare."
    )
    answer_types: ClassVar[tuple[str, ...]] = tuple(one.upper() for one in _TYPES)
    needs: ClassVar[str] = "a file of questions with the columns question, answer and document"

    def __init__(self, path: Path, **given: Any) -> None:
        options = Options(self.name, given)
        self._document = options.text("document")
        options.done()
        super().__init__(path)

    def read(self) -> None:
        lengths: dict[str, int] = {}
        for number, (where, row) in enumerate(rows(self.path), 1):
            named = str(row.get("document") or self._document)
            if not named:
                raise BenchError(
                    f"{where} names no document; add a column document, or give one for all with --option document=PATH"
                )
            window = f"{self.name}/{named}"
            if window not in lengths:
                document = self._load(named, where)
                # About four characters are a token in most languages with Latin letters.
                lengths[window] = max(1, len(text_of(document)) // 4)
                self.add_window(window, document)
            kind = str(row.get("type") or "text").lower()
            if kind not in _TYPES:
                raise BenchError(f"the type of {where} is {kind!r}; it can be {known(_TYPES)}")
            gold = _golds(column(row, where, "answer", "answers", "gold"), kind, where)
            id = str(row.get("id") or number)
            self.add(id, window, text_column(row, where, "question"), gold, kind.upper(), lengths[window], where)

    def _load(self, named: str, where: str) -> Document:
        """One text, or the list of the texts that a folder or a pattern stands for."""
        from rlm_tui.document.errors import DocumentError
        from rlm_tui.document.loader import load

        try:
            texts = [one.text for one in load([self.path.parent / Path(named).expanduser()])]
        except DocumentError as error:
            raise BenchError(f"the document of {where} can't be read: {error}") from None
        return texts[0] if len(texts) == 1 else texts

    def score(self, item: Item, answer: str) -> Score:
        match item.answer_type:
            case "NUMBER":
                return numbers.score(item.gold[0], answer)
            case "CHOICE":
                return choice.score(item.gold[0], answer)
            case "CONTAINS":
                official = text.all_contained(item.gold, answer)
                patient = text.all_contained([text.plain(gold) for gold in item.gold], text.plain(answer))
                return Score(official=official, tolerant=max(official, patient), parsed=answer.strip()[:80])
            case "FIELDS":
                return text.fields(item.gold[0], answer)
            case "PAIRS":
                return pairs.score(item.gold[0], answer)
            case _:
                return text.short(item.gold, answer)


def _golds(value: Any, kind: str, where: str) -> tuple[str, ...]:
    """The right answers, checked so that a wrong gold is found before it costs a run."""
    if isinstance(value, bool):
        raise BenchError(f"the answer of {where} is a truth value to YAML; put it into quotes")
    gold = tuple(one.strip() for one in as_words(value))
    if not gold or (kind != "pairs" and not all(gold)):
        raise BenchError(f"the answer of {where} is empty")
    if kind == "number":
        plain = gold[0].replace(",", "").removesuffix(".0")
        if not plain.removeprefix("-").isdecimal():
            raise BenchError(f"the answer of {where} is {gold[0]!r}, but its type is number; give a whole number")
        return (plain,)
    if kind == "choice" and gold[0] not in ("A", "B", "C", "D"):
        raise BenchError(f"the answer of {where} is {gold[0]!r}, but its type is choice; give A, B, C or D")
    if kind == "fields" and any("=" not in field for field in gold[0].split()):
        raise BenchError(f"the answer of {where} is {gold[0]!r}, but its type is fields; write name=value name=value")
    return gold
