"""The user's settings and where each value came from.

Order, first wins: command line, environment (``RLM_TUI_MODEL`` and so on), the project's file ``rlm-tui.toml`` in the
working directory, the user's file ``config.toml`` in the configuration folder, the default. Keys of providers are not
settings: they stay in their own environment variables.

Importing this module loads pydantic, so the command line imports it only where settings are needed.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from rlm_tui.config.paths import config_dir

PREFIX = "RLM_TUI_"
PROJECT_FILE = "rlm-tui.toml"
USER_FILE = "config.toml"
_SECRET = re.compile(r"(^|_)(api_?key|secret|token|password)$", re.IGNORECASE)


class SettingsError(Exception):
    """A setting is wrong. The message is one sentence that names the place and the key."""


class PriceOverride(BaseModel):
    """A model's price in US dollars per million tokens, and its window in tokens."""

    model_config = ConfigDict(extra="forbid")

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cached: float | None = Field(None, ge=0, allow_inf_nan=False)
    cache_write: float | None = Field(None, ge=0, allow_inf_nan=False)
    reasoning: float | None = Field(None, ge=0, allow_inf_nan=False)
    window: int | None = Field(None, ge=1)

    def rates(self) -> dict[str, float]:
        """The given values by name, as `rlm_tui.engine.providers.pricing.PriceTable` takes them."""
        return {name: float(value) for name, value in self.model_dump(exclude_none=True).items()}


class Settings(BaseSettings):
    """Every setting with its default. `None` means: not set, or no limit."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    model: str | None = Field(None, min_length=1, description="model of the root; without one a key decides")
    sub_model: str | None = Field(None, min_length=1, description="model of sub-calls; without one the root's")
    api_base: str | None = Field(None, description="address of an OpenAI-compatible server")
    max_cost: float | None = Field(None, ge=0, allow_inf_nan=False, description="US dollars a session may cost")
    max_depth: int = Field(1, ge=0, le=16, description="levels of recursion below the root")
    max_turns: int = Field(30, ge=1, le=10_000, description="turns of a node")
    call_timeout: float = Field(120.0, gt=0, le=3600, description="seconds a call to a model may take")
    concurrency: int = Field(8, ge=1, le=256, description="requests in flight at once")
    unknown_price: str = Field("allow", description="allow, refuse, or assume:IN,OUT in US dollars per million tokens")
    durability: Literal["full", "normal"] = Field("full", description="full survives a power cut, normal a crash")
    store: str | None = Field(None, min_length=1, description="file of the saved sessions")
    theme: str = Field("dark", min_length=1, description="name of a theme")
    glyphs: Literal["unicode", "ascii"] = Field("unicode", description="signs on the screen")
    keymap: str = Field("default", min_length=1, description="preset of key bindings")
    prices: dict[str, PriceOverride] = Field(default_factory=dict, description="price overrides by model name")

    @field_validator("api_base")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^\s/]+", value):
            raise ValueError("should be an address such as http://127.0.0.1:8000/v1")
        if value is not None and "@" in value.split("/")[2]:
            # It is kept with each session.
            raise ValueError("should not hold a password; set the provider's variable instead, such as OPENAI_API_KEY")
        return value

    @field_validator("unknown_price")
    @classmethod
    def _is_a_price_rule(cls, value: str) -> str:
        number = r"\d+(\.\d*)?|\.\d+"
        if value not in ("allow", "refuse") and not re.fullmatch(rf"assume:({number}),({number})", value):
            raise ValueError("should be allow, refuse, or assume:IN,OUT such as assume:0.5,1.5")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The layers are read by `load`, which must know the origin of every value; they arrive merged.
        return (init_settings,)

    def price_overrides(self) -> dict[str, dict[str, float]]:
        """The price overrides as plain numbers, US dollars per million tokens."""
        return {model: override.rates() for model, override in self.prices.items()}


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
    origins = dict.fromkeys(Settings.model_fields, "default")
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
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        raise SettingsError(_sentence(error, origins)) from None
    return Loaded(settings, origins)


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key in Settings.model_fields:
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
        if key not in Settings.model_fields:
            raise SettingsError(f"{path}: {key}: {_unknown(key)}")
    return values


def _unknown(key: str) -> str:
    if _SECRET.search(key):
        return "keys don't belong in a file; set the provider's variable instead, such as OPENAI_API_KEY."
    near = difflib.get_close_matches(key.replace("-", "_"), Settings.model_fields, n=1)
    return f"unknown setting{f'; did you mean {near[0]}?' if near else '.'}"


def _sentence(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    place = origins.get(".".join(path[:2])) or origins.get(path[0] if path else "", "settings")
    if first["type"] == "extra_forbidden" and len(path) == 1:
        return f"{place}: {path[0]}: {_unknown(path[0])}"
    what = first["msg"].removeprefix("Value error, ")
    what = what[0].lower() + what[1:] if what else "wrong value"
    given = first["input"]
    if "password" in what:
        given = None
    shown = f", not {given!r}" if isinstance(given, str | int | float | bool) and first["type"] != "missing" else ""
    return f"{place}: {'.'.join(path)}: {what}{shown}."
