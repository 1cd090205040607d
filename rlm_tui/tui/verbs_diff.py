"""Comparing the session of the workbench with another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.document.visible import visible

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench


def diff(bench: Workbench) -> None:
    """Ask which other session, and show both side by side."""
    options = getattr(bench.app, "options", None)
    shelf = options.shelf if options is not None else None
    if shelf is None:
        bench.tell("There is no store of sessions to compare with.")
        return
    from rlm_tui.tui.comparing import diff_of_view
    from rlm_tui.tui.screens.choose import Choose

    def chosen(other: str | None) -> None:
        if other is None:
            return
        try:
            screen = diff_of_view(bench.view, shelf, other)
        except Exception as error:
            # The store says in one sentence what is wrong with the other session.
            bench.tell(visible(str(error)))
            return
        bench.app.push_screen(screen)

    bench.app.push_screen(Choose(shelf, bench.view), chosen)
