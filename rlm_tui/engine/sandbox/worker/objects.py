"""Small objects that stand-ins hand out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any


class Trace:
    """What ``error.__traceback__`` gives: lines of the REPL's own code, nothing else."""

    __slots__ = ("tb_lasti", "tb_lineno", "tb_next")

    def __init__(self, line: int, rest: Trace | None) -> None:
        self.tb_lineno = line
        self.tb_lasti = -1
        self.tb_next = rest


def trace_of(trace: TracebackType | None, namespace: dict[str, Any]) -> Trace | None:
    """The frames of `trace` whose globals are `namespace`."""
    lines = []
    while trace is not None:
        if trace.tb_frame.f_globals is namespace:
            lines.append(trace.tb_lineno or 0)
        trace = trace.tb_next
    found = None
    for line in reversed(lines):
        found = Trace(line, found)
    return found


class UserDict:
    """``collections.UserDict``: a dict in its ``data``."""

    def __init__(self, dict: Any = None, /, **more: Any) -> None:
        self.data: Any = {}
        self.update(dict or {}, **more)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, key: Any) -> Any:
        if key in self.data:
            return self.data[key]
        missing = getattr(type(self), "__missing__", None)
        if missing is None:
            raise KeyError(key)
        return missing(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.data[key] = value

    def __delitem__(self, key: Any) -> None:
        del self.data[key]

    def __iter__(self) -> Any:
        return iter(self.data)

    def __contains__(self, key: Any) -> bool:
        return key in self.data

    def __repr__(self) -> str:
        return repr(self.data)

    def keys(self) -> Any:
        return self.data.keys()

    def values(self) -> Any:
        return [self[key] for key in self]

    def items(self) -> Any:
        return [(key, self[key]) for key in self]

    def get(self, key: Any, default: Any = None) -> Any:
        if key in self:
            return self[key]
        return default

    def pop(self, key: Any, *default: Any) -> Any:
        return self.data.pop(key, *default)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Any, **more: Any) -> None:
        for key, value in dict(*others, **more).items():
            self[key] = value

    def clear(self) -> None:
        self.data.clear()

    def copy(self) -> Any:
        return type(self)(self.data)


class UserList:
    """``collections.UserList``: a list in its ``data``."""

    def __init__(self, items: Any = ()) -> None:
        self.data: list[Any] = list(items)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: Any) -> Any:
        return type(self)(self.data[index]) if isinstance(index, slice) else self.data[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.data[index] = value

    def __delitem__(self, index: Any) -> None:
        del self.data[index]

    def __contains__(self, value: Any) -> bool:
        return value in self.data

    def __repr__(self) -> str:
        return repr(self.data)

    def __eq__(self, other: object) -> bool:
        return self.data == (other.data if isinstance(other, UserList) else other)

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Any) -> Any:
        return type(self)(self.data + list(other))

    def __mul__(self, times: int) -> Any:
        return type(self)(self.data * times)

    def append(self, value: Any) -> None:
        self.data.append(value)

    def extend(self, values: Any) -> None:
        self.data.extend(values)

    def insert(self, index: int, value: Any) -> None:
        self.data.insert(index, value)

    def pop(self, index: int = -1) -> Any:
        return self.data.pop(index)

    def remove(self, value: Any) -> None:
        self.data.remove(value)

    def clear(self) -> None:
        self.data.clear()

    def copy(self) -> Any:
        return type(self)(self.data)

    def count(self, value: Any) -> int:
        return self.data.count(value)

    def index(self, value: Any, *where: int) -> int:
        return self.data.index(value, *where)

    def reverse(self) -> None:
        self.data.reverse()

    def sort(self, *, key: Any = None, reverse: bool = False) -> None:
        self.data.sort(key=key, reverse=reverse)


class ContextDecorator:
    """``contextlib.ContextDecorator``: a context manager that can stand over a function."""

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*args: Any, **kwargs: Any) -> Any:
            with self:  # type: ignore[attr-defined]
                return function(*args, **kwargs)

        return inner


class AbstractContextManager:
    """``contextlib.AbstractContextManager``: gives itself."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: Any) -> Any: ...


class AbstractAsyncContextManager:
    """``contextlib.AbstractAsyncContextManager``: gives itself."""

    def __aenter__(self) -> Any:
        return self

    def __aexit__(self, *exc: Any) -> Any: ...


def stream_setter(set_stream: Callable[[str, Any], None]) -> object:
    """An object that hands assignments to its attributes to `set_stream`, and has no attribute itself."""

    class StreamSetter:
        __slots__ = ()

        def __setattr__(self, name: str, value: Any) -> None:
            set_stream(name, value)

    return StreamSetter()


class Handler:
    """A handler, filter or formatter of ``logging``: taken and ignored, for loggers print by themselves."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.level = 0

    def setLevel(self, level: Any) -> None: ...

    def setFormatter(self, formatter: Any) -> None: ...

    def addFilter(self, filter: Any) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class Dispatcher:
    """What ``functools.singledispatch`` gives."""

    def __init__(self, call: Callable[..., Any], register: Callable[..., Any]) -> None:
        self._call = call
        self.register = register

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)


class MethodDispatcher(Dispatcher):
    """What ``functools.singledispatchmethod`` gives."""

    def __get__(self, ob: Any, kind: Any = None) -> Any:
        return partial(self._call, ob)


class Printer:
    """What ``pprint.PrettyPrinter`` gives."""

    def __init__(self, show: Callable[[Any], None], text: Callable[[Any], str]) -> None:
        self.pprint = show
        self.pformat = text


class Logger:
    """A logger that prints."""

    def __init__(self, name: str, standins: Any, parent: Logger | None = None) -> None:
        self.name = name
        self.propagate = True
        self.disabled = False
        self.handlers: list[Any] = []
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

    def removeHandler(self, handler: Any) -> None: ...

    def addFilter(self, filter: Any) -> None: ...

    def hasHandlers(self) -> bool:
        return True

    def getEffectiveLevel(self) -> int:
        return self.level

    def log(self, level: int, message: Any, *args: Any, **kwargs: Any) -> None:
        if level >= self.level and not self.disabled:
            names = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
            text = str(message) % args if args else str(message)
            self._standins.emit(self._standins.log_line(str(names.get(level, level)), level, self.name, text) + "\n")

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
