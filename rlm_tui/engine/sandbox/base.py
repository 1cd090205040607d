"""What the engine needs of a REPL, in whatever language it is written.

A `Repl` belongs to one node. It runs cells one at a time; its names persist from cell to cell, also those assigned
before an exception. While a cell runs, the code may call the names of engine contract §2 that need the host
(`llm_query`, `llm_query_batched`, `rlm_query`, `rlm_query_batched`, `budget`); the REPL passes each such request to the
`ReplHost` it was given and goes on with the answer. Everything that comes out of the REPL is data: the REPL has checked
types and sizes, but the text in it is whatever the model's code made of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rlm_tui.events import CellError, Span, Variable

Context = str | list[Any] | dict[str, Any]
"""What the user gave: a text, a list or a dict of JSON values (several documents are ``{name: text}``)."""

Json = Any
"""A JSON value: what may cross the border between REPL and host."""


@dataclass(frozen=True, slots=True)
class ReplLimits:
    """Limits of one cell.

    `seconds` counts computing time only (the clock stands while a request to the host is answered); `memory_mb` is what
    the cell may allocate beyond the context; `output_chars` is how much printed text is kept (beyond it head and tail
    stay, and the number of characters left out is said); `calls` is how many requests one cell may make.
    """

    seconds: float = 60.0
    memory_mb: int = 512
    output_chars: int = 1_000_000
    calls: int = 1000


@dataclass(frozen=True, slots=True)
class HostCall:
    """A request of running code.

    `name` is ``llm_query``, ``llm_query_batched``, ``rlm_query``, ``rlm_query_batched`` or ``budget``; the worker has
    normalised the arguments: `prompts` and `contexts` have one item for the single forms and equal lengths always
    (`contexts` items are ``None``, or the context that goes with the prompt: a text for ``llm_query``, any `Context` for
    ``rlm_query``); `model` and `schema` are as given. `line` is the 1-based line of the cell that asks.

    A call of one of the user's functions has the name ``tool``; `tool` is the function's, `args` and `kwargs` are JSON.
    Its one slot has what the function returned.
    """

    name: str
    prompts: Sequence[str] = ()
    contexts: Sequence[Any] = ()
    model: str | None = None
    schema: Mapping[str, Any] | None = None
    line: int | None = None
    tool: str = ""
    args: Sequence[Json] = ()
    kwargs: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slot:
    """The outcome of one prompt of a `HostCall`: a `value` (text, or parsed JSON when a schema was given), or an `error`."""

    value: Json = None
    error: str | None = None


class ReplHost(Protocol):
    """What running code may ask of the engine, and what it tells while it runs. Called in the engine's event loop."""

    async def call(self, request: HostCall) -> Sequence[Slot]:
        """Answer a request: one `Slot` a prompt, in order (``budget`` has one slot whose value is a dict of numbers).

        Must not raise for a failed model call: that is a `Slot` with an `error`. Cancellation passes through.
        """
        ...

    def output(self, text: str) -> None:
        """Text that the code printed just now. Cheap; called at most some dozens of times a second."""
        ...


@dataclass(frozen=True, slots=True)
class Final:
    """An answer given in code.

    `source` is ``FINAL``, ``FINAL_VAR``, ``SUBMIT`` or ``answer``; `text` is ``str()`` of the value; `value` is the value
    itself when it is JSON, else ``None``.
    """

    source: str
    text: str
    value: Json = None


@dataclass(frozen=True, slots=True)
class CellResult:
    """What running a cell gave. `status` as in `rlm_tui.events.CellFinished`; `notices` are sentences for the model.

    `variables` lists the user's names with what changed in this cell; `touched` the spans of the documents that the code
    sliced or iterated (document 0 for a ``str`` context; the n-th item or value otherwise). `lost` says that the worker
    had to be killed, and its names with it.
    """

    status: str
    output: str = ""
    echo: str | None = None
    error: CellError | None = None
    final: Final | None = None
    seconds: float = 0.0
    waited: float = 0.0
    variables: tuple[Variable, ...] = ()
    touched: tuple[Span, ...] = ()
    notices: tuple[str, ...] = ()
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """A cell that ran before, for `Repl.restore`: its code and the answers its requests got, in order.

    `started` is when it began (seconds since the epoch), so that the code sees the same time again; ``None`` if unknown.
    """

    code: str
    answers: Sequence[Sequence[Slot]] = field(default_factory=tuple)
    started: float | None = None


class ReplError(Exception):
    """A REPL can't be opened or restored. The message is one sentence that says why and what to do."""


class Repl(Protocol):
    """One node's REPL. All methods are coroutines of the engine's event loop; one cell runs at a time."""

    async def run(self, code: str, host: ReplHost, seconds: float | None = None) -> CellResult:
        """Run a cell, which may compute for `seconds` (``None``: as long as any cell). Never raises for what the code does;
        cancelling the coroutine stops the code and keeps the names.
        """
        ...

    async def restore(self, cells: Sequence[Recorded]) -> None:
        """Make a fresh worker and bring it to where `cells` left it, answering their requests from the record.

        Raises `ReplError` when no worker can be had.
        """
        ...

    async def look(self, code: str) -> CellResult:
        """Run `code` for a look at the names, within the same walls and limits; it is no cell and gives no answer.

        What it changes stays changed: see `rlm_tui.engine.looking` for who cares. Never raises for what the code does.
        """
        ...

    async def evaluate(self, expression: str) -> str:
        """The repr of `expression` in the node's names, within the same walls and limits; an error's text otherwise."""
        ...

    async def close(self) -> None:
        """End the worker. Idempotent."""
        ...


class ReplFactory(Protocol):
    """Makes a REPL for a node. One factory a process; it owns what its REPLs share."""

    async def open(
        self, context: Context, query: str, limits: ReplLimits, *, names: frozenset[str], depth: int = 0
    ) -> Repl:
        """A REPL with `context` and `query` in place. `names` are the host functions that exist in it (§2);
        ``tool:NAME`` is a function of the user's own.

        Raises `ReplError` when no worker can be had.
        """
        ...

    async def close(self) -> None:
        """End every worker. Idempotent."""
        ...

    def walls(self) -> str:
        """Which walls stand on this machine: ``full``, ``partial: no Landlock`` … or ``process only``."""
        ...
