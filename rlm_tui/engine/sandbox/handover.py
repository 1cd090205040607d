"""A context on its way to a worker: bytes behind a file descriptor, sealed where the system can."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

import msgpack

from rlm_tui.engine.sandbox.base import Context

TEXT, PACKED, JSON = b"t", b"m", b"j"
_PIECE = 512 * 1024
"""Characters encoded at a time: a piece and its bytes stay in the processor's cache on their way."""
_F_ADD_SEALS = 1033
_ALL_SEALS = 0x1 | 0x2 | 0x4 | 0x8


def check(context: Any) -> None:
    """Raise ``TypeError`` with one sentence when `context` is not a `Context`."""
    if type(context) is str:
        return
    if not isinstance(context, (list, dict)):
        raise TypeError(f"the context must be a str, list or dict, not {type(context).__name__}")
    stack: list[Any] = [context]
    seen = 0
    while stack:
        value = stack.pop()
        seen += 1
        if isinstance(value, dict):
            bad = next((k for k in value if not isinstance(k, (str, int, float, bool, type(None)))), None)
            if bad is not None:
                raise TypeError(f"the context has a key of type {type(bad).__name__}; keys must be text or numbers")
            stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
        elif not isinstance(value, (str, int, float, bool, type(None))):
            raise TypeError(f"the context holds a value of type {type(value).__name__}; it must be JSON")
        if seen > 50_000_000:
            raise TypeError("the context holds more than 50 million values, or refers to itself")


def documents_of(context: Context) -> int:
    """How many documents a context is."""
    return 1 if isinstance(context, str) else len(context)


def size_of(context: Context) -> int:
    """Roughly how many bytes a context has: enough to decide how it travels."""
    if isinstance(context, str):
        return len(context)
    values = context.values() if isinstance(context, dict) else context
    return sum(len(v) if isinstance(v, str) else 100 for v in values)


def encode(context: Context) -> tuple[bytes, bytes]:
    """A list or dict as (kind, bytes)."""
    try:
        packed = msgpack.packb(context, use_bin_type=True, unicode_errors="surrogatepass")
        return PACKED, bytes(packed)
    except (OverflowError, ValueError):
        # Integers of more than 64 bits, or deep nesting: JSON has no such limits.
        return JSON, json.dumps(context).encode("utf-8", "surrogatepass")


def to_fd(context: Context) -> int:
    """A readable file descriptor with `context` in it; the caller closes it. Blocking: up to a second for 200 MB."""
    fd = _anonymous()
    try:
        if isinstance(context, str):
            os.write(fd, TEXT)
            for start in range(0, len(context), _PIECE):
                _write(fd, context[start : start + _PIECE].encode("utf-8", "surrogatepass"))
        else:
            kind, body = encode(context)
            os.write(fd, kind)
            _write(fd, body)
        _seal(fd)
        return fd
    except BaseException:
        os.close(fd)
        raise


def _anonymous() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("context", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _seal(fd: int) -> None:
    if hasattr(os, "memfd_create"):
        import fcntl

        fcntl.fcntl(fd, _F_ADD_SEALS, _ALL_SEALS)
    else:
        os.lseek(fd, 0, os.SEEK_SET)


def parts(context: Context, size: int = 8 * 1024 * 1024) -> tuple[bytes, list[bytes]]:
    """`context` as (kind, pieces), for systems where a file descriptor cannot be handed over."""
    if isinstance(context, str):
        kind, body = TEXT, context.encode("utf-8", "surrogatepass")
    else:
        kind, body = encode(context)
    return kind, [body[start : start + size] for start in range(0, len(body), size)]
