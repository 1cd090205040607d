"""The facts that conditions can ask about: the vocabulary, for the parser, for messages and for the help."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "money", "seconds", "share", "text", "flag"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact: how it is compared (`kind`), and what it says.

    A ``share`` is a part of a whole, 0 to 1, written in percent; a ``text`` may also be several (the tags of a session); a
    ``flag`` is true or not, and may carry a text (the error's).
    """

    name: str
    kind: Kind
    about: str


STOPS = ("before_llm", "before_exec", "at_subcall", "after_exec", "on_error", "on_final", "on_budget")
"""The places where a run can be held; each is a condition by itself."""

_ROWS: tuple[tuple[str, Kind, str], ...] = (
    ("depth", "number", "depth of the node, 0 for the root; of a session, the deepest"),
    ("turn", "number", "turn of the node, from 1"),
    ("calls", "number", "calls made so far in the session"),
    ("planned", "number", "sub-calls that the cell has asked for, at a sub-call"),
    ("nodes", "number", "nodes started so far"),
    ("errors", "number", "errors so far"),
    ("tokens", "number", "tokens used so far, input and output"),
    ("tokens.in", "number", "input tokens used so far"),
    ("tokens.out", "number", "output tokens used so far"),
    ("turns", "number", "turns of a session"),
    ("events", "number", "events of a session"),
    ("score", "number", "your score of a session, 1 to 5"),
    ("cost", "money", "US dollars spent so far"),
    ("planned.cost", "money", "US dollars that the sub-calls asked for at once will cost, about, at a sub-call"),
    ("latency", "seconds", "how long the last call took"),
    ("seconds", "seconds", "time since the session began"),
    ("age", "seconds", "how long ago a session began"),
    ("started", "seconds", "when a session began, in seconds since 1970; since: and before: are easier"),
    ("coverage", "share", "part of the documents that a model has seen"),
    ("budget.usd", "share", "part of the money budget that is used"),
    ("budget.calls", "share", "part of the budget of calls"),
    ("budget.tokens", "share", "part of the token budget"),
    ("budget.tokens.in", "share", "part of the input token budget"),
    ("budget.tokens.out", "share", "part of the output token budget"),
    ("budget.seconds", "share", "part of the time budget"),
    ("budget.turns", "share", "part of the node's turns"),
    ("model", "text", "model of the node or call; of a session, any of its models"),
    ("code", "text", "the cell's code"),
    ("output", "text", "what the cell printed"),
    ("reply", "text", "what the model said"),
    ("prompt", "text", "what the model was asked"),
    ("query", "text", "the question"),
    ("answer", "text", "the answer"),
    ("stop", "text", "where the run is held: " + ", ".join(STOPS)),
    ("node", "text", "path of the node, as in 0/c2.1"),
    ("status", "text", "completed, partial, failed, cancelled, running"),
    ("limit", "text", "the budget that ended a session"),
    ("id", "text", "id of a session"),
    ("document", "text", "name of a document"),
    ("text", "text", "words in any text of a session: question, code, output, replies, answer"),
    ("tag", "text", "a tag of a session"),
    ("note", "text", "your notes on a session"),
    ("origin", "text", "live, fork, rerun, direct, import:…"),
    ("error", "flag", "something failed; error~WORD looks into the message"),
    ("final", "flag", "an answer was given"),
)

FACTS: dict[str, Fact] = {name: Fact(name, kind, about) for name, kind, about in _ROWS}

FORMS = ("reads", "var", "every", "log", "since", "before")
"""Words that begin a form of their own."""

_MEANT = {
    "price": "cost",
    "usd": "cost",
    "dollars": "cost",
    "money": "cost",
    "spent": "cost",
    "time": "seconds",
    "elapsed": "seconds",
    "duration": "latency",
    "input": "tokens.in",
    "output_tokens": "tokens.out",
    "input_tokens": "tokens.in",
    "tokens.input": "tokens.in",
    "tokens.output": "tokens.out",
    "exception": "error",
    "failed": "error",
    "answered": "final",
    "done": "final",
    "stdout": "output",
    "question": "query",
    "level": "depth",
    "step": "turn",
    "iteration": "turn",
    "budget": "budget.usd",
    "budget.cost": "budget.usd",
    "tags": "tag",
    "doc": "document",
    "file": "document",
    "read": "reads",
    "variable": "var",
    "contains": "text",
    "when": "since",
    "after": "since",
    "until": "before",
}


def meant(name: str) -> tuple[str, ...]:
    """Names that somebody who wrote `name` may have meant, the likeliest first."""
    known = [*FACTS, *FORMS, *STOPS]
    first = [_MEANT[name]] if name in _MEANT else []
    close = [word for word in difflib.get_close_matches(name, known, n=3, cutoff=0.6) if word not in first]
    inside = [word for word in known if len(name) > 2 and name in word and word not in first + close]
    return tuple([*first, *close, *inside][:3])
