"""Changes to a saved session's configuration, by name: ``temperature=0.2``, ``usd=1.5``, ``limits.turns=60``."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from rlm_tui.engine.answers import check_schema
from rlm_tui.events import Limits, RunConfig
from rlm_tui.session.again import AgainError

LIMITS = "limits."

_CONFIG = {name: kind for name, kind in get_type_hints(RunConfig).items() if name != "limits"}
_LIMITS = get_type_hints(Limits)
_ONE_OF = {"probe": ("full", "metadata"), "repl": ("python", "javascript")}
_OWN = ("tools", "tools_for_children", "tool_seconds")
"""What only a Python program can give."""

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", dict: "JSON in braces"}
_PRICE_RULE = re.compile(r"allow|refuse|assume:(\d+\.?\d*|\.\d+),(\d+\.?\d*|\.\d+)")


def read_changes(pairs: Sequence[str]) -> dict[str, Any]:
    """``key=value`` texts as a dict for `change_config`. Raises `AgainError` with a sentence about the first wrong one."""
    changes: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        key = key.strip()
        if not equals or not key:
            raise AgainError(f"{pair!r} should be like temperature=0.2 or limits.usd=1.5")
        name, kind = _field(key)
        if name in changes:
            raise AgainError(f"{name} is set twice")
        changes[name] = _read(name, kind, text.strip())
    return changes


def change_config(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    """`config` with `changes`: fields of `RunConfig`, and of `Limits` with or without ``limits.``.

    Raises `AgainError` with one sentence for an unknown name (and the nearest known one) or a value that makes no sense.
    """
    new: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for key, given in changes.items():
        name, kind = _field(key)
        try:
            value = msgspec.convert(given, kind)
        except msgspec.ValidationError:
            raise AgainError(f"{name} should be {_meaning(kind)}, not {given!r}") from None
        if name == "answer_schema" and value is not None:
            try:
                check_schema(value)
            except ValueError as error:
                raise AgainError(f"{name}: {error}") from None
        wrong = _wrong(name, value)
        if wrong:
            # An address may hold a password.
            raise AgainError(f"{name} {wrong}" + ("" if name == "api_base" else f", not {value!r}"))
        if name.startswith(LIMITS):
            limits[name.removeprefix(LIMITS)] = value
        else:
            new[name] = value
    if limits:
        new["limits"] = msgspec.structs.replace(config.limits, **limits)
    return msgspec.structs.replace(config, **new)


def _field(key: str) -> tuple[str, Any]:
    """The full name and the type of a field."""
    name = key.replace("-", "_")
    if name in _OWN:
        raise AgainError(f"{key} can't be set here: only a Python program can give functions to a session")
    bare = name.removeprefix(LIMITS)
    if bare in _LIMITS and (name.startswith(LIMITS) or bare not in _CONFIG):
        return LIMITS + bare, _LIMITS[bare]
    if name in _CONFIG:
        return name, _CONFIG[name]
    known = [n for n in (*_CONFIG, *_LIMITS, *(LIMITS + n for n in _LIMITS)) if n not in _OWN]
    near = difflib.get_close_matches(name, known, n=1)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else f"known are {', '.join(n for n in (*_CONFIG, *_LIMITS) if n not in _OWN)}"
    )
    raise AgainError(f"there is no setting {key!r}; {hint}")


def _read(name: str, kind: Any, text: str) -> Any:
    """A value from the command line."""
    kinds = _kinds(kind)
    if NoneType in kinds and text.lower() in ("none", "null", ""):
        return None
    try:
        if dict in kinds:
            return msgspec.convert(msgspec.json.decode(text), kind, strict=False)
        return text if str in kinds else msgspec.convert(text, kind, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError):
        raise AgainError(f"{name} should be {_meaning(kind)}, not {text!r}") from None


def _kinds(kind: Any) -> tuple[Any, ...]:
    parts = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    return tuple(get_origin(part) or part for part in parts)


def _meaning(kind: Any) -> str:
    kinds = _kinds(kind)
    words = " or ".join(_WORDS.get(part, str(part)) for part in kinds if part is not NoneType)
    return f"{words} or none" if NoneType in kinds else words


def _wrong(name: str, value: Any) -> str:
    """What is wrong with a value of the right type; empty if nothing is."""
    if isinstance(value, float) and not math.isfinite(value):
        return "should be a finite number"
    if name in _ONE_OF and value not in _ONE_OF[name]:
        return f"should be {' or '.join(_ONE_OF[name])}"
    check = _CHECKS.get(name)
    if check is not None:
        return check(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
        return "should be greater than 0"
    return ""


def _zero_or_more(value: Any) -> str:
    return "should be 0 or more" if value is not None and value < 0 else ""


def _named(value: Any) -> str:
    names = value.values() if isinstance(value, dict) else (value,)
    return "should name a model" if any(name is not None and not name.strip() for name in names) else ""


_CHECKS: dict[str, Callable[[Any], str]] = {
    "max_depth": lambda value: "" if 0 <= value <= 16 else "should be from 0 to 16",
    "temperature": _zero_or_more,
    "limits.usd": _zero_or_more,
    "limits.nudges": _zero_or_more,
    "model": _named,
    "sub_model": _named,
    "models_at": _named,
    "unknown_price": lambda value: (
        "" if _PRICE_RULE.fullmatch(value) else "should be allow, refuse, or assume:IN,OUT such as assume:0.5,1.5"
    ),
    "api_base": lambda value: (
        ""
        if value is None or re.match(r"https?://[^\s/@]+(/\S*)?$", value)
        else "should be an address such as http://127.0.0.1:8000/v1"
    ),
}
