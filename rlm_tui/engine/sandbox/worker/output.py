"""What the code prints: streamed while it is short, then only its end is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

PAUSE = 0.03
"""Seconds between two pieces sent to the host while the code prints."""

TAIL_SHARE = 0.4


class Output:
    """Bounded by `limit` characters a cell: the first 60 % go to `send` as they come, of the rest the last 40 % are kept.

    `omitted` counts the characters in between.
    """

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self.reset(1_000_000)

    def set_sender(self, send: Callable[[str], None]) -> None:
        """Where text goes from now on."""
        self._send = send

    def reset(self, limit: int) -> None:
        """Start a cell."""
        self._tail_limit = int(limit * TAIL_SHARE)
        self._room = limit - self._tail_limit
        self._pending: list[str] = []
        self._tail: list[str] = []
        self._tail_length = 0
        self._over = 0
        self._sent_at = 0.0
        self._busy = False

    def write(self, text: str) -> None:
        """Take `text`, which is an exact ``str``."""
        self._busy = True
        try:
            if self._room > 0:
                head = text[: self._room]
                self._room -= len(head)
                if head:
                    self._pending.append(head)
                text = text[len(head) :]
            if text:
                self._over += len(text)
                self._tail.append(text[-self._tail_limit :])
                self._tail_length += len(self._tail[-1])
                if self._tail_length > 2 * self._tail_limit or len(self._tail) > 10_000:
                    self._tail = ["".join(self._tail)[-self._tail_limit :]]
                    self._tail_length = len(self._tail[0])
        finally:
            self._busy = False
        if self._pending and monotonic() - self._sent_at >= PAUSE:
            self.flush()

    def flush(self) -> None:
        """Send what is waiting. Safe to be called by the timer in the middle of a `write`."""
        if self._busy or not self._pending:
            return
        text = "".join(self._pending)
        self._pending = []
        self._sent_at = monotonic()
        self._send(text)

    def rest(self) -> tuple[str, int]:
        """After the cell: the kept end, and how many characters before it were left out."""
        tail = "".join(self._tail)[-self._tail_limit :] if self._tail else ""
        return tail, self._over - len(tail)


class Stream:
    """``sys.stdout`` and ``sys.stderr``: what is written there is printed."""

    encoding = "utf-8"
    errors = "backslashreplace"
    closed = False

    def __init__(self, emit: Callable[[str], None], name: str) -> None:
        self.name = name

        def write(text: str) -> int:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            emit(str.__str__(text))
            return len(text)

        self.write = write

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing to do: output streams by itself."""

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def reconfigure(self, **options: object) -> None:
        """Accepted and ignored."""
