"""A real terminal for the program: tmux, driven by keys and read as a screen. Waits for conditions, never for a time."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

AVAILABLE = shutil.which("tmux") is not None

ENDED = "program ended with "


class Terminal:
    """Runs one command in a terminal of `columns` by `lines` characters; a context manager."""

    def __init__(
        self, command: list[str], *, env: Mapping[str, str], cwd: Path, columns: int = 120, lines: int = 36
    ) -> None:
        # The path of a socket must be short, shorter than a test's temporary folder often is.
        self._folder = tempfile.mkdtemp(prefix="rlm")
        self._tmux = ["tmux", "-f", "/dev/null", "-S", f"{self._folder}/s"]
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in env.items())
        # A program that was killed leaves its picture behind: the last line must not run into it.
        last = f"printf '\\r\\n\\033[K{ENDED}%s.\\033[K\\r\\n' $?"
        shell = f"env -u COLUMNS -u LINES {settings} {shlex.join(command)}; {last}; exec cat"
        self._do("new-session", "-d", "-x", str(columns), "-y", str(lines), "-c", str(cwd), shell)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _do(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True).stdout

    def screen(self) -> str:
        """What is on the screen now."""
        return self._do("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Press keys by their tmux names: ``n``, ``Enter``, ``Escape``, ``C-c``."""
        self._do("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type `text` as it is."""
        self._do("send-keys", "-l", text)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        self._do("resize-window", "-x", str(columns), "-y", str(lines))

    def wait(self, what: str | Callable[[str], bool], seconds: float = 60) -> str:
        """Wait until the screen holds a text, or until a condition on it is true; returns the screen then."""
        holds = what if callable(what) else (lambda screen: what in screen)
        until = time.monotonic() + seconds
        while not holds(screen := self.screen()):
            assert time.monotonic() < until, f"waited {seconds:g} s for {what!r}; the screen is:\n{screen}"
            time.sleep(0.03)
        return screen

    def wait_end(self, seconds: float = 30) -> int:
        """Wait until the program has ended; returns its exit code."""
        whole = re.compile(rf"{ENDED}(\d+)\.")
        return int(whole.findall(self.wait(lambda screen: whole.search(screen) is not None, seconds))[-1])

    @property
    def pid(self) -> int:
        """The process id of the program (a child of the terminal's shell)."""
        shell = self._do("display-message", "-p", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0])
