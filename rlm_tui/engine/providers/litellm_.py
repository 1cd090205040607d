"""Models through LiteLLM: the only file that imports it.

The import takes seconds, so it happens in a thread on the first call. What LiteLLM does behind the caller's back is
switched off: the price list from the network, the ``.env`` file of the working directory, retries, prints, a made-up
reason for the end of a stream, and its bookkeeping for callbacks while there are none.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import logging
import os
import re
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from rlm_tui.engine.providers.attempt import Attempt, smooth
from rlm_tui.engine.providers.base import ModelInfo, ProviderError, Reply, Request
from rlm_tui.engine.providers.faults import Where, classify, sentence
from rlm_tui.engine.providers.keys import KEYLESS, NEEDS_ADDRESS, NO_KEY, rule_for
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
_LISTENERS = (
    *("callbacks", "input_callback", "success_callback", "failure_callback", "service_callback"),
    *("_async_input_callback", "_async_success_callback", "_async_failure_callback"),
    *("cache", "max_budget", "credential_list", "pre_call_rules", "post_call_rules", "modify_params"),
)
"""What others in the process may have set in LiteLLM, and only its whole call heeds."""
_HEEDED = frozenset(
    {"callbacks", "success_callback", "failure_callback", "caching", "cache", "logger_fn", "litellm_credential_name"}
)
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",
}
_import_lock = threading.Lock()
_module: Any = None
_in_use: weakref.WeakSet[LiteLLM] = weakref.WeakSet()
_ours: ContextVar[Attempt | None] = ContextVar("rlm_tui_call", default=None)
"""What LiteLLM works on for us: only then its habits are changed, as others in the process may use it too."""


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
        ours = _ours.set(attempt)
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
            _ours.reset(ours)

    async def close(self) -> None:
        """Closes the connections that LiteLLM keeps, unless another instance still uses them."""
        if self not in _in_use:
            return
        _in_use.discard(self)
        if _in_use:
            return
        with contextlib.suppress(Exception):
            await _module.close_litellm_async_clients()
        # LiteLLM would go on handing out the closed clients.
        _module.in_memory_llm_clients_cache.flush_cache()

    async def _send(self, litellm: Any, request: Request) -> Any:
        if request.model not in self.particular:
            with contextlib.suppress(litellm.UnsupportedParamsError):
                return await _call(litellm, self.parameters(request))
            # Nothing was sent so far.
            self.particular.add(request.model)
        return await _call(litellm, self.parameters(request))

    def address(self, provider: str) -> str | None:
        """The address of the server, if it isn't the provider's own."""
        if provider == "ollama_chat":
            # At /v1 Ollama speaks OpenAI's protocol; its own, which we use, is beside it.
            given = self._api_base or self._env.get("OLLAMA_API_BASE") or _OLLAMA_ADDRESS
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


async def _call(litellm: Any, parameters: dict[str, Any]) -> Any:
    """LiteLLM's own call; while nobody listens to LiteLLM, without the half of its work that is for listeners."""
    if any(getattr(litellm, name, None) for name in _LISTENERS) or not _HEEDED.isdisjoint(parameters):
        return await litellm.acompletion(**parameters)
    identity = str(uuid4())
    silent = _silent()(
        model=parameters["model"],
        messages=parameters["messages"],
        stream=bool(parameters.get("stream")),
        call_type="acompletion",
        # LiteLLM's own times have no zone.
        start_time=datetime.now(),  # noqa: DTZ005
        litellm_call_id=identity,
        function_id="",
        kwargs=parameters,
    )
    bare = inspect.unwrap(litellm.acompletion)
    return await bare(**parameters, litellm_logging_obj=silent, litellm_call_id=identity)


@lru_cache(maxsize=1)
def _silent() -> Any:
    """A class of LiteLLM's log of a call that passes nothing on and works out no price."""
    base = importlib.import_module("litellm.litellm_core_utils.litellm_logging").Logging

    def nothing(self: Any, *args: Any, **kwargs: Any) -> None:
        return None

    async def nothing_later(self: Any, *args: Any, **kwargs: Any) -> None:
        return None

    later = ("async_success_handler", "async_failure_handler", "dispatch_success_handlers", "dispatch_failure_handlers")
    now = ("pre_call", "post_call", "success_handler", "failure_handler", "_response_cost_calculator")
    return type("SilentLogging", (base,), dict.fromkeys(later, nothing_later) | dict.fromkeys(now, nothing))


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
            _end_hidden_retries()
            _read_more_of_replies()
            for logger in ("litellm", "LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
                found = logging.getLogger(logger)
                found.handlers = [logging.NullHandler()]
                found.propagate = False
            _module = litellm
        return _module


def _end_hidden_retries() -> None:
    """LiteLLM repeats requests in two more places: each one may be billed, and only one would be recorded."""
    http = importlib.import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler
    again = http.single_connection_post_request

    async def not_again(self: Any, *args: Any, **kwargs: Any) -> Any:
        # Called while the broken connection's exception is being handled.
        if _ours.get() is not None and (error := sys.exc_info()[1]) is not None:
            raise error
        return await again(self, *args, **kwargs)

    http.single_connection_post_request = not_again
    chat = importlib.import_module("litellm.llms.openai.openai").OpenAIChatCompletion
    client = chat._get_openai_client

    def without_retries(self: Any, *args: Any, **kwargs: Any) -> Any:
        # For some providers `max_retries` is dropped on the way, and a literal 2 takes its place.
        if _ours.get() is not None:
            kwargs["max_retries"] = 0
        return client(self, *args, **kwargs)

    chat._get_openai_client = without_retries


def _read_more_of_replies() -> None:
    """LiteLLM refuses replies that can be read, and calls whatever ends one a stop, faults of the server among it."""
    for place in ("litellm.llms.openai.chat.gpt_transformation", "litellm.llms.openai.openai"):
        module: Any = importlib.import_module(place)
        module.convert_to_model_response_object = _smoothed(module.convert_to_model_response_object)
    helpers: Any = importlib.import_module("litellm.litellm_core_utils.core_helpers")
    helpers._FINISH_REASON_MAP = _Reasons(helpers._FINISH_REASON_MAP)


def _smoothed(convert: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(convert)
    def smoothed(*args: Any, **kwargs: Any) -> Any:
        if _ours.get() is not None:
            smooth(args[0] if args else kwargs.get("response_object"))
        return convert(*args, **kwargs)

    return smoothed


class _Reasons(dict[str, str]):
    """LiteLLM's words for providers' reasons to end a reply. It looks every reason up here, and only here."""

    def get(self, key: str, default: Any = None) -> Any:
        if (attempt := _ours.get()) is not None:
            attempt.ended(str(key))
        return super().get(key, default)
