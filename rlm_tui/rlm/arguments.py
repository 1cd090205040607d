"""What the arguments of `RLM` mean to the engine: schemas, types, validators, settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

_ARGUMENTS = {"sub_model": "recursive_model", "max_cost": "max_cost_usd", "max_turns": "max_iterations"}


def as_argument(said: str) -> str:
    """What is said about a setting of the command line, about the argument that it is here."""
    place, _, rest = said.partition(": ")
    if place != "command line":
        return said
    name, colon, what = rest.partition(":")
    return f"{_ARGUMENTS.get(name, name)}{colon}{what}"


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
