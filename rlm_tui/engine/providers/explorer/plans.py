"""From a question and a profile to a plan, its code, and whether its result holds."""

from __future__ import annotations

import re

from rlm_tui.engine.providers.explorer import cells, shapes
from rlm_tui.engine.providers.explorer.asking import Plan
from rlm_tui.engine.providers.explorer.expressions import WORD_NUMBER
from rlm_tui.engine.providers.explorer.fields import Profile
from rlm_tui.engine.providers.explorer.kinds import ANCHORS, NOUNS
from rlm_tui.engine.providers.explorer.questions import Question
from rlm_tui.engine.providers.explorer.words import fold, pattern, stem

CODE_KINDS = (
    "class",
    "function",
    "method",
    "struct",
    "interface",
    "enum",
    "import",
    "constant",
    "table",
    "index",
    "view",
    "trigger",
)
LOOSE = ("outline", "prose", "diary", "chat", "verses", "lines", "code")
"""Shapes whose records are loose text: a word in them may mean anything, so what is counted must be named outright."""


def decide(question: str, found: Profile, shape: shapes.Shape) -> Plan:
    """The plan for records; a plan with doubts if there are none."""
    if not found.records or not found.fields or (found.records < 2 and shape.kind in ("outline", "prose")):
        return Plan("search", doubts=["no records"])
    found.shape = shape.kind
    if shape.kind == "code":  # what is imported is an import, whatever it is called
        question = re.sub(
            r"\b(?:packages|modules|libraries|headers)(?=\W+(?:\w+ ){0,3}?(?:imported|included|required)\b)",
            "imports",
            question,
        )
    asking = Question(question, found)
    plan = asking.read()
    if "log" in shape.kind.split() or shape.kind == "syslog":
        head = asking.phrase(asking.noun())[-1:]
        if plan.op == "count" and head and not asking.known(head[0]) and asking.stems[head[0]] not in ANCHORS | NOUNS:
            plan.doubts.append("what is counted")
    if shape.kind == "code":
        head = asking.phrase(asking.noun())
        kind = next((k for k in CODE_KINDS if head and stem(k) == asking.stems[head[0]]), "")
        if plan.op == "count" and kind and not any(s.startswith("kind is") for s in plan.said):
            return Plan("count", conditions=[f"r['kind'] == {kind!r}"], said=[f"kind is {kind}"])
        own = ("name", "kind", "value", "class", "comment", "modifiers", "table", "name or table")
        inserted = any(f.name == "table" for f in found.fields) and (
            any(s.split(" is ")[0] not in own for s in plan.said if " is " in s)
            or (plan.target is not None and plan.target.name not in own)
        )
        if inserted:
            return plan
        if re.search(r"\b(?:who|company|organisation)\b", fold(question)) or (
            plan.op == "lookup"
            and not any(s.startswith("kind is") for s in plan.said)
            and not (plan.target and plan.target.name == "value" and any(s.startswith("name is") for s in plan.said))
        ):
            plan.doubts.append("what the code does not say")
    items = {"task", "todo", "item", "bullet"} & {asking.stems[i] for i in asking.phrase(asking.noun())}
    if (
        shape.kind == "outline"
        and (plan.op == "count" or items)
        and (items or any(s.startswith("section is") for s in plan.said))
        and not any(s.startswith("kind is") for s in plan.said)
    ):
        plan.conditions.append("r['kind'] in ('item', 'numbered item', 'table row')")
    if (
        (shape.kind in LOOSE or (shape.kind == "blocks" and plan.op == "lookup" and not asking.pinned()))
        and plan.op not in ("list", "top", "distinct")
        and not asking.anchored()
    ):
        plan.doubts.append("what is counted or sought")
    return plan


def compute(plan: Plan) -> str:
    """The code of a plan."""
    target, by, label = plan.target, plan.by, plan.label
    aggregate = plan.op in ("sum", "mean", "median", "max", "min")
    op = "aggregate" if aggregate else plan.op
    if op == "first":
        op = "best"
    if op not in ("count", "distinct", "list", "lookup", "nth", "top", "group", "aggregate", "best") or (
        op in ("aggregate", "group") and target is None
    ):
        return ""
    wanted = "date" if target and target.moment else "number" if target and target.numeric else "line"
    numeric = [f for f in plan.numeric]
    moments = [f for f in plan.moments]
    if op in ("aggregate", "group", "best") and target:
        (moments if wanted == "date" else numeric).append(target)
    comma = any(re.search(r"\d,\d{1,2}(?!\d)|\d\.\d{3},", v) for f in numeric for v, _ in f.values)
    helper = cells.helpers("comma" if comma else "plain" if numeric else "", moments[0].moment if moments else "")
    if plan.what.startswith("statistics"):
        helper = "import statistics\n" + helper
    return (
        "# Keep what the question asks about, and work it out.\n"
        + helper
        + (
            "EMPTY = ('', 'n/a', 'na', 'none', 'null', '-', '--')\n"
            if any("EMPTY" in c for c in plan.conditions)
            else ""
        )
        + cells.select(plan.conditions)
        + cells.compute(
            op,
            target.name if target else "",
            label.name if label else "",
            by.name if by else "",
            plan.sign,
            plan.what,
            wanted,
        )
    )


def how(plan: Plan) -> str:
    """What was kept, in words, as part of an f-string."""
    text = "match: " + "; ".join(plan.said) if plan.said else "were used (no condition)"
    return text.replace("{", "(").replace("}", ")").replace('"', "'").replace("\\", "/")


def sound(plan: Plan, output: str, question: str) -> bool:
    """Whether the result can be trusted: something was found, and the numbers could be read."""
    result = re.search(r"^RESULT (\d+) of (\d+) \|[ ]?(.*)$", output, re.M)
    unread = re.search(r"unread: (\d+)", output)
    numbers = re.search(r"(?:numbers|compared): (\d+)", output)
    words = re.search(r"unread: \d+ (\[.*\])", output)
    if words and not re.search(r"\d", words[1]):
        unread = None  # DNF, TBD: words where a figure is missing
    if not result or (unread and int(unread[1]) > 0.02 * (int(numbers[1]) if numbers else 0) + 0.5):
        return False
    different = re.search(r"^different values: (\d+)", output, re.M)
    if (
        plan.op == "lookup"
        and different
        and int(different[1])
        > (
            10
            if re.search(
                r"\b(?:are|were|all|list|\w+s (?:did|do|have|has)|(?:which|what) (?:\w+ )?\w+[^s\W]s)\b",
                question.lower(),
            )
            else 1
        )
    ):
        return False
    noun = re.search(r"\bhow many ((?:\w+ )?\w+)", fold(question))
    text_only = plan.op == "count" and all(s.startswith("text has") for s in plan.said)
    if (
        noun
        and text_only
        and re.search(
            rf"\b(?:\d+|{WORD_NUMBER}) (?:{'|'.join(pattern(w) for w in noun[1].split())})",
            output.split("RESULT")[1],
            re.I,
        )
    ):
        return False  # a record tells the number itself: "2 files skipped"
    if plan.op == "distinct" and result[3].startswith("0"):
        return False
    if plan.op == "count":
        return int(result[1]) > 0 or not any(
            said.startswith("table is") or (said.startswith("text has") and "'" not in said) for said in plan.said
        )
    return int(result[1]) > 0 and bool(result[3].strip())
