"""Models through LiteLLM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import weakref
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from rlm_tui.engine.providers.attempt import Attempt
from rlm_tui.engine.providers.base import ModelInfo, ProviderError, Reply, Request
from rlm_tui.engine.providers.faults import Where, classify, sentence
from rlm_tui.engine.providers.keys import KEYLESS, NEEDS_ADDRESS, NO_KEY, rule_for
from rlm_tui.engine.providers.litellm_ import call, close_connections, load, ours
from rlm_tui.engine.providers.pricing import PriceTable
from rlm_tui.engine.providers.redact import redact, secrets_of

OLLAMA_WINDOW = 16_384
"""Tokens that Ollama is asked to make room for, unless the model has fewer or the settings say otherwise."""

_OURS = frozenset({"stream", "stream_options", "n"})
_OLLAMA_ADDRESS = "http://localhost:11434"
_OPENAI_LIKE = frozenset({"openai", "custom_openai", "openai_like", "hosted_vllm"})
# LiteLLM changes requests for these, and knows these addresses.
_PARTICULAR = re.compile(r"gpt-5|(^|/)o\d")
_NOT_OWN = re.compile(r"(^|\.)(openai\.com|azure\.com|azure\.us|azure\.cn)$")
_in_use: weakref.WeakSet[LiteLLM] = weakref.WeakSet()


class LiteLLM:
    """The provider for every model that LiteLLM knows, and for OpenAI-compatible servers at `api_base`."""

    def __init__(
        self,
        *,
        table: PriceTable | None = None,
        api_base: str | None = None,
        api_key: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._table = table or PriceTable()
        self._api_base = api_base
        self._api_key = api_key
        self._env = os.environ if env is None else env
        self.particular: set[str] = set()
        """Models that don't take every parameter. For them LiteLLM leaves some out; for the others it must not, as it
        then also swallows what a provider says about a parameter it rejects (status 422)."""

    def info(self, model: str) -> ModelInfo:
        listed = self._table.find(model)
        notes = []
        if self._api_base:
            notes.append(f"at {redact(self._api_base)}")
        if listed is None or listed.price is None:
            notes.append("price unknown")
        if listed is not None and listed.retired:
            notes.append(f"to be switched off on {listed.retired}")
        window = listed.window if listed else None
        if self.route(model)[1] == "ollama_chat":
            window = self._ollama_window(model)
        return ModelInfo(
            name=model,
            window=window,
            price=listed.price if listed else None,
            note=", ".join(notes),
        )

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        """One request, one attempt, within `request.timeout` seconds altogether."""
        litellm = await load()
        _in_use.add(self)
        provider = self.route(request.model)[1]
        rule = rule_for(provider)
        where = Where(request.model, self.address(provider), rule.wanted() if rule else "")
        attempt = Attempt(request, where, self.secrets, on_text)
        token = ours.set(attempt)
        try:
            # LiteLLM's own timeout is per read: a body that drips never ends it.
            async with asyncio.timeout(request.timeout):
                return await attempt.read(await self._send(litellm, request))
        except TimeoutError:
            message = sentence("timeout", where, f"the limit is {request.timeout:g} s")
            raise ProviderError("timeout", message, partial=attempt.text, usage=attempt.usage()) from None
        except ProviderError:
            raise
        except Exception as error:
            fault = classify(error, where, partial=attempt.text, streaming=attempt.began, secrets=self.secrets())
            if attempt.began or fault.kind == "bad_response":
                # The model has worked for it, whatever can be read of that.
                fault.usage = attempt.usage()
            raise fault from None
        finally:
            ours.reset(token)

    async def close(self) -> None:
        """Closes the connections that LiteLLM keeps, unless another instance still uses them."""
        if self not in _in_use:
            return
        _in_use.discard(self)
        if _in_use:
            return
        await close_connections()

    async def _send(self, litellm: Any, request: Request) -> Any:
        if request.model not in self.particular:
            with contextlib.suppress(litellm.UnsupportedParamsError):
                return await call(litellm, self.parameters(request))
            # Nothing was sent so far.
            self.particular.add(request.model)
        return await call(litellm, self.parameters(request))

    def address(self, provider: str) -> str | None:
        """The address of the server, if it isn't the provider's own."""
        if provider == "ollama_chat":
            # At /v1 Ollama speaks OpenAI's protocol; its own, which we use, is beside it.
            given = self._api_base or self._env.get("OLLAMA_API_BASE") or _OLLAMA_ADDRESS
            given = given if "://" in given else f"http://{given}"
            return given.rstrip("/").removesuffix("/v1")
        if self._api_base:
            return self._api_base
        return self._env.get(f"{provider.upper()}_API_BASE") if provider in NEEDS_ADDRESS else None

    def secrets(self) -> list[str]:
        """What must never be shown."""
        own = [self._api_key] if self._api_key else []
        return own + secrets_of(self._env) + (secrets_of() if self._env is not os.environ else [])

    def parameters(self, request: Request) -> dict[str, Any]:
        """The arguments of the call; the request's own options never replace what we depend on."""
        model, provider = self.route(request.model)
        if not request.stream and self._is_own_server(model, provider):
            # LiteLLM's lean way to servers of this kind, without OpenAI's client in between, takes half the time. Of a
            # stream it leaves out the pieces that it can't read, without a word.
            model = f"hosted_vllm/{model.partition('/')[2]}"
        parameters: dict[str, Any] = {
            **{name: value for name, value in request.options.items() if name not in _OURS},
            "model": model,
            "messages": _messages(request, model, provider),
            "max_tokens": self._room(request),
            "timeout": request.timeout,
            "drop_params": request.model in self.particular,
            "max_retries": 0,
            "num_retries": 0,
        }
        if request.temperature is not None:
            parameters["temperature"] = request.temperature
        if address := self.address(provider):
            parameters["api_base"] = address
        if key := self.key(provider):
            parameters["api_key"] = key
        if provider == "ollama_chat":
            # Ollama reads a few thousand tokens unless told, and drops the rest of a prompt without a word.
            parameters["num_ctx"] = self._ollama_window(request.model)
        if request.stream:
            parameters["stream"] = True
            parameters["stream_options"] = {"include_usage": True}
        return parameters

    def route(self, model: str) -> tuple[str, str]:
        """The name as LiteLLM wants it, and the provider's prefix. An unlisted name at an `api_base` is OpenAI-like."""
        prefix, slash, rest = model.partition("/")
        if prefix == "ollama":
            # The chat form uses the model's own prompt format; the other a made-up one.
            return f"ollama_chat/{rest}", "ollama_chat"
        listed = self._table.find(model)
        if slash and (prefix in KEYLESS or rule_for(prefix) is not None or prefix in self._table.providers()):
            return model, prefix
        if listed is not None and listed.provider:
            return model, listed.provider
        return (f"openai/{model}", "openai") if self._api_base else (model, prefix)

    def _is_own_server(self, model: str, provider: str) -> bool:
        """Whether `model` (as LiteLLM wants it) is an unlisted name at an OpenAI-compatible server of the user's own."""
        address = self.address(provider)
        if provider not in _OPENAI_LIKE or address is None or self._table.lists(model) or _PARTICULAR.search(model):
            return False
        parts = urlsplit(address)
        return not parts.query and _NOT_OWN.search(parts.hostname or "") is None

    def _room(self, request: Request) -> int:
        listed = self._table.find(request.model)
        longest = listed.longest_reply if listed else None
        return min(request.max_output_tokens, longest or request.max_output_tokens)

    def _ollama_window(self, model: str) -> int:
        listed = self._table.find(model)
        if model in self._table.overridden and listed is not None and listed.window:
            return listed.window
        return min(listed.window if listed and listed.window else OLLAMA_WINDOW, OLLAMA_WINDOW)

    def key(self, provider: str) -> str | None:
        """The key to send, if it isn't left to LiteLLM to find it."""
        if self._api_key:
            return self._api_key
        rule = rule_for(provider)
        found = rule.found(self._env) if rule else ()
        if len(found) == 1 and found[0].endswith(("_KEY", "_TOKEN")):
            return self._env[found[0]]
        if found or provider == "ollama_chat":
            return None
        return NO_KEY if self.address(provider) else None


def _messages(request: Request, model: str, provider: str) -> list[dict[str, Any]]:
    """The prompt; for Anthropic's models with marks that ask to cache it, on turns only: sub-calls share no prefix."""
    messages: list[dict[str, Any]] = [{"role": m.role, "content": _sendable(m.content)} for m in request.messages]
    if messages and request.stream and (provider == "anthropic" or "claude" in model):
        for index in {0, len(messages) - 1}:
            if text := messages[index]["content"]:
                mark = {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
                messages[index]["content"] = [mark]
    return messages


def _sendable(text: str) -> str:
    """`text`, with marks for halves of characters, which no encoding takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
