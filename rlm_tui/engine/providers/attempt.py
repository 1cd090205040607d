"""Reads what a client returns, whole or in pieces, and says what is wrong with it."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from rlm_tui.engine.providers.base import ProviderError, Reply, Request
from rlm_tui.engine.providers.faults import Where, sentence
from rlm_tui.engine.providers.redact import one_line, redact
from rlm_tui.engine.providers.usage import read_usage
from rlm_tui.events import Usage

_NO_STREAM = re.compile(r"\s*(application/json|text/html)\b", re.IGNORECASE)
_CUT_SHORT = frozenset({"max_tokens", "model_length", "model_context_window_exceeded"})
_BROKEN_OFF = frozenset({"error", "abort", "network_error", "insufficient_system_resource"})
"""Providers' words for the end of a reply that was not the model's own doing. Clients call both kinds a plain stop."""


class Answered(Exception):
    """A server answered with an error, but with the status of a success. `faults.classify` reads `body`."""

    def __init__(self, error: Any) -> None:
        super().__init__(error if isinstance(error, str) else json.dumps(error))
        self.body = error if isinstance(error, dict) else {"message": str(error)}
        self.code = self.body.get("code")


class Attempt:
    """One try of one request. Whatever ends it, `text` and `usage` tell what had come by then.

    `began` says that a stream had begun. Pieces of a stream go to `on_text`.
    """

    def __init__(
        self, request: Request, where: Where, secrets: Callable[[], list[str]], on_text: Callable[[str], None] | None
    ) -> None:
        self._request = request
        self._where = where
        self._secrets = secrets
        self._on_text = on_text
        self._pieces: list[str] = []
        self._reported: Any = None
        self._whole = True
        self._ended = ""
        self.began = False

    @property
    def text(self) -> str:
        """The reply so far."""
        return "".join(self._pieces)

    def usage(self) -> Usage:
        """What was reported, else our own count of what was sent and came back."""
        return read_usage(self._reported, self._request, self.text, whole=self._whole)

    def ended(self, word: str) -> None:
        """Note a provider's own `word` for why the reply ended, before a client translates it."""
        word = word.lower()
        if word in _CUT_SHORT or word in _BROKEN_OFF:
            self._ended = word

    async def read(self, response: Any) -> Reply:
        """The reply in what the client returned: a response or a stream of pieces. Raises `ProviderError`."""
        if response is None or _is_hollow(response):
            raise self.fault("bad_request", "the server does not take one of its parameters")
        if self._request.stream:
            return await self._read_stream(response)
        self._reported = getattr(response, "usage", None)
        choices = getattr(response, "choices", None)
        if not choices:
            raise self.fault("empty", "it has no choices")
        message = getattr(choices[0], "message", None)
        content = getattr(message, "content", None)
        if isinstance(content, str):
            self._pieces.append(content)
        return self._reply(str(getattr(choices[0], "finish_reason", None) or "stop"), message)

    async def _read_stream(self, stream: Any) -> Reply:
        source = getattr(getattr(stream, "completion_stream", None), "response", None)
        if source is not None and _NO_STREAM.match(str(source.headers.get("content-type", ""))):
            # Its pieces would be none: the client looks for lines of a stream only.
            return self._read_body((await source.aread()).decode("utf-8", "replace"))
        # Some streams ask for their first piece only when they are read.
        self.began = getattr(stream, "completion_stream", stream) is not None
        self._whole = False
        last: Any = None
        finish: str | None = None
        try:
            async for chunk in stream:
                self.began = True
                choices = getattr(chunk, "choices", None)
                if not choices:
                    continue
                delta = getattr(choices[0], "delta", None)
                piece = getattr(delta, "content", None)
                if isinstance(piece, str) and piece:
                    self._pieces.append(piece)
                    if self._on_text is not None:
                        self._on_text(piece)
                elif delta is not None:
                    last = _more_telling(last, delta)
                finish = getattr(choices[0], "finish_reason", None) or finish
        except Exception:
            # After the finish reason only figures can be lost, and those we can count.
            if not getattr(stream, "received_finish_reason", None):
                raise
        finally:
            # The wrapper keeps what truly arrived; its own last chunks are made up where something was missing.
            chunks = getattr(stream, "chunks", None) or []
            self._reported = next((u for c in reversed(chunks) if (u := getattr(c, "usage", None))), None)
            with contextlib.suppress(Exception):
                await stream.aclose()
        told = getattr(stream, "received_finish_reason", finish) or getattr(stream, "intermittent_finish_reason", None)
        self._whole = bool(told)
        return self._reply(str(finish or told) if told else "unknown", last)

    def _read_body(self, text: str) -> Reply:
        """A whole body where a stream was asked for: a reply, an error that calls itself a success, a web page."""
        try:
            body = json.loads(text)
        except ValueError:
            page = re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE)
            said = "it is a web page, so the address may be wrong" if page else "it is no whole JSON"
            raise self.fault("bad_response", said if text.strip() else "it is empty") from None
        error = body.get("error") if isinstance(body, dict) else None
        if error:
            raise Answered(error)
        smooth(body)
        try:
            if body["choices"] == []:
                raise self.fault("empty", "it has no choices")
            choice = body["choices"][0]
            message = choice["message"]
            text = message["content"] or ""
        except (LookupError, TypeError):
            raise self.fault("bad_response", "it has no list of choices") from None
        self._reported = _named(body.get("usage"))
        if isinstance(text, str) and text:
            self._pieces.append(text)
            if self._on_text is not None:
                self._on_text(text)
        finish = str(choice.get("finish_reason") or "stop")
        self.ended(finish)
        return self._reply(finish, _named(message))

    def _reply(self, finish: str, message: Any) -> Reply:
        if self._ended in _BROKEN_OFF:
            raise self.fault("stream_cut", f'the provider ended it with "{self._ended}"')
        if self._ended in _CUT_SHORT:
            finish = "length"
        if self.text.strip():
            return Reply(self.text, finish, self.usage())
        if finish == "content_filter":
            raise self.fault("content_filter")
        others = getattr(message, "provider_specific_fields", None) or {}
        refusal = getattr(message, "refusal", None) or others.get("refusal")
        if isinstance(refusal, str) and refusal.strip():
            raise self.fault("refusal", refusal)
        if getattr(message, "tool_calls", None) or getattr(message, "function_call", None):
            raise self.fault("empty", "it called a tool instead of writing, and there are none")
        if finish == "length":
            # Reasoning may use up the whole allowance; the engine's repair message is the cure, not a retry.
            return Reply(self.text, finish, self.usage())
        if getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None):
            raise self.fault("empty", "there is reasoning but no answer")
        raise self.fault("empty")

    def fault(self, kind: str, said: str = "") -> ProviderError:
        """The error that ends this try, with what had come by then."""
        message = redact(sentence(kind, self._where, one_line(said)), self._secrets())
        return ProviderError(kind, message, partial=self.text, usage=self.usage())


def smooth(body: Any) -> None:
    """Change in `body`, a chat completion as it came, what clients stumble over and nobody needs to.

    Servers of people's own leave out the role, name it after their model's format, or give the text in parts.
    """
    if not isinstance(body, dict):
        return
    if not isinstance(body.get("usage"), dict):
        body["usage"] = None
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(message, dict):
            message["role"] = "assistant"
            message["content"] = _text_of(message.get("content"))


def _text_of(content: Any) -> str | None:
    """The text of a message, whose content is a text or a list of parts, some of which are no text of the reply."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts = [part.get("text") if isinstance(part, dict) else part for part in content]
    return "".join(text for text in texts if isinstance(text, str))


def _named(value: Any) -> Any:
    """JSON with its names as attributes, as client libraries have it."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: _named(inner) for name, inner in value.items()})
    return value


def _is_hollow(response: Any) -> bool:
    """Whether it is a stream with nothing to read and no way to begin."""
    return getattr(response, "completion_stream", response) is None and getattr(response, "make_call", None) is None


def _more_telling(last: Any, delta: Any) -> Any:
    """Of two pieces of a stream without text, the one that says why there is none."""
    for name in ("refusal", "tool_calls", "function_call", "reasoning_content", "reasoning"):
        if getattr(last, name, None):
            return last
    return delta
