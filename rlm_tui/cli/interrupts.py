"""``ctrl+c``, a closed terminal and the system's request to end, as a question to ask between two steps.

As an exception it would strike anywhere: between taking an event and folding it, say, after which what is shown of the
session is no longer what was saved.
"""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType

CLOSED = getattr(signal, "SIGHUP", None)
"""What a closed terminal sends; Windows has nothing of the kind."""

SIGNALS = tuple(filter(None, (signal.SIGINT, signal.SIGTERM, CLOSED)))


class Interrupts:
    """While it is entered, the first request to end is remembered, and the second one is a `KeyboardInterrupt`.

    A signal that whoever started the program has had ignored stays so. With SIGHUP the terminal is gone: what is said
    there from then on goes nowhere.
    """

    def __init__(self) -> None:
        self.asked = False
        """Whether the run is to end."""
        self._before: dict[signal.Signals, object] = {}
        self._terminals = [number for number in (1, 2) if os.isatty(number)]

    def __enter__(self) -> Interrupts:
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._heed)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # It is what signal.signal returned.

    def _heed(self, number: int, frame: FrameType | None) -> None:
        if number == CLOSED:
            for terminal in self._terminals:
                os.dup2(os.open(os.devnull, os.O_WRONLY), terminal)
        elif self.asked:
            raise KeyboardInterrupt
        self.asked = True
