"""How fast the workbench is: ``pytest -m perf tests/perf/test_workbench.py -s`` prints the figures."""

from __future__ import annotations

import asyncio
import time

import pytest
from textual.events import Key

from rlm_tui import events as ev
from rlm_tui.document.document import Document
from rlm_tui.tui.app import Options, WorkbenchApp
from tests.support.novel import novel
from tests.support.sessions import Clock, Script, usage

pytestmark = pytest.mark.perf

EVENTS_A_SECOND = 3000


def long_session(events: int) -> tuple[Script, Document]:
    """Turns of a hundred sub-calls each, with output."""
    document = novel(600)
    script = Script()
    script.start([document], "why")
    turn = 0
    prompt, reply, spent = script.put("?"), script.put("no"), usage(900, 10, 0.0004)
    while len(script.entries) < events:
        turn += 1
        cell = script.turn(
            "0", turn, says="on", code=f"# part {turn}\nllm_query_batched(prompts)", usage=usage(900, 90, 0.001)
        )
        script.run(cell)
        for n in range(1, 101):
            call = f"{cell}.{n}"
            where = (ev.Span(0, n * 300, n * 300 + 280),)
            script.add(
                ev.CallReserved(
                    call=call,
                    node="0",
                    purpose="leaf",
                    model="m",
                    messages=(ev.Message("user", prompt),),
                    max_output_tokens=9,
                    estimate=spent,
                    cell=cell,
                    ordinal=n,
                ),
                ev.TextSeen(source=call, node="0", spans=where),
                ev.CallFinished(call=call, reply=reply, usage=spent, seconds=0.4),
            )
            script.printed(cell, f"{n}: no\n")
        script.done(cell, "".join(f"{n}: no\n" for n in range(1, 101)))
    return script, document


async def test_ten_thousand_events_are_replayed_in_half_a_second() -> None:
    script, document = long_session(10_000)
    app = WorkbenchApp(Options(documents=[document], source=script.source([document]), clock=Clock(), ticking=False))
    async with app.run_test(size=(120, 36)) as pilot:
        start = time.process_time()
        app.workbench.tick()
        await pilot.pause()
        took = time.process_time() - start
        print(f"\n10,000 events folded and drawn: {took * 1000:.0f} ms CPU")
        assert took <= 0.5
        start = time.process_time()
        for _ in range(10):
            await pilot.press("N")
        print(f"a turn back: {(time.process_time() - start) * 100:.0f} ms CPU")


@pytest.mark.parametrize("flood", [False, True], ids=["at rest", "3,000 events a second"])
async def test_a_key_is_on_the_screen_soon(flood: bool) -> None:
    script, document = long_session(20_000)
    source = script.source([document], upto=2000, live=True)
    app = WorkbenchApp(Options(documents=[document], source=source))
    delays: list[float] = []
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause(0.2)

        async def feed() -> None:
            at, begin = 2000, time.perf_counter()
            while at < len(script.entries):
                upto = 2000 + int((time.perf_counter() - begin) * EVENTS_A_SECOND)
                source.feed(script.entries[at:upto])
                at = max(at, upto)
                await asyncio.sleep(0.01)

        feeding = asyncio.create_task(feed()) if flood else None
        pane = app.workbench.document.text
        pane.focus()
        for _ in range(60):
            before, start = pane.cursor, time.perf_counter()
            app._driver.send_message(Key("down", None))  # type: ignore[union-attr]
            while pane.cursor == before and time.perf_counter() - start < 1:
                await asyncio.sleep(0.001)
            delays.append(time.perf_counter() - start)
            await asyncio.sleep(0.02)
        if feeding is not None:
            feeding.cancel()
    delays.sort()
    print(f"\nkey to cursor: median {delays[30] * 1000:.0f} ms, p95 {delays[57] * 1000:.0f} ms")
    # The median is asserted: on a machine that does other things the tail belongs to them.
    assert delays[30] <= (0.06 if flood else 0.03)
