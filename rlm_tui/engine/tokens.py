"""Counts tokens, offline.

tiktoken would download its encodings; LiteLLM's wheel carries them, and is only read as a folder here, never imported.
A count is exact where tiktoken knows the model's own tokenizer; otherwise it comes from a similar one and is shown
with a ``~``. Without any encoding at all it is a quarter of the characters.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_tui.engine.providers.pricing import package_folder

if TYPE_CHECKING:
    import tiktoken

    from rlm_tui.engine.providers.base import ChatMessage

SAMPLE_ABOVE = 1_000_000
"""Texts longer than this many characters are estimated from samples: counting 1 MB takes about 0.1 s."""

KEPT_CHARS = 16_384
"""Counts of texts up to this many characters are remembered."""

MESSAGE_OVERHEAD = 4
"""Tokens that the chat format adds to each message (role and separators), as OpenAI documents it, rounded up."""

REPLY_OVERHEAD = 3
"""Tokens that prime the reply."""

_SAMPLES, _SAMPLE_CHARS = 32, 8_192
_DEFAULT = "o200k_base"
_BASE = "https://openaipublic.blob.core.windows.net/encodings/"
# Checked before tiktoken sees the file: it deletes a damaged one and asks the network for another.
_FILES = {
    "cl100k_base": (_BASE + "cl100k_base.tiktoken", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    "o200k_base": (_BASE + "o200k_base.tiktoken", "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    "p50k_base": (_BASE + "p50k_base.tiktoken", "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069"),
}
_ALIASES = {"o200k_harmony": "o200k_base", "p50k_edit": "p50k_base"}
# Providers that serve OpenAI's own models under OpenAI's names.
_OPENAI_PREFIXES = ("openai/", "azure/", "github_copilot/", "openrouter/openai/", "groq/openai/", "together_ai/openai/")
_lock = threading.Lock()


def count(text: str, model: str, *, whole: bool = False) -> tuple[int, bool]:
    """Tokens of `text` for `model`, and whether the figure is exact. Never asks the network.

    With `whole` a long text is counted to its end instead of being sampled.
    """
    if not text:
        return 0, True
    name, own = _encoding_name(model)
    encoding = _encoding(name)
    if encoding is None:
        return max(1, (len(text) + 3) // 4), False
    if len(text) <= KEPT_CHARS:
        return _count_short(text, name), own
    if whole or len(text) <= SAMPLE_ABOVE:
        return len(encoding.encode_ordinary(text)), own
    step = (len(text) - _SAMPLE_CHARS) // (_SAMPLES - 1)
    sampled = sum(len(encoding.encode_ordinary(text[i * step : i * step + _SAMPLE_CHARS])) for i in range(_SAMPLES))
    return max(1, round(sampled * len(text) / (_SAMPLES * _SAMPLE_CHARS))), False


def count_messages(messages: Iterable[ChatMessage], model: str) -> tuple[int, bool]:
    """Tokens of a whole prompt with the chat format's own; exact is false, as providers do not document that part."""
    total = REPLY_OVERHEAD
    for message in messages:
        total += MESSAGE_OVERHEAD + count(message.content, model)[0]
    return total, False


def encoding_of(model: str) -> str:
    """The name of the encoding that `model` is counted with: a text has as many tokens for all models of the same one."""
    return _encoding_name(model)[0]


def shown(tokens: int, exact: bool) -> str:
    """The figure as people read it: ``1,234`` or ``~1,234``."""
    return f"{tokens:,}" if exact else f"~{tokens:,}"


@lru_cache(maxsize=256)
def _count_short(text: str, name: str) -> int:
    """Tokens of a message: most of a prompt was in the one before it, or in that of another session."""
    encoding = _encoding(name)
    assert encoding is not None
    return len(encoding.encode_ordinary(text))


@lru_cache(maxsize=256)
def _encoding_name(model: str) -> tuple[str, bool]:
    """The encoding to use for `model`, and whether it is the model's own."""
    for prefix in _OPENAI_PREFIXES:
        if model.startswith(prefix):
            model = model[len(prefix) :]
            break
    if "/" in model or ":" in model.removeprefix("ft:"):
        return _DEFAULT, False
    try:
        import tiktoken.model

        name = tiktoken.model.encoding_name_for_model(model)
    except (ImportError, KeyError):
        return _DEFAULT, False
    name = _ALIASES.get(name, name)
    return (name, True) if name in _FILES else (_DEFAULT, False)


@lru_cache(maxsize=4)
def _encoding(name: str) -> tiktoken.Encoding | None:
    with _lock:
        folder = _folder_with(name)
        if folder is None:
            return None
        before = os.environ.get("TIKTOKEN_CACHE_DIR")
        os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
        try:
            import tiktoken

            return tiktoken.get_encoding(name)
        except Exception:
            # Whatever a damaged installation does, a count is still owed: the caller falls back on characters.
            return None
        finally:
            if before is None:
                del os.environ["TIKTOKEN_CACHE_DIR"]
            else:
                os.environ["TIKTOKEN_CACHE_DIR"] = before


def _folder_with(name: str) -> Path | None:
    """A folder that holds the intact file of encoding `name`: the user's cache, or LiteLLM's wheel."""
    url, digest = _FILES[name]
    file = hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
    own = os.environ.get("TIKTOKEN_CACHE_DIR")
    litellm = package_folder("litellm")
    for folder in (Path(own) if own else None, litellm and litellm / "litellm_core_utils" / "tokenizers"):
        if folder is None:
            continue
        try:
            data = (folder / file).read_bytes()
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == digest:
            return folder
    return None
