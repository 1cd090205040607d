"""Events that wait for a commit to share: never lost, never late, never out of order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rlm_tui import events as ev
from rlm_tui.engine import journal as room
from rlm_tui.engine import subcalls
from rlm_tui.engine.journal import Journal
from rlm_tui.events import Entry, Event, LogError, MemoryLog
from tests.support.engine import FakeModels, cell, play


def point(number: int) -> ev.LogPoint:
    return ev.LogPoint(number=number, node="0", text="x")


class Counting(MemoryLog):
    """Remembers which events were appended together; fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[list[int]] = []
        self.full = False

    async def append(self, *events: ev.Event) -> tuple[ev.Entry, ...]:
        if self.full:
            raise LogError("the disk is full")
        self.groups.append([event.number for event in events if isinstance(event, ev.LogPoint)])
        return await super().append(*events)


async def test_held_events_come_before_the_next_ones_in_their_commit() -> None:
    log = Counting()
    journal = Journal(log)
    await journal.write(point(1))
    journal.hold(point(2))
    journal.hold(point(3), point(4))
    assert journal.state.seq == 1
    await journal.write(point(5))
    await journal.write()
    assert log.groups == [[1], [2, 3, 4, 5]]
    assert journal.state.seq == 5


async def test_held_events_are_written_in_a_moment_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LINGER", 0.001)
    log = Counting()
    journal = Journal(log)
    journal.hold(point(1))
    async with asyncio.timeout(10):
        while journal.state.seq < 1:
            await asyncio.sleep(0.001)
    # And so is what is held after that.
    journal.hold(point(2))
    async with asyncio.timeout(10):
        while journal.state.seq < 2:
            await asyncio.sleep(0.001)
    assert log.groups == [[1], [2]]


async def test_settle_leaves_nothing_held() -> None:
    log = Counting()
    journal = Journal(log)
    journal.hold(point(1))
    await journal.settle()
    assert journal.state.seq == 1


async def test_a_log_that_fails_meanwhile_is_noticed_by_the_next_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LINGER", 0.001)
    log = Counting()
    journal = Journal(log)
    log.full = True
    journal.hold(point(1))
    async with asyncio.timeout(10):
        while journal._lingering is None or not journal._lingering.done():
            await asyncio.sleep(0.001)
    log.full = False
    # What is lost can't be followed by anything.
    with pytest.raises(LogError, match="full"):
        await journal.write(point(2))
    assert log.groups == []


class Failing(MemoryLog):
    """Fails from the event after number `last` on."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.last = last

    async def append(self, *events: Event) -> tuple[Entry, ...]:
        if len(self.entries) + len(events) > self.last:
            await asyncio.sleep(0)
            raise LogError("the disk is full")
        return await super().append(*events)


@pytest.mark.parametrize("last", range(0, 34, 2))
async def test_a_run_whose_log_fails_leaves_nothing_behind(last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that comes later would find the log closed, and Python would complain of it in the middle of the screen."""
    monkeypatch.setattr(room, "LINGER", 30.0)
    monkeypatch.setattr(subcalls, "OUTPUT_DELAY", 30.0)
    loop, before = asyncio.get_running_loop(), asyncio.all_tasks()
    timers: list[asyncio.TimerHandle] = []
    call_later = loop.call_later

    def noted(delay: float, callback: Callable[..., Any], *args: Any, **more: Any) -> asyncio.TimerHandle:
        handle = call_later(delay, callback, *args, **more)
        if delay == 30.0:
            timers.append(handle)
        return handle

    monkeypatch.setattr(loop, "call_later", noted)
    asks = cell("print('begun')\nprint(llm_query_batched(['a', 'b']), rlm_query('c', context='a long text'))")
    models = FakeModels([asks, cell("FINAL(1)")], child=[cell("FINAL('d')")])
    with pytest.raises(LogError, match="full"):
        await play(models, log=Failing(last), max_depth=2)
    assert asyncio.all_tasks() == before
    assert [timer for timer in timers if not timer.cancelled()] == []
