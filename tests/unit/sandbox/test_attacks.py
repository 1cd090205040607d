"""Nothing gets out: the battery of known ways, on the real worker."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlm_tui.engine.sandbox.repl import WorkerRepl
from tests.unit.sandbox.attacks import ATTACKS, MACHINE, PRELUDE
from tests.unit.sandbox.conftest import Bench

CANARY = "CANARY-7f3a"


@pytest.mark.parametrize(("category", "code"), ATTACKS, ids=[f"{c}-{n}" for n, (c, _) in enumerate(ATTACKS)])
async def test_does_not_get_it(bench: Bench, repl: WorkerRepl, category: str, code: str) -> None:
    await bench.ok(repl, PRELUDE)
    result = await bench.run(repl, code)
    assert "GOT" not in result.output, code
    assert result.status in ("error", "refused"), (code, result.echo)
    assert result.error is not None
    assert "rlm_tui/" not in result.error.text
    assert not result.lost
    assert (await bench.ok(repl, "1 + 1")).echo == "2"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[dict[str, object]]:
    secret = tmp_path / "secret.txt"
    secret.write_text(CANARY)
    for directory in (tmp_path, *tmp_path.parents[:3]):
        os.chmod(directory, 0o777)
    os.environ["SECRET_API_KEY"] = CANARY
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield {
            "path": str(secret),
            "marker": str(tmp_path / "marker"),
            "port": listener.getsockname()[1],
            "listener": listener,
        }
        with pytest.raises(BlockingIOError):
            listener.accept()
    del os.environ["SECRET_API_KEY"]
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(("category", "code"), MACHINE, ids=[f"{c}-{n}" for n, (c, _) in enumerate(MACHINE)])
async def test_machine_is_out_of_reach(
    bench: Bench, repl: WorkerRepl, outside: dict[str, object], category: str, code: str
) -> None:
    result = await bench.run(repl, code.format(**{k: v for k, v in outside.items() if k != "listener"}))
    shown = repr((result.output, result.echo, result.error, result.variables))
    assert CANARY not in shown
    assert result.status in ("error", "refused")
    assert (await bench.ok(repl, "1 + 1")).echo == "2"


def test_the_battery_is_large_enough() -> None:
    assert len(ATTACKS) + len(MACHINE) >= 150
