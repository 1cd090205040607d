"""Logs of other tools as sessions of ours.

Nothing is invented: what a log doesn't tell stays empty and is listed in `ForeignSession.missing`. The session's id is
made from the file's content, so the same file is always the same session.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from rlm_tui.store.errors import StoreError
from rlm_tui.store.export import read_lines
from rlm_tui.store.importers.scribe import ForeignSession, Scribe

FORMATS = {
    "fast-rlm": ("fast_rlm", "JSON lines of fast-rlm"),
    "rlms": ("rlms", "JSON lines of the paper's library rlms"),
    "recursive-llm": ("recursive_llm", "a saved result of recursive-llm with its trajectory"),
    "dspy": ("dspy", "the trajectory of a dspy.RLM prediction"),
}
"""Name of the tool: our module for it, and what its file is."""


def open_log(path: Path, document: str | None = None) -> ForeignSession:
    """Read the log of another tool. `document` is the text it was about, for logs that don't hold it.

    Raises `StoreError`: the format is unknown (names the known ones), or nothing in it can be used.
    """
    records, problems = _read(path)
    tool = _tool(records)
    if tool is None:
        known = "; ".join(description for _, description in FORMATS.values())
        raise StoreError(f"{path} is no session file of rlm-tui and no log it can read ({known})")
    scribe = Scribe(tool, _digest(path, document), path.name, path.stat().st_mtime, document)
    scribe.problems += problems
    try:
        import_module(f"{__name__}.{FORMATS[tool][0]}").tell(records, scribe)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StoreError(
            f"{path} looks like a log of {tool}, but can't be read ({type(error).__name__}: {error})"
        ) from error
    return scribe.session()


Records = list[tuple[int, Any]]
"""Line numbers and what stood there, decoded."""


def _read(path: Path) -> tuple[Records, list[str]]:
    """The file's JSON values: one a line, or one in all."""
    lines = list(_numbered(path))
    records: Records = []
    problems = []
    for number, line in lines:
        try:
            records.append((number, json.loads(line)))
        except (ValueError, RecursionError):
            problems.append(f"line {number} is damaged and was left out")
    if len(problems) * 2 >= len(lines) > 0:
        # Most lines are no JSON by themselves: then perhaps the file as a whole is.
        try:
            return [(1, json.loads(b"\n".join(line for _, line in lines)))], []
        except (ValueError, RecursionError):
            pass
    return records, problems


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    return ((number, line.strip()) for number, line in enumerate(read_lines(path, blank=True), 1) if line.strip())


def _tool(records: Records) -> str | None:
    """Which tool wrote it, by the first records that tell."""
    if len(records) == 1 and isinstance(records[0][1], list):
        steps = records[0][1]
        return "dspy" if steps and all(_is_dspy_step(step) for step in steps) else None
    for _, record in records[:20]:
        if not isinstance(record, dict):
            continue
        if "run_id" in record and "event_type" in record:
            return "fast-rlm"
        if record.get("type") in ("metadata", "iteration"):
            return "rlms"
        trajectory = record.get("trajectory")
        if isinstance(trajectory, list):
            if "termination_reason" in record or any(isinstance(s, dict) and "kind" in s for s in trajectory):
                return "recursive-llm"
            if trajectory and all(_is_dspy_step(step) for step in trajectory):
                return "dspy"
    return None


def _is_dspy_step(step: Any) -> bool:
    return isinstance(step, dict) and "code" in step and "output" in step


def _digest(path: Path, document: str | None) -> str:
    """An id like those of our own sessions, the same for the same content."""
    digest = hashlib.sha256((document or "").encode("utf-8", "surrogatepass"))
    for line in read_lines(path, blank=True):
        digest.update(line)
    return digest.hexdigest()[:12]
