"""Pane 7: dollars, tokens, calls, depth, time: used, set aside, and the limit."""

from __future__ import annotations

from typing import ClassVar

from textual.strip import Strip

from rlm_tui.document.visible import visible
from rlm_tui.projection import fold
from rlm_tui.projection.fold import Changed
from rlm_tui.projection.outlook import outlook
from rlm_tui.tui.figures import clock, count, dollars, percent, price
from rlm_tui.tui.text import shorten, width_of
from rlm_tui.tui.view import CLOCK, View
from rlm_tui.tui.widgets.line_view import Parts, strip_of
from rlm_tui.tui.widgets.pane import Pane

ALARM = 0.8
"""Share of a limit from which its bar is drawn as an alarm."""


class Gauges(Pane):
    """One line. A gauge with a limit is a bar; one without is a number."""

    PARTS: ClassVar[Changed] = frozenset({fold.GAUGES, fold.TREE, CLOCK})
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: View | None = None

    def sync(self, view: View, changed: Changed) -> None:
        self._view = view
        self.refresh()

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if self._view is None or y > 0:
            return Strip.blank(width, base)
        bars = 10 if width >= 118 else 7 if width >= 100 else 5
        parts = self._all(self._view, bars, wide=width >= 100)
        parts += self._outlook(self._view, width - 1 - sum(width_of(text) for text, _ in parts))
        walls = self._walls(self._view, width - 1 - sum(width_of(text) for text, _ in parts))
        return strip_of(parts + walls).crop_extend(0, width, base).apply_style(base)

    def _all(self, view: View, bars: int, *, wide: bool) -> Parts:
        state = view.state
        limits, spent, reserved = state.config.limits, state.spent, state.reserved
        gap = "   " if wide else "  "
        parts: Parts = [(" ", self.palette["text"])]
        parts += self._money(view, bars, wide)
        parts.append((gap, self.palette["text"]))
        parts += self._tokens(view, bars, wide)
        parts.append((gap, self.palette["text"]))
        calls = f"{spent.calls}" + (f"+{len(state.open_calls)}" if state.open_calls else "")
        parts += self._gauge(
            "calls", calls, spent.calls, limits.calls, str(limits.calls or ""), bars // 2, reserved.calls
        )
        parts.append((gap, self.palette["text"]))
        parts += self._plain("depth", f"{state.depth}/{state.config.max_depth}")
        parts.append((gap, self.palette["text"]))
        elapsed = view.elapsed
        if limits.seconds:
            parts += self._gauge("", clock(elapsed), elapsed, limits.seconds, clock(limits.seconds), bars // 2)
        else:
            parts += self._plain("", clock(elapsed))
        return parts

    def _outlook(self, view: View, room: int) -> Parts:
        """What will have been used at the end of the last turn, at the present rate; left out where there is no room."""
        state, glyphs = view.state, self.glyphs
        if state.over or not state.nodes:
            return []
        found = outlook(state, view.elapsed)
        if found is None:
            root = state.nodes.get("0")
            turn, used, style = state.last_turn(root) if root else state.config.limits.turns, "?", "muted"
        else:
            usage = found.usage
            used = price(usage) if usage.cost > 0 else f"{count(usage.total)} tok"
            turn, style = found.turn, "muted" if found.limit is None else "warn"
        full = f"{glyphs.arrow} {glyphs.about if found else ''}{used} at turn {turn}"
        if found is not None and found.limit is not None:
            full += f", the end of {found.limit}"
        short = full.partition(" at turn")[0]
        text = next((words for words in (full, short) if width_of(words) + 3 <= room), "")
        return [("   " + text, self.palette[style])] if text else []

    def _walls(self, view: View, room: int) -> Parts:
        """Which walls stand around the model's code, at the right end of the line; shortened before it is left out."""
        walls = visible(view.state.walls)
        if not walls:
            return []
        label, style = ("", "warn") if walls != "full" else ("walls ", "muted")
        text = shorten(label + walls, room - 2, self.glyphs.cut)
        if room < 12:
            return []
        return [(" " * (room - width_of(text)), self.palette["text"]), (text, self.palette[style])]

    def _money(self, view: View, bars: int, wide: bool) -> Parts:
        state = view.state
        limit = state.config.limits.usd
        used, aside = state.spent.cost, state.reserved.cost
        text = price(state.spent)
        if limit is None:
            parts = self._plain("cost" if wide else "", text)
        else:
            parts = self._gauge("", text, used, limit, dollars(limit), bars, aside)
        if aside > 0 and not state.over:
            parts.append((f" +{dollars(aside).removeprefix('$')} reserved" if wide else "", self.palette["muted"]))
        return parts

    def _tokens(self, view: View, bars: int, wide: bool) -> Parts:
        state = view.state
        limits, spent = state.config.limits, state.spent
        about = view.glyphs.about if spent.estimated else ""
        if not wide:
            total = f"{about}{count(spent.total)}"
            if limits.total_tokens:
                return self._gauge("tok", total, spent.total, limits.total_tokens, count(limits.total_tokens), bars)
            return self._plain("tok", total)
        cached = f" ({percent(spent.cached, spent.input)} cached)" if spent.cached else ""
        parts: Parts = []
        if limits.input_tokens:
            parts += self._gauge(
                "tok in",
                about + count(spent.input),
                spent.input,
                limits.input_tokens,
                count(limits.input_tokens),
                bars // 2,
            )
        else:
            parts += self._plain("tok in", about + count(spent.input))
        parts.append((cached, self.palette["muted"]))
        parts += self._plain(" out", about + count(spent.output))
        if limits.output_tokens:
            parts += self._gauge("", "", spent.output, limits.output_tokens, count(limits.output_tokens), bars // 2)
        if limits.total_tokens:
            parts += self._gauge(
                " all", count(spent.total), spent.total, limits.total_tokens, count(limits.total_tokens), bars // 2
            )
        return parts

    def _plain(self, label: str, text: str) -> Parts:
        return [(f"{label} " if label else "", self.palette["muted"]), (text, self.palette["text"])]

    def _gauge(
        self, label: str, text: str, used: float, limit: float | None, limit_text: str, width: int, aside: float = 0.0
    ) -> Parts:
        if not limit:
            return self._plain(label, text)
        palette, glyphs = self.palette, self.glyphs
        full, rest = glyphs.bar(used / limit, max(1, width))
        style = palette["bar_alarm" if used / limit >= ALARM else "bar"]
        # What running calls have set aside stands in the empty part.
        held = min(len(rest), round(aside / limit * width)) if aside else 0
        return [
            (f"{label} " if label else "", palette["muted"]),
            (text, palette["text"]),
            (f"/{limit_text} ", palette["muted"]),
            (full, style),
            (glyphs.heat[1] * held, palette["muted"]),
            (rest[held:], palette["faint"]),
            (f" {glyphs.warn}" if used / limit >= ALARM else "", palette["warn"]),
        ]
