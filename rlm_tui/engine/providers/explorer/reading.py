"""What the messages say: the question, the document's probe, and what every turn printed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rlm_tui.engine.providers.base import ChatMessage
from rlm_tui.engine.providers.explorer.fields import Field, Profile

FENCE = re.compile(r"```repl\n(.*?)(?:\n```|\Z)", re.S)
OPERATOR = re.compile(r"(?:^|\n)Message from the operator:\s*(.+?)(?=\n\n|\n\[turn|\Z)", re.S)


@dataclass
class Conversation:
    """One node's conversation so far. `codes` and `outputs` go together, oldest first."""

    question: str = ""
    probe: str = ""
    codes: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    children: bool = False
    subcalls: bool = True
    leaf: bool = False
    forced: bool = False

    @property
    def several(self) -> bool:
        """Whether the context is a list or dict rather than one text."""
        kind = re.search(r"^type:\s*(\w+)", self.probe, re.M)
        return kind is not None and kind[1] in ("list", "dict")

    @property
    def characters(self) -> int:
        found = re.search(r"^(?:total )?characters:\s*([\d,]+)", self.probe, re.M)
        return int(found[1].replace(",", "")) if found else 0

    def output_of(self, mark: str) -> str | None:
        """What the latest cell whose code holds `mark` printed."""
        for code, output in zip(reversed(self.codes), reversed(self.outputs), strict=True):
            if mark in code:
                return output
        return None


def read(messages: Sequence[ChatMessage]) -> Conversation:
    """Read a conversation. Without a system message that speaks of a REPL it is a sub-model's prompt."""
    talk = Conversation()
    system = "\n".join(m.content for m in messages if m.role == "system")
    users = [m.content for m in messages if m.role == "user"]
    talk.leaf = "REPL" not in system
    if users and users[-1].lstrip().startswith("Answer now."):
        talk.leaf, talk.forced = False, True
        talk.outputs = users[1:] if len(users) > 1 else users
        talk.outputs[-1] = users[-1]
        return talk
    talk.subcalls = talk.leaf or re.search(r"^\W*llm_query\(", system, re.M) is not None
    talk.children = re.search(r"^\W*rlm_query\(", system, re.M) is not None
    if talk.leaf or not users:
        return talk
    first = re.match(r"\s*Question:\s*\n?(.*?)\n\s*\nContext:\s*\n?(.*)", users[0], re.S)
    talk.question, talk.probe = (first[1].strip(), first[2]) if first else (users[0].strip(), "")
    waiting = ""
    for message in messages:
        if message.role == "assistant":
            block = FENCE.search(message.content)
            waiting = block[1] if block else ""
        elif message.role == "user" and message.content is not users[0]:
            if waiting:
                talk.codes.append(waiting)
                talk.outputs.append(message.content)
            waiting = ""
    notes = [note.strip() for text in users for note in OPERATOR.findall(text)]
    limits = [
        n
        for n in notes
        if re.match(r"(?:please )?(?:only|just|also|but|exclude|without|except|not|ignore|count)\b", n, re.I)
        and len(n) < 200
    ]
    if limits:
        talk.question = f"{talk.question.rstrip(' ?.')} ({'; '.join(limits)})?"
    return talk


def sample(output: str) -> list[str]:
    """The document's lines that the first cell printed."""
    return re.findall(r"^ *\d+\| ?(.*)$", output, re.M)


def profile(output: str) -> Profile:
    """The fields, words and facts that the profile cell printed."""
    found = Profile()
    count = re.search(r"^(\d+) records$", output, re.M)
    found.records = int(count[1]) if count else 0
    for mark, text in re.findall(r"^(FIELD|FACT|WORD) (.*)$", output, re.M):
        try:
            if mark == "WORD":
                word, number = text.rsplit(" ", 1)
                found.words[word] = int(number)
            elif mark == "FACT":
                name, value = json.loads(text)
                found.facts.append((name, value))
            else:
                data = json.loads(text)
                data["values"] = [(v, n) for v, n in data["values"]]
                found.fields.append(Field(**data))
        except (ValueError, TypeError, KeyError):
            continue  # cut off in the middle of a long output
    return found
