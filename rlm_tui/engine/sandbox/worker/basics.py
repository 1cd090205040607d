"""The built-in names of the REPL."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from rlm_tui.engine.sandbox.worker import aio
from rlm_tui.engine.sandbox.worker.classes import SafeType
from rlm_tui.engine.sandbox.worker.guards import Guards
from rlm_tui.engine.sandbox.worker.names import is_private
from rlm_tui.engine.sandbox.worker.standins import Exit, Standins

_AS_THEY_ARE = [
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "complex",
    "dict",
    "divmod",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "hash",
    "hex",
    "id",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "map",
    "max",
    "min",
    "next",
    "object",
    "oct",
    "ord",
    "pow",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "slice",
    "sorted",
    "str",
    "sum",
    "tuple",
    "zip",
    "property",
    "staticmethod",
    "classmethod",
    "super",
    "NotImplemented",
    "Ellipsis",
    "None",
    "True",
    "False",
    "__build_class__",
    "__debug__",
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "EncodingWarning",
    "EnvironmentError",
    "Exception",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    "PythonFinalizationError",
]

_REFUSED = {
    "open": "there are no files here: the input is in `context`, results stay in variables",
    "input": "there is nobody to ask here: ask a model with llm_query(prompt)",
    "eval": "use json.loads(text) or ast.literal_eval(text), or write the expression directly",
    "exec": "write the code directly in a cell",
    "compile": "write the code directly in a cell (for patterns: re.compile)",
    "breakpoint": "print what you want to see",
    "memoryview": "use slices of bytes",
}

_FOR_C_CODE = frozenset(
    ["_strptime", "time", "datetime", "_datetime", "locale", "calendar", "_io", "io", "unicodedata", "re", "_pylong"]
)


class Interrupted(Exception):
    """A plain exception under the name of ``KeyboardInterrupt``, which nothing raises here."""


Interrupted.__name__ = Interrupted.__qualname__ = "KeyboardInterrupt"


class GeneratorExit_(Exception):
    """A plain exception under the name of ``GeneratorExit``."""


GeneratorExit_.__name__ = GeneratorExit_.__qualname__ = "GeneratorExit"


def _refusal(name: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"{name}() is not available here; {instead}")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


def _import_for_c(name: str, *rest: Any) -> Any:
    """``__import__`` for C code of the standard library, which looks it up through the calling frame's built-ins
    (``datetime.strptime`` does, and ``pattern.sub`` with a template). REPL code cannot name it, and its import
    statements do not come here.
    """
    if name in _FOR_C_CODE and name in sys.modules:
        return sys.modules[name]
    raise ImportError(f"import of {name!r} is not available here")


class Globals(dict[str, Any]):
    """What ``globals()`` gives: the user's variables; assignments to it arrive in the REPL."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        super().__init__(Guards.visible(namespace))
        self._set = namespace.__setitem__
        self._delete = namespace.__delitem__

    def __setitem__(self, name: str, value: Any) -> None:
        _writable(name)
        super().__setitem__(name, value)
        self._set(name, value)

    def __delitem__(self, name: str) -> None:
        _writable(name)
        super().__delitem__(name)
        self._delete(name)

    def pop(self, name: str, *default: Any) -> Any:
        if name not in self:
            return super().pop(name, *default)
        value = self[name]
        del self[name]
        return value

    def update(self, *others: Any, **more: Any) -> None:
        for name, value in dict(*others, **more).items():
            self[name] = value

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]


Globals.__name__ = Globals.__qualname__ = "dict"


def _writable(name: Any) -> None:
    if type(name) is not str or (name.startswith("_") and not is_private(name)):
        raise KeyError(f"{name!r} is not available in this REPL")


def builtin_names(guards: Guards, standins: Standins, namespace: dict[str, Any]) -> dict[str, Any]:
    """The dictionary of built-ins: CPython puts the real one in when there is none."""
    found: dict[str, Any] = {n: getattr(builtins, n) for n in _AS_THEY_ARE if hasattr(builtins, n)}
    found["__import__"] = _import_for_c
    found.update({name: _refusal(name, instead) for name, instead in _REFUSED.items()})

    def print(*args: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False) -> None:
        standins.print(*args, sep=sep, end=end, file=file, flush=flush)

    def getattr_(ob: Any, name: Any, /, *default: Any) -> Any:
        return guards.builtin_getattr(ob, name, *default)

    def hasattr_(ob: Any, name: Any, /) -> bool:
        return guards.builtin_hasattr(ob, name)

    def setattr_(ob: Any, name: Any, value: Any, /) -> None:
        guards.setattr(ob, name, value)

    def delattr_(ob: Any, name: Any, /) -> None:
        guards.delattr(ob, name)

    def dir_(*ob: Any) -> list[str]:
        return guards.builtin_dir(*ob)

    def vars_(*ob: Any) -> dict[str, Any]:
        return guards.builtin_vars(*ob)

    def locals_() -> dict[str, Any]:
        return guards.builtin_locals()

    def globals_() -> dict[str, Any]:
        return Globals(namespace)

    def help_(ob: Any = None) -> None:
        text = guards.getattr(ob, "__doc__", None)
        name = guards.getattr(ob, "__name__", None)
        title = name if type(name) is str else type(ob).__name__
        standins.emit(f"{title}\n{text or 'no documentation'}\n")

    for function, name in (
        (getattr_, "getattr"), (hasattr_, "hasattr"), (setattr_, "setattr"), (delattr_, "delattr"), (dir_, "dir"),
        (vars_, "vars"), (locals_, "locals"), (globals_, "globals"), (help_, "help"),
    ):  # fmt: skip
        function.__name__ = function.__qualname__ = name
        found[name] = function
    found.update(
        print=print,
        aiter=aio.iterate,
        anext=aio.advance,
        type=SafeType,
        exit=standins.exit,
        quit=standins.exit,
        BaseException=Exception,
        SystemExit=Exit,
        KeyboardInterrupt=Interrupted,
        GeneratorExit=GeneratorExit_,
    )
    return found
