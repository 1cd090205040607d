"""The operator's side of a run: what can be asked of it, from any thread, in the order in which it was asked."""

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
    MarkCleared,
    MarkSet,
    NodeRestarted,
    Overridden,
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


class Operator:
    """The verbs. `rlm_tui.engine.control.Gate` is this, with the engine's side to it."""

    def __init__(self, *, paused: bool = True, attended: bool = True, node: str = "0") -> None:
        """`paused` holds the run before the first cell of `node` that is not from a record."""
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
        self._attended = attended
        self._verb = "over" if paused and attended else "continue"
        self._target = node
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
            if within(self._target, node):
                self._target = again
            self.works.cut(node)
            if self._held is not None and within(self._held.node, node):
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


def within(node: str, other: str) -> bool:
    """Whether `node` is `other` or stands below it."""
    return node == other or node.startswith(f"{other}/")


def _again(node: str) -> str:
    """The name of the node that takes the place of `node`: ``0/c2.1``, ``0/c2.1~2``, ``0/c2.1~3``."""
    above, _, name = node.rpartition("/")
    name, _, number = name.partition("~")
    return f"{above}/{name}~{int(number or 1) + 1}"
