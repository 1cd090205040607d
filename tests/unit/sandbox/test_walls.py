"""The words about the walls are true."""

from __future__ import annotations

import sys

import pytest

from rlm_tui.engine.sandbox import walls
from rlm_tui.engine.sandbox.factory import PythonReplFactory
from rlm_tui.engine.sandbox.languages import factory_for
from rlm_tui.engine.sandbox.process import StartError
from tests.unit.sandbox.conftest import Bench

ALL = {"limits": "ok", "landlock": "ok", "seccomp": "ok"}
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="words for Linux")


@linux
@pytest.mark.parametrize(
    ("report", "words"),
    [
        (ALL, "full"),
        ({**ALL, "landlock": "absent"}, "partial: no Landlock"),
        ({**ALL, "seccomp": "failed: EPERM"}, "partial: no seccomp"),
        ({**ALL, "landlock": "absent", "seccomp": "absent"}, "partial: no Landlock, no seccomp"),
        ({}, "process only"),
    ],
)
def test_words(report: dict[str, str], words: str) -> None:
    assert walls.describe(report) == words


@linux
async def test_a_factory_says_what_its_workers_found(bench: Bench) -> None:
    assert PythonReplFactory().walls() == walls.expected()
    await bench.open()
    assert bench.factory.walls() == walls.expected()
    weaker = PythonReplFactory(layers=frozenset({"limits", "seccomp"}))
    try:
        from rlm_tui.engine.sandbox.base import ReplLimits

        await weaker.open("x", "q", ReplLimits(), names=frozenset())
        assert weaker.walls() == "partial: no Landlock"
    finally:
        await weaker.close()


def test_the_probe_names_every_wall_and_restricts_nothing() -> None:
    found = {wall.name: wall for wall in walls.probe_walls()}
    assert {"language", "process", "limits", "landlock", "seccomp"} <= set(found)
    assert all(wall.detail for wall in found.values())
    with open(__file__) as still_readable:
        assert still_readable.read(3) == '"""'


def test_a_factory_for_each_language() -> None:
    assert factory_for("python").walls() == walls.expected()
    with pytest.raises(StartError, match="no REPL for 'cobol'; choose one of: python, javascript"):
        factory_for("cobol")
