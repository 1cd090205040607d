"""Writing one setting into the user's file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from rlm_tui.config.saving import EDITABLE, save, understood
from rlm_tui.config.settings import EXPLAINED, Settings, SettingsError, load


def test_every_setting_that_is_one_value_can_be_edited() -> None:
    assert set(EDITABLE) | {"prices"} == set(EXPLAINED) == set(Settings.__struct_fields__)


def test_comments_tables_and_other_settings_stay(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    save("model", "gpt-5", path)
    path.write_text('# mine\nmodel = "a" # old\nmax_cost = 1\n\n[prices.m]\ninput = 1\noutput = 2\n')
    save("model", 'b "quoted" \\ é', path)
    save("max_depth", 2, path)
    save("max_cost", None, path)
    assert path.read_text().startswith("# mine\n") and "[prices.m]" in path.read_text()
    assert tomllib.loads(path.read_text()) == {
        "model": 'b "quoted" \\ é',
        "max_depth": 2,
        "prices": {"m": {"input": 1, "output": 2}},
    }
    loaded = load(env={}, folder=tmp_path, user_file=path)
    assert loaded.settings.max_depth == 2 and loaded.origins["max_depth"] == str(path)


@pytest.mark.parametrize("written", ['model = """\na\n"""\n', '"model" = "a"\n'])
def test_what_cannot_be_changed_safely_is_left_and_said(written: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(written)
    with pytest.raises(SettingsError, match="by hand"):
        save("model", "b", path)
    assert path.read_text() == written


def test_a_broken_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("model = \n")
    with pytest.raises(SettingsError, match="mend it first"):
        save("theme", "light", path)
    assert path.read_text() == "model = \n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text('theme = "dark"\n')
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    save("theme", "light", link)
    assert link.is_symlink() and 'theme = "light"' in real.read_text()


def test_typed_text_becomes_a_value() -> None:
    assert understood("max_depth", " 3 ") == 3
    assert understood("max_cost", "0.5") == 0.5
    assert understood("max_cost", "") is None
    assert understood("glyphs", "ascii") == "ascii"


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("max_depth", "99", "max_depth: should be"),
        ("max_depth", "x", "whole number"),
        ("glyphs", "emoji", "unicode or ascii"),
        ("unknown_price", "assume:1", "assume:IN,OUT"),
        ("api_base", "http://me:secret@host/v1", "password"),
        ("prices", "1", "write it into"),
    ],
)
def test_wrong_text_is_refused_in_a_sentence(key: str, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        understood(key, text)
    assert "environment" not in str(caught.value)
