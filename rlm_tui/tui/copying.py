"""What `y` copies when nothing is selected with the mouse: what the focused pane is about, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench


def copied(bench: Workbench) -> str:
    """The cell's code, the call's reply, the document's line, the variable, the tree's row."""
    view, pane = bench.view, bench.focused_pane
    if pane == "code":
        if view.call is not None and view.call.purpose == "leaf":
            return view.text(view.call.reply)
        return view.text(view.cell.code) if view.cell is not None else ""
    if pane == "output":
        cell = view.cell
        if view.call is not None and view.call.purpose == "leaf":
            return view.text(view.call.reply)
        return view.text(cell.output) if cell is not None else ""
    if pane == "document":
        text = bench.document.text
        return text.document.line(text.cursor) if text.document is not None else ""
    lines = bench.lines
    return lines.row_text(lines.cursor).strip() if lines is not None and lines.count() else ""
