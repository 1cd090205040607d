"""The dialog that asks which files to open."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Static

from rlm_tui.document.visible import visible
from rlm_tui.tui.screens.dialog import Dialog, plain
from rlm_tui.tui.widgets.edit_box import Field

MOST = 2000
"""Entries of a folder that are looked at for a completion."""


class _Paths(Suggester):
    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return completion(value)


class OpenFile(Dialog[list[str]]):
    """Answers the paths as they were typed: files, folders or patterns, in quotes where they have spaces."""

    HEADING = "Open"
    KEYS = "Enter open   Right complete   Esc leave"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False, priority=True)]

    def body(self) -> ComposeResult:
        yield plain("Files, folders or patterns; several are separated by spaces:", classes="quiet")
        yield Field(placeholder="~/notes.txt", id="path", suggester=_Paths())
        yield plain("", id="problem", classes="bad")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        paths = split_paths(event.value)
        missing = next((path for path in paths if not _there(path)), None)
        if not paths:
            self._say("Type the name of a file first.")
        elif missing is not None:
            self._say(f"There is no file {visible(missing)}.")
        else:
            self.dismiss(paths)

    def _say(self, words: str) -> None:
        self.query_one("#problem", Static).update(Content(words))


def split_paths(line: str) -> list[str]:
    """The paths of a line; one that is there as it stands may have spaces without quotes."""
    line = line.strip()
    if line and Path(line).expanduser().exists():
        return [line]
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _there(path: str) -> bool:
    return any(sign in path for sign in "*?[") or Path(path).expanduser().exists()


def completion(line: str) -> str | None:
    """`line` with its path completed by the first entry of the folder that fits; ``None`` when there is none."""
    if not line or line.endswith(" "):
        return None
    folder, name = os.path.split(line)
    place = Path(folder or ".").expanduser()
    try:
        with os.scandir(place) as entries:
            found = []
            for number, entry in enumerate(entries):
                if number >= MOST:
                    break
                fits = entry.name.startswith(name) and (name or not entry.name.startswith("."))
                # A completion is drawn as it is: a name that steers a terminal has to be typed.
                if fits and visible(entry.name, 0) == entry.name:
                    found.append(entry.name + ("/" if entry.is_dir() else ""))
    except (OSError, RuntimeError):
        return None
    if not found:
        return None
    return os.path.join(folder, min(found)) if folder else min(found)
