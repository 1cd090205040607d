"""The working folder of the workers: one for all, empty, not to be written, and gone with the factory."""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from rlm_tui.engine.sandbox.base import ReplLimits
from rlm_tui.engine.sandbox.factory import PythonReplFactory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folder is in use there")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("left", [False, True])
async def test_the_working_folder_is_removed_with_what_is_in_it(place: Path, left: bool) -> None:
    factory = PythonReplFactory()
    try:
        for _ in range(2):
            await factory.open("text", "question", ReplLimits(), names=frozenset())
        (folder,) = place.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o555
        if left:
            folder.chmod(0o755)
            (folder / "file").write_text("from outside")
    finally:
        await factory.close()
    assert not list(place.iterdir())


async def test_a_working_folder_that_somebody_tidied_up_is_made_again(place: Path) -> None:
    factory = PythonReplFactory()
    try:
        await (await factory.open("text", "question", ReplLimits(), names=frozenset())).close()
        (folder,) = place.iterdir()
        shutil.rmtree(folder)
        repl = await factory.open("text", "question", ReplLimits(), names=frozenset())
        assert await repl.evaluate("context") == "'text'"
    finally:
        await factory.close()
    assert not list(place.iterdir())
