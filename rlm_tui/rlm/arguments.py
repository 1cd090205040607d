"""What the arguments of `RLM` mean to the engine: schemas, types, validators, settings."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from rlm_tui.events import Limits, RunConfig

_ARGUMENTS = {"sub_model": "recursive_model", "max_cost": "max_cost_usd", "max_turns": "max_iterations"}
_OTHER_NAMES = _ARGUMENTS | {"max_seconds": "timeout", "base_url": "api_base", "tool": "tools"}
_NAMES = (
    "recursive_model",
    "provider",
    "api_base",
    "api_key",
    "max_depth",
    "max_iterations",
    "max_cost_usd",
    "max_tokens",
    "max_calls",
    "timeout",
    "schema",
    "validator",
    "tools_for_children",
)
"""Arguments of `RLM` that no option of a provider is like."""
_SETTINGS = frozenset(RunConfig.__struct_fields__ + Limits.__struct_fields__)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise `TypeError` for an option that was surely meant as an argument or a setting: a limit must not get lost."""
    for name in options:
        near = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.85)
        if meant := _OTHER_NAMES.get(name, near[0] if near else None):
            raise TypeError(f"there is no argument {name}; did you mean {meant}?")
        if name in _SETTINGS:
            raise TypeError(f"{name} is a setting of the run, no option of a model; give it as config={{{name!r}: …}}")


def as_argument(said: str) -> str:
    """What is said about a setting of the command line, about the argument that it is here."""
    place, _, rest = said.partition(": ")
    if place != "command line":
        return said
    name, colon, what = rest.partition(":")
    return f"{_ARGUMENTS.get(name, name)}{colon}{what}"


def positive(name: str, value: Any, kind: type[int] | type[float]) -> Any:
    """`value`, a limit, if it is ``None`` or a number of `kind` above 0. Raises `ValueError`."""
    fits = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if value is None or (fits and value > 0 and math.isfinite(value)):
        return value
    what = "whole number" if kind is int else "finite number"
    raise ValueError(f"{name}: should be a {what} greater than 0, not {value!r}")


def known_kind(kind: str) -> None:
    """Raise `ValueError` if there is no `kind` of event (``*`` is any)."""
    from rlm_tui.events.codec import KINDS

    if kind != "*" and kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are *, {', '.join(sorted(KINDS))}"
        raise ValueError(f"there is no event {kind!r}; {hint}")


def check_question(query: Any) -> None:
    """Raise `TypeError` or `ValueError` if `query` is no question."""
    if not isinstance(query, str):
        raise TypeError(f"the question must be a str, not {type(query).__name__}")
    if not query.strip():
        raise ValueError("the question is empty: pass it as `query`")


def changed(config: RunConfig, given: Mapping[str, Any]) -> RunConfig:
    """`config` with the fields of `RunConfig` and `Limits` that are `given`. Raises `ValueError` with one sentence.

    ``limits`` may be a mapping as well, or a `Limits`, of which those count that differ from the defaults.
    """
    from rlm_tui.session.again import AgainError
    from rlm_tui.session.changes import LIMITS, change_config

    if not isinstance(given, Mapping):
        raise ValueError(f"config: should be a mapping of settings, not {type(given).__name__}")
    changes = dict(given)
    limits = changes.pop("limits", {})
    if isinstance(limits, Limits):
        usual = Limits()
        limits = {
            name: value for name, value in msgspec.structs.asdict(limits).items() if value != getattr(usual, name)
        }
    if not isinstance(limits, Mapping):
        raise ValueError(f"config: limits should be a mapping or a Limits, not {type(limits).__name__}")
    try:
        return change_config(config, changes | {LIMITS + name: value for name, value in limits.items()})
    except AgainError as error:
        raise ValueError(f"config: {error}") from None


def is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def schema_of(schema: Any) -> tuple[Any, dict[str, Any] | None]:
    """A Pydantic model (or ``None``) and the JSON schema that it or the user's own schema stands for."""
    from rlm_tui.engine.answers import check_schema

    if schema is None:
        return None, None
    if isinstance(schema, type) and hasattr(schema, "model_json_schema"):
        return schema, schema.model_json_schema()
    check_schema(schema)
    return None, dict(schema)


def unlike(kind: Any, value: Any) -> str | None:
    """What makes `value` no instance of the Pydantic model `kind`, beyond what its JSON schema can say."""
    try:
        kind.model_validate(value)
    except ValueError as error:
        said = [(one["loc"], one["msg"]) for one in error.errors()] if hasattr(error, "errors") else [((), str(error))]
        places = [f"{'.'.join(map(str, place))}: {what}" if place else what for place, what in said[:5]]
        return f"The answer is not accepted: {'; '.join(places)}"
    return None


def both(kind: Any, validator: Callable[[Any], str | None] | None) -> Callable[[Any], str | None] | None:
    """A validator that asks the Pydantic model `kind` first, and then `validator`."""
    if kind is None:
        return validator
    return lambda value: unlike(kind, value) or (validator(value) if validator is not None else None)
