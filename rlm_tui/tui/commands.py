"""The command palette: every action by name, what can't be done now with the reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from rlm_tui.tui.actions import ACTIONS
from rlm_tui.tui.keymap import shown
from rlm_tui.tui.themes import available

if TYPE_CHECKING:
    from rlm_tui.tui.app import WorkbenchApp


class Commands(Provider):
    """Actions of the registry, and the themes."""

    def _all(self) -> list[tuple[str, str, Callable[[], None]]]:
        app: WorkbenchApp = self.app  # type: ignore[assignment]
        bench = app.workbench
        found: list[tuple[str, str, Callable[[], None]]] = []
        later: list[tuple[str, str, Callable[[], None]]] = []
        for action in ACTIONS if bench is app.screen_stack[-1] or bench in app.screen_stack[-2:] else ():
            if action.id == "app.palette":
                continue
            reason = action.when(app.view)
            keys = " ".join(shown(key) for key in bench.keys[action.id])
            name = f"{action.group}: {action.title}" + (f"  ({keys})" if keys else "")
            target = later if reason else found
            target.append((name, f"Not now: {reason}" if reason else action.help, partial(bench.action_run, action.id)))
        for theme in sorted(available()):
            found.append((f"Theme: {theme}", "Change the colours.", partial(app.wear, theme)))
        return found + later

    async def discover(self) -> Hits:
        for name, help_text, run in self._all():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help_text, run in self._all():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)
