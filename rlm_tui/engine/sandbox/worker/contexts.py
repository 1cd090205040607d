"""How a context arrives: the bytes of a file descriptor (sealed shared memory on Linux), mapped and decoded."""

from __future__ import annotations

import json
import mmap
import os
from typing import Any

import msgpack

TEXT, PACKED, JSON = b"t", b"m", b"j"


def load(fd: int) -> Any:
    """The context behind `fd`, which is closed."""
    try:
        size = os.fstat(fd).st_size
        with mmap.mmap(fd, size, prot=mmap.PROT_READ) as mapped:
            kind = mapped[:1]
            view = memoryview(mapped)[1:]
            try:
                return decode(kind, view)
            finally:
                view.release()
    finally:
        os.close(fd)


def decode(kind: bytes, body: Any) -> Any:
    """The value in `body`, which the host wrote."""
    if kind == TEXT:
        return str(body, "utf-8", "surrogatepass")
    if kind == PACKED:
        return msgpack.unpackb(body, raw=False, unicode_errors="surrogatepass", strict_map_key=False)
    return json.loads(str(body, "utf-8", "surrogatepass"))
