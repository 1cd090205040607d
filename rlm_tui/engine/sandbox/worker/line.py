"""The worker's end of the line: whole frames, one at a time, blocking."""

from __future__ import annotations

import os
import socket
from typing import Any

from rlm_tui.engine.sandbox.wire import HEADER, MAX_FRAME, pack, unpack


class Line:
    """Frames over a file descriptor, or over a socket where sockets are not file descriptors (Windows)."""

    def __init__(self, fd: int, sock: socket.socket | None = None) -> None:
        self.fd = fd
        self._sock = sock

    def send(self, frame: dict[str, Any]) -> None:
        """Send a frame; `WireError` when it cannot be one."""
        view = memoryview(pack(frame))
        while view:
            sent = os.write(self.fd, view) if self._sock is None else self._sock.send(view)
            view = view[sent:]

    def receive(self) -> dict[str, Any]:
        """The next frame. When the host is gone, so is this process."""
        (length,) = HEADER.unpack(self._exactly(HEADER.size))
        if length > MAX_FRAME:
            os._exit(3)
        return unpack(self._exactly(length))

    def _exactly(self, length: int) -> bytearray:
        buffer = bytearray(length)
        view = memoryview(buffer)
        got = 0
        while got < length:
            wanted = min(length - got, 1 << 20)
            piece = os.read(self.fd, wanted) if self._sock is None else self._sock.recv(wanted)
            if not piece:
                os._exit(0)
            view[got : got + len(piece)] = piece
            got += len(piece)
        return buffer
