"""Ways through the walls that worked once, and may not work again; and what a hostile cell may at most do to its REPL."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Any

import pytest

from rlm_tui.engine.sandbox.base import HostCall, Slot
from rlm_tui.engine.sandbox.repl import WorkerRepl
from tests.unit.sandbox.conftest import Bench
from tests.unit.sandbox.test_protocol import CALL, DONE, Impostor, changed, impostor, raw

__all__ = ["impostor"]

PRELUDE = "def got(what):\n    print('GOT', what)\n"
WITH_TRACE = """
class C:
    def __enter__(self): pass
    def __exit__(self, kind, error, trace):
        global K, E, T
        K, E, T = kind, error, trace
        return True
with C(): 1 / 0
"""

BREACHES: dict[str, str] = {
    "a dataclass reads a field called format": """
from dataclasses import dataclass, field, asdict
@dataclass
class A:
    format: int = field(init=False)
class S(str, A):
    def __init__(self, *a): pass
got(asdict(S('{0.__globals__}'))['format'](print))
""",
    "a dataclass matches a field called format": """
from dataclasses import dataclass
@dataclass
class A:
    format: int
class S(str, A):
    def __init__(self, *a): pass
match S('{0.__globals__}'):
    case A(f): got(f(print))
""",
    "a dataclass field is called __class__": """
from dataclasses import dataclass
import re
A = dataclass(type('A', (), {'__annotations__': {'__class__': 'x'}}))
got(type(A(type(re))) is type(re))
""",
    "a dataclass field is called __getattribute__": """
from dataclasses import dataclass, asdict
A = dataclass(type('A', (), {'__annotations__': {'__getattribute__': 'x'}, '__init__': lambda self: None}))
got(asdict(A()))
""",
    "an Enum by call with __match_args__": """
from enum import Enum
X = Enum('X', {'A': '{0.__globals__}', '__match_args__': ('format',)}, type=str)
match X.A:
    case X(f): got(f(print))
""",
    "an Enum by call with __getattribute__": """
from enum import Enum
X = Enum('X', {'A': 1, '__getattribute__': lambda self, n: got(n)})
X.A.foo
""",
    "an Enum by call over a class of ours": "from enum import Enum\nimport re\ngot(Enum('X', {'A': 1}, type=type(re)))",
    "an Enum of a dict that lies": """
from enum import Enum
class Evil(dict):
    _member_names = {}
    _last_values = []
    def items(self): return [('__getattribute__', lambda s, n: got(n)), ('__module__', 'm')]
object.__new__(type('X', (Enum,), Evil())).foo
""",
    "a class of a dict that lies": """
class Evil(dict):
    n = 0
    def pop(self, *a): return ()
    def keys(self):
        Evil.n += 1
        return ['x'] if Evil.n < 2 else ['__getattribute__']
    def __iter__(self): return iter(self.keys())
    def __getitem__(self, k): return lambda s, n: got(n)
type('A', (), Evil())().foo
""",
    "a subclass of Enum by call": """
from enum import Enum
class B(Enum):
    pass
got(B('X', {'A': 1, '__del__': lambda self: got('deleted')}))
""",
    "the descriptor of a frame": WITH_TRACE + "got(type(T).tb_frame)",
    "the descriptor of a generator": "got(type(x for x in [1]).gi_frame)",
    "the descriptor of a function's code": "got(type(print).__code__)",
    "pickling through super": "class A:\n    def __reduce__(self): return super().__reduce__()\ngot(A().__reduce__())",
    "state set through super": """
class A(Exception):
    def __setstate__(self, state): return super().__setstate__(state)
a = A()
a.__setstate__({'__class__': SubcallError})
got(type(a))
""",
    "a library's table by comparison": """
import html.entities
class E:
    def __eq__(self, other):
        got(type(other)) if other is not html.entities.html5 else None
        return True
html.entities.html5 == E()
html.entities.html5.clear()
import html
assert html.unescape('&amp;') == '&'
1 / 0
""",
    "registering with a library's base class": """
import collections.abc
collections.abc.Sequence.register(int)
got(isinstance(1, collections.abc.Sequence))
""",
    "the maker of traces": WITH_TRACE + "got(E.__traceback__.__class__.of)",
    "a qualified name that is no plain text": """
class S(str):
    def __str__(self):
        while True: pass
got(type('E', (Exception,), {'__qualname__': S('E')}))
""",
}


@pytest.mark.parametrize("code", BREACHES.values(), ids=BREACHES)
async def test_this_way_is_closed(bench: Bench, repl: WorkerRepl, code: str) -> None:
    await bench.ok(repl, PRELUDE)
    result = await bench.run(repl, code)
    assert "GOT" not in result.output, result.output[:300]
    assert result.status in ("error", "refused")
    assert not result.lost
    assert (await bench.ok(repl, "1 + 1")).echo == "2"


async def test_an_enumeration_by_call_works(bench: Bench, repl: WorkerRepl) -> None:
    await bench.ok(
        repl, "from enum import Enum, Flag, IntEnum\nC = Enum('C', 'RED GREEN')\nD = IntEnum('D', [('A', 3)])"
    )
    await bench.ok(repl, "F = Flag('F', ['R', 'W'])\nE = Enum('E', {'x': 'a'}, type=str)")
    result = await bench.ok(
        repl, "C.GREEN.value, [c.name for c in C], D.A + 1, (F.R | F.W).value, E.x == 'a', C['RED'].name"
    )
    assert result.echo == "(2, ['RED', 'GREEN'], 4, 3, True, 'RED')"


async def test_what_is_made_by_call_names_no_module_of_ours(bench: Bench, repl: WorkerRepl) -> None:
    code = """
from collections import namedtuple
from enum import Enum
repr([type('A', (), {})(), namedtuple('P', 'x'), Enum('E', 'A'), SubcallError, type('X', (Enum,), {'A': 1}).A])
"""
    assert "rlm_tui" not in ((await bench.ok(repl, code)).echo or "")


# Finishing and asking


@pytest.mark.parametrize("helper", ["llm_query", "FINAL", "print", "re", "int", "lambda: 1", "len", "[].append"])
@pytest.mark.parametrize("finish", ["FINAL", "FINAL_VAR", "SUBMIT"])
async def test_a_function_is_no_answer(bench: Bench, repl: WorkerRepl, finish: str, helper: str) -> None:
    text = await bench.fails(repl, f"import re\n{finish}({helper})")
    assert "wants the answer itself" in text


async def test_the_answer_dict_stands_for_its_content(bench: Bench, repl: WorkerRepl) -> None:
    assert "not set yet" in await bench.fails(repl, "FINAL_VAR('answer')")
    for call in ("FINAL_VAR('answer')", "FINAL_VAR(answer)", "FINAL(answer)"):
        result = await bench.ok(repl, f"answer['content'] = 'text'\n{call}")
        assert result.final is not None and result.final.text == "text"


async def test_showing_a_variable_neither_answers_nor_asks(bench: Bench, repl: WorkerRepl) -> None:
    code = "class R:\n    def __repr__(self):\n        FINAL('sneaky')\n        return str(llm_query('money'))\nr = R()"
    for cell in (code, "1 + 1"):
        result = await bench.ok(repl, cell)
        assert result.final is None
        assert "r" in {v.name for v in result.variables}
    assert bench.host.calls == []


async def test_an_endless_finaliser_of_a_replaced_helper_costs_no_names(bench: Bench) -> None:
    repl = await bench.open(seconds=2.0)
    await bench.ok(
        repl, "def g():\n    try: yield 1\n    finally:\n        while True: pass\ncontext = g()\nnext(context)\nk = 1"
    )
    assert (await bench.ok(repl, "k, type(context).__name__")).echo == "(1, 'str')"


async def test_a_flood_of_looks_at_the_budget_costs_no_names(bench: Bench) -> None:
    repl = await bench.open(seconds=20.0)
    text = await bench.fails(repl, "n = 5\nwhile True: budget()")
    assert "at most 5,000 times" in text
    assert (await bench.ok(repl, "n")).echo == "5"


@pytest.mark.parametrize("value", ["[0] * 3_000_000", "[[0] * 400_000] * 30", "{str(i): i for i in range(600_000)}"])
async def test_a_value_of_too_many_parts_is_refused_and_costs_no_names(bench: Bench, value: str) -> None:
    repl = await bench.open(seconds=20.0, memory_mb=512)
    assert "more than 500,000 values" in await bench.fails(repl, f"n = 5\nrlm_query('x', context={value})")
    assert (await bench.ok(repl, "n")).echo == "5"


async def test_answers_stay_with_their_questions_at_the_limit_of_recursion(bench: Bench, repl: WorkerRepl) -> None:
    code = """
wrong = []
def f(n, p):
    return llm_query(p) if n == 0 else f(n - 1, p)
for n in range(900, 1000):
    for p in (f'p{n}',):
        try:
            r = f(n, p)
            if r != 're:' + p: wrong.append((n, r))
        except RecursionError:
            pass
        if llm_query('again') != 're:again': wrong.append(n)
wrong
"""
    assert (await bench.ok(repl, code)).echo == "[]"
    assert (await bench.ok(repl, "llm_query('last')")).echo == "'re:last'"


async def test_answers_stay_with_their_questions_when_memory_is_short(bench: Bench) -> None:
    repl = await bench.open(seconds=20.0, memory_mb=64)
    plain = bench.host.call

    async def long(request: HostCall) -> Any:
        return [Slot(value="x" * 20_000_000)] if request.prompts[0] == "long" else await plain(request)

    bench.host.call = long  # type: ignore[method-assign]
    result = await bench.run(repl, "kept = []\nwhile True: kept.append(llm_query('long') + 'y')")
    assert result.status == "memory", result.error
    assert (await bench.ok(repl, "kept = None\nllm_query('short')")).echo == "'re:short'"


# A worker that has been taken over


async def test_a_flood_of_frames_ends_in_time_and_holds_nothing_up(impostor: Impostor) -> None:
    gaps: list[float] = []

    async def watch() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    watcher = asyncio.create_task(watch())
    flood = raw({"t": "out", "text": "x"}) * 20_000
    result = await impostor.plays(*[flood] * 100)
    watcher.cancel()
    assert result.lost
    assert result.seconds < 3.0
    assert max(gaps) < 0.5


async def test_output_without_text_is_hostile(impostor: Impostor) -> None:
    result = await impostor.plays(*[{"t": "out", "text": ""}] * 1_000)
    assert (result.status, result.lost) == ("died", True)


async def test_announced_arrays_cost_nothing(impostor: Impostor) -> None:
    body = b"\x81\xa1t" + (b"\xdd" + struct.pack(">I", 2_000_000)) * 500
    started = time.monotonic()
    result = await impostor.plays(struct.pack("<I", len(body)) + body)
    assert result.lost
    assert time.monotonic() - started < 1.0


async def test_a_frame_of_many_small_values_is_refused_quickly(impostor: Impostor) -> None:
    many = changed(DONE, final={"source": "FINAL", "text": "x", "value": [[0] * 400_000] * 10})
    started = time.monotonic()
    result = await impostor.plays(many)
    assert (result.status, result.lost) == ("died", True)
    assert time.monotonic() - started < 2.0


async def test_a_stray_reply_ends_no_worker(bench: Bench, repl: WorkerRepl) -> None:
    assert repl._worker is not None
    await repl._worker.channel.send({"t": "reply", "id": 99, "slots": []})
    assert (await bench.ok(repl, "llm_query('a')")).echo == "'re:a'"
    assert CALL["t"] == "call"


# Limits


STOP = WITH_TRACE.replace("1 / 0", "\n    while True: pass")


async def test_code_cannot_say_that_it_was_cancelled(bench: Bench) -> None:
    repl = await bench.open(seconds=0.3)
    result = await bench.run(repl, f"{STOP}\nraise K('cancelled')")
    assert (result.status, result.lost) == ("timeout", False)


FULL = {
    "copies of itself": "x = {}\nwhile True: x[len(x)] = dict(x)",
    "a deque in place": "import collections\nx = collections.deque([0] * 1000)\nx *= 10 ** 10",
    "small texts": "x = []\ni = 0\nwhile True:\n    i += 1\n    x.append(str(i))",
}


@pytest.mark.parametrize("code", FULL.values(), ids=FULL)
async def test_memory_filled_to_the_brim_costs_no_names(bench: Bench, code: str) -> None:
    repl = await bench.open(seconds=20.0, memory_mb=64)
    await bench.ok(repl, "kept = 'kept'")
    result = await bench.run(repl, code)
    assert (result.status, result.lost) == ("memory", False), result.error
    assert (await bench.ok(repl, "x = None\nkept")).echo == "'kept'"


async def test_a_model_with_an_endless_name_is_refused(bench: Bench, repl: WorkerRepl) -> None:
    assert "at most 500 characters" in await bench.fails(repl, "llm_query('x', model='m' * 501)")
    assert bench.host.calls == []
