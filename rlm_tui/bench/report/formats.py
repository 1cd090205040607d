"""Grids and cells as Markdown, CSV, JSON and LaTeX. Whatever came from a model or a document is escaped."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from rlm_tui.bench.report.grid import Grid
from rlm_tui.document.visible import visible
from rlm_tui.store.results import Attempt, CellRow

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

_TEXTS = ("answer", "parsed", "error", "question", "item", "window", "model")


def markdown(grids: Sequence[Grid]) -> str:
    """Grids as Markdown tables with headings."""
    out = []
    for grid in grids:
        aligned = ["---:" if n in grid.right else "---" for n in range(len(grid.head))]
        rows = [grid.head, tuple(aligned), *grid.rows]
        lines = ["| " + " | ".join(cell if n == 1 else _md(cell) for cell in row) + " |" for n, row in enumerate(rows)]
        out += [f"## {_md(grid.title)}", "", *lines, ""]
        out += [f"{_md(note)}\n" for note in grid.notes]
    return "\n".join(out).rstrip() + "\n"


def latex(grids: Sequence[Grid]) -> str:
    """Grids as LaTeX tables; they need the package ``booktabs``."""
    out = []
    for grid in grids:
        columns = "".join("r" if n in grid.right else "l" for n in range(len(grid.head)))
        out += [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_tex(grid.title)}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            " & ".join(map(_tex, grid.head)) + r" \\",
            r"\midrule",
            *(" & ".join(map(_tex, row)) + r" \\" for row in grid.rows),
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\small {_tex(note)}" for note in grid.notes),
            r"\end{table}",
            "",
        ]
    return "\n".join(out)


def grid_csv(grid: Grid) -> str:
    """One grid as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(grid.head)
    writer.writerows([visible(cell) for cell in row] for row in grid.rows)
    return out.getvalue()


def cells_csv(cells: Sequence[CellRow]) -> str:
    """Every cell as a line of CSV, with all that is known of it. Texts that a spreadsheet would take for a formula begin
    with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = CellRow.__struct_fields__
    writer.writerow(names)
    for cell in cells:
        writer.writerow([_safe(name, getattr(cell, name)) for name in names])
    return out.getvalue()


def as_json(suite: str, cells: Sequence[CellRow], attempts: Sequence[Attempt], **more: Any) -> str:
    """Everything as JSON; `more` are sums and comparisons."""
    value = {"suite": suite, **more, "cells": cells, "attempts": attempts}
    plain = msgspec.to_builtins(value)
    for cell in plain["cells"]:
        cell["parameters"] = json.loads(cell["parameters"])
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"


def _safe(name: str, value: object) -> object:
    if name in _TEXTS and isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if value is None else value


def _md(text: str) -> str:
    plain = visible(" ".join(text.split()))
    for sign in "\\`*_[]<>|":
        plain = plain.replace(sign, "\\" + sign)
    return plain


def _tex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in visible(" ".join(text.split())))
