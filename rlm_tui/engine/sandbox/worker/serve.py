"""The life of a worker: open, lock the doors, run cells until the host hangs up."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from types import FrameType
from typing import Any

from rlm_tui.engine.sandbox.wire import WireError
from rlm_tui.engine.sandbox.worker.cell import PythonCell
from rlm_tui.engine.sandbox.worker.clock import HAS_ALARM, CellClock, Stop
from rlm_tui.engine.sandbox.worker.confine import confine
from rlm_tui.engine.sandbox.worker.javascript import JavaScriptCell
from rlm_tui.engine.sandbox.worker.line import Line
from rlm_tui.engine.sandbox.worker.scaffold import SubcallError

CPU_MARGIN = 6 * 3600
"""Seconds of CPU that a worker may use in all: a last resort behind the host's clock."""

BUDGET_LOOKS = 5_000
"""How often one cell may ask for its budget."""

_BEGINNING = 0.1
_DEPTH = sys.getrecursionlimit()

EPILOGUE = 1.5
"""With less than these seconds left, the host is told that the code has ended."""


class Server:
    """One REPL's worker. `cell` and `clock` were made before the fork; the clock has the process's signals."""

    def __init__(self, line: Line, cell: PythonCell | JavaScriptCell, clock: CellClock) -> None:
        self._line = line
        self._cell = cell
        self.clock = clock
        self._calls_left = 0
        self._calls_limit = 0
        self._looks_left = 0
        self._ordinal = 0
        self._look = False
        self._running = False

    def send_output(self, text: str) -> None:
        """Send printed text; never torn by the alarm."""
        with self.clock.shielded():
            self._line.send({"t": "out", "text": text})

    def open(self, frame: dict[str, Any], context: Any) -> None:
        """Put everything in place, lock the process, say ``ready``."""
        cell = self._cell
        cell.output.set_sender(self.send_output)
        try:
            cell.open(context, frame["query"], frozenset(frame["names"]), self.ask, self._code_ended)
        except ImportError as error:
            self._line.send({"t": "unable", "reason": str(error)})
            os._exit(0)
        directory = frame.get("directory")
        if directory:
            os.chdir(directory)
        gc.freeze()  # nothing of this is garbage before the worker ends
        walls = confine(
            int(frame["memory_mb"]) << 20, CPU_MARGIN, (self._line.fd,), frozenset(frame["layers"])
        )  # fmt: skip
        walls["alarm"] = "ok" if HAS_ALARM else "absent"
        self._line.send({"t": "ready", "walls": walls})

    def ask(
        self, name: str, prompts: list[str], contexts: list[Any], *, model: str | None, schema: Any, **more: Any
    ) -> list[tuple[Any, str | None]]:
        """Send a request to the host and wait for its slots; the cell's clock stands meanwhile.

        `more` are the fields of a tool's call: ``tool``, ``args`` and ``kwargs``.
        """
        if self._look:
            raise SubcallError("no requests are made while a value is looked at")
        if not self._running:
            raise SubcallError("no requests are made between cells")
        if name != "budget":
            if self._calls_left <= 0:
                raise SubcallError(
                    f"a cell may make at most {self._calls_limit:,} requests; use a batched form, or go on in the next cell"
                )
            self._calls_left -= 1
        elif self._looks_left <= 0:
            raise SubcallError(f"a cell may ask for its budget at most {BUDGET_LOOKS:,} times")
        self._looks_left -= name == "budget"
        self._ordinal += 1
        line = self._line_of(sys._getframe(1))
        self._cell.output.flush()
        since = self.clock.hold()
        try:
            frame = {
                "t": "call", "id": self._ordinal, "name": name, "prompts": prompts, "contexts": contexts, "model": model,
                "schema": schema, "line": line, **more,
            }  # fmt: skip
            # A request that was sent needs its answer read, however deep the code stands.
            sys.setrecursionlimit(_DEPTH + 100)
            try:
                self._line.send(frame)
            except WireError as error:
                raise ValueError(f"the request is too large or not sendable: {error}") from None
            reply = self._line.receive()
            while reply["t"] == "reply" and reply["id"] != self._ordinal:
                reply = self._line.receive()  # the answer to a request that was given up
        finally:
            with contextlib.suppress(RecursionError):
                sys.setrecursionlimit(_DEPTH)
            self.clock.resume(since)
        if reply["t"] == "cancel":
            self.clock.cancel()
            raise Stop("cancelled")
        return [(value, error) for value, error in reply["slots"]]

    def _code_ended(self) -> None:
        """Nothing is asked any more. Late code has ended after all: the host gives the rest of the cell a moment more."""
        self._running = False
        if self.clock.left() < EPILOGUE:
            with self.clock.shielded():
                self._line.send({"t": "ending"})

    def _line_of(self, frame: FrameType | None) -> int | None:
        namespace = self._cell.namespace
        name = self._cell.current_file
        while frame is not None:
            if frame.f_globals is namespace and frame.f_code.co_filename == name:
                return frame.f_lineno
            frame = frame.f_back
        return None

    def run_forever(self) -> None:
        """Answer the host until it hangs up."""
        while True:
            frame = self._line.receive()
            if frame["t"] in ("cancel", "reply"):
                continue  # the cell had already ended
            if frame["t"] != "run":
                os._exit(0)
            self._one(frame)

    def _begin(self, cell: PythonCell | JavaScriptCell) -> None:
        """Restore the scaffold. What is replaced may run code of the REPL for the last time, so the clock is on."""
        for _ in range(3):
            self.clock.start(_BEGINNING)
            try:
                self.clock.run(cell.begin)
                return
            except (Stop, MemoryError):
                continue
            finally:
                self.clock.stop()
        cell.begin()

    def _one(self, frame: dict[str, Any]) -> None:
        cell = self._cell
        self._calls_left = self._calls_limit = int(frame["calls"])
        self._look = bool(frame.get("look"))
        cell.output.reset(int(frame["output_chars"]))
        cell.set_time(frame.get("now"))
        self._looks_left = BUDGET_LOOKS
        self._begin(cell)
        self._running = True
        result = cell.run(frame["code"], self.clock, frame, self._look)
        try:
            cell.output.flush()
            result["tail"], result["omitted"] = cell.output.rest()
            self._line.send({"t": "done", "id": frame["id"], **result})
        except (MemoryError, WireError):
            if isinstance(cell, PythonCell):
                cell.use_reserve()
            message = "the result of the cell was too large to be handed over"
            cell.output.reset(int(frame["output_chars"]))
            self._line.send(
                {
                    "t": "done", "id": frame["id"], "status": "memory", "echo": None, "final": None, "variables": [],
                    "touched": [], "notices": [], "tail": "", "omitted": 0,
                    "error": {"type": "MemoryLimit", "message": message, "line": None, "text": f"MemoryError: {message}"},
                }
            )  # fmt: skip
