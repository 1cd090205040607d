"""What a run does not pay for: work whose result nobody asked for, or that was done before."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping

import pytest

from rlm_tui.engine import journal
from rlm_tui.engine.control import Gate, Stop
from rlm_tui.engine.reading import SHORT, Reading
from rlm_tui.events import BlobRef, Entry, Event, MemoryLog, Span, kind_of
from tests.support.engine import FakeModels, cell, play


class Finder:
    """Says in which threads it was asked."""

    def __init__(self, complete: bool) -> None:
        self.complete = complete
        self.threads: list[threading.Thread] = []

    def match(self, text: str) -> tuple[Span, ...]:
        self.threads.append(threading.current_thread())
        return (Span(0, 0, len(text)),)


@pytest.mark.parametrize(
    ("complete", "chars", "here"), [(True, SHORT, True), (True, SHORT + 1, False), (False, SHORT, False)]
)
async def test_a_short_text_is_looked_for_without_a_thread_once_there_is_an_index(
    complete: bool, chars: int, here: bool
) -> None:
    finder = Finder(complete)
    assert await Reading(finder).spans("x" * chars) == (Span(0, 0, chars),)
    assert (finder.threads == [threading.current_thread()]) is here


async def test_facts_are_gathered_only_for_breakpoints() -> None:
    asked: list[Stop] = []

    def facts(stop: Stop) -> Mapping[str, object]:
        asked.append(stop)
        return {"turn": stop.turn}

    async def emit(*events: Event) -> None:
        pass

    gate = Gate(paused=False)
    await gate.attach(emit, facts, lambda: None)
    try:
        stop = Stop(kind="before_exec", node="0", turn=1)
        await gate.reach(stop)
        assert not asked
        gate.inherit({1: "turn == 7"}, {})
        await gate.reach(stop)
        assert asked == [stop]
    finally:
        await gate.detach()


@pytest.mark.parametrize("text", ["", "a", "b" * 16_384, "c" * 16_385, "lone \ud800"])
def test_a_reference_is_the_same_whether_it_is_remembered_or_not(text: str) -> None:
    wanted = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assert [BlobRef.of(text) for _ in range(2)] == [BlobRef(wanted, len(text))] * 2


class Commits(MemoryLog):
    """Remembers what was written together."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: list[list[str]] = []

    async def append(self, *events: Event) -> tuple[Entry, ...]:
        self.kinds.append([kind_of(event) for event in events])
        return await super().append(*events)


async def test_a_commit_is_made_where_something_is_paid_or_run_or_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LINGER", 60.0)
    log = Commits()
    await play(FakeModels([cell("n = len(context)"), cell("FINAL(n)")]), "x", log=log)
    assert [kinds[-1] for kinds in log.kinds] == [
        *("attempt.started", "cell.proposed"),
        *("attempt.started", "cell.proposed"),
        "session.ended",
    ]
