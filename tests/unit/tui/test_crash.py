from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.tui import crash
from tests.support.screen import app_at


def failed() -> ValueError:
    secret = "sk-secret"
    try:
        raise ValueError(f"no {len(secret)}")
    except ValueError as error:
        return error


def test_the_report_is_a_file_and_the_operator_reads_a_sentence(tmp_path: Path) -> None:
    words = crash.report(failed(), tmp_path / "new")
    (file,) = (tmp_path / "new").iterdir()
    assert str(file) in words and "\n" not in words and "rlm-tui replay last" in words
    text = file.read_text(encoding="utf-8")
    assert "ValueError: no 9" in text and "sk-secret" not in text.replace('secret = "sk-secret"', "")


def test_a_folder_that_cannot_be_written_is_no_second_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "crash-" not in crash.report(failed(), tmp_path / "file")


async def test_an_exception_in_the_app_leaves_with_that_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(crash, "data_dir", lambda: tmp_path)
    app = app_at("held")
    with pytest.raises(ValueError, match="broken"):
        async with app.run_test(size=(120, 36)) as pilot:
            monkeypatch.setattr(
                app.workbench.tree_pane, "sync", lambda view, changed: (_ for _ in ()).throw(ValueError("broken"))
            )
            await pilot.press("2")
            await pilot.pause()
    assert len(list(tmp_path.iterdir())) == 1
