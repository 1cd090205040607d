"""The screen without a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.tui.recent import recent, remember
from rlm_tui.tui.screens.ask import Ask
from rlm_tui.tui.screens.browser import Browser
from rlm_tui.tui.screens.open_file import completion, split_paths
from rlm_tui.tui.screens.settings import SettingsScreen
from rlm_tui.tui.screens.welcome import Welcome
from tests.support.desk import at_home, desk_app, lease, until
from tests.support.screen import screen_text

SIZE = (120, 36)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(tmp_path, monkeypatch)


async def test_it_leads_everywhere_and_back(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "explorer" in screen_text(app))
        assert "not a language model" in screen_text(app) and "OPENAI_API_KEY" in screen_text(app)
        for key, kind in (("l", Browser), ("f2", SettingsScreen)):
            await pilot.press(key)
            await until(pilot, lambda kind=kind: isinstance(app.screen, kind))
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, Welcome))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.view.head.paused is not None)
        assert app.view.head.config.model == "explorer"
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Welcome))
        assert app.background.running == 1
    app.background.close()


async def test_a_document_that_was_open_before_opens_with_its_number(tmp_path: Path) -> None:
    app = desk_app(tmp_path)
    app.options.desk.open([str(lease(tmp_path))])  # type: ignore[union-attr]
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "lease.txt" in screen_text(app))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert [document.name for document in app.view.documents] == ["lease.txt"]


def test_recent_documents_are_the_newest_first_once_each_and_only_those_that_are_there(tmp_path: Path) -> None:
    from rlm_tui.document.loader import load

    file, a, b = tmp_path / "recent.json", tmp_path / "a.txt", tmp_path / "b.txt"
    for number, path in enumerate((a, b, a)):
        path.write_text("text\n")
        remember(load([str(path)]), float(number), file)
    assert [(item.path, item.at) for item in recent(file)] == [(a, 2.0), (b, 1.0)]
    b.unlink()
    assert [item.path for item in recent(file)] == [a]
    file.write_text("{nonsense")
    assert recent(file) == []


def test_paths_are_completed_and_may_have_spaces(tmp_path: Path) -> None:
    (tmp_path / "two words.txt").touch()
    (tmp_path / "folder").mkdir()
    assert completion("fo") == "folder/"
    assert completion(f"{tmp_path}/two") == f"{tmp_path}/two words.txt"
    assert completion("zz") is None and completion("") is None
    assert split_paths("two words.txt") == ["two words.txt"]
    assert split_paths("'two words.txt' folder") == ["two words.txt", "folder"]
