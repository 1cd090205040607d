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
    """The keys of every action. Raises `KeymapError`."""
    if preset not in PRESETS:
        raise KeymapError(f"There is no keymap {preset!r}; there are {', '.join(PRESETS)}.")
    keys: Keymap = {action.id: action.keys for action in ACTIONS}
    keys.update(PRESETS[preset])
    if path is not None and path.exists():
        keys.update(read(path))
    return keys


def read(path: Path) -> Keymap:
    """A user's file: a mapping from action id to a key or a list of keys. Raises `KeymapError`."""
    import yaml

    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KeymapError(f"{path}: can't be read: {getattr(error, 'problem', None) or error}.") from None
    if not isinstance(data, dict):
        raise KeymapError(f"{path}: should be a mapping from action to keys, such as run.over: f10.")
    found: Keymap = {}
    for name, value in data.items():
        if name not in BY_ID:
            near = difflib.get_close_matches(str(name), BY_ID, n=1)
            raise KeymapError(f"{path}: {name}: unknown action{f'; did you mean {near[0]}?' if near else '.'}")
        keys = [value] if isinstance(value, str) else value
        if not isinstance(keys, list) or not all(isinstance(key, str) and key.strip() for key in keys):
            raise KeymapError(f"{path}: {name}: should be a key or a list of keys.")
        for key in keys:
            if key in RESERVED:
                raise KeymapError(f"{path}: {name}: terminals can't tell {key} from another key; choose another.")
        found[name] = tuple(keys)
    if clash := clashes({**{a.id: a.keys for a in ACTIONS}, **found}):
        key, names = next(iter(clash.items()))
        raise KeymapError(f"{path}: {names[-1]}: the key {key} belongs to {names[0]} already.")
    return found


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


def shown(key: str) -> str:
    """A key as people write it: ``^p``, ``⇧Tab``, ``F5``, ``←``."""
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    name = _SHOWN.get(name, name.upper() if len(name) > 1 and name[0] == "f" and name[1:].isdigit() else name)
    marks = {"ctrl": "^", "shift": "⇧", "alt": "⌥"}
    return "".join(marks.get(modifier, modifier + "+") for modifier in modifiers) + name
