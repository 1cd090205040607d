"""Small values that events are made of: references, spans, usage, variables.

Everything here is frozen and JSON-serialisable by `rlm_tui.events.codec`. Texts that can be long (documents, messages,
replies, code, outputs, answers) are never inside an event: a `BlobRef` names them by the SHA-256 of their UTF-8 bytes.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import msgspec


class BlobRef(msgspec.Struct, frozen=True, array_like=True):
    """A text kept by content.

    `sha` is the lower-case hex SHA-256 of the text's UTF-8 bytes (lone surrogates pass through, as Python's
    ``surrogatepass`` writes them); `chars` is the text's length in characters.
    """

    sha: str
    chars: int

    @classmethod
    def of(cls, text: str) -> BlobRef:
        return _short(text) if len(text) <= _SHORT else cls._of(text)

    @classmethod
    def _of(cls, text: str) -> BlobRef:
        return cls(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), len(text))


_SHORT = 16_384
"""Characters up to which a text's reference is remembered: the messages of a prompt are named again with every call."""


@lru_cache(maxsize=256)
def _short(text: str) -> BlobRef:
    return BlobRef._of(text)


class Message(msgspec.Struct, frozen=True, array_like=True):
    """One chat message: `role` is ``system``, ``user`` or ``assistant``."""

    role: str
    body: BlobRef


class Span(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A half-open range of characters of one document of the session, counted from 0."""

    document: int
    start: int
    end: int


class DocumentRef(msgspec.Struct, frozen=True):
    """A document of the session.

    `name` is what the user calls it (a file name, a key of a dict context); `body` its text; `lines` its number of
    lines; `format` what the probe took it for (``prose``, ``csv``, ``jsonl`` …); `value` says that the text is the JSON of
    an item that was not a text itself.
    """

    name: str
    body: BlobRef
    lines: int
    format: str = "prose"
    path: str | None = None
    value: bool = False


class Usage(msgspec.Struct, frozen=True):
    """Tokens and money of one call, or a sum of them.

    `input` counts every prompt token, `cached` and `cache_write` are the parts of it read from or written to the
    provider's prompt cache; `output` counts every generated token, `reasoning` the hidden part of it. `cost` is in US
    dollars and covers the priced calls only; `unpriced` is how many calls had no known price (see `dollars`). `estimated` says that at
    least one figure was counted by us because the provider reported none.
    """

    calls: int = 0
    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    cost: float = 0.0
    unpriced: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        return self.input + self.output

    @property
    def dollars(self) -> float | None:
        """US dollars; ``None`` when some call had no known price, for a sum that leaves it out is not what was spent."""
        return None if self.unpriced else self.cost

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            input=self.input + other.input,
            cached=self.cached + other.cached,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
            reasoning=self.reasoning + other.reasoning,
            cost=self.cost + other.cost,
            unpriced=self.unpriced + other.unpriced,
            estimated=self.estimated or other.estimated,
        )


class Variable(msgspec.Struct, frozen=True):
    """A user's variable of a REPL after a cell.

    `size` is the length of a container or string, else ``None``; `preview` a one-line repr cut to at most 200
    characters; `changed` is ``"new"``, ``"changed"`` or ``""``.
    """

    name: str
    type: str
    size: int | None = None
    preview: str = ""
    changed: str = ""


class CellError(msgspec.Struct, frozen=True):
    """What went wrong in a cell, in the user's terms.

    `type` is the exception's class name (or ``Refused``, ``Timeout``, ``MemoryLimit``, ``Died``); `line` the 1-based
    line of the cell that raised it; `text` the whole report as the model reads it: user frames, then ``Type: message``.
    """

    type: str
    message: str
    line: int | None = None
    text: str = ""


class Fault(msgspec.Struct, frozen=True):
    """Why a call to a model failed.

    `kind` is one of the names in `rlm_tui.engine.providers.base.FAULTS`; `message` is one sentence, free of keys, that
    says what to do where something can be done; `status` is the HTTP status if there was one.
    """

    kind: str
    message: str
    status: int | None = None
