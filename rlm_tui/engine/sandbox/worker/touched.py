"""Which characters of the documents the code sliced or iterated.

A ``str`` context is document 0; otherwise the n-th item or value is document n. Taking a long text out of a list or dict
is not yet reading it: its slices are, and so is a loop over it. Short items count as read when they are taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

SHORT = 2_000
MOST_DOCUMENTS = 10_000
MOST_SPANS = 5_000
_COMPACT_AT = 20_000

Spans = dict[int, list[tuple[int, int]]]


class Touched:
    """Collects spans for one context. `getitem`, `getslice`, `getiter` and `read` are the guards that report
    to it.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._spans: Spans = {}
        self._count = 0
        self._sizes: dict[int, int] = {}
        self._numbers: dict[Any, int] = {}
        self._documents: dict[int, int] = {}
        if isinstance(context, dict):
            self._numbers = {key: n for n, key in enumerate(context)}
        values = list(context.values()) if isinstance(context, dict) else context
        if type(context) is not str and len(values) <= MOST_DOCUMENTS:
            for number, value in enumerate(values):
                if type(value) is str:
                    self._documents.setdefault(id(value), number)
        self._values: Any = values
        self._flush: Callable[[], None] = lambda: None
        text = context if type(context) is str else None
        self.getslice: Callable[[Any, Any, Any], Any] = lambda ob, start, end: self.getitem(ob, slice(start, end))
        if text is not None:
            self.getitem, self.getiter, self.read = self._text_guards(text)
        else:
            self.getitem, self.getiter, self.read = self._collection_guards(context)

    # Collecting

    def add(self, document: int, start: int, end: int) -> None:
        """Remember a span; touching or overlapping ones that follow each other become one at once."""
        if start >= end:
            return
        spans = self._spans.get(document)
        if spans is None:
            self._spans[document] = [(start, end)]
            self._count += 1
            return
        last = spans[-1]
        if last[0] <= start <= last[1]:
            if end > last[1]:
                spans[-1] = (last[0], end)
            return
        spans.append((start, end))
        self._count += 1
        if self._count > _COMPACT_AT:
            self._compact()

    def whole(self, document: int) -> None:
        """Remember all of a document."""
        self.add(document, 0, self._size(document))

    def _size(self, document: int) -> int:
        size = self._sizes.get(document)
        if size is None:
            value = self._context if type(self._context) is str else self._values[document]
            if type(value) is str:
                size = len(value)
            else:
                try:
                    size = len(json.dumps(value, ensure_ascii=False))
                except (TypeError, ValueError, RecursionError):
                    size = 0
            self._sizes[document] = size
        return size

    def _compact(self) -> None:
        self._spans = {document: _merged(spans, 0) for document, spans in self._spans.items()}
        self._count = sum(len(spans) for spans in self._spans.values())
        gap = 64
        while self._count > _COMPACT_AT // 2:
            self._spans = {document: _merged(spans, gap) for document, spans in self._spans.items()}
            self._count = sum(len(spans) for spans in self._spans.values())
            gap *= 4
            if gap > 1 << 40:
                break

    def take(self) -> list[list[int]]:
        """The spans since the last call, merged and sorted, as [document, start, end]; at most `MOST_SPANS`."""
        self._flush()
        gap = 0
        while True:
            spans = {document: _merged(found, gap) for document, found in self._spans.items()}
            if sum(map(len, spans.values())) <= max(MOST_SPANS, len(spans)) or gap > 1 << 40:
                break
            gap = max(64, gap * 4)
        self._spans = {}
        self._count = 0
        return [[d, start, end] for d in sorted(spans) for start, end in spans[d]][: 4 * MOST_SPANS]

    # Guards

    def _text_guards(self, text: str) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
        add = self.add
        length = len(text)
        # Most slices follow each other, so the last span is kept here and only a gap is added; see `take`.
        first = last = 0

        def flush() -> None:
            nonlocal first, last
            add(0, first, last)
            first = last = 0

        self._flush = flush

        def getitem(ob: Any, key: Any) -> Any:
            nonlocal first, last
            if ob is text:
                if type(key) is not slice:
                    if type(key) is int and -length <= key < length:
                        at = key % length
                        add(0, at, at + 1)
                else:
                    start, end, step = key.indices(length)
                    if step > 0:
                        add(0, first, last)
                        first, last = start, max(start, end)
                    else:
                        add(0, end + 1, start + 1)
            return ob[key]

        def getslice(ob: Any, start: Any, end: Any) -> Any:
            nonlocal last
            if ob is text:
                if start != last or type(end) is not int or not last < end <= length:
                    return getitem(ob, slice(start, end))
                last = end
            return ob[start:end]

        self.getslice = getslice

        def getiter(ob: Any) -> Any:
            if ob is text:
                add(0, 0, length)
            return ob

        return getitem, getiter, getiter

    def _collection_guards(self, context: Any) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
        documents = self._documents

        def getitem(ob: Any, key: Any) -> Any:
            value = ob[key]
            if ob is context:
                self._taken(key)
            elif type(ob) is str and type(key) is slice:
                number = documents.get(id(ob))
                if number is not None:
                    start, end, step = key.indices(len(ob))
                    self.add(number, *((start, end) if step > 0 else (end + 1, start + 1)))
            return value

        def getiter(ob: Any) -> Any:
            if ob is context:
                return self._items(ob) if type(ob) is list else ob
            if type(ob) is str and id(ob) in documents:
                self.whole(documents[id(ob)])
            return ob

        def read(ob: Any) -> Any:
            if ob is context:
                for number in range(len(self._values)):
                    self.whole(number)
            elif type(ob) is str and id(ob) in documents:
                self.whole(documents[id(ob)])
            return ob

        return getitem, getiter, read

    def _taken(self, key: Any) -> None:
        if type(key) is slice:
            for number in range(*key.indices(len(self._values))):
                self.whole(number)
            return
        if type(self._context) is dict:
            found = self._numbers.get(key) if type(key) in (str, int, float, bool) else None
        else:
            found = key % len(self._values) if type(key) is int and self._values else None
        if found is not None and found < len(self._values) and self._size(found) <= SHORT:
            self.whole(found)

    def _items(self, context: list[Any]) -> Iterator[Any]:
        for number, item in enumerate(context):
            if number < len(self._values):
                self.whole(number)
            yield item


def _merged(spans: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1] + gap:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out
