"""How long a node may go on without getting anywhere."""

from __future__ import annotations

from rlm_tui.engine.errors import Stopped
from rlm_tui.events import CellError, Limits

REPEATS_HINT, REPEATS_END = 2, 4
"""The same block giving the same this often in a row: the model gets a hint, then the node is ended."""


class Patience:
    """Counts what goes wrong in a row. Raises `Stopped` when it is enough."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._nudges = 0
        self._errors = 0
        self._repeats = 0
        self._last = ("", "")

    def no_code(self) -> None:
        """A reply had neither code nor an answer."""
        self._nudges += 1
        if self._nudges >= self._limits.nudges:
            raise Stopped("nudges", f"{self._nudges} replies in a row had no code that could run.")

    def code(self) -> None:
        """A reply had code."""
        self._nudges = 0

    def ran(self, code: str, error: CellError | None, output: str = "") -> str:
        """A block ended. Returns a hint for the model when it repeats itself, else nothing."""
        gave = (code, f"{error.type}: {error.message}" if error is not None else output)
        self._repeats = self._repeats + 1 if gave == self._last else 1
        self._last = gave
        self._errors = self._errors + 1 if error is not None else 0
        if error is None:
            if self._repeats >= REPEATS_END:
                raise Stopped("repeats", f"The same block ran {self._repeats} times with the same output.")
            if self._repeats >= REPEATS_HINT:
                return (
                    "This is the same block with the same output as before. Go on from what you know: take the next "
                    "step, or call FINAL(value)."
                )
            return ""
        if self._repeats >= REPEATS_END:
            raise Stopped("errors_in_row", f"The same block failed {self._repeats} times in the same way.")
        if self._errors >= self._limits.errors_in_row:
            raise Stopped("errors_in_row", f"{self._errors} blocks in a row failed.")
        if self._repeats >= REPEATS_HINT:
            return "The same block failed in the same way again. Change the approach instead of repeating it."
        return ""
