"""Moments that the operator marked: events of a live run, notes of one's own about a saved session."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from rlm_tui.config.paths import data_dir
from rlm_tui.tui.view import View

MOST_SESSIONS = 500
"""Saved sessions whose marks are kept; those that were marked longest ago are forgotten first."""


class Marks:
    """Lists, adds and deletes. A session that has ended can't be changed any more, so marks on it are kept in a file
    beside the store.
    """

    def __init__(self, view: View, file: Path | None = None) -> None:
        self._view = view
        self._file = file
        self._loaded: tuple[str, dict[int, tuple[int, str]]] | None = None

    def items(self) -> dict[int, tuple[int, str]]:
        """Number, event and name of each mark, in the order of the events."""
        everything = {**self._view.head.marks, **self._own()}
        return dict(sorted(everything.items(), key=lambda item: (item[1][0], item[0])))

    def add(self, name: str) -> None:
        """Mark the moment at the cursor."""
        view = self._view
        at = view.state.seq
        if view.running and view.gate is not None:
            view.gate.mark(at, name)
            return
        own = self._own()
        own[max([0, *own, *view.head.marks]) + 1] = (at, name)
        self._save(own)

    def delete(self, number: int) -> None:
        """Take a mark away. One that was set while the run was live is a part of the record and stays."""
        view = self._view
        if view.running and view.gate is not None:
            view.gate.clear_mark(number)
            return
        own = self._own()
        if own.pop(number, None) is not None:
            self._save(own)

    # --- the file

    def _path(self) -> Path:
        return self._file or data_dir() / "marks.json"

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            data = json.loads(self._path().read_text(encoding="utf-8"))
            if isinstance(data, dict):
                return data
        return {}

    def _own(self) -> dict[int, tuple[int, str]]:
        session = self._view.head.session
        if self._loaded is not None and self._loaded[0] == session:
            return dict(self._loaded[1])
        found: dict[int, tuple[int, str]] = {}
        kept = self._read().get(session)
        for number, value in kept.items() if isinstance(kept, dict) else ():
            with suppress(ValueError, TypeError):
                at, name = value
                found[int(number)] = (int(at), str(name))
        if session:
            self._loaded = (session, found)
        return dict(found)

    def _save(self, own: dict[int, tuple[int, str]]) -> None:
        session = self._view.head.session
        self._loaded = (session, own)
        data = self._read()
        data.pop(session, None)
        if own:
            data[session] = {str(number): list(mark) for number, mark in own.items()}
        path = self._path()
        # That it can't be written is no reason to bother anybody: the mark is there as long as the screen is.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".new")
            draft.write_text(json.dumps(dict(list(data.items())[-MOST_SESSIONS:])), encoding="utf-8")
            draft.replace(path)
