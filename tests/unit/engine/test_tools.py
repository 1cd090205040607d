"""Functions of the user's own: what can be one, how they are called, and what the log and the model learn."""

import asyncio
import enum
import functools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import pytest

from rlm_tui import events as ev
from rlm_tui.engine.control import Gate
from rlm_tui.engine.record import Record
from rlm_tui.engine.tools import Tool, ToolFailed, find_function, tool_of, tools_of
from rlm_tui.events import MemoryLog
from tests.support.engine import FakeModels, Ran, cell, play, until


def price(item: str, amount: int = 1, *, currency: Literal["EUR", "USD"] = "EUR") -> float:
    """The price of some items.

    Asks the shop.
    """
    return {"tea": 2.5, "cake": 4.0}[item] * amount * (2 if currency == "USD" else 1)


@dataclass
class Point:
    x: float
    label: str = ""


class Colour(enum.Enum):
    RED = "red"


async def playing(code: str, *functions: Callable[..., Any], **more: Any) -> Ran:
    tools = tools_of(functions)
    turns = more.pop("turns", [cell(code + "\nprint(len(context))"), cell("FINAL(got)")])
    told = {name: tool.about for name, tool in tools.items()}
    return await play(FakeModels(turns, child=more.pop("child", ())), tools=tools, config_tools=told, **more)


async def test_code_calls_a_function_of_the_user() -> None:
    ran = await playing("got = price('tea', 2) + price(item='cake', amount=1, currency='USD')\nprint(got)", price)
    assert ran.ended.outcome.value == 13.0
    calls = ran.events(ev.ToolCalled)
    assert [(c.call, c.cell, c.tool) for c in calls] == [("0:c1.f1", "0:c1", "price"), ("0:c1.f2", "0:c1", "price")]
    assert json.loads(ran.text(calls[1].arguments)) == {
        "args": [],
        "kwargs": {"item": "cake", "amount": 1, "currency": "USD"},
    }
    assert [json.loads(ran.text(r.value)) for r in ran.events(ev.ToolReturned)] == [5.0, 8.0]
    assert [n.kind for n in ran.state.notes] == ["tool"] * 4


async def test_the_model_reads_signature_and_docstring() -> None:
    ran = await playing("got = 1", price)
    system = ran.models.requests[0].messages[0].content
    assert "price(item: str, amount: int = 1, *, currency: Literal['EUR', 'USD'] = 'EUR') -> float" in system
    assert "\n    The price of some items.\n    \n    Asks the shop." in system.replace("\n\n", "\n    \n")
    ran = await play(FakeModels([cell("print(len(context))"), cell("FINAL(1)")]))
    assert "Functions given by the user" not in ran.models.requests[0].messages[0].content


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("price(7)", "the argument item is wrong: expected `str`, got `int`"),
        ("price('tea', 'two')", "the argument amount is wrong: expected `int`, got `str`"),
        ("price('tea', currency='GBP')", "the argument currency is wrong"),
        ("price()", "missing a required argument: 'item'; it is price(item: str"),
        ("price('tea', colour=1)", "unexpected keyword argument 'colour'"),
        ("price('pie')", "price raised KeyError: 'pie'"),
        ("price({1, 2})", "wants JSON values"),
    ],
)
async def test_what_goes_wrong_is_an_error_in_the_code_and_not_in_the_engine(call: str, says: str) -> None:
    ran = await playing(f"try:\n    {call}\nexcept Exception as error:\n    got = str(error)\nprint(got)", price)
    assert ran.ended.outcome.status == "completed" and says in (ran.ended.outcome.answer or "")


async def test_an_error_that_is_not_caught_shows_the_line() -> None:
    ran = await playing("x = 1\ngot = price('pie')", price)
    error = ran.events(ev.CellFinished)[1].error
    assert error is not None and error.line == 2 and "price raised KeyError: 'pie'" in error.text


async def test_arguments_become_what_the_annotations_say() -> None:
    seen: list[Any] = []

    def take(points: list[Point], day: date, colour: Colour, *rest: int, **more: float) -> dict[str, Any]:
        seen.extend([points, day, colour, rest, more])
        return {"n": len(points), "day": day, "point": points[0], "colour": colour}

    code = "got = take([{'x': 1}, {'x': 2.5, 'label': 'b'}], '2024-02-29', 'red', 4, 5, z=1)\nprint(got)"
    ran = await playing(code, take)
    assert seen == [[Point(1.0), Point(2.5, "b")], date(2024, 2, 29), Colour.RED, (4, 5), {"z": 1.0}]
    assert ran.ended.outcome.value == {"n": 2, "day": "2024-02-29", "point": {"x": 1.0}, "colour": "red"}


async def test_a_function_that_takes_too_long() -> None:
    held = threading.Event()

    def slow() -> int:
        held.wait(30)
        return 1

    async def slow_too() -> int:
        await asyncio.sleep(30)
        return 1

    code = "got = []\nfor f in (slow, slow_too):\n    try:\n        f()\n    except Exception as error:\n        got.append(str(error))"
    ran = await playing(code, slow, slow_too, tool_seconds=0.1)
    held.set()
    assert ran.ended.outcome.value == [f"{name} did not return within 0.1 seconds" for name in ("slow", "slow_too")]


async def test_time_in_a_tool_is_not_time_of_the_cell() -> None:
    def wait() -> int:
        threading.Event().wait(1.2)
        return 5

    ran = await playing("got = wait()", wait, cell_seconds=1.0)
    assert ran.ended.outcome.value == 5


async def test_what_a_tool_returns_must_be_json() -> None:
    def bad() -> object:
        return object()

    ran = await playing("try:\n    bad()\nexcept Exception as error:\n    got = str(error)", bad)
    assert "bad returned a object, which is not JSON" in (ran.ended.outcome.answer or "")


async def test_a_tool_that_leaves_by_exit_takes_nobody_with_it() -> None:
    def leave() -> None:
        raise SystemExit(3)

    ran = await playing("try:\n    leave()\nexcept Exception as error:\n    got = str(error)", leave)
    assert "SystemExit: 3" in (ran.ended.outcome.answer or "")


@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError("mine"), TimeoutError("the shop is closed")])
async def test_what_an_asynchronous_tool_raises_is_its_own_affair(error: BaseException) -> None:
    async def leave() -> None:
        raise error

    ran = await playing("try:\n    leave()\nexcept Exception as error:\n    got = str(error)", leave)
    assert f"leave raised {type(error).__name__}: {error}" in (ran.ended.outcome.answer or "")


async def test_a_cancelled_run_does_not_wait_for_its_tool() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        began.set()
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    task = asyncio.ensure_future(tool_of(wait).call((), {}, 60))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_decorator_may_hide_that_a_function_is_asynchronous() -> None:
    async def slow(n: int) -> int:
        await asyncio.sleep(0)
        return n + 1

    @functools.wraps(slow)
    def decorated(n: int) -> Any:
        return slow(n)

    ran = await playing("got = slow(1)", decorated)
    assert ran.ended.outcome.value == 2


async def test_children_have_only_the_tools_that_are_listed_for_them() -> None:
    def other(n: int) -> int:
        return n + 1

    child = [cell("print(len(context))\nprice('tea')\nother(1)"), cell("FINAL('done')")]
    turns = [cell("got = rlm_query('q', context[:100])\nprint(got, other(1))"), cell("FINAL(got)")]
    ran = await playing("", price, other, turns=turns, child=child, max_depth=2, tools_for_children=("price",))
    below = [r.messages[0].content for r in ran.models.requests if "rlm_query(" not in r.messages[0].content]
    assert "price(item" in below[0] and "other(n" not in below[0]
    assert [c.tool for c in ran.events(ev.ToolCalled) if c.node != "0"] == ["price"]
    failed = [c.error for c in ran.events(ev.CellFinished) if c.error]
    assert failed[0].type == "NameError" and "other" in failed[0].message


async def test_a_resumed_run_takes_from_the_record_what_a_tool_gave() -> None:
    called: list[int] = []

    def count() -> int:
        called.append(1)
        return len(called)

    async def operator(gate: Gate, log: MemoryLog) -> None:
        await until(log, lambda e: isinstance(e, ev.CellFinished) and e.cell == "0:c1")
        gate.cancel()

    models = FakeModels(
        [cell("a = count()\nprint(a, len(context))"), cell("b = count()\nprint(b)"), cell("FINAL([a, b])")]
    )
    tools = tools_of([count])
    told = {"count": tools["count"].about}
    first = await play(models, operator=operator, tools=tools, config_tools=told)
    assert first.ended.outcome.status == "cancelled"
    record = Record(first.log.entries, first.log.get, by_place=True)
    again = await play(models, tools=tools, config_tools=told, record=record)
    assert again.ended.outcome.value == [1, 2] and len(called) == 2


async def test_a_tool_that_is_not_here_any_more() -> None:
    code = "try:\n    gone(1)\nexcept Exception as error:\n    got = str(error)\nprint(got, len(context))"
    ran = await play(FakeModels([cell(code), cell("FINAL(got)")]), config_tools={"gone": "gone(n)"})
    assert "gone is not here in this run" in (ran.ended.outcome.answer or "")


def opaque(thing: Tool) -> None: ...


def inner(things: list[ToolFailed]) -> None: ...


def unknown(x: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821


def llm_query(prompt: str) -> str:
    return prompt


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: x, "'<lambda>'"),
        (opaque, "wants thing as"),
        (inner, "wants things as"),
        (unknown, "Nowhere"),
        (llm_query, "has that name already"),
        (len, "has that name already"),
        (7, "not int"),
    ],
)
def test_what_can_not_be_a_tool(function: Any, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        tool_of(function)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_two_of_one_name() -> None:
    with pytest.raises(ValueError, match="two tools called price"):
        tools_of([price, price])


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("json", "should be like my_tools:look_up"),
        ("no_such_module_here:f", "can't be imported: ModuleNotFoundError"),
        ("json:nothing", "has no function nothing"),
        ("json:dumps.nothing", "has no function dumps.nothing"),
    ],
)
def test_a_place_without_a_function(place: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        find_function(place)
    assert says in str(caught.value)


def test_a_place_with_one() -> None:
    assert find_function("tests.unit.engine.test_tools:price") is price or callable(find_function("json:dumps"))
    method = find_function("datetime:date.fromisoformat")
    assert method("2024-02-29") == date(2024, 2, 29)
