"""Turn 0 of a node: what the context is, told at no cost (engine contract §5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from rlm_tui.document.formats import detect

SHOWN_ITEMS = 20
SHOWN_TEXTS = 3

_SAMPLE = 20_000
_EDGE = 500
_ITEM_EDGE = 200


def probe(context: Any, mode: str = "full", *, tokens: Callable[[str], int] | None = None, name: str = "") -> str:
    """Describe `context` (a text, a list, or a dict) as the first output that a node's model reads.

    `mode` is ``full``, or ``metadata`` for type and size only, as in the paper. `tokens` counts the tokens of a text; it
    is asked about samples of a long one only. Without it a token is taken for four characters. `name` helps to detect the
    format. The layout is part of the contract: one ``key: value`` line a fact, then sections with ``---`` headings.
    """
    if isinstance(context, str):
        return _text(context, mode, tokens, name)
    if isinstance(context, (list, dict)):
        return _items(context, mode, tokens)
    return f"type: {type(context).__name__}\n{_EMPTY}"


_EMPTY = "characters: 0 (~0 tokens)"


def about_tokens(text: str, tokens: Callable[[str], int] | None = None) -> int:
    """Roughly how many tokens a text has, from its first, middle and last 20,000 characters when it is long."""
    if tokens is None:
        return -(-len(text) // 4)
    if len(text) <= 4 * _SAMPLE:
        return tokens(text)
    middle = len(text) // 2
    sample = (text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:])
    return round(sum(tokens(part) for part in sample) * len(text) / (3 * _SAMPLE))


def _size(text: str, tokens: Callable[[str], int] | None) -> str:
    return f"characters: {len(text):,} (~{about_tokens(text, tokens):,} tokens)"


def _line_count(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n")) if text else 0


def _text(text: str, mode: str, tokens: Callable[[str], int] | None, name: str) -> str:
    facts = ["type: str", _size(text, tokens)]
    if mode == "metadata":
        return "\n".join(facts)
    facts += [f"lines: {_line_count(text):,}", f"format: {_format(text, name)}"]
    return "\n".join(facts + _edges(text, _EDGE))


def _format(text: str, name: str) -> str:
    head = text[: 1 << 16]
    return detect(name, head, whole=len(head) == len(text))


def _edges(text: str, size: int, of: str = "") -> list[str]:
    """First and last characters; a text that the first ones show whole has no last ones."""
    shown = [f"--- first {size} characters{of} ---", text[:size]] if text else []
    return shown + ([f"--- last {size} characters{of} ---", text[-size:]] if len(text) > size else [])


def _items(context: list[Any] | dict[str, Any], mode: str, tokens: Callable[[str], int] | None) -> str:
    items = list(context.items()) if isinstance(context, dict) else list(enumerate(context))
    facts = [f"type: {type(context).__name__}", f"items: {len(items):,}"]
    texts = [item if isinstance(item, str) else _as_json(item) for _, item in items]
    total = sum(len(text) for text in texts)
    known, share = 0, 0
    for text in texts[:SHOWN_ITEMS]:
        known, share = known + len(text), share + about_tokens(text, tokens)
    about = round(share * total / known) if known else 0
    sum_line = f"total characters: {total:,} (~{about:,} tokens)"
    if mode == "metadata":
        return "\n".join([*facts, sum_line])
    for (key, item), text in zip(items[:SHOWN_ITEMS], texts, strict=False):
        kind = f", {_format(item, str(key))}" if isinstance(item, str) and item else ""
        facts.append(f"  {_label(key)}: {type(item).__name__}, {len(text):,} characters{kind}")
    if len(items) > SHOWN_ITEMS:
        facts.append(f"  … and {len(items) - SHOWN_ITEMS:,} more")
    facts.append(sum_line)
    for (key, _), text in zip(items[:SHOWN_TEXTS], texts, strict=False):
        facts += _edges(text, _ITEM_EDGE, f" of {_label(key)}")
    return "\n".join(facts)


def _label(key: Any) -> str:
    label = str(key)
    label = label if len(label) <= 80 else label[:79] + "…"
    return label if label.isprintable() else ascii(label)[1:-1]


def _as_json(item: Any) -> str:
    try:
        return json.dumps(item, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return repr(item)
