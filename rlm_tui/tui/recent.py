"""Remembering which documents were open."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_tui.config.paths import data_dir

if TYPE_CHECKING:
    from rlm_tui.document.document import Document

MOST = 20
"""How many are remembered."""


@dataclass(frozen=True, slots=True)
class Recent:
    """A file that was open: its length in characters, and when it was opened (seconds since the epoch)."""

    path: Path
    chars: int
    at: float


def file_of_recent() -> Path:
    """Where they are kept."""
    return data_dir() / "recent.json"


def recent(file: Path | None = None) -> list[Recent]:
    """The remembered documents that are still there, the newest first; a file that makes no sense is an empty one."""
    found: list[Recent] = []
    with suppress(OSError, ValueError, TypeError):
        for item in json.loads((file or file_of_recent()).read_text(encoding="utf-8")):
            path = Path(str(item["path"]))
            if path.is_file():
                found.append(Recent(path, int(item["chars"]), float(item["at"])))
    return found


def remember(documents: Iterable[Document], now: float, file: Path | None = None) -> None:
    """Put these at the front. That it can't be written is no reason to bother anybody."""
    file = file or file_of_recent()
    fresh = [Recent(d.path.absolute(), d.chars, now) for d in documents if d.path is not None and d.path.is_file()]
    if not fresh:
        return
    paths = {item.path for item in fresh}
    kept = [*fresh[:MOST], *(item for item in recent(file) if item.path not in paths)][:MOST]
    data = [{"path": str(item.path), "chars": item.chars, "at": item.at} for item in kept]
    with suppress(OSError, UnicodeError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.write_text(json.dumps(data), encoding="utf-8")
        draft.replace(file)
