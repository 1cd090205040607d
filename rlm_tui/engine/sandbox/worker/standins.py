"""Functions of ours in place of standard ones that would reach too far, or whose answer must be the same when a cell is
run again: attributes by name, output, tracebacks. Randomness is in `chance`, time in `moments`.
"""

from __future__ import annotations

import ast
import calendar
import contextlib
import functools
import io
import json
import pprint as _pprint
import sys
import time as _time
from collections.abc import Callable, Iterator
from typing import Any

from rlm_tui.engine.sandbox.worker.classes import UserClasses
from rlm_tui.engine.sandbox.worker.facade import Facade, add_member
from rlm_tui.engine.sandbox.worker.guards import Guards
from rlm_tui.engine.sandbox.worker.moments import Clock
from rlm_tui.engine.sandbox.worker.objects import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    ContextDecorator,
    Dispatcher,
    Handler,
    Logger,
    MethodDispatcher,
    Printer,
    stream_setter,
)
from rlm_tui.engine.sandbox.worker.output import Output, Stream
from rlm_tui.engine.sandbox.worker.trees import NODES

_LITERAL_MAX = 5_000_000


class Exit(Exception):
    """What ``exit()`` raises: ends the cell, quietly."""

    @property
    def code(self) -> Any:
        """What ``exit`` was given."""
        return self.args[0] if self.args and self.args[0] != "" else None


Exit.__name__ = Exit.__qualname__ = "SystemExit"


class ABC:
    """A plain base class under the name of ``abc.ABC``."""


class Standins:
    """The stand-ins of one REPL."""

    def __init__(self, classes: UserClasses, guards: Guards, output: Output, report: Callable[..., str]) -> None:
        self._classes = classes
        self._guards = guards
        self._output = output
        self._report = report
        self.clock = Clock()
        self._out, self._err = Stream(output.write, "<stdout>"), Stream(output.write, "<stderr>")
        self._streams: dict[str, Any] = {"stdout": self._out, "stderr": self._err}
        self._sys: Facade | None = None
        self._log_format = "%(levelname)s:%(name)s:%(message)s"
        self._log_dates: str | None = None

    def describe(self, error: BaseException) -> str:
        """`error` as a report of the user's own frames."""
        return self._report(error)

    # Output

    def emit(self, text: str) -> None:
        """Print `text` to where output goes just now."""
        self._to(self._streams["stdout"], text)

    def _to(self, stream: Any, text: str) -> None:
        if isinstance(stream, Stream):
            self._output.write(text)
        else:
            self._guards.getattr(stream, "write")(text)

    def streams_of(self, facade: Facade) -> object:
        """What takes assignments to ``sys.stdout`` and ``sys.stderr`` of the facade of ``sys``."""
        self._sys = facade
        return stream_setter(self._set_stream)

    def _set_stream(self, name: str, value: Any) -> None:
        if name not in self._streams:
            raise TypeError("of the module 'sys' only stdout and stderr can be assigned in this REPL")
        value = self._out if value is None else value
        if not (isinstance(value, (Stream, io.StringIO)) or type(value) in self._classes.made):
            raise TypeError(f"output can be redirected to an io.StringIO, not to a {type(value).__name__!r} object")
        self._streams[name] = value
        if self._sys is not None:
            add_member(self._sys, name, value)

    def restore_streams(self) -> None:
        """Let output go to the REPL again."""
        self._set_stream("stdout", self._out)
        self._set_stream("stderr", self._err)

    def print(
        self, *args: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
    ) -> None:
        """The built-in ``print``."""
        sep = " " if sep is None else sep
        end = "\n" if end is None else end
        for name, value in (("sep", sep), ("end", end)):
            if not isinstance(value, str):
                raise TypeError(f"{name} must be None or a string, not {type(value).__name__}")
        text = str.__str__(sep).join([str.__str__(str(a)) for a in args]) + str.__str__(end)
        self._to(self._streams["stdout"] if file is None else file, text)

    # Attributes by name

    def attrgetter(self, *names: Any) -> Callable[[Any], Any]:
        for name in names:
            if type(name) is not str:
                raise TypeError("attribute name must be a string")
        paths = [name.split(".") for name in names]

        def get(ob: Any) -> Any:
            found = []
            for path in paths:
                value = ob
                for part in path:
                    value = self._guards.getattr(value, part)
                found.append(value)
            return found[0] if len(found) == 1 else tuple(found)

        return get

    def methodcaller(self, name: Any, /, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        return lambda ob: self._guards.getattr(ob, name)(*args, **kwargs)

    def wraps(self, wrapped: Any, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        def decorate(function: Any) -> Any:
            return self.update_wrapper(function, wrapped)

        return decorate

    def update_wrapper(self, function: Any, wrapped: Any, *args: Any, **kwargs: Any) -> Any:
        if self._guards.is_users(function) or (type(function) in self._classes.made and hasattr(function, "__dict__")):
            for label in ("__name__", "__qualname__", "__doc__"):
                text = getattr(wrapped, label, None)
                if type(text) is str:
                    self._guards.set_label(function, label, text)
            object.__getattribute__(function, "__dict__")["__wrapped__"] = wrapped
        return function

    def total_ordering(self, cls: Any) -> Any:
        if not self._classes.is_made(cls):
            raise TypeError("total_ordering takes a class made in this REPL")
        return functools.total_ordering(cls)

    def singledispatch(self, function: Any) -> Any:
        return Dispatcher(*self._dispatch(function, 0))

    def singledispatchmethod(self, function: Any) -> Any:
        return MethodDispatcher(*self._dispatch(function, 1))

    def _dispatch(self, function: Any, position: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
        table: dict[type, Any] = {}

        def call(*args: Any, **kwargs: Any) -> Any:
            for kind in type(args[position]).__mro__:
                if kind in table:
                    return table[kind](*args, **kwargs)
            return function(*args, **kwargs)

        def register(kind: Any, implementation: Any = None) -> Any:
            if self._guards.is_users(kind):  # @f.register over a function whose argument is annotated
                notes = [text for name, text in kind.__annotations__.items() if name != "return"]
                return register(self._guards.named(notes[0]) if notes else None, kind)
            if not isinstance(kind, type):
                raise TypeError("name the type: @f.register(int)")
            if implementation is None:
                return lambda f: register(kind, f)
            table[kind] = implementation
            return implementation

        return call, register

    # Small modules

    def abc_members(self) -> dict[str, Any]:
        self._classes.allow_base(ABC)
        self._classes.abstract.add(ABC)

        def abstractmethod(function: Any) -> Any:
            if self._guards.is_users(function):
                function.__isabstractmethod__ = True
            return function

        return {
            "ABC": ABC,
            "abstractmethod": abstractmethod,
            "ABCMeta": type(ABC.__name__, (), {}),
            "abstractproperty": property,
        }

    def literal_eval(self, node: Any) -> Any:
        if type(node) in NODES:
            return ast.literal_eval(node)
        if type(node) is not str or len(node) > _LITERAL_MAX:
            raise ValueError(f"literal_eval takes a str of at most {_LITERAL_MAX:,} characters")
        return ast.literal_eval(node)

    def no_file(self, name: str, instead: str) -> Callable[..., Any]:
        def refuse(*args: Any, **kwargs: Any) -> Any:
            for one in args:
                if isinstance(one, io.StringIO):
                    if name == "json.load":
                        return json.loads(one.read(), **kwargs)
                    one.write(json.dumps(args[0], **kwargs))
                    return None
            raise TypeError(f"{name} needs a file, and there are none here; use {instead}")

        return refuse

    def exit(self, code: Any = None) -> None:
        """``exit()``, ``quit()``, ``sys.exit()``."""
        raise Exit("" if code is None else code)

    def sys_members(self) -> dict[str, Any]:
        def no_more(limit: int) -> None:
            """Accepted and ignored: the limit is the REPL's."""

        def exc_info() -> tuple[Any, Any, Any]:
            error = sys.exc_info()[1]
            if error is None:
                return None, None, None
            return type(error), error, self._guards.getattr(error, "__traceback__")

        return {
            "stdout": self._out,
            "stderr": self._err,
            "__stdout__": self._out,
            "__stderr__": self._err,
            "exit": self.exit,
            "maxsize": sys.maxsize,
            "maxunicode": sys.maxunicode,
            "version": sys.version,
            "version_info": sys.version_info,
            "hexversion": sys.hexversion,
            "executable": "",
            "byteorder": sys.byteorder,
            "float_info": sys.float_info,
            "int_info": sys.int_info,
            "hash_info": sys.hash_info,
            "getsizeof": sys.getsizeof,
            "getrecursionlimit": sys.getrecursionlimit,
            "setrecursionlimit": no_more,
            "set_int_max_str_digits": no_more,
            "get_int_max_str_digits": sys.get_int_max_str_digits,
            "intern": sys.intern,
            "exc_info": exc_info,
            "exception": lambda: sys.exc_info()[1],
            "argv": ["cell"],
            "platform": "repl",
            "getdefaultencoding": sys.getdefaultencoding,
        }

    def traceback_members(self) -> dict[str, Any]:
        def current() -> str:
            error = sys.exc_info()[1]
            return "NoneType: None\n" if error is None else self._report(error) + "\n"

        def given(*args: Any) -> str:
            error = next((a for a in args if isinstance(a, BaseException)), None)
            return "NoneType: None\n" if error is None else self._report(error) + "\n"

        def only(*args: Any) -> list[str]:
            error = next((a for a in args if isinstance(a, BaseException)), None)
            return [given(*args).rstrip("\n").rsplit("\n", 1)[-1] + "\n"] if error is not None else []

        return {
            "format_exc": lambda *args, **kwargs: current(),
            "print_exc": lambda *args, **kwargs: self.emit(current()),
            "format_exception": lambda *args, **kwargs: given(*args).splitlines(keepends=True),
            "print_exception": lambda *args, **kwargs: self.emit(given(*args)),
            "format_exception_only": lambda *args, **kwargs: only(*args),
            "print_stack": lambda *args, **kwargs: None,
            "format_tb": lambda *args, **kwargs: [],
            "print_tb": lambda *args, **kwargs: None,
            "extract_tb": lambda *args, **kwargs: [],
            "extract_stack": lambda *args, **kwargs: [],
            "format_stack": lambda *args, **kwargs: [],
            "format_list": lambda *args, **kwargs: [],
        }

    def warnings_members(self) -> dict[str, Any]:
        def warn(message: Any, category: Any = None, *args: Any, **kwargs: Any) -> None:
            name = getattr(category, "__name__", None) or "UserWarning"
            self.emit(f"{name}: {message}\n")

        def nothing(*args: Any, **kwargs: Any) -> None: ...

        @contextlib.contextmanager
        def catch_warnings(*args: Any, **kwargs: Any) -> Iterator[list[Any]]:
            yield []

        return {
            "warn": warn, "filterwarnings": nothing, "simplefilter": nothing, "resetwarnings": nothing,
            "catch_warnings": catch_warnings,
        }  # fmt: skip

    def calendar_members(self) -> dict[str, Any]:
        return {
            "prmonth": lambda year, month, w=0, line=0: self.emit(calendar.month(year, month, w, line)),
            "prcal": lambda year, *layout: self.emit(calendar.calendar(year, *layout)),
        }

    def log_line(self, level: str, number: int, name: str, message: str) -> str:
        """A record of ``logging`` in the format that ``basicConfig`` was given."""
        now = self.clock.now()
        fields = {
            "levelname": level, "levelno": number, "name": name, "message": message, "msg": message, "created": now,
            "msecs": now % 1 * 1000, "module": "cell", "funcName": "<module>", "filename": "cell", "pathname": "cell",
            "lineno": 0, "process": 1, "thread": 1, "processName": "MainProcess", "threadName": "MainThread",
            "asctime": _time.strftime(self._log_dates or "%Y-%m-%d %H:%M:%S", _time.gmtime(now))
            + ("" if self._log_dates else f",{int(now % 1 * 1000):03d}"),
        }  # fmt: skip
        try:
            return self._log_format % fields
        except (KeyError, ValueError, TypeError):
            return f"{level}:{name}:{message}"

    def logging_members(self) -> dict[str, Any]:
        levels = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
        numbers = {number: name for name, number in levels.items()}
        root = Logger("root", self)

        def basic_config(
            level: Any = None, format: Any = None, datefmt: Any = None, style: str = "%", **ignored: Any
        ) -> None:
            if level is not None:
                root.setLevel(level)
            if type(format) is str and style == "%":
                self._log_format = format
            if type(datefmt) is str:
                self._log_dates = datefmt

        def get_level_name(level: Any) -> Any:
            found = numbers.get(level) if isinstance(level, int) else levels.get(level)
            return f"Level {level}" if found is None else found

        names = ["debug", "info", "warning", "error", "critical", "exception", "log"]
        return {
            **levels, "WARN": 30, "FATAL": 50, "NOTSET": 0, "getLevelName": get_level_name, "warn": root.warning,
            "shutdown": lambda: None, "captureWarnings": lambda on: None, "getLogger": lambda name="root": Logger(str(name), self, root),
            "basicConfig": basic_config, "disable": lambda level=50: root.setLevel(level + 1), "Logger": Logger,
            **{n: getattr(root, n) for n in names},
            **dict.fromkeys(("StreamHandler", "NullHandler", "Handler", "Formatter", "Filter"), Handler),
        }  # fmt: skip

    def contextlib_members(self) -> dict[str, Any]:
        def redirecting(name: str) -> Callable[[Any], Any]:
            @contextlib.contextmanager
            def redirect(target: Any) -> Iterator[Any]:
                before = self._streams[name]
                self._set_stream(name, target)
                try:
                    yield target
                finally:
                    self._set_stream(name, before)

            return redirect

        return {
            "redirect_stdout": redirecting("stdout"),
            "redirect_stderr": redirecting("stderr"),
            "asynccontextmanager": contextlib.contextmanager,
            "ContextDecorator": ContextDecorator,
            "AbstractContextManager": AbstractContextManager,
            "AbstractAsyncContextManager": AbstractAsyncContextManager,
        }

    def pprint_members(self) -> dict[str, Any]:
        def show(ob: Any, stream: Any = None, *args: Any, **kwargs: Any) -> None:
            text = _pprint.pformat(ob, *args, **kwargs) + "\n"
            self._to(self._streams["stdout"] if stream is None else stream, text)

        def printer(*args: Any, stream: Any = None, **kwargs: Any) -> Any:
            return Printer(
                lambda ob: show(ob, stream, *args, **kwargs), lambda ob: _pprint.pformat(ob, *args, **kwargs)
            )

        def pp(ob: Any, *args: Any, sort_dicts: bool = False, **kwargs: Any) -> None:
            show(ob, *args, sort_dicts=sort_dicts, **kwargs)

        return {"pprint": show, "pp": pp, "PrettyPrinter": printer}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"write() argument must be str, not {type(value).__name__}")
    return str.__str__(value)
