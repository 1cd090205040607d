"""The saved sessions as the browser shows them: where they come from, and what is computed from their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from rlm_tui.events import Usage
from rlm_tui.store.row import SessionRow

if TYPE_CHECKING:
    from rlm_tui.session.source import EventSource

SORTS = ("newest", "cost", "calls", "model")
"""How the list can be sorted."""

DAY = 86_400.0


class Shelf(Protocol):
    """A store, seen from the browser. Errors are exceptions whose text is one sentence."""

    place: str

    def rows(self, condition: str) -> Sequence[SessionRow]:
        """The sessions that a condition holds for (all of them for an empty one), the newest first."""
        ...

    def delete(self, session: str) -> None:
        """Delete a session."""
        ...

    def open(self, session: str) -> EventSource:
        """A session to look at; whoever opens it closes it."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """A session at its place in the list: `level` 0 stands alone, 1 and more hang on the session they were made from."""

    row: SessionRow
    level: int


def arranged(rows: Iterable[SessionRow], sort: str = "newest") -> list[Line]:
    """The rows sorted, forks and reruns below the session they were made from (by age, the oldest first)."""
    rows = list(rows)
    known = {row.id for row in rows}
    below: dict[str, list[SessionRow]] = {}
    tops: list[SessionRow] = []
    for row in rows:
        if row.parent in known and row.parent != row.id:
            below.setdefault(str(row.parent), []).append(row)
        else:
            tops.append(row)
    tops.sort(key=lambda row: row.created, reverse=True)
    if sort == "cost":
        tops.sort(key=lambda row: row.cost, reverse=True)
    elif sort == "calls":
        tops.sort(key=lambda row: row.calls, reverse=True)
    elif sort == "model":
        tops.sort(key=lambda row: row.model)
    lines: list[Line] = []
    stack = [(row, 0) for row in reversed(tops)]
    while stack:
        row, level = stack.pop()
        lines.append(Line(row, level))
        children = sorted(below.get(row.id, ()), key=lambda child: child.created, reverse=True)
        stack.extend((child, level + 1) for child in children)
    return lines


def total(rows: Iterable[SessionRow]) -> Usage:
    """What the rows used together."""
    return sum((row.usage for row in rows), Usage())


def by_model(rows: Iterable[SessionRow]) -> list[tuple[str, Usage]]:
    """What each root model's sessions used, the dearest first."""
    found: dict[str, Usage] = {}
    for row in rows:
        found[row.model] = found.get(row.model, Usage()) + row.usage
    return sorted(found.items(), key=lambda item: (-item[1].cost, -item[1].total))


def by_day(rows: Iterable[SessionRow], now: float, days: int = 30) -> list[float]:
    """Dollars of each of the last `days` days (UTC), today last."""
    today = int(now // DAY)
    spent = [0.0] * days
    for row in rows:
        age = today - int(row.created // DAY)
        if 0 <= age < days:
            spent[days - 1 - age] += row.cost
    return spent


def when(moment: float, now: float) -> str:
    """``today 12:41``, ``yesterday``, ``Nov 20``, ``2025-01-31``: local time, twelve columns at most."""
    then, here = datetime.fromtimestamp(moment, UTC).astimezone(), datetime.fromtimestamp(now, UTC).astimezone()
    if then.date() == here.date():
        return f"today {then:%H:%M}"
    if then.date() == (here - timedelta(days=1)).date():
        return f"yest. {then:%H:%M}"
    return f"{then:%b %d}" if then.year == here.year else f"{then:%Y-%m-%d}"
