"""The program in a real browser: served, reached, driven by keys, and reached by nobody else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rlm_tui.store import Catalog, SessionRow, StoreError, StoreReader
from tests.support.browser import Browser, find_browser
from tests.support.desk import lease

pytest.importorskip("textual_serve")
pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")

PATIENCE = 60.0
SECRET = "correct horse battery"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


@contextmanager
def served(folder: Path, *words: str) -> Iterator[str]:
    """The address of `rlm-tui serve` with these words."""
    port = free_port()
    names = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")
    env = {name: value for name, value in os.environ.items() if name not in names}
    env |= {f"XDG_{place}_HOME": str(folder / place.lower()) for place in ("CONFIG", "DATA", "CACHE")}
    env |= {"RLM_TUI_STORE": str(folder / "s.db"), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "rlm_tui", "serve", "--port", str(port), *words]
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        until(lambda: status(f"http://localhost:{port}/") is not None)
        yield f"http://localhost:{port}/"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def status(url: str) -> int | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def sessions(folder: Path) -> list[SessionRow]:
    try:
        with StoreReader(folder / "s.db") as reader:
            return Catalog(reader).list()
    except StoreError:
        return []


@contextmanager
def page(folder: Path, url: str) -> Iterator[Browser]:
    browser = Browser(folder / "profile")
    try:
        browser.open(url)
        browser.wait_for("document.body.classList.contains('-first-byte')")
        browser.js("document.querySelector('textarea').focus()")
        yield browser
    finally:
        browser.close()


def drawn(browser: Browser, word: str, since: int) -> None:
    """Wait until a word is drawn, in what the program has sent after its first `since` bytes."""
    until(lambda: browser.js("1") and word.encode() in browser.received[since:])


def press_until(browser: Browser, key: str, holds: Callable[[], object]) -> None:
    """Press a key until something holds: the first presses may come before the screen is up."""
    for _ in range(int(PATIENCE)):
        browser.press(key)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            if holds():
                return
            time.sleep(0.05)
    raise AssertionError("it never came true")


def test_the_demo_is_chosen_stepped_and_finished_in_a_browser(tmp_path: Path) -> None:
    with served(tmp_path) as url, page(tmp_path, url) as browser:
        press_until(browser, "d", lambda: [row for row in sessions(tmp_path) if row.turns == 1])
        press_until(browser, "n", lambda: sessions(tmp_path)[0].cells > 1)
        press_until(browser, "c", lambda: sessions(tmp_path)[0].status == "completed")
        assert sessions(tmp_path)[0].model == "explorer" and len(sessions(tmp_path)) == 1
        elsewhere = [asked for asked in browser.requests if not asked.startswith((url, "data:", "ws://localhost"))]
        assert elsewhere == []
        assert browser.js("document.querySelectorAll('canvas').length") > 0


def test_the_list_of_sessions_opens_one_and_comes_back(tmp_path: Path) -> None:
    question = [
        sys.executable,
        "-m",
        "rlm_tui",
        "run",
        str(lease(tmp_path)),
        "-q",
        "Who signed?",
        "--model",
        "explorer",
    ]
    for _ in range(2):
        subprocess.run([*question, "--store", str(tmp_path / "s.db")], check=True, capture_output=True)
    with served(tmp_path, "sessions") as url, page(tmp_path, url) as browser:
        drawn(browser, "Preview", 0)
        before = len(browser.received)
        browser.press("Enter")
        drawn(browser, "REPLAY", before)
        before = len(browser.received)
        browser.press("q")
        drawn(browser, "Preview", before)
        # Only a list that came back can delete what it shows.
        browser.press("Delete")
        drawn(browser, "Delete session", before)
        browser.press("y")
        until(lambda: len(sessions(tmp_path)) == 1)
        assert browser.js("document.body.classList.contains('-first-byte')")


def test_nobody_comes_in_without_the_token_or_by_another_name(tmp_path: Path) -> None:
    with served(tmp_path, "--token", SECRET) as url:
        assert status(url) == 403
        with page(tmp_path, f"{url}?token=correct%20horse%20battery") as browser:
            assert browser.js("location.search") == ""
    with served(tmp_path) as url:
        request = urllib.request.Request(url, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=5)
