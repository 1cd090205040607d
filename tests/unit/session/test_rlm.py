"""The Python interface, as the README shows it."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from rlm_tui import RLM, Limits, RLMError
from rlm_tui import events as ev
from rlm_tui.config.settings import SettingsError
from rlm_tui.engine.control import Gate
from rlm_tui.engine.providers.base import ProviderError
from rlm_tui.store import Catalog, StoreReader
from tests.support.ctrl_c import heeding_ctrl_c
from tests.support.engine import FakeModels, cell

TEXT = "a line\n" * 50
TURNS = [cell("n = len(context.splitlines())\nprint(n)"), cell("FINAL(n)")]


def rlm(turns: Any = TURNS, **options: Any) -> RLM:
    return RLM("any", provider=FakeModels(turns), **{"store": False, **options})


def test_a_completion_prints_as_its_answer() -> None:
    result = rlm().completion(query="How many lines?", context=TEXT)
    assert str(result) == "50" and result.value == 50 and result.status == "completed"
    assert result.usage.calls == 2 == result.by_kind["turn"].calls == result.by_node["0"].calls
    assert rlm().complete("How many?", TEXT).answer == "50"


def test_a_session_is_saved_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    result = rlm(store=path).completion("How many?", TEXT)
    with StoreReader(path) as reader:
        assert isinstance(reader.entries(result.session_id)[-1].event, ev.SessionEnded)


async def test_inside_a_running_loop_both_ways_work() -> None:
    assert (await rlm().acompletion("How many?", TEXT)).answer == "50"
    assert (await rlm().acomplete("How many?", TEXT)).answer == "50"
    assert rlm().completion("How many?", TEXT).answer == "50"


async def test_inside_a_callback_of_a_running_loop() -> None:
    answered = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: answered.set_result(rlm().completion("q", TEXT).answer))
    assert await answered == "50"


def test_a_failure_raises_with_the_result_or_is_returned() -> None:
    refused = [ProviderError("auth", "The key was refused.")]
    with pytest.raises(RLMError, match="The key was refused") as caught:
        rlm(refused).completion("q", TEXT)
    assert caught.value.result is not None and caught.value.result.session_id
    assert rlm(refused).try_completion("q", TEXT).error == "The key was refused."


def test_a_partial_answer_is_an_answer() -> None:
    result = rlm(max_calls=2).completion("q", TEXT)
    assert (result.status, result.limit, result.answer) == ("partial", "calls", "forced answer")


def test_an_unknown_model_is_one_sentence() -> None:
    result = RLM("no-such-model-anywhere", store=False).try_completion("q", TEXT)
    assert result.status == "failed" and "no-such-model-anywhere" in (result.error or "")


class Count(BaseModel):
    n: int
    unit: str = "lines"


def test_a_pydantic_model_types_the_answer() -> None:
    result = rlm([TURNS[0], cell("FINAL('fifty')"), cell("FINAL({'n': n})")], schema=Count).completion("q", TEXT)
    assert result.value == Count(n=50)


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a JSON schema"):
        RLM("any", schema={"type": 7})


@pytest.mark.parametrize(("query", "context", "error"), [(" ", "x", ValueError), ("q", 7, TypeError)])
def test_bad_input(query: str, context: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        rlm().completion(query, context)


def test_limits_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        RLM("any", max_calls=0)


def test_an_option_that_no_model_can_get() -> None:
    with pytest.raises(ValueError, match="on_event"):
        RLM("any", on_event=print)


def test_callbacks_get_the_events_they_asked_for() -> None:
    seen: list[ev.Event] = []
    everything: list[ev.Event] = []
    rlm().on("call.finished", seen.append).on("*", everything.append).completion("q", TEXT)
    assert {type(e) for e in seen} == {ev.CallFinished} and len(seen) == 2
    assert isinstance(everything[0], ev.SessionStarted) and isinstance(everything[-1], ev.SessionEnded)


async def test_a_stream_of_events_ends_with_a_result() -> None:
    stream = rlm().stream("q", TEXT)
    kinds = [ev.kind_of(event) async for event in stream]
    assert kinds[0] == "session.started" and kinds[-1] == "session.ended"
    assert stream.result is not None and stream.result.answer == "50"


async def test_a_stream_that_is_left_early_cancels_the_run() -> None:
    models = FakeModels(TURNS, delay=30)
    stream = RLM("any", provider=models, store=False).stream("q", TEXT)
    async for event in stream:
        if isinstance(event, ev.AttemptStarted):
            break
    await asyncio.wait_for(stream.aclose(), 10)
    assert models.active == 0


async def test_who_cancels_a_run_hears_of_it_as_a_cancellation(tmp_path: Path) -> None:
    slow = RLM("any", provider=FakeModels(TURNS, delay=30), store=tmp_path / "s.db")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await slow.atry_completion("q", TEXT)
    with StoreReader(tmp_path / "s.db") as reader:
        assert [row.status for row in Catalog(reader).list()] == ["cancelled"]


async def test_a_run_that_its_gate_cancels_has_a_result() -> None:
    gate = Gate()
    slow = RLM("any", provider=FakeModels(TURNS, delay=30), store=False)
    slow.on("attempt.started", lambda event: gate.cancel())
    assert (await slow.atry_completion("q", TEXT, gate=gate)).status == "cancelled"


@pytest.mark.parametrize(
    ("body", "raised"),
    [
        ("ask()", "KeyboardInterrupt"),
        ("asyncio.new_event_loop().run_until_complete(in_a_loop())", "KeyboardInterrupt"),
        ("asyncio.run(in_a_loop())", "CancelledError"),
    ],
    ids=["script", "notebook", "running loop"],
)
def test_ctrl_c_ends_the_run_and_the_program_that_asked(body: str, raised: str, tmp_path: Path) -> None:
    """In a notebook a loop is running, and the run is in another thread, where ctrl+c did not find it."""
    program = Path(tmp_path / "program.py")
    program.write_text(ASKS.format(body=body))
    command = [sys.executable, str(program), str(tmp_path / "s.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=heeding_ctrl_c)
    assert done.stdout == f"{raised} ['MainThread']\n", done.stderr
    with StoreReader(tmp_path / "s.db") as reader:
        assert [row.status for row in Catalog(reader).list()] == ["cancelled"]


ASKS = """
import asyncio, signal, sys, threading
from rlm_tui import RLM

class Slow:
    async def complete(self, request):
        signal.raise_signal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else strike()
        await asyncio.sleep(60)

def strike():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

def ask():
    try:
        RLM("mine", provider=Slow(), store=sys.argv[1]).completion("q", "text " * 100)
    except BaseException as error:
        print(type(error).__name__, [thread.name for thread in threading.enumerate()])

async def in_a_loop():
    ask()

signal.signal(signal.SIGINT, signal.default_int_handler)
{body}
"""


def test_further_keywords_go_to_the_provider() -> None:
    models = FakeModels(TURNS)
    RLM("any", provider=models, store=False, temperature=0.5, top_p=0.9).completion("q", TEXT)
    assert models.requests[0].temperature == 0.5 and models.requests[0].options == {"top_p": 0.9}


def look_up(name: str) -> int:
    """The number that stands next to a name."""
    return {"Anna": 7}[name]


def test_tools_are_functions() -> None:
    models = FakeModels([cell("n = look_up('Anna')\nprint(n, len(context))"), cell("FINAL(n)")])
    result = RLM("any", provider=models, store=False, tools=[look_up]).completion("q", TEXT)
    assert result.value == 7
    assert "look_up(name: str) -> int\n    The number that stands" in models.requests[0].messages[0].content


@pytest.mark.parametrize(
    ("options", "says"),
    [({"tools": [len]}, "has that name already"), ({"tools_for_children": ["x"]}, "no tool x")],
)
def test_tools_that_make_no_sense(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        RLM("any", **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_calls": 1}, "leaves none to look with"),
        ({"max_tokens": 100}, "is too low"),
        ({"config": {"models_at": {4: "small"}}}, "for depth 4"),
    ],
)
def test_limits_that_contradict_a_run(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        RLM("any", **options)


class OneMethod:
    """A provider with the one method that it must have."""

    def __init__(self, turns: list[str]) -> None:
        self.turns = turns
        self.heard: list[str] = []

    async def complete(self, request: Any, on_text: Any) -> str:
        self.heard.append(request.messages[-1].content)
        if request.messages[0].role != "system":
            return '{"lines": 3}'
        return self.turns[sum(m.role == "assistant" for m in request.messages)]


def test_a_provider_with_one_method_answers() -> None:
    result = RLM("mine", provider=OneMethod(TURNS), store=False).completion("How many lines?", TEXT)
    assert result.answer == "50" and result.usage.unpriced == 2 and result.usage.estimated
    with pytest.raises(ValueError, match="a provider needs a coroutine method complete"):
        RLM("mine", provider=object())  # type: ignore[arg-type]


def test_a_wrong_argument_is_called_by_its_own_name() -> None:
    for wrong, says in (
        ({"max_cost_usd": -1}, "max_cost_usd: should be a number of at least 0, not -1."),
        ({"max_iterations": 0}, "max_iterations: should be a whole number of at least 1, not 0."),
        ({"recursive_model": ""}, "recursive_model: should be a text that is not empty, not ''."),
        ({"max_depth": 99}, "max_depth: should be a whole number of at most 16, not 99."),
    ):
        with pytest.raises(SettingsError) as caught:
            rlm(**wrong)
        assert str(caught.value) == says


class Lines(BaseModel):
    lines: int

    @field_validator("lines")
    @classmethod
    def even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("should be even")
        return value


def test_a_typed_answer_is_json_and_what_its_schema_cannot_say_is_checked_too() -> None:
    provider = OneMethod([TURNS[0], cell("FINAL({'lines': 51})"), cell("FINAL({'lines': n, 'note': None})")])
    result = RLM("mine", provider=provider, schema=Lines, store=False).completion("How many?", TEXT)
    assert result.value == Lines(lines=50)
    assert result.answer == '{"lines": 50, "note": null}'
    assert "The answer is not accepted: lines: Value error, should be even" in provider.heard[-1]


def test_a_typed_answer_at_a_limit_is_asked_for_as_such() -> None:
    provider = OneMethod([TURNS[0]] * 9)
    schema = {"type": "object", "required": ["lines"]}
    result = RLM("mine", provider=provider, schema=schema, store=False, max_calls=3).completion("How many?", TEXT)
    assert (result.status, result.value, result.answer) == ("partial", {"lines": 3}, '{"lines": 3}')
    assert '"required": ["lines"]' in provider.heard[-1]
    even = RLM("mine", provider=OneMethod([TURNS[0]] * 9), schema=Lines, store=False, max_calls=3)
    assert even.completion("How many?", TEXT).value == {"lines": 3}, "what does not fit is left as it is"


def test_a_provider_of_ones_own_answers_for_every_model(tmp_path: Path) -> None:
    provider = OneMethod(
        [cell("a = llm_query(context[:9], model='another')\nprint(a)"), cell("FINAL(a)"), cell("FINAL(2)")]
    )
    path = tmp_path / "s.db"
    first = RLM("mine", provider=provider, store=path).completion("How many lines?", TEXT)
    assert first.answer == '{"lines": 3}' and set(first.by_model) == {"mine", "another"}
    # The session's models are those that it had, whatever the model of the RLM that asks again.
    assert RLM("other", provider=provider, store=path).session(first.session_id).ask("Again?").answer == "2"


def test_an_error_is_not_said_to_come_from_another() -> None:
    with pytest.raises(ValueError) as caught:
        rlm().completion("", TEXT)
    assert caught.value.__context__ is None


def test_other_fields_of_the_configuration_are_checked() -> None:
    given = rlm(max_calls=9, config={"call_seconds": 30, "output_tokens": 9000, "limits": Limits(turns=4)}).config
    assert (given.call_seconds, given.limits) == (30.0, Limits(calls=9, output_tokens=9000, turns=4))
    assert rlm(config={"limits": {"usd": 2}}).config.limits.usd == 2.0
    for wrong, says in (
        ({"call_secs": 1}, "config: there is no setting 'call_secs'; did you mean call_seconds?"),
        ({"limits": {"turns": "many"}}, "config: limits.turns should be a whole number, not 'many'"),
        ({"limits": 3}, "config: limits should be a mapping or a Limits, not int"),
    ):
        with pytest.raises(ValueError) as caught:
            rlm(config=wrong)
        assert str(caught.value) == says


def test_a_validator_that_breaks_down_is_named_and_not_our_mistake(tmp_path: Path) -> None:
    def raises(value: Any) -> str | None:
        raise KeyError("lines")

    said = rlm(validator=raises).try_completion("How many?", TEXT)
    assert said.status == "failed" and (said.error or "").startswith(
        "the validator raised KeyError: 'lines'; it should"
    )
    said = rlm(validator=lambda value: False).try_completion("How many?", TEXT)  # type: ignore[arg-type,return-value]
    assert (said.error or "").startswith("the validator returned False; it should")


@pytest.mark.parametrize("ref", ["#/$defs/Nowhere", "http://127.0.0.1:9/schema.json"])
def test_a_schema_with_a_part_that_is_not_there_is_refused_before_anything_is_paid(ref: str) -> None:
    with pytest.raises(ValueError, match=r"the schema refers to .*, which is not in it"):
        rlm(schema={"type": "object", "properties": {"a": {"$ref": ref}}})
    whole = {"$defs": {"A": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/A"}}}
    assert rlm(schema=whole).config.answer_schema == whole


@pytest.mark.parametrize("keep", [False, True])
def test_a_callback_that_raises_harms_nothing(tmp_path: Path, keep: bool) -> None:
    heard: list[str] = []

    def breaks(event: ev.Event) -> None:
        heard.append(ev.kind_of(event))
        raise ZeroDivisionError("division by zero")

    asked = rlm(store=tmp_path / "s.db" if keep else False).on("cell.finished", breaks)
    told: list[ev.Event] = []
    asked.on("cell.finished", told.append)
    with pytest.warns(
        RuntimeWarning, match=r"the callback for cell\.finished raised ZeroDivisionError: division by zero"
    ):
        assert asked.completion("How many?", TEXT).answer == "50"
    assert heard == ["cell.finished"] and len(told) == 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_cost": 0.5}, "there is no argument max_cost; did you mean max_cost_usd?"),
        ({"max_iteration": 3}, "there is no argument max_iteration; did you mean max_iterations?"),
        ({"base_url": "http://x"}, "there is no argument base_url; did you mean api_base?"),
        (
            {"concurrency": 99},
            "concurrency is a setting of the run, no option of a model; give it as config={'concurrency': …}",
        ),
        ({"validator": 5}, "validator: should be a function, not int"),
        ({"store": True}, "store: should be a path, or False to keep nothing, not True"),
        ({"api_key": 5}, "api_key: should be a text, not int"),
        ({"config": 5}, "config: should be a mapping of settings, not int"),
        ({"temperature": "hot"}, "config: temperature should be a number or none, not 'hot'"),
        ({"tools": len}, "tools should be a list of functions, as in tools=[look_up], not builtin_function_or_method"),
    ],
)
def test_arguments_of_the_wrong_name_or_kind(options: dict[str, Any], says: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        rlm(**options)
    assert str(caught.value) == says


def test_a_budget_too_small_for_the_price_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"the limit of \$0\.001 is too low for gpt-4o: one turn and the answer can cost \$"
    ):
        RLM("gpt-4o", api_key="sk-none", max_cost_usd=0.001)
    RLM("gpt-4o", api_key="sk-none", max_cost_usd=1.0)
    # One that nobody knows is told of when the model is asked.
    RLM("mine", api_base="http://127.0.0.1:9", max_cost_usd=0.001)


def test_options_that_only_look_alike_go_to_the_provider() -> None:
    options = {"max_completion_tokens": 9, "top_p": 0.5, "max_retries": 1, "tool_choice": "none", "seed": 1}
    assert rlm(**options).config.model_options == options


def test_a_context_that_no_model_can_get() -> None:
    with pytest.raises(TypeError, match="the context may hold texts and other JSON values only"):
        rlm().completion("q", [{1, 2}])


def test_what_cannot_be_meant_is_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"there is no event 'call\.finish'; did you mean call\.finished\?"):
        rlm().on("call.finish", print)
    with pytest.raises(TypeError, match="the question must be a str, not int"):
        rlm().completion(5, TEXT)  # type: ignore[arg-type]
    for wrong, says in (
        ({"max_calls": "3"}, "max_calls: should be a whole number greater than 0, not '3'"),
        ({"max_tokens": 2.5}, "max_tokens: should be a whole number greater than 0, not 2.5"),
        ({"timeout": float("nan")}, "timeout: should be a finite number greater than 0, not nan"),
    ):
        with pytest.raises(ValueError) as caught:
            rlm(**wrong)
        assert str(caught.value) == says
