"""The user's variables after a cell: name, type, size, a one-line preview, and whether they changed.

Previews are made inside the cell's limits, because an object's ``__repr__`` is the code's own. They are bounded before
they are made: at most a few items of a container are looked at.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

PREVIEW = 200
_ITEMS = 8
_MOST = 500
_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")")}
_SIZED: tuple[Any, ...] = (str, bytes, bytearray, list, tuple, dict, set, frozenset)


def preview(value: Any, limit: int = PREVIEW, depth: int = 0) -> str:
    """A one-line repr of at most `limit` characters."""
    text = _short(value, limit, depth)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _short(value: Any, limit: int, depth: int) -> str:
    kind = type(value)
    if kind is str or kind is bytes:
        return repr(value[:limit]) if len(value) <= limit else repr(value[:limit]) + "…"
    if kind is int:
        return repr(value) if value.bit_length() < 4_000 else f"<an int of {value.bit_length():,} bits>"
    if kind in (float, bool, complex, types.NoneType):
        return repr(value)
    if kind in (list, tuple, set, frozenset, dict):
        if depth >= 3:
            return "…"
        return _container(value, kind, limit, depth)
    if kind is types.FunctionType:
        return f"<function {value.__name__}>"
    if isinstance(value, type):
        return f"<class {value.__name__!r}>"
    if isinstance(value, _SIZED) and len(value) > 10_000:
        return f"<{kind.__name__} of {len(value):,} items>"
    text = repr(value)
    return " ".join(str.__str__(text)[: 4 * limit].split())


def _container(value: Any, kind: type, limit: int, depth: int) -> str:
    opening, closing = _BRACKETS.get(kind, ("{", "}"))
    if kind is set and not value:
        return "set()"
    parts: list[str] = []
    room = limit
    for number, item in enumerate(value.items() if kind is dict else value):
        if number >= _ITEMS * 4 or room <= 0:
            parts.append("…")
            break
        if kind is dict:
            part = f"{preview(item[0], 60, depth + 1)}: {preview(item[1], 80, depth + 1)}"
        else:
            part = preview(item, 80, depth + 1)
        room -= len(part) + 2
        parts.append(part)
    if kind is tuple and len(parts) == 1:
        parts[0] += ","
    inner = ", ".join(parts)
    return f"frozenset({{{inner}}})" if kind is frozenset else f"{opening}{inner}{closing}"


def size_of(value: Any) -> int | None:
    """The length of a text or container; ``None`` for the rest. Never calls code of the REPL."""
    for kind in _SIZED:
        if isinstance(value, kind):
            return int(kind.__len__(value))
    return None


class Manifest:
    """Remembers what the variables looked like, to say what is new and what changed."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, str, int | None, str]] = {}

    def take(self, variables: dict[str, Any], guarded: Callable[[Callable[[], str]], str]) -> list[list[Any]]:
        """[name, type, size, preview, changed] of each variable; `guarded` makes a preview safely."""
        found: list[list[Any]] = []
        seen: dict[str, tuple[int, str, int | None, str]] = {}
        for name, value in list(variables.items())[:_MOST]:
            kind = str(type(value).__name__)[:100]
            size = size_of(value)
            text = guarded(lambda value=value: preview(value))  # type: ignore[misc]
            state = (id(value), kind, size, text)
            before = self._seen.get(name)
            changed = "new" if before is None else "" if before == state else "changed"
            seen[name] = state
            found.append([name[:200], kind, size, text, changed])
        self._seen = seen
        return found
