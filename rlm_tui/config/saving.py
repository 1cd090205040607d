"""Writing the user's file: one setting at a time, everything else in it stays as it is."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any, get_type_hints

from rlm_tui.config.paths import config_dir
from rlm_tui.config.settings import EXPLAINED, USER_FILE, Settings, SettingsError, checked

EDITABLE = tuple(name for name in EXPLAINED if name != "prices")
"""The settings that are one value each. Prices are tables, which are written by hand."""

_TYPED = "environment"
"""What is typed is text, as what the environment has."""


def user_file() -> Path:
    """The user's file."""
    return config_dir() / USER_FILE


def understood(key: str, text: str) -> Any:
    """The value of setting `key` that `text` stands for; empty text means not set. Raises `SettingsError`."""
    if key not in EDITABLE:
        raise SettingsError(f"{key} can't be set here; write it into {user_file()}.")
    text = text.strip()
    if not text:
        return None
    try:
        return checked(key, text, get_type_hints(Settings, include_extras=True)[key], _TYPED)
    except SettingsError as error:
        raise SettingsError(str(error).removeprefix(f"{_TYPED}: ")) from None


def save(key: str, value: Any, path: Path | None = None) -> Path:
    """Write `value` for setting `key` into the user's file, ``None`` takes it out. Returns the file.

    Comments and other settings stay. Raises `SettingsError`.
    """
    path = path or user_file()
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        before = tomllib.loads(old)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} can't be read ({error}); mend it first, then change it here.") from None
    wanted = {name: held for name, held in before.items() if name != key}
    if value is not None:
        wanted[key] = value
    new = _with(old, key, value)
    if _parsed(new) != wanted:
        raise SettingsError(f"{path}: {key} is written in a way that can't be changed from here; change it by hand.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(new, encoding="utf-8")
        draft.replace(path.resolve() if path.is_symlink() else path)
    except OSError as error:
        raise SettingsError(f"{path} can't be written: {error.strerror or error}.") from None
    return path


def _parsed(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _with(text: str, key: str, value: Any) -> str:
    """The file with its line for `key` replaced, added before the first table, or taken out."""
    lines = text.splitlines()
    tables = next((n for n, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    place = next((n for n in range(tables) if re.match(rf"\s*{re.escape(key)}\s*=", lines[n])), None)
    line = f"{key} = {_toml(value)}"
    if value is None:
        if place is not None:
            del lines[place]
    elif place is not None:
        lines[place] = line
    else:
        while tables and not lines[tables - 1].strip():
            tables -= 1
        lines.insert(tables, line)
    return "\n".join(lines) + "\n" if lines else ""


def _toml(value: Any) -> str:
    # JSON's strings are TOML's, and its numbers too.
    return json.dumps(value, ensure_ascii=False)
