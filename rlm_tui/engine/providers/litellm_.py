"""LiteLLM: the only file that imports it.

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
import sys
import threading
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any
from uuid import uuid4

from rlm_tui.engine.providers.attempt import Attempt, smooth

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
ours: ContextVar[Attempt | None] = ContextVar("rlm_tui_call", default=None)
"""What LiteLLM works on for us: only then its habits are changed, as others in the process may use it too."""


async def call(litellm: Any, parameters: dict[str, Any]) -> Any:
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


async def close_connections() -> None:
    """Closes the connections that LiteLLM keeps, for everyone in this process."""
    with contextlib.suppress(Exception):
        await _module.close_litellm_async_clients()
    # LiteLLM would go on handing out the closed clients.
    _module.in_memory_llm_clients_cache.flush_cache()


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
            _let_connections_grow()
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
        if ours.get() is not None and (error := sys.exc_info()[1]) is not None:
            raise error
        return await again(self, *args, **kwargs)

    http.single_connection_post_request = not_again
    chat = importlib.import_module("litellm.llms.openai.openai").OpenAIChatCompletion
    client = chat._get_openai_client

    def without_retries(self: Any, *args: Any, **kwargs: Any) -> Any:
        # For some providers `max_retries` is dropped on the way, and a literal 2 takes its place.
        if ours.get() is not None:
            kwargs["max_retries"] = 0
        return client(self, *args, **kwargs)

    chat._get_openai_client = without_retries


def _let_connections_grow() -> None:
    """LiteLLM's HTTP clients open 100 connections at most; how many requests are in flight is for the engine to say.

    How many stay open when idle is left as it is: httpcore looks through all of those for every request.
    """
    http: Any = importlib.import_module("litellm.llms.custom_httpx.http_handler").AsyncHTTPHandler
    http.create_client = _unbounded(http.create_client)
    openai: Any = importlib.import_module("litellm.llms.openai.common_utils").BaseOpenAILLM
    openai._get_async_http_client = staticmethod(_unbounded(openai._get_async_http_client))


def _unbounded(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)
    def unbounded(*args: Any, **kwargs: Any) -> Any:
        client = make(*args, **kwargs)
        if ours.get() is not None and client is not None:
            for transport in (client._transport, *client._mounts.values()):
                if (pool := getattr(transport, "_pool", None)) is not None:
                    pool._max_connections = sys.maxsize
        return client

    return unbounded


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
        if ours.get() is not None:
            smooth(args[0] if args else kwargs.get("response_object"))
        return convert(*args, **kwargs)

    return smoothed


class _Reasons(dict[str, str]):
    """LiteLLM's words for providers' reasons to end a reply. It looks every reason up here, and only here."""

    def get(self, key: str, default: Any = None) -> Any:
        if (attempt := ours.get()) is not None:
            attempt.ended(str(key))
        return super().get(key, default)
