"""Text from documents and models made safe to show: nothing in it can steer a terminal or hide."""

from __future__ import annotations

import re

_ZERO = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e007f"
_BIDI = "\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c"
_UNSAFE = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029{_BIDI}{_ZERO}\ufe0f\ud800-\udfff]")
_BIDI_ONLY = re.compile(f"[{_BIDI}]")

CONTROL, BIDI, HIDDEN, BROKEN = "␦", "⇄", "·", "�"
"""Stand-ins for C1 controls, for marks that turn the direction of text, for invisible characters, for lone surrogates."""

TEXT_FORM = "\ufe0e"
"""Asks for the plain form of the sign before it."""


def visible(text: str, tabs: int = 4, *, ascii: bool = False) -> str:
    r"""`text` with everything that a terminal would act on, or not show, replaced by a visible stand-in of width 1.

    C0 controls become their pictures (``␛`` for escape, so that ``\x1b[31m`` reads ``␛[31m``), C1 controls, direction marks,
    invisible characters and lone surrogates the four stand-ins above; with `ascii` every one of them is ``?``.
    A selector of the emoji form becomes the one of the text form, because terminals do not agree how wide "❤️" is; "❤" is
    one column wide in all of them. Line feeds stay. One character becomes one character, so offsets stay right, except for tabs: they become spaces up
    to the next multiple of `tabs` columns (0 leaves that out: a tab becomes ``␉``). Wide and combining letters stay.
    """
    if not _UNSAFE.search(text):
        return text
    if tabs and "\t" in text:
        # Stand-ins are as wide as what they replace, so tabs may go first.
        text = "\n".join(
            line.expandtabs(tabs) if "\r" not in line else _expand(line, tabs) for line in text.split("\n")
        )
    return _UNSAFE.sub((lambda _: "?") if ascii else _stand_in, text)


def visible_offset(line: str, offset: int, tabs: int = 4) -> int:
    """Where character `offset` of a line stands in ``visible(line, tabs)``."""
    head = line[:offset]
    return len(_expand(head, tabs)) if tabs and "\t" in head else len(head)


def _expand(line: str, tabs: int) -> str:
    out: list[str] = []
    column = 0
    for piece in re.split("(\t)", line):
        text = " " * (tabs - column % tabs) if piece == "\t" else piece
        out.append(text)
        column += len(text)
    return "".join(out)


def _stand_in(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0xA0:
        return CONTROL
    if code in (0x2028, 0x2029):
        return "␤"
    if code == 0xFE0F:
        return TEXT_FORM
    if 0xD800 <= code <= 0xDFFF:
        return BROKEN
    return BIDI if _BIDI_ONLY.match(char) else HIDDEN
