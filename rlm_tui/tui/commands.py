"""The command palette: every action by name, what can't be done now with the reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from rlm_tui.tui.actions import ACTIONS
from rlm_tui.tui.keymap import shown
from rlm_tui.tui.screens.keys import MOVES, keys_of
from rlm_tui.tui.themes import available

if TYPE_CHECKING:
    from rlm_tui.tui.look import ThemedApp
    from rlm_tui.tui.screens.workbench import Workbench

Command = tuple[str, str, Callable[[], Any]]
"""Name, what it does, and doing it."""


class Commands(Provider):
    """Actions of the registry, or what the screen before the eyes can do, and the themes."""

    def _all(self) -> list[Command]:
        app: ThemedApp[Any] = self.app  # type: ignore[assignment]
        bench: Workbench | None = getattr(app, "workbench", None)
        found, later = (
            self._of_workbench(bench, app) if bench is not None and bench in app.screen_stack[-2:] else ([], [])
        )
        found += self._of_screen(app)
        for theme in sorted(available()):
            found.append((f"Theme: {theme}", "Change the colours.", partial(app.wear, theme)))
        return found + later

    def _of_workbench(self, bench: Workbench, app: ThemedApp[Any]) -> tuple[list[Command], list[Command]]:
        """The actions that would do something now, and the others with the reason."""
        found: list[Command] = []
        later: list[Command] = []
        for action in ACTIONS:
            if action.id == "app.palette":
                continue
            reason = action.when(bench.view)
            keys = " ".join(shown(key, plain=app.glyphs.name == "ascii") for key in bench.keys[action.id])
            name = f"{action.group}: {action.title.replace('…', app.glyphs.cut)}" + (f"  ({keys})" if keys else "")
            target = later if reason else found
            target.append((name, f"Not now: {reason}" if reason else action.help, partial(bench.action_run, action.id)))
        return found, later

    def _of_screen(self, app: ThemedApp[Any]) -> list[Command]:
        """What the keys of a screen beside the workbench do."""
        screen = next((screen for screen in reversed(app.screen_stack) if not isinstance(screen, CommandPalette)), None)
        group = getattr(screen, "COMMANDS_OF", "")
        if screen is None or not group:
            return []
        return [
            (
                f"{group}: {key.words[0].upper()}{key.words[1:]}  ({' '.join(key.keys)})",
                "",
                partial(app.run_action, key.action, screen),
            )
            for key in keys_of(type(screen), plain=app.glyphs.name == "ascii")
            if key.action not in MOVES and " to " not in key.keys[0]
        ]

    async def discover(self) -> Hits:
        for name, help_text, run in self._all():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help_text, run in self._all():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)
