"""What our applications have in common: theme, styles, signs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.app import App
from textual.command import CommandPalette
from textual.scrollbar import ScrollBar, ScrollBarRender

from rlm_tui.tui.crash import report
from rlm_tui.tui.glyphs import Glyphs, glyphs
from rlm_tui.tui.palette import Palette
from rlm_tui.tui.themes import DEFAULT, Theme, ThemeError, available, find_theme, load_theme
from rlm_tui.tui.widgets.pane import Pane

ASCII_VARIABLE = "RLM_TUI_ASCII"

WATCH_SECONDS = 1.0
"""How often the theme's file is looked at for a change."""

R = TypeVar("R")


class PlainScrollBars(ScrollBarRender):
    """Scroll bars of whole characters: parts of one are signs that not every font has."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class ThemedApp(App[R]):
    """Wears a theme by name, and puts it on again when its file changes.

    A theme that can't be used is reported (`problems`) and replaced by the default one; while the app runs, the theme that
    it wears stays.
    """

    TITLE = "rlm-tui"
    CSS = """
    .-ascii CommandPalette #--input { border: ascii $border-blurred; }
    .-ascii CommandPalette #--input.--list-visible { border: ascii $border-blurred; }
    .-ascii CommandPalette #--results.--visible, .-ascii CommandPalette CommandList { border: none; }
    .-ascii CommandPalette SearchIcon { display: none; }
    """

    def __init__(self, theme: str, signs: str) -> None:
        self.problems: list[str] = []
        self.look = self._first(theme)
        self.palette: Palette = self.look.palette()
        super().__init__()
        ascii_wanted = signs == "ascii" or os.environ.get(ASCII_VARIABLE, "") not in ("", "0")
        self.glyphs: Glyphs = glyphs("ascii" if ascii_wanted else "unicode")
        self.register_theme(self.look.textual())
        self._changed_at = _changed_at(self.look.path)

    def _first(self, name: str) -> Theme:
        try:
            return find_theme(name)
        except ThemeError as error:
            self.problems.append(str(error))
        if name != DEFAULT and DEFAULT in available():
            return load_theme(available()[DEFAULT])
        return Theme(DEFAULT, DEFAULT, True, False, {"primary": "#7aa2f7"}, {})

    def on_mount(self) -> None:
        self.theme = self.look.name
        ascii_only = self.glyphs.name == "ascii"
        self.set_class(ascii_only, "-ascii")
        ScrollBar.renderer = PlainScrollBars if ascii_only else ScrollBarRender
        for problem in self.problems:
            self.notify(problem, severity="warning", markup=False, timeout=10)
        self.set_interval(WATCH_SECONDS, self._watch_file)

    def action_command_palette(self) -> None:
        if self.use_command_palette and not isinstance(self.screen, CommandPalette):
            self.push_screen(
                CommandPalette(placeholder=f"Search for commands{self.glyphs.cut}", id="--command-palette")
            )

    def wear(self, name: str) -> None:
        """Change to the theme called `name`; a broken one is reported and the old one stays."""
        try:
            self._put_on(find_theme(name))
        except ThemeError as error:
            self.notify(str(error), severity="error", markup=False)

    def _put_on(self, theme: Theme) -> None:
        self.look, self.palette = theme, theme.palette()
        self._changed_at = _changed_at(theme.path)
        self.register_theme(theme.textual())
        if self.theme == theme.name:
            self._watch_theme(theme.name)  # Same name, other colours: assigning it would change nothing.
        else:
            self.theme = theme.name
        for pane in self.every_pane():
            pane.restyle()

    def _watch_file(self) -> None:
        changed = _changed_at(self.look.path)
        if self.look.path is None or changed == self._changed_at:
            return
        self._changed_at = changed
        try:
            self._put_on(load_theme(self.look.path))
        except ThemeError as error:
            self.notify(str(error), severity="error", markup=False)

    def _fatal_error(self) -> None:
        """Nothing caught an exception of ours: leave with a sentence instead of a traceback."""
        from rich.text import Text

        error = self._exception
        if error is None or "debug" in self.features:
            super()._fatal_error()
            return
        self._exit_renderables.append(Text(report(error)))
        self._close_messages_no_wait()

    def every_pane(self) -> Iterable[Pane]:
        """All panes of all screens."""
        for screen in self.screen_stack:
            yield from screen.query(Pane)


def _changed_at(path: Path | None) -> float:
    try:
        return path.stat().st_mtime if path is not None else 0.0
    except OSError:
        return 0.0
