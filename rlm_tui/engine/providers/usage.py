"""What a provider says a call used, read from every shape it comes in; counted by us where it says nothing."""

from __future__ import annotations

from typing import Any

from rlm_tui.engine import tokens
from rlm_tui.engine.providers.base import Request
from rlm_tui.events import Usage


def read_usage(reported: Any, request: Request, text: str, *, whole: bool = True) -> Usage:
    """The usage of one call. `whole` is false for a stream that broke off: its figures may be those of the beginning.

    Figures that are missing, negative or no numbers are replaced by our own count of prompt and reply, and the usage is
    marked ``estimated``. Parts never exceed their whole. Shapes: OpenAI (``prompt_tokens_details.cached_tokens``,
    ``completion_tokens_details.reasoning_tokens``), Anthropic (``cache_read_input_tokens``,
    ``cache_creation_input_tokens``), DeepSeek (``prompt_cache_hit_tokens``), Moonshot (``cached_tokens``), Mistral
    (``num_cached_tokens``), the Responses API (``input_tokens``).
    """
    given_in = _count(reported, "prompt_tokens", "input_tokens")
    given_out = _count(reported, "completion_tokens", "output_tokens")
    # A reply can't have cost no tokens: 0 stands for "not counted".
    missing_in = given_in is None or (given_in == 0 and any(m.content for m in request.messages))
    missing_out = given_out is None or (given_out == 0 and bool(text))
    into = tokens.count_messages(request.messages, request.model)[0] if missing_in else given_in or 0
    out = tokens.count(text, request.model)[0] if missing_out else given_out or 0
    if not whole and not missing_out:
        missing_out = True
        out = max(out, tokens.count(text, request.model)[0])
    details_in = _part(reported, "prompt_tokens_details", "input_tokens_details")
    details_out = _part(reported, "completion_tokens_details", "output_tokens_details")
    cached = _count(details_in, "cached_tokens") or _count(
        reported, "cache_read_input_tokens", "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens"
    )
    written = _count(reported, "cache_creation_input_tokens") or _count(
        details_in, "cache_creation_tokens", "cache_write_tokens"
    )
    reasoning = _count(details_out, "reasoning_tokens") or _count(reported, "reasoning_tokens")
    cached = min(cached or 0, into)
    return Usage(
        calls=1,
        input=into,
        cached=cached,
        cache_write=min(written or 0, into - cached),
        output=out,
        reasoning=min(reasoning or 0, out),
        estimated=missing_in or missing_out,
    )


def _part(of: Any, *names: str) -> Any:
    for name in names:
        value = of.get(name) if isinstance(of, dict) else getattr(of, name, None)
        if value is not None:
            return value
    return None


def _count(of: Any, *names: str) -> int | None:
    for name in names:
        value = _part(of, name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12:
            return int(value)
    return None
