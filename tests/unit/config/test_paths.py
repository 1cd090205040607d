from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.config import paths


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("RLM_TUI_STORE", raising=False)
    return tmp_path


def test_the_default_is_the_data_folder() -> None:
    path = paths.store_path()
    assert path == paths.data_dir() / "sessions.db"
    assert path.parent.name == "rlm-tui" and paths.is_default_store(path)


def test_the_argument_beats_the_variable_beats_the_default(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_TUI_STORE", str(home / "variable.db"))
    assert paths.store_path() == home / "variable.db"
    assert paths.store_path(home / "argument.db") == home / "argument.db"
    monkeypatch.setenv("RLM_TUI_STORE", "")
    assert paths.is_default_store(paths.store_path())


def test_a_folder_stands_for_the_file_in_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.store_path(home) == home / "sessions.db"
    assert paths.store_path(f"{home}/new/") == home / "new" / "sessions.db"
    assert paths.store_path("~/mine.db") == home / "mine.db"
    monkeypatch.chdir(home)
    assert paths.store_path("here.db") == home / "here.db"
    assert not paths.is_default_store(paths.store_path("here.db"))


def test_the_three_folders_differ() -> None:
    assert len({paths.data_dir(), paths.config_dir(), paths.cache_dir()}) == 3
