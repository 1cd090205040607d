"""Models through LiteLLM: the only file that imports it.

The import takes seconds, so it happens in a thread on the first call. What LiteLLM does behind the caller's back is
switched off: the price list from the network, the ``.env`` file of the working directory, retries, prints, a made-up
reason for the end of a stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from rlm_tui.engine.providers.base import ModelInfo, ProviderError, Reply, Request
from rlm_tui.engine.providers.faults import Where, classify, sentence
from rlm_tui.engine.providers.keys import KEYLESS, NO_KEY, rule_for
from rlm_tui.engine.providers.pricing import PriceTable
from rlm_tui.engine.providers.redact import one_line, redact, secrets_of
from rlm_tui.engine.providers.usage import read_usage
from rlm_tui.events import Usage

OLLAMA_WINDOW = 16_384
"""Tokens that Ollama is asked to make room for, unless the model has fewer or the settings say otherwise."""

_OLLAMA_ADDRESS = "http://localhost:11434"
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",
}
_import_lock = threading.Lock()
_module: Any = None
_in_use: dict[LiteLLM, asyncio.AbstractEventLoop] = {}


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
        _in_use[self] = asyncio.get_running_loop()
        call = _Call(self, request, on_text)
        try:
            # LiteLLM's own timeout is per read: a body that drips never ends it.
            async with asyncio.timeout(request.timeout):
                return await call.run(litellm)
        except TimeoutError:
            message = sentence("timeout", call.where, f"the limit is {request.timeout:g} s")
            raise ProviderError("timeout", message, partial=call.text, usage=call.usage()) from None
        except ProviderError:
            raise
        except Exception as error:
            raise classify(
                error,
                call.where,
                partial=call.text,
                streaming=call.began,
                secrets=self.secrets(),
                usage=call.usage() if call.began else None,
            ) from None

    async def close(self) -> None:
        """Closes the connections that LiteLLM keeps, unless another instance still uses them."""
        if _in_use.pop(self, None) is None or _in_use:
            return
        with contextlib.suppress(Exception):
            await _module.close_litellm_async_clients()
        # LiteLLM would go on handing out the closed clients.
        _module.in_memory_llm_clients_cache.flush_cache()

    def address(self, provider: str) -> str | None:
        """The address of the server, if it isn't the provider's own."""
        if self._api_base or provider != "ollama_chat":
            return self._api_base
        return self._env.get("OLLAMA_API_BASE") or _OLLAMA_ADDRESS

    def secrets(self) -> list[str]:
        """What must never be shown."""
        own = [self._api_key] if self._api_key else []
        return own + secrets_of(self._env) + (secrets_of() if self._env is not os.environ else [])

    def parameters(self, request: Request) -> dict[str, Any]:
        """The arguments of the call."""
        model, provider = self.route(request.model)
        parameters: dict[str, Any] = {
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
        if self._api_base:
            parameters["api_base"] = self._api_base
        if key := self._key(provider):
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

    def _room(self, request: Request) -> int:
        listed = self._table.find(request.model)
        longest = listed.longest_reply if listed else None
        return min(request.max_output_tokens, longest or request.max_output_tokens)

    def _ollama_window(self, model: str) -> int:
        listed = self._table.find(model)
        if model in self._table.overridden and listed is not None and listed.window:
            return listed.window
        return min(listed.window if listed and listed.window else OLLAMA_WINDOW, OLLAMA_WINDOW)

    def _key(self, provider: str) -> str | None:
        if self._api_key:
            return self._api_key
        rule = rule_for(provider)
        found = rule.found(self._env) if rule else ()
        if len(found) == 1 and found[0].endswith(("_KEY", "_TOKEN")):
            return self._env[found[0]]
        if found or provider in KEYLESS:
            return None
        return NO_KEY if self._api_base else None


def _messages(request: Request, model: str, provider: str) -> list[dict[str, Any]]:
    """The prompt; for Anthropic's models with marks that ask to cache it, on turns only: sub-calls share no prefix."""
    messages: list[dict[str, Any]] = [{"role": m.role, "content": m.content} for m in request.messages]
    if messages and request.stream and (provider == "anthropic" or "claude" in model):
        for index in {0, len(messages) - 1}:
            if text := messages[index]["content"]:
                mark = {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
                messages[index]["content"] = [mark]
    return messages


class _Call:
    """One attempt: what has come so far survives whatever ends it."""

    def __init__(self, owner: LiteLLM, request: Request, on_text: Callable[[str], None] | None) -> None:
        self._owner = owner
        self._request = request
        self._on_text = on_text
        self._pieces: list[str] = []
        self._reported: Any = None
        self._whole = True
        self.began = False
        provider = owner.route(request.model)[1]
        rule = rule_for(provider)
        self.where = Where(request.model, owner.address(provider), rule.wanted() if rule else "")

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def usage(self) -> Usage:
        """What was reported, else our own count of what was sent and came back."""
        return read_usage(self._reported, self._request, self.text, whole=self._whole)

    async def run(self, litellm: Any) -> Reply:
        try:
            response = await litellm.acompletion(**self._owner.parameters(self._request))
        except litellm.UnsupportedParamsError:
            # Raised before anything is sent.
            self._owner.particular.add(self._request.model)
            response = await litellm.acompletion(**self._owner.parameters(self._request))
        if response is None or _is_hollow(response):
            raise self._fault("bad_request", "the server does not take one of its parameters")
        if self._request.stream:
            return await self._read_stream(response)
        self._reported = getattr(response, "usage", None)
        choice = self._choice(response)
        message = getattr(choice, "message", None)
        content = getattr(message, "content", None)
        if isinstance(content, str):
            self._pieces.append(content)
        return self._reply(str(getattr(choice, "finish_reason", None) or "stop"), message)

    async def _read_stream(self, stream: Any) -> Reply:
        self.began = True
        self._whole = False
        last: Any = None
        finish: str | None = None
        try:
            async for chunk in stream:
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

    def _choice(self, response: Any) -> Any:
        choices = getattr(response, "choices", None)
        if not choices:
            raise self._fault("empty", "it has no choices")
        return choices[0]

    def _reply(self, finish: str, message: Any) -> Reply:
        if self.text.strip():
            return Reply(self.text, finish, self.usage())
        if finish == "content_filter":
            raise self._fault("content_filter")
        refusal = getattr(message, "refusal", None) or (getattr(message, "provider_specific_fields", None) or {}).get(
            "refusal"
        )
        if isinstance(refusal, str) and refusal.strip():
            raise self._fault("refusal", refusal)
        if getattr(message, "tool_calls", None) or getattr(message, "function_call", None):
            raise self._fault("empty", "it called a tool instead of writing, and there are none")
        if finish == "length":
            # Reasoning may use up the whole allowance; the engine's repair message is the cure, not a retry.
            return Reply(self.text, finish, self.usage())
        if getattr(message, "reasoning_content", None):
            raise self._fault("empty", "there is reasoning but no answer")
        raise self._fault("empty")

    def _fault(self, kind: str, said: str = "") -> ProviderError:
        message = redact(sentence(kind, self.where, one_line(said)), self._owner.secrets())
        return ProviderError(kind, message, partial=self.text, usage=self.usage())


def _is_hollow(response: Any) -> bool:
    """Whether it is a stream with nothing to read and no way to begin."""
    return getattr(response, "completion_stream", response) is None and getattr(response, "make_call", None) is None


def _more_telling(last: Any, delta: Any) -> Any:
    """Of two pieces of a stream without text, the one that says why there is none."""
    for name in ("refusal", "tool_calls", "function_call", "reasoning_content"):
        if getattr(last, name, None):
            return last
    return delta


async def load() -> Any:
    """The module `litellm`, imported in a thread the first time."""
    return _module if _module is not None else await asyncio.to_thread(_import)


def _import() -> Any:
    global _module
    with _import_lock:
        if _module is None:
            for name, value in _QUIET.items():
                os.environ.setdefault(name, value)
            os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
            # What it thinks of a provider's figures would be printed across the screen.
            warnings.filterwarnings("ignore", message=r"(?s).*Pydantic", category=UserWarning)
            import litellm as imported

            litellm: Any = imported
            litellm.suppress_debug_info = True
            litellm.set_verbose = False
            litellm.telemetry = False
            litellm.num_retries = 0
            # Its other transport leaves open sessions behind, which asyncio reports on the terminal.
            litellm.disable_aiohttp_transport = True
            # A table of dashes is not a model in a loop; max_tokens bounds a reply.
            litellm.REPEATED_STREAMING_CHUNK_LIMIT = 1_000_000
            for logger in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
                found = logging.getLogger(logger)
                found.handlers = [logging.NullHandler()]
                found.propagate = False
            _module = litellm
        return _module
