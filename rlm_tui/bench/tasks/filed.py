"""What tasks that read a data set have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from rlm_tui.bench.base import BenchError, Document, Item, Meta, Score, digest


class Filed(ABC):
    """A task over the file or folder at `path`. `read` is called once, and adds windows and items.

    The seed of `items` is ignored: the data are what they are.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    notice: ClassVar[str]
    answer_types: ClassVar[tuple[str, ...]]
    axis: ClassVar[str] = "tokens"
    needs: ClassVar[str]
    lengths: tuple[int, ...] = ()

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._documents: dict[str, Document] = {}
        self._digests: dict[str, str] = {}
        self._items: dict[int, dict[str, list[Item]]] = {}
        self._ids: set[str] = set()
        self.read()
        if not self._items:
            raise BenchError(f"{self.path} has nothing for the task {self.name}: {self.nothing()}")
        self.lengths = tuple(sorted(self._items))

    @abstractmethod
    def read(self) -> None:
        """Read the data by `add_window` and `add`. Raises `BenchError`."""

    @abstractmethod
    def score(self, item: Item, answer: str) -> Score:
        """What `answer` is worth."""

    def nothing(self) -> str:
        """Why there may be no items, for a sentence."""
        return "it is empty"

    def add_window(self, window: str, document: Document) -> None:
        """A document that items share. Adding it again does nothing; raises `BenchError` when it is another one."""
        sha = digest(document)
        if self._digests.setdefault(window, sha) != sha:
            raise BenchError(f"{self.path} has two different texts for the window {window}")
        self._documents.setdefault(window, document)

    def add(
        self,
        id: str,
        window: str,
        question: str,
        gold: tuple[str, ...],
        answer_type: str,
        length: int,
        where: str,
        **meta: Meta,
    ) -> None:
        """An item of a window that was added. `where` it stands is for the refusal of a second one of the same name."""
        name = f"{self.name}/{id}"
        if name in self._ids:
            raise BenchError(f"{where} has the id {id} of an earlier row; every id may stand once in {self.path}")
        self._ids.add(name)
        item = Item(name, window, question, gold, answer_type, length, self._digests[window], dict(meta))
        self._items.setdefault(length, {}).setdefault(window, []).append(item)

    def items(self, length: int, seed: int, limit: int | None = None) -> list[Item]:
        """The items of one length. A `limit` takes the first of every window before the second ones."""
        if length not in self._items:
            there = ", ".join(f"{one:,}" for one in self.lengths)
            raise BenchError(f"{self.path} has nothing of length {length:,}; its lengths are {there} {self.axis}")
        if limit is not None and limit < 1:
            raise BenchError(f"a limit of {limit} items leaves nothing to run; take 1 or more")
        windows = list(self._items[length].values())
        if limit is None:
            return [item for window in windows for item in window]
        turns = [
            (turn, number)
            for turn in range(max(map(len, windows)))
            for number, one in enumerate(windows)
            if turn < len(one)
        ]
        return [windows[number][turn] for turn, number in sorted(turns[:limit], key=lambda place: (place[1], place[0]))]

    def document(self, item: Item) -> Document:
        """The document of the item's window. Raises `BenchError` when the file has none, or another one by now."""
        if item.window not in self._documents:
            raise BenchError(f"{self.path} has no window {item.window}; give the file that the item is from")
        if self._digests[item.window] != item.document:
            raise BenchError(f"the text of the window {item.window} is another one than when {item.id} was made")
        return self._documents[item.window]


def as_words(value: Any) -> tuple[str, ...]:
    """Golds as a tuple of texts, whether they come as one value or as a list."""
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(str(one) for one in values)
