"""From a cell's text to code that may run.

Compiling happens inside the worker: CPython's compiler can be crashed by depth.
"""

from __future__ import annotations

import ast
import re
import sys
from types import CodeType

from rlm_tui.engine.sandbox.worker.policy import Policy

DEPTH = 20_000
"""Python's recursion limit while a cell is rewritten: long chains of ``+`` are deep trees."""

_AT_LINE = re.compile(r" \((?:<[^>]*>, )?line \d+\)$")


class Refused(Exception):
    """A cell that is not run: `message` is one sentence, `line` where (1-based) if known, `kind` the error's name."""

    def __init__(self, message: str, line: int | None = None, kind: str = "Refused") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.kind = kind


def compile_cell(source: str, filename: str) -> CodeType:
    """`source` as guarded code; `Refused` when it does not parse or uses what the policy does not offer."""
    limit = sys.getrecursionlimit()
    try:
        if "\x00" in source:
            raise Refused("the code holds a NUL character; write it as \\x00 inside a string", None, "SyntaxError")
        tree = ast.parse(source, filename)
        sys.setrecursionlimit(max(limit, DEPTH))
        policy = Policy()
        policy.visit(tree)
        # The compiler takes its own depth from this limit, and its stack is the machine's: let it have the usual one.
        sys.setrecursionlimit(limit)
        if policy.problems:
            line, message = policy.problems[0]
            raise Refused(message, line)
        ast.fix_missing_locations(tree)
        code: CodeType = compile(tree, filename, "exec", dont_inherit=True)
        return code
    except SyntaxError as error:
        message = _AT_LINE.sub("", error.msg or "invalid syntax")
        raise Refused(message, error.lineno, type(error).__name__) from None
    except UnicodeEncodeError:
        raise Refused("the code holds half of a surrogate pair, which is not text", None, "SyntaxError") from None
    except (RecursionError, MemoryError):
        raise Refused(
            "the code is nested too deeply to be compiled; split it into steps", None, "SyntaxError"
        ) from None
    except (ValueError, OverflowError) as error:
        raise Refused(f"the code cannot be compiled: {error}", None, "SyntaxError") from None
    finally:
        sys.setrecursionlimit(limit)
