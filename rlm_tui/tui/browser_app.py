"""The application around the session browser."""

from __future__ import annotations

import time
from collections.abc import Callable

from rlm_tui.tui.look import ThemedApp
from rlm_tui.tui.screens.browser import Browser
from rlm_tui.tui.shelf import Shelf
from rlm_tui.tui.themes import DEFAULT


class BrowserApp(ThemedApp[str]):
    """Ends with the id of the chosen session, or with ``None``."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, shelf: Shelf, *, theme: str = DEFAULT, glyphs: str = "unicode", clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(theme, glyphs)
        self.browser = Browser(shelf, clock)

    def on_mount(self) -> None:
        self.push_screen(self.browser)


def choose_session(shelf: Shelf, *, theme: str = DEFAULT, glyphs: str = "unicode") -> str | None:
    """Show the saved sessions until one is chosen (its id), or the operator leaves (``None``)."""
    return BrowserApp(shelf, theme=theme, glyphs=glyphs).run()
