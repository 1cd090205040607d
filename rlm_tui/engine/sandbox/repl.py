"""One REPL, seen from the host: sends cells, answers requests, keeps the clock that kills, and rebuilds what was lost."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from rlm_tui.engine.sandbox import reading
from rlm_tui.engine.sandbox.base import CellResult, HostCall, Recorded, ReplHost, ReplLimits, Slot
from rlm_tui.engine.sandbox.channel import Channel, WorkerGone
from rlm_tui.engine.sandbox.process import Process
from rlm_tui.engine.sandbox.wire import WireError
from rlm_tui.events import CellError

SOURCE_MAX = 1_000_000
"""Characters of one cell's code."""

GRACE = 0.5
"""Seconds that a cell may take to stop after its own clock said so; then the worker is killed."""

EPILOGUE = 1.5
"""Seconds for describing the error, the variables and the answer after the code ended."""

PIECE = 16_000
"""Characters of one piece of live output."""

LOOK_SECONDS = 5.0
"""How long a look at the names may compute."""


@dataclasses.dataclass(slots=True)
class Worker:
    """A live worker: the line to it, and the process behind it."""

    channel: Channel
    process: Process


class _Recording(ReplHost):
    """A host that answers from a record, in order."""

    def __init__(self, answers: Sequence[Sequence[Slot]]) -> None:
        self._answers = list(answers)

    async def call(self, request: HostCall) -> Sequence[Slot]:
        wanted = max(1, len(request.prompts))
        slots = list(self._answers.pop(0)) if self._answers else []
        return [*slots, *[Slot(error="the record has no answer for this request")] * (wanted - len(slots))][:wanted]

    def output(self, text: str) -> None:
        """Printed when the cell first ran."""


class _Silent(_Recording):
    """A host for looking at values: there is nothing to answer."""

    def __init__(self) -> None:
        super().__init__(())


class WorkerRepl:
    """A `Repl` whose code runs in a locked worker process. `hire` starts a fresh worker with context and question in place."""

    def __init__(
        self,
        hire: Callable[[], Awaitable[Worker]],
        dismissed: Callable[[WorkerRepl], Awaitable[None]],
        limits: ReplLimits,
        names: frozenset[str],
        documents: int,
    ) -> None:
        self._hire = hire
        self._dismissed = dismissed
        self._limits = limits
        self._names = names
        self._documents = documents
        self._worker: Worker | None = None
        self._lock = asyncio.Lock()
        self._number = 0
        self._closed = False

    async def start(self) -> None:
        """Start the worker. Called once, by the factory."""
        self._worker = await self._hire()

    # The protocol

    async def run(self, code: str, host: ReplHost, seconds: float | None = None) -> CellResult:
        """Run a cell: see `rlm_tui.engine.sandbox.base.Repl.run`."""
        limits = self._limits if seconds is None else dataclasses.replace(self._limits, seconds=seconds)
        async with self._lock:
            return await self._run(code, host, limits=limits)

    async def restore(self, cells: Sequence[Recorded]) -> None:
        """Bring a fresh worker to where `cells` left the names; a cell that has to be killed again is left out."""
        async with self._lock:
            skipped: set[int] = set()
            while True:
                await self._dismiss()
                self._number = 0
                self._worker = await self._hire()
                for index, cell in enumerate(cells):
                    if index in skipped:
                        continue
                    result = await self._run(cell.code, _Recording(cell.answers), now=cell.started)
                    if result.lost:
                        skipped.add(index)
                        break
                else:
                    return

    async def look(self, code: str) -> CellResult:
        """Run `code` for a look: see `rlm_tui.engine.sandbox.base.Repl.look`."""
        async with self._lock:
            limits = dataclasses.replace(self._limits, seconds=min(self._limits.seconds, LOOK_SECONDS))
            return await self._run(code.strip(), _Silent(), look=True, limits=limits)

    async def evaluate(self, expression: str) -> str:
        """The repr of `expression`: see `rlm_tui.engine.sandbox.base.Repl.evaluate`."""
        result = await self.look(expression)
        if result.error is not None:
            return result.error.text
        return result.echo if result.echo is not None else result.output.rstrip("\n") or "None"

    async def close(self) -> None:
        """End the worker. Idempotent."""
        if self._closed:
            return
        self._closed = True
        await self._dismiss()
        await self._dismissed(self)

    # Running

    def _refuse(self, code: Any) -> str | None:
        if type(code) is not str:
            return f"code must be text, not {type(code).__name__}"
        if len(code) > SOURCE_MAX:
            return f"the code is {len(code):,} characters long; at most {SOURCE_MAX:,} are possible in one cell"
        return None

    async def _run(
        self,
        code: str,
        host: ReplHost,
        *,
        look: bool = False,
        now: float | None = None,
        limits: ReplLimits | None = None,
    ) -> CellResult:
        if self._closed:
            return _failed("died", "Died", "the REPL was closed")
        refusal = self._refuse(code)
        if refusal is not None:
            return _failed("refused", "Refused", refusal)
        if self._worker is None:
            # The last cell cost the worker its life, and nobody restored the names since.
            self._worker = await self._hire()
        limits = limits or self._limits
        self._number += 1
        cell = _Run(self._worker, host, limits, self._names, self._documents, self._number)
        frame = {
            "t": "run", "id": self._number, "code": code, "seconds": limits.seconds, "calls": limits.calls,
            "output_chars": limits.output_chars, "memory_mb": limits.memory_mb, "look": look, "now": now,
        }  # fmt: skip
        try:
            return await cell.run(frame)
        except asyncio.CancelledError:
            if not await self._stop(cell):
                await self._dismiss()
            raise
        except (WorkerGone, reading.Hostile, TimeoutError) as reason:
            status = await self._dismiss()
            return cell.lost(reason, status)
        except BaseException:
            # The host failed in the middle of an exchange: the worker waits for an answer that will not come.
            await self._dismiss()
            raise

    async def _stop(self, cell: _Run) -> bool:
        """After a cancellation: let the running code end and keep the names; whether that worked."""
        with contextlib.suppress(WorkerGone, reading.Hostile, TimeoutError, WireError):
            return await asyncio.shield(asyncio.ensure_future(cell.stop()))
        return False

    async def _dismiss(self) -> int:
        worker, self._worker = self._worker, None
        if worker is None:
            return 0
        worker.channel.close()
        return await asyncio.shield(asyncio.ensure_future(worker.process.end()))


class _Run:
    """One cell on its way through a worker."""

    def __init__(
        self, worker: Worker, host: ReplHost, limits: ReplLimits, names: frozenset[str], documents: int, number: int
    ) -> None:
        self._worker = worker
        self._host = host
        self._limits = limits
        self._names = names
        self._documents = documents
        self._number = number
        self._pieces: list[str] = []
        self._chars = 0
        self._calls = 0
        self._waited = 0.0
        self._waiting = False
        self._started = 0.0

    async def run(self, frame: dict[str, Any]) -> CellResult:
        self._started = time.monotonic()
        try:
            await self._worker.channel.send(frame)
        except WireError as error:
            raise WorkerGone(str(error)) from None
        done = await self._until_done(self._limits.seconds + GRACE)
        result = reading.result(done, "".join(self._pieces), self._documents)
        elapsed = time.monotonic() - self._started
        return dataclasses.replace(result, seconds=max(0.0, elapsed - self._waited), waited=self._waited)

    async def _until_done(self, seconds: float) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        ending = False
        while True:
            frame = await self._worker.channel.receive(deadline)
            kind = frame["t"]
            if kind == "out":
                self._take_output(frame)
            elif kind == "call":
                before = loop.time()
                await self._answer(frame)
                deadline += loop.time() - before
            elif kind == "ending" and not ending:
                ending = True
                deadline = max(deadline, loop.time() + EPILOGUE)
            elif kind == "done" and frame.get("id") == self._number:
                return frame
            else:
                raise reading.Hostile("a frame out of turn")

    def _take_output(self, frame: dict[str, Any]) -> None:
        text = reading.text(frame.get("text"), 10_000_000, "printed text")
        if not text:
            raise reading.Hostile("output without text")
        self._chars += len(text)
        if self._chars > self._limits.output_chars:
            raise reading.Hostile("more output than the worker may send")
        self._pieces.append(text)
        for start in range(0, len(text), PIECE):
            self._host.output(text[start : start + PIECE])

    async def _answer(self, frame: dict[str, Any]) -> None:
        request = reading.host_call(frame, self._names)
        self._calls += 1
        if self._calls > 2 * self._limits.calls + 10_000:
            raise reading.Hostile("more requests than the worker may make")
        started = time.monotonic()
        self._waiting = True
        slots = list(await self._host.call(request))
        wanted = max(1, len(request.prompts))
        slots = [*slots, *[Slot(error="the engine gave no answer")] * (wanted - len(slots))][:wanted]
        try:
            await self._worker.channel.send({"t": "reply", "id": frame.get("id"), "slots": reading.reply(slots)})
        except WireError as error:
            failed = [Slot(error=f"the answer could not be handed over: {error}")] * wanted
            await self._worker.channel.send({"t": "reply", "id": frame.get("id"), "slots": reading.reply(failed)})
        self._waiting = False
        self._waited += time.monotonic() - started

    async def stop(self) -> bool:
        """Stop the code softly; ``False`` when it did not stop in time."""
        if self._waiting:
            await self._worker.channel.send({"t": "cancel"})
        else:
            await self._worker.process.interrupt()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + GRACE + EPILOGUE
        while True:
            frame = await self._worker.channel.receive(deadline)
            if frame["t"] == "call":
                await self._worker.channel.send({"t": "cancel"})
            elif frame["t"] == "done":
                return True

    def lost(self, reason: BaseException, status: int) -> CellResult:
        """The result of a cell whose worker is gone."""
        elapsed = max(0.0, time.monotonic() - self._started - self._waited)
        if isinstance(reason, TimeoutError):
            message = f"the cell did not stop after {self._limits.seconds:g} seconds, so the REPL was ended and its names are lost"
            kind, state = "Timeout", "timeout"
        else:
            state, kind = "died", "Died"
            message = f"the REPL's process ended ({_why(reason, status)}), so its names are lost"
        result = _failed(state, kind, message)
        return dataclasses.replace(
            result, output="".join(self._pieces), seconds=elapsed, waited=self._waited, lost=True
        )


def _why(reason: BaseException, status: int) -> str:
    if isinstance(reason, reading.Hostile):
        return f"it sent {reason}"
    signal = status & 0x7F
    names = {
        9: "it was killed, perhaps for lack of memory",
        11: "it crashed",
        24: "it used all its CPU time",
        31: "a forbidden system call",
    }
    return names.get(signal, str(reason))


def _failed(status: str, kind: str, message: str) -> CellResult:
    return CellResult(status=status, error=CellError(type=kind, message=message, text=f"{kind}: {message}"))
