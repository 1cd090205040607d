"""A document that is indexed in the background, and what stands on the screen while a run on it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.document import document as document_module
from rlm_tui.document.document import Document
from rlm_tui.document.loader import load
from rlm_tui.tui.app import Options, WorkbenchApp
from rlm_tui.tui.widgets import tree
from rlm_tui.tui.widgets.document import DOCUMENTS
from tests.support.screen import screen_text, settle
from tests.support.sessions import Clock


@pytest.fixture
def unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    """A document of which the beginning is indexed, and that stays so."""
    monkeypatch.setattr(document_module, "EAGER_SECONDS", 0.0)
    file = tmp_path / "big.log"
    file.write_text("".join(f"line {n}\n" for n in range(1_200_000)))
    document = load([file], map_above=1)[0]
    assert not document.complete
    monkeypatch.setattr(Document, "index_in_background", lambda self, progress=None: None)
    return document


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_progress_bar_stands_where_the_heat_will_be(unfinished: Document, size: tuple[int, int]) -> None:
    app = WorkbenchApp(Options(documents=[unfinished], clock=Clock(), ticking=False))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        app.view.indexed[unfinished.name] = 0.41
        app.workbench.pump.mark(DOCUMENTS)
        await settle(pilot)
        line = next(line for line in screen_text(app).splitlines() if "indexing" in line)
        assert "41%" in line and "█" in line
        unfinished.index()
        app.workbench.pump.mark(DOCUMENTS)
        await settle(pilot)
        assert "indexing" not in screen_text(app)


async def test_what_a_long_start_waits_for_is_said(unfinished: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "LARGE", 1000)
    app = WorkbenchApp(Options(documents=[unfinished], clock=Clock(), ticking=False))
    async with app.run_test(size=(120, 36)) as pilot:
        app.view.starting = True
        app.workbench.sync_all()
        await settle(pilot)
        words = " ".join(line[1:36].strip() for line in screen_text(app).splitlines()[2:6])
        assert "characters are being saved and given to the REPL." in words
