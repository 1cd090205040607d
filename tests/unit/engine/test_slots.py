"""The limit on requests in flight: it gives way to complaints, recovers, and never loses a place."""

import asyncio

from rlm_tui.engine.slots import Slots


async def test_no_more_than_the_limit_at_once_and_first_come_first_served() -> None:
    slots, active, most, order = Slots(3), 0, 0, []

    async def work(n: int) -> None:
        nonlocal active, most
        async with slots:
            order.append(n)
            active += 1
            most = max(most, active)
            await asyncio.sleep(0)
            active -= 1

    await asyncio.gather(*(work(n) for n in range(20)))
    assert most == 3 and order == list(range(20))


async def test_a_complaint_halves_and_good_answers_raise_again() -> None:
    slots = Slots(8)
    slots.complained()
    assert slots.limit == 4
    for _ in range(4):
        slots.answered()
    assert slots.limit == 5
    for _ in range(100):
        slots.answered()
    assert slots.limit == 8
    for _ in range(10):
        slots.complained()
    assert slots.limit == 1


async def test_a_cancelled_waiter_gives_its_place_on() -> None:
    slots = Slots(1)
    await slots.__aenter__()
    first = asyncio.create_task(slots.__aenter__())
    second = asyncio.create_task(slots.__aenter__())
    await asyncio.sleep(0)
    first.cancel()
    await slots.__aexit__(None, None, None)
    await asyncio.wait_for(second, 1)
