"""Makes the README's picture: the demo, stepped to where the sub-calls have answered. Run it as ``make picture``."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from rlm_tui.cli.data import data_folder
from rlm_tui.cli.demo import DOCUMENT, QUESTION
from rlm_tui.cli.options import Given
from rlm_tui.cli.prepare import prepare
from rlm_tui.cli.workbench import live_options
from rlm_tui.tui.app import WorkbenchApp

PICTURE = Path(__file__).with_name("workbench.svg")
SIZE = (120, 36)
STOP = 5
"""The turn before whose cell the picture is taken."""


async def main() -> None:
    folder = data_folder("demo")
    question = (folder / QUESTION).read_text(encoding="utf-8").strip()
    with tempfile.TemporaryDirectory() as place:
        given = Given((str(folder / DOCUMENT),), question, model="explorer", store=f"{place}/sessions.db")
        app = WorkbenchApp(live_options(prepare(given), paused=True))
        async with app.run_test(size=SIZE) as pilot:
            for turn in range(1, STOP + 1):
                await held_at(app, pilot, turn)
                if turn < STOP:
                    await pilot.press("n")
            await pilot.pause(1)
            PICTURE.write_text(app.export_screenshot(title="rlm-tui"), encoding="utf-8")
        app.close_source()


async def held_at(app: WorkbenchApp, pilot: Pilot[int], turn: int) -> None:
    """Wait until the run is held before the cell of `turn`."""
    while (paused := app.view.head.paused) is None or paused.turn != turn:
        if app.view.head.over or app.view.failure:
            raise SystemExit(f"the demo ended before turn {turn}: {app.view.failure or app.view.head.error}")
        await pilot.pause(0.05)


if __name__ == "__main__":
    asyncio.run(main())
