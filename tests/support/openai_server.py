"""A local OpenAI-compatible server that says what a test wants, faults included.

    with FakeOpenAI(["first reply", Answer("second", pieces=4)]) as server:
        ...  # model "openai/any-name", api_base=server.base_url
        server.requests[0].body["messages"]

Replies are played in order; when they run out, `default` answers. For concurrent requests give a function instead, from
the request's body to a reply: ``FakeOpenAI(lambda body: "yes" if "apple" in body["messages"][-1]["content"] else "no")``.

A reply is a text, an `Answer` (streamed or not, as the request asks), or a `Raw` (any bytes, for faults).
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COUNT: Any = object()
"""Usage that the server counts itself: four characters a token."""


@dataclass(frozen=True)
class Answer:
    """A chat completion.

    `message` replaces the message (or, streamed, the delta that is sent after the text). `usage` is sent as it is;
    ``None`` leaves it out. `delay` is the time to the first byte, `pause` the time between the `pieces` of a stream.
    `end` is how a stream ends: ``done``, ``open`` (no finish reason, no [DONE]), ``no-done`` (a finish reason only),
    ``close``, ``reset``, ``stall``, ``garbage``, ``error`` (after the pieces, in the middle of the stream).
    """

    text: str = ""
    finish: str | None = "stop"
    usage: Any = COUNT
    pieces: int = 3
    delay: float = 0.0
    pause: float = 0.0
    message: dict[str, Any] | None = None
    end: str = "done"


@dataclass(frozen=True)
class Raw:
    """Any answer. `length` is the declared length (the true one if ``None``); `drip` seconds between single bytes.

    `end` is ``close``, ``reset``, or ``stall`` (says no more until the server stops); ``status`` 0 sends nothing at all.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/json"
    length: int | None = None
    drip: float = 0.0
    end: str = "close"


Reply = str | Answer | Raw


def error(status: int, message: str, code: str | None = None, kind: str = "error", **headers: str) -> Raw:
    """An error in OpenAI's form; `headers` with underscores for dashes."""
    body = json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()
    return Raw(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class FakeOpenAI:
    """The server; a context manager. `requests` is what arrived; `gone` counts clients that hung up in mid-reply."""

    def __init__(
        self,
        replies: Iterable[Reply] | Callable[[dict[str, Any]], Reply] = (),
        default: Reply = "I have nothing more to say.",
    ) -> None:
        self._answer = replies if callable(replies) else None
        self._replies = [] if callable(replies) else list(replies)
        self._default = default
        self._lock = threading.Lock()
        self.requests: list[Seen] = []
        self.gone = threading.Semaphore(0)
        self.stopping = threading.Event()
        server = self

        class Handler(_Handler):
            fake = server

        self._http = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def add(self, *replies: Reply) -> None:
        """More replies, after those that are left."""
        with self._lock:
            self._replies.extend(replies)

    def take(self, seen: Seen) -> Reply:
        with self._lock:
            self.requests.append(seen)
            if self._answer is None:
                return self._replies.pop(0) if self._replies else self._default
        return self._answer(seen.body)

    def __enter__(self) -> FakeOpenAI:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        # Connections that are kept alive hold threads, which are daemons; nobody waits for them.
        self._http.block_on_close = False
        self._http.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # With the usual 5 a burst of connections waits a second for its turn.
    request_queue_size = 256


class _Handler(BaseHTTPRequestHandler):
    fake: FakeOpenAI
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Silence."""

    def do_GET(self) -> None:
        body = json.dumps({"object": "list", "data": [{"id": "any-name", "object": "model"}]}).encode()
        self._send(Raw(body=body))

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        reply = self.fake.take(Seen(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if isinstance(reply, str):
            reply = Answer(reply)
        try:
            if isinstance(reply, Raw):
                self._send(reply)
            elif body.get("stream"):
                self._stream(reply, body)
            else:
                self._wait(reply.delay)
                self._send(Raw(body=json.dumps(self._completion(reply, body)).encode()), keep=True)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
            self.fake.gone.release()

    def _completion(self, reply: Answer, body: dict[str, Any]) -> dict[str, Any]:
        message = {"role": "assistant", "content": reply.text, **(reply.message or {})}
        whole = {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": body.get("model"),
            "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        }
        usage = self._usage(reply, body)
        return whole if usage is None else {**whole, "usage": usage}

    def _usage(self, reply: Answer, body: dict[str, Any]) -> Any:
        if reply.usage is not COUNT:
            return reply.usage
        prompt = sum(len(m["content"]) for m in body.get("messages", [])) // 4 + 1
        out = len(reply.text) // 4 + 1
        return {"prompt_tokens": prompt, "completion_tokens": out, "total_tokens": prompt + out}

    def _stream(self, reply: Answer, body: dict[str, Any]) -> None:
        self._wait(reply.delay)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        size = max(1, -(-len(reply.text) // max(1, reply.pieces)))
        for start in range(0, len(reply.text), size):
            self._chunk(body, {"role": "assistant", "content": reply.text[start : start + size]})
            self._wait(reply.pause)
        if reply.message:
            self._chunk(body, {"role": "assistant", **reply.message})
        if reply.end in ("close", "reset", "stall", "open"):
            self._end(reply.end)
            return
        if reply.end == "garbage":
            self._write(b'data: {"id": "c1", "choi\n\n')
            return
        if reply.end == "error":
            self._write(b'data: {"error": {"message": "The server had an error", "type": "server_error"}}\n\n')
            return
        self._chunk(body, {}, reply.finish)
        usage = self._usage(reply, body)
        if usage is not None and (body.get("stream_options") or {}).get("include_usage"):
            self._data({**self._frame(body), "choices": [], "usage": usage})
        if reply.end == "done":
            self._write(b"data: [DONE]\n\n")

    def _frame(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": body.get("model")}

    def _chunk(self, body: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> None:
        self._data({**self._frame(body), "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def _data(self, value: dict[str, Any]) -> None:
        self._write(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _send(self, raw: Raw, keep: bool = False) -> None:
        self.close_connection = self.close_connection or not keep
        if raw.status:
            self.send_response(raw.status)
            self.send_header("content-type", raw.type)
            self.send_header("content-length", str(len(raw.body) if raw.length is None else raw.length))
            if self.close_connection:
                self.send_header("connection", "close")
            for name, value in raw.headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in [raw.body] if not raw.drip else [bytes([b]) for b in raw.body]:
                self._write(piece)
                self._wait(raw.drip)
        self._end(raw.end)

    def _end(self, how: str) -> None:
        if how == "stall":
            # Until the client hangs up, or the test is over.
            self.connection.settimeout(0.05)
            while not self.fake.stopping.is_set():
                try:
                    if self.connection.recv(1) == b"":
                        raise ConnectionResetError
                except TimeoutError:
                    continue
        elif how == "reset":
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _wait(self, seconds: float) -> None:
        if seconds and self.fake.stopping.wait(seconds):
            raise ConnectionResetError
