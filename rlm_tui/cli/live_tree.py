"""The run as a small picture at the foot of a terminal: its tree of nodes and its gauges. Lines scroll by above it."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING, Any

from rlm_tui.cli.plain import shorten
from rlm_tui.projection.facts import budgets
from rlm_tui.tui.figures import clock, count, dollars, percent, plural, price

if TYPE_CHECKING:
    from rlm_tui.projection.state import Node, SessionState

ROWS = 8
"""Most rows of the tree; the newest of what runs goes before what is done."""

BAR = 10
EVERY = 0.1
"""Seconds between two pictures, at least."""

_SHOWN = {"usd": "cost", "tokens.in": "tokens in", "tokens.out": "tokens out", "seconds": "time"}


def fits_here() -> bool:
    """Whether stderr is a terminal that can be drawn on."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def picture(state: SessionState, now: float, width: int) -> list[str]:
    """The lines of the picture at the moment `now` (seconds since the epoch), none longer than `width`."""
    if not state.started:
        return []
    running = [node for node in state.nodes.values() if node.status == "running"]
    shown = sorted(running, key=lambda node: (node.depth > 0, -node.started))[:ROWS]
    lines = [_row(state, node) for node in sorted(shown, key=lambda node: _path(node.id))]
    if len(running) > len(shown):
        lines.append(f"… {plural(len(running) - len(shown), 'more node')} running")
    done = len(state.nodes) - len(running)
    if done and running:
        lines.append(f"… {plural(done, 'node')} done")
    lines.append(_gauges(state, now))
    return [_cut(line, width) for line in lines]


def _row(state: SessionState, node: Node) -> str:
    calls = [state.calls[call] for call in state.open_calls]
    below = sum(1 for call in calls if call.node == node.id and call.purpose == "leaf")
    asks = any(call.node == node.id and call.purpose != "leaf" for call in calls)
    runs = any(state.cells[cell].node == node.id for cell in state.running_cells)
    what = f"waits for {plural(below, 'sub-call')}" if below else "thinks" if asks else "runs code" if runs else ""
    total = state.totals.get(node.id)
    cost = price(total) if total is not None else ""
    parts = [f"turn {node.turn}/{state.last_turn(node)}", what, f"{node.model}", cost]
    name = "root" if node.id == "0" else node.id.rsplit("/", 1)[1]
    return f"{'  ' * node.depth}▸ {name}: " + " · ".join(part for part in parts if part)


def _gauges(state: SessionState, now: float) -> str:
    spent = state.spent
    sign = "~" if spent.estimated else ""
    seconds = (state.seconds if state.over else now - state.started - state.idle) if state.started else 0.0
    parts = [
        clock(seconds),
        plural(spent.calls, "call"),
        f"{sign}{count(spent.total)} tokens",
        price(spent),
        f"{percent(state.coverage.read_chars('seen'), sum(state.coverage.sizes))} read",
    ]
    for kind, used, allowed in budgets(state):
        used = seconds if kind == "seconds" else used
        share = min(1.0, used / allowed) if allowed else 1.0
        full = int(share * BAR)
        of = dollars(allowed) if kind == "usd" else count(allowed)
        parts.append(f"{_SHOWN.get(kind, kind)} {'█' * full}{'░' * (BAR - full)} of {of}")
    return " · ".join(parts)


def _path(node: str) -> list[tuple[int, ...]]:
    """Sorts nodes as a tree is read: a child after its parent, siblings by number."""
    return [tuple(int(n) for n in re.findall(r"\d+", part)) for part in node.split("/")]


def _cut(line: str, width: int) -> str:
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + shorten(line, max(1, width - indent))


class LiveTree:
    """Draws the picture with rich, below whatever is said. Everything in it is plain text, never markup."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True, highlight=False)
        self._live: Any = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._last = 0.0
        self._open = False

    def say(self, line: str) -> None:
        """One line above the picture."""
        from rich.text import Text

        self._console.print(Text(line), soft_wrap=True)

    def show(self, state: SessionState) -> None:
        """Draw `state`, unless that was done just now."""
        from rich.text import Text

        if time.monotonic() - self._last < EVERY or not state.started:
            return
        if not self._open:
            self._live.start()
            self._open = True
        self._last = time.monotonic()
        lines = picture(state, time.time(), self._console.width - 1)
        self._live.update(Text("\n".join(lines), style="dim", no_wrap=True), refresh=True)

    def close(self) -> None:
        """Take the picture away. Idempotent."""
        if self._open:
            self._open = False
            self._live.stop()
