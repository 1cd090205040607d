"""A worker whose code has broken out can send anything: the host believes none of it, and kills."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import msgpack
import pytest
import pytest_asyncio

from rlm_tui.engine.sandbox.base import CellResult, ReplLimits
from rlm_tui.engine.sandbox.channel import Channel
from rlm_tui.engine.sandbox.repl import Worker, WorkerRepl
from rlm_tui.engine.sandbox.wire import MAX_FRAME, WireError, pack, unpack
from tests.unit.sandbox.conftest import ScriptedHost

DONE: dict[str, Any] = {
    "t": "done", "id": 1, "status": "ok", "echo": None, "error": None, "final": None, "variables": [], "touched": [],
    "notices": [], "tail": "", "omitted": 0,
}  # fmt: skip
CALL: dict[str, Any] = {
    "t": "call", "id": 1, "name": "llm_query", "prompts": ["p"], "contexts": [None], "model": None, "schema": None, "line": 1,
}  # fmt: skip

TOOL: dict[str, Any] = {
    "t": "call",
    "id": 1,
    "name": "tool",
    "tool": "look_up",
    "args": [1],
    "kwargs": {"a": "b"},
    "line": 1,
}


class FakeProcess:
    def __init__(self) -> None:
        self.ended = 0

    async def interrupt(self) -> None: ...

    async def end(self) -> int:
        self.ended += 1
        return 9


class Impostor:
    """A REPL whose worker is the test."""

    def __init__(self) -> None:
        self.process = FakeProcess()
        self.host = ScriptedHost()
        self.theirs: socket.socket | None = None
        self.repl = WorkerRepl(
            self._hire, self._dismissed, ReplLimits(seconds=0.5, calls=5), frozenset({"llm_query", "tool:look_up"}), 1
        )

    async def _hire(self) -> Worker:
        ours, self.theirs = socket.socketpair()
        self.theirs.setblocking(False)
        return Worker(Channel(ours), self.process)

    async def _dismissed(self, repl: WorkerRepl) -> None: ...

    async def plays(self, *frames: bytes | dict[str, Any]) -> CellResult:
        loop = asyncio.get_running_loop()

        async def play() -> None:
            assert self.theirs is not None
            with contextlib.suppress(OSError):
                await loop.sock_recv(self.theirs, 1 << 16)
                for frame in frames:
                    await loop.sock_sendall(self.theirs, frame if isinstance(frame, bytes) else raw(frame))

        player = asyncio.create_task(play())
        try:
            return await self.repl.run("x", self.host)
        finally:
            player.cancel()


def raw(frame: Any) -> bytes:
    body = msgpack.packb(frame, use_bin_type=True, unicode_errors="surrogatepass")
    return struct.pack("<I", len(body)) + body


@pytest_asyncio.fixture(loop_scope="session")
async def impostor() -> AsyncIterator[Impostor]:
    impostor = Impostor()
    await impostor.repl.start()
    yield impostor
    await impostor.repl.close()


def changed(frame: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**frame, **fields}


def deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


HOSTILE: dict[str, Any] = {
    "a forged result of another cell": changed(DONE, id=2),
    "an unknown frame": {"t": "please"},
    "a frame without a kind": {"x": 1},
    "a frame whose kind is no text": {"t": 5},
    "no map": [1, 2],
    "not msgpack": struct.pack("<I", 3) + b"\xc1\xc1\xc1",
    "trailing bytes": struct.pack("<I", 3) + b"\x80\x80\x80",
    "an extension type": struct.pack("<I", 9) + b"\x81\xa1t\xd6\x7fabcd",
    "a timestamp": {"t": msgpack.Timestamp(0)},
    "a huge frame": struct.pack("<I", MAX_FRAME + 1),
    "the hugest frame": b"\xff\xff\xff\xff",
    "a deep frame": struct.pack("<I", 2_000) + b"\x91" * 2_000,
    "a key that is no text": raw({"t": "done", 5: 6}),
    "a second ready": {"t": "ready", "walls": {}},
    "output that is no text": {"t": "out", "text": 5},
    "output as bytes": {"t": "out", "text": b"x"},
    "more output than allowed": {"t": "out", "text": "x" * 1_000_001},
    "a status from nowhere": changed(DONE, status="fine"),
    "a status that is no text": changed(DONE, status=["ok"]),
    "no status": {"t": "done", "id": 1},
    "an echo that is no text": changed(DONE, echo=5),
    "an error that is no map": changed(DONE, error="x"),
    "an error without a text": changed(DONE, error={"type": "E", "message": "m", "line": None}),
    "a line before the first": changed(DONE, error={"type": "E", "message": "m", "line": -1, "text": "t"}),
    "a line that is true": changed(DONE, error={"type": "E", "message": "m", "line": True, "text": "t"}),
    "an answer from nowhere": changed(DONE, final={"source": "prose", "text": "x", "value": None}),
    "an answer that is no text": changed(DONE, final={"source": "FINAL", "text": 5, "value": None}),
    "an answer with bytes": changed(DONE, final={"source": "FINAL", "text": "x", "value": [b"x"]}),
    "an answer that is nested deeply": changed(DONE, final={"source": "FINAL", "text": "x", "value": deep(300)}),
    "an answer that is not finite": changed(DONE, final={"source": "FINAL", "text": "x", "value": float("nan")}),
    "an answer that is endless": changed(DONE, final={"source": "FINAL", "text": "x" * 8_000_001, "value": None}),
    "variables that are no list": changed(DONE, variables={}),
    "too many variables": changed(DONE, variables=[["x", "int", None, "1", ""]] * 501),
    "a variable of another shape": changed(DONE, variables=[["x", "int"]]),
    "a variable with a long name": changed(DONE, variables=[["x" * 201, "int", None, "1", ""]]),
    "a negative size": changed(DONE, variables=[["x", "int", -1, "1", ""]]),
    "a change from nowhere": changed(DONE, variables=[["x", "int", 1, "1", "worse"]]),
    "a span that ends before it starts": changed(DONE, touched=[[0, 5, 4]]),
    "a span of no document": changed(DONE, touched=[[7, 0, 1]]),
    "a span of floats": changed(DONE, touched=[[0, 0.0, 1.0]]),
    "too many spans": changed(DONE, touched=[[0, 0, 1]] * 20_001),
    "notices that are no list": changed(DONE, notices="x"),
    "too many notices": changed(DONE, notices=["x"] * 101),
    "a notice that is no text": changed(DONE, notices=[5]),
    "a negative number of omitted characters": changed(DONE, omitted=-1),
    "a request that does not exist": changed(CALL, name="rlm_query"),
    "a request for a secret": changed(CALL, name="environ"),
    "a prompt that is no text": changed(CALL, prompts=[5]),
    "a prompt as bytes": changed(CALL, prompts=[b"p"]),
    "an endless prompt": changed(CALL, prompts=["x" * 8_000_001]),
    "prompts that are no list": changed(CALL, prompts="p"),
    "two prompts in a single form": changed(CALL, prompts=["a", "b"], contexts=[None, None]),
    "no prompt": changed(CALL, prompts=[], contexts=[]),
    "contexts of another length": changed(CALL, contexts=[]),
    "a context that is no text": changed(CALL, contexts=[{"a": 1}]),
    "a model that is no text": changed(CALL, model=["m"]),
    "a schema that is no map": changed(CALL, schema=[1]),
    "a schema with bytes": changed(CALL, schema={"a": b"x"}),
    "a line that is no number": changed(CALL, line="1"),
    "a tool that does not exist": changed(TOOL, tool="system"),
    "a tool without a name": changed(TOOL, tool=None),
    "a tool by its whole name": changed(CALL, name="tool:look_up"),
    "arguments that are no list": changed(TOOL, args="x"),
    "arguments with bytes": changed(TOOL, args=[b"x"]),
    "arguments nested deeply": changed(TOOL, args=[deep(300)]),
    "named arguments that are no map": changed(TOOL, kwargs=[1]),
    "named arguments without names": changed(TOOL, kwargs={1: 1}),
}


@pytest.mark.parametrize("frame", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_frame_ends_the_worker(impostor: Impostor, frame: Any) -> None:
    result = await impostor.plays(frame)
    assert (result.status, result.lost) == ("died", True), result
    assert impostor.process.ended == 1
    assert impostor.host.calls == []
    assert result.error is not None and "\n" not in result.error.message


async def test_honest_frames_are_taken(impostor: Impostor) -> None:
    result = await impostor.plays({"t": "out", "text": "hi"}, CALL, changed(DONE, echo="1", touched=[[0, 1, 5]]))
    assert (result.status, result.output, result.echo) == ("ok", "hi", "1")
    assert impostor.process.ended == 0


async def test_an_honest_call_of_a_tool_is_taken(impostor: Impostor) -> None:
    assert (await impostor.plays(TOOL, DONE)).status == "ok"
    assert [(c.name, c.tool, c.args, c.kwargs) for c in impostor.host.calls] == [("tool", "look_up", [1], {"a": "b"})]


async def test_a_hang_up_is_a_death(impostor: Impostor) -> None:
    async def hang_up() -> None:
        assert impostor.theirs is not None
        impostor.theirs.close()

    task = asyncio.create_task(hang_up())
    result = await impostor.plays()
    await task
    assert (result.status, result.lost) == ("died", True)


async def test_a_silent_worker_is_killed_in_time(impostor: Impostor) -> None:
    result = await impostor.plays()
    assert (result.status, result.lost) == ("timeout", True)
    assert result.seconds < 2.0


async def test_half_a_frame_is_not_waited_for_longer(impostor: Impostor) -> None:
    result = await impostor.plays(struct.pack("<I", 100) + b"\x81")
    assert (result.status, result.lost) == ("timeout", True)


async def test_endless_small_outputs_are_stopped(impostor: Impostor) -> None:
    result = await impostor.plays(*[{"t": "out", "text": "x" * 10_000}] * 200)
    assert (result.status, result.lost) == ("died", True)
    assert sum(map(len, impostor.host.printed)) <= 1_000_000


async def test_ending_gives_a_moment_once_only(impostor: Impostor) -> None:
    result = await impostor.plays({"t": "ending"}, {"t": "ending"})
    assert (result.status, result.lost) == ("died", True)


async def test_a_flood_of_requests_is_stopped(impostor: Impostor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlm_tui.engine.sandbox.channel.SEND_DEADLINE", 0.2)
    frames = b"".join(raw(CALL) for _ in range(12_000))
    result = await impostor.plays(frames)
    assert result.lost
    assert len(impostor.host.calls) <= 10_010


async def test_a_worker_that_does_not_read_does_not_block_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlm_tui.engine.sandbox.channel.SEND_DEADLINE", 0.2)
    impostor = Impostor()
    await impostor.repl.start()
    result = await impostor.repl.run("#" * 1_000_000, impostor.host)
    assert (result.status, result.lost) == ("died", True)
    await impostor.repl.close()


async def test_an_error_of_a_call_becomes_one_line(impostor: Impostor) -> None:
    loop = asyncio.get_running_loop()

    async def play() -> bytes:
        assert impostor.theirs is not None
        await loop.sock_recv(impostor.theirs, 1 << 16)
        await loop.sock_sendall(impostor.theirs, raw(changed(CALL, prompts=["FAIL"])))
        reply = await loop.sock_recv(impostor.theirs, 1 << 16)
        await loop.sock_sendall(impostor.theirs, raw(DONE))
        return reply

    player = asyncio.create_task(play())
    await impostor.repl.run("x", impostor.host)
    assert unpack((await player)[4:])["slots"] == [[None, "no luck at all"]]


def test_frames_go_there_and_back() -> None:
    frame = {"t": "x", "text": "é\ud800\x00", "n": [1, 2.5, None, True, -(2**63)]}
    assert unpack(pack(frame)[4:]) == frame


@pytest.mark.parametrize("bad", [{"t": "x", "v": 2**70}, {"t": "x", "v": object()}, {"t": "x", "v": deep(5_000)}])
def test_what_cannot_travel_is_refused_before_it_does(bad: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        pack(bad)
