"""What the operator does to the screen: panes, finding, copying, help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.tui.widgets.read_by import ReadBy

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench

SIDE_STEP = 8
"""Columns of one step to the side."""


# --- looking


def read_by(bench: Workbench) -> None:
    bench.grid.reveal("document")
    bench.document.toggle_read_by()


def next_unread(bench: Workbench) -> None:
    bench.grid.reveal("document")
    bench.tell(bench.document.next_unread())


def find(bench: Workbench) -> None:
    if bench.focused_pane == "tree":
        bench.prompt.ask("filter the tree", bench.filter_tree, live=True)
    else:
        bench.grid.reveal("document")
        bench.prompt.ask("find in the document", bench.finder.start)


def find_next(bench: Workbench) -> None:
    bench.finder.next()


def goto(bench: Workbench) -> None:
    if bench.focused_pane == "timeline":
        bench.prompt.ask("go to event", bench.go_to_event)
    else:
        bench.grid.reveal("document")
        bench.prompt.ask("go to line", bench.go_to_line)


def next_document(bench: Workbench) -> None:
    bench.grid.reveal("document")
    bench.document.next_document(1)


def previous_document(bench: Workbench) -> None:
    bench.grid.reveal("document")
    bench.document.next_document(-1)


def copy(bench: Workbench) -> None:
    bench.copy()


def zoom(bench: Workbench) -> None:
    wishes = bench.grid.wishes
    pane = bench.focused_pane
    wishes.zoomed = None if wishes.zoomed is not None else pane
    if wishes.zoomed is None and pane is None:
        bench.tell("Choose a pane first: 1 to 6, or tab.")
    bench.grid.rearrange()
    bench.sync_all()


# --- panes


def next_pane(bench: Workbench) -> None:
    bench.focus_next()


def previous_pane(bench: Workbench) -> None:
    bench.focus_previous()


def go_document(bench: Workbench) -> None:
    bench.go_to_pane("document")


def go_tree(bench: Workbench) -> None:
    bench.go_to_pane("tree")


def go_code(bench: Workbench) -> None:
    bench.go_to_pane("code")


def go_output(bench: Workbench) -> None:
    bench.go_to_pane("output")


def go_variables(bench: Workbench) -> None:
    bench.go_to_pane("variables")


def go_timeline(bench: Workbench) -> None:
    bench.go_to_pane("timeline")


def _resize(bench: Workbench, columns: int, rows: int) -> None:
    grid = bench.grid
    grid.wishes.resize(bench.focused_pane or "tree", columns, rows, grid.size.width, grid.size.height)
    grid.rearrange()


def wider(bench: Workbench) -> None:
    _resize(bench, 2, 0)


def slimmer(bench: Workbench) -> None:
    _resize(bench, -2, 0)


def taller(bench: Workbench) -> None:
    _resize(bench, 0, 1)


def shorter(bench: Workbench) -> None:
    _resize(bench, 0, -1)


# --- rows


def up(bench: Workbench) -> None:
    if (lines := bench.lines) is not None:
        lines.move(-1)


def down(bench: Workbench) -> None:
    if (lines := bench.lines) is not None:
        lines.move(1)


def page_up(bench: Workbench) -> None:
    if (lines := bench.lines) is not None:
        lines.turn_page(-1)


def page_down(bench: Workbench) -> None:
    if (lines := bench.lines) is not None:
        lines.turn_page(1)


def top(bench: Workbench) -> None:
    if (lines := bench.lines) is not None:
        lines.to_start()


def bottom(bench: Workbench) -> None:
    if (lines := bench.lines) is not None:
        lines.to_end()


def scroll_left(bench: Workbench) -> None:
    if (lines := bench.lines) is not None:
        lines.sideways(-SIDE_STEP)


def scroll_right(bench: Workbench) -> None:
    if (lines := bench.lines) is not None:
        lines.sideways(SIDE_STEP)


def activate(bench: Workbench) -> None:
    lines = bench.lines
    if isinstance(lines, ReadBy):
        key = lines.key()
        if key is not None:
            bench.select(key)
    elif lines is not None:
        lines.activate()


def fold_all(bench: Workbench) -> None:
    bench.tree_pane.fold_all(True)


def open_all(bench: Workbench) -> None:
    bench.tree_pane.fold_all(False)


# --- application


def back(bench: Workbench) -> None:
    bench.back()


def palette(bench: Workbench) -> None:
    bench.app.action_command_palette()


def show_help(bench: Workbench) -> None:
    from rlm_tui.tui.screens.help import Help

    bench.app.push_screen(Help(bench.view))


def screenshot(bench: Workbench) -> None:
    path = bench.app.save_screenshot()
    bench.tell(f"Saved {path}.")


def quit_app(bench: Workbench) -> None:
    bench.quit()
