"""Text on plain streams: one line, and nothing in it that a terminal would act on."""

from __future__ import annotations

from rlm_tui.document.visible import visible


def plain(text: str) -> str:
    """`text` as one line, every character of it visible."""
    return visible(" ".join(text.split()))


def shorten(text: str, length: int) -> str:
    """The same, cut to at most `length` characters with a mark at the end."""
    line = plain(text)
    return line if len(line) <= length else line[: max(0, length - 1)] + "…"
