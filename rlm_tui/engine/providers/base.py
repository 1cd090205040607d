"""What the engine needs of a model provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rlm_tui.events import Usage

FAULTS: dict[str, bool] = {
    "rate_limit": True,
    "overloaded": True,
    "server": True,
    "timeout": True,
    "connection": True,
    "stream_cut": True,
    "bad_response": True,
    "empty": True,
    "quota": False,
    "auth": False,
    "not_found": False,
    "context_length": False,
    "content_filter": False,
    "refusal": False,
    "bad_request": False,
    "cancelled": False,
    "internal": False,
}
"""Kinds of faults, and whether trying again can help (sandbox facts §5)."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a prompt. `role` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    `timeout` is seconds for the whole call; `stream` asks for text as it is made; `options` are parameters that the
    provider gets as they are.
    """

    model: str
    messages: Sequence[ChatMessage]
    max_output_tokens: int
    temperature: float | None = None
    timeout: float = 120.0
    stream: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's answer. `usage.calls` is 1; `usage.cost` is set by the engine from the price, not here.

    A provider of the user's own may leave `usage` out: what it sent and got is counted then. `finish` is ``stop``, ``length``, ``content_filter`` … or ``unknown`` when a stream ended without saying.
    """

    text: str
    finish: str = "stop"
    usage: Usage = Usage()


class ProviderError(Exception):
    """A call failed. `kind` is one of `FAULTS`; the message is one sentence that is safe to show (no keys).

    `retry_after` is what the provider asked for, in seconds; `partial` the text that came before the failure; `usage`
    what was charged all the same, if reported.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        partial: str = "",
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.status = status
        self.retry_after = retry_after
        self.partial = partial
        self.usage = usage or Usage()

    @property
    def transient(self) -> bool:
        return FAULTS.get(self.kind, False)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per token.

    `above` is a number of tokens and the price of calls whose prompts are longer than that: of all their tokens.
    """

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    reasoning: float | None = None
    above: tuple[int, Price] | None = None

    def at(self, prompt: float) -> Price:
        """The rates for a prompt of so many tokens."""
        return self.above[1].at(prompt) if self.above is not None and prompt > self.above[0] else self

    def cost(self, usage: Usage) -> float:
        """What `usage` costs. Cached and cache-write tokens are part of `usage.input`; reasoning of `usage.output`.

        Several calls together count as if their prompts were of one length.
        """
        return self.at(usage.input / max(usage.calls, 1))._cost(usage)

    def _cost(self, usage: Usage) -> float:
        plain = usage.input - usage.cached - usage.cache_write
        spent = plain * self.input
        spent += usage.cached * (self.input if self.cached is None else self.cached)
        spent += usage.cache_write * (self.input if self.cache_write is None else self.cache_write)
        spent += (usage.output - usage.reasoning) * self.output
        spent += usage.reasoning * (self.output if self.reasoning is None else self.reasoning)
        return spent

    def most(self, prompt: int, reply: int) -> float:
        """The most that a call of so many tokens can cost, whatever of it is written to a cache or is reasoning."""
        rates = self.at(prompt)
        into, out = max(rates.input, rates.cache_write or 0.0), max(rates.output, rates.reasoning or 0.0)
        return prompt * into + reply * out


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is known of a model.

    `window` is the number of tokens that fit (prompt and reply), `price` is ``None`` when unknown (never 0 for that);
    `language_model` is false for the built-in explorer; `note` is one line for the title bar.
    """

    name: str
    window: int | None = None
    price: Price | None = None
    language_model: bool = True
    note: str = ""


class Provider(Protocol):
    """A source of replies. Three methods."""

    def info(self, model: str) -> ModelInfo:
        """What is known of `model`. Cheap; no network. Raises `ProviderError` (``not_found``, ``auth``) if it can't work."""
        ...

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        """One request, one attempt. Streams pieces of text to `on_text` when `request.stream`. Raises `ProviderError`."""
        ...

    async def close(self) -> None:
        """Free connections and processes. Idempotent."""
        ...


class OneMethod(Protocol):
    """A provider of the user's own that needs no more than the request."""

    def complete(self, request: Request, /) -> Awaitable[Reply | str]:
        """The reply, or just its text."""
        ...


class StreamingMethod(Protocol):
    """A provider of the user's own that can stream as well."""

    def complete(self, request: Request, on_text: Callable[[str], None] | None, /) -> Awaitable[Reply | str]:
        """The reply, or just its text; pieces of it go to `on_text` as they are made."""
        ...


OwnProvider = OneMethod | StreamingMethod
"""What a user has to write; `rlm_tui.engine.providers.custom.as_provider` adds the rest of `Provider`."""
