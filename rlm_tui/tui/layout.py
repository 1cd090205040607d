"""Remembering how the operator shared out the screen."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from rlm_tui.config.paths import data_dir
from rlm_tui.tui.arrange import Wishes

KEPT: dict[str, tuple[float, float]] = {
    "left": (0.18, 0.5),
    "right": (0.18, 0.5),
    "variables": (0.12, 0.8),
    "output": (0.15, 0.85),
    "lanes": (0, 8),
}
"""What is remembered, with the least and the greatest value. The zoom is not: one would look for the other panes."""


def path() -> Path:
    """The file."""
    return data_dir() / "layout.json"


def load(file: Path | None = None) -> Wishes:
    """The remembered layout; what is missing or makes no sense is as in a new one."""
    wishes = Wishes()
    with suppress(OSError, ValueError):
        data = json.loads((file or path()).read_text(encoding="utf-8"))
        for name, (least, most) in KEPT.items():
            value = data.get(name) if isinstance(data, dict) else None
            if isinstance(value, int | float) and least <= value <= most:
                setattr(wishes, name, type(getattr(wishes, name))(value))
    return wishes


def save(wishes: Wishes, file: Path | None = None) -> None:
    """Remember a layout. That it can't be written is no reason to bother anybody."""
    file = file or path()
    data = {name: getattr(wishes, name) for name in KEPT}
    if not file.exists() and data == {name: getattr(Wishes(), name) for name in KEPT}:
        return
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps(data), encoding="utf-8")
        draft.replace(file)
