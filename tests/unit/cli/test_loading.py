"""What a command loads: whoever asks for help, a list or a replay does not wait for what it doesn't need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "textual",
    "litellm",
    "sqlmodel",
    "sqlalchemy",
    "alembic",
    "pydantic",
    "tiktoken",
    "RestrictedPython",
    "asyncio",
)

SCRIPT = """
import sys
from rlm_tui.cli.program import run_program
code = run_program(sys.argv[1:])
loaded = {name.partition(".")[0] for name in sys.modules}
print("LOADED", *sorted(loaded), file=sys.stderr)
sys.exit(code)
"""


def loaded_by(*args: str, store: Path, code: int = 0) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *args],
        env=os.environ | {"RLM_TUI_STORE": str(store)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    line = next(line for line in done.stderr.splitlines() if line.startswith("LOADED"))
    return set(line.split()[1:])


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["open", "--help"], ["run", "--help"], ["demo", "--help"]])
def test_help_loads_nothing_heavy(args: list[str], tmp_path: Path) -> None:
    loaded = loaded_by(*args, store=tmp_path / "s.db")
    assert "click" in loaded
    assert not loaded & set(HEAVY)


def test_help_is_there_at_once() -> None:
    """In processor time, which is what the program itself takes however busy the machine is; the best of five."""
    taken = []
    for _ in range(5):
        before = _processor_time()
        subprocess.run([sys.executable, "-m", "rlm_tui", "--help"], check=True, capture_output=True)
        taken.append(_processor_time() - before)
    assert min(taken) < 0.2


def _processor_time() -> float:
    """Seconds that the children of this process have computed so far."""
    times = os.times()
    return times.children_user + times.children_system


def test_lists_and_replays_load_neither_models_nor_tables(saved_store: Path) -> None:
    for args in (
        ["sessions"],
        ["sessions", "--json", "cost>0"],
        ["sessions", "text:Natasha"],
        ["sessions", "show", "last"],
        ["coverage", "last"],
        ["export", "last", "-", "--format", "html"],
        ["replay", "last", "--headless"],
        ["replay", "last", "--json"],
        ["diff", "last", "last"],
    ):
        loaded = loaded_by(*args, store=saved_store)
        assert "sqlite3" in loaded
        assert not loaded & {"litellm", "sqlmodel", "sqlalchemy", "alembic", "textual", "tiktoken"}, args
