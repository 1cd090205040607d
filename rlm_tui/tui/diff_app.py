"""The application around the diff screen."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.projection.compare import Comparison, Session
from rlm_tui.tui.commands import Commands
from rlm_tui.tui.look import ThemedApp
from rlm_tui.tui.screens.diff import Diff
from rlm_tui.tui.themes import DEFAULT


class DiffApp(ThemedApp[int]):
    """Ends when the screen is closed."""

    COMMANDS = {Commands}  # noqa: RUF012

    def __init__(
        self, comparison: Comparison, sessions: Sequence[Session], *, theme: str = DEFAULT, glyphs: str = "unicode"
    ) -> None:
        super().__init__(theme, glyphs)
        self.diff = Diff(comparison, sessions)

    def on_mount(self) -> None:
        self.push_screen(self.diff, lambda _: self.exit(0))


def show_diff(
    comparison: Comparison, sessions: Sequence[Session], *, theme: str = DEFAULT, glyphs: str = "unicode"
) -> int:
    """Show a comparison until the operator leaves. Returns the exit status."""
    app = DiffApp(comparison, sessions, theme=theme, glyphs=glyphs)
    status = app.run()
    return status if isinstance(status, int) else app.return_code or 0
