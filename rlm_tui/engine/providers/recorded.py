"""Answers requests from a recorded session, at no cost."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable

from rlm_tui.engine.providers.base import ModelInfo, Price, Provider, ProviderError, Reply, Request


def request_key(request: Request) -> str:
    """The SHA-256 of what decides a reply: model, messages and parameters (not the timeout, not streaming)."""
    body = [
        request.model,
        [[m.role, m.content] for m in request.messages],
        request.max_output_tokens,
        request.temperature,
    ]
    if request.options:
        body.append(dict(request.options))
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":"), sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


class Recorded:
    """Plays recorded replies back, equal requests in the order in which they were recorded.

    `replies` holds pairs of `request_key` and what the provider gave: a `Reply`, or a `ProviderError` to raise again.
    A request without a record goes to `fallback` when there is one (a fork that goes live), else it is ``not_found``.
    """

    def __init__(self, replies: Iterable[tuple[str, Reply | ProviderError]], fallback: Provider | None = None) -> None:
        self._replies: dict[str, deque[Reply | ProviderError]] = {}
        for key, reply in replies:
            self._replies.setdefault(key, deque()).append(reply)
        self._fallback = fallback

    @property
    def left(self) -> int:
        """How many recorded replies have not been played."""
        return sum(len(queue) for queue in self._replies.values())

    def info(self, model: str) -> ModelInfo:
        if self._fallback is not None:
            return self._fallback.info(model)
        return ModelInfo(model, price=Price(0.0, 0.0), note="answers from the record")

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        queue = self._replies.get(request_key(request))
        if queue:
            reply = queue.popleft()
            if isinstance(reply, ProviderError):
                raise reply
            if request.stream and on_text is not None:
                on_text(reply.text)
            return reply
        if self._fallback is not None:
            return await self._fallback.complete(request, on_text)
        raise ProviderError(
            "not_found", f"The recorded session has no reply of {request.model} to this request: fork it to go on live."
        )

    async def close(self) -> None:
        if self._fallback is not None:
            await self._fallback.close()
