"""The whole program, made to be killed: ``python -m tests.support.killed_program FOLDER POINT ARGUMENTS OF rlm-tui …``

POINT is ``before:N`` or ``after:N`` (it kills itself right before or right after commit number N), ``full:N`` (from commit
number N on no file may grow) or ``-`` (nothing happens, or somebody else kills it). Nothing else of the program is changed, except that the model ``explorer`` is the play of `rlm_play`.

In FOLDER it appends to two files, each line with one system call, so that what was written before a kill is there:
``requests`` (what reached the model, by the digest of the prompt) and ``acknowledged`` (what the log said is durable).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rlm_tui.cli.program import run_program
from rlm_tui.engine.providers.base import ModelInfo, Price, Provider, Reply, Request
from rlm_tui.engine.providers.registry import Providers
from rlm_tui.events import Entry, Usage, kind_of
from rlm_tui.store.log import SessionLog
from rlm_tui.store.writer import Writer
from tests.support.openai_server import Answer
from tests.support.rlm_play import rlm_model

SECONDS = 0.01
"""How long the model thinks, so that a kill finds requests under way."""


def digest(contents: Sequence[str]) -> str:
    """What a prompt is known by in the file of requests."""
    return hashlib.sha256("\0".join(contents).encode()).hexdigest()[:16]


def line_of(entry: Entry) -> str:
    """What an acknowledged event is known by."""
    return f"{entry.seq} {kind_of(entry.event)} {getattr(entry.event, 'call', '-')}"


class Play:
    """The model: a pure function of the prompt, at a price, with a note of every request."""

    def __init__(self, requests: Path) -> None:
        self._model = rlm_model()
        self._file = appending(requests)

    def info(self, model: str) -> ModelInfo:
        return ModelInfo(model, price=Price(1e-6, 2e-6))

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        contents = [message.content for message in request.messages]
        os.write(self._file, f"{digest(contents)}\n".encode())
        await asyncio.sleep(SECONDS)
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        answer = self._model({"messages": messages})
        assert isinstance(answer, Answer)
        if on_text is not None:
            on_text(answer.text)
        return Reply(answer.text, "stop", Usage(calls=1, input=sum(map(len, contents)) // 4, output=len(answer.text)))

    async def close(self) -> None:
        pass


def appending(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def prepare(folder: Path, point: str) -> None:
    """Change the program in the three places that the docstring of this module names."""
    play = Play(folder / "requests")
    resolve, tell, commit = Providers.resolve, SessionLog._tell, Writer._commit
    acknowledged = appending(folder / "acknowledged")
    when, _, number = point.partition(":")
    commits = 0

    def played(self: Providers, model: str) -> Provider:
        return play if model == "explorer" else resolve(self, model)

    def telling(self: SessionLog, entries: tuple[Entry, ...]) -> None:
        os.write(acknowledged, "".join(f"{line_of(entry)}\n" for entry in entries).encode())
        tell(self, entries)

    def dying(self: Writer, connection: sqlite3.Connection) -> None:
        nonlocal commits
        commits += 1
        if when == "before" and commits == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
        if when == "full" and commits == int(number):
            sizes = [os.path.getsize(f"{self.path}{suffix}") for suffix in ("", "-wal")]
            resource.setrlimit(resource.RLIMIT_FSIZE, (max(sizes), resource.RLIM_INFINITY))
        commit(self, connection)
        if when == "after" and commits == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    Providers.resolve = played  # type: ignore[method-assign]
    SessionLog._tell = telling  # type: ignore[method-assign]
    Writer._commit = dying  # type: ignore[method-assign]


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), sys.argv[2])
    sys.exit(run_program(sys.argv[3:]))
