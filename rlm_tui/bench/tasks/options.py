"""The options of a task, as a caller or a command line gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rlm_tui.bench.base import BenchError, known


class Options:
    """Takes the options of `task` one after the other; `done` refuses those that nobody took.

    Every getter raises `BenchError` that names the task, the option and what it takes.
    """

    def __init__(self, task: str, given: Mapping[str, Any]) -> None:
        self._task = task
        self._left = {name.replace("-", "_"): value for name, value in given.items()}
        self._names: list[str] = []

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self._take(name, default)
        try:
            number = int(str(value).replace("_", "").replace(",", ""))
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise BenchError(
                f"{name} of the task {self._task} takes a whole number from {low:,} to {high:,}, not {value!r}"
            )
        return number

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of some words."""
        value = str(self._take(name, default))
        if value not in choices:
            raise BenchError(f"{name} of the task {self._task} takes {known(choices)}, not {value!r}")
        return value

    def text(self, name: str, default: str = "") -> str:
        """Any text."""
        return str(self._take(name, default))

    def done(self) -> None:
        """Nothing may be left."""
        if self._left:
            takes = f"it takes {known(self._names)}" if self._names else "it takes none"
            raise BenchError(f"the task {self._task} has no option {next(iter(self._left))!r}; {takes}")

    def _take(self, name: str, default: Any) -> Any:
        self._names.append(name)
        return self._left.pop(name, default)
