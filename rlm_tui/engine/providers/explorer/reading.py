"""What the messages say: the question, the document's probe, and what every turn printed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rlm_tui.engine.providers.base import ChatMessage
from rlm_tui.engine.providers.explorer.fields import Field, Profile
from rlm_tui.engine.providers.explorer.words import NUMBERS

FENCE = re.compile(r"```repl\n(.*?)(?:\n```|\Z)", re.S)
OPERATOR = re.compile(r"(?:^|\n)Message from the operator:\s*(.+?)(?=\n\n|\n\[turn|\Z)", re.S)


_ASIDE = re.compile(
    r"^\W*(?:(?:please|hi|hello|hey|ok|so|and)\b,? *|(?:could|can|would|will) (?:you|someone) (?:please |kindly )?(?:tell|give|show|say|let)(?: (?:me|us))?(?: know)?,? *|"
    r"(?:i'd|i would) (?:like|love) to (?:know|find out|see),? *|i (?:want|need|wish) to (?:know|find out|see),? *|do you (?:happen to )?know,? *|"
    r"(?:tell|let) (?:me|us)(?: know)?,? *|according to (?:the|this) \w+,? *|in (?:this|the) (?:file|document|text|data|dataset|table|list),? *)+|,? *(?:please|thanks|thank you)\W*$",
    re.I,
)
_COMPARED = r"(?:than|over|above|under|below|least|most|to|exceed\w*|within|after|before) "


def normal(question: str) -> str:
    """A question without courtesies, its contractions, figures, decades and fixed expressions written in one way."""
    question = _ASIDE.sub("", question) or question
    for pattern, plain in (
        (r"\b(what|who|where|when|how|which)['’]s\b", r"\1 is"),
        (r"\bmost recent(?:ly)?\b", "latest"),
        (r"\bleast recent(?:ly)?\b", "earliest"),
        (r"\bleast expensive\b", "cheapest"),
        (r"\bmost expensive\b", "dearest"),
        (r"\be-?mail address(es)?\b", r"email"),
        (r"\b(phone|telephone|mobile|fax) numbers?\b", r"\1"),
        (r"\b(?:in|during|from) the (1[5-9]\d|20\d)0s\b", r"between \g<1>0 and \g<1>9"),
        (r"\b(than|over|under|least|most) an?(?= (?:hour|minute|day|week|metre|meter|kilo\w*|year|month)\b)", r"\1 1"),
        (r"\blooks? after\b", "look"),
        (
            r"\b(how many .+?) (?:does|do) (?:the|this) (?:file|script|document|code|module|text|log|table|list|header|program|library) (?:have|contain|define|include|list|hold|declare)\b",
            r"\1 are there",
        ),
        (r"\b(did|does|do|will)\b(.*) last(?=\W*$)", r"\1\2 take"),
    ):
        question = re.sub(pattern, plain, question, flags=re.I)
    return re.sub(
        rf"\b({_COMPARED})({'|'.join(NUMBERS[:21])})\b(?! of)",
        lambda m: m[1] + str(NUMBERS.index(m[2].lower())),
        question,
        flags=re.I,
    )


ANOTHER = re.compile(
    r"^Another question about the same input follows\..*\n\nQuestion:\n(.*?)(?:\n\[turn \d.*)?\Z", re.S | re.M
)
"""Where a session that has answered is asked again."""


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
            if another := ANOTHER.search(message.content):
                # What was found for the question before says nothing about this one.
                talk.question, talk.codes, talk.outputs = another[1].strip(), [], []
                users = users[users.index(message.content) :]
            elif waiting:
                talk.codes.append(waiting)
                talk.outputs.append(message.content)
            waiting = ""
    talk.question = normal(talk.question)
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
