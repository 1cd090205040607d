"""What time it is in a REPL."""

from __future__ import annotations

import datetime as _dt
import time as _time
from typing import Any


class Clock:
    """The time of the REPL: real while a session is live, shifted to when the cell first ran when it is run again."""

    def __init__(self) -> None:
        self.shift = 0.0

    def start_at(self, moment: float) -> None:
        """Let the current moment be `moment` (seconds since the epoch)."""
        self.shift = moment - _time.time()

    def now(self) -> float:
        return _time.time() + self.shift


class _DateMeta(type):
    def __instancecheck__(cls, ob: Any) -> bool:
        return isinstance(ob, cls.__mro__[1])

    def __subclasscheck__(cls, ob: Any) -> bool:
        return isinstance(ob, type) and issubclass(ob, cls.__mro__[1])


def dates(clock: Clock) -> tuple[type, type]:
    """The ``date`` and ``datetime`` of a REPL: the real ones, except that now is when `clock` says."""

    class date(_dt.date, metaclass=_DateMeta):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return _dt.date(*args, **kwargs)

        @classmethod
        def today(cls) -> Any:
            return _dt.date.fromtimestamp(clock.now())  # noqa: DTZ012

    class datetime(_dt.datetime, metaclass=_DateMeta):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return _dt.datetime(*args, **kwargs)  # noqa: DTZ001

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return _dt.datetime.fromtimestamp(clock.now(), tz)

        @classmethod
        def today(cls) -> Any:
            return _dt.datetime.fromtimestamp(clock.now())  # noqa: DTZ006

        @classmethod
        def utcnow(cls) -> Any:
            return _dt.datetime.fromtimestamp(clock.now(), _dt.UTC).replace(tzinfo=None)

    for kind in (date, datetime):
        kind.__module__ = "datetime"
        kind.__qualname__ = kind.__name__
    return date, datetime
