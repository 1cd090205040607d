"""A Python REPL inside the worker: its names, and what happens when a cell runs."""

from __future__ import annotations

import gc
import mmap
from collections.abc import Callable
from typing import Any

from rlm_tui.engine.sandbox.worker import aio, pools
from rlm_tui.engine.sandbox.worker.basics import builtin_names
from rlm_tui.engine.sandbox.worker.chance import Chance
from rlm_tui.engine.sandbox.worker.classes import GENERIC, Marker, UserClasses, bind_enums, bind_type
from rlm_tui.engine.sandbox.worker.clock import CellClock, Stop
from rlm_tui.engine.sandbox.worker.compiling import Refused, compile_cell
from rlm_tui.engine.sandbox.worker.facade import Facade
from rlm_tui.engine.sandbox.worker.guards import Guards
from rlm_tui.engine.sandbox.worker.manifest import Manifest
from rlm_tui.engine.sandbox.worker.modules import Modules
from rlm_tui.engine.sandbox.worker.names import is_private
from rlm_tui.engine.sandbox.worker.output import Output
from rlm_tui.engine.sandbox.worker.report import Reporter, Sources, message_of, type_name
from rlm_tui.engine.sandbox.worker.scaffold import Scaffold, SubcallError, is_deferred
from rlm_tui.engine.sandbox.worker.standins import Exit, Standins
from rlm_tui.engine.sandbox.worker.touched import Touched

ECHO_MAX = 200_000
"""Characters of the echoed value."""

_RESERVE = 6 << 20
"""Bytes of address space kept back, untouched, so that a cell that ran out of memory can still be reported."""
_FREE_NAMES = frozenset({"answer", "budget", "query"})
"""Scaffold names that a model may take for its own variable and keep."""

Ask = Callable[..., list[tuple[Any, str | None]]]


class PythonCell:
    """The namespace of one REPL. `base` makes everything that does not depend on the context, before the fork."""

    language = "python"

    def __init__(self, output: Output, seed: int = 0) -> None:
        self.output = output
        self.namespace: dict[str, Any] = {}
        self.sources = Sources()
        self.reporter = Reporter(self.sources, self.namespace)
        self.classes = UserClasses()
        bind_type(self.classes)
        self.guards = Guards(self.classes, self.namespace)
        self.standins = Standins(self.classes, self.guards, output, self.reporter.text)
        builtin = builtin_names(self.guards, self.standins, self.namespace)
        self.classes.allow_base(
            *(v for v in builtin.values() if isinstance(v, type) and issubclass(v, Exception) and v is not MemoryError)
        )
        self.modules = Modules(self.classes, self.guards, self.standins, Chance(seed), self.namespace)
        self._allow_library_bases()
        bind_enums()
        self._echo: list[Any] = []
        self.namespace.update(
            {
                "__builtins__": builtin,
                "__name__": "__main__",
                "_getattr_": self.guards.getattr,
                "_write_": self.guards.write,
                "_label_": self.guards.label,
                "_aug_attr_": self.guards.aug_attr,
                "_metaclass_": self.classes,
                "_generic_": GENERIC,
                "_import_": self.modules.import_,
                "_import_from_": self.modules.import_from,
                "_import_call_": self.modules.import_call,
                "_import_star_": self.modules.import_star,
                "_exc_": Exception,
                "_await_": aio.settle,
                "_async_": aio.defer,
                "_awith_": aio.enter,
                "_aiter_": aio.iterate,
                "_echo_": self._echo.append,
                "SubcallError": SubcallError,
            }
        )
        self._manifest = Manifest()
        self._reserve: mmap.mmap | None = None
        self._number = 0
        self.current_file = ""

    def _allow_library_bases(self) -> None:
        for module, names in (
            ("json", ("JSONEncoder", "JSONDecoder")),
            ("html.parser", ("HTMLParser",)),
            ("string", ("Template",)),
            ("enum", ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")),
            ("collections", ("ChainMap", "UserDict", "UserList")),
            ("dataclasses", ("FrozenInstanceError",)),
            (
                "contextlib",
                ("nullcontext", "ContextDecorator", "AbstractContextManager", "AbstractAsyncContextManager"),
            ),
            ("threading", ("Thread",)),
            ("csv", ("Dialect", "excel", "excel_tab", "unix_dialect")),
            ("datetime", ("tzinfo",)),
            ("types", ("SimpleNamespace",)),
            ("decimal", ("Decimal",)),
            ("fractions", ("Fraction",)),
            (
                "collections.abc",
                (
                    *(
                        "Iterable",
                        "Iterator",
                        "Mapping",
                        "Sequence",
                        "Callable",
                        "Sized",
                        "Container",
                        "Hashable",
                        "Set",
                    ),
                    *("MutableMapping", "MutableSequence", "MutableSet", "Collection", "Generator", "Reversible"),
                ),
            ),
        ):
            facade = self.modules.facades[module]
            self.classes.allow_base(*(getattr(facade, n) for n in names))

    def open(self, context: Any, query: str, names: frozenset[str], ask: Ask, ending: Callable[[], None]) -> None:
        """Put the context, the question and the helpers in place.

        `ask` sends a request to the host, `ending` is called when the code of a cell has ended.
        """
        self._ending = ending
        self.touched = Touched(context)
        self.namespace["_getitem_"] = self.touched.getitem
        self.namespace["_getslice_"] = self.touched.getslice
        self.namespace["_getiter_"] = self.touched.getiter
        self.namespace["_read_"] = self.touched.read
        self.scaffold = Scaffold(names, ask, self.variables)
        for name, helper in self.scaffold.helpers.items():
            if name.endswith("_batched"):
                single = self.scaffold.helpers.get(name.removesuffix("_batched"))
                if single is not None:
                    pools.batch_with(single, helper)
        self._fixed: dict[str, Any] = {"context": context, "query": query, **self.scaffold.helpers}
        self.namespace.update(self._fixed)
        self.namespace["answer"] = self.scaffold.answer
        self._reserve = mmap.mmap(-1, _RESERVE)

    def variables(self) -> dict[str, Any]:
        """The user's variables, without imports and the scaffold."""
        found = {}
        fixed = self._fixed
        for name, value in list(self.namespace.items()):
            if (name.startswith("_") and not is_private(name)) or name == "SubcallError":
                continue
            if name in fixed and value is fixed[name]:
                continue
            if value is self.scaffold.answer or type(value) is Facade or self._imported(value):
                continue
            found[name] = value
        return found

    def _imported(self, value: Any) -> bool:
        if type(value) in self.classes.made:
            return False
        if isinstance(value, type):
            return value not in self.classes.made
        if isinstance(value, Marker):
            return True
        return callable(value) and hasattr(value, "__name__") and not self._users_own(value)

    def _users_own(self, value: Any) -> bool:
        own = getattr(value, "__globals__", None)
        return own is self.namespace or not isinstance(value, _FUNCTIONS)

    def set_time(self, moment: float | None) -> None:
        """Let it be `moment` (seconds since the epoch) in the REPL; ``None`` is the real time."""
        if moment is None:
            self.standins.clock.shift = 0.0
        else:
            self.standins.clock.start_at(float(moment))

    def run(self, code: str, clock: CellClock, limits: dict[str, Any], look: bool = False) -> dict[str, Any]:
        """Run a cell and say what came of it, as the fields of a ``done`` frame."""
        self.scaffold.final = None
        self.scaffold.closed = False
        self.scaffold.notices = []
        self._echo.clear()
        if not look:
            self._number += 1
        filename = "<look>" if look else f"<cell {self._number}>"
        self.current_file = filename
        result: dict[str, Any] = {"status": "ok", "echo": None, "error": None}
        clock.start(float(limits["seconds"]))
        try:
            try:
                clock.run(lambda: self._execute(code, filename, result, look))
                if clock.stopped:  # an __exit__ swallowed it
                    self._stopped(result, clock.cancelled, limits)
            except Stop:
                self._stopped(result, clock.cancelled, limits)
            except MemoryError:
                self._out_of_memory(result, limits)
            except Refused as refused:
                self._refused(result, refused, code)
            except BaseException as error:
                if clock.stopped:
                    self._stopped(result, clock.cancelled, limits)
                else:
                    self._failed(clock, result, error, filename)
                error.__traceback__ = None
            self._ending()
            self._finish(clock, result, limits, look)
        finally:
            clock.stop()
        return result

    def _execute(self, code: str, filename: str, result: dict[str, Any], look: bool) -> None:
        compiled = compile_cell(code, filename)
        self.sources.add(filename, code)
        try:
            exec(compiled, self.namespace)
        except Exit as error:
            text = message_of(error)
            if text not in ("", "0"):
                self.output.write(text + "\n")
            self.scaffold.notices.append("exit() ended the cell; to give an answer call FINAL(value).")
        if self._echo and self._echo[-1] is not None:
            value = self._echo[-1]
            if is_deferred(value):
                value = value.result()  # a coroutine left over as the last expression was meant to be awaited
            if value is not None:
                result["echo"] = _cut(str.__str__(repr(value)))

    def _finish(self, clock: CellClock, result: dict[str, Any], limits: dict[str, Any], look: bool) -> None:
        self._echo.clear()
        self.standins.restore_streams()
        result["variables"] = []

        def work() -> None:
            if not look:
                self.scaffold.settle_answer(self.namespace.get("answer"))
                self.scaffold.closed = True  # a __repr__ that is shown gives no answer
                result["variables"] = self._manifest.take(self.variables(), _safely)

        clock.start(min(1.0, float(limits["seconds"])))
        try:
            clock.run(work)
        except (Stop, MemoryError):
            self.scaffold.notices.append("The list of variables could not be made in time.")
        except Exception as error:
            self.scaffold.notices.append(f"The answer could not be read: {type_name(error)}.")
        finally:
            clock.stop()
        if self._reserve is None:
            try:
                mmap.mmap(-1, 2 * _RESERVE).close()  # what is left must do for handing the result over, too
                self._reserve = mmap.mmap(-1, _RESERVE)
            except (MemoryError, OSError):
                self.scaffold.notices.append("Nearly all memory is in use: delete what is no longer needed.")
        self._note_reassigned()
        result["final"] = self.scaffold.final
        result["notices"] = self.scaffold.notices[:20]
        touched = self.touched.take()
        result["touched"] = [] if look else touched

    def begin(self) -> None:
        """Restore the scaffold before a cell. What is replaced may have a finaliser: nothing is asked of the host yet."""
        aio.forget()
        namespace = self.namespace
        for name, value in self._fixed.items():
            if name not in _FREE_NAMES or name not in namespace:
                namespace[name] = value
        if "answer" not in namespace:
            namespace["answer"] = self.scaffold.answer
        namespace["SubcallError"] = SubcallError

    def _note_reassigned(self) -> None:
        for name, value in self._fixed.items():
            if name in _FREE_NAMES:
                continue
            if self.namespace.get(name) is not value:
                self.scaffold.notices.append(
                    f"`{name}` belongs to the REPL and is restored before the next cell; keep your value under another name."
                )

    # Ends

    def _stopped(self, result: dict[str, Any], cancelled: bool, limits: dict[str, Any]) -> None:
        # Not what the exception says: the code may have got hold of its class by an __exit__ method and raised one itself.
        result["status"] = "cancelled" if cancelled else "timeout"
        if not cancelled:
            message = f"the cell computed for more than {float(limits['seconds']):g} seconds and was stopped; its names are kept"
            result["error"] = {"type": "Timeout", "message": message, "line": None, "text": f"Timeout: {message}"}
        else:
            message = "the cell was stopped; its names are kept"
            result["error"] = {"type": "Cancelled", "message": message, "line": None, "text": f"Cancelled: {message}"}

    def use_reserve(self) -> None:
        """Free the memory that was kept back."""
        if self._reserve is not None:
            self._reserve.close()
            self._reserve = None
        gc.collect()

    def _out_of_memory(self, result: dict[str, Any], limits: dict[str, Any]) -> None:
        self.use_reserve()
        message = (
            f"the cell needed more than {int(limits['memory_mb'])} MB beyond the context; "
            "work in pieces, or use a generator instead of a list"
        )
        result["status"] = "memory"
        result["error"] = {"type": "MemoryLimit", "message": message, "line": None, "text": f"MemoryError: {message}"}

    def _refused(self, result: dict[str, Any], refused: Refused, code: str) -> None:
        result["status"] = "refused"
        where = f" (line {refused.line})" if refused.line else ""
        text = f"{refused.kind}: {refused.message}{where}"
        lines = code.split("\n", refused.line or 0)[:-1] if refused.line else []
        if refused.line and len(code) < 1_000_000:
            lines = code.splitlines()
            if 0 < refused.line <= len(lines):
                text += f"\n    {lines[refused.line - 1].strip()[:300]}"
        result["error"] = {"type": refused.kind, "message": refused.message, "line": refused.line, "text": text}

    def _failed(self, clock: CellClock, result: dict[str, Any], error: BaseException, filename: str) -> None:
        result["status"] = "error"
        described = {
            "type": type_name(error),
            "message": "",
            "line": self.reporter.line_of(error, filename),
            "text": "",
        }

        def work() -> None:
            described["message"] = self.reporter.message(error)
            described["text"] = self.reporter.text(error)

        clock.start(1.0)
        try:
            clock.run(work)
        except BaseException:
            described["message"] = "<the message cannot be shown>"
        described["text"] = described["text"] or f"{described['type']}: {described['message']}"
        result["error"] = described


def _safely(make: Callable[[], str]) -> str:
    try:
        return make()
    except MemoryError:
        raise
    except Exception as error:
        return f"<its repr raises {type_name(error)}>"


def _cut(text: str) -> str:
    if len(text) <= ECHO_MAX:
        return text
    return text[: ECHO_MAX // 2] + f"… {len(text) - ECHO_MAX:,} characters not shown …" + text[-ECHO_MAX // 2 :]


_FUNCTIONS: tuple[type, ...] = (type(_cut), type(len), type([].append), type(str.join), type(CellClock.run))
