"""Reads the head of a GGUF model file: enough to say what it is without loading it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_FIXED = {0: "b", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST = 1 << 26
_MOST_KEYS = 10_000


class NotGguf(ValueError):
    """The file is not a GGUF model; the message says why, as a clause."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says. `trained_window` is the number of tokens that the model was trained to read."""

    name: str
    architecture: str
    trained_window: int | None


def read_head(path: Path) -> Head:
    """The head of `path`. Raises `NotGguf`, or `OSError` if it can't be read."""
    with path.open("rb") as file:
        try:
            return _read(file)
        except (struct.error, UnicodeDecodeError, OverflowError):
            raise NotGguf("its head is damaged") from None


def _read(file: BinaryIO) -> Head:
    if file.read(4) != b"GGUF":
        raise NotGguf("it doesn't begin with GGUF")
    version, _tensors, keys = struct.unpack("<IQQ", file.read(20))
    if version not in (2, 3):
        raise NotGguf(f"its version is {version}, not 2 or 3")
    if keys > _MOST_KEYS:
        raise NotGguf("its head is damaged")
    name, architecture, window = "", "", None
    for _ in range(keys):
        key = _text(file)
        value = _value(file, _unsigned(file))
        if key == "general.architecture" and isinstance(value, str):
            architecture = value
        elif key == "general.name" and isinstance(value, str):
            name = value
        elif key.endswith(".context_length") and isinstance(value, int) and value > 0:
            window = value
        if key.startswith("tokenizer."):
            # The vocabulary follows; what we want comes before it in every file seen.
            break
    return Head(name, architecture, window)


def _unsigned(file: BinaryIO) -> int:
    return int(struct.unpack("<I", file.read(4))[0])


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _LONGEST:
        raise NotGguf("its head is damaged")
    data = file.read(length)
    if len(data) < length:
        raise NotGguf("it ends in its head")
    return data.decode()


def _value(file: BinaryIO, kind: int) -> object:
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        inner = _unsigned(file)
        (count,) = struct.unpack("<Q", file.read(8))
        if count > _LONGEST:
            raise NotGguf("its head is damaged")
        if inner in _FIXED:
            file.seek(count * struct.calcsize("<" + _FIXED[inner]), 1)
        else:
            for _ in range(count):
                _value(file, inner)
        return None
    if kind not in _FIXED:
        raise NotGguf("its head is damaged")
    form = "<" + _FIXED[kind]
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]
