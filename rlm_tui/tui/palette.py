"""The styles of the bulk views by meaning, taken from the theme."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style

NAMES: dict[str, str] = {
    "text": "what stands out of nothing",
    "muted": "labels, units, what is there but not now",
    "faint": "rules and empty parts of bars",
    "title": "names of things",
    "cost": "money",
    "bar": "filled part of a bar",
    "bar_alarm": "filled part of a bar that is nearly full",
    "ok": "done, true",
    "bad": "errors",
    "warn": "retries, refusals, budgets",
    "running": "what happens now",
    "held": "where the run is held",
    "breakpoint": "breakpoints",
    "cursor": "the row under the cursor of the focused pane",
    "cursor_blur": "the row under the cursor of another pane",
    "selection": "text selected with the mouse",
    "line_number": "line numbers",
    "depth": "depth of a node",
    "model": "what a model said",
    "printed": "what code printed",
    "sub": "replies of sub-calls",
    "operator": "what you did",
    "answer": "the answer",
    "span": "document text the selected call read",
    "match": "search hits",
    "heat_1": "read once",
    "heat_2": "read twice",
    "heat_3": "read three or four times",
    "heat_4": "read five times or more",
    "model_time": "time a model took",
    "code_time": "time code took",
    "key": "keys in the footer",
    "pill_idle": "state: nothing runs",
    "pill_busy": "state: something runs",
    "pill_held": "state: paused",
    "pill_past": "state: looking at the past",
    "pill_done": "state: finished",
    "pill_bad": "state: failed or out of budget",
    "syntax.text": "code: everything else",
    "syntax.keyword": "code: keywords",
    "syntax.string": "code: strings",
    "syntax.number": "code: numbers",
    "syntax.comment": "code: comments",
    "syntax.builtin": "code: built-in names",
    "syntax.name": "code: names being defined",
    "syntax.operator": "code: operators",
    "syntax.rlm": "code: llm_query, FINAL and the other names of an RLM's REPL",
}
"""Every style a theme can set, with its meaning."""

FALLBACK: dict[str, str] = {
    "cursor": "reverse",
    "cursor_blur": "underline",
    "selection": "reverse",
    "held": "bold",
    "title": "bold",
    "bad": "bold red",
    "ok": "green",
    "warn": "yellow",
    "running": "cyan",
    "muted": "dim",
    "faint": "dim",
    "line_number": "dim",
    "key": "bold",
    "span": "underline",
    "match": "reverse",
}
"""What holds for a style that the theme leaves out."""


class Palette:
    """Styles by name. Unknown names are an error of ours and raise `KeyError`."""

    def __init__(self, styles: Mapping[str, str]) -> None:
        self._styles = {name: Style.parse(styles.get(name) or FALLBACK.get(name, "")) for name in NAMES}

    def __getitem__(self, name: str) -> Style:
        return self._styles[name]

    def heat(self, level: int) -> Style:
        """The style of heat level 0 to 4."""
        return self._styles[f"heat_{level}"] if level > 0 else self._styles["faint"]


PLAIN = Palette({})
"""What widgets use outside of our app (in a test of one widget)."""
