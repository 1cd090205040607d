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
        got = 0
        try:
            buffer = bytearray(length)
            view = memoryview(buffer)
            while got < length:
                piece = self._some(min(length - got, 1 << 20))
                view[got : got + len(piece)] = piece
                got += len(piece)
            return buffer
        except MemoryError:
            # The rest must not be taken for the start of the next frame.
            while got < length:
                got += len(self._some(min(length - got, 1 << 12)))
            raise

    def _some(self, wanted: int) -> bytes:
        piece = os.read(self.fd, wanted) if self._sock is None else self._sock.recv(wanted)
        if not piece:
            os._exit(0)
        return piece
