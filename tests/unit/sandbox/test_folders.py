"""The working folder of a REPL goes with it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from rlm_tui.engine.sandbox.base import ReplLimits
from rlm_tui.engine.sandbox.factory import PythonReplFactory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folder is in use there")


@pytest.mark.parametrize("left", [False, True])
async def test_a_working_folder_is_removed_with_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: bool
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    factory = PythonReplFactory()
    try:
        repl = await factory.open("text", "question", ReplLimits(), names=frozenset())
        (folder,) = tmp_path.iterdir()
        if left:
            (folder / "file").write_text("from outside")
        await repl.close()
        assert not folder.exists()
    finally:
        await factory.close()
    assert not list(tmp_path.iterdir())
