from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.color import ColorType
from textual.color import Color

from rlm_tui.tui.palette import NAMES
from rlm_tui.tui.themes import Theme, ThemeError, available, find_theme, load_theme

SHIPPED = sorted(available())


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a", "should be a mapping"),
        ("colors: {primary: '#fff'}\nstyle: {}", "style: unknown key; did you mean styles?"),
        ("colors: {primry: '#fff'}", "colors.primry: unknown key; did you mean primary?"),
        ("colors: {}", "colors.primary: is missing"),
        ("colors: {primary: nonsense}", "colors.primary: 'nonsense' is not a colour"),
        ("colors: {primary: '#fff'}\nstyles: {cost: 'bold bold on'}", "styles.cost: "),
        ("colors: {primary: '#fff'}\nstyles: {cost: 3}", "styles.cost: should be a text"),
        ("colors: {primary: '#fff'}\ndark: maybe", "dark: should be true or false"),
        ("colors: [", "is not YAML"),
    ],
)
def test_a_broken_theme_names_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ThemeError, match=re.escape(says)) as error:
        load_theme(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_the_users_theme_hides_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "dark.yaml").write_text("title: Mine\ncolors: {primary: '#123456'}", encoding="utf-8")
    shipped = available()["dark"].parent
    assert find_theme("dark", [shipped, tmp_path]).title == "Mine"


def test_an_unknown_theme_says_which_there_are() -> None:
    with pytest.raises(ThemeError, match="dark"):
        find_theme("nope")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_themes_set_every_style(name: str) -> None:
    theme = find_theme(name)
    assert set(theme.styles) == set(NAMES)
    theme.textual().to_color_system().generate()


def luminance(color: Color) -> float:
    def part(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * part(color.r) + 0.7152 * part(color.g) + 0.0722 * part(color.b)


def contrast(one: Color, other: Color) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("name", [name for name in SHIPPED if not find_theme(name).ansi])
def test_what_carries_meaning_can_be_read(name: str) -> None:
    """Contrast after WCAG: 4.5 for text, 3 for what is quiet on purpose; faint things are ornaments."""
    theme: Theme = find_theme(name)
    palette = theme.palette()
    ground = Color.parse(theme.colors["background"])
    for style_name in NAMES:
        style = palette[style_name]
        if style.color is None or style.color.type is ColorType.DEFAULT or style_name == "faint":
            continue
        triplet = style.color.get_truecolor()
        behind = Color(*style.bgcolor.get_truecolor()) if style.bgcolor is not None else ground
        least = 4.5
        if style_name in ("muted", "line_number", "syntax.comment", "depth") or style_name.startswith(
            ("heat_", "bar", "model_t", "code_t")
        ):
            least = 2.4 if style_name in ("heat_1", "line_number", "bar") else 3.0
        if name == "contrast":
            least = max(least, 4.5 if least < 4.5 else 7.0)
        if style_name.startswith("heat_") and not theme.dark:
            least = 1.8
        found = contrast(Color(*triplet), behind)
        assert found >= least, f"{name}: {style_name} has a contrast of {found:.1f}, below {least}"
