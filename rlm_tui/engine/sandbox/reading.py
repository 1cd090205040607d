"""From a worker's frame to the engine's values: exact types, bounded sizes, and nothing else.

A worker whose code has broken out of the language wall can send anything. `Hostile` means that it did, and that it must
be killed; a value that is merely too long is cut.
"""

from __future__ import annotations

import math
from typing import Any

from rlm_tui.engine.sandbox.base import CellResult, Final, HostCall, Json, Slot
from rlm_tui.events import CellError, Span, Variable

STATUSES = frozenset({"ok", "error", "refused", "timeout", "memory", "cancelled"})
SOURCES = frozenset({"FINAL", "FINAL_VAR", "SUBMIT", "answer"})
PROMPTS_MAX = 1_000
PROMPT_MAX = 8_000_000
CONTEXT_MAX = 32_000_000
FINAL_MAX = 8_000_000
VARIABLES_MAX = 500
SPANS_MAX = 20_000
VALUES_MAX = 500_000
"""Values of all JSON in one frame: each is looked at."""

_DEPTH = 110


class Hostile(Exception):
    """A frame that no honest worker sends."""


def text(value: Any, limit: int, what: str) -> str:
    """`value` as a str of at most `limit` characters (longer: hostile)."""
    if type(value) is not str or len(value) > limit:
        raise Hostile(f"{what} is not a text of at most {limit:,} characters")
    return value


def cut(value: Any, limit: int, what: str) -> str:
    """`value` as a str, cut to `limit` characters."""
    if type(value) is not str:
        raise Hostile(f"{what} is not a text")
    return value[:limit]


def number(value: Any, what: str, most: int = 1 << 53) -> int:
    """`value` as an int from 0 to `most`."""
    if type(value) is not int or not 0 <= value <= most:
        raise Hostile(f"{what} is not a number from 0 to {most}")
    return value


def json_value(value: Any, what: str, depth: int = 0, room: list[int] | None = None) -> Json:
    """`value`, when it is JSON of exact types and few enough values; `room` counts them down over several calls."""
    kind = type(value)
    room = [VALUES_MAX] if room is None else room
    room[0] -= 1
    if room[0] < 0:
        raise Hostile(f"{what} holds more than {VALUES_MAX:,} values")
    if value is None or kind in (bool, str, int):
        return value
    if kind is float:
        if not math.isfinite(value):
            raise Hostile(f"{what} holds a number that is not finite")
        return value
    if depth > _DEPTH:
        raise Hostile(f"{what} is nested too deeply")
    if kind is list:
        for item in value:
            json_value(item, what, depth + 1, room)
        return value
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise Hostile(f"{what} has a key that is not a text")
            json_value(item, what, depth + 1, room)
        return value
    raise Hostile(f"{what} holds something else than JSON")


def host_call(frame: dict[str, Any], names: frozenset[str]) -> HostCall:
    """The request in a ``call`` frame."""
    name = text(frame.get("name"), 40, "the name of a request")
    if name == "tool":
        return _tool_call(frame, names)
    if name not in names or name.startswith("tool:"):
        raise Hostile("a request that does not exist here")
    prompts, contexts = frame.get("prompts"), frame.get("contexts")
    if type(prompts) is not list or type(contexts) is not list or len(prompts) != len(contexts):
        raise Hostile("prompts and contexts are not lists of one length")
    if (
        len(prompts) > PROMPTS_MAX
        or (name == "budget") != (not prompts)
        or (not name.endswith("_batched") and len(prompts) > 1)
    ):
        raise Hostile("a request with a wrong number of prompts")
    for one in prompts:
        text(one, PROMPT_MAX, "a prompt")
    room = [VALUES_MAX]
    for one in contexts:
        if type(one) is str or (one is not None and name.startswith("llm")):
            text(one, CONTEXT_MAX, "a context")
        elif one is not None and type(one) not in (list, dict):
            raise Hostile("a context that is no text, list or dict")
        else:
            json_value(one, "a context", room=room)
    model, schema, line = frame.get("model"), frame.get("schema"), frame.get("line")
    if model is not None:
        text(model, 500, "a model's name")
    if schema is not None:
        if type(schema) is not dict:
            raise Hostile("a schema that is no dict")
        json_value(schema, "a schema")
    if line is not None:
        number(line, "a line", 1 << 31)
    return HostCall(name=name, prompts=prompts, contexts=contexts, model=model, schema=schema, line=line)


def _tool_call(frame: dict[str, Any], names: frozenset[str]) -> HostCall:
    tool, args, kwargs, line = (frame.get(key) for key in ("tool", "args", "kwargs", "line"))
    if f"tool:{text(tool, 200, 'the name of a tool')}" not in names:
        raise Hostile("a tool that does not exist here")
    if type(args) is not list or type(kwargs) is not dict:
        raise Hostile("arguments that are no list and no dict")
    json_value(args, "an argument")
    json_value(kwargs, "an argument")
    if line is not None:
        number(line, "a line", 1 << 31)
    return HostCall(name="tool", line=line, tool=str(tool), args=args, kwargs=kwargs)


def reply(slots: list[Slot]) -> list[list[Any]]:
    """Slots as the ``reply`` frame carries them; an error becomes one line."""
    out: list[list[Any]] = []
    for slot in slots:
        if slot.error is None:
            out.append([slot.value, None])
        else:
            out.append([None, " ".join(slot.error.split())[:1_000] or "the call failed"])
    return out


def result(frame: dict[str, Any], output: str, documents: int) -> CellResult:
    """The outcome in a ``done`` frame. `output` is what was streamed before it."""
    status = text(frame.get("status"), 20, "a status")
    if status not in STATUSES:
        raise Hostile("a status that does not exist")
    tail = cut(frame.get("tail"), 10_000_000, "the end of the output")
    omitted = number(frame.get("omitted"), "the omitted characters", 1 << 62)
    if omitted:
        output += f"\n… {omitted:,} characters not shown …\n"
    echo = frame.get("echo")
    return CellResult(
        status=status,
        output=output + tail,
        echo=None if echo is None else cut(echo, 300_000, "an echo"),
        error=_error(frame.get("error")),
        final=_final(frame.get("final")),
        variables=_variables(frame.get("variables")),
        touched=_spans(frame.get("touched"), documents),
        notices=_notices(frame.get("notices")),
    )


def _error(value: Any) -> CellError | None:
    if value is None:
        return None
    if type(value) is not dict:
        raise Hostile("an error that is no map")
    line = value.get("line")
    return CellError(
        type=cut(value.get("type"), 200, "an error's type"),
        message=cut(value.get("message"), 10_000, "an error's message"),
        line=None if line is None else number(line, "a line", 1 << 31),
        text=cut(value.get("text"), 50_000, "an error's report"),
    )


def _final(value: Any) -> Final | None:
    if value is None:
        return None
    if type(value) is not dict:
        raise Hostile("an answer that is no map")
    source = text(value.get("source"), 20, "an answer's source")
    if source not in SOURCES:
        raise Hostile("an answer from nowhere")
    return Final(source, text(value.get("text"), FINAL_MAX, "an answer"), json_value(value.get("value"), "an answer"))


def _variables(value: Any) -> tuple[Variable, ...]:
    if type(value) is not list or len(value) > VARIABLES_MAX:
        raise Hostile("a list of variables that is none")
    found = []
    for one in value:
        if type(one) is not list or len(one) != 5:
            raise Hostile("a variable of another shape")
        name, kind, size, preview, changed = one
        if changed not in ("", "new", "changed"):
            raise Hostile("a variable of another shape")
        found.append(
            Variable(
                name=text(name, 200, "a name"),
                type=text(kind, 100, "a type's name"),
                size=None if size is None else number(size, "a size", 1 << 62),
                preview=cut(preview, 200, "a preview"),
                changed=str(changed),
            )
        )
    return tuple(found)


def _spans(value: Any, documents: int) -> tuple[Span, ...]:
    if type(value) is not list or len(value) > SPANS_MAX:
        raise Hostile("a list of spans that is none")
    found = []
    for one in value:
        if type(one) is not list or len(one) != 3:
            raise Hostile("a span of another shape")
        document, start, end = (number(n, "a position", 1 << 40) for n in one)
        if start > end or document >= max(documents, 1):
            raise Hostile("a span outside the documents")
        found.append(Span(document, start, end))
    return tuple(found)


def _notices(value: Any) -> tuple[str, ...]:
    if type(value) is not list or len(value) > 100:
        raise Hostile("a list of notices that is none")
    return tuple(cut(one, 1_000, "a notice") for one in value)
