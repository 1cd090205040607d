"""The user's settings and where each value came from.

Order, first wins: command line, environment (``RLM_TUI_MODEL`` and so on), the project's file ``rlm-tui.toml`` in the
working directory, the user's file ``config.toml`` in the configuration folder, the default. Keys of providers are not
settings: they stay in their own environment variables.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from rlm_tui.config.paths import config_dir
from rlm_tui.config.store_url import without_password

PREFIX = "RLM_TUI_"
PROJECT_FILE = "rlm-tui.toml"
USER_FILE = "config.toml"
_SECRET = re.compile(r"(^|_)(api_?key|secret|token|password)$", re.IGNORECASE)


class SettingsError(Exception):
    """A setting is wrong. The message is one sentence that names the place and the key."""


Amount = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1)]


class PriceOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model's price in US dollars per million tokens, and its window in tokens."""

    input: Amount
    output: Amount
    cached: Amount | None = None
    cache_write: Amount | None = None
    reasoning: Amount | None = None
    window: Annotated[int, Meta(ge=1)] | None = None

    def rates(self) -> dict[str, float]:
        """The given values by name, as `rlm_tui.engine.providers.pricing.PriceTable` takes them."""
        return {name: float(value) for name, value in msgspec.structs.asdict(self).items() if value is not None}


class Settings(msgspec.Struct, frozen=True):
    """Every setting with its default. `None` means: not set, or no limit. `EXPLAINED` says what each is for."""

    model: Text | None = None
    sub_model: Text | None = None
    api_base: str | None = None
    max_cost: Amount | None = None
    max_depth: Annotated[int, Meta(ge=0, le=16)] = 1
    max_turns: Annotated[int, Meta(ge=1, le=10_000)] = 30
    repl: Literal["python", "javascript"] = "python"
    call_timeout: Annotated[float, Meta(gt=0, le=3600)] = 120.0
    concurrency: Annotated[int, Meta(ge=1, le=256)] = 8
    unknown_price: str = "refuse"
    durability: Literal["full", "normal"] = "full"
    store: Text | None = None
    theme: Text = "dark"
    glyphs: Literal["unicode", "ascii"] = "unicode"
    keymap: Text = "default"
    notify: Literal["auto", "osc9", "osc777", "bell", "off"] = "auto"
    prices: dict[str, PriceOverride] = {}

    def price_overrides(self) -> dict[str, dict[str, float]]:
        """The price overrides as plain numbers, US dollars per million tokens."""
        return {model: override.rates() for model, override in self.prices.items()}


EXPLAINED = {
    "model": "model of the root; without one a key decides",
    "sub_model": "model of sub-calls; without one the root's",
    "api_base": "address of an OpenAI-compatible server",
    "max_cost": "US dollars a session may cost",
    "max_depth": "levels of recursion below the root",
    "max_turns": "turns of a node",
    "repl": "language of the REPL: python or javascript",
    "call_timeout": "seconds a call to a model may take",
    "concurrency": "requests in flight at once",
    "unknown_price": "what to do under max_cost about a model without a price: refuse, allow, or assume:IN,OUT in US dollars "
    "per million tokens",
    "durability": "full survives a power cut, normal a crash",
    "store": "file of the saved sessions, or postgresql+psycopg://USER@HOST/DATABASE",
    "theme": "name of a theme",
    "glyphs": "signs on the screen: unicode or ascii",
    "keymap": "preset of key bindings",
    "notify": "when a run stops that one waited for: auto rings, and shows a note on the desktop where the terminal is known to "
    "have that; osc9 and osc777 say how, bell only rings, off is silent",
    "prices": "price overrides by model name",
}

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
_FORMS = {
    "api_base": (r"https?://[^\s/]+.*", "should be an address such as http://127.0.0.1:8000/v1"),
    "unknown_price": (
        rf"allow|refuse|assume:{_NUMBER},{_NUMBER}",
        "should be allow, refuse, or assume:IN,OUT such as assume:0.5,1.5",
    ),
}
"""Texts that must look a certain way: key → (pattern, what to say)."""

_PASSING = re.compile(r"command line$|environment \(")
"""Places that are gone with the program."""


@dataclass(frozen=True, slots=True)
class _Source:
    """One layer: `place` as people know it, and its values."""

    place: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings that hold, and for each of them where it came from: ``command line``, ``environment (RLM_TUI_…)``,
    a file's path, or ``default``. The parts of `prices` are listed one by one, as ``prices.MODEL``.
    """

    settings: Settings
    origins: dict[str, str]


def load(
    command_line: Mapping[str, Any] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user_file: Path | None = None,
) -> Loaded:
    """Reads all layers. `command_line` values that are ``None`` count as not given; `folder` is where the project's file
    is looked for (the working directory). Raises `SettingsError`.
    """
    project = (folder or Path.cwd()) / PROJECT_FILE
    user = user_file or config_dir() / USER_FILE
    layers = [
        _Source("command line", {k: v for k, v in (command_line or {}).items() if v is not None}),
        _Source("environment", _from_environment(os.environ if env is None else env)),
        _Source(str(project), _from_file(project)),
        _Source(str(user), _from_file(user)),
    ]
    merged: dict[str, Any] = {}
    origins = dict.fromkeys(EXPLAINED, "default")
    for layer in reversed(layers):
        for key, value in layer.values.items():
            place = f"environment ({PREFIX}{key.upper()})" if layer.place == "environment" else layer.place
            if key == "prices" and isinstance(value, dict):
                merged["prices"] = {**merged.get("prices", {}), **value}
                origins.pop("prices", None)
                origins.update({f"prices.{model}": place for model in value})
            else:
                merged[key] = value
                origins[key] = place
    types = get_type_hints(Settings, include_extras=True)
    found: dict[str, Any] = {}
    for key, value in merged.items():
        place = origins.get(key, "settings")
        if key not in types:
            raise SettingsError(f"{place}: {key}: {_unknown(key)}")
        if key == "prices":
            found[key] = {model: _price(model, given, origins) for model, given in value.items()}
        else:
            found[key] = checked(key, value, types[key], place)
    return Loaded(Settings(**found), origins)


def checked(key: str, value: Any, kind: Any, place: str) -> Any:
    """`value` as a setting of type `kind`. Texts from a `place` that begins with ``environment`` may stand for numbers.

    Raises `SettingsError`, which names `place` and `key`.
    """
    if get_origin(kind) is Literal and value not in get_args(kind):
        raise SettingsError(f"{place}: {key}: should be {' or '.join(get_args(kind))}, not {value!r}.")
    try:
        # Only the environment has numbers as texts.
        found = msgspec.convert(value, kind, strict=not place.startswith("environment"))
    except msgspec.ValidationError as error:
        raise SettingsError(f"{place}: {key}: {_plain(error)}, not {value!r}.") from None
    if key == "api_base" and isinstance(found, str) and re.match(r"\w+://[^/]*@", found):
        # It is kept with each session.
        raise SettingsError(
            f"{place}: {key}: should not hold a password; set the provider's variable instead, such as OPENAI_API_KEY."
        )
    if key == "store" and isinstance(found, str) and without_password(found) != found and not _PASSING.match(place):
        raise SettingsError(
            f"{place}: {key}: should not hold a password in a file; put it into ~/.pgpass or PGPASSWORD instead."
        )
    form, wanted = _FORMS.get(key, (".*", ""))
    if isinstance(found, str) and not re.fullmatch(form, found, re.DOTALL):
        raise SettingsError(f"{place}: {key}: {wanted}, not {value!r}.")
    if isinstance(found, float) and not math.isfinite(found):
        raise SettingsError(f"{place}: {key}: should be a finite number, not {value!r}.")
    return found


def _price(model: str, given: Any, origins: Mapping[str, str]) -> PriceOverride:
    place = origins.get(f"prices.{model}", origins.get("prices", "settings"))
    where = f"prices.{model}"
    if not isinstance(given, dict):
        raise SettingsError(f"{place}: {where}: should be a table with input and output, not {given!r}.")
    types = get_type_hints(PriceOverride, include_extras=True)
    rates = {}
    for name, value in given.items():
        if name not in types:
            raise SettingsError(f"{place}: {where}.{name}: is not a part of a price; there are {', '.join(types)}.")
        rates[name] = checked(f"{where}.{name}", value, types[name], place)
    for name in ("input", "output"):
        if name not in rates:
            raise SettingsError(f"{place}: {where}.{name}: is missing.")
    return PriceOverride(**rates)


_WORDS = (
    (r" - at `.*`$", ""),
    (r", got .*$", ""),
    (r"^Expected ", "should be "),
    (r"`float( \| null)?`", "a number"),
    (r"`int( \| null)?`", "a whole number"),
    (r"`str( \| null)?` of length >= 1", "a text that is not empty"),
    (r"`str( \| null)?`", "a text"),
    (r">= ([\d.]+?)(\.0)?$", r"of at least \1"),
    (r"<= ([\d.]+?)(\.0)?$", r"of at most \1"),
    (r"> ([\d.]+?)(\.0)?$", r"greater than \1"),
)


def _plain(error: Exception) -> str:
    """What msgspec says, as people say it: ``should be a whole number of at least 1``."""
    what = str(error)
    for pattern, words in _WORDS:
        what = re.sub(pattern, words, what)
    return what[:1].lower() + what[1:]


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key in EXPLAINED:
        text = env.get(PREFIX + key.upper(), "")
        if not text:
            continue
        if key != "prices":
            values[key] = text
            continue
        try:
            values[key] = tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            raise SettingsError(
                f'{PREFIX}PRICES: should be like {{"my-model" = {{input = 0.5, output = 1.5}}}}, in US dollars '
                "per million tokens."
            ) from None
    return values


def _from_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"Can't read {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from None
    for key in values:
        if key not in EXPLAINED:
            raise SettingsError(f"{path}: {key}: {_unknown(key)}")
    return values


def _unknown(key: str) -> str:
    if _SECRET.search(key):
        return "keys don't belong in a file; set the provider's variable instead, such as OPENAI_API_KEY."
    near = difflib.get_close_matches(key.replace("-", "_"), EXPLAINED, n=1)
    return f"unknown setting{f'; did you mean {near[0]}?' if near else '.'}"
