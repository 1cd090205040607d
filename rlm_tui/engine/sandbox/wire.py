"""The line between host and worker: a 4-byte little-endian length, then one msgpack map with a text under ``"t"``.

The template of the workers is asked by numbers alone: at each fork it has to copy again all memory that it writes to.

Never pickle. Text may hold lone surrogates, which msgpack passes through when asked. Both sides import this file, so
it imports nothing of ours.
"""

from __future__ import annotations

import struct
from typing import Any

import msgpack

MAX_FRAME = 64 * 1024 * 1024
"""Bytes of one frame's body. A longer one is hostile."""

HEADER = struct.Struct("<I")

REQUEST = struct.Struct("<cI")
"""To the template: `FORK` or `BRANCH`, with descriptors, or `INTERRUPT` or `END` and the number of the process."""

REPLY = struct.Struct("<q")
"""From the template, also once when it is ready: the number of the new process, the status of an ended one, or 0."""

FORK, BRANCH, INTERRUPT, END = b"f", b"b", b"i", b"e"


class WireError(Exception):
    """Bytes that are not a frame of this protocol."""


def pack(frame: dict[str, Any]) -> bytes:
    """`frame` as bytes on the line; `WireError` when it is too long or holds what msgpack cannot carry."""
    try:
        body = msgpack.packb(frame, use_bin_type=True, unicode_errors="surrogatepass")
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"not sendable: {error}") from None
    if len(body) > MAX_FRAME:
        raise WireError(f"a frame of {len(body):,} bytes; at most {MAX_FRAME:,}")
    return HEADER.pack(len(body)) + bytes(body)


def unpack(body: bytes | bytearray | memoryview) -> dict[str, Any]:
    """The map in `body`; `WireError` for anything else. Values still have to be checked one by one."""
    try:
        frame = msgpack.unpackb(
            body,
            raw=False,
            unicode_errors="surrogatepass",
            strict_map_key=True,
            max_str_len=MAX_FRAME,
            max_bin_len=MAX_FRAME,
            max_array_len=2_000_000,
            max_map_len=2_000_000,
            max_ext_len=0,
        )
    except Exception as error:  # msgpack raises many kinds, also plain ValueError and RecursionError
        raise WireError(f"not a frame: {type(error).__name__}") from None
    if type(frame) is not dict or type(frame.get("t")) is not str:
        raise WireError("a frame without a kind")
    return frame
