"""Providers of the user's own: any object with one coroutine method, ``complete(request, on_text)``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rlm_tui.engine.providers.base import ModelInfo, OwnProvider, Provider, ProviderError, Reply, Request
from rlm_tui.engine.providers.usage import read_usage
from rlm_tui.events import Usage


def as_provider(given: OwnProvider) -> Provider:
    """`given` with all that a `Provider` has.

    Only ``complete(request)`` has to be there; it may take ``on_text`` as well, and may return a `Reply` or just its text;
    tokens that it tells nothing of are counted here. Without an ``info`` nothing is known of the models. Raises `ValueError` when it is no
    provider at all.
    """
    if not callable(getattr(given, "complete", None)):
        raise ValueError(
            f"a provider needs a coroutine method complete(request, on_text), which {type(given).__name__} has not"
        )
    return _Custom(given)


class _Custom:
    def __init__(self, given: Any) -> None:
        self._given = given
        self._streams = _takes_two(given.complete)

    def info(self, model: str) -> ModelInfo:
        told = getattr(self._given, "info", None)
        if not callable(told):
            return ModelInfo(model, note="a provider of your own")
        found: ModelInfo = told(model)
        return found

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        reply = self._given.complete(request, on_text) if self._streams else self._given.complete(request)
        if inspect.isawaitable(reply):
            reply = await reply
        if isinstance(reply, str):
            reply = Reply(reply)
        if not isinstance(reply, Reply):
            said = f"{type(self._given).__name__}.complete should return a Reply or a text, not {type(reply).__name__}"
            raise ProviderError("bad_request", f"{request.model} rejected the request: {said}.")
        if reply.usage == Usage():
            return replace(reply, usage=read_usage(None, request, reply.text))
        return reply

    async def close(self) -> None:
        close = getattr(self._given, "close", None)
        if callable(close) and inspect.isawaitable(waiting := close()):
            await waiting


def _takes_two(method: Callable[..., Any]) -> bool:
    try:
        inspect.signature(method).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # Written in C: the protocol says that it takes both.
        return True
    return True
