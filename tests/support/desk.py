"""A program with everything it has: a store, settings and recent documents of its own, in a folder of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.desk import Desk
from rlm_tui.tui.forking import forker
from rlm_tui.tui.store_shelf import StoreShelf

LEASE = "".join(f"Clause {n}: nothing of note.\n" for n in range(30)) + "The lease was signed by Mary Poole in 1931.\n"
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "RLM_TUI_STORE", "RLM_TUI_ASCII")


def at_home(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Settings, layouts and stores of this test are in `folder`, and no key is set."""
    for place in ("CONFIG", "DATA", "CACHE"):
        patch.setenv(f"XDG_{place}_HOME", str(folder / place.lower()))
    for key in KEYS:
        patch.delenv(key, raising=False)
    patch.chdir(folder)


def desk_app(folder: Path, **options: Any) -> WorkbenchApp:
    """The program over ``s.db`` in `folder`."""
    store = folder / "s.db"
    desk = Desk({"store": str(store)}, recent_file=folder / "recent.json", demo=lambda: (lease(folder), "Who signed?"))
    return WorkbenchApp(
        Options(desk=desk, shelf=StoreShelf(store), fork=forker(store), **({"home": "welcome"} | options))
    )


def lease(folder: Path) -> Path:
    """A small document."""
    path = folder / "lease.txt"
    if not path.exists():
        path.write_text(LEASE, encoding="utf-8")
    return path


async def until(pilot: Pilot[Any], holds: Callable[[], object], seconds: float = 60) -> None:
    """Let the program go on until something holds."""
    for _ in range(int(seconds / 0.02)):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError("it never came true")


async def run_to_the_end(pilot: Pilot[Any]) -> None:
    """Wait until the run is held at its first cell, let it go, and close the answer."""
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    await until(pilot, lambda: app.view.head.paused is not None or app.view.failure)
    assert app.view.failure is None
    await pilot.press("c")
    await until(pilot, lambda: app.view.head.over and app.screen is not app.workbench)
    await pilot.press("escape")
    await until(pilot, lambda: app.screen is app.workbench)
