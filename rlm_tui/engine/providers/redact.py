"""Takes keys out of texts before they reach a log, a message or the screen."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

MASK = "[key]"

_LONG = 8
"""Characters that a key has at least."""

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)(S|_ID|_?\d+)?$", re.IGNORECASE)
_PATTERNS = [
    # Prefixes that providers give their keys: OpenAI, Anthropic, OpenRouter, Groq, xAI, Hugging Face, Replicate, …
    re.compile(r"\b(?:sk|pk|rk|gsk|xai|pplx|hf|r8|fw|nvapi|tvly|csk|ghp|gho|glpat)[-_][A-Za-z0-9_*.…-]{6,}"),
    re.compile(r"\bAIza[A-Za-z0-9_*-]{10,}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
]
_LABELLED = re.compile(
    r"""(?ix) ( \b bearer \s+ (?=[^\s"']*[\d_*=-]|[^\s"']{20})
            | \b (?: x-)? api [-_ ]? key (?: \s+ provided)? ["']? \s* [:=] \s* ["']?
            | [?&] key= )
        [^\s"',;&)}\]]{6,}"""
)


def secrets_of(env: Mapping[str, str] | None = None) -> list[str]:
    """The values of variables that look like secrets by their name, longest first; `env` is `os.environ` if not given."""
    found = {
        value
        for name, value in (os.environ if env is None else env).items()
        if len(value) >= _LONG and _SECRET_NAME.search(name) and not os.path.exists(value)
    }
    return sorted(found, key=len, reverse=True)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without keys: the given `secrets`, bearer tokens, and whatever has the form of a provider's key."""
    for secret in secrets:
        if len(secret) >= _LONG:
            text = text.replace(secret, MASK)
        elif secret:
            # What somebody made up for a server of their own, such as "x", must not be cut out of words.
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", lambda _: MASK, text)
    text = _LABELLED.sub(lambda m: m.group(1) + MASK, text)
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return text


def one_line(text: str, limit: int = 240) -> str:
    """The first `limit` characters of `text` on one line: no control characters, no traceback."""
    text = text.split("Traceback (most recent call last)", 1)[0]
    text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
