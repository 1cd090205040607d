"""From everything that REPL code starts with, follow every attribute, item and call that the guards allow: no capability
is found, and what the interpreter reads by itself is what the guard would have given."""

from __future__ import annotations

import builtins
import collections
import contextlib
import io
import os
import re
import sys
import types
from typing import Any

import pytest

from rlm_tui.engine.sandbox.worker import names
from rlm_tui.engine.sandbox.worker.cell import PythonCell
from rlm_tui.engine.sandbox.worker.compiling import compile_cell
from rlm_tui.engine.sandbox.worker.facade import Facade, members
from rlm_tui.engine.sandbox.worker.output import Output

CAPABILITIES = {
    id(ob): name
    for name, ob in {
        "eval": eval, "exec": exec, "open": open, "io.open": io.open, "compile": compile, "__import__": __import__,
        "getattr": getattr, "setattr": setattr, "delattr": delattr, "vars": vars, "globals": globals, "locals": locals,
        "type": type, "dir": dir, "input": input, "breakpoint": breakpoint, "memoryview": memoryview, "print": print,
        "sys.modules": sys.modules, "builtins": builtins.__dict__, "os.environ": os.environ, "sys.path": sys.path,
        "types.CodeType": types.CodeType, "types.ModuleType": types.ModuleType, "types.FrameType": types.FrameType,
        "object.__getattribute__": object.__getattribute__,
    }.items()
}  # fmt: skip
FORBIDDEN = (types.ModuleType, types.CodeType, types.FrameType, types.TracebackType, types.CellType, io.IOBase)
HARMLESS = (io.StringIO, io.BytesIO)
SAMPLES = """
class A:
    x = 1
    def f(self): return 1
    @property
    def p(self): return 2
class E(Exception): pass
from enum import Enum
class Colour(Enum):
    RED = 1
from dataclasses import dataclass
@dataclass
class D:
    n: int = 0
from typing import NamedTuple
class T(NamedTuple):
    a: int
def gen(): yield 1
async def coro(): return 1
import re, json, csv, io, datetime, collections, itertools, functools, difflib, string, decimal, statistics, contextlib
import xml.etree.ElementTree as ET, html.parser, random, uuid, logging, asyncio, queue, types, pprint, textwrap, sys, threading
import concurrent.futures
try:
    1 / 0
except Exception as e:
    caught = e
try:
    json.nothing
except Exception as e:
    missing = e
class Keep:
    def __enter__(self): return self
    def __exit__(self, t, e, tb):
        self.trace = tb
        return True
with Keep() as kept:
    1 / 0
@functools.lru_cache
def cached(): pass
@functools.singledispatch
def dispatch(x): pass
samples = [A, A(), A().f, A.f, E("x"), Colour, Colour.RED, D(), T(1), T, gen, gen(), coro, coro(), caught, missing, kept.trace,
    re.compile("(a)"), re.match("a", "a"), json.JSONDecoder(), json.JSONEncoder(), csv.DictReader(["a", "1"]), csv.Sniffer(),
    csv.reader([]), csv.writer(io.StringIO()), io.StringIO("x"), io.BytesIO(b"x"), datetime.datetime.now(), datetime.timedelta(1),
    datetime.timezone.utc, collections.Counter("a"), collections.ChainMap({}), collections.deque(), collections.OrderedDict(),
    itertools.count(), functools.partial(print), cached, dispatch, difflib.SequenceMatcher(None, "a", "b"), difflib.Differ(),
    string.Template("$a"), decimal.Decimal(1), decimal.getcontext(), statistics.NormalDist(), contextlib.ExitStack(),
    contextlib.suppress(), ET.fromstring("<a/>"), html.parser.HTMLParser(), random.Random(1), uuid.uuid4(),
    logging.getLogger("a"), asyncio.Semaphore(1), asyncio.get_event_loop(), asyncio.gather(), queue.Queue(),
    types.SimpleNamespace(a=1), types.MappingProxyType({}), pprint.PrettyPrinter(), textwrap.TextWrapper(), sys.stdout,
    concurrent.futures.ThreadPoolExecutor(), threading.Thread(), answer, llm_query, FINAL, super(A, A()), property(A.f),
    staticmethod(gen), classmethod(gen), "a".format, str.format, globals(), range(3), zip(), enumerate([]), map(str, []),
    slice(1), {}.keys(), {}.items(), reversed([1]), iter([]), (1).__add__, "".join, list[int], int | None, NotImplemented, ...]
"""


@pytest.fixture(scope="module")
def cell() -> PythonCell:
    cell = PythonCell(Output(lambda text: None))
    cell.open(
        "some text",
        "a question",
        frozenset({"llm_query", "llm_query_batched", "budget"}),
        lambda *a, **k: [("", None)],
        lambda: None,
    )
    exec(compile_cell(SAMPLES, "<cell 1>"), cell.namespace)
    return cell


def _children(cell: PythonCell, path: str, ob: Any) -> list[tuple[str, Any]]:
    wanted = set(members(ob)) if type(ob) is Facade else set()
    with contextlib.suppress(Exception):
        wanted |= {n for n in dir(ob) if type(n) is str}
    wanted |= names.MAGIC_METHODS | {
        "__class__",
        "__dict__",
        "__doc__",
        "__mro__",
        "__bases__",
        "__self__",
        "__func__",
        "__wrapped__",
    }
    found = []
    for name in sorted(wanted):
        try:
            found.append((f"{path}.{name}", cell.guards.getattr(ob, name)))
        except (
            AttributeError,
            TypeError,
            ValueError,
            RuntimeError,
            LookupError,
            NotImplementedError,
            ArithmeticError,
            OSError,
        ):
            continue
    if type(ob) in (list, tuple, set, frozenset, dict, collections.OrderedDict) and len(ob) < 300:
        items = ob.items() if isinstance(ob, dict) else enumerate(ob)
        found += [(f"{path}[{key!r}]", value) for key, value in items]
    return found


def _identity(ob: Any) -> Any:
    methods = (
        types.BuiltinFunctionType, types.MethodType, types.MethodWrapperType, types.MethodDescriptorType,
        types.WrapperDescriptorType, types.ClassMethodDescriptorType,
    )  # fmt: skip
    if type(ob) in methods:
        return (type(ob), getattr(ob, "__qualname__", ""), type(getattr(ob, "__self__", None)))
    return id(ob)


def _reach(cell: PythonCell) -> dict[Any, tuple[str, Any]]:
    builtin = {k: v for k, v in cell.namespace["__builtins__"].items() if k not in ("__import__", "__build_class__")}
    roots = [(k, v) for k, v in builtin.items()]
    roots += [(f"import {k}", v) for k, v in cell.modules.facades.items()]
    roots += list(cell.guards.visible(cell.namespace).items())
    seen: dict[Any, tuple[str, Any]] = {}
    queue = collections.deque(roots)
    while queue:
        path, ob = queue.popleft()
        key = _identity(ob)
        if key in seen or (type(ob) in (str, int, float, bool, bytes, type(None)) and path.count(".") > 2):
            continue
        seen[key] = (path, ob)
        if isinstance(ob, FORBIDDEN) and not isinstance(ob, HARMLESS):
            continue
        if path.count(".") < 6:
            queue.extend(_children(cell, path, ob))
    return seen


@pytest.fixture(scope="module")
def reached(cell: PythonCell) -> dict[Any, tuple[str, Any]]:
    return _reach(cell)


def test_no_capability_is_reachable(reached: dict[Any, tuple[str, Any]]) -> None:
    assert len(reached) > 1_500
    held = {"sample traceback", *(p for p, o in reached.values() if isinstance(o, types.TracebackType))}
    bad = [(path, CAPABILITIES[id(ob)]) for path, ob in reached.values() if id(ob) in CAPABILITIES]
    bad += [
        (path, type(ob).__name__) for path, ob in reached.values()
        if isinstance(ob, FORBIDDEN) and not isinstance(ob, HARMLESS) and path not in held
    ]  # fmt: skip
    assert bad == []


def test_nothing_can_be_read_from_a_traceback(cell: PythonCell) -> None:
    trace = next(s for s in cell.namespace["samples"] if isinstance(s, types.TracebackType))
    readable = {p.rpartition(".")[2] for p, v in _children(cell, "tb", trace) if not callable(v) and v is not None}
    assert readable <= {"__class__", "__doc__", "__module__"}


def test_what_the_interpreter_reads_by_itself_is_what_the_guard_gives(
    cell: PythonCell, reached: dict[Any, tuple[str, Any]]
) -> None:
    for path, ob in reached.values():
        for name in names.NATIVE:
            try:
                value = getattr(ob, name)
            except Exception:
                continue
            guarded = cell.guards.getattr(ob, name)
            assert guarded == value or type(guarded) is type(value), (path, name)


def test_no_container_of_ours_can_be_changed(reached: dict[Any, tuple[str, Any]]) -> None:
    """Item assignment is not guarded, because no mutable container that is not the user's own is within reach."""
    mutable = (dict, list, set, bytearray, collections.deque)
    allowed = re.compile(
        r"^(samples|answer|globals|context|query|.*\bargv\b|.*getcontext|.*\.(flags|traps|_flags|_traps)\b"
        r"|.*\.groupindex$|.*\.unicode_whitespace_trans$"  # a fresh dict each time; a table of one helper
        r"|import html\.entities\.\w+$)"  # copies of the library's tables
    )
    ours = [
        path for path, ob in reached.values()
        if type(ob) in mutable and path.startswith("import ") and not allowed.match(path) and not path.endswith("__dict__")
    ]  # fmt: skip
    fresh = [p for p in ours if not re.search(r"\.(__(annotations|members|dict)__|_field_defaults)$", p)]
    assert fresh == [], fresh
