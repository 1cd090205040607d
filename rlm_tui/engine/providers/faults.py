"""What kind of fault an exception of a model call is, and the sentence that says so.

Classified by status code and by the provider's words, never by the client library's exception class alone: that calls a
connection error and a malformed body both "internal server error". Only duck-typed attributes are read, so nothing heavy
is imported here.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from rlm_tui.engine.providers.base import ProviderError
from rlm_tui.engine.providers.redact import one_line, redact


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_CONTEXT = _words(
    r"context[_ -]?(length|window)[_ -]?exceeded",
    r"maximum context length",
    r"max(imum)?[_ ]model[_ ]len",
    r"prompt is too long",
    r"(prompt|input|request|context)( is| was|:)? (too (long|large|many tokens)|longer than)",
    r"input (length|token count|tokens?).{0,80}exceed",
    r"exceed\w*.{0,40}(context|maximum (number of )?tokens|token limit|available context)",
    r"too many (input )?tokens",
    r"reduce the length",
    r"context (size|window|length) (of|is|has been)",
    r"larger than the .{0,30}context",
)
_FILTER = _words(
    r"content[_ ](filter|management|policy)",
    r"content_policy_violation",
    r"safety system",
    r"flagged (as|for|by)",
    r"blocked by .{0,30}(safety|filter|guardrail|policy)",
    r"responsible ?ai",
)
_QUOTA = _words(
    r"insufficient[_ ](quota|balance|credits?|funds)",
    r"credit balance",
    r"billing[_ ]hard[_ ]limit",
    r"payment required",
    r"out of credits?",
    r"account is not active",
)
_SOFT_QUOTA = _words(r"exceeded your current quota", r"quota exceeded")
_BAD_KEY = _words(
    r"(invalid|incorrect|missing|expired|no)( or missing)? api[_ -]?key",
    r"api[_ -]?key.{0,30}(not valid|invalid|expired|missing|not set|must be set|required)",
    r"invalid x-api-key",
    r"authentication[_ ]?error",
    r"unauthori[sz]ed",
    r"permission[_ ]denied",
)
_NO_MODEL = _words(
    r"model[_ ]not[_ ]found",
    r"model.{0,120}(does not exist|not found|not exist|is not (a valid|available|supported)|unknown)",
    r"(unknown|invalid|unsupported|no such) model",
    r"llm provider not provided",
    r"deploymentnotfound",
)
_NO_PACKAGE = _words(r"no module named", r"missing boto3", r"(please|pip) install", r"is not installed")
_OVERLOADED = _words(r"overloaded", r"server is busy", r"high demand", r"capacity")
_CONNECTION = _words(
    r"\bconnection ?error",
    r"connect(ion)? (was |has been )?(refused|reset|closed|aborted|failed|attempts failed)",
    r"cannot connect to host",
    r"server disconnected",
    r"(name or service|nodename) not known",
    r"temporary failure in name resolution",
    r"network is unreachable",
    r"peer closed connection",
    r"certificate verify failed",
)
_BAD_BODY = _words(
    r"expecting (value|property name|',' delimiter|':' delimiter)",
    r"jsondecodeerror",
    r"invalid (json|control character)",
    r"unterminated string",
    r"extra data: line",
    r"(can't|cannot|unable to|failed to|error) (be )?(decode|parse|pars)\w*",
    r"unable to get json response",
    r"validation errors? for",
    r"invalid response object",
    r"object has no attribute",
    r"object is not (iterable|subscriptable)",
    r"not supported between instances",
    r"unsupported operand",
    r"list index out of range",
    r"<html|<!doctype",
)
_PAGE = _words(r"<html|<!doctype")
_BAD_BODY_CLASSES = {"JSONDecodeError", "DecodingError", "APIResponseValidationError", "OpenAIError"}
# LiteLLM's own words; it gives them all kinds of statuses.
_UNREADABLE = _words(
    r"converting to valid response",
    r"invalid response object",
    r"unable to get json response",
    r"got unexpected response",
    r"provider returned '\w+' that is not",
)
_NETWORK_CLASSES = re.compile(
    r"^(APIConnectionError|ConnectError|ConnectionError|Connect(ion)?(Refused|Reset|Aborted)?Error|ReadError|WriteError|"
    r"RemoteProtocolError|ClientConnectorError|ClientOSError|ServerDisconnectedError|ClientPayloadError|BrokenPipeError|"
    r"gaierror|SSLError|ClientConnectorDNSError|IncompleteRead|NetworkError|ProtocolError)$"
)
_LOST = re.compile(
    r"ReadError|RemoteProtocolError|ServerDisconnected|ClientPayload|ConnectionReset|peer closed|IncompleteRead"
)
_TIMEOUT_CLASSES = re.compile(r"^(\w*Timeout(Error|Exception)?)$")
_LIBRARY_NOISE = re.compile(
    r"(?:(?:litellm\.)?[A-Z]\w*(?:Error|Exception):\s*|litellm\.Timeout:\s*|\w+(?:Exception|Error) - |LiteLLM:\s*|"
    r"\w+ raised a streaming error - )+"
)
_LIBRARY_TAIL = re.compile(
    r"\bOriginal (?:exception|response):|\bRaw keys:|\bReceived Chunk=|For further information|Handle with `|File an issue",
    re.IGNORECASE,
)
_JSON_MESSAGE = re.compile(r"[{,]\s*\\?\"(?:message|error|detail)\\?\":\s*\\?\"((?:[^\"\\]|\\.)+)\"")
_RETRY_HINT = re.compile(
    r"(?:retry|try again)[^.\n]{0,40}? in (\d+(?:\.\d+)?) ?(m?s)\b|\"retryDelay\": ?\"(\d+(?:\.\d+)?)s"
)


@dataclass(frozen=True, slots=True)
class Where:
    """What the sentences name: the model, the server's address if it isn't the provider's own, and the key's variables."""

    model: str
    api_base: str | None = None
    key_names: str = ""


def classify(
    error: BaseException,
    where: Where,
    *,
    partial: str = "",
    streaming: bool = False,
    secrets: Iterable[str] = (),
) -> ProviderError:
    """The `ProviderError` that `error` amounts to. `streaming` says that a stream had begun when it came."""
    secrets = list(secrets)
    causes = list(_causes(error))
    status = _status_of(causes)
    said, words = _provider_words(causes)
    retry_after = _retry_after(causes, words)
    kind = _kind(causes, status, words, retry_after)
    if kind == "bad_response" and _PAGE.search(words):
        said = "it is a web page, so the address may be wrong"
    if streaming and kind in ("connection", "bad_response", "internal", "server"):
        kind = "stream_cut"
    # A status that the client made up, because there was no answer at all, would mislead.
    answered = kind not in ("connection", "timeout", "bad_response", "stream_cut") or _answered(causes)
    message = sentence(kind, where, one_line(redact(_tidy(said), secrets)), retry_after, broke=_broke(causes))
    return ProviderError(
        kind,
        redact(message, secrets),
        status=status if answered else None,
        retry_after=retry_after,
        partial=partial,
    )


def sentence(kind: str, where: Where, said: str = "", retry_after: float | None = None, *, broke: bool = False) -> str:
    """One sentence for a fault of `kind`, with what the provider `said`, and what to do where there is something.

    `broke` tells a connection that was lost from one that never was.
    """
    model, said = where.model, said.strip().rstrip(".")
    colon, brackets = (f": {said}", f" ({said})") if said else ("", "")
    server = where.api_base or "the provider"
    later = f"; it asks to wait {retry_after:g} s" if retry_after is not None else ""
    key = where.key_names or "the key"
    if kind == "not_found" and _NO_PACKAGE.search(said):
        return f"{model} needs a Python package that is not installed: {said}."
    if kind == "connection" and broke:
        return f"The connection to {server} for {model} broke off{brackets}."
    return {
        "rate_limit": f"{model} is rate-limited{later}{brackets}.",
        "quota": f"The account's quota or credit for {model} is used up: check its billing{brackets}.",
        "overloaded": f"{model} is overloaded for now{colon}.",
        "server": f"The server of {model} failed{colon}.",
        "timeout": f"{model} did not answer in time{colon}.",
        "connection": f"Can't reach {server} for {model}: check the address and the network{brackets}.",
        "stream_cut": f"The reply of {model} broke off{colon}.",
        "bad_response": f"{model} sent a reply that can't be read{colon}.",
        "empty": f"{model} sent an empty reply{colon}.",
        "auth": f"{model} refused access: check {key}{brackets}.",
        "not_found": f"{model} does not exist at {server}: see `rlm-tui models`{brackets}.",
        "context_length": f"The prompt is too long for {model}: send less text or use a larger window{brackets}.",
        "content_filter": f"A content filter stopped {model}: reword the prompt or use another model{brackets}.",
        "refusal": f"{model} refused to answer{colon}.",
        "bad_request": f"{model} rejected the request{colon}.",
        "cancelled": f"The call to {model} was cancelled.",
    }.get(kind, f"The call to {model} failed{colon}.")


def _tidy(said: str) -> str:
    """The provider's words without tags, and without what the client library wraps around them."""
    if inner := _JSON_MESSAGE.search(said):
        with contextlib.suppress(ValueError):
            return str(json.loads(f'"{inner.group(1)}"'))
    said = _LIBRARY_TAIL.split(said, maxsplit=1)[0]
    if re.search(r"<(html|!doctype|body|head)", said, re.IGNORECASE):
        said = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", said, flags=re.DOTALL | re.IGNORECASE)
    return _LIBRARY_NOISE.sub("", said).strip(" .:,-")


def _kind(causes: list[BaseException], status: int | None, text: str, retry_after: float | None) -> str:
    names = {type(cause).__name__ for cause in causes}
    if any(isinstance(c, TimeoutError) or _TIMEOUT_CLASSES.match(type(c).__name__) for c in causes):
        return "timeout"
    if _UNREADABLE.search(text):
        return "bad_response"
    if names & {"ImportError", "ModuleNotFoundError"} or (not _answered(causes) and _NO_PACKAGE.search(text)):
        return "not_found"
    # Only an answer's own status says more than the words; a client's made-up 500 doesn't.
    if status is None or (status == 500 and not _answered(causes)):
        return _kind_without_answer(names, text)
    if status == 429:
        hard = _QUOTA.search(text) or (_SOFT_QUOTA.search(text) and retry_after is None)
        return "quota" if hard else "rate_limit"
    if status in (408, 504):
        return "timeout"
    if status == 402:
        return "quota"
    if status in (401, 403):
        return "content_filter" if status == 403 and _FILTER.search(text) else "auth"
    if status in (503, 529):
        return "overloaded"
    if status >= 500:
        if _BAD_BODY.search(text) and not _error_status(causes):
            return "bad_response"
        return "overloaded" if _OVERLOADED.search(text) else "server"
    if status == 409:
        return "server"
    return _kind_of_rejection(status, text)


def _kind_of_rejection(status: int, text: str) -> str:
    if _CONTEXT.search(text) or status == 413:
        return "context_length"
    if _FILTER.search(text):
        return "content_filter"
    if _QUOTA.search(text):
        return "quota"
    if _BAD_KEY.search(text):
        return "auth"
    if status == 404 or _NO_MODEL.search(text):
        return "not_found"
    return "bad_request"


def _kind_without_answer(names: set[str], text: str) -> str:
    # LiteLLM calls whatever it doesn't understand an APIConnectionError.
    if any(_NETWORK_CLASSES.match(name) for name in names - {"APIConnectionError"}) or _CONNECTION.search(text):
        return "connection"
    if _BAD_BODY.search(text) or names & _BAD_BODY_CLASSES:
        return "bad_response"
    if "APIConnectionError" in names:
        return "bad_response"
    if _OVERLOADED.search(text):
        return "overloaded"
    if _CONTEXT.search(text):
        return "context_length"
    return "server" if "InternalServerError" in names else "internal"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps, each once."""
    waiting = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen or len(seen) > 12:
            continue
        seen.add(id(current))
        yield current
        for inner in (getattr(current, "original_exception", None), current.__cause__, current.__context__):
            if isinstance(inner, BaseException):
                waiting.append(inner)


def _status_of(causes: list[BaseException]) -> int | None:
    """The HTTP status. LiteLLM's own exceptions come last: it gives some answers another status than they had."""
    wrapped = [c for c in causes if type(c).__module__ == "litellm.exceptions"]
    direct = [c for c in causes if c not in wrapped]
    return next((s for s in map(_status, direct + wrapped) if s is not None), None)


def _status(error: BaseException) -> int | None:
    if type(error).__name__ == "MidStreamFallbackError":
        return None
    for value in (getattr(error, "status_code", None), getattr(error, "code", None)):
        try:
            number = int(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            continue
        if 400 <= number < 600:
            return number
    return None


def _answered(causes: list[BaseException]) -> bool:
    """Whether the provider itself answered with an error, in a status line or in an error object."""
    return _error_status(causes) or any(isinstance(getattr(c, "body", None), Mapping) for c in causes)


def _error_status(causes: list[BaseException]) -> bool:
    for cause in causes:
        if type(cause).__module__.startswith("litellm"):
            # LiteLLM attaches made-up responses to its own exceptions.
            continue
        if isinstance(status := getattr(getattr(cause, "response", None), "status_code", None), int) and status >= 400:
            return True
    return False


def _provider_words(causes: list[BaseException]) -> tuple[str, str]:
    """What to quote, and the words to classify by: the provider's own message, with its code, where there is one."""
    for cause in causes:
        body = getattr(cause, "body", None)
        if isinstance(body, str) and body.strip():
            return body, body
        if isinstance(body, Mapping):
            inner = body.get("error", body)
            if isinstance(inner, Mapping) and isinstance(inner.get("detail"), str):
                inner = {"message": inner["detail"], **inner}
            if isinstance(inner, Mapping) and isinstance(inner.get("message"), str):
                said = str(inner["message"])
                return said, " ".join(
                    [said, *(str(inner[k]) for k in ("code", "type") if isinstance(inner.get(k), str))]
                )
    outer = [c for c in causes if type(c).__name__ != "MidStreamFallbackError"] or causes
    # "Connection error." says less than what it was made of.
    telling = [c for c in outer if str(c).strip() and not re.search(r"connection error\.?\s*$", str(c), re.IGNORECASE)]
    said = str(telling[0]) if telling else type(outer[0]).__name__
    return said, " ".join([said, *(str(c) for c in causes)])


def _broke(causes: list[BaseException]) -> bool:
    return any(_LOST.search(f"{type(c).__name__} {c}") for c in causes)


def _retry_after(causes: list[BaseException], text: str) -> float | None:
    for cause in causes:
        headers = getattr(getattr(cause, "response", None), "headers", None) or getattr(cause, "headers", None)
        try:
            seconds = parse_retry_after(headers)
        except Exception:
            # Headers come in many forms; one that can't be read is one that isn't there.
            seconds = None
        if seconds is not None:
            return seconds
    if found := _RETRY_HINT.search(text):
        value = float(found.group(1) or found.group(3))
        return value / 1000 if found.group(2) == "ms" else value
    return None


def parse_retry_after(headers: Any, now: datetime | None = None) -> float | None:
    """Seconds to wait as the headers say (``retry-after-ms``, ``retry-after`` in seconds or as a date)."""
    if headers is None:
        return None
    fields = {str(name).lower(): str(value).strip() for name, value in dict(headers).items()}
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = fields.get(name)
        if not value:
            continue
        try:
            seconds = float(value) / unit
        except ValueError:
            try:
                at = parsedate_to_datetime(value)
            except (TypeError, ValueError):
                continue
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            seconds = (at - (now or datetime.now(UTC))).total_seconds()
        if seconds == seconds and seconds != float("inf"):
            return max(0.0, seconds)
    return None
