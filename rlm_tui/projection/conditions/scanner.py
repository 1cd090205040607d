"""The characters of a condition, one word, sign or quoted text at a time."""

from __future__ import annotations

import re

from rlm_tui.projection.conditions.errors import ConditionError

_OP = re.compile(r">=|<=|==|!=|!~|=|>|<|~|:|≥|≤|≠")
_SAME_OP = {"=": "==", "≥": ">=", "≤": "<=", "≠": "!="}
_WORD = re.compile(r"[^\s()\"']+")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Scanner:
    """A text and the place in it (`at`) up to which it has been read. Methods that find nothing leave the place alone."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def ended(self) -> bool:
        return self.at >= len(self.text)

    def take(self, char: str) -> bool:
        if self.text.startswith(char, self.at):
            self.at += len(char)
            return True
        return False

    def word(self) -> str:
        match = _WORD.match(self.text, self.at)
        if not match:
            return ""
        self.at = match.end()
        return match.group()

    def operator(self) -> str | None:
        match = _OP.match(self.text, self.at)
        if not match:
            return None
        self.at = match.end()
        return _SAME_OP.get(match.group(), match.group())

    def peek(self, *words: str) -> int:
        """Where the text goes on after one of `words`, if it stands here; else 0."""
        self.space()
        for word in words:
            end = self.at + len(word)
            if self.text[self.at : end].lower() != word:
                continue
            if not word[0].isalpha() or not (
                self.text[end : end + 1].isalnum() or self.text[end : end + 1] in ("_", ".")
            ):
                return end
        return 0

    def keyword(self, *words: str) -> bool:
        end = self.peek(*words)
        self.at = end or self.at
        return bool(end)

    def here(self) -> str:
        """What stands here, for a message."""
        match = _WORD.match(self.text, self.at)
        found = match.group() if match else self.text[self.at : self.at + 1]
        return found if len(found) <= 20 else found[:19] + "…"

    def error(self, message: str, position: int | None = None) -> ConditionError:
        return ConditionError(message, self.text, self.at if position is None else position)

    def quoted(self) -> str | None:
        """The text in quotes that begins here, if one does."""
        start = self.at
        mark = self.text[start : start + 1]
        if mark not in ('"', "'") or not mark:
            return None
        out: list[str] = []
        at = start + 1
        while at < len(self.text) and self.text[at] != mark:
            char = self.text[at]
            if char == "\\" and at + 1 < len(self.text):
                at += 1
                after = self.text[at]
                # Other escapes stay as they are, so that "\d" needs no second thought.
                char = _ESCAPES.get(after, after if after in "\\\"'" else "\\" + after)
            out.append(char)
            at += 1
        if at >= len(self.text):
            raise self.error(f"this text has no closing {mark}", start)
        self.at = at + 1
        return "".join(out)
