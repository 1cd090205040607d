"""What time it is in a REPL."""

from __future__ import annotations

import calendar
import datetime as _dt
import time as _time
from collections.abc import Callable
from typing import Any

LONGEST_SLEEP = 1.0
"""Seconds that one ``time.sleep`` takes at most: there is nothing to wait for in here."""


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


def sleep(seconds: float) -> None:
    """``time.sleep``, for a moment."""
    _time.sleep(min(max(float(seconds), 0.0), LONGEST_SLEEP))


def time_members(clock: Clock) -> dict[str, Any]:
    """The names of ``time``: the zone is UTC, and what measures a span begins with the REPL."""
    started = _time.perf_counter()

    def elapsed() -> float:
        return _time.perf_counter() - started

    def broken_down(convert: Callable[[float], Any]) -> Callable[..., Any]:
        return lambda seconds=None: convert(clock.now() if seconds is None else seconds)

    return {
        "time": clock.now,
        "time_ns": lambda: int(clock.now() * 1e9),
        "perf_counter": elapsed,
        "perf_counter_ns": lambda: int(elapsed() * 1e9),
        "monotonic": elapsed,
        "monotonic_ns": lambda: int(elapsed() * 1e9),
        "process_time": elapsed,
        "process_time_ns": lambda: int(elapsed() * 1e9),
        "thread_time": elapsed,
        "sleep": sleep,
        "strftime": lambda form, t=None: _time.strftime(form, _time.gmtime(clock.now()) if t is None else t),
        "strptime": _time.strptime,
        "gmtime": broken_down(_time.gmtime),
        "localtime": broken_down(_time.gmtime),
        "ctime": broken_down(lambda s: _time.asctime(_time.gmtime(s))),
        "asctime": lambda t=None: _time.asctime(_time.gmtime(clock.now()) if t is None else t),
        "mktime": lambda t: float(calendar.timegm(t)),
        "struct_time": _time.struct_time,
        "timezone": 0,
        "altzone": 0,
        "daylight": 0,
        "tzname": ("UTC", "UTC"),
    }


def datetime_members(clock: Clock) -> dict[str, Any]:
    """The names of ``datetime``."""
    date, datetime = dates(clock)
    return {
        "date": date, "datetime": datetime, "time": _dt.time, "timedelta": _dt.timedelta, "timezone": _dt.timezone,
        "tzinfo": _dt.tzinfo, "UTC": _dt.UTC, "MINYEAR": _dt.MINYEAR, "MAXYEAR": _dt.MAXYEAR,
    }  # fmt: skip
