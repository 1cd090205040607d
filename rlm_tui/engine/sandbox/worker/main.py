"""The worker's program: ``zygote FD`` forks a worker for each request, ``serve FD`` is one worker.

The zygote is a process of its own, started before anything else could have threads in it; it imports and builds all that
a REPL needs once, and every worker starts as a copy of it. A zygote with a context loaded (a branch) shares that text with
its workers copy-on-write.
"""

from __future__ import annotations

import codecs
import gc
import os
import signal
import socket
import sys
from typing import Any

import rlm_tui.engine.sandbox.worker.unthreaded  # noqa: F401
from rlm_tui.engine.sandbox.wire import BRANCH, END, FORK, INTERRUPT, REPLY, REQUEST
from rlm_tui.engine.sandbox.worker import confine, contexts
from rlm_tui.engine.sandbox.worker.cell import PythonCell
from rlm_tui.engine.sandbox.worker.clock import CellClock
from rlm_tui.engine.sandbox.worker.javascript import JavaScriptCell
from rlm_tui.engine.sandbox.worker.line import Line
from rlm_tui.engine.sandbox.worker.output import Output
from rlm_tui.engine.sandbox.worker.serve import Server

_ENCODINGS = """
ascii utf_8 utf_8_sig utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be utf_7 latin_1 cp1250 cp1251 cp1252 cp1253 cp437 cp850
iso8859_2 iso8859_15 koi8_r mac_roman big5 gb2312 gbk gb18030 shift_jis euc_jp euc_kr idna punycode unicode_escape
raw_unicode_escape rot_13 hex_codec base64_codec quopri_codec
"""
"""Encodings that text may be turned into: a locked process cannot load them any more."""

_NOTHING = object()
_SOCKET_FD = 3


def prepare() -> tuple[PythonCell, CellClock]:
    """Everything that does not depend on a REPL's context, and what C code would otherwise import later."""
    import _strptime  # type: ignore[import-not-found]  # noqa: F401
    import contextlib
    import hashlib
    import importlib
    import warnings

    warnings.simplefilter("ignore")
    hashlib.sha256(b"").hexdigest()
    with contextlib.suppress(ImportError):  # Python 3.12 and newer divide large integers there
        importlib.import_module("_pylong")
    for name in _ENCODINGS.split():
        codecs.lookup(name)
    confine.rehearse(_SOCKET_FD)
    os.environ.clear()
    cell = PythonCell(Output(lambda text: None))
    clock = CellClock(cell.output.flush)
    clock.install()
    gc.collect()
    gc.freeze()
    return cell, clock


class Zygote:
    """Serves a control socket: requests with file descriptors, one reply each."""

    def __init__(self, control: socket.socket, cell: PythonCell, clock: CellClock, context: Any = _NOTHING) -> None:
        self._control = control
        self._cell = cell
        self._clock = clock
        self._context = context
        self._children: set[int] = set()
        self._branches: set[int] = set()

    def _reply(self, number: int) -> None:
        self._control.sendall(REPLY.pack(number))

    def _end(self) -> None:
        for pid in self._children:
            self._kill(pid)
        os._exit(0)

    @staticmethod
    def _kill(pid: int) -> None:
        for kill in (os.killpg, os.kill):
            try:
                kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue

    def serve(self) -> None:
        """Answer until the host hangs up; then end every child."""
        self._reply(0)
        while True:
            data, fds, _, _ = socket.recv_fds(self._control, REQUEST.size, 2)
            if len(data) < REQUEST.size:
                self._end()
            what, pid = REQUEST.unpack(data)
            if what == FORK:
                self._fork(fds)
            elif what == BRANCH:
                self._branch(fds)
            elif what == INTERRUPT:
                if pid in self._children:
                    os.kill(pid, signal.SIGUSR1)
                self._reply(0)
            elif what == END:
                self._reply(self._wait(pid))
            else:
                self._end()

    def _wait(self, pid: int) -> int:
        if pid in self._branches:
            self._branches.discard(pid)  # its own control socket was closed, which is how it ends its workers
        elif pid in self._children:
            self._children.discard(pid)
            self._kill(pid)
        else:
            return 0
        return os.waitpid(pid, 0)[1]

    def _fork(self, fds: list[int]) -> None:
        pid = os.fork()
        if pid == 0:
            self._control.close()
            os.setsid()
            context = self._context
            if len(fds) > 1:
                context = contexts.load(fds[1])
            if fds[0] != _SOCKET_FD:
                os.dup2(fds[0], _SOCKET_FD)
                os.close(fds[0])
            serve(Line(_SOCKET_FD), self._cell, self._clock, context)
            os._exit(0)
        self._children.add(pid)
        for fd in fds:
            os.close(fd)
        self._reply(pid)

    def _branch(self, fds: list[int]) -> None:
        pid = os.fork()
        if pid == 0:
            self._control.close()
            os.setsid()
            control = socket.socket(fileno=fds[0])
            context = contexts.load(fds[1])
            gc.freeze()
            Zygote(control, self._cell, self._clock, context).serve()
        self._branches.add(pid)
        for fd in fds:
            os.close(fd)
        self._reply(pid)


def serve(line: Line, cell: PythonCell, clock: CellClock, context: Any) -> None:
    """Be a worker: the first frame says how the REPL is to be."""
    frame = line.receive()
    if context is _NOTHING:
        kind = frame["kind"]
        body = b"".join(bytes(line.receive()["part"]) for _ in range(frame["parts"]))
        context = contexts.decode(kind, memoryview(body))
    server = Server(line, JavaScriptCell(cell.output) if frame["language"] == "javascript" else cell, clock)
    server.open(frame, context)
    server.run_forever()


def main(arguments: list[str]) -> None:
    """``zygote FD``, ``serve FD``, or ``serve -`` with a shared socket's description on standard input (Windows)."""
    role, where = arguments
    if role == "zygote":
        Zygote(socket.socket(fileno=int(where)), *prepare()).serve()
    elif where == "-":
        shared = socket.fromshare(sys.stdin.buffer.read())  # type: ignore[attr-defined]
        serve(Line(shared.fileno(), shared), *prepare(), _NOTHING)
    else:
        serve(Line(int(where)), *prepare(), _NOTHING)
