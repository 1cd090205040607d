"""A program to be killed: continues one session of a store, and says on standard output what was acknowledged.

``python -m tests.unit.store.crasher STORE DURABILITY [before|after N]`` — with a point, it kills itself right before or
right after commit number N.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys

from rlm_tui import events as ev
from rlm_tui.events import Usage
from rlm_tui.store import Store
from rlm_tui.store.log import SessionLog
from rlm_tui.store.writer import Writer

SESSION = "crash"
TASKS = 3


def die_at(when: str, number: int) -> None:
    commit, commits = Writer._commit, 0

    def dying(self: Writer, connection: sqlite3.Connection) -> None:
        nonlocal commits
        commits += 1
        if commits == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, connection)
        if commits == number and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)

    Writer._commit = dying  # type: ignore[method-assign]


async def work(log: SessionLog, task: int, first: int) -> None:
    number = first
    while True:
        call = f"0:c{task}.{number}"
        reply = log.put(f"reply to {call} " + "word " * (number * 37 % 500))
        prompt = log.put(f"prompt of {call}")
        entries = await log.append(
            ev.CallReserved(
                call=call,
                node="0",
                purpose="leaf",
                model="m",
                messages=(ev.Message("user", prompt),),
                max_output_tokens=9,
                estimate=Usage(calls=1),
            )
        )
        acknowledge(entries)
        acknowledge(
            await log.append(
                ev.AttemptStarted(call=call, attempt=1),
                ev.CallFinished(call=call, reply=reply, usage=Usage(calls=1, input=number, output=2, cost=0.5)),
            )
        )
        number += 1


def acknowledge(entries: tuple[ev.Entry, ...]) -> None:
    for entry in entries:
        os.write(1, f"{entry.seq} {ev.kind_of(entry.event)} {getattr(entry.event, 'call', '-')}\n".encode())


async def main(path: str, durability: str) -> None:
    with Store.open(path, durability=durability) as store:
        if store.reader.last_seq(SESSION):
            log = store.resume(SESSION)
            await log.append(ev.SessionResumed())
        else:
            log = store.create(SESSION)
            await log.append(
                ev.SessionStarted(session=SESSION, query="q", documents=(), config=ev.RunConfig(model="m"))
            )
        used = [0] * TASKS
        for entry in store.reader.entries(SESSION):
            if isinstance(entry.event, ev.CallReserved):
                task, _, number = entry.event.call.removeprefix("0:c").partition(".")
                used[int(task)] = max(used[int(task)], int(number))
        await asyncio.gather(*(work(log, task, used[task] + 1) for task in range(TASKS)))


if __name__ == "__main__":
    if len(sys.argv) > 3:
        die_at(sys.argv[3], int(sys.argv[4]))
    asyncio.run(main(sys.argv[1], sys.argv[2]))
