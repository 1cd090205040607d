"""Small objects that stand-ins hand out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


class Dispatcher:
    """What ``functools.singledispatch`` gives."""

    def __init__(self, call: Callable[..., Any], register: Callable[..., Any]) -> None:
        self._call = call
        self.register = register

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)


class Printer:
    """What ``pprint.PrettyPrinter`` gives."""

    def __init__(self, show: Callable[[Any], None], text: Callable[[Any], str]) -> None:
        self.pprint = show
        self.pformat = text


class Logger:
    """A logger that prints."""

    def __init__(self, name: str, standins: Any, parent: Logger | None = None) -> None:
        self.name = name
        self._standins = standins
        self._parent = parent
        self._level: int | None = 30 if parent is None else None

    @property
    def level(self) -> int:
        if self._level is not None:
            return self._level
        return self._parent.level if self._parent is not None else 30

    def setLevel(self, level: Any) -> None:
        names = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
        self._level = names.get(level, 30) if isinstance(level, str) else int(level)

    def isEnabledFor(self, level: int) -> bool:
        return level >= self.level

    def addHandler(self, handler: Any) -> None: ...

    def log(self, level: int, message: Any, *args: Any, **kwargs: Any) -> None:
        if level >= self.level:
            names = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
            text = str(message) % args if args else str(message)
            self._standins.emit(f"{names.get(level, level)}:{self.name}:{text}\n")

    def debug(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self.log(10, message, *args)

    def info(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self.log(20, message, *args)

    def warning(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self.log(30, message, *args)

    def error(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self.log(40, message, *args)

    def critical(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self.log(50, message, *args)

    def exception(self, message: Any, *args: Any, **kwargs: Any) -> None:
        self.log(40, message, *args)
        error = sys.exc_info()[1]
        if error is not None:
            self._standins.emit(self._standins.describe(error) + "\n")
