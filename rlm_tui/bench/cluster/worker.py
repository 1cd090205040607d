"""A worker's side of a cluster: one room for each run, in which its cells run beside each other."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from rlm_tui.bench.cluster.order import Done, Order, Plan, arrived
from rlm_tui.bench.runner import Runner
from rlm_tui.session import telemetry
from rlm_tui.session.adapters.live_otel import OtelError
from rlm_tui.store import Store, StoreError, lease
from rlm_tui.store.handing import cell
from rlm_tui.store.results import PENDING, RUNNING, Attempt, CellRow
from rlm_tui.version import VERSION

T = TypeVar("T")

_rooms: dict[str, Room] = {}
_lock = threading.Lock()


class Room:
    """The store, the models and the REPLs of a run on this worker, with an event loop in a thread of their own.

    Raises `StoreError` when the store can't be opened here.
    """

    def __init__(self, plan: Plan, worker: Any = None) -> None:
        self.running = 0
        self.stopped = False
        self._plan, self._worker = plan, worker
        if plan.host is not None and plan.host != lease.host():
            raise StoreError(f"the store {plan.place} is a file on {plan.host}, and this worker runs on {lease.host()}")
        self._store = Store.open(plan.place, durability=plan.durability)
        self._runner = Runner(
            self._store,
            (),
            seconds=plan.seconds,
            prices=plan.prices,
            custom=plan.custom,
            tags=plan.tags,
            on_change=self._tell,
        )
        self._sessions: dict[str, Any] = {}
        self._opening = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rlm-cells", daemon=True)
        self._thread.start()

    def run(self, order: Order) -> Done:
        """Run a cell to its end. Raises `StoreError` or `LogError` when the store fails."""
        row, results = order.work.row, self._store.results
        now = self._now(row)
        lost: list[Attempt] = []
        if now.status == RUNNING:
            # Its worker may be gone; whoever it was had claimed others as well.
            lost = results.recover(row.suite)
            now = self._now(row)
        if now.status != PENDING or now.attempts != row.attempts or self.stopped:
            # An outcome that is there already got lost on its way to the client.
            return Done(now, (now.cost or 0.0) if now.done else 0.0, lost)
        with self._opening:
            case = arrived(order.work.case, self._store, self._sessions)
        ended, hopeless = self._call(self._runner.run_one(replace(order.work, case=case)))
        if ended is None:
            return Done(self._now(row), lost=lost)
        return Done(ended, ended.cost or 0.0, lost, hopeless)

    def stop(self) -> None:
        """Cancel what runs and begin nothing more. Idempotent."""
        self.stopped = True
        self._loop.call_soon_threadsafe(self._runner.stop)

    def close(self) -> None:
        """Let go of everything. Call when nothing runs."""
        with contextlib.suppress(Exception):
            self._call(self._runner.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._store.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _now(self, row: CellRow) -> CellRow:
        found = cell(self._store.reader, row.key)
        if found is None:
            raise StoreError(f"the cell {row.item} is not in the store any more; `rlm-tui bench rm` was faster")
        return found

    def _tell(self, row: CellRow) -> None:
        if row.status == RUNNING and self._worker is not None:
            self._worker.log_event(self._plan.topic, msgspec.to_builtins(row))


def run_cell(order: Order) -> Done:
    """Run one cell: what Dask calls. Gives its thread free, so that a worker runs as many as it is sent."""
    from distributed import get_worker, secede

    room = _enter(order.plan, get_worker())
    try:
        secede()
        return room.run(order)
    finally:
        with _lock:
            room.running -= 1


def _enter(plan: Plan, worker: Any) -> Room:
    """The room of a run, with one more cell in it. Rooms of runs whose client has left are closed."""
    with _lock:
        for token in [token for token, room in _rooms.items() if token != plan.token and not room.running]:
            _rooms.pop(token).close()
        if plan.token not in _rooms:
            _rooms[plan.token] = Room(plan, worker)
            if plan.otel is not None:
                telemetry.begin(plan.otel[0], bodies=plan.otel[1])
        room = _rooms[plan.token]
        room.running += 1
        return room


def ready(plan: Plan) -> tuple[str, str, str]:
    """The version and the machine of this worker, and why it can't work; empty if it can. Costs nothing."""
    try:
        if plan.otel is not None:
            telemetry.begin(plan.otel[0], bodies=plan.otel[1])
            telemetry.end()
        Room(plan).close()
    except (StoreError, OtelError) as error:
        return VERSION, lease.host(), str(error)
    return VERSION, lease.host(), ""


def stop_cells(token: str) -> None:
    """Cancel the cells of a run on this worker; they are saved and open again."""
    with _lock:
        room = _rooms.get(token)
    if room is not None:
        room.stop()


def leave(token: str) -> None:
    """Close the room of a run on this worker."""
    with _lock:
        room = _rooms.pop(token, None)
    if room is not None and not room.running:
        room.close()
    telemetry.end()


def dask_setup(worker: Any) -> None:
    """What a worker of our own does first: Ctrl+C in the terminal is for the client, which lets cells end in order.

    A function rather than ``SIG_IGN``, which the processes of the REPLs would inherit.
    """
    signal.signal(signal.SIGINT, lambda *_: None)
