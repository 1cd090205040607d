"""Code as coloured pieces, line by line. Colours come from the theme by meaning, not from a highlighter's style."""

from __future__ import annotations

from functools import lru_cache

from rlm_tui.document.visible import visible

NAMES = frozenset(
    {
        "context",
        "query",
        "answer",
        "llm_query",
        "llm_query_batched",
        "rlm_query",
        "rlm_query_batched",
        "recursive_llm",
        "FINAL",
        "FINAL_VAR",
        "SUBMIT",
        "SHOW_VARS",
        "budget",
    }
)
"""What an RLM's REPL gives to the code (engine contract §2)."""

HIGHLIGHT_UP_TO = 100_000
"""Characters; longer code is shown without colours."""

Pieces = tuple[tuple[str, str], ...]
"""A line as (text, style name) pieces."""


@lru_cache(maxsize=256)
def highlight(code: str, language: str = "python") -> tuple[Pieces, ...]:
    """The lines of `code`, written in a REPL's `language`. There is at least one. The text is visible text."""
    shown = visible(code)
    if len(shown) > HIGHLIGHT_UP_TO:
        return tuple(((line, "syntax.text"),) for line in shown.split("\n"))
    if language == "javascript":
        from pygments.lexers.javascript import JavascriptLexer as Lexer  # type: ignore[import-untyped,unused-ignore]
    else:
        from pygments.lexers.python import PythonLexer as Lexer  # type: ignore[import-untyped,unused-ignore]

    lines: list[list[tuple[str, str]]] = [[]]
    for kind, text in Lexer(stripnl=False, ensurenl=False).get_tokens(shown):
        style = _style(str(kind), text)
        for number, piece in enumerate(text.split("\n")):
            if number:
                lines.append([])
            if piece:
                lines[-1].append((piece, style))
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return tuple(tuple(line) for line in lines)


def _style(kind: str, text: str) -> str:
    if text in NAMES and kind.startswith("Token.Name"):
        return "syntax.rlm"
    for prefix, style in (
        ("Token.Comment", "syntax.comment"),
        ("Token.Literal.String.Interpol", "syntax.operator"),
        ("Token.Literal.String", "syntax.string"),
        ("Token.Literal.Number", "syntax.number"),
        ("Token.Keyword", "syntax.keyword"),
        ("Token.Operator.Word", "syntax.keyword"),
        ("Token.Operator", "syntax.operator"),
        ("Token.Name.Builtin", "syntax.builtin"),
        ("Token.Name.Exception", "syntax.builtin"),
        ("Token.Name.Function", "syntax.name"),
        ("Token.Name.Class", "syntax.name"),
    ):
        if kind.startswith(prefix):
            return style
    return "syntax.text"
