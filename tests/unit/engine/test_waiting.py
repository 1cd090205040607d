"""Cancellations that come while something must not stay half done."""

import asyncio

import pytest

from rlm_tui import events as ev
from rlm_tui.engine.journal import Journal
from rlm_tui.engine.waiting import to_the_end
from rlm_tui.events import Entry, Event, MemoryLog


class SlowLog(MemoryLog):
    """Commits when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def append(self, *events: Event) -> tuple[Entry, ...]:
        self.begun.set()
        await self.go.wait()
        return await super().append(*events)


async def test_events_that_are_committed_while_their_writer_is_cancelled_are_folded_all_the_same() -> None:
    log = SlowLog()
    journal = Journal(log)
    writer = asyncio.create_task(journal.write(ev.PauseRequested(), ev.PauseRequested()))
    await log.begun.wait()
    writer.cancel()
    await asyncio.sleep(0)
    assert not writer.done()
    log.go.set()
    with pytest.raises(asyncio.CancelledError):
        await writer
    await journal.write(ev.PauseRequested())
    assert journal.state.seq == len(log.entries) == 3


async def test_results_and_errors_come_through() -> None:
    async def seven() -> int:
        await asyncio.sleep(0)
        return 7

    async def wrong() -> int:
        raise ValueError("no")

    assert await to_the_end(seven()) == 7
    with pytest.raises(ValueError, match="no"):
        await to_the_end(wrong())


async def test_two_cancellations_are_no_better_than_one() -> None:
    done, go = [], asyncio.Event()

    async def job() -> None:
        await go.wait()
        done.append(1)

    waiter = asyncio.create_task(to_the_end(job()))
    for _ in range(2):
        await asyncio.sleep(0)
        waiter.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert done == [1]


async def test_a_cancellation_that_comes_just_when_the_job_is_done_is_not_lost() -> None:
    done = asyncio.Event()

    async def job() -> str:
        await done.wait()
        return "done"

    async def wait() -> str:
        return await to_the_end(job())

    for steps in range(8):
        done.clear()
        waiter = asyncio.create_task(wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        if waiter.done():
            assert steps > 1  # It was soon over: later steps would cancel nothing.
            return
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
