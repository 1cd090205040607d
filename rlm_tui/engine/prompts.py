"""The words the engine says to models (engine contract §7).

The system prompt is fixed for a configuration and depth, the first user message for a node; everything that changes
stands in the user message after each cell, where it becomes history. Nothing already said is ever changed, so provider
prompt caches keep working.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from rlm_tui.engine.dialect import PYTHON, Dialect
from rlm_tui.engine.sandbox.base import CellResult
from rlm_tui.events import Limits, Variable

VERSION = 1
"""Raise it when the wording changes: sessions are compared by it."""

OPERATOR = "Message from the operator:"
"""Opens what the operator injected, inside a user message."""

ANY_FORM = "This answer may have any form."
"""Follows a question whose answer had to fit a schema."""

SCHEMA_CHARS = 20_000
"""A JSON schema that is longer is told with its middle left out."""

NO_OUTPUT = "(no output)"
"""Stands for the output of a cell that printed nothing."""

ANSWER_NOW = "Answer now."
"""Opens the user message of a forced answer."""


def system_prompt(
    depth: int,
    max_depth: int,
    limits: Limits,
    *,
    max_output_chars: int,
    window_chars: int | None,
    advice: str = "",
    tools: Mapping[str, str] | None = None,
    dialect: Dialect = PYTHON,
    schema: Mapping[str, Any] | None = None,
) -> str:
    """What a node at `depth` is told about its work. Names are listed exactly as they exist at this depth.

    `window_chars` is roughly how many characters one sub-call can read; `advice` is text for one model in particular;
    `tools` are the user's functions, as they are told of; `dialect` is the language of the REPL. The answer to the first question
    must fit `schema`, a JSON schema, if there is one.
    """
    left = max_depth - depth
    names = [
        "context            the input: a str, list or dict. It is not in this conversation; look at it with code.",
        "query              the question, as a str",
    ]
    if left >= 1:
        names += dialect.subcalls
    if left >= 2:
        names += dialect.children
    names += dialect.finishing
    size = f"about {window_chars:,} characters" if window_chars else "a limited number of characters"
    listing = "Names in the REPL:\n" + "\n".join(names)
    if tools:
        # As in a Python file: the signature, then the docstring, indented.
        told = ["\n    ".join(about.split("\n")) for about in tools.values()]
        listing += (
            "\n\nFunctions given by the user, which you call in code; they run outside of the REPL:\n" + "\n".join(told)
        )
    parts = [
        "You answer a question about an input that is too long to read at once. The input is the variable `context` of a "
        f"{dialect.name} REPL; you work by writing code for that REPL, and you know only what your code prints.",
        "How to work:\n"
        "- Reply with ONE fenced block tagged repl, then stop. Its output comes back in the next message.\n"
        "- Names persist from block to block, also after an error. The value of a last expression is shown.\n"
        f"- Output beyond {max_output_chars:,} characters is cut in the middle, so print what you need, not everything.",
        listing,
        dialect.inside,
        "Strategy:\n"
        "- Look first: print the shape of the input and a few samples before you decide anything.\n"
        f"- Filter, count, sort and add up with {dialect.name} (mind case, inflection and accents when you search).",
    ]
    if left >= 1:
        parts[-1] += (
            "\n- Use sub-model calls for meaning only: to read, classify, compare or summarise text.\n"
            f"- One sub-model call reads {size}; ask for short answers that code can use. Use the batched form for more than "
            "one, with few full prompts rather than many thin ones."
        )
    parts[-1] += (
        '\n- In questions about "all" or "how many", keep track of which parts you covered, and say so.\n'
        "- If the input is short, print it and answer."
    )
    parts.append(
        "Finishing: call FINAL(value) in code, once you have seen the evidence in printed output; never in the same block "
        "that looks at the input for the first time, and never with a plan instead of an answer."
    )
    if schema is not None:
        parts.append(answer_form(schema))
    if advice:
        parts.append(advice)
    return "\n\n".join(parts)


def answer_form(schema: Mapping[str, Any]) -> str:
    """What a node is told about the form of its answer when a JSON schema is given."""
    spelt = cut(json.dumps(schema, ensure_ascii=False), SCHEMA_CHARS)
    return f"The answer must fit this JSON schema; give FINAL the value itself, not a text about it:\n{spelt}"


def first_message(query: str, probe: str) -> str:
    """The first user message of a node: the question and what the probe found."""
    return f"Question:\n{query}\n\nContext:\n{probe}"


def follow_up(query: str, answer: str | None, output: str, form: str = "") -> str:
    """Another question to a node that has answered: what its last block gave, what was handed over, what comes now, and in
    what form it is to be answered.
    """
    parts = [f"Output:\n{cut(output, 2000)}"] if output else []
    if answer is not None:
        parts.append(f"Your answer was handed over: {cut(answer, 2000)}")
    parts.append(
        "Another question about the same input follows. The REPL is as you left it; `query` holds the new question. "
        f"Finish in the same way.{f' {form}' if form else ''}\n\nQuestion:\n{query}"
    )
    return "\n\n".join(parts)


def question_now(query: str, form: str = "") -> str:
    """What has to be repeated of a follow-up when the message that asked it is summarised."""
    return f"The question is now:\n{query}" + (f"\n\n{form}" if form else "")


def operator_note(texts: Iterable[str]) -> str:
    """The operator's messages as they stand in a user message."""
    return "\n\n".join(f"{OPERATOR} {text}" for text in texts)


def cut(text: str, limit: int) -> str:
    """`text` within `limit` characters: the first 60 %, the last 40 %, and between them how much was left out."""
    if len(text) <= limit:
        return text
    head = int(limit * 0.6)
    tail = limit - head
    left_out = len(text) - head - tail
    return f"{text[:head]}\n… [{left_out:,} characters left out] …\n{text[-tail:]}"


def cell_report(result: CellResult, limit: int) -> str:
    """What the model reads about a cell that ran (engine contract §4)."""
    shown = result.output
    if result.echo is not None:
        shown += ("" if not shown or shown.endswith("\n") else "\n") + result.echo
    parts = [cut(shown.rstrip("\n"), limit)] if shown.strip() else []
    if result.error is not None:
        parts.append(f"Error: {result.error.text or f'{result.error.type}: {result.error.message}'}")
    changed = [v for v in result.variables if v.changed]
    if changed:
        parts.append("New or changed variables: " + ", ".join(describe(v) for v in changed[:20]))
    parts.extend(result.notices)
    return "\n".join(parts) if parts else NO_OUTPUT


def describe(variable: Variable) -> str:
    """A variable in a few words: ``hits: list[17]``."""
    size = f"[{variable.size:,}]" if variable.size is not None else ""
    return f"{variable.name}: {variable.type}{size}"


def footer(turn: int, limits: Limits, left: dict[str, float]) -> str:
    """The one line of a user message that changes with every turn: the turn that comes next, and what is left."""
    amounts = [f"{_amount(kind, value)}" for kind, value in left.items()]
    return f"[turn {turn}/{limits.turns}" + (f" · left: {', '.join(amounts)}]" if amounts else "]")


def _amount(kind: str, value: float) -> str:
    if kind == "usd":
        return f"${value:.4f}"
    if kind == "seconds":
        return f"{value:.0f} s"
    return f"{value:,.0f} {kind.replace('_', ' ')}"


def forced_answer(query: str, reason: str, outputs: list[str], variables: Iterable[Variable], draft: str | None) -> str:
    """The prompt of an extract call: everything that is known, in bounded length (about 16,000 characters)."""
    parts = [
        f"{ANSWER_NOW} {reason} No more code can run. Give the best answer to the question that the work so far supports, "
        "as plain text, and say what is missing if something is.",
        f"Question:\n{cut(query, 2000)}",
    ]
    if draft:
        parts.append(f"Draft of the answer:\n{cut(draft, 3000)}")
    listed = [f"{describe(v)} = {v.preview}" for v in list(variables)[:25]]
    if listed:
        parts.append("Variables:\n" + cut("\n".join(listed), 3000))
    room = 8000
    kept: list[str] = []
    for text in reversed(outputs):
        piece = cut(text, max(500, room // 2))
        kept.insert(0, piece)
        room -= len(piece)
        if room <= 500:
            break
    if kept:
        parts.append("Last outputs:\n" + "\n---\n".join(kept))
    return "\n\n".join(parts)


def schema_request(schema: str) -> str:
    """What is added to a leaf's prompt when a JSON schema is given."""
    return f"Answer with one JSON value that fits this JSON schema, and nothing else:\n{schema}"
