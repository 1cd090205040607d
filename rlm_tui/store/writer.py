"""The one thread that writes to a store.

Jobs wait in a queue. The thread takes all that wait, writes them in one transaction (a durable commit costs
milliseconds, whatever is in it), and then tells each of them. A job that fails by itself is undone by its savepoint and
the others go on; when the transaction fails, every job in it is told, nothing of it was written, and the next one starts
afresh.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import random
import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from rlm_tui.config.store_url import StorePlace, StoreUrl
from rlm_tui.store.connection import Connection
from rlm_tui.store.database import open_writable
from rlm_tui.store.errors import StoreError, explain, moved

GROUP = 512
"""Most jobs in one transaction."""

TRIES = 5
"""How often a transaction is tried that other programs got in the way of, or whose server went away before the end."""

PAUSE = 0.01
"""The longest wait, in seconds, before the second try; it doubles with each. Two programs that undid each other would do so
again if both began again at once.
"""

T = TypeVar("T")


class Job(Protocol):
    """Something to be written. All methods are called in the writer's thread, `settle` exactly once, at the end."""

    @property
    def alone(self) -> bool:
        """Whether no other program may write meanwhile."""
        ...

    def prepare(self, connection: Connection) -> None:
        """Slow work that needs no lock, before the transaction. It must not write."""
        ...

    def write(self, connection: Connection) -> None:
        """Write inside the transaction. If it raises, it has left nothing behind outside the database."""
        ...

    def finish(self, connection: Connection) -> None:
        """Write what is worth writing once for the whole transaction, just before its commit."""
        ...

    def undo(self) -> None:
        """The whole transaction failed: go back to what the last commit left."""
        ...

    def settle(self, problem: str | None) -> None:
        """The outcome: ``None`` when what was written is durable, else one sentence."""
        ...


class Writer:
    """Owner of the writing connection of one store."""

    def __init__(self, path: StorePlace, durability: str = "full") -> None:
        self.path = path
        self.durability = durability
        self._connection: Connection | None = open_writable(path, durability)
        self._inode = self._stat()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._committing = False
        self._calls: dict[asyncio.AbstractEventLoop, list[tuple[Callable[..., object], tuple[object, ...]]]] = {}
        self._thread: threading.Thread | None = None

    def submit(self, job: Job) -> None:
        """Hand over a job; its `settle` will be called. Raises `StoreError` when the writer is closed."""
        with self._lock:
            if self._closed:
                raise StoreError(f"the store {self.path} is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rlm-tui-store", daemon=True)
                self._thread.start()
            self._queue.put(job)

    def call(self, function: Callable[[Connection], T], *, alone: bool = False) -> T:
        """Run `function` inside a transaction of the writer's thread and wait for it. Raises `StoreError`.

        With `alone` no other program writes meanwhile, as is always so with a file. It may be run more than once: when
        programs that write to a server get into each other's way, the transaction is undone and tried again.
        """
        job = Call(function, alone)
        self.submit(job)
        return job.result()

    async def acall(self, function: Callable[[Connection], T]) -> T:
        """`call` for an event loop, which goes on meanwhile. Cancelled, the job may still be written."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.submit(AsyncCall(function, self, loop, future))
        return await future

    def tell(self, loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: object) -> None:
        """Call `function` in the event loop `loop`. For jobs, in `settle`: those of one transaction wake a loop once."""
        self._calls.setdefault(loop, []).append((function, arguments))

    def close(self) -> None:
        """Write what waits, then close the connection. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
        if self._connection is not None:
            self._connection.tidy()
            self._connection.close()
            self._connection = None

    def _run(self) -> None:
        stop = False
        while not stop:
            group: list[Job] = []
            job = self._queue.get()
            while True:
                if job is None:
                    stop = True
                    break
                group.append(job)
                if len(group) >= GROUP:
                    break
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
            if group:
                self._write(group)

    def _write(self, group: list[Job]) -> None:
        problems: dict[int, str] = {}
        for left in reversed(range(TRIES)):
            problems.clear()
            self._committing = False
            try:
                self._write_all(group, problems)
                break
            except Exception as error:
                again = left > 0 and not self._committing and self._passing(error)
                problem = explain(error, self.path)
                for index, job in enumerate(group):
                    if again or index not in problems:
                        job.undo()
                        problems[index] = problem
                self._recover()
                if not again:
                    break
                time.sleep(random.uniform(0, PAUSE * 2 ** (TRIES - 1 - left)))
        for index, job in enumerate(group):
            # Whatever a job does with its outcome, the others must hear theirs.
            with contextlib.suppress(Exception):
                job.settle(problems.get(index))
        calls, self._calls = self._calls, {}
        for loop, some in calls.items():
            # A loop that was closed in the meantime has nobody waiting.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_call_all, loop, some)

    def _write_all(self, group: list[Job], problems: dict[int, str]) -> None:
        connection = self._ready()
        for index, job in enumerate(group):
            try:
                job.prepare(connection)
            except Exception as error:
                if connection.passing(error):
                    raise
                problems[index] = explain(error, self.path)
        connection.begin(any(job.alone for job in group))
        if len(group) == 1 and not problems:
            # There is nobody else whose writing would have to be kept.
            group[0].write(connection)
        else:
            for index, job in enumerate(group):
                if index not in problems:
                    self._write_one(connection, index, job, problems)
        for index, job in enumerate(group):
            if index not in problems:
                job.finish(connection)
        self._committing = True
        self._commit(connection)

    def _write_one(self, connection: Connection, index: int, job: Job, problems: dict[int, str]) -> None:
        connection.execute("SAVEPOINT job")
        try:
            job.write(connection)
        except Exception as error:
            if connection.passing(error):
                raise
            problems[index] = explain(error, self.path)
            if not connection.in_transaction:
                # SQLite has already rolled everything back, as it does when the disk is full.
                raise
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def _passing(self, error: Exception) -> bool:
        return self._connection is not None and self._connection.passing(error)

    def _commit(self, connection: Connection) -> None:
        connection.execute("COMMIT")

    def _ready(self) -> Connection:
        if self._connection is None:
            self._connection = open_writable(self.path, self.durability)
            self._inode = self._stat()
        elif self._stat() != self._inode:
            # SQLite would go on writing to the file that has lost its name.
            raise StoreError(moved(self.path))
        return self._connection

    def _recover(self) -> None:
        """After a failed transaction: undo it, and take a new connection next time if even that fails."""
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            elif connection.lost:
                self._connection = None
        except connection.Error:
            with contextlib.suppress(connection.Error):
                connection.close()
            self._connection = None

    def _stat(self) -> tuple[int, int] | None:
        if isinstance(self.path, StoreUrl):
            return None
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_dev, status.st_ino


class Call(Generic[T]):
    """A job that runs one function of the connection, for whoever waits in another thread."""

    def __init__(self, function: Callable[[Connection], T], alone: bool = False) -> None:
        self.alone = alone
        self._function = function
        self._done = threading.Event()
        self._problem: str | None = None
        self._results: list[T] = []

    def prepare(self, connection: Connection) -> None:
        pass

    def write(self, connection: Connection) -> None:
        self._results.append(self._function(connection))

    def finish(self, connection: Connection) -> None:
        pass

    def undo(self) -> None:
        self._results.clear()

    def settle(self, problem: str | None) -> None:
        self._problem = problem
        self._done.set()

    def result(self) -> T:
        """Wait for the outcome. Raises `StoreError`."""
        self._done.wait()
        if self._problem is not None:
            raise StoreError(self._problem)
        return self._results[0]


class AsyncCall(Call[T]):
    """The same for whoever awaits `future` in the event loop `loop`."""

    def __init__(
        self,
        function: Callable[[Connection], T],
        writer: Writer,
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[T],
    ) -> None:
        super().__init__(function)
        self._writer = writer
        self._loop = loop
        self._future = future

    def settle(self, problem: str | None) -> None:
        super().settle(problem)
        self._writer.tell(self._loop, self._deliver)

    def _deliver(self) -> None:
        if self._future.done():
            return
        try:
            self._future.set_result(self.result())
        except StoreError as error:
            self._future.set_exception(error)


def _call_all(loop: asyncio.AbstractEventLoop, calls: list[tuple[Callable[..., object], tuple[object, ...]]]) -> None:
    """Each on its own, so that what one of them raises is nobody else's."""
    for function, arguments in calls:
        loop.call_soon(function, *arguments)
