"""Opening the workbench in a test: a still clock, no timer, one tick when the test says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from rlm_tui.document.document import Document
from rlm_tui.tui.app import Options, WorkbenchApp
from tests.support.novel import build
from tests.support.sessions import Clock, HandMade, RecordingGate, Script


def app_at(moment: str, **options: Any) -> WorkbenchApp:
    """The novel's session held live at one of the moments of `novel.build`, or all of it as a ``replay``."""
    script, document, marks = build()
    upto = None if moment == "replay" else marks[moment]
    return app_on(script, [document], upto=upto, live=moment != "replay", **options)


def app_on(
    script: Script, documents: Sequence[Document], *, upto: int | None = None, live: bool = True, **options: Any
) -> WorkbenchApp:
    """The workbench on a hand-made session."""
    source = script.source(documents, upto=upto, live=live)
    clock = Clock(script.entries[:upto][-1].at)
    return WorkbenchApp(Options(documents=documents, source=source, clock=clock, ticking=False, **options))


def source_of(app: WorkbenchApp) -> HandMade:
    source = app.view.source
    assert isinstance(source, HandMade)
    return source


def gate_of(app: WorkbenchApp) -> RecordingGate:
    gate = source_of(app).gate
    assert gate is not None
    return gate


async def settle(pilot: Pilot[Any]) -> None:
    """Let the pump beat once, and everything that follows from it happen."""
    app = pilot.app
    assert isinstance(app, WorkbenchApp)
    await pilot.pause()
    app.workbench.tick()
    await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one after the other, with a beat of the pump after each."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def screen_text(app: App[Any]) -> str:
    """What is on the screen, as lines of text."""
    width, height = app.size
    lines = [[" "] * width for _ in range(height)]
    compositor = app.screen._compositor
    for y, strip in enumerate(compositor.render_strips()):
        if y < height:
            lines[y] = list(strip.text)
    return "\n".join("".join(line).rstrip() for line in lines)
