"""The process in which a local model runs: ``python -m rlm_tui.engine.providers.local_worker FILE WINDOW THREADS``.

One JSON object a line. In: ``{"id": 1, "messages": [...], "max_tokens": 9, "temperature": 0.7}`` or ``{"cancel": 1}``.
Out: ``{"ready": true}`` or ``{"failed": "why"}``, then ``{"id": 1, "text": "piece"}`` …, and at last ``{"id": 1, "done":
{"finish": "stop", "usage": {...}}}`` or ``{"id": 1, "error": {"code": 400, "message": "..."}}``. It ends when its input
ends, so it never outlives the app.

A process of its own, because llama.cpp writes to the terminal, aborts on what it can't handle, and keeps its memory.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
from typing import Any, TextIO


class _Worker:
    def __init__(self, server: Any, out: TextIO) -> None:
        self._server = server
        self._out = out
        self._lock = threading.Lock()
        self._cancelled: set[int] = set()

    def serve(self, lines: TextIO) -> None:
        for line in lines:
            order = json.loads(line)
            if "cancel" in order:
                self._cancelled.add(order["cancel"])
            else:
                threading.Thread(target=self._answer, args=(order,), daemon=True).start()

    def _answer(self, order: dict[str, Any]) -> None:
        number = order.pop("id")
        finish: str | None = None
        usage: dict[str, Any] | None = None
        error: dict[str, Any] | None = None

        def take(chunk: Any) -> bool:
            nonlocal finish, usage, error
            chunk = json.loads(chunk) if isinstance(chunk, str) else chunk
            if chunk.get("error"):
                error = chunk["error"]
            usage = chunk.get("usage") or usage
            for choice in chunk.get("choices") or ():
                finish = choice.get("finish_reason") or finish
                if text := (choice.get("delta") or {}).get("content"):
                    self.say({"id": number, "text": text})
            return number in self._cancelled

        try:
            order |= {"stream": True, "stream_options": {"include_usage": True}}
            self._server.handle_chat_completions(order, take)
        except Exception as problem:
            error = {"code": 500, "message": str(problem) or type(problem).__name__}
        self._cancelled.discard(number)
        if error is not None:
            self.say({"id": number, "error": {"code": error.get("code"), "message": str(error.get("message"))}})
        else:
            self.say({"id": number, "done": {"finish": finish, "usage": usage}})

    def say(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._out.write(json.dumps(message) + "\n")
            self._out.flush()


def main(path: str, window: int, threads: int) -> None:
    """Loads the model and serves until the input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    lines = os.fdopen(os.dup(0), "r", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        # The native library writes to the descriptors themselves.
        os.dup2(nowhere, descriptor)
    try:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = path
        parameters.n_ctx = window
        parameters.n_parallel = 1
        parameters.cpuparams.n_threads = threads
        parameters.cpuparams_batch.n_threads = threads
        parameters.offline = True
        # It also listens on a port of the loopback device: with a key that nobody knows, and without pages.
        parameters.api_keys = [secrets.token_hex(32)]
        parameters.ui = False
        worker = _Worker(xllamacpp.Server(parameters), out)
    except Exception as problem:
        out.write(json.dumps({"failed": str(problem) or type(problem).__name__}) + "\n")
        out.flush()
        os._exit(1)
    worker.say({"ready": True})
    worker.serve(lines)
    # Threads of the native library may still compute; nobody waits for them.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
