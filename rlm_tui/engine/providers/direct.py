"""Servers of one's own that speak OpenAI's protocol, asked over HTTP without a library in between.

LiteLLM answers for every model that it knows; for a name that it doesn't know, at an address of the user's own, it passes
the request on as it is, at 6 to 8 ms of CPU a call and an import of seconds. That is what this file does at a tenth of
the cost. What needs more than passing on goes through LiteLLM as before: listed models, parameters beyond those of
`PASSED_ON`, OpenAI's and Azure's own addresses. ``transport = "litellm"`` in the settings sends everything there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rlm_tui.engine.providers.attempt import Attempt
from rlm_tui.engine.providers.base import ModelInfo, ProviderError, Reply, Request
from rlm_tui.engine.providers.faults import Where, classify, sentence
from rlm_tui.engine.providers.keys import rule_for
from rlm_tui.version import VERSION

if TYPE_CHECKING:
    import ssl

    import httpx

    from rlm_tui.engine.providers.litellm_ import LiteLLM

PROVIDERS = frozenset({"openai", "custom_openai", "openai_like", "hosted_vllm", "lm_studio", "llamafile"})
"""Prefixes of names whose servers take the same request."""

PASSED_ON = frozenset(
    {"top_p", "seed", "stop", "presence_penalty", "frequency_penalty", "logit_bias", "user", "response_format"}
    | {"top_k", "min_p", "typical_p", "repetition_penalty", "repeat_penalty", "min_tokens", "ignore_eos"}
    | {
        "chat_template_kwargs",
        "guided_json",
        "guided_choice",
        "guided_regex",
        "guided_grammar",
        "grammar",
        "cache_prompt",
    }
    | {"extra_body"}
)
"""Parameters that such servers take as they are: OpenAI's own, and those of vLLM and llama.cpp."""

_OURS = frozenset({"model", "messages", "max_tokens", "temperature", "stream", "stream_options", "n", "transport"})
# LiteLLM asks these otherwise than by passing on.
_PARTICULAR = re.compile(r"gpt-5|(^|/)o\d")
_NOT_OWN = re.compile(r"(^|\.)(openai\.com|azure\.com|azure\.us|azure\.cn)$")
_KEPT_SECONDS = 4.0  # Common servers close an idle connection after 5 s.
_THOUGHTS = re.compile(r"\s*<(think|thinking)>(.*?)</\1>\s*", re.DOTALL)
_ENDS = {
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
    "max_length": "length",
}
"""Other servers' words for the two common reasons why a reply ends."""


@dataclass(frozen=True, slots=True)
class _Server:
    """Where to send the requests for a model, with which key, and how to name it in a sentence."""

    url: str
    key: str | None = field(repr=False)
    where: Where


class Direct:
    """The provider for OpenAI-compatible servers of the user's own; `behind` answers where that is not enough."""

    def __init__(self, behind: LiteLLM) -> None:
        self._behind = behind
        self._known: dict[str, _Server | None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle: list[httpx.AsyncClient] = []
        """One client for each request in flight: a client looks through all of its connections at every request."""

    def takes(self, model: str, options: Mapping[str, Any] | None = None) -> bool:
        """Whether `model` can be asked from here, with `options` as its parameters."""
        options = options or {}
        wanted = options.get("transport") != "litellm" and options.keys() <= PASSED_ON | _OURS
        return wanted and self._server(model) is not None

    def info(self, model: str) -> ModelInfo:
        return self._behind.info(model)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        """One request, one attempt, within `request.timeout` seconds altogether."""
        server = self._server(request.model)
        if server is None or not self.takes(request.model, request.options):
            return await self._behind.complete(request, on_text)
        secrets = self._behind.secrets()
        attempt = Attempt(request, server.where, secrets, on_text)
        try:
            async with asyncio.timeout(request.timeout):
                return await self._ask(server, request, attempt)
        except TimeoutError:
            message = sentence("timeout", server.where, f"the limit is {request.timeout:g} s")
            raise ProviderError("timeout", message, partial=attempt.text, usage=attempt.usage()) from None
        except ProviderError:
            raise
        except Exception as error:
            raise classify(
                error,
                server.where,
                partial=attempt.text,
                streaming=attempt.began,
                secrets=secrets,
                usage=attempt.usage() if attempt.began else None,
            ) from None

    async def warm(self) -> None:
        """Do what the first call would have to wait for."""
        async with self._client():
            pass

    async def close(self) -> None:
        """Close the connections that no request uses; those in use are closed by their requests."""
        idle, self._idle, self._loop = self._idle, [], None
        for client in idle:
            # It may belong to an event loop that is no more.
            with contextlib.suppress(Exception):
                await client.aclose()

    async def _ask(self, server: _Server, request: Request, attempt: Attempt) -> Reply:
        headers = {"content-type": "application/json", "user-agent": f"rlm-tui/{VERSION}"}
        if server.key:
            headers["authorization"] = f"Bearer {server.key}"
        async with (
            self._client() as client,
            client.stream("POST", server.url, content=self.body(request), headers=headers) as response,
        ):
            whole = response.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
            if request.stream and not whole and response.status_code < 400:
                return await attempt.read(_Stream(response))
            text = (await response.aread()).decode("utf-8", "replace")
            if response.status_code >= 400:
                raise _Answered(text, response)
            reply = _whole(text, attempt)
            return await attempt.read(_Once(reply) if request.stream else reply)

    def _server(self, model: str) -> _Server | None:
        """Where `model` is asked; ``None`` where that is LiteLLM's business."""
        if model not in self._known:
            self._known[model] = self._find(model)
        return self._known[model]

    def _find(self, model: str) -> _Server | None:
        name, provider = self._behind.route(model)
        address = self._behind.address(provider)
        if provider not in PROVIDERS or address is None or self._behind.lists(model) or _PARTICULAR.search(name):
            return None
        parts = urlsplit(address)
        if parts.query or _NOT_OWN.search(parts.hostname or "") or self._behind.has_own_certificates():
            return None
        rule = rule_for(provider)
        where = Where(model, address, rule.wanted() if rule else "")
        return _Server(f"{address.rstrip('/')}/chat/completions", self._behind.key(provider), where)

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client that nobody else uses meanwhile. They belong to an event loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._idle = loop, []
        client = self._idle.pop() if self._idle else _new_client(await _certificates())
        try:
            yield client
        finally:
            if self._loop is loop:
                self._idle.append(client)
            else:
                await client.aclose()

    def body(self, request: Request) -> bytes:
        """The request as it is sent; its options never replace what we depend on."""
        options = {name: value for name, value in request.options.items() if name not in _OURS}
        extra = options.pop("extra_body", None)
        if isinstance(extra, Mapping):
            options = {**options, **{name: value for name, value in extra.items() if name not in _OURS}}
        parameters = self._behind.parameters(request)
        name = str(parameters["model"])
        body: dict[str, Any] = {
            **options,
            "model": name.partition("/")[2] if name.partition("/")[0] in PROVIDERS else name,
            "messages": parameters["messages"],
            "max_tokens": parameters["max_tokens"],
        }
        for given in ("temperature", "stream", "stream_options"):
            if given in parameters:
                body[given] = parameters[given]
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class _Answered(Exception):
    """A server answered with an error, in its status or in its body; `faults.classify` reads the attributes."""

    def __init__(self, text: str, response: Any = None, error: Any = None) -> None:
        super().__init__(text)
        self.response = response
        self.status_code = getattr(response, "status_code", None)
        if error is None:
            with contextlib.suppress(ValueError):
                error = json.loads(text)
            # Some servers wrap nothing around the message, or call it something else.
            if isinstance(error, list) and error:
                error = error[0]
            if isinstance(error, dict):
                error = error.get("error", error)
        if isinstance(error, dict):
            said = next((error[k] for k in ("message", "detail", "msg") if isinstance(error.get(k), str)), None)
            self.body: Any = {**error, "message": said} if said else None
            self.code = error.get("code")
        else:
            self.body = {"message": error} if isinstance(error, str) and error else None


class _Stream:
    """Server-sent events as pieces of a reply. `received_finish_reason` and `chunks` are what truly arrived."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.received_finish_reason: str | None = None
        self.chunks: list[Any] = []
        """The pieces that carried figures."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for data in _events(self._response.aiter_bytes()):
            if data.strip() == "[DONE]":
                return
            piece = json.loads(data, object_hook=_named)
            error = getattr(piece, "error", None)
            if error:
                raise _Answered(data, None, _plain(error))
            if getattr(piece, "usage", None):
                self.chunks.append(piece)
            choices = getattr(piece, "choices", None)
            if choices and (told := getattr(choices[0], "finish_reason", None)):
                choices[0].finish_reason = self.received_finish_reason = _ENDS.get(str(told), str(told))
            yield piece

    async def aclose(self) -> None:
        await self._response.aclose()


class _Once:
    """A whole reply where a stream was asked for, as a stream of one piece."""

    def __init__(self, reply: Any) -> None:
        self.chunks = [reply]
        self.received_finish_reason = None
        choices = getattr(reply, "choices", None)
        if choices:
            choices[0].delta = getattr(choices[0], "message", None)
            self.received_finish_reason = getattr(choices[0], "finish_reason", None)

    async def __aiter__(self) -> AsyncIterator[Any]:
        yield self.chunks[0]

    async def aclose(self) -> None:
        """Nothing is open."""


def _whole(text: str, attempt: Attempt) -> Any:
    """A reply that is not a stream, with names for its parts."""
    try:
        reply = json.loads(text, object_hook=_named)
    except ValueError:
        page = re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE)
        said = (
            "it is a web page, so the address may be wrong"
            if page
            else "it is no whole JSON"
            if text
            else "it is empty"
        )
        raise attempt.fault("bad_response", said) from None
    error = getattr(reply, "error", None)
    if error:
        raise _Answered(text, None, _plain(error))
    choices = getattr(reply, "choices", None)
    if not isinstance(choices, list):
        raise attempt.fault("bad_response", "it has no list of choices")
    for choice in choices[:1]:
        if told := getattr(choice, "finish_reason", None):
            choice.finish_reason = _ENDS.get(str(told), str(told))
        message: Any = getattr(choice, "message", None)
        content = getattr(message, "content", None)
        if isinstance(content, str) and (thoughts := _THOUGHTS.match(content)):
            message.content = content[thoughts.end() :]
            message.reasoning_content = thoughts.group(2)
    return reply


async def _events(pieces: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The data of server-sent events. Only line feeds end a line: other separators may stand in a JSON text."""
    rest, data = b"", []
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data).decode("utf-8", "replace")
                data = []
    if rest.startswith(b"data:"):
        data.append(rest[5:])
    if data:
        yield b"\n".join(data).decode("utf-8", "replace")


def _named(fields: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(**fields)


def _plain(value: Any) -> Any:
    return {k: _plain(v) for k, v in vars(value).items()} if isinstance(value, SimpleNamespace) else value


def _new_client(certificates: ssl.SSLContext) -> httpx.AsyncClient:
    import httpx

    limits = httpx.Limits(keepalive_expiry=_KEPT_SECONDS)
    # The deadline is the call's own; redirects are followed as OpenAI's client does.
    return httpx.AsyncClient(verify=certificates, timeout=None, limits=limits, follow_redirects=True)


async def _certificates() -> ssl.SSLContext:
    """What connections trust; read once, in a thread, together with the import."""
    return _trusted() if _trusted.cache_info().currsize else await asyncio.to_thread(_trusted)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()
