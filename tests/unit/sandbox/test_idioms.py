"""Ordinary Python simply works; what is refused is refused on purpose and says what to do instead."""

from __future__ import annotations

import pytest

from rlm_tui.engine.sandbox.repl import WorkerRepl
from tests.unit.sandbox.conftest import Bench
from tests.unit.sandbox.idioms import REFUSED, WORKS


@pytest.mark.parametrize(("what", "code", "echo"), WORKS, ids=[w[0] for w in WORKS])
async def test_works(bench: Bench, repl: WorkerRepl, what: str, code: str, echo: str) -> None:
    result = await bench.ok(repl, code)
    assert (result.echo or "None") == echo


@pytest.mark.parametrize(("what", "code", "echo"), WORKS, ids=[w[0] for w in WORKS])
async def test_works_inside_a_function(bench: Bench, repl: WorkerRepl, what: str, code: str, echo: str) -> None:
    if (
        "import *" in code
        or "global count" in code
        or "await" in code.split("\n")[0]
        or "vars()" in code
        or "globals()" in code
        or "SHOW_VARS" in code
    ):
        pytest.skip("means something else inside a function")
    body = "\n".join("    " + line for line in code.split("\n"))
    if "'''" in code:
        pytest.skip("its text would be indented, too")
    await bench.ok(repl, f"async def inside():\n{body}\nawait inside()")


@pytest.mark.parametrize(("what", "code", "hint"), REFUSED, ids=[r[0] for r in REFUSED])
async def test_refused_with_a_hint(bench: Bench, repl: WorkerRepl, what: str, code: str, hint: str) -> None:
    result = await bench.run(repl, code)
    assert result.status in ("refused", "error")
    assert result.error is not None
    assert hint in result.error.text
    assert "rlm_tui" not in result.error.text
    assert (await bench.ok(repl, "1 + 1")).echo == "2"


def test_enough_idioms_are_written_down() -> None:
    assert len(WORKS) >= 90
