"""The Gate: how an operator holds a run. The app, the command line and the tests drive this one object.

The engine comes to the gate at every stop of every node (`Gate.reach`) and passes when nothing holds it. Stops, in the
order of a turn: ``before_llm``, ``before_exec`` (the code can still be changed), ``at_subcall``, ``after_exec``; and
``on_error``, ``on_final``, ``on_budget``.

With several nodes in flight the gate stops the world: while one node is held, every other one waits at its next stop.
*Over* and *finish* look at one node only; *into* stops at whatever comes first.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from rlm_tui.events import (
    BreakpointCleared,
    BreakpointSet,
    CellEdited,
    Event,
    Injected,
    LogPoint,
    Overridden,
    Paused,
    PauseRequested,
    Resumed,
    clean,
)
from rlm_tui.projection.conditions import Condition, parse

GROWING = frozenset({"cost", "calls", "tokens", "tokens.in", "tokens.out", "seconds", "errors", "nodes", "coverage"})
"""Facts that only grow: a condition over nothing else (and ``budget.*``) stops once, when it becomes true."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where a node can be held.

    `code` is the cell's code before it runs; at a sub-call, `planned` is how many the cell has asked for, and `prompt`
    what this one would send: the log does not have it before it is sent.
    """

    kind: str
    node: str
    turn: int | None = None
    cell: str | None = None
    call: str | None = None
    code: str = ""
    planned: int | None = None
    prompt: str = ""


@dataclass(slots=True)
class Breakpoint:
    """A condition that stops the run, or writes a line to the log (`Condition.log`)."""

    number: int
    text: str
    condition: Condition
    was: bool = False
    passed: tuple[str, int | None] | None = None
    hits: int = 0


Emit = Callable[..., Awaitable[object]]
Facts = Callable[[Stop], Mapping[str, object]]


class Gate:
    """Control of one run.

    Made before the run starts, so that breakpoints and messages can be set at once. The operator's methods may be called
    from any thread, return at once, and take effect in the engine's loop in the order they were called; each one that
    changes something is an event of the session. `paused` starts the run held at its first cell.
    """

    def __init__(self, *, paused: bool = True) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: list[Callable[[], Awaitable[None]]] = []
        self._order: asyncio.Queue[Callable[[], Awaitable[None]]] | None = None
        self._worker: asyncio.Task[None] | None = None
        self._emit: Emit | None = None
        self._facts: Facts | None = None
        self._cancel: Callable[[], object] | None = None
        self._open: asyncio.Event | None = None
        self._verb = "over" if paused else "continue"
        self._target = "0"
        self._pause = False
        self._numbers = 0
        self._breakpoints: dict[int, Breakpoint] = {}
        self._messages: dict[str, list[str]] = {}
        self._edits: dict[str, str] = {}
        self._answers: dict[str, str] = {}
        self._held: Stop | None = None
        self._held_since: float | None = None
        self._held_for = 0.0
        self._passed: Callable[[Stop], bool] | None = None

    # --- the operator's side

    @property
    def held(self) -> Stop | None:
        """Where the run is held, if it is."""
        return self._held

    def over(self, node: str | None = None) -> None:
        """On to the next cell of `node` (default: the held one); its sub-calls run through."""
        self._post(lambda: self._resume("over", node))

    def into(self) -> None:
        """On to the next stop of any node."""
        self._post(lambda: self._resume("into", None))

    def finish(self, node: str | None = None) -> None:
        """On until `node` (default: the held one) has its answer."""
        self._post(lambda: self._resume("finish", node))

    def go(self) -> None:
        """On to the next breakpoint or the end."""
        self._post(lambda: self._resume("continue", None))

    def pause(self) -> None:
        """Hold the run at the next stop of any node."""

        async def do() -> None:
            if not self._held and not self._pause:
                self._pause = True
                await self._log(PauseRequested())

        self._post(do)

    def cancel(self) -> None:
        """End the session now, as ``cancelled``. Requests in flight are cancelled; what is there stays saved."""

        async def do() -> None:
            if self._cancel is not None:
                self._cancel()

        self._post(do)

    def inject(self, text: str, node: str | None = None) -> None:
        """Let the model of `node` (default: the held one, else the root) read `text` before its next reply."""

        async def do() -> None:
            target = node or (self._held.node if self._held else "0")
            self._messages.setdefault(target, []).append(text)
            await self._log(Injected(node=target, text=clean(text)))

        self._post(do)

    def edit(self, cell: str, code: str, keep: Callable[[str], object]) -> None:
        """Run `code` instead of what `cell` holds. Only before it runs. `keep` turns the text into a `BlobRef`."""

        async def do() -> None:
            if self._held and self._held.cell == cell and self._held.kind == "before_exec":
                self._edits[cell] = code
                await self._log(CellEdited(cell=cell, code=keep(code)))  # type: ignore[arg-type]

        self._post(do)

    def override(self, call: str, text: str) -> None:
        """Answer the sub-call `call` by hand; it is not sent. Only while the run is held at it."""

        async def do() -> None:
            if self._held and self._held.call == call and self._held.kind == "at_subcall":
                self._answers[call] = text
                await self._log(Overridden(call=call, text=clean(text)))

        self._post(do)

    def set_breakpoint(self, condition: str) -> int:
        """Stop where `condition` holds. Returns the breakpoint's number. Raises `ConditionError` for a bad condition."""
        parsed = parse(condition)
        with self._lock:
            self._numbers += 1
            number = self._numbers

        async def do() -> None:
            self._breakpoints[number] = Breakpoint(number, condition, parsed)
            await self._log(BreakpointSet(number=number, condition=condition))

        self._post(do)
        return number

    def clear_breakpoint(self, number: int) -> None:
        """Forget a breakpoint. An unknown number is ignored."""

        async def do() -> None:
            if self._breakpoints.pop(number, None):
                await self._log(BreakpointCleared(number=number))

        self._post(do)

    # --- the engine's side

    async def attach(
        self, emit: Emit, facts: Facts, cancel: Callable[[], object], passed: Callable[[Stop], bool] | None = None
    ) -> None:
        """Take the gate into the running loop: what was asked for before happens now.

        `passed` tells the stops of a recorded past, where nothing holds the run.
        """
        self._passed = passed
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._emit, self._facts, self._cancel = emit, facts, cancel
            self._open = asyncio.Event()
            self._open.set()
            self._order = asyncio.Queue()
            pending, self._pending = self._pending, []
        for command in pending:
            await command()
        self._worker = asyncio.create_task(self._work(self._order))

    async def detach(self) -> None:
        """Let go of the loop; later commands do nothing."""
        with self._lock:
            self._loop = None
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
            self._worker = None

    async def reach(self, stop: Stop) -> None:
        """Come to a stop: returns when the run may go on from here."""
        assert self._open is not None
        if self._passed is not None and self._passed(stop):
            return
        while True:
            await self._open.wait()
            number, reason = await self._why(stop)
            if reason is None:
                return
            if not self._open.is_set():
                continue  # Another node was held while this one asked; wait behind it and ask again.
            self._open.clear()
            self._held, self._pause = stop, False
            self._held_since = time.monotonic()
            await self._log(
                Paused(
                    stop=stop.kind,
                    node=stop.node,
                    reason=reason,
                    turn=stop.turn,
                    cell=stop.cell,
                    call=stop.call,
                    breakpoint=number,
                )
            )
            await self._open.wait()
            return

    def held_seconds(self) -> float:
        """How long the run has been held so far: time that no budget pays for."""
        now = 0.0 if self._held_since is None else time.monotonic() - self._held_since
        return self._held_for + now

    def ended(self, node: str) -> None:
        """A node is over: who stepped over it goes on with its parent."""
        if self._verb == "over" and self._target == node and "/" in node:
            self._target = node.rsplit("/", 1)[0]

    def take_messages(self, node: str) -> list[str]:
        """The operator's messages for `node` that it has not read yet."""
        return self._messages.pop(node, [])

    def take_edit(self, cell: str) -> str | None:
        """The operator's code for `cell`, if there is any."""
        return self._edits.pop(cell, None)

    def take_answer(self, call: str) -> str | None:
        """The operator's answer to `call`, if there is one."""
        return self._answers.pop(call, None)

    # --- inside

    def _post(self, command: Callable[[], Awaitable[None]]) -> None:
        with self._lock:
            if self._loop is None:
                if self._order is None:
                    self._pending.append(command)
                return
            order = self._order
            assert order is not None
            self._loop.call_soon_threadsafe(order.put_nowait, command)

    async def _work(self, order: asyncio.Queue[Callable[[], Awaitable[None]]]) -> None:
        while True:
            await (await order.get())()

    async def _log(self, event: Event) -> None:
        if self._emit is not None:
            await self._emit(event)

    async def _resume(self, verb: str, node: str | None) -> None:
        held, self._held = self._held, None
        if self._held_since is not None:
            self._held_for += time.monotonic() - self._held_since
            self._held_since = None
        self._verb = verb
        self._target = node or (held.node if held else self._target)
        self._pause = False
        if held is None or self._open is None:
            return
        await self._log(Resumed(verb=verb, node=self._target if verb in ("over", "finish") else None))
        self._open.set()

    async def _why(self, stop: Stop) -> tuple[int | None, str | None]:
        """Number of the breakpoint and reason for holding here; no reason means passing."""
        for point in list(self._breakpoints.values()):
            if not self._fires(point, stop):
                continue
            point.hits += 1
            if point.condition.log is not None:
                facts = self._facts(stop) if self._facts else {}
                await self._log(LogPoint(number=point.number, node=stop.node, text=point.condition.message(facts)))
                continue
            return point.number, f"bp #{point.number} {point.text}"
        if self._pause:
            return None, "you paused"
        if self._verb == "into":
            return None, "step into"
        if self._verb == "over" and stop.kind == "before_exec" and stop.node == self._target:
            return None, "step over" if (stop.turn or 0) > 1 or stop.node != "0" else "before the first cell"
        if self._verb == "finish" and stop.kind == "on_final" and stop.node == self._target:
            return None, "finished"
        return None, None

    def _fires(self, point: Breakpoint, stop: Stop) -> bool:
        facts = self._facts(stop) if self._facts else {}
        now = point.condition.test(facts)
        was, point.was = point.was, now
        if not now:
            return False
        names = point.condition.names
        if names and all(name in GROWING or name.startswith("budget.") for name in names):
            return not was
        place = (stop.node, stop.turn)
        if point.passed == place:
            return False
        point.passed = place
        return True
