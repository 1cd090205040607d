"""What the laboratory speaks about: an item, a score, a task, and the one error its user sees."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeAlias

import msgspec

Document: TypeAlias = str | list[Any] | dict[str, Any]
"""What a session gets as its context: one text, or the list or mapping of texts that a task is about."""

Meta: TypeAlias = str | int | float | bool


class BenchError(ValueError):
    """The laboratory can't do what it was asked. The message is one sentence: what is wrong, where, what to do."""


class Item(msgspec.Struct, frozen=True):
    """One question over one document.

    An item never holds its document, only the SHA-256 of it, so that a thousand items can be sent about and stored.

    Attributes:
        id: unique within its task, and the same for the same task, length and seed for ever.
        window: which context window it shares with others: the cluster of the bootstrap, the order of the runs (for the
            provider's cache), and what `Task.document` makes the document from.
        question: all that a method is asked, with the form of the answer that the task requires.
        gold: right answers in the task's own notation.
        answer_type: by what kind of answer results are split, such as NUMERIC, LABEL, PAIRS or CHOICE.
        length: nominal tokens, a value of the task's axis (for `dossier` the number of documents).
        document: SHA-256 of the document's text, see `digest`.
        meta: what else is known, for the tables.
    """

    id: str
    window: str
    question: str
    gold: tuple[str, ...]
    answer_type: str
    length: int
    document: str
    meta: dict[str, Meta] = msgspec.field(default_factory=dict)


class Score(msgspec.Struct, frozen=True):
    """What an answer is worth, each figure from 0 to 1.

    `official` follows the task's published scorer with all its traps and is the headline. `tolerant` reads the same
    answer as a patient person would. `judge` is a model's word, when one was asked. `parsed` is what was read out of
    the answer, to be shown beside it.
    """

    official: float
    tolerant: float
    judge: float | None = None
    parsed: str = ""


class Judge(Protocol):
    """A third opinion, asked by `rlm_tui.bench.scores.judge.judged`: 0 to 1, or None when it can't say."""

    def __call__(self, question: str, gold: Sequence[str], answer: str) -> float | None: ...


class Task(Protocol):
    """Questions, documents and their scorer.

    Two objects of the same task with the same path and options give the same bytes for the same length and seed, on
    every machine and version of Python; that is what lets a stopped run go on and a worker make its document itself.

    Attributes:
        name: its name on the command line.
        summary: one line for `bench list`.
        notice: licence, limits, and whether it is a reconstruction; shown by `bench list`.
        lengths: the axis that is run when nothing else is asked, in nominal tokens.
        answer_types: the kinds of answer its items can ask for.
        axis: what a length counts: "tokens", or "documents".
        needs: what kind of file it reads, in a few words; empty when it needs none.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    notice: ClassVar[str]
    answer_types: ClassVar[tuple[str, ...]]
    axis: ClassVar[str]
    needs: ClassVar[str]
    lengths: tuple[int, ...]

    def items(self, length: int, seed: int, limit: int | None = None) -> list[Item]:
        """The items of one length, those of a window together, at most `limit` of them.

        A limit takes the first question of every window before the second ones, for windows are what can be compared; a
        greater limit keeps what a smaller one has.

        `seed` chooses the data, not the sampling of a model: to repeat an item, run the same item again. Tasks read from
        a file have their data already and ignore it. Raises `BenchError` for a length that the task can't have.
        """
        ...

    def document(self, item: Item) -> Document:
        """The context of `item`; `digest` of it is `item.document`. The last few windows are kept in memory."""
        ...

    def score(self, item: Item, answer: str) -> Score:
        """What `answer`, as the method gave it, is worth."""
        ...


def text_of(document: Document) -> str:
    """The bytes a document is known by: a text itself, a list or mapping as compact JSON in its own order."""
    if isinstance(document, str):
        return document
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def digest(document: Document) -> str:
    """SHA-256 of `text_of(document)` in UTF-8, in hexadecimal."""
    return hashlib.sha256(text_of(document).encode("utf-8", "surrogatepass")).hexdigest()


def known(names: Mapping[str, object] | Sequence[str]) -> str:
    """Names for a sentence: ``a, b or c``."""
    names = list(names)
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
