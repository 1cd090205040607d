"""A comparison of sessions as lines of text, made for 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

import click

from rlm_tui.cli.plain import plain
from rlm_tui.cli.table import table
from rlm_tui.document.visible import visible
from rlm_tui.projection.compare import (
    CallPair,
    Comparison,
    Figure,
    Line,
    NodePair,
    Pair,
    Session,
    Side,
    TurnPair,
    TurnSide,
    code_diff,
)
from rlm_tui.tui.figures import count, dollars, duration, percent, plural, price
from rlm_tui.tui.gist import gist
from rlm_tui.tui.text import fit, shorten, width_of

WIDTH = 100
LABEL = 11
"""Columns of the labels at the left."""

SIGNS = {"same": "=", "changed": "≠", "replaced": "≠", "removed": "-", "added": "+", "moved": "→"}
ROWS, CALLS, VARIABLES, ANSWER_LINES = 40, 8, 10, 8
"""How much is shown without ``--full``."""

GIST = 46
"""Columns for what a row did."""


class DiffText:
    """Writes a comparison. With `full`, every row and all code that differs; `colour` marks words by colour, not carets."""

    def __init__(
        self, comparison: Comparison, sessions: Sequence[Session], *, full: bool = False, colour: bool = False
    ) -> None:
        self._comparison = comparison
        self._sessions = sessions
        self._full = full
        self._colour = colour

    def lines(self) -> Iterator[str]:
        """All of it."""
        comparison = self._comparison
        yield from self._heads()
        yield ""
        yield from self._figures()
        for pair in comparison.pairs:
            yield ""
            yield from self._pair(pair, comparison.sides[pair.side])

    # --- what is compared

    def _heads(self) -> Iterator[str]:
        sides = self._comparison.sides
        width = max(len(side.session) for side in sides)
        for side in sides:
            state = side.status if side.limit is None else f"{side.status} ({side.limit})"
            models = side.model if side.sub_model is None else f"{side.model} / {side.sub_model}"
            parent = next((f"{side.origin} of {s.name}" for s in sides if s.session == side.parent), side.origin)
            words = ", ".join(plain(word) for word in (models, state, parent) if word != "live")
            yield shorten(f"{side.name}  {plain(side.session):<{width}}  {words}", WIDTH)
        yield ""
        yield from self._labelled("question", [(side.name, side.query) for side in sides], limit=3)
        yield from self._labelled(
            "documents", [(side.name, ", ".join(side.documents) or "none") for side in sides], limit=2
        )
        for pair in self._comparison.pairs:
            other = sides[pair.side].name
            for setting in pair.settings:
                if setting.name != "question":
                    words = f"{setting.name}: {sides[0].name} {setting.a}, {other} {setting.b}"
                    yield from _wrapped("differs", words, limit=3)

    def _labelled(self, label: str, values: Sequence[tuple[str, str]], limit: int) -> Iterator[str]:
        """One value if all are equal, else each with its session's name."""
        if len({value for _, value in values}) == 1:
            yield from _wrapped(label, values[0][1], limit)
            return
        for n, (name, value) in enumerate(values):
            yield from _wrapped(label if n == 0 else "", f"{name}  {value}", limit)

    def _figures(self) -> Iterator[str]:
        sides = self._comparison.sides
        others = [pair.side for pair in self._comparison.pairs]
        head = ["", *(side.name for side in sides), *(f"{sides[n].name} to A" for n in others)]
        rows = []
        for figure in self._comparison.figures:
            values = [_figure(figure, n, side) for n, side in enumerate(sides)]
            rows.append([figure.name, *values, *(_change(figure, n) for n in others)])
        yield from table(head, rows, right=range(1, len(head)))

    # --- one against the base

    def _pair(self, pair: Pair, other: Side) -> Iterator[str]:
        title = f"{other.name} to A: " if len(self._comparison.pairs) > 1 else ""
        yield from self._verdict(pair, title)
        if pair.root is not None and pair.root.turns and not pair.same:
            yield ""
            yield from self._rows(pair)
            yield from self._codes(pair)
        if pair.variables:
            yield ""
            yield "variables at the end"
            yield from self._variables(pair, other)
        for read in pair.coverage:
            if read.only_a or read.only_b:
                words = (
                    f"{read.document}: {percent(read.both, read.size)} by both, "
                    f"{percent(read.only_a, read.size)} by A alone, "
                    f"{percent(read.only_b, read.size)} by {other.name} alone"
                )
                yield ""
                yield from _wrapped("read", words)
        yield ""
        yield from self._answers(pair, other)

    def _verdict(self, pair: Pair, title: str) -> Iterator[str]:
        asked = [s.name for s in pair.settings if s.name in ("question", "documents")]
        if pair.same:
            words = "Identical: the same code, outputs, sub-calls, variables and answer."
            if pair.words is not None:
                words += f" Only the words around the code differ, from {pair.words} on."
            yield from _paragraph(title + words)
            return
        if asked:
            yield from _paragraph(
                f"{title}They were not asked the same: the {' and '.join(asked)} {'differ' if asked[-1] == 'documents' else 'differs'}."
            )
        if pair.first is not None:
            yield from _paragraph(f"{title}First difference, {pair.first.sentence}.")
        elif not asked:
            yield from _paragraph(f"{title}What they did is equal; how they ended is not.")

    def _rows(self, pair: Pair) -> Iterator[str]:
        assert pair.root is not None
        other = self._comparison.sides[pair.side].name
        yield f"    {'':<{GIST + 7}}{'A':>9}{other:>9}   what differs"
        rows = list(self._node(pair.root, self._sessions[0], self._sessions[pair.side], 0))
        if len(rows) > ROWS and not self._full:
            left = len(rows) - ROWS
            rows = [*rows[:ROWS], f"    … and {plural(left, 'more row')}; --full shows them"]
        yield from rows

    def _node(self, node: NodePair, left: Session, right: Session, depth: int) -> Iterator[str]:
        for equal, group in groupby(node.turns, key=lambda turn: turn.kind == "same"):
            turns = list(group)
            if equal and len(turns) > 3 and not self._full:
                names = f"{_key(turns[0])} … {_key(turns[-1])}"
                yield self._row(
                    "same", depth, names, f"{len(turns)} equal steps", _sum(turns, "a"), _sum(turns, "b"), ""
                )
                continue
            for turn in turns:
                yield self._turn(turn, left, right, depth)
                if turn.kind != "same" or self._full:
                    yield from self._calls(turn, left, right, depth + 1)

    def _turn(self, turn: TurnPair, left: Session, right: Session, depth: int) -> str:
        session, side = (left, turn.a) if turn.a is not None else (right, turn.b)
        assert side is not None
        words = gist(session.load(*side.code)) if side.code else side.action
        differs = ", ".join(turn.differs) if turn.kind != "replaced" else "another step"
        return self._row(turn.kind, depth, _key(turn), words, _cost(turn.a), _cost(turn.b), differs)

    def _calls(self, turn: TurnPair, left: Session, right: Session, depth: int) -> Iterator[str]:
        shown = 0
        for kind, group in groupby(turn.calls, key=lambda call: call.kind):
            calls = list(group)
            if kind == "same" and len(calls) > 2 and not self._full:
                words = f"{len(calls)} equal sub-calls"
                cost_a, cost_b = _calls_cost(calls, 0, left), _calls_cost(calls, 1, right)
                yield self._row("same", depth, "", words, cost_a, cost_b, "")
                continue
            for call in calls:
                if shown >= CALLS and not self._full:
                    continue
                shown += 1
                yield self._call(call, left, right, depth)
                if call.node is not None and (call.kind != "same" or self._full):
                    yield from self._node(call.node, left, right, depth + 1)
            if shown >= CALLS and len(calls) > CALLS and not self._full:
                yield self._row(kind, depth, "", f"{len(calls) - CALLS} more", "", "", "")

    def _call(self, call: CallPair, left: Session, right: Session, depth: int) -> str:
        session, key = (left, call.a) if call.a is not None else (right, call.b)
        assert key is not None
        node = session.state.nodes.get(key)
        if node is not None:
            words = node.query
        else:
            made = session.state.calls[key]
            words = session.load(made.messages[-1].body) if made.messages else ""
        name = f".{node.ordinal if node is not None else session.state.calls[key].ordinal or ''}"
        cost_a, cost_b = _calls_cost([call], 0, left), _calls_cost([call], 1, right)
        return self._row(call.kind, depth, name, words, cost_a, cost_b, ", ".join(call.differs))

    def _row(self, kind: str, depth: int, name: str, words: str, cost_a: str, cost_b: str, differs: str) -> str:
        indent = "  " * depth
        label = f"{name:<6} " if name else ""
        line = fit(f"{indent}{SIGNS[kind]} {label}{plain(words[:400])}", GIST + 8)
        text = f"  {line} {cost_a:>9}{cost_b:>9}   {differs}".rstrip()
        return self._styled(text, {"removed": "red", "added": "green"}.get(kind) if kind != "same" else None)

    # --- the code

    def _codes(self, pair: Pair) -> Iterator[str]:
        """The code of the first turn that differs; with ``--full``, of all of them."""
        assert pair.root is not None
        left, right = self._sessions[0], self._sessions[pair.side]
        names = (self._comparison.sides[0].name, self._comparison.sides[pair.side].name)
        for turn in _turns(pair.root):
            if turn.a is None or turn.b is None or "code" not in turn.differs:
                continue
            yield ""
            yield (
                f"code, {_key(turn)}"
                + ("" if turn.a.node == "0" else f" of {turn.a.node}")
                + f" (- {names[0]}, + {names[1]})"
            )
            lines = code_diff(left.load(*turn.a.code), right.load(*turn.b.code), 3)
            yield from self._diff(lines)
            if not self._full:
                return

    def _diff(self, lines: Sequence[Line]) -> Iterator[str]:
        width = max((len(str(line.b or line.a)) for line in lines), default=1)
        before: Line | None = None
        for line in lines:
            if before is not None and _gap(before, line):
                yield f"    {'':>{width}}   ⋮"
            before = line if line.sign == " " else None
            number = line.a if line.sign == "-" else line.b
            head = f"    {number:>{width}} {line.sign} "
            if self._colour and line.sign != " ":
                shade = "red" if line.sign == "-" else "green"
                parts = [
                    click.style(
                        visible(p.text), fg=shade, bold=p.changed and line.partial, underline=p.changed and line.partial
                    )
                    for p in line.pieces
                ]
                yield click.style(head, fg=shade) + "".join(parts)
                continue
            yield (head + visible(line.text)).rstrip()
            if line.partial:
                marks = "".join(("^" if p.changed else " ") * width_of(visible(p.text, 0)) for p in line.pieces)
                if marks.strip() and "\t" not in line.text:
                    yield " " * len(head) + marks.rstrip()

    # --- the end

    def _variables(self, pair: Pair, other: Side) -> Iterator[str]:
        shown = pair.variables if self._full else pair.variables[:VARIABLES]
        rows = [[v.name, v.a if v.a is not None else "—", v.b if v.b is not None else "—"] for v in shown]
        for line in table(("name", "A", other.name), rows, width=WIDTH - 4):
            yield f"    {line}"
        if len(shown) < len(pair.variables):
            yield f"    … and {len(pair.variables) - len(shown)} more"

    def _answers(self, pair: Pair, other: Side) -> Iterator[str]:
        base = self._comparison.sides[0]
        limit = None if self._full else ANSWER_LINES
        if pair.same_answer:
            yield from _wrapped("answer", base.answer if base.answer is not None else "none", limit, note="the same: ")
            return
        for n, side in enumerate((base, other)):
            yield from _wrapped(
                "" if n else "answer", side.answer if side.answer is not None else "none", limit, note=f"{side.name}  "
            )

    def _styled(self, text: str, shade: str | None) -> str:
        return click.style(text, fg=shade) if self._colour and shade else text


def _wrapped(label: str, text: str, limit: int | None = None, note: str = "") -> Iterator[str]:
    """`text` beside a label, at most `limit` lines of it."""
    lines = textwrap.wrap(note + plain(text), WIDTH - LABEL) or [note.rstrip()]
    if limit is not None and len(lines) > limit:
        lines = [*lines[: limit - 1], shorten(lines[limit - 1], WIDTH - LABEL - 2, "") + " …"]
    for n, line in enumerate(lines):
        yield f"{label if n == 0 else '':<{LABEL}}{line}".rstrip()


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(plain(text), WIDTH)


def _figure(figure: Figure, number: int, side: Side) -> str:
    value = figure.values[number]
    if figure.unit == "usd":
        return price(side.usage)
    if value is None:
        return "?"
    if figure.unit == "seconds":
        return duration(value)
    if figure.unit == "share":
        return percent(value, 1)
    sign = "~" if figure.unit == "tokens" and side.usage.estimated and value else ""
    return sign + (count(value) if figure.unit == "tokens" else f"{value:,.0f}")


def _change(figure: Figure, side: int) -> str:
    base, value = figure.values[0], figure.values[side]
    if base is None or value is None:
        return "?"
    if base == value:
        return "="
    if figure.unit == "count":
        return f"{value - base:+,.0f}"
    if figure.unit == "share":
        points = 100 * (value - base)
        return f"{points:+.0f} points" if abs(points) >= 0.5 else f"{'+' if points > 0 else '-'}<1 point"
    change = figure.change(side)
    if change is None:
        return "more"
    return f"{change:+.0%}" if abs(change) >= 0.005 else ("+<1%" if change > 0 else "-<1%")


def _turns(node: NodePair) -> Iterator[TurnPair]:
    """All turns of a node and of the nodes below it, in order."""
    for turn in node.turns:
        yield turn
        for call in turn.calls:
            if call.node is not None:
                yield from _turns(call.node)


def _key(turn: TurnPair) -> str:
    names = [_short(side) for side in (turn.a, turn.b) if side is not None]
    return names[0] if len(set(names)) == 1 else "/".join(names)


def _short(side: TurnSide) -> str:
    return side.key.rpartition(":")[2]


def _cost(side: TurnSide | None) -> str:
    return price(side.usage) if side is not None else ""


def _sum(turns: Sequence[TurnPair], side: str) -> str:
    usages = [found.usage for turn in turns if (found := getattr(turn, side)) is not None]
    if any(usage.unpriced for usage in usages):
        return "?"
    return dollars(sum(usage.cost for usage in usages))


def _calls_cost(calls: Sequence[CallPair], number: int, session: Session) -> str:
    keys = [key for call in calls if (key := (call.a, call.b)[number]) is not None]
    usages = [session.state.totals[key] for key in keys]
    if not usages:
        return ""
    return "?" if any(usage.unpriced for usage in usages) else dollars(sum(usage.cost for usage in usages))


def _gap(before: Line, line: Line) -> bool:
    """Whether equal lines were left out between two lines."""
    return bool(line.sign == " " and before.a is not None and line.a is not None and line.a > before.a + 1)
