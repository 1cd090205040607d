"""A session that runs: the engine in a thread of its own, its events for whoever looks."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlm_tui.document.document import Document
from rlm_tui.engine.control import Gate
from rlm_tui.events import BlobRef, Entry, LogError
from rlm_tui.session import telemetry
from rlm_tui.session.setup import Setup, open_log, run_on

if TYPE_CHECKING:
    from rlm_tui.engine.engine import Ended
    from rlm_tui.store import SessionLog, Store


class LiveSession:
    """An `EventSource` over a running engine.

    `start` returns at once; what goes wrong later is in `failure`. The gate may be used before the start.
    """

    def __init__(self, setup: Setup, gate: Gate | None = None) -> None:
        self.session = ""
        self.gate = gate or Gate()
        self._setup = setup
        self._entries: deque[Entry] = deque()
        self._store: Store | None = None
        self._log: SessionLog | None = None
        self._failure: str | None = None
        self._broke_down = False
        self._ended: Ended | None = None
        # Waited for instead of the thread: a join that ctrl+c interrupts takes a running thread for a dead one (3.11).
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rlm-engine", daemon=True)

    def start(self) -> LiveSession:
        """Start the engine. Call once."""
        self._thread.start()
        return self

    @property
    def documents(self) -> Sequence[Document]:
        """The session's documents."""
        return self._setup.documents

    @property
    def failure(self) -> str | None:
        """One sentence, when the run could not start or broke down."""
        return self._failure

    @property
    def broke_down(self) -> bool:
        """Whether `failure` is a mistake of ours, rather than a full disk, a lost store or a model that can't work."""
        return self._broke_down

    @property
    def ended(self) -> Ended | None:
        """How the session ended, once it has."""
        return self._ended

    @property
    def running(self) -> bool:
        """Whether the engine's thread is alive."""
        return self._thread.is_alive() and not self._over.is_set()

    def drain(self) -> list[Entry]:
        """The committed entries since the last call."""
        entries = []
        while self._entries:
            entries.append(self._entries.popleft())
        return entries

    def text(self, ref: BlobRef) -> str:
        """A body by reference. Raises `KeyError`."""
        if self._log is None:
            raise KeyError(ref.sha)
        return self._log.get(ref)

    def keep(self, text: str) -> BlobRef:
        """Keep a text for an event that the operator is about to cause."""
        if self._log is None:
            return BlobRef.of(text)
        return self._log.put(text)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end. Returns whether it has ended."""
        return self._over.wait(timeout)

    def close(self) -> None:
        """Cancel a run that is still going, wait for it to be saved, and close the store. Idempotent."""
        if self.running:
            self.gate.cancel()
            self._over.wait(10)
        if self._store is not None:
            self._store.close()

    def _run(self) -> None:
        from rlm_tui.engine.providers.base import ProviderError
        from rlm_tui.session.again import AgainError
        from rlm_tui.store import StoreError

        try:
            asyncio.run(self._main())
        except (AgainError, StoreError, LogError, ProviderError) as error:
            self._failure = str(error)
        except Exception as error:  # The screen must say it; a thread's traceback would only break the display.
            self._failure = f"The engine broke down ({type(error).__name__}: {error}). The session is saved up to here."
            self._broke_down = True
        finally:
            self._over.set()

    async def _main(self) -> None:
        from rlm_tui.store import Store

        # The store stays open after the end: whoever looks at the session still needs its texts.
        self._store = Store.open(self._setup.store or None, durability=self._setup.durability)
        self._log = open_log(self._store, self._setup)
        self.session = self._log.session
        # Whoever looks at a continued session sees all of it; but not before it goes on, or its old end looks like a new one.
        past = self._store.reader.entries(self.session) if self._setup.resume is not None else []
        before = list(past)

        def heard(entry: Entry) -> None:
            self._entries.extend([*before, entry])
            before.clear()

        self._log.listeners.append(heard)
        telemetry.attach(self._log, tuple(past))
        try:
            self._ended = await run_on(self._store, self._log, self.session, self._setup, self.gate)
        finally:
            self._entries.extend(before)
            self._log.close()
