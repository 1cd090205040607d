"""The application around the laboratory's screen."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.config.store_url import StorePlace
from rlm_tui.tui.bench_rows import Rows, Running
from rlm_tui.tui.commands import Commands
from rlm_tui.tui.look import ThemedApp
from rlm_tui.tui.screens.bench import Bench
from rlm_tui.tui.themes import DEFAULT


class BenchApp(ThemedApp[str]):
    """Ends with the session of the chosen cell, or with ``None``."""

    COMMANDS = {Commands}  # noqa: RUF012

    def __init__(self, rows: Rows, *, theme: str = DEFAULT, glyphs: str = "unicode", said: str = "") -> None:
        super().__init__(theme, glyphs)
        self.bench = Bench(rows, self.exit, lambda: self.exit(None), said=said)

    def on_mount(self) -> None:
        self.push_screen(self.bench)


def choose_cell(
    path: StorePlace,
    suites: Sequence[str],
    *,
    live: Running | None = None,
    theme: str = DEFAULT,
    glyphs: str = "unicode",
    said: str = "",
) -> str | None:
    """Show the tables `suites` of the store at `path` until a cell is chosen (its session) or the operator leaves."""
    return BenchApp(Rows(path, suites, live), theme=theme, glyphs=glyphs, said=said).run()
