"""Reading a model's reply (engine contract §3): which code runs, whether it is an answer, what enters the history.

Nothing here raises, whatever the text is; a variable's name is never taken for an answer; half a cell never runs.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from rlm_tui.engine.dialect import PYTHON, Dialect

_FENCE = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*?)[ \t]*$", re.MULTILINE)
_DIRECTIVE = re.compile(r"FINAL(?P<var>_VAR)?[ \t]*\(")
_STATEMENT = re.compile(r"\s*(?:(?:const|let|var)\s+[\w$]+\s*=|(?:await\s+)?(?:print|console\.log|[a-z]+_query)\s*\()")
"""How code in JavaScript begins when it stands without a fence. There is no parser for it here."""
_THOUGHTS = re.compile(
    r"\s*<(?P<tag>think|thinking)>.*?(?:</(?P=tag)>|\Z)\s*|(?!.*<think>).*?</think>[ \t]*(?:\n|\Z)\s*", re.DOTALL
)
"""What a reasoning model thinks aloud before its reply. Some servers keep the opening tag to themselves."""
_PLAIN_NAMES = frozenset({"answer", "result", "output", "final", "ans", "res", "response", "value", "text"})
_MAX_PARSED = 100_000
_MAX_NESTING = 90


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply means.

    `action` is ``cell`` (run `cells`), ``final`` (`answer` is the answer), ``nudge`` (neither code nor an answer) or
    ``repair`` (empty or cut off). `kept` is the reply as it enters the history, `notice` what the model is told about
    it, `rule` the number of the deciding rule.
    """

    action: str
    kept: str
    rule: int
    cells: tuple[str, ...] = ()
    answer: str | None = None
    notice: str = ""


@dataclass(frozen=True, slots=True)
class _Block:
    code: str
    end: int
    closed: bool


def read_reply(
    text: str,
    finish: str = "stop",
    *,
    max_cells: int = 1,
    variables: frozenset[str] = frozenset(),
    dialect: Dialect = PYTHON,
) -> Reading:
    """Decide what to do with a reply. `finish` is the provider's reason; `variables` are the names the REPL holds."""
    cut_off = finish == "length"
    if (thoughts := _THOUGHTS.match(text)) is not None:
        # Code and answers in there are drafts, and the makers of such models advise to leave it out of the history.
        text = text[thoughts.end() :]
    if not text.strip():
        told = "Your reply was empty" if thoughts is None else "Your reply was all thinking"
        told += " because it ran into the limit on its length" if cut_off else ""
        return Reading("repair", text, 6, notice=f"{told}. Reply with one short ```repl block.")
    blocks = _blocks(text, dialect)
    whole = [b for b in blocks if b.closed or not (cut_off or finish == "unknown")]
    if whole:
        return _cells(text, blocks, whole[: max(1, max_cells)])
    if blocks or cut_off:
        return Reading(
            "repair",
            text,
            6,
            notice="Your reply was cut off before its end, so none of it was run. Send a shorter ```repl block.",
        )
    final = _prose_final(text, variables)
    if final is not None:
        return final
    if _DIRECTIVE.match(text.strip()) is None and _is_code(text, dialect):
        return Reading("cell", text, 5, cells=(text.strip("\n"),))
    return Reading(
        "nudge",
        text,
        5,
        notice="No code was found in your reply. Write one ```repl block; to finish, call FINAL(your_answer) in it.",
    )


def _cells(text: str, blocks: list[_Block], run: list[_Block]) -> Reading:
    rest = text[run[-1].end :]
    notice = ""
    if len(blocks) > len(run):
        notice = (
            f"Only the first {'block' if len(run) == 1 else f'{len(run)} blocks'} of your reply ran; the rest was cut."
        )
    elif _DIRECTIVE.search(_outside(text, blocks)):
        notice = "FINAL outside of the code was ignored, because the code ran. Finish by calling FINAL(value) in code."
    elif rest.strip():
        notice = "What you wrote after the code was cut: its output is only known now."
    return Reading("cell", text[: run[-1].end], 3 if notice else 2, tuple(b.code for b in run), notice=notice)


def _outside(text: str, blocks: list[_Block]) -> str:
    return "\n".join(part for part in _FENCE.split(text)[::3]) if not blocks else text[blocks[-1].end :] + _before(text)


def _before(text: str) -> str:
    match = _FENCE.search(text)
    return text[: match.start()] if match else text


def _blocks(text: str, dialect: Dialect) -> list[_Block]:
    """The fenced blocks that hold code, in order."""
    found: list[_Block] = []
    at = 0
    while (opening := _FENCE.search(text, at)) is not None:
        fence, info = opening["fence"], opening["info"].strip().lower()
        tag = re.split(r"[\s{:,]", info, maxsplit=1)[0]
        start = min(opening.end() + 1, len(text))
        closers = [
            m
            for m in _FENCE.finditer(text, start)
            if m["fence"][0] == fence[0] and len(m["fence"]) >= len(fence) and not m["info"]
        ]
        if not closers:
            if tag in dialect.tags:
                found.append(_Block(_dedent(text[start:]), len(text), False))
            break
        closer = closers[0]
        if (
            tag in dialect.tags
            and dialect is PYTHON
            and len(closers) > 1
            and not _parses(_dedent(text[start : closer.start()]))
        ):
            # A fence inside a string literal of the code is not its end: prefer the first end that gives whole code.
            closer = next((c for c in closers[1:8] if _parses(_dedent(text[start : c.start()]))), closer)
        if tag in dialect.tags:
            code = _dedent(text[start : closer.start()])
            if code.strip():
                found.append(_Block(code, closer.end(), True))
        at = closer.end()
    return found


def _dedent(code: str) -> str:
    code = code.rstrip("\n")
    lines = code.split("\n")
    margin = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    first = next((line for line in lines if line.strip()), "")
    if margin and first[:margin].strip() == "":
        return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines)
    return code


def _prose_final(text: str, variables: frozenset[str]) -> Reading | None:
    body = text.strip()
    last = body.splitlines()[-1].strip()
    for candidate in (body, last):
        candidate = candidate.strip("*` \t")
        match = _DIRECTIVE.match(candidate)
        if match is None or not candidate.endswith(")"):
            continue
        inner = candidate[match.end() : -1]
        literal = _string_literal(inner)
        if literal is None and not _balanced(inner):
            continue
        name = (literal if literal is not None else inner).strip()
        if match["var"]:
            # The REPL resolves the name; an unknown one is an error that lists the variables.
            name = name.strip("'\"")
            return Reading("cell", text, 4, cells=(f"FINAL_VAR({name!r})",))
        if literal is None and name.isidentifier() and (name in variables or "_" in name or name in _PLAIN_NAMES):
            return Reading("cell", text, 4, cells=(f"FINAL_VAR({name!r})",))
        if not name:
            return None
        if literal is None and _computes(candidate):
            return Reading("cell", text, 4, cells=(candidate,))
        return Reading("final", text, 4, answer=literal if literal is not None else inner.strip())
    return None


def _computes(directive: str) -> bool:
    """Whether the argument of a directive is an expression to evaluate, such as ``len(hits)``, and not an answer's text."""
    tree = _tree(directive)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return False
    call = tree.body[0].value
    working = (ast.Call, ast.JoinedStr, ast.Subscript, ast.Attribute)
    return any(isinstance(node, working) for node in ast.walk(call) if node is not call)


def _string_literal(inner: str) -> str | None:
    inner = inner.strip()
    if not re.match(r"""[rRbBfFuU]{0,2}['"]""", inner) or len(inner) > _MAX_PARSED:
        return None
    try:
        value = ast.literal_eval(inner)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def _balanced(inner: str) -> bool:
    depth = 0
    for char in inner:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


def _tree(code: str) -> ast.Module | None:
    if len(code) > _MAX_PARSED or _nesting(code) > _MAX_NESTING:
        return None
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _parses(code: str) -> bool:
    return _tree(code) is not None


def _nesting(code: str) -> int:
    """An upper bound for how deeply the code nests, found without the compiler (which deep code can crash)."""
    depth = deepest = run = longest = 0
    for char in code:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth = max(0, depth - 1)
        run = run + 1 if char in "-+~ " else 0
        longest = max(longest, run)
    return deepest + (longest if longest > 200 else 0)


def _is_code(text: str, dialect: Dialect) -> bool:
    if dialect is not PYTHON:
        return _STATEMENT.match(text) is not None
    tree = _tree(text.strip("\n"))
    if tree is None:
        return False
    doing = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.While, ast.With, ast.FunctionDef, ast.Import)
    return any(
        isinstance(node, doing) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await))
        for node in tree.body
    )
