"""One zygote for the whole room: REPLs are forked from it, as in the application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from inspect import iscoroutinefunction
from typing import Any

import pytest
import pytest_asyncio

from rlm_tui.engine.sandbox.base import CellResult, Context, HostCall, ReplLimits, Slot
from rlm_tui.engine.sandbox.factory import HOST_NAMES, PythonReplFactory
from rlm_tui.engine.sandbox.repl import WorkerRepl


class ScriptedHost:
    """Answers every prompt with ``re:`` and its start; a prompt with ``FAIL`` in it fails."""

    def __init__(self) -> None:
        self.calls: list[HostCall] = []
        self.printed: list[str] = []

    async def call(self, request: HostCall) -> Sequence[Slot]:
        self.calls.append(request)
        if request.name == "budget":
            return [Slot(value={"calls": 7, "usd": 0.5})]
        return [Slot(error="no luck\nat all") if "FAIL" in p else Slot(value="re:" + p[:40]) for p in request.prompts]

    def output(self, text: str) -> None:
        self.printed.append(text)


class Bench:
    """Opens REPLs and runs cells in them."""

    def __init__(self, factory: PythonReplFactory) -> None:
        self.factory = factory
        self.host = ScriptedHost()
        self.opened: list[WorkerRepl] = []

    async def open(
        self, context: Context = "alpha beta gamma\n" * 40, query: str = "what?", **options: Any
    ) -> WorkerRepl:
        names = options.pop("names", HOST_NAMES)
        limits = ReplLimits(**{"seconds": 5.0, "memory_mb": 256, **options})
        repl = await self.factory.open(context, query, limits, names=names)
        self.opened.append(repl)
        return repl

    async def run(self, repl: WorkerRepl, code: str) -> CellResult:
        return await repl.run(code, self.host)

    async def ok(self, repl: WorkerRepl, code: str) -> CellResult:
        result = await self.run(repl, code)
        assert result.status == "ok", (code, result.error and result.error.text)
        return result

    async def fails(self, repl: WorkerRepl, code: str, status: str = "error") -> str:
        result = await self.run(repl, code)
        assert result.status == status, (code, result.status, result.output)
        assert result.error is not None
        return result.error.text


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if (
            "tests/unit/sandbox" in item.path.as_posix()
            and isinstance(item, pytest.Function)
            and iscoroutinefunction(item.function)
        ):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def factory() -> AsyncIterator[PythonReplFactory]:
    factory = PythonReplFactory()
    try:
        yield factory
    finally:
        await factory.close()


@pytest_asyncio.fixture(loop_scope="session")
async def bench(factory: PythonReplFactory) -> AsyncIterator[Bench]:
    bench = Bench(factory)
    try:
        yield bench
    finally:
        for repl in bench.opened:
            await repl.close()


@pytest_asyncio.fixture(loop_scope="session")
async def repl(bench: Bench) -> WorkerRepl:
    return await bench.open()
