"""Playing a record: as fast as it happened, or faster, or slower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.timer import Timer

from rlm_tui.tui import travel

if TYPE_CHECKING:
    from rlm_tui.tui.screens.workbench import Workbench

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""The speeds that can be chosen: 1 is as it happened."""

BEAT = 0.05
"""Seconds between two looks at what is due."""

SHORTEST, LONGEST = 0.2, 2.0
"""Seconds that an event stays on the screen at speed 1: events of a millisecond could not be seen, a wait of minutes would
not be waited for."""


class Player:
    """Moves the workbench's cursor on by itself. The speed stands in the view, where the title line shows it."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._timer: Timer | None = None
        self._ready = 0.0

    def start(self) -> None:
        """Play from the cursor on."""
        self._bench.view.playing = True
        self._ready = 0.0
        self._timer = self._bench.set_interval(BEAT, self.beat)
        self._bench.sync_all()

    def stop(self) -> None:
        """Stand still."""
        self._bench.view.playing = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._bench.sync_all()

    def change(self, step: int) -> None:
        """To the next speed, or the one before."""
        view = self._bench.view
        nearest = min(range(len(SPEEDS)), key=lambda n: abs(SPEEDS[n] - view.speed))
        view.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + step))]
        self._bench.sync_all()

    def beat(self) -> None:
        """Go on to the last event that is due."""
        view = self._bench.view
        self._ready += BEAT * view.speed
        seq: int | None = None
        while (following := travel.event(view, backwards=False, after=seq)) is not None:
            wait = self._wait(seq if seq is not None else view.state.seq, following)
            if wait > self._ready:
                break
            self._ready -= wait
            seq = following
        if following is None:
            self.stop()
            if seq is None:
                seq = view.head.seq
        if seq is not None:
            self._bench.seek(seq)

    def _wait(self, here: int, there: int) -> float:
        view = self._bench.view
        entries = view.timeline.entries
        before = entries[here - 1].at if here else entries[0].at
        # The time in which the run was held is not waited for.
        return min(LONGEST, max(SHORTEST, view.worked(entries[there - 1].at) - view.worked(before)))


def speed_words(speed: float) -> str:
    """``4x``, ``0.5x``."""
    return f"{speed:g}x"
