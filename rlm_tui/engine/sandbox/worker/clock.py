"""The cell's own clock: a repeating alarm that stops code which computes for too long.

The alarm raises `Stop`, which no code of the REPL can name, only while a function runs under `Clock.run` and the clock
is not held; so it can never tear a frame on the wire or surprise the worker's own loop. Where there are no alarms
(Windows), the host's kill is the only clock.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any

TICK = 0.03
"""Seconds between two looks at the clock."""

HAS_ALARM = hasattr(signal, "setitimer")


class Stop(BaseException):
    """The cell was stopped; `reason` is ``timeout`` or ``cancelled``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CellClock:
    """Measures and limits computing time. `on_tick` is called every `TICK` seconds while code runs. `stopped` says whether
    this cell was stopped, also if its code swallowed the exception.
    """

    def __init__(self, on_tick: Callable[[], None]) -> None:
        self._on_tick = on_tick
        self._deadline = 0.0
        self._held = True
        self._cancelled = False
        self._forbidden = False
        self.stopped = False
        self.waited = 0.0

    def install(self) -> None:
        """Take the process's signals."""
        if HAS_ALARM:
            signal.signal(signal.SIGALRM, self._alarm)
            signal.signal(signal.SIGUSR1, self._cancel)

    def start(self, seconds: float) -> None:
        """Begin a cell of `seconds` computing time."""
        self._cancelled = False
        self._forbidden = False
        self.stopped = False
        self.waited = 0.0
        self._deadline = monotonic() + seconds
        self._held = False
        if HAS_ALARM:
            signal.setitimer(signal.ITIMER_REAL, TICK, TICK)

    def forbid(self) -> None:
        """Raise nothing in this cell: only ticks go on, and the host's kill is the clock."""
        self._forbidden = True

    def left(self) -> float:
        """Seconds of computing time that the cell has left."""
        return self._deadline - monotonic()

    def stop(self) -> None:
        """End the cell."""
        self._held = True
        if HAS_ALARM:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def hold(self) -> float:
        """Stand still, from now until `resume`; gives what `resume` wants."""
        self._held = True
        return monotonic()

    def resume(self, since: float) -> None:
        """Go on after `hold`."""
        gone = monotonic() - since
        self._deadline += gone
        self.waited += gone
        self._held = False

    @property
    def cancelled(self) -> bool:
        """Whether the cell was asked to end."""
        return self._cancelled

    def cancel(self) -> None:
        """Let the cell end as cancelled, whatever its code catches."""
        self._cancelled = True

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Let no alarm in while a frame is sent; the time counts."""
        before, self._held = self._held, True
        try:
            yield
        finally:
            self._held = before

    def run(self, function: Callable[[], Any]) -> Any:
        """`function` under the clock: only code below this frame is ever stopped."""
        return function()

    def _below_run(self, frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_code is _RUN:
                return True
            frame = frame.f_back
        return False

    def _alarm(self, number: int, frame: FrameType | None) -> None:
        if self._held:
            return
        self._on_tick()
        late = monotonic() > self._deadline
        if (late or self._cancelled) and not self._forbidden and self._below_run(frame):
            self.stopped = True
            raise Stop("cancelled" if self._cancelled else "timeout")

    def _cancel(self, number: int, frame: FrameType | None) -> None:
        self._cancelled = True
        self._alarm(number, frame)


_RUN = CellClock.run.__code__
