"""A headless Chromium, driven over its debugging pipe: no driver, no websocket, nothing to install but the browser."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 30.0
_LAUNCH = """
import fcntl, os, sys
theirs = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]
for fd, wanted in zip(theirs, (3, 4)):
    os.dup2(fd, wanted)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser listens on descriptor 3 and speaks on 4."""

_CODES = {
    "ArrowDown": 40,
    "ArrowUp": 38,
    "ArrowLeft": 37,
    "ArrowRight": 39,
    "Delete": 46,
    "Enter": 13,
    "Escape": 27,
    "Tab": 9,
}


def find_browser() -> str | None:
    """The browser's program: what ``RLM_TUI_BROWSER`` names, or one that is in the path."""
    return os.environ.get("RLM_TUI_BROWSER") or next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page.

    `errors` collects exceptions, console errors and violated policies, `requests` every address asked for, and `received`
    the bytes that came by websockets.
    """

    def __init__(self, profile: Path, *, dark: bool = False, size: tuple[int, int] = (1440, 900)) -> None:
        program = find_browser()
        assert program is not None
        (theirs_in, self._out), (self._in, theirs_out) = os.pipe(), os.pipe()
        args = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        args += [f"--window-size={size[0]},{size[1]}", f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        args += ["--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-quic"]
        args += ["--disable-component-update", "--disable-sync", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, str(theirs_in), str(theirs_out), *args],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.received = bytearray()
        pages = self._ask("Target.getTargets")["targetInfos"]
        target = next(page["targetId"] for page in pages if page["type"] == "page")
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")
        width, height = size
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        """Go to `url` and wait until the page's program has run."""
        self._ask("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        done = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression holds."""
        until = time.monotonic() + PATIENCE
        while not self.js(expression):
            assert time.monotonic() < until, f"it never came true: {expression}"

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            text = key if len(key) == 1 else "\r" if key == "Enter" else ""
            code = _CODES.get(key, ord(key.upper()) if len(key) == 1 else 0)
            down: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
            if text:
                down["text"] = text
            self._ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **down)
            self._ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        """Put a text where the focus is."""
        self._ask("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        """A screenshot."""
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            if note := _NOTES.get(answer.get("method", "")):
                note(self, answer["params"])

    def _receive(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self._in, 1 << 16)
            assert piece, "the browser has ended"
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


def _bytes(frame: dict[str, Any]) -> bytes:
    data: str = frame["payloadData"]
    return base64.b64decode(data) if frame["opcode"] == 2 else data.encode()


_NOTES: dict[str, Callable[[Browser, dict[str, Any]], None]] = {
    "Runtime.exceptionThrown": lambda b, p: b.errors.append(str(p["exceptionDetails"])),
    "Runtime.consoleAPICalled": lambda b, p: b.errors.append(str(p["args"])) if p["type"] == "error" else None,
    "Log.entryAdded": lambda b, p: b.errors.append(p["entry"]["text"]) if p["entry"]["level"] == "error" else None,
    "Network.requestWillBeSent": lambda b, p: b.requests.append(p["request"]["url"]),
    "Network.webSocketFrameReceived": lambda b, p: b.received.extend(_bytes(p["response"])),
}
