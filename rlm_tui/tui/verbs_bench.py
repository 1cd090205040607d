"""The laboratory's results, from within the workbench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.document.visible import visible
from rlm_tui.tui.messages import Opened

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench


def results(bench: Workbench) -> None:
    """Show the table of results that ran last; the session of a cell comes to the workbench."""
    from rlm_tui.store.reader import StoreReader
    from rlm_tui.store.results import find_suite
    from rlm_tui.tui.bench_rows import Rows
    from rlm_tui.tui.screens.bench import Bench

    options = getattr(bench.app, "options", None)
    path = getattr(options.shelf, "path", None) if options is not None else None
    if path is None:
        bench.tell("There is no store that could hold results.")
        return
    try:
        with StoreReader(path) as reader:
            suite = find_suite(reader, "last")
    except Exception as error:
        # The store says in one sentence what is missing.
        bench.tell(visible(str(error)))
        return

    def chosen(session: str) -> None:
        bench.app.pop_screen()
        bench.app.post_message(Opened(session))

    bench.app.push_screen(Bench(Rows(path, [suite]), chosen, lambda: bench.app.pop_screen()))
