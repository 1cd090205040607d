"""The Gate: how an operator holds a run. The app, the command line and the tests drive this one object.

The engine comes to the gate at every stop of every node (`Gate.reach`) and passes when nothing holds it. Stops, in the
order of a turn: ``before_llm``, ``before_exec`` (the code can still be changed), ``at_subcall``, ``after_exec``; and
``on_error``, ``on_final``, ``on_budget``.

With several nodes in flight the gate stops the world: while one node is held, every other one waits at its next stop, and
so do the calls that come back meanwhile. A step is for one node: *over* goes to the next cell of that node and *finish* to
its answer, while all others run freely between the two stops; when the node ends on the way, its parent takes its place.
*Into* stops at whatever comes first, in any node.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from rlm_tui.engine.breakpoints import Breakpoint
from rlm_tui.engine.looking import Inside
from rlm_tui.engine.operator import Emit, Facts, Keep, Operator, Stop, within
from rlm_tui.events import (
    BlobRef,
    Injected,
    LogPoint,
    Paused,
    Watched,
    clean,
)
from rlm_tui.projection.conditions import parse

__all__ = ["Gate", "Stop"]


class Gate(Operator):
    """Control of one run.

    Made before the run starts, so that breakpoints and messages can be set at once. The operator's methods may be called
    from any thread, return at once, and take effect in the engine's loop in the order they were called; each one that
    changes something is an event of the session. `paused` starts the run held at its first cell. A run that is not
    `attended` is never held, as nobody could let it go on: what a continued session has of breakpoints lies still.
    """

    async def attach(
        self,
        emit: Emit,
        facts: Facts,
        cancel: Callable[[], object],
        passed: Callable[[Stop], bool] | None = None,
        keep: Keep = BlobRef.of,
    ) -> None:
        """Take the gate into the running loop: what was asked for before happens now.

        `passed` tells the stops of a recorded past, where nothing holds the run; `keep` keeps a text for an event.
        """
        self._passed, self._keep = passed, keep
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

    def inherit(self, breakpoints: Mapping[int, str], watches: Mapping[int, str]) -> None:
        """Before `attach`: take over what a session that is continued had. New numbers replace old ones."""
        with self._lock:
            for number, text in breakpoints.items():
                if number > self._numbers:
                    self._breakpoints[number] = Breakpoint(number, text, parse(text))
            self._watches.update({number: text for number, text in watches.items() if number > self._numbers})
            self._numbers = max([self._numbers, *breakpoints, *watches])

    async def detach(self) -> None:
        """Let go of the loop; later commands do nothing."""
        with self._lock:
            self._loop = None
        for look in [*self._looks]:
            look.cancel()
        await asyncio.gather(*self._looks, return_exceptions=True)
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
            self._worker = None

    @property
    def asks(self) -> bool:
        """Whether a stop depends on what happened so far: there is a breakpoint."""
        return bool(self._breakpoints) or self._until is not None

    async def reach(self, stop: Stop) -> None:
        """Come to a stop: returns when the run may go on from here."""
        assert self._open is not None
        if self._passed is not None and self._passed(stop):
            return
        if stop.kind == "before_llm":
            for text in self._ahead.pop(stop.node, []):
                self._messages.setdefault(stop.node, []).append(text)
                await self._log(Injected(node=stop.node, text=clean(text)))
        while True:
            await self._open.wait()
            number, reason = await self._why(stop)
            if reason is None:
                return
            if not self._open.is_set():
                continue  # Another node was held while this one asked; wait behind it and ask again.
            self._open.clear()
            self._held, self._pause, self._until = stop, False, None
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

    def opened(self, node: str, inside: Inside) -> None:
        """A node has its REPL."""
        self._insides[node] = inside

    def ended(self, node: str) -> None:
        """A node is over: who stepped through it goes on with its parent."""
        self._insides.pop(node, None)
        if self._verb in ("over", "finish") and self._target == node and "/" in node:
            self._verb, self._target = "over", node.rsplit("/", 1)[0]

    async def after_cell(self, node: str, cell: str) -> None:
        """A cell has ended: look at the watches."""
        inside = self._insides.get(node)
        if self._watches and inside is not None:
            values = await inside.watch(dict(self._watches))
            await self._log(Watched(node=node, values=values, cell=cell))

    def superseded(self, node: str) -> str | None:
        """Which node does the work of `node` instead, because it or a node above it was restarted."""
        return next((again for old, again in self._again.items() if within(node, old)), None)

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

    async def _why(self, stop: Stop) -> tuple[int | None, str | None]:
        """Number of the breakpoint and reason for holding here; no reason means passing."""
        facts = self._facts(stop) if self._facts and self.asks else {}
        if self._until is not None and self._until.fires(stop.node, stop.turn, facts):
            return None, f"ran to {self._until.text}"
        for point in list(self._breakpoints.values()):
            if not point.fires(stop.node, stop.turn, facts):
                continue
            point.hits += 1
            if point.condition.log is not None:
                await self._log(LogPoint(number=point.number, node=stop.node, text=point.condition.message(facts)))
                continue
            if self._attended:
                return point.number, f"bp #{point.number} {point.text}"
        if not self._attended:
            return None, None
        if self._pause:
            return None, "you paused"
        if self._verb == "into":
            return None, "step into"
        if self._verb == "over" and stop.kind == "before_exec" and stop.node == self._target:
            return None, "step over" if (stop.turn or 0) > 1 or stop.node != "0" else "before the first cell"
        if self._verb == "finish" and stop.kind == "on_final" and stop.node == self._target:
            return None, "finished"
        return None, None
