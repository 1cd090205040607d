"""Tables of text, made from lines and comparisons, ready to be printed or written in any format."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from rlm_tui.bench.base import BenchError, known
from rlm_tui.bench.report.arms import Line
from rlm_tui.bench.report.comparing import Versus
from rlm_tui.bench.stats import FEW_WINDOWS

NONE = "-"


class Grid(msgspec.Struct, frozen=True):
    """A table: columns `head`, `rows` of text; `right` are the columns of numbers; `notes` stand below."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    right: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def score(value: float | None) -> str:
    """A score as a percentage: ``56.5``."""
    return NONE if value is None else f"{100 * value:.1f}"


def money(value: float | None) -> str:
    """US dollars with the digits that say something; ``?`` where no price is known."""
    if value is None:
        return "?"
    if value == 0:
        return "$0.00"
    return f"${value:.4f}" if value < 0.1 else f"${value:,.2f}"


def seconds(value: float | None) -> str:
    """A time: ``0.23 s``, ``41 s``."""
    if value is None:
        return NONE
    return f"{value:.2f} s" if value < 10 else f"{value:,.0f} s"


def p_value(value: float | None) -> str:
    """``0.031``; small ones are bounds."""
    if value is None:
        return NONE
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _interval(line: Line) -> str:
    return NONE if line.interval is None else f"{100 * line.interval.low:.1f}..{100 * line.interval.high:.1f}"


def _failures(line: Line) -> str:
    return ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in line.failures().items()) or NONE


def _priced(line: Line, value: float | None) -> str:
    if line.cost is None:
        return "?" if line.unpriced else NONE
    return money(value) + ("+?" if line.unpriced else "")


COLUMNS: dict[str, tuple[str, Callable[[Line], str], bool]] = {
    "task": ("task", lambda line: line.arm.task, False),
    "model": ("model", lambda line: line.arm.model, False),
    "method": ("method", lambda line: line.arm.method, False),
    "parameters": ("parameters", lambda line: line.arm.settings or NONE, False),
    "length": ("length", lambda line: NONE if line.length is None else f"{line.length:,}", True),
    "type": ("answer type", lambda line: line.answer_type or NONE, False),
    "items": ("items", lambda line: str(line.items), True),
    "windows": ("windows", lambda line: str(line.windows), True),
    "seeds": ("seeds", lambda line: str(line.seeds), True),
    "open": ("open", lambda line: str(line.open), True),
    "official": ("official", lambda line: score(line.official), True),
    "interval": ("95 % interval", _interval, True),
    "tolerant": ("tolerant", lambda line: score(line.tolerant), True),
    "judge": ("judge", lambda line: score(line.judge), True),
    "deviation": ("sd of seeds", lambda line: score(line.deviation), True),
    "failed": ("counted 0", _failures, False),
    "cost": ("cost p50", lambda line: _priced(line, line.cost.p50 if line.cost else None), True),
    "cost90": ("p90", lambda line: _priced(line, line.cost.p90 if line.cost else None), True),
    "costmax": ("largest", lambda line: _priced(line, line.cost.largest if line.cost else None), True),
    "total": ("sum", lambda line: _priced(line, line.cost.total if line.cost else None), True),
    "time": ("time p50", lambda line: seconds(line.seconds.p50 if line.seconds else None), True),
    "time90": ("p90", lambda line: seconds(line.seconds.p90 if line.seconds else None), True),
    "tokens": ("tokens in", lambda line: f"{line.input:,}", True),
    "cached": ("cached", lambda line: f"{line.cached:,}", True),
    "output": ("tokens out", lambda line: f"{line.output:,}", True),
    "turns": ("turns", lambda line: NONE if line.turns is None else f"{line.turns:.1f}", True),
}
"""Every column a table of scores can have: its heading, what stands there, and whether that is a number."""

DEFAULT = ("model", "method", "items", "windows", "official", "interval", "tolerant", "failed")
MONEY = ("model", "method", "cost", "cost90", "costmax", "total", "time", "time90", "tokens", "cached", "turns")


def columns(names: Sequence[str]) -> tuple[str, ...]:
    """The columns by name. Raises `BenchError` for one that does not exist."""
    for name in names:
        if name not in COLUMNS:
            raise BenchError(f"there is no column {name!r}; the columns are {known(COLUMNS)}")
    return tuple(dict.fromkeys(names))


def scores(title: str, lines: Sequence[Line], names: Sequence[str] = DEFAULT, *, notes: bool = True) -> Grid:
    """A table of `lines`. Columns that would only repeat one thing are added where they tell lines apart."""
    wanted = list(columns(names))
    for name, differs in (
        ("task", len({line.arm.task for line in lines}) > 1),
        ("type", any(line.answer_type is not None for line in lines)),
        ("length", any(line.length is not None for line in lines)),
    ):
        if differs and name not in wanted:
            wanted.insert(0, name)
    after = wanted.index("method") + 1 if "method" in wanted else 0
    if any(line.arm.settings for line in lines) and "parameters" not in wanted:
        wanted.insert(after, "parameters")
    for name, needed, place in (
        ("judge", any(line.judge is not None for line in lines), "tolerant"),
        ("deviation", any(line.deviation is not None for line in lines), "interval"),
        ("open", any(line.open for line in lines), "windows"),
    ):
        if needed and place in wanted and name not in wanted:
            wanted.insert(wanted.index(place) + 1, name)
    rows = [tuple(COLUMNS[name][1](line) for name in wanted) for line in lines]
    right = tuple(n for n, name in enumerate(wanted) if COLUMNS[name][2])
    return Grid(title, tuple(COLUMNS[name][0] for name in wanted), rows, right, _notes(lines) if notes else ())


def _notes(lines: Sequence[Line]) -> tuple[str, ...]:
    """What must be said about these figures."""
    notes = []
    few = [line for line in lines if line.official is not None and line.windows < FEW_WINDOWS]
    if few:
        least = min(few, key=lambda line: line.windows)
        questions = "question shares" if least.items == 1 else "questions share"
        windows = "window" if least.windows == 1 else "windows"
        notes.append(
            f"{least.items} {questions} {least.windows} {windows}: with fewer than {FEW_WINDOWS} windows the intervals are "
            "too narrow, for answers about one document stand and fall together."
        )
    if any(line.failures() for line in lines):
        notes.append("Runs without an answer that counts (errors, timeouts, limits, prompts over the window) score 0.")
    if any(line.unpriced for line in lines):
        notes.append("+? or ?: the price of some calls is not known.")
    return tuple(notes)


def comparisons(title: str, found: Sequence[Versus]) -> Grid:
    """A table of comparisons."""
    tasks = len({one.a.task for one in found}) > 1
    same_model = all(one.a.model == one.b.model for one in found)
    models = len({one.a.model for one in found}) > 1 or not same_model
    head = [
        "base",
        "against",
        "items",
        "windows",
        "base",
        "other",
        "difference",
        "95 % interval",
        "p",
        "Holm",
        "McNemar",
    ]
    rows = []
    for one in found:
        made = one.found
        exact = NONE
        if made.mcnemar is not None:
            exact = f"{p_value(made.mcnemar)} ({made.only_a}:{made.only_b})"
        row = [
            one.a.name(with_model=models),
            one.b.name(with_model=models),
            str(made.items),
            str(made.windows),
            score(made.a),
            score(made.b),
            f"{100 * made.difference:+.1f}",
            f"{100 * made.low:+.1f}..{100 * made.high:+.1f}",
            p_value(made.p),
            p_value(one.holm),
            exact,
        ]
        rows.append(tuple([one.a.task, *row] if tasks else row))
    shift = int(tasks)
    notes = list(dict.fromkeys(one.found.warning for one in found if one.found.warning))
    notes.append(
        "Points of the official score, paired by item, averaged over seeds. p is the bootstrap's over windows; Holm adjusts it "
        f"for {len(found)} {'comparison' if len(found) == 1 else 'comparisons'}; McNemar is exact, with the items that only "
        "one of the two has right."
    )
    return Grid(
        title, tuple(["task", *head] if tasks else head), rows, tuple(range(2 + shift, 11 + shift)), tuple(notes)
    )
