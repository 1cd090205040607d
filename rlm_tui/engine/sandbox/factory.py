"""Makes REPLs whose code runs behind three walls: guarded Python, a locked process, and a host that trusts no frame.

One `PythonReplFactory` an application. It owns a zygote, a process that has imported what a REPL needs; a worker is a
fork of it, ready in some milliseconds. Large texts are loaded once into a branch of the zygote and shared by the REPLs
that read them. On Windows, where there is no fork, each worker is started by itself.

What holds where: Linux has all of it (Landlock needs kernel 5.13 or newer, its network part 6.7). On macOS the process,
the resource limits except memory, the time limits and, where the system takes it, Seatbelt hold. On Windows it is the language wall, the process and the host's clock. `PythonReplFactory.walls` and
`rlm_tui.engine.sandbox.walls.probe_walls` say which walls stand on the machine at hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rlm_tui.engine.sandbox import handover, walls
from rlm_tui.engine.sandbox.base import Context, ReplLimits
from rlm_tui.engine.sandbox.channel import Channel, WorkerGone
from rlm_tui.engine.sandbox.process import LoneProcess, Process, StartError, Zygote
from rlm_tui.engine.sandbox.repl import Worker, WorkerRepl

SHARED_FROM = 1_000_000
"""Characters from which on a context is loaded once and shared."""

KEPT_BRANCHES = 2
"""Loaded contexts that are kept when no REPL uses them any more."""

ALL_LAYERS = frozenset({"limits", "landlock", "seccomp"})
HOST_NAMES = frozenset({"llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched", "budget"})
TOOL = "tool:"
"""Begins the name of a function of the user's own."""

_OPEN_DEADLINE = 60.0


@dataclass(slots=True)
class _Branch:
    """A zygote with a context in it, and how many REPLs read that context. `texts` keeps the texts' identities valid."""

    texts: tuple[Any, ...]
    ready: asyncio.Future[Zygote]
    users: int = 0


@dataclass(slots=True, weakref_slot=True)
class _Home:
    """What one REPL is made from, every time it needs a worker."""

    context: Context
    query: str
    limits: ReplLimits
    names: frozenset[str]
    key: tuple[Any, ...] | None
    directory: str | None = None
    remove: Callable[[], object] = lambda: None


class PythonReplFactory:
    """A `ReplFactory` for Python.

    `forks` says whether workers are forked from a zygote (the default where the system can) or started one by one;
    `layers` which parts of the machine wall are put up, for tests: leave it alone.
    """

    language = "python"

    def __init__(self, *, forks: bool | None = None, layers: frozenset[str] = ALL_LAYERS) -> None:
        self._forks = sys.platform != "win32" if forks is None else forks
        self._layers = layers
        self._zygote: Zygote | None = None
        self._starting = asyncio.Lock()
        self._branches: OrderedDict[tuple[Any, ...], _Branch] = OrderedDict()
        self._repls: set[WorkerRepl] = set()
        self._report: dict[str, str] | None = None
        self._closed = False

    async def open(
        self, context: Context, query: str, limits: ReplLimits, *, names: frozenset[str], depth: int = 0
    ) -> WorkerRepl:
        """A REPL with `context` and `query` in place; see `rlm_tui.engine.sandbox.base.ReplFactory.open`.

        Raises ``TypeError`` for a context that is not JSON, `StartError` when no worker can be started.
        """
        if self._closed:
            raise StartError("the REPL factory was closed")
        handover.check(context)
        key = self._key(context) if self._forks else None
        known = frozenset(name for name in names if name in HOST_NAMES or name.startswith(TOOL))
        home = _Home(context, str(query), limits, known, key)
        if home.key is not None:
            self._use(home.key)

        async def dismissed(repl: WorkerRepl) -> None:
            self._repls.discard(repl)
            home.remove()
            await self._release(home.key)

        repl = WorkerRepl(lambda: self._hire(home), dismissed, limits, home.names, handover.documents_of(context))
        self._repls.add(repl)
        try:
            await repl.start()
        except BaseException:
            await repl.close()
            raise
        return repl

    async def warm(self) -> None:
        """Start the zygote before it is needed. Optional."""
        if self._forks:
            await self._root()

    async def close(self) -> None:
        """End every worker and the zygote. Idempotent."""
        self._closed = True
        for repl in list(self._repls):
            await repl.close()
        for branch in list(self._branches.values()):
            if branch.ready.done():
                with contextlib.suppress(Exception):
                    await branch.ready.result().close()
        self._branches.clear()
        if self._zygote is not None:
            await self._zygote.close()
            self._zygote = None

    def walls(self) -> str:
        """Which walls stand: as the last worker reported, or as the system promises before there was one."""
        return walls.describe(self._report) if self._report is not None else walls.expected()

    # Workers

    async def _hire(self, home: _Home) -> Worker:
        if home.directory is None:
            home.directory = tempfile.mkdtemp(prefix="rlm-tui-")
            home.remove = weakref.finalize(home, _remove, home.directory)  # at the latest when the program ends
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                os.chmod(home.directory, 0o755)  # the worker will be nobody
        last: Exception | None = None
        for _ in range(2):
            try:
                return await self._begin(home)
            except (StartError, WorkerGone, TimeoutError) as error:
                # The zygote itself may have been ended from outside: begin once more with a new one.
                last = error
                await self._forget_zygote()
        raise StartError(f"no worker could be started: {last or 'it does not answer'}")

    async def _begin(self, home: _Home) -> Worker:
        sock, process, sent = await self._process_for(home)
        channel = Channel(sock)
        try:
            await self._introduce(channel, home, sent)
        except BaseException:
            channel.close()
            await process.end()
            raise
        return Worker(channel, process)

    async def _process_for(self, home: _Home) -> tuple[Any, Process, bool]:
        """A fresh process, and whether it has the context already."""
        if not self._forks:
            sock, lone = await LoneProcess.start()
            return sock, lone, False
        if home.key is not None:
            zygote = await self._branch(home)
            sock, forked = await zygote.fork()
            return sock, forked, True
        fd = await _to_fd(home.context)
        try:
            sock, forked = await (await self._root()).fork(fd)
        finally:
            os.close(fd)
        return sock, forked, True

    async def _introduce(self, channel: Channel, home: _Home, has_context: bool) -> None:
        kind, parts = (b"", []) if has_context else await asyncio.to_thread(handover.parts, home.context)
        await channel.send(
            {
                "t": "open", "query": home.query, "names": sorted(home.names), "memory_mb": home.limits.memory_mb,
                "layers": sorted(self._layers), "directory": home.directory or "", "kind": kind, "parts": len(parts),
                "language": self.language,
            }
        )  # fmt: skip
        for part in parts:
            await channel.send({"t": "part", "part": part})
        ready = await channel.receive(asyncio.get_running_loop().time() + _OPEN_DEADLINE)
        if ready["t"] != "ready":
            raise StartError(str(ready.get("reason") or "the worker did not start"))
        self._report = {str(k): str(v) for k, v in dict(ready["walls"]).items()}

    # Zygotes

    async def _root(self) -> Zygote:
        async with self._starting:
            if self._zygote is None:
                self._zygote = await Zygote.start()
            return self._zygote

    async def _forget_zygote(self) -> None:
        async with self._starting:
            zygote, self._zygote = self._zygote, None
        for branch in self._branches.values():
            if branch.ready.done() and not branch.ready.cancelled() and branch.ready.exception() is None:
                with contextlib.suppress(Exception):
                    await branch.ready.result().close()
            branch.ready = asyncio.get_running_loop().create_future()
        if zygote is not None:
            await zygote.close()

    @staticmethod
    def _key(context: Context) -> tuple[Any, ...] | None:
        """What makes two contexts the same without reading them: the identity of the texts, which cannot change."""
        if handover.size_of(context) < SHARED_FROM:
            return None
        if isinstance(context, str):
            return ("text", id(context))
        items = context.items() if isinstance(context, dict) else enumerate(context)
        pairs = list(items)
        if len(pairs) <= 10_000 and all(type(v) is str and type(k) in (str, int) for k, v in pairs):
            return (type(context).__name__, *((k, id(v)) for k, v in pairs))
        return None

    def _use(self, key: tuple[Any, ...]) -> None:
        branch = self._branches.get(key)
        if branch is None:
            branch = self._branches[key] = _Branch((), asyncio.get_running_loop().create_future())
        branch.users += 1

    async def _branch(self, home: _Home) -> Zygote:
        assert home.key is not None
        branch = self._branches[home.key]
        if branch.texts:
            return await asyncio.shield(branch.ready)
        context = home.context
        branch.texts = tuple(context.values()) if isinstance(context, dict) else (context,)
        try:
            fd = await _to_fd(context)
            try:
                zygote = await (await self._root()).branch(fd)
            finally:
                os.close(fd)
        except BaseException as error:
            branch.texts = ()
            if not branch.ready.done():
                branch.ready.set_exception(
                    error if isinstance(error, Exception) else StartError("opening was cancelled")
                )
                branch.ready.exception()  # whoever waits raises it; nobody waiting is fine, too
            branch.ready = asyncio.get_running_loop().create_future()
            raise
        branch.ready.set_result(zygote)
        return zygote

    async def _release(self, key: tuple[Any, ...] | None) -> None:
        if key is None or key not in self._branches:
            return
        branch = self._branches[key]
        branch.users -= 1
        self._branches.move_to_end(key)
        idle = [k for k, b in self._branches.items() if b.users <= 0]
        for old in idle[: max(0, len(idle) - KEPT_BRANCHES)]:
            ready = self._branches.pop(old).ready
            if ready.done() and ready.exception() is None:
                await ready.result().close()


def _remove(directory: str) -> None:
    """Remove the working folder of a worker. It is empty wherever the walls stand, and then this is one system call."""
    try:
        os.rmdir(directory)
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)


async def _to_fd(context: Context) -> int:
    if handover.size_of(context) < SHARED_FROM:
        return handover.to_fd(context)
    return await asyncio.to_thread(handover.to_fd, context)
