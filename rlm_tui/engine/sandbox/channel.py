"""The host's end of the line: whole frames with deadlines, in the event loop. Every byte from a worker is hostile."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from rlm_tui.engine.sandbox.wire import HEADER, MAX_FRAME, WireError, pack, unpack

BURST = 50
"""Frames that are read before others get their turn."""

SEND_DEADLINE = 10.0
"""Seconds that a worker may take to read what it is sent."""


class WorkerGone(Exception):
    """The worker ended, or what it sent was not of the protocol."""


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class Channel:
    """Frames over a connected socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._buffer = bytearray()
        self._closed = False
        self._burst = 0
        self._waiting: asyncio.Future[None] | None = None

    async def send(self, frame: dict[str, Any]) -> None:
        """Send a frame; `WireError` when it cannot be one, `WorkerGone` when the worker does not take it in time."""
        data = pack(frame)
        loop = asyncio.get_running_loop()
        try:
            # Most frames fit into the socket's buffer; trying first spares a timer.
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            raise WorkerGone(f"the worker is gone ({error.strerror or error})") from None
        if sent == len(data):
            return
        try:
            async with asyncio.timeout(SEND_DEADLINE + len(data) / 20_000_000):
                await loop.sock_sendall(self._sock, memoryview(data)[sent:])
        except TimeoutError:
            raise WorkerGone("the worker does not read what it is sent") from None
        except OSError as error:
            raise WorkerGone(f"the worker is gone ({error.strerror or error})") from None

    async def receive(self, deadline: float | None) -> dict[str, Any]:
        """The next frame; ``TimeoutError`` when it is not complete at `deadline` (the loop's time).

        A partly received frame is kept, so that a cancelled call loses nothing.
        """
        loop = asyncio.get_running_loop()
        self._burst += 1
        if self._burst % BURST == 0:
            # A worker that sends without a pause must neither hold up the loop nor outrun its deadline.
            await asyncio.sleep(0)
            if deadline is not None and loop.time() >= deadline:
                raise TimeoutError
        while True:
            frame = self._complete()
            if frame is not None:
                return frame
            try:
                piece = self._sock.recv(1 << 18)
            except (BlockingIOError, InterruptedError):
                if deadline is not None and loop.time() >= deadline:
                    raise TimeoutError from None
                async with asyncio.timeout_at(deadline):
                    await self._readable(loop)
                continue
            except OSError as error:
                raise WorkerGone(f"the worker is gone ({error.strerror or error})") from None
            if not piece:
                raise WorkerGone("the worker ended")
            self._buffer += piece

    def _complete(self) -> dict[str, Any] | None:
        if len(self._buffer) < HEADER.size:
            return None
        (length,) = HEADER.unpack_from(self._buffer)
        if length > MAX_FRAME:
            raise WorkerGone(f"the worker announced a frame of {length:,} bytes")
        if len(self._buffer) < HEADER.size + length:
            return None
        body = bytes(memoryview(self._buffer)[HEADER.size : HEADER.size + length])
        del self._buffer[: HEADER.size + length]
        try:
            return unpack(body)
        except WireError as error:
            raise WorkerGone(f"the worker sent something else than the protocol's frames ({error})") from None

    async def _readable(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            fd = self._sock.fileno()
            ready: asyncio.Future[None] = loop.create_future()
            loop.add_reader(fd, _set, ready)
            self._waiting = ready
        except NotImplementedError:  # the proactor loop of Windows has no readers
            self._buffer += await loop.sock_recv(self._sock, 1 << 18)
            return
        try:
            await ready
        finally:
            self._waiting = None
            if not self._closed:
                loop.remove_reader(fd)

    def close(self) -> None:
        """Hang up; whoever waits for a frame learns of it. Idempotent."""
        if not self._closed:
            self._closed = True
            if self._waiting is not None:
                # The event loop forgets a closed descriptor without a word, and its number may soon be another's.
                self._waiting.get_loop().remove_reader(self._sock.fileno())
                _set(self._waiting)
            self._sock.close()
