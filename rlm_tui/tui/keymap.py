"""Which keys do what: the registry's own keys, a preset on top, the user's file on top of that."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from textual.binding import Binding, BindingsMap

from rlm_tui.tui.actions import ACTIONS, BY_ID

PRESETS: dict[str, dict[str, tuple[str, ...]]] = {
    "default": {},
    "vscode": {
        "run.continue": ("f5", "c"),
        "run.pause": ("f6", "p"),
        "run.breakpoints": ("f9", "b"),
        "run.over": ("f10", "n"),
        "run.into": ("f11", "s"),
        "run.finish": ("shift+f11", "f"),
    },
    "pdb": {
        "run.finish": ("r", "f"),
        "run.fork": ("ctrl+r",),
        "app.quit": ("q",),
        "run.breakpoints": ("b",),
    },
}

RESERVED = ("ctrl+i", "ctrl+m", "ctrl+j", "ctrl+h")
"""Terminals send these as tab, enter, newline and backspace."""

_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "equals_sign": "=",
    "delete": "Del",
    "comma": ",",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "home": "Home",
    "end": "End",
}


class KeymapError(ValueError):
    """A keymap can't be used. The message is one sentence that names file and key."""


Keymap = dict[str, tuple[str, ...]]
"""Keys by action id."""


def keymap(preset: str = "default", path: Path | None = None) -> Keymap:
    """The keys of every action. Raises `KeymapError` with the first fault."""
    if found := faults(preset, path):
        raise KeymapError(found[0])
    return _merged(preset, _read(path)[0] if path is not None else {})


def faults(preset: str, path: Path | None = None) -> list[str]:
    """All that is wrong with a preset and the user's file, a sentence each, with every key that clashes."""
    if preset not in PRESETS:
        return [f"There is no keymap {preset!r}; there are {', '.join(PRESETS)}."]
    own, found = _read(path) if path is not None else ({}, [])
    for key, names in clashes(_merged(preset, own)).items():
        mine = [name for name in names if name in own] or names
        others = [name for name in names if name != mine[-1]]
        found.append(f"{path}: {mine[-1]}: the key {key} belongs to {' and '.join(others)} already.")
    return found


def _merged(preset: str, own: Keymap) -> Keymap:
    return {**{action.id: action.keys for action in ACTIONS}, **PRESETS[preset], **own}


def _read(path: Path) -> tuple[Keymap, list[str]]:
    """A user's file, a mapping from action id to a key or a list of keys: what of it is right, and what is wrong."""
    import yaml

    if not path.exists():
        return {}, []
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        return {}, [f"{path}{where}: can't be read: {getattr(error, 'problem', None) or error}."]
    if not isinstance(data, dict):
        return {}, [f"{path}: should be a mapping from action to keys, such as run.over: f10."]
    found: Keymap = {}
    wrong: list[str] = []
    for name, value in data.items():
        keys = [value] if isinstance(value, str) else value
        if name not in BY_ID:
            near = difflib.get_close_matches(str(name), BY_ID, n=1)
            wrong.append(f"{path}: {name}: unknown action{f'; did you mean {near[0]}?' if near else '.'}")
        elif not isinstance(keys, list) or not all(isinstance(key, str) and key.strip() for key in keys):
            wrong.append(f"{path}: {name}: should be a key or a list of keys.")
        elif reserved := next((key for key in keys if key in RESERVED), None):
            wrong.append(f"{path}: {name}: terminals can't tell {reserved} from another key; choose another.")
        else:
            found[name] = tuple(keys)
    return found, wrong


def clashes(keys: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Keys that more than one action has, with the actions' ids."""
    owners: dict[str, list[str]] = {}
    for name, mine in keys.items():
        for key in mine:
            owners.setdefault(key, []).append(name)
    return {key: names for key, names in owners.items() if len(names) > 1}


def bindings(keys: Keymap) -> BindingsMap:
    """The keymap as a screen's bindings: each runs its action by id."""
    return BindingsMap(
        [
            Binding(",".join(keys[action.id]), f"run('{action.id}')", action.title, show=False, id=action.id)
            for action in ACTIONS
            if keys[action.id]
        ]
    )


_PLAIN = {"left": "Left", "right": "Right", "up": "Up", "down": "Down"}


def shown(key: str, *, plain: bool = False) -> str:
    """A key as people write it: ``^p``, ``⇧tab``, ``F5``, ``←``; with `plain`, in signs that every font has."""
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    name = (_SHOWN | _PLAIN if plain else _SHOWN).get(
        name, name.upper() if len(name) > 1 and name[0] == "f" and name[1:].isdigit() else name
    )
    marks = {"ctrl": "^"} if plain else {"ctrl": "^", "shift": "⇧", "alt": "⌥"}
    return "".join(marks.get(modifier, modifier + "+") for modifier in modifiers) + name
