"""Themes from YAML files: those that come with the program, and the user's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme as TextualTheme

from rlm_tui.config.paths import themes_dirs
from rlm_tui.tui.palette import NAMES, Palette

DEFAULT = "dark"

COLORS = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)


class ThemeError(ValueError):
    """A theme can't be used. The message is one sentence that names file and key."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme as its file describes it: `colors` for widgets, `styles` for the bulk views, `variables` for Textual."""

    name: str
    title: str
    dark: bool
    ansi: bool
    colors: dict[str, str]
    styles: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    path: Path | None = None

    def palette(self) -> Palette:
        """Its styles."""
        return Palette(self.styles)

    def textual(self) -> TextualTheme:
        """It as Textual wants it."""
        colors: dict[str, Any] = dict(self.colors)
        return TextualTheme(name=self.name, dark=self.dark, ansi=self.ansi, variables=self.variables, **colors)


def load_theme(path: Path) -> Theme:
    """Read one file. Raises `ThemeError`."""
    import yaml

    try:
        # The C loader reads a theme in a tenth of the time; it is not in every build of PyYAML.
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise ThemeError(f"{path}: can't be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ThemeError(f"{path}: is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ThemeError(f"{path}{where}: is not YAML: {getattr(error, 'problem', None) or 'unreadable'}.") from None
    return _theme(path, data)


def _theme(path: Path, data: Any) -> Theme:
    known = {"title", "dark", "ansi", "colors", "styles", "variables"}
    if not isinstance(data, dict):
        raise ThemeError(f"{path}: should be a mapping with the keys {', '.join(sorted(known))}.")
    for key in data:
        if key not in known:
            raise ThemeError(f"{path}: {key}: unknown key{_near(str(key), known)}.")
    for key in ("dark", "ansi"):
        if not isinstance(data.get(key, False), bool):
            raise ThemeError(f"{path}: {key}: should be true or false.")
    colors = _texts(path, data, "colors", COLORS)
    styles = _texts(path, data, "styles", NAMES)
    variables = _texts(path, data, "variables", None)
    if "primary" not in colors:
        raise ThemeError(f"{path}: colors.primary: is missing.")
    for key, value in colors.items():
        try:
            Color.parse(value)
        except ColorParseError:
            raise ThemeError(f"{path}: colors.{key}: {value!r} is not a colour.") from None
    for key, value in styles.items():
        try:
            Palette({key: value})
        except Exception:
            raise ThemeError(
                f'{path}: styles.{key}: {value!r} is not a style such as "bold #88c0d0 on #202830".'
            ) from None
    title = data.get("title", path.stem)
    if not isinstance(title, str):
        raise ThemeError(f"{path}: title: should be a text.")
    return Theme(path.stem, title, data.get("dark", True), data.get("ansi", False), colors, styles, variables, path)


def _texts(path: Path, data: dict[str, Any], section: str, known: Iterable[str] | None) -> dict[str, str]:
    values = data.get(section) or {}
    if not isinstance(values, dict):
        raise ThemeError(f"{path}: {section}: should be a mapping.")
    for key, value in values.items():
        if known is not None and key not in known:
            raise ThemeError(f"{path}: {section}.{key}: unknown key{_near(str(key), known)}.")
        if not isinstance(value, str):
            raise ThemeError(f"{path}: {section}.{key}: should be a text in quotes.")
    return dict(values)


def _near(key: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def available(dirs: Iterable[Path] | None = None) -> dict[str, Path]:
    """Names of themes and their files; the user's hide shipped ones of the same name."""
    found: dict[str, Path] = {}
    for folder in themes_dirs() if dirs is None else dirs:
        if folder.is_dir():
            for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
                found[path.stem] = path
    return found


def find_theme(name: str, dirs: Iterable[Path] | None = None) -> Theme:
    """The theme called `name`. Raises `ThemeError`."""
    themes = available(dirs)
    if name not in themes:
        raise ThemeError(f"There is no theme {name!r}; there are {', '.join(sorted(themes)) or 'none'}.")
    return load_theme(themes[name])
