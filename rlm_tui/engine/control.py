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
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from rlm_tui.engine.breakpoints import Breakpoint
from rlm_tui.engine.looking import Inside, NotPossible, watch_problem
from rlm_tui.engine.works import Works
from rlm_tui.events import (
    BlobRef,
    BreakpointCleared,
    BreakpointSet,
    CellEdited,
    Evaluated,
    Event,
    Injected,
    Interrupted,
    LogPoint,
    MarkCleared,
    MarkSet,
    NodeRestarted,
    Overridden,
    Paused,
    PauseRequested,
    Resumed,
    WatchCleared,
    Watched,
    WatchSet,
    clean,
)
from rlm_tui.projection.conditions import parse

PREVIEW = 200
"""Characters of what a look showed that stand in its event."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where a node can be held.

    `code` is the cell's code before it runs; at a sub-call, `planned` is how many the cell has asked for, `batch` how many
    at once, `cost` what those will cost in US dollars, about (``None`` if that can't be known), and `prompt` what this one
    would send: the log does not have it before it is sent.
    """

    kind: str
    node: str
    turn: int | None = None
    cell: str | None = None
    call: str | None = None
    code: str = ""
    planned: int | None = None
    batch: int = 1
    cost: float | None = None
    prompt: str = ""


Emit = Callable[..., Awaitable[object]]
Facts = Callable[[Stop], Mapping[str, object]]
Keep = Callable[[str], BlobRef]


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
        self._keep: Keep = BlobRef.of
        self._cancel: Callable[[], object] | None = None
        self._open: asyncio.Event | None = None
        self._verb = "over" if paused else "continue"
        self._target = "0"
        self._pause = False
        self._numbers = 0
        self._breakpoints: dict[int, Breakpoint] = {}
        self._until: Breakpoint | None = None
        self._watches: dict[int, str] = {}
        self._insides: dict[str, Inside] = {}
        self._again: dict[str, str] = {}
        self._looks: set[asyncio.Task[None]] = set()
        self.works = Works()
        self._messages: dict[str, list[str]] = {}
        self._ahead: dict[str, list[str]] = {}
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

    def run_to(self, condition: str) -> None:
        """On until `condition` holds, once. Raises `ConditionError` for a bad condition."""
        until = Breakpoint(0, condition, parse(condition))

        async def do() -> None:
            if self._held is not None:
                await self._resume("to", None, until)

        self._post(do)

    def pause(self) -> None:
        """Hold the run at the next stop of any node; asked for a second time, cancel the calls in flight, too.

        A cancelled call was perhaps billed; it is made again when the run goes on.
        """

        async def do() -> None:
            if self._held:
                return
            if not self._pause:
                self._pause = True
                await self._log(PauseRequested())
            elif calls := self.works.calls:
                await self._log(Interrupted(calls=calls))
                for call in calls:
                    self.works.cut(call)

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

    def inject_ahead(self, text: str, node: str = "0") -> None:
        """Let the model of `node` read `text` before its first reply that is not taken from a record. Before the start."""
        self._ahead.setdefault(node, []).append(text)

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

    def evaluate(self, code: str, node: str | None = None) -> Future[Evaluated]:
        """Look at something in the REPL of `node` (default: the held one), without changing anything.

        The future has the event, once it is in the log, or `NotPossible`: the run must be held. May take as long as the
        node's cells took to run (see `rlm_tui.engine.looking`); the run can go on meanwhile.
        """
        done: Future[Evaluated] = Future()

        async def look(target: str) -> None:
            try:
                seen = await self._insides[target].look(code)
                event = Evaluated(
                    node=target,
                    code=clean(code),
                    shown=self._keep(seen.shown),
                    preview=" ".join(seen.shown[: 4 * PREVIEW].split())[:PREVIEW],
                    status=seen.status,
                    copied=seen.copied,
                )
                await self._log(event)
                done.set_result(event)
            except NotPossible as error:
                done.set_exception(error)
            finally:
                if not done.done():
                    done.set_exception(NotPossible("The run ended before the look did."))

        async def do() -> None:
            target = node or (self._held.node if self._held else "0")
            if not code.strip():
                done.set_exception(NotPossible("Type an expression first."))
            elif self._held is None:
                done.set_exception(NotPossible("The run is not held: pause it first."))
            elif target not in self._insides:
                done.set_exception(NotPossible("This node has ended, and its REPL with it: select one that runs."))
            else:
                self._aside(look(target))

        if not self._post(do):
            done.set_exception(NotPossible("Nothing runs: names can be looked at in a live run only."))
        return done

    def watch(self, expression: str) -> int:
        """Look at `expression` after every cell of every node. Returns the watch's number.

        Raises `NotPossible` for what is not an expression, or might change something.
        """
        if problem := watch_problem(expression):
            raise NotPossible(problem)
        expression = expression.strip()
        with self._lock:
            self._numbers += 1
            number = self._numbers

        async def look(target: str) -> None:
            values = await self._insides[target].watch({number: expression})
            await self._log(Watched(node=target, values=values))

        async def do() -> None:
            self._watches[number] = expression
            await self._log(WatchSet(number=number, expression=clean(expression)))
            held = self._held
            if held is not None and held.node in self._insides and not self._insides[held.node].busy:
                self._aside(look(held.node))

        self._post(do)
        return number

    def clear_watch(self, number: int) -> None:
        """Forget a watch. An unknown number is ignored."""

        async def do() -> None:
            if self._watches.pop(number, None) is not None:
                await self._log(WatchCleared(number=number))

        self._post(do)

    def restart(self, node: str) -> None:
        """Let the child `node` begin again. What it did so far stays in the record as superseded, and stays paid for.

        Nothing happens for a node that has ended, and for the root: that is a new session. A run that was held in the node
        is held again before the first cell of the new one.
        """

        async def do() -> None:
            if node not in self.works:
                return
            again = self._again[node] = _again(node)
            await self._log(NodeRestarted(node=node, again=again))
            if _within(self._target, node):
                self._target = again
            self.works.cut(node)
            if self._held is not None and _within(self._held.node, node):
                await self._resume("over", again, words="restart")

        self._post(do)

    def mark(self, at: int, name: str = "") -> int:
        """Mark the moment after event `at`. Returns the mark's number."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
        self._post(lambda: self._log(MarkSet(number=number, at=at, name=clean(name))))
        return number

    def clear_mark(self, number: int) -> None:
        """Forget a mark."""
        self._post(lambda: self._log(MarkCleared(number=number)))

    # --- the engine's side

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
        return next((again for old, again in self._again.items() if _within(node, old)), None)

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

    def _post(self, command: Callable[[], Awaitable[None]]) -> bool:
        """Have `command` done in the engine's loop, in its turn; ``False`` when the run is over."""
        with self._lock:
            if self._loop is None:
                if self._order is not None:
                    return False
                self._pending.append(command)
                return True
            order = self._order
            assert order is not None
            self._loop.call_soon_threadsafe(order.put_nowait, command)
            return True

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that may take long while later commands have their turn."""
        task = asyncio.create_task(work)
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def _work(self, order: asyncio.Queue[Callable[[], Awaitable[None]]]) -> None:
        while True:
            await (await order.get())()

    async def _log(self, event: Event) -> None:
        if self._emit is not None:
            await self._emit(event)

    async def _resume(self, verb: str, node: str | None, until: Breakpoint | None = None, words: str = "") -> None:
        held, self._held = self._held, None
        if self._held_since is not None:
            self._held_for += time.monotonic() - self._held_since
            self._held_since = None
        self._verb = verb
        self._target = node or (held.node if held else self._target)
        self._pause, self._until = False, until
        if held is None or self._open is None:
            return
        target = self._target if verb in ("over", "finish") else None
        await self._log(Resumed(verb=words or verb, node=target, until=until.text if until is not None else None))
        self._open.set()

    async def _why(self, stop: Stop) -> tuple[int | None, str | None]:
        """Number of the breakpoint and reason for holding here; no reason means passing."""
        facts = self._facts(stop) if self._facts else {}
        if self._until is not None and self._until.fires(stop.node, stop.turn, facts):
            return None, f"ran to {self._until.text}"
        for point in list(self._breakpoints.values()):
            if not point.fires(stop.node, stop.turn, facts):
                continue
            point.hits += 1
            if point.condition.log is not None:
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


def _within(node: str, other: str) -> bool:
    """Whether `node` is `other` or stands below it."""
    return node == other or node.startswith(f"{other}/")


def _again(node: str) -> str:
    """The name of the node that takes the place of `node`: ``0/c2.1``, ``0/c2.1~2``, ``0/c2.1~3``."""
    above, _, name = node.rpartition("/")
    name, _, number = name.partition("~")
    return f"{above}/{name}~{int(number or 1) + 1}"
