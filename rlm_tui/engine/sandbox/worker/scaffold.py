"""The names that engine contract §2 promises: requests to models, ways to finish, and a look at one's variables."""

from __future__ import annotations

import ast
import builtins
import json
import math
import re
import types
from collections.abc import Callable, Iterable
from typing import Any

from rlm_tui.engine.sandbox.worker.aio import Deferred, settle
from rlm_tui.engine.sandbox.worker.facade import Facade
from rlm_tui.engine.sandbox.worker.manifest import preview, size_of

PROMPT_MAX = 8_000_000
"""Characters of one prompt, and of the context that goes with it as text."""

BATCH_MAX = 1_000
"""Prompts of one batch."""

MODEL_MAX = 500
ANSWER_MAX = 8_000_000
VALUES_MAX = 500_000
"""Values of one JSON value: the host reads them one by one."""

_JSON_DEPTH = 100
_LONGEST_EXPRESSION = 200

SINGLE = {"llm_query": "llm_query", "rlm_query": "rlm_query", "recursive_llm": "rlm_query"}
BATCHED = {"llm_query_batched": "llm_query_batched", "rlm_query_batched": "rlm_query_batched"}


class SubcallError(Exception):
    """A request to a model that failed.

    `llm_query` raises it; in a batch it stands in the failed slot: falsy, and as text it starts with ``[ERROR]``.
    """

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return "[ERROR] " + super().__str__()

    def __repr__(self) -> str:
        return f"SubcallError({super().__str__()!r})"

    def __len__(self) -> int:
        return len(str(self))

    def __contains__(self, part: Any) -> bool:
        return part in str(self)

    def __getitem__(self, key: Any) -> str:
        return str(self)[key]

    def __add__(self, other: str) -> str:
        return str(self) + other

    def __radd__(self, other: str) -> str:
        return other + str(self)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __getattr__(self, name: str) -> Any:
        # A batch is often handled as a list of texts; the methods of text work on a failed slot, too.
        if name.startswith("_") or name in ("format", "format_map"):
            raise AttributeError(f"'SubcallError' object has no attribute {name!r}")
        return getattr(str(self), name)


class NotJson(TypeError):
    """A value that is not JSON."""


def to_json(value: Any, depth: int = 0, room: list[int] | None = None) -> Any:
    """`value` as plain JSON: exact types only, copied; `NotJson` for anything else. `room` counts the values down."""
    kind = type(value)
    room = [VALUES_MAX] if room is None else room
    room[0] -= 1
    if room[0] < 0:
        raise NotJson(f"more than {VALUES_MAX:,} values")
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        if -(1 << 63) <= value < 1 << 63:
            return value
        raise NotJson("an integer of more than 64 bits")
    if kind is float:
        if math.isfinite(value):
            return value
        raise NotJson("a number that is not finite")
    if depth > _JSON_DEPTH:
        raise NotJson("nested too deeply")
    if kind is list or kind is tuple:
        return [to_json(item, depth + 1, room) for item in value]
    if kind is dict:
        out = {}
        for key, item in value.items():
            if type(key) is not str:
                raise NotJson(f"a key of type {type(key).__name__}")
            out[key] = to_json(item, depth + 1, room)
        return out
    raise NotJson(f"a value of type {kind.__name__}")


class Answer(dict[str, Any]):
    """``answer``: the first flip of ``ready`` captures ``content``."""

    def __init__(self, flipped: Callable[[Any], None]) -> None:
        super().__init__(content=None, ready=False)
        self._flipped = flipped

    def __setitem__(self, key: str, value: Any) -> None:
        was = bool(self.get("ready"))
        super().__setitem__(key, value)
        if key == "ready" and value and not was and self.get("content") is not None:
            self._flipped(self["content"])

    def update(self, *others: Any, **more: Any) -> None:
        changes = dict(*others, **more)
        for key in sorted(changes, key=lambda k: k == "ready"):
            self[key] = changes[key]


Answer.__name__ = Answer.__qualname__ = "dict"

SubcallError.__module__ = "builtins"  # its repr names no module of ours
_NO_ANSWERS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, Facade)
_ITERATORS = (types.GeneratorType, map, filter, zip, enumerate, reversed)


class Scaffold:
    """The helpers of one REPL. `ask` sends a request to the host and gives its slots; `names` says which exist."""

    def __init__(
        self,
        names: frozenset[str],
        ask: Callable[..., list[tuple[Any, str | None]]],
        variables: Callable[[], dict[str, Any]],
    ) -> None:
        self._ask = ask
        self._variables = variables
        self.final: dict[str, Any] | None = None
        self.closed = False
        self.notices: list[str] = []
        self.answer = Answer(lambda content: self.finish("answer", content))
        self.helpers: dict[str, Callable[..., Any]] = {
            "FINAL": self._final_function(),
            "FINAL_VAR": self._final_var_function(),
            "SUBMIT": self._submit_function(),
            "SHOW_VARS": self._show_vars_function(),
        }
        for name, request in SINGLE.items():
            if request in names or name in names:
                self.helpers[name] = self._single(name, request)
        for name in BATCHED:
            if name in names:
                self.helpers[name] = self._batched(name)
        for name in sorted(names):
            if name.startswith("tool:"):
                self.helpers[name.removeprefix("tool:")] = self._tool(name.removeprefix("tool:"))
        if "budget" in names:
            self.helpers["budget"] = self._budget_function()

    # Requests

    def _prompt(self, who: str, value: Any) -> str:
        value = settle(value)
        if isinstance(value, str):
            text = str.__str__(value)
        else:
            hint = f"; for several prompts use {who}_batched" if isinstance(value, (list, tuple)) else ""
            raise TypeError(f"{who}() wants a prompt as str, not {type(value).__name__}{hint}")
        if len(text) > PROMPT_MAX:
            raise ValueError(f"the prompt is {len(text):,} characters long; at most {PROMPT_MAX:,} are possible")
        return text

    def _context(self, who: str, request: str, value: Any, room: list[int] | None = None) -> Any:
        value = settle(value)
        if value is None:
            return None
        if isinstance(value, str):
            value = str.__str__(value)
        elif request.startswith("llm"):
            value = _as_text(value)
        else:
            if isinstance(value, (tuple, set, frozenset)) or type(value) not in (list, dict):
                value = list(value) if isinstance(value, (list, tuple, set, frozenset)) else value
                value = dict(value) if isinstance(value, dict) else value
            try:
                value = to_json(value, room=room)
            except NotJson as error:
                raise TypeError(f"{who}() wants a context of text, lists and dicts; it holds {error}") from None
            if type(value) not in (str, list, dict):
                raise TypeError(f"{who}() wants a context as str, list or dict, not {type(value).__name__}")
        if type(value) is str and len(value) > 4 * PROMPT_MAX:
            raise ValueError(
                f"the context is {len(value):,} characters long; at most {4 * PROMPT_MAX:,} can be handed over"
            )
        return value

    @staticmethod
    def _options(who: str, model: Any, schema: Any) -> dict[str, Any]:
        if model is not None and not isinstance(model, str):
            raise TypeError(f"{who}() wants model as str, not {type(model).__name__}")
        if model is not None and len(str.__str__(model)) > MODEL_MAX:
            raise ValueError(f"{who}() wants the name of a model, which has at most {MODEL_MAX} characters")
        if schema is not None:
            try:
                schema = to_json(schema)
            except NotJson as error:
                raise TypeError(f"{who}() wants schema as a JSON schema dict; it holds {error}") from None
            if type(schema) is not dict:
                raise TypeError(f"{who}() wants schema as a JSON schema dict, not {type(schema).__name__}")
        return {"model": None if model is None else str.__str__(model), "schema": schema}

    def _single(self, who: str, request: str) -> Callable[..., Any]:
        def call(prompt: Any, context: Any = None, model: Any = None, schema: Any = None) -> Any:
            asked = self._prompt(who, prompt)
            given = self._context(who, request, context)
            value, error = self._ask(request, [asked], [given], **self._options(who, model, schema))[0]
            if error is not None:
                raise SubcallError(error)
            return value

        what = "one sub-call with its own context" if request == "rlm_query" else "one call of a model"
        return _named(call, who, f"{what}: the reply as str, or parsed JSON when a schema is given")

    def _batched(self, who: str) -> Callable[..., Any]:
        single = who.removesuffix("_batched")

        def call(prompts: Any, contexts: Any = None, model: Any = None, schema: Any = None) -> list[Any]:
            if isinstance(prompts, str) or not isinstance(prompts, Iterable):
                raise TypeError(f"{who}() wants a list of prompts, not {type(prompts).__name__}; for one use {single}")
            pairs: list[tuple[Any, Any]] = [(settle(p), None) for p in prompts]
            if contexts is not None:
                given = [contexts] * len(pairs) if isinstance(contexts, str) else list(contexts)
                if len(given) != len(pairs):
                    raise ValueError(f"{who}() got {len(pairs)} prompts but {len(given)} contexts")
                pairs = [(p, c) for (p, _), c in zip(pairs, given, strict=True)]
            if len(pairs) > BATCH_MAX:
                raise ValueError(f"{who}() takes at most {BATCH_MAX:,} prompts at once, not {len(pairs):,}")
            asked, texts, room = [], [], [VALUES_MAX]
            for p, c in pairs:
                if c is None and isinstance(p, tuple) and len(p) == 2:
                    p, c = p  # (prompt, context) pairs, as other dialects have them
                asked.append(self._prompt(single, p))
                texts.append(self._context(single, who, c, room))
            if not asked:
                return []
            slots = self._ask(who, asked, texts, **self._options(who, model, schema))
            return [value if error is None else SubcallError(error) for value, error in slots]

        return _named(call, who, "many calls at once: one result a prompt, in order; a failed one is falsy")

    def _tool(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                given = to_json([settle(value) for value in args])
                named = to_json({key: settle(value) for key, value in kwargs.items()})
            except NotJson as wrong:
                raise TypeError(f"{name}() wants JSON values: text, numbers, lists, dicts; got {wrong}") from None
            value, error = self._ask("tool", [], [], model=None, schema=None, tool=name, args=given, kwargs=named)[0]
            if error is not None:
                raise RuntimeError(error)
            return value

        return _named(call, name, "a function of the user's own, called outside of the REPL")

    def _budget_function(self) -> Callable[..., Any]:
        def call() -> Any:
            value, error = self._ask("budget", [], [], model=None, schema=None)[0]
            if error is not None:
                raise SubcallError(error)
            return value

        return _named(call, "budget", "what is left: calls, tokens, USD, seconds, turns")

    # Finishing

    def finish(self, source: str, value: Any) -> None:
        """Record the first answer of the cell."""
        value = settle(value)
        if self.closed:
            return
        if value is self.answer:
            value = value.get("content")
            if value is None:
                raise ValueError(f"{source}() got `answer`, whose content is not set yet")
        if isinstance(value, _NO_ANSWERS):
            kind = "a module" if isinstance(value, Facade) else "a class" if isinstance(value, type) else "a function"
            raise TypeError(f"{source}() wants the answer itself, and got {kind}; call it, or pass the value you mean")
        if isinstance(value, _ITERATORS):
            raise TypeError(
                f"{source}() wants the answer itself, and got what has yet to be gone through; pass list(…) of it"
            )
        if isinstance(value, re.Match):
            raise TypeError(
                f"{source}() wants the answer itself, and got a match; pass its group() or what you made of it"
            )
        if isinstance(value, SubcallError):
            raise TypeError(f"{source}() wants an answer, and got a sub-call that failed: {value}")
        if self.final is not None:
            self.notices.append(
                f"{source} was called again in the same cell and ignored: the first answer, by {self.final['source']}, counts."
            )
            return
        text = str.__str__(value if isinstance(value, str) else str(value))
        if len(text) > ANSWER_MAX:
            raise ValueError(f"the answer is {len(text):,} characters long; at most {ANSWER_MAX:,} are possible")
        try:
            plain = to_json(value)
        except NotJson:
            plain = None
        self.final = {"source": source, "text": text, "value": plain}

    def settle_answer(self, current: Any) -> None:
        """After the cell: an ``answer`` that was flipped in a way that `Answer` did not see."""
        if self.final is None and isinstance(current, dict):
            ready, content = dict.get(current, "ready"), dict.get(current, "content")
            if ready and content is not None and (current is not self.answer or not self._taken()):
                self.finish("answer", content)
            elif ready is True and content is None:
                self.notices.append(
                    "answer['ready'] is set, but answer['content'] is still None: set the content, too."
                )
        if isinstance(current, dict) and current is self.answer and dict.get(current, "ready"):
            dict.__setitem__(self.answer, "ready", False)

    def _taken(self) -> bool:
        return self.final is not None and self.final["source"] == "answer"

    def _final_function(self) -> Callable[..., Any]:
        def FINAL(*values: Any, **named: Any) -> None:
            self.finish("FINAL", _one("FINAL", values, named))

        return _named(FINAL, "FINAL", "records the answer; the cell runs to its end")

    def _submit_function(self) -> Callable[..., Any]:
        def SUBMIT(*values: Any, **named: Any) -> None:
            self.finish("SUBMIT", _one("SUBMIT", values, named))

        return _named(SUBMIT, "SUBMIT", "records the answer; the cell runs to its end")

    def _final_var_function(self) -> Callable[..., Any]:
        def FINAL_VAR(name_or_value: Any) -> None:
            given = settle(name_or_value)
            if isinstance(given, str):
                variables = self._variables()
                name = str.__str__(given).strip().strip("\"'`").strip()
                if name == "answer" and name not in variables:
                    given = self.answer
                elif name in variables:
                    given = variables[name]
                elif name.isidentifier() and not any(value is name_or_value for value in variables.values()):
                    have = ", ".join(variables) or "none yet"
                    raise NameError(f"FINAL_VAR: there is no variable {name!r}; your variables: {have}")
                elif _is_expression(name, variables) and not any(
                    value is name_or_value for value in variables.values()
                ):
                    raise NameError(
                        f"FINAL_VAR takes the name of a variable; to give what {name} is, call FINAL({name})"
                    )
            self.finish("FINAL_VAR", given)

        return _named(FINAL_VAR, "FINAL_VAR", "records the value of a variable as the answer")

    def _show_vars_function(self) -> Callable[..., Any]:
        def SHOW_VARS() -> Any:
            found = {}
            for name, value in self._variables().items():
                size = size_of(value)
                found[name] = type(value).__name__ + (f" of {size:,}" if size is not None else f" {preview(value, 60)}")
            return found

        return _named(SHOW_VARS, "SHOW_VARS", "your variables: name, type, size")


def _one(who: str, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if not values and not named:
        raise TypeError(f"{who}() needs the answer: {who}(value)")
    if named:
        if not values and len(named) == 1:
            return next(iter(named.values()))
        return {**{str(n): v for n, v in enumerate(values)}, **named}
    return values[0] if len(values) == 1 else list(values)


def _is_expression(text: str, variables: Iterable[str]) -> bool:
    """Whether `text` is no answer but Python about the user's variables, such as ``hits[0]`` or ``n + 1``."""
    if len(text) > _LONGEST_EXPRESSION:
        return False
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return not names.isdisjoint(variables) and names <= {*variables, *dir(builtins)}


def _as_text(value: Any) -> str:
    try:
        return json.dumps(to_json(value), ensure_ascii=False)
    except NotJson:
        return str.__str__(str(value))


def _named(function: Callable[..., Any], name: str, text: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


def is_deferred(value: Any) -> bool:
    """Whether `value` is a coroutine that was not awaited."""
    return type(value) is Deferred and not value.done()
