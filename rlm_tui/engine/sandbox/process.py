"""Worker processes as the host sees them: the zygote, which forks them, and lone ones where forking is not safe."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

from rlm_tui.engine.sandbox.base import ReplError
from rlm_tui.engine.sandbox.wire import BRANCH, END, FORK, INTERRUPT, REPLY, REQUEST

_START_DEADLINE = 60.0
_BOOT = (
    "import sys; n = int(sys.argv[1]); sys.path[:0] = sys.argv[2:2 + n]; "
    "from rlm_tui.engine.sandbox.worker.main import main; main(sys.argv[2 + n:])"
)


class StartError(ReplError):
    """A worker process could not be started."""


def _command(*arguments: str) -> list[str]:
    # No site-packages hooks, no environment, no current directory on the path: only what the worker needs.
    homes: list[str] = []
    for package in ("rlm_tui", "msgpack", "RestrictedPython"):
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise StartError(f"the package {package} is not installed")
        home = str(Path(spec.origin).parent.parent)
        if home not in homes:
            homes.append(home)
    flags = ["-s", "-S", "-P", "-B", "-X", "utf8"]
    return [sys.executable, *flags, "-c", _BOOT, str(len(homes)), *homes, *arguments]


def _environment() -> dict[str, str]:
    # A fixed hash seed: sets of texts must come out in the same order when cells are run again.
    environment = {"PYTHONHASHSEED": "0"}
    if sys.platform == "win32":
        environment["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
    return environment


def _popen(command: list[str], fds: tuple[int, ...], **options: Any) -> subprocess.Popen[bytes]:
    if sys.platform != "win32":
        options.update(pass_fds=fds, start_new_session=True)
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd=os.path.abspath(os.sep),
            close_fds=True,
            **options,
        )
    except OSError as error:
        raise StartError(f"the worker could not be started: {error}") from None
    return process


class Process(Protocol):
    """A running worker."""

    async def interrupt(self) -> None:
        """Ask the running cell to stop; does nothing where there are no signals."""
        ...

    async def end(self) -> int:
        """Kill it if it lives, and give its wait status. Idempotent."""
        ...


class Zygote:
    """A process that forks workers. A branch of it has a context loaded, which its workers share."""

    def __init__(
        self, control: socket.socket, process: subprocess.Popen[bytes] | None, parent: tuple[Zygote, int] | None
    ) -> None:
        control.setblocking(False)
        self._control = control
        self._process = process
        self._parent = parent
        self._lock = asyncio.Lock()
        self._closed = False

    @classmethod
    async def start(cls) -> Zygote:
        """Start a zygote and wait until it is ready."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = _popen(_command("zygote", str(theirs.fileno())), (theirs.fileno(),))
        zygote = cls(ours, process, None)
        try:
            await zygote._answer()
        except StartError:
            await zygote.close()
            raise
        return zygote

    async def _answer(self) -> int:
        loop = asyncio.get_running_loop()
        data = b""
        try:
            async with asyncio.timeout(_START_DEADLINE):
                while len(data) < REPLY.size:
                    piece = await loop.sock_recv(self._control, REPLY.size - len(data))
                    if not piece:
                        raise StartError("the worker process ended while it started")
                    data += piece
        except (OSError, TimeoutError) as error:
            raise StartError(f"the worker process does not answer ({error or 'timeout'})") from None
        return int(REPLY.unpack(data)[0])

    async def _ask(self, what: bytes, pid: int = 0, fds: tuple[int, ...] = ()) -> int:
        # A request and its answer belong together, so a cancelled caller waits for the answer, too.
        return await asyncio.shield(asyncio.ensure_future(self._exchange(REQUEST.pack(what, pid), fds)))

    async def _exchange(self, data: bytes, fds: tuple[int, ...]) -> int:
        copies = [os.dup(fd) for fd in fds]
        try:
            async with self._lock:
                if self._closed:
                    raise StartError("the worker process has ended")
                try:
                    if copies:
                        socket.send_fds(self._control, [data], copies)
                    else:
                        self._control.send(data)
                except OSError as error:
                    raise StartError(f"the worker process is gone ({error.strerror})") from None
                return await self._answer()
        finally:
            for fd in copies:
                os.close(fd)

    async def fork(self, context_fd: int | None = None) -> tuple[socket.socket, ForkedProcess]:
        """A new worker: the host's socket to it, and the process."""
        ours, theirs = socket.socketpair()
        with theirs:
            fds = (theirs.fileno(),) if context_fd is None else (theirs.fileno(), context_fd)
            try:
                pid = await self._ask(FORK, fds=fds)
            except BaseException:
                ours.close()
                raise
        return ours, ForkedProcess(self, pid)

    async def branch(self, context_fd: int) -> Zygote:
        """A zygote whose workers have the context behind `context_fd`."""
        ours, theirs = socket.socketpair()
        with theirs:
            pid = await self._ask(BRANCH, fds=(theirs.fileno(), context_fd))
        branch = Zygote(ours, None, (self, pid))
        await branch._answer()
        return branch

    async def interrupt(self, pid: int) -> None:
        await self._ask(INTERRUPT, pid)

    async def end(self, pid: int) -> int:
        try:
            return await self._ask(END, pid)
        except StartError:
            return 9

    async def close(self) -> None:
        """End it and its workers. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._control.close()  # it ends its children when the host hangs up
        if self._parent is not None:
            zygote, pid = self._parent
            await zygote.end(pid)
        elif self._process is not None:
            await asyncio.to_thread(_wait, self._process)

    def kill(self) -> None:
        """The last resort, for exits without an event loop."""
        self._closed = True
        self._control.close()
        if self._process is not None:
            _wait(self._process)


class ForkedProcess:
    """A worker that a zygote forked; only the zygote touches it by number, for only it knows the number to be its child's."""

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self._zygote = zygote
        self.pid = pid
        self._status: int | None = None

    async def interrupt(self) -> None:
        with contextlib.suppress(StartError):
            await self._zygote.interrupt(self.pid)

    async def end(self) -> int:
        if self._status is None:
            self._status = await self._zygote.end(self.pid)
        return self._status


class LoneProcess:
    """A worker started by itself, where there is no zygote."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls) -> tuple[socket.socket, LoneProcess]:
        ours, theirs = socket.socketpair()
        with theirs:
            if sys.platform == "win32":
                process = _popen(_command("serve", "-"), (), stdin=subprocess.PIPE)
                assert process.stdin is not None
                process.stdin.write(theirs.share(process.pid))
                process.stdin.close()
            else:
                process = _popen(_command("serve", str(theirs.fileno())), (theirs.fileno(),))
        return ours, cls(process)

    async def interrupt(self) -> None:
        if sys.platform != "win32" and self._process.poll() is None:
            import signal

            self._process.send_signal(signal.SIGUSR1)

    async def end(self) -> int:
        await asyncio.to_thread(_wait, self._process, 0.0)
        return self._process.returncode or 0


def _wait(process: subprocess.Popen[bytes], patience: float = 3.0) -> None:
    try:
        if patience <= 0:
            process.kill()
        process.wait(patience or 10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
