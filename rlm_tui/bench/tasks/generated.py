"""What tasks that make their own windows have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from rlm_tui.bench.base import BenchError, Document, Item, Meta, Score, digest

_KEPT = 4
"""Windows that are kept in memory; making one again takes less time than a model takes to answer."""


class Question(msgspec.Struct, frozen=True):
    """One question over a window that was just made. `text`, `gold` and `answer_type` are as in `Item`."""

    text: str
    gold: tuple[str, ...]
    answer_type: str
    meta: dict[str, Meta] = msgspec.field(default_factory=dict)


class Window(msgspec.Struct, frozen=True):
    """A document and the questions about it, the ones to be asked first at the beginning.

    Questions whose golds take long to make can be a sequence that makes those that are taken from it.
    """

    document: Document
    questions: Sequence[Question]


class Generated(ABC):
    """A task whose windows are made from its name, a length, a seed and their number, and from nothing else.

    `windows` of them are made for each length, with at most `questions` questions each. `variant` tells apart windows
    that differ by an option; it stands in their names.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    notice: ClassVar[str]
    answer_types: ClassVar[tuple[str, ...]]
    axis: ClassVar[str] = "tokens"
    needs: ClassVar[str] = ""
    shortest: ClassVar[int] = 1
    longest: ClassVar[int] = 1 << 23
    lengths: tuple[int, ...] = ()
    windows: int = 1
    questions: int = 1
    variant: str = ""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Window] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        # A copy for another process makes its windows itself.
        return {**self.__dict__, "_kept": OrderedDict()}

    @abstractmethod
    def make(self, length: int, seed: int, index: int) -> Window:
        """Window number `index` of a length and a seed."""

    @abstractmethod
    def score(self, item: Item, answer: str) -> Score:
        """What `answer` is worth."""

    def items(self, length: int, seed: int, limit: int | None = None) -> list[Item]:
        """The items of one length. A `limit` takes the first questions of every window before the second ones."""
        self._check(length, limit)
        most = self.windows * self.questions if limit is None else limit
        found: list[Item] = []
        for index in range(min(self.windows, most)):
            each = min(self.questions, (most - index + self.windows - 1) // self.windows)
            name = self._name(length, seed, index)
            window = self._window(name)
            sha = digest(window.document)
            for number, question in enumerate(window.questions[:each]):
                found.append(
                    Item(
                        id=f"{name}/{number}",
                        window=name,
                        question=question.text,
                        gold=question.gold,
                        answer_type=question.answer_type,
                        length=length,
                        document=sha,
                        meta={"seed": seed, **question.meta},
                    )
                )
        return found

    def document(self, item: Item) -> Document:
        """The document of the item's window, made again when it isn't at hand. Raises `BenchError` when it differs."""
        document = self._window(item.window).document
        if digest(document) != item.document:
            raise BenchError(
                f"the document of {item.id} is another one than when the item was made; run it with the same version "
                "and options as then"
            )
        return document

    def _name(self, length: int, seed: int, index: int) -> str:
        return "/".join([self.name + (f"+{self.variant}" if self.variant else ""), str(length), str(seed), str(index)])

    def _window(self, name: str) -> Window:
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        try:
            length, seed, index = (int(part) for part in name.split("/")[-3:])
        except ValueError:
            raise BenchError(f"{name} is not a window of the task {self.name}") from None
        if name != self._name(length, seed, index):
            raise BenchError(f"{name} is not a window of this task {self.name}; give the options it was made with")
        window = self._kept[name] = self.make(length, seed, index)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return window

    def _check(self, length: int, limit: int | None) -> None:
        if not self.shortest <= length <= self.longest:
            raise BenchError(
                f"the task {self.name} takes lengths from {self.shortest:,} to {self.longest:,} {self.axis}, not {length:,}"
            )
        if limit is not None and limit < 1:
            raise BenchError(f"a limit of {limit} items leaves nothing to run; take 1 or more")
