"""Reading a model's reply (engine contract §3): which code runs, whether it is an answer, what enters the history.

Nothing here raises, whatever the text is; a variable's name is never taken for an answer; half a cell never runs.
"""

from __future__ import annotations

import ast
import builtins
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice

from rlm_tui.engine.dialect import PYTHON, Dialect

_FENCE = re.compile(r"[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>.*)")
"""A fence, matched against single lines: over a whole text such a search takes the square of its length."""
_DIRECTIVE = re.compile(r"FINAL(?P<var>_VAR)?[ \t]*\(")
_STATEMENT = re.compile(r"\s*(?:(?:const|let|var)\s+[\w$]+\s*=|(?:await\s+)?(?:print|console\.log|[a-z]+_query)\s*\()")
"""How code in JavaScript begins when it stands without a fence. There is no parser for it here."""
_THINKING = re.compile(
    r"^[ \t]*(?P<open>[<\[])(?P<tag>think|thinking|thoughts?|reasoning|scratchpad|seed:think)(?P<close>[>\]])",
    re.MULTILINE | re.IGNORECASE,
)
"""Begins what a reasoning model thinks aloud before its reply."""
_WITHHELD = re.compile(r"(?!.*<think>).*?</think>[ \t]*(?:\n|\Z)\s*", re.DOTALL)
"""The same where the server keeps the opening tag to itself."""
_FIRST_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_PLAIN_NAMES = frozenset(
    {"answer", "answers", "result", "results", "output", "final", "ans", "res", "response", "value", "text"}
    | {"total", "count", "summary", "context", "query"}
)
"""What variables are called and answers are not. The last two are names of the engine, and no variables of the model's."""
_WORDS_OF_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_BUILTINS = frozenset(dir(builtins))
_MOST_ENDS = 16
"""So many fences are tried as the end of a block whose code is not whole at the next one."""
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
    tagged: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with a fence: where it starts and ends, and `before`, where what stands before the fence ends.

    `alone` says that nothing does.
    """

    start: int
    before: int
    end: int
    fence: str
    info: str
    alone: bool


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
    text, thoughts = after_thoughts(text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff"))
    if not text.strip():
        told = "Your reply was empty" if not thoughts else "Your reply was all thinking"
        told += " because it ran into the limit on its length" if cut_off else ""
        return Reading("repair", text, 6, notice=f"{told}. Reply with one short ```repl block.")
    blocks = _code(_blocks(text, dialect), dialect)
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


def after_thoughts(text: str, *, prefaced: bool = True) -> tuple[str, bool]:
    """`text` without what a reasoning model thinks aloud before it, and whether there was any.

    Code and answers in there are drafts, and the makers of such models advise to leave it out of the history. When they
    may be `prefaced`, they need not come first, only before any code.
    """
    found = False
    while (opening := _THINKING.search(text)) is not None:
        fence = _FIRST_FENCE.search(text)
        if (fence is not None and fence.start() < opening.start()) or (
            not prefaced and text[: opening.start()].strip()
        ):
            break
        end = re.compile(re.escape(f"{opening['open']}/{opening['tag']}{opening['close']}"), re.IGNORECASE)
        closing = end.search(text, opening.end())
        text = text[closing.end() :].lstrip() if closing is not None else ""
        found = True
    withheld = _WITHHELD.match(text)
    return (text[withheld.end() :], True) if withheld is not None else (text, found)


def _code(blocks: list[_Block], dialect: Dialect) -> list[_Block]:
    """`blocks` without text that was only quoted: where one says that it is code, an untagged one must look like it."""
    if dialect is not PYTHON or not any(block.tagged for block in blocks):
        return blocks
    return [block for block in blocks if block.tagged or _parses(block.code)]


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
    first = _FIRST_FENCE.search(text)
    return text[blocks[-1].end :] + (text[: first.start()] if first is not None else "")


def _fences(text: str, dialect: Dialect) -> list[_Line]:
    """Every line that may begin or end a block: a fence alone, a tagged one behind words, or one that ends the line."""
    found: list[_Line] = []
    start = 0
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match is not None and not (match["fence"][0] == "`" and "`" in match["info"]):
            info = match["info"].strip().lower()
            found.append(_Line(start, start, start + len(line), match["fence"], info, True))
        elif "```" in line:
            last = line.rfind("`") + 1
            words = line[:last].rstrip("`")
            fence, info = line[len(words) : last], line[last:].strip().lower()
            if len(fence) >= 3 and info in dialect.tags:
                found.append(_Line(start, start + len(words), start + len(line), fence, info, False))
        start += len(line) + 1
    return found


def _blocks(text: str, dialect: Dialect) -> list[_Block]:
    """The fenced blocks that hold code, in order."""
    found: list[_Block] = []
    fences = _fences(text, dialect)
    number = 0
    while number < len(fences):
        opening = fences[number]
        number += 1
        if not opening.alone and not opening.info:
            continue
        tag = re.split(r"[\s{:,]", opening.info, maxsplit=1)[0]
        start = min(opening.end + 1, len(text))
        closer = _closer(text, start, fences, number, tag in dialect.tags and dialect is PYTHON)
        if not opening.alone and (closer is None or not _parses(_dedent(text[start : closer.before]))):
            continue  # Words about a fence, as in "I reply in ```repl".
        if closer is None:
            if tag in dialect.tags and text[start:].strip():
                found.append(_Block(_dedent(text[start:]), len(text), False, bool(tag)))
            break
        if tag in dialect.tags:
            code = _dedent(text[start : closer.before])
            if code.strip():
                found.append(_Block(code, closer.end, True, bool(tag)))
        number = bisect_left(fences, closer.start, key=lambda line: line.start) + 1
    return found


def _closer(text: str, start: int, fences: Sequence[_Line], number: int, python: bool) -> _Line | None:
    """Where the block ends that `fences[number - 1]` begins and whose code starts at `start`.

    That is the next fence of its kind; but one that makes half of a piece of Python, inside a string literal of it say, gives
    way to another that makes it whole, be it one behind the last words of the code.
    """
    fence = fences[number - 1].fence
    ends = (
        line
        for line in (fences[at] for at in range(number, len(fences)))
        if not line.info and line.fence[0] == fence[0] and len(line.fence) >= len(fence)
    )
    near = list(islice(ends, _MOST_ENDS)) if python else []
    first = next((line for line in chain(near, ends) if line.alone), None)
    if not python or (first is not None and _parses(_dedent(text[start : first.before]))):
        return first
    return next((line for line in near if _parses(_dedent(text[start : line.before]))), first)


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
        said = (literal if literal is not None else inner).strip()
        name = said.strip("'\"` ")
        if match["var"]:
            # The REPL resolves the name; an unknown one is an error that lists the variables.
            computes = literal is None and not name.isidentifier() and _computes(candidate, variables)
            return Reading("cell", text, 4, cells=(candidate if computes else f"FINAL_VAR({name!r})",))
        if name in variables or (literal is None and name.isidentifier() and _reads_like_a_name(name)):
            return Reading("cell", text, 4, cells=(f"FINAL_VAR({name!r})",))
        if not said:
            return None
        if literal is None and _computes(candidate, variables):
            return Reading("cell", text, 4, cells=(candidate,))
        return Reading("final", text, 4, answer=literal if literal is not None else inner.strip())
    return None


def _reads_like_a_name(word: str) -> bool:
    """Whether a word looks like a variable's name (``best_hits``, ``finalAnswer``, ``result2``), though none is called so."""
    parts = _WORDS_OF_NAME.findall(word)
    plain = word.rstrip("0123456789") in _PLAIN_NAMES
    return plain or "_" in word or (len(parts) > 1 and any(part.lower() in _PLAIN_NAMES for part in parts))


def _computes(directive: str, variables: frozenset[str]) -> bool:
    """Whether the argument of a directive is an expression to evaluate, such as ``len(hits)``, and not an answer's text."""
    tree = _tree(directive)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return False
    call = tree.body[0].value
    if not isinstance(call, ast.Call):
        return False
    parts = [node for node in ast.walk(call) if node is not call and node is not call.func]
    working = (ast.Call, ast.JoinedStr, ast.Subscript, ast.Attribute, ast.keyword)
    if any(isinstance(node, working) or _joins_texts(node) for node in parts):
        return True
    names = {node.id for node in parts if isinstance(node, ast.Name)}
    return bool(names & variables) and names <= variables | _BUILTINS


def _joins_texts(node: ast.AST) -> bool:
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else ()
    return any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides)


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
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value is None:
            continue  # "Answer: 42" is a sentence.
        if isinstance(node, doing) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)):
            return True
    return False
