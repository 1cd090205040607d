"""What differs between the languages of a REPL, for those who talk to models: words of the prompt, and tags of code."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """One language. `tags` are the info strings of fences that hold code to run; everything else (``json``, ``text`` …) is
    prose. The texts stand in the system prompt: which names there are for sub-calls, for child nodes, and for finishing,
    and `inside`, what else code can and cannot use.
    """

    name: str
    tags: frozenset[str]
    subcalls: tuple[str, ...]
    children: tuple[str, ...]
    finishing: tuple[str, ...]
    inside: str

    def uses(self, name: str, code: str) -> bool:
        """Whether `code` that ran reads the variable `name`: not where a comment or a text only mentions it."""
        if self is PYTHON:
            try:
                nodes = ast.walk(ast.parse(code))
            except (SyntaxError, ValueError, MemoryError, RecursionError):
                return name in code
            return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in nodes)
        return re.search(rf"\b{name}\b", _MENTIONS.sub("", code)) is not None


_MENTIONS = re.compile(r"""//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\"""", re.DOTALL)
"""Comments and texts of JavaScript. What stands between backticks may hold code."""

PYTHON = Dialect(
    name="Python",
    tags=frozenset({"repl", "python", "py", "python3", ""}),
    subcalls=(
        "llm_query(prompt, context=None, model=None, schema=None) -> str",
        "                   one sub-model call. It knows nothing but what you pass. A JSON schema gives a parsed value.",
        "llm_query_batched(prompts, contexts=None, model=None, schema=None) -> list",
        "                   many at once, in parallel, same order. A failed one is a falsy SubcallError, the rest survive.",
    ),
    children=(
        "rlm_query(query, context=None, model=None, schema=None) -> str",
        "                   like llm_query, but the sub-model gets a REPL of its own with your `context` in it: for long pieces.",
        "rlm_query_batched(queries, contexts=None, model=None, schema=None) -> list",
    ),
    finishing=(
        "FINAL(value)       give the answer and finish; FINAL_VAR(name) does the same with a variable",
        'answer             a dict; answer["content"] = …; answer["ready"] = True finishes as well',
        "SHOW_VARS()        your variables          budget()   what is left to spend",
    ),
    inside=(
        "Imports that work: re json math statistics collections itertools functools datetime string textwrap random csv "
        "io.StringIO hashlib difflib heapq bisect operator typing dataclasses enum unicodedata … There are no files, no "
        "network, no input() and no eval()."
    ),
)

JAVASCRIPT = Dialect(
    name="JavaScript",
    tags=frozenset({"repl", "javascript", "js", "node", "ecmascript", ""}),
    subcalls=(
        "llm_query(prompt, {context, model, schema}) -> string",
        "                   one sub-model call. It knows nothing but what you pass. A JSON schema gives a parsed value.",
        "llm_query_batched(prompts, contexts, model, schema) -> array",
        "                   many at once, in parallel, same order. A failed one is a string beginning with [ERROR].",
    ),
    children=(
        "rlm_query(query, {context, model, schema}) -> string",
        "                   like llm_query, but the sub-model gets a REPL of its own with your `context` in it: for long pieces.",
        "rlm_query_batched(queries, contexts, model, schema) -> array",
    ),
    finishing=(
        "FINAL(value)       give the answer and finish; FINAL_VAR(name) does the same with a variable",
        "answer             an object; answer.content = …; answer.ready = true finishes as well",
        "SHOW_VARS()        your variables          budget()   what is left to spend",
    ),
    inside=(
        "It is plain JavaScript with await at the top level; print(…) and console.log(…) show values. There are no modules, no "
        "files and no network. A block that computes for too long loses your variables."
    ),
)

_DIALECTS = {"python": PYTHON, "javascript": JAVASCRIPT}


def dialect_of(language: str) -> Dialect:
    """The dialect of a REPL's `language`, as `rlm_tui.events.RunConfig` names it."""
    return _DIALECTS[language]
