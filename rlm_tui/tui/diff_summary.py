"""What a comparison says at a glance, as lines of text."""

from __future__ import annotations

from rlm_tui.document.visible import visible
from rlm_tui.projection.compare import Comparison, Figure, Pair, Side
from rlm_tui.tui.figures import clock, count, percent, plural, price
from rlm_tui.tui.glyphs import Glyphs
from rlm_tui.tui.text import fit, shorten
from rlm_tui.tui.widgets.facts import Told

LABEL, CHANGE = 9, 11
"""Columns of what stands before and behind the sessions' values."""


def heading(comparison: Comparison, glyphs: Glyphs, width: int) -> str:
    """Which sessions these are, in one line."""
    room = max(8, (width - 16) // len(comparison.sides) - 2)
    names = []
    for side in comparison.sides:
        models = side.model if side.sub_model in (None, side.model) else f"{side.model} / {side.sub_model}"
        names.append(shorten(visible(f"{side.name} {side.session[:7]} {models}"), room, glyphs.cut))
    return " rlm-tui  diff  " + "  ".join(names)


def verdict(pair: Pair, comparison: Comparison) -> str:
    """Where a session parts from the base first, as sentences."""
    if pair.same:
        words = "Identical: the same code, outputs, sub-calls, variables and answer."
        return words + (f" Only the words around the code differ, from {pair.words} on." if pair.words else "")
    asked = [setting.name for setting in pair.settings if setting.name in ("question", "documents")]
    said = []
    if asked:
        said.append(f"They were not asked the same: other {' and '.join(asked)}.")
    if pair.first is not None:
        said.append(f"First difference, {pair.first.sentence}.")
    elif not asked:
        other = comparison.sides[pair.side].name
        said.append(f"What A and {other} did is equal; how they ended is not.")
    return visible(" ".join(said)).replace("\n", " ")


def summary(comparison: Comparison, pair: Pair, glyphs: Glyphs, width: int, *, short: bool) -> Told:
    """Answer, cost, tokens, time, calls and errors of every session, with the change from the base to the pair's other
    one, then the first difference. With `short`, what was done takes one line.
    """
    sides = comparison.sides
    figures = {figure.name: figure for figure in comparison.figures}
    room = max(6, (width - LABEL - CHANGE - 2) // len(sides))

    def line(label: str, values: list[str], change: str, style: str = "text") -> tuple[str, str]:
        cells = (f"{side.name} {value}" for side, value in zip(sides, values, strict=True))
        row = "".join(fit(shorten(cell, room - 2, glyphs.cut), room) for cell in cells)
        return f"{label:<{LABEL}}{row}{change}".rstrip(), style

    other = pair.side
    equal = "= same" if pair.same_answer else ("! differs" if glyphs.name == "ascii" else "≠ differs")
    answers = [visible(" ".join(side.answer.split())) if side.answer else "none" for side in sides]
    told = [
        line("answer", answers, equal, "answer"),
        line("cost", [price(side.usage) for side in sides], _change(figures["cost"], other), "cost"),
        line("tokens", [_tokens(side) for side in sides], _tokens_change(sides[0], sides[other])),
    ]
    times = [clock(side.seconds) for side in sides]
    calls, errors = (_counts(figures[name]) for name in ("calls", "errors"))
    if short:
        work = [
            f"{t} {glyphs.dot} {plural(c, 'call')} {glyphs.dot} {plural(e, 'error')}"
            for t, c, e in zip(times, calls, errors, strict=True)
        ]
        told.append(line("time", work, _change(figures["time"], other)))
    else:
        told.append(line("time", times, _change(figures["time"], other)))
        told.append(line("calls", [f"{n:,}" for n in calls], _change(figures["calls"], other)))
        told.append(line("errors", [f"{n:,}" for n in errors], _change(figures["errors"], other)))
    told.append((shorten(verdict(pair, comparison), 2 * (width - 4), glyphs.cut), "title"))
    return told


def _counts(figure: Figure) -> list[int]:
    return [int(value or 0) for value in figure.values]


def _tokens(side: Side) -> str:
    used = side.usage
    cached = f" ({percent(used.cached, used.input)} cached)" if used.cached else ""
    return f"{'~' if used.estimated else ''}{count(used.input)} in{cached} {count(used.output)} out"


def _tokens_change(base: Side, other: Side) -> str:
    figure = Figure("tokens", "tokens", (float(base.usage.total), float(other.usage.total)))
    return _change(figure, 1)


def _change(figure: Figure, side: int) -> str:
    base, value = figure.values[0], figure.values[side]
    if base is None or value is None:
        return "?"
    if base == value:
        return "="
    if figure.unit == "count":
        return f"{value - base:+,.0f}"
    change = figure.change(side)
    if change is None:
        return "more"
    return f"{change:+.0%}" if abs(change) >= 0.005 else ("+<1%" if change > 0 else "-<1%")
